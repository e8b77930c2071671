//! The forms of output, and how a run ends.

use std::time::Duration;

use pixtwin_testkit::{
    Dir,
    draw::noise,
    encode::{Png, PngColour, png, qoi},
};

use crate::{digest, pixtwin, ran};

fn library() -> Dir {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(6, 4, 1)))
        .write("b.qoi", qoi(&noise(6, 4, 1)))
        .write("c.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    dir
}

#[test]
fn scan_as_json() {
    let dir = library();
    let (digest, a, b) = (digest(&dir, "a.png"), dir.read("a.png").len(), dir.read("b.qoi").len());
    let freed = a.min(b);
    ran(&dir, &["scan", "-q", "--format", "json", "."]).assert(
        3,
        &format!(
            concat!(
                r#"{{"type":"group","tier":"pixels","digest":"{digest}","width":6,"height":4,"freed":{freed},"files":["#,
                r#"{{"path":{{"text":"./a.png"}},"host":null,"size":{a},"format":"PNG","proof":"pixels","differs":[]}},"#,
                r#"{{"path":{{"text":"./b.qoi"}},"host":null,"size":{b},"format":"QOI","proof":"pixels","#,
                r#""differs":[]}}]}}"#,
                "\n",
                r#"{{"type":"unread","path":{{"text":"./c.heic"}},"host":null,"reason":"HEIC pictures are not supported"}}"#,
                "\n",
                r#"{{"type":"summary","schema":1,"complete":true,"files":3,"pictures":2,"groups":1,"twins":2,"freed":{freed},"unread":1,"missing":[]}}"#,
                "\n",
            ),
            digest = digest,
            freed = freed,
            a = a,
            b = b
        ),
        "",
    );
}

#[test]
fn find_as_json_csv_and_null() {
    let dir = library();
    let b = dir.read("b.qoi").len();
    let find = |format| ran(&dir, &["find", "-q", "a.png", "--in", ".", "--exclude", "*.heic", "--format", format]);
    find("json").assert(
        0,
        &format!(
            concat!(
                r#"{{"type":"match","query":{{"text":"a.png"}},"path":{{"text":"./b.qoi"}},"host":null,"tier":"pixels","#,
                r#""proof":"pixels","format":"QOI","size":{b}}}"#,
                "\n",
                r#"{{"type":"summary","schema":1,"complete":true,"files":2,"pictures":2,"matches":1,"unread":0,"missing":[]}}"#,
                "\n",
            ),
            b = b
        ),
        "",
    );
    let csv = format!("query,path,host,tier,proof,format,size,absent\na.png,./b.qoi,,pixels,pixels,QOI,{b},\n");
    find("csv").assert(0, &csv, "");
    find("null").assert(0, "./b.qoi\0", "");
}

#[test]
fn scan_as_csv() {
    let dir = library();
    let (digest, a, b) = (digest(&dir, "a.png"), dir.read("a.png").len(), dir.read("b.qoi").len());
    ran(&dir, &["scan", "-q", "--format", "csv", "a.png", "b.qoi"]).assert(
        0,
        &format!(
            "group,tier,digest,width,height,path,host,size,format,proof,differs\n\
             1,pixels,{digest},6,4,a.png,,{a},PNG,pixels,\n\
             1,pixels,{digest},6,4,b.qoi,,{b},QOI,pixels,\n"
        ),
        "",
    );
}

#[test]
fn verbose_shows_the_rungs_and_quiet_nothing() {
    let dir = library();
    let ran = |flag| ran(&dir, &["scan", flag, "a.png", "b.qoi"]);
    assert_eq!(ran("-q").err(), "");
    let table = ran("-v").err().to_owned();
    let rungs: Vec<&str> = table.lines().map(|line| line.split("  ").next().unwrap()).collect();
    // Of the deeper first rows those are listed where something happened.
    let expected = [
        "rung",
        "first look",
        "width and height",
        "payload of tiny files",
        "first 6 rows",
        "payload",
        "first 32 rows",
        "every pixel",
    ];
    assert_eq!(rungs[..8], expected);
}

#[test]
fn colours_only_where_asked_for() {
    let dir = library();
    assert!(!ran(&dir, &["scan", "-q", "."]).out().contains('\x1b'));
    assert!(ran(&dir, &["scan", "-q", "--color", "always", "."]).out().starts_with("\x1b[1m2 files, 6 x 4"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let dir = Dir::new();
    for number in 0..2000 {
        dir.write(format!("{number:0100}.png"), png(&noise(2, 2, 1)));
    }
    let ran = pixtwin(&dir, &["scan", "-q", "."]).end_reading_only(10);
    assert_eq!((ran.code, ran.err()), (0, ""));
}

#[test]
fn an_interrupt_ends_it_within_a_second() {
    let dir = Dir::new();
    let large = noise(1500, 1500, 1);
    for (number, level) in [0, 1].into_iter().cycle().take(12).enumerate() {
        let (idat_bytes, colour) = (1 << (10 + number), PngColour::Rgba);
        let file = Png { level, idat_bytes, ..Png::new(colour) }.write(&large);
        dir.write(format!("{number}.png"), file);
    }
    let (ran, elapsed) = pixtwin(&dir, &["scan", "-j1", "."]).end_by_interrupt(20_000_000);
    ran.assert(130, "", "interrupted\n");
    assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
}

#[test]
fn wrong_use_is_told_from_no() {
    let dir = library();
    for arguments in [
        &["scan"][..],
        &["find", "a.png", "--no-catalogue"],
        &["scan", "--no-such-flag", "."],
        &["scan", "-g", "[", "."],
    ] {
        let ran = ran(&dir, arguments);
        assert_eq!((ran.code, ran.out()), (2, ""));
        assert!(ran.err().starts_with("error: "), "{}", ran.err());
    }
    ran(&dir, &["scan", "nowhere"]).assert(2, "", "error: cannot search `nowhere`: no such file or directory\n");
}

#[test]
fn every_command_explains_the_exit_codes() {
    let dir = Dir::new();
    for command in ["find", "scan", "hash", "pdq", "compare"] {
        let help = ran(&dir, &[command, "--help"]).only_out();
        assert!(help.contains("  3  done, but some inputs could not be read"), "{help}");
    }
    let man = ran(&dir, &["generate", "man"]).only_out();
    assert!(man.contains(".TH pixtwin"), "{man}");
}
