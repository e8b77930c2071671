//! `pixtwin find`.

use pixtwin_testkit::{
    Dir,
    draw::noise,
    encode::{Png, PngColour, png, qoi},
};

use crate::{pixtwin, ran};

fn library() -> Dir {
    let (a, b) = (noise(6, 4, 1), noise(6, 4, 2));
    let dir = Dir::new();
    dir.write("a.png", png(&a)).write("b.png", png(&b)).write("alone.png", png(&noise(6, 4, 3)));
    dir.write("lib/a-copy.png", png(&a)).write("lib/a.qoi", qoi(&a));
    dir.write("lib/a-small.png", Png { level: 9, idat_bytes: 5, ..Png::new(PngColour::Rgba) }.write(&a));
    dir.write("lib/b.qoi", qoi(&b)).write("lib/notes.txt", "no picture");
    dir
}

#[test]
fn every_twin_is_named_with_its_proof() {
    ran(&library(), &["find", "a.png", "--in", "lib"]).assert(
        0,
        "a.png\n  lib/a-copy.png  PNG, same bytes\n  lib/a-small.png  PNG, same pixels\n  lib/a.qoi  QOI, same pixels\n",
        "5 files, 4 pictures: 3 twins\n",
    );
}

#[test]
fn several_pictures_are_answered_in_their_order() {
    ran(&library(), &["find", "b.png", "alone.png", "--in", "lib"]).assert(
        0,
        "b.png\n  lib/b.qoi  QOI, same pixels\nalone.png\n  no twin\n",
        "5 files, 4 pictures: 1 twin\n",
    );
}

#[test]
fn names_come_from_standard_input() {
    let dir = library();
    let expected = "b.png\n  lib/b.qoi  QOI, same pixels\nalone.png\n  no twin\n";
    pixtwin(&dir, &["find", "-q", "-", "--in", "lib"]).input("b.png\nalone.png\n").end().assert(0, expected, "");
    pixtwin(&dir, &["find", "-q", "-0", "-", "--in", "lib"]).input("b.png\0alone.png").end().assert(0, expected, "");
    pixtwin(&dir, &["find", "-q", "-", "--in", "lib"]).end().assert(2, "", "error: standard input named no picture\n");
}

#[test]
fn no_twin_is_the_answer_no() {
    ran(&library(), &["find", "alone.png", "--in", "."]).assert(
        1,
        "alone.png\n  no twin\n",
        "8 files, 7 pictures: no twins\n".replace("no twins", "0 twins").as_str(),
    );
}

#[test]
fn the_picture_itself_is_left_out_by_any_name() {
    let dir = library();
    dir.link("alone.png", "lib/linked.png").symlink("../alone.png", "lib/soft.png");
    ran(&dir, &["find", "-q", "alone.png", "--in", ".", "lib"]).assert(1, "alone.png\n  no twin\n", "");
    ran(&dir, &["find", "-q", "-L", "./lib/../alone.png", "--in", "."]).assert(
        1,
        "./lib/../alone.png\n  no twin\n",
        "",
    );
}

#[test]
fn without_a_picture_or_a_terminal_it_says_what_to_do() {
    ran(&library(), &["find", "--in", "lib"]).assert(
        2,
        "",
        "error: no picture was named\n\
         hint: name it before --in, which takes all that follows it; `-` reads names from standard input\n",
    );
}

#[test]
fn on_a_terminal_it_asks_for_the_picture() {
    let dir = library();
    let command = format!("{} find --color never --in lib", env!("CARGO_BIN_EXE_pixtwin"));
    let asked = dir.run("script", ["-qec", &command, "/dev/null"]).input("b.png\n").end();
    assert_eq!(asked.code, 0);
    let text = asked.out().replace('\r', "");
    assert!(text.contains("Picture to look for: "), "{text}");
    assert!(text.contains("b.png\n  lib/b.qoi  QOI, same pixels\n"), "{text}");
}

#[test]
fn a_picture_that_cannot_be_read_ends_it_at_once() {
    let dir = library();
    dir.write("text.png", "no picture").write("empty.png", "").mkdir("folder.png");
    let cases = [
        ("missing.png", "no such file or directory"),
        ("text.png", "not a picture in any known format"),
        ("empty.png", "the file is empty"),
        ("folder.png", "a folder, not a file"),
    ];
    for (name, reason) in cases {
        let message = format!("error: cannot read `{name}`: {reason}\n");
        ran(&dir, &["find", "a.png", name, "--in", "lib"]).assert(2, "", &message);
    }
    ran(&dir, &["find", "a.png", "--in", "nowhere"]).assert(
        2,
        "",
        "error: cannot search `nowhere`: no such file or directory\n",
    );
}

#[test]
fn what_could_not_be_read_is_listed_and_counts() {
    let dir = library();
    let cut = dir.read("lib/b.qoi");
    dir.write("lib/cut.qoi", &cut[..cut.len() / 2]);
    let found = ran(&dir, &["find", "alone.png", "--in", "lib"]);
    assert_eq!((found.code, found.out()), (3, "alone.png\n  no twin\n"));
    assert!(found.err().starts_with("not compared: lib/cut.qoi: "), "{}", found.err());
    assert!(found.err().ends_with("\n6 files, 5 pictures: 0 twins\n1 file was not compared\n"), "{}", found.err());
}

#[test]
fn equal_bytes_can_be_asked_for_alone() {
    let dir = library();
    ran(&dir, &["find", "a.png", "--tier", "bytes", "--in", "lib"]).assert(
        0,
        "a.png\n  lib/a-copy.png  PNG, same bytes\n",
        "5 files, 4 pictures: 1 twin\n",
    );
}
