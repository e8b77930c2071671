//! `pixtwin scan` between sets.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use pixtwin_testkit::{
    Dir,
    draw::{icon, noise},
    encode::{Png, PngColour, chunk, png, qoi},
};

use crate::{digest, ran};

/// A picture that crosses, with a copy beside it; twins within a set; and pictures alone.
fn data() -> Dir {
    let (leak, other) = (noise(6, 4, 1), noise(6, 4, 2));
    let dir = Dir::new();
    dir.write("train/cats/1.png", png(&leak)).write("train/cats/2.png", png(&leak)).write("test/1.qoi", qoi(&leak));
    dir.write("train/3.png", png(&other)).write("train/cats/4.qoi", qoi(&other));
    dir.write("test/5.png", png(&noise(6, 4, 3))).write("val/6.png", png(&noise(6, 4, 4)));
    dir
}

const TRAIN_AND_TEST: [&str; 5] = ["scan", "--set", "train=train", "--set", "test=test"];

/// The names of all files reported, without a leading `./`, groups apart.
fn groups(dir: &Dir, arguments: &[&str]) -> Vec<Vec<String>> {
    let ran = ran(dir, &[&["scan", "-q", "--format", "null"], arguments].concat());
    assert_eq!((ran.code, ran.err()), (0, ""), "{arguments:?}");
    let names = |group: &str| group.split('\0').map(|name| name.trim_start_matches("./").to_owned()).collect();
    ran.out().split_terminator("\0\0").map(names).collect()
}

#[test]
fn only_what_crosses_is_reported_in_whole_groups_with_counts_by_folder() {
    let dir = data();
    let [a_png, a_qoi] = ["train/cats/1.png", "test/1.qoi"].map(|name| dir.read(name).len());
    let freed = 2 * a_png + a_qoi - a_png.max(a_qoi);
    assert!(a_png.max(a_qoi) < 1000 && a_png.min(a_qoi) > 99, "the sizes have three digits");
    let found = format!(
        "3 files, 6 x 4, {freed} B can be freed\n  \
         {a_qoi} B  test   test/1.qoi  QOI\n  \
         {a_png} B  train  train/cats/1.png  PNG, same pixels\n  \
         {a_png} B  train  train/cats/2.png  PNG, same pixels\n"
    );
    let said = format!(
        "files with a twin in another set, by folder:\n  1  test   test\n  2  train  train/cats\n\
         6 files, 6 pictures: 1 group of twins across sets with 3 files, {freed} B can be freed\n"
    );
    ran(&dir, &TRAIN_AND_TEST).assert(0, &found, &said);
    ran(&dir, &["scan", "--between", "train", "test"]).assert(0, &found, &said);
    ran(&dir, &["scan", "--between", "test", "train", "-q"]).assert(0, &found, "");
}

#[test]
fn with_check_twins_across_sets_are_the_answer_no_and_others_are_not() {
    let dir = data();
    assert_eq!(ran(&dir, &["scan", "-q", "--check", "--between", "train", "test"]).code, 1);
    assert_eq!(ran(&dir, &["scan", "-q", "--check", "train"]).code, 1);
    let said = "5 files, 5 pictures: no twins across sets\n";
    ran(&dir, &["scan", "--check", "--between", "train", "val"]).assert(0, "", said);
}

#[test]
fn sets_in_json() {
    let dir = data();
    let digest = digest(&dir, "test/1.qoi");
    let [a_png, a_qoi] = ["train/cats/1.png", "test/1.qoi"].map(|name| dir.read(name).len());
    let freed = 2 * a_png + a_qoi - a_png.max(a_qoi);
    let file = |name: &str, set: &str, size: usize, format: &str, proof: &str| {
        format!(
            r#"{{"path":{{"text":"{name}"}},"host":null,"set":"{set}","size":{size},"format":"{format}","proof":"{proof}","differs":[]}}"#
        )
    };
    let files = [
        file("test/1.qoi", "test", a_qoi, "QOI", "pixels"),
        file("train/cats/1.png", "train", a_png, "PNG", "bytes"),
        file("train/cats/2.png", "train", a_png, "PNG", "bytes"),
    ]
    .join(",");
    let expected = [
        format!(
            r#"{{"type":"group","tier":"pixels","digest":"{digest}","width":6,"height":4,"freed":{freed},"files":[{files}]}}"#
        ),
        r#"{"type":"folder","path":{"text":"test"},"host":null,"set":"test","crossing":1}"#.to_owned(),
        r#"{"type":"folder","path":{"text":"train/cats"},"host":null,"set":"train","crossing":2}"#.to_owned(),
        format!(
            r#"{{"type":"summary","schema":1,"complete":true,"files":6,"pictures":6,"groups":1,"twins":3,"freed":{freed},"crossing":3,"unread":0,"missing":[]}}"#
        ),
    ];
    let json = [&TRAIN_AND_TEST[..], &["-q", "--format", "json"]].concat();
    ran(&dir, &json).assert(0, &format!("{}\n", expected.join("\n")), "");
    let none = ran(&dir, &["scan", "-q", "--format", "json", "--between", "test", "val"]).only_out();
    assert!(none.starts_with(r#"{"type":"summary""#) && none.contains(r#""freed":0,"crossing":0,"#), "{none}");
}

#[test]
fn sets_in_csv_are_a_last_column_and_null_has_names_alone() {
    let dir = data();
    let digest = digest(&dir, "test/1.qoi");
    let [a_png, a_qoi] = ["train/cats/1.png", "test/1.qoi"].map(|name| dir.read(name).len());
    let csv = format!(
        "group,tier,digest,width,height,path,host,size,format,proof,differs,set\n\
         1,pixels,{digest},6,4,test/1.qoi,,{a_qoi},QOI,pixels,,test\n\
         1,pixels,{digest},6,4,train/cats/1.png,,{a_png},PNG,bytes,,train\n\
         1,pixels,{digest},6,4,train/cats/2.png,,{a_png},PNG,bytes,,train\n"
    );
    ran(&dir, &[&TRAIN_AND_TEST[..], &["-q", "--format", "csv"]].concat()).assert(0, &csv, "");
    let names = "test/1.qoi\0train/cats/1.png\0train/cats/2.png\0\0";
    ran(&dir, &[&TRAIN_AND_TEST[..], &["-q", "--format", "null"]].concat()).assert(0, names, "");
}

#[test]
fn of_three_sets_any_two_are_enough() {
    let dir = data();
    dir.write("val/3.png", png(&noise(6, 4, 2))).write("val/7.png", png(&noise(6, 4, 9)));
    dir.write("more/7.qoi", qoi(&noise(6, 4, 9)));
    // Two places are one set: what crosses from one to the other stays in it.
    let sets = ["--set", "train=train", "--set", "test=test", "--set", "val=val", "--set", "val=more"];
    let expected = [
        vec!["test/1.qoi", "train/cats/1.png", "train/cats/2.png"],
        vec!["train/3.png", "train/cats/4.qoi", "val/3.png"],
    ];
    assert_eq!(groups(&dir, &sets), expected);
    let counts = "files with a twin in another set, by folder:\n  1  test   test\n  1  train  train\n  3  train  train/cats\n  \
                  1  val    val\n10 files";
    let said = ran(&dir, &[&["scan"], &sets[..]].concat()).err().to_owned();
    assert!(said.starts_with(counts), "{said}");
}

#[test]
fn of_places_that_overlap_the_deeper_has_the_file() {
    let dir = Dir::new();
    let (a, b) = (png(&noise(5, 5, 1)), png(&noise(5, 5, 2)));
    dir.write("data/a.png", &a).write("data/test/a.png", &a);
    dir.write("data/test/b.png", &b).write("data/test/deep/b.png", &b);
    for [outer, inner] in [["data", "data/test"], ["./data", "data/test"], ["data", "./data/../data/test/"]] {
        for between in [["--between", outer, inner], ["--between", inner, outer]] {
            let expected: Vec<Vec<String>> = groups(&dir, &between);
            assert_eq!(expected.len(), 1, "{between:?}");
            assert!(expected[0].iter().all(|name| name.ends_with("a.png")), "{between:?}: {expected:?}");
        }
    }
    // In whatever words it is reached, a file is no twin of itself.
    assert_eq!(groups(&dir, &["--between", ".", "data"]), [[""; 0]; 0]);
    dir.symlink("data/test", "link");
    assert_eq!(groups(&dir, &["--between", "data", "link", "--exclude", "a.png"]), [[""; 0]; 0]);
    assert_eq!(groups(&dir, &["--set", "x=data", "--set", "y=data/test", "--set", "x=data/test/deep"]).len(), 2);
}

#[test]
fn a_place_below_another_is_looked_at_once_and_by_its_own_words() {
    let dir = Dir::new();
    let file = png(&noise(5, 5, 1));
    dir.write("a.png", &file).write("b/.c/b.png", &file).write(".d/d.png", &file).symlink("../a.png", "b/soft.png");
    let size = file.len();
    let found = format!(
        "4 files, 5 x 5, {} B can be freed\n  {size} B  rest  ./a.png  PNG\n  {size} B  c     b/.c/b.png  PNG, same bytes\n  \
         {size} B  soft  b/soft.png  PNG, same file\n  {size} B  c     d/d.png  PNG, same bytes\n",
        2 * size
    );
    dir.symlink(".d", "d");
    // The hidden folders and the links are no longer passed over where they are places; the names of files are as given.
    let sets = ["scan", "--set", "rest=.", "--set", "c=b/.c", "--set", "soft=b/soft.png", "--set", "c=d"];
    let said = "files with a twin in another set, by folder:\n  1  rest  .\n  1  soft  b\n  1  c     b/.c\n  1  c     d\n\
                4 files, 4 pictures: 1 group of twins across sets with 4 files, ";
    let ended = ran(&dir, &sets);
    assert_eq!((ended.code, ended.out()), (0, &*found));
    let rest = ended.err().strip_prefix(said).unwrap_or_else(|| panic!("{}", ended.err()));
    assert_eq!(rest, format!("{} B can be freed\npassed over: 1 symbolic link (--follow)\n", 2 * size));
}

#[test]
fn a_file_with_names_in_two_sets_crosses_and_frees_nothing() {
    let dir = Dir::new();
    dir.write("a/1.png", png(&noise(5, 5, 1))).mkdir("b").link("a/1.png", "b/1.png").link("a/1.png", "a/2.png");
    let size = format!("{} B", dir.read("a/1.png").len());
    ran(&dir, &["scan", "a", "b"]).assert(0, "", "3 files, 1 picture: no twins\n");
    let between = ["scan", "--between", "a", "b"];
    let under_path = " ".repeat(2 + size.len() + 2);
    let found = format!(
        "2 files, 5 x 5, 0 B can be freed\n  {size}  a  a/1.png  PNG\n{under_path}= a/2.png\n  {size}  b  b/1.png  PNG, same file\n"
    );
    let said = "files with a twin in another set, by folder:\n  1  a  a\n  1  b  b\n\
                3 files, 2 pictures: 1 group of twins across sets with 2 files, 0 B can be freed\n";
    ran(&dir, &between).assert(0, &found, said);
    let json = ran(&dir, &[&between[..], &["-q", "--format", "json"]].concat()).only_out();
    assert!(json.contains(r#""freed":0,"#) && json.matches(r#""proof":"bytes""#).count() == 2, "{json}");
    assert!(json.contains(r#""path":{"text":"a/1.png"},"links":[{"text":"a/2.png"}],"host":null,"set":"a""#), "{json}");
}

#[test]
fn what_is_freed_counts_a_file_of_several_sets_once() {
    let dir = Dir::new();
    let (small, large) = (
        png(&noise(5, 5, 1)),
        Png { chunks: vec![(*b"gAMA", vec![0, 0, 177, 143])], ..Png::new(PngColour::Rgba) }.write(&noise(5, 5, 1)),
    );
    assert!(small.len() < large.len());
    dir.write("a/1.png", &large).mkdir("b").link("a/1.png", "b/1.png").write("b/2.png", &small);
    let freed = |files: usize| {
        let json = ran(&dir, &["scan", "-q", "--between", "a", "b", "--format", "json"]).only_out();
        assert_eq!(json.matches("\"size\":").count(), files, "{json}");
        let freed: Vec<&str> = json.split("\"freed\":").skip(1).map(|rest| rest.split(',').next().unwrap()).collect();
        assert_eq!(freed[0], freed[1], "the group is all there is");
        freed[0].parse::<usize>().unwrap()
    };
    // If a name of the large file stays, only the small one goes.
    assert_eq!(freed(3), small.len());
    dir.write("b/3.png", &large);
    assert_eq!(freed(4), small.len() + large.len());
    // A name that is in no set keeps the file.
    dir.link("a/1.png", "elsewhere.png");
    assert_eq!(freed(4), small.len());
}

#[test]
fn a_link_that_is_followed_is_a_way_from_set_to_set() {
    let dir = Dir::new();
    dir.write("pool/1.png", png(&noise(5, 5, 1))).write("pool/2.png", png(&noise(5, 5, 2)));
    dir.mkdir("a").mkdir("b").symlink("../pool/1.png", "a/x.png").symlink("../pool/1.png", "b/y.png");
    dir.symlink("../pool/2.png", "b/2.png");
    let between = ["scan", "--between", "a", "b", "--follow"];
    let ended = ran(&dir, &between);
    let size = dir.read("pool/1.png").len();
    let found = format!(
        "2 files, 5 x 5, 0 B can be freed\n  {size} B  a  a/x.png  PNG\n  {size} B  b  b/y.png  PNG, same file\n"
    );
    assert_eq!((ended.code, ended.out()), (0, &*found), "{}", ended.err());
}

#[test]
fn files_that_are_named_by_themselves_have_their_sets() {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(5, 5, 1))).write("b.png", png(&noise(5, 5, 1))).symlink("a.png", "soft.png");
    let said = |between: [&str; 2]| {
        let ran = ran(&dir, &["scan", "--between", between[0], between[1]]);
        ran.err().split_inclusive('\n').take(3).collect::<String>()
    };
    let heading = "files with a twin in another set, by folder:\n";
    assert_eq!(said(["a.png", "b.png"]), format!("{heading}  1  a.png  .\n  1  b.png  .\n"));
    assert_eq!(said(["a.png", "soft.png"]), format!("{heading}  1  a.png     .\n  1  soft.png  .\n"));
    dir.write("-", png(&noise(5, 5, 1)));
    assert_eq!(said(["a.png", "-"]), format!("{heading}  1  -      .\n  1  a.png  .\n"));
}

#[test]
fn names_of_sets_are_bytes_and_nothing_that_a_terminal_obeys() {
    let dir = Dir::new();
    for folder in ["a\n\u{1b}[31m", "b"] {
        dir.write(format!("{folder}/1.png"), png(&noise(5, 5, 1)));
    }
    let between = ["scan", "--between", "a\n\u{1b}[31m", "b"];
    let shown = r"$'a\n\033[31m'";
    let text = ran(&dir, &between);
    let size = dir.read("b/1.png").len();
    assert!(text.out().contains(&format!("  {size} B  {shown}  $'a\\n\\033[31m/1.png'  PNG\n")), "{}", text.out());
    let row = format!("  1  {shown}  {shown}\n  1  {:width$}  b\n", "b", width = shown.len());
    assert!(text.err().contains(&row), "{}", text.err());
    assert!(!text.out().contains('\u{1b}') && !text.err().contains('\u{1b}'));
    let json = ran(&dir, &[&between[..], &["-q", "--format", "json"]].concat()).only_out();
    assert!(json.contains(r#""set":"a\n\u001b[31m""#), "{json}");
    let refused = ran(&dir, &["scan", "--set", "a\u{1b}[31m=b"]);
    assert!(
        refused.code == 2 && refused.err().starts_with(r"error: `$'a\033[31m'` is the only set"),
        "{}",
        refused.err()
    );
    // A name that is no text is base64, as paths are; of a NAME=PATH only the first sign of equality counts.
    dir.write("c=d/1.png", png(&noise(5, 5, 1)));
    let named =
        [&b"scan"[..], b"-q", b"--format", b"json", b"--set", b"\xff=b", b"--set", b"c=c=d"].map(OsStr::from_bytes);
    let json = dir.run(env!("CARGO_BIN_EXE_pixtwin"), named).end().only_out();
    assert!(json.contains(r#"{"path":{"text":"b/1.png"},"host":null,"set":{"bytes":"/w=="},"#), "{json}");
    assert!(json.contains(r#"{"type":"folder","path":{"text":"c=d"},"host":null,"set":"c","crossing":1}"#), "{json}");
}

#[test]
fn wrong_use_of_sets_is_refused_with_its_reason() {
    let dir = data();
    let refused = |arguments: &[&str], reason: &str| {
        let ended = ran(&dir, &[&["scan"], arguments].concat());
        assert_eq!((ended.code, ended.out()), (2, ""), "{arguments:?}");
        assert_eq!(ended.err().lines().next(), Some(&*format!("error: {reason}")), "{arguments:?}");
    };
    refused(&["--set", "a=train"], "`a` is the only set: twins cross between two or more");
    refused(&["--set", "a=train", "--set", "a=test"], "`a` is the only set: twins cross between two or more");
    refused(&["--between", "train", "train"], "`train` is the only set: twins cross between two or more");
    let invalid = |value: &str, reason: &str| format!("invalid value '{value}' for '--set <NAME=PATH>': {reason}");
    refused(&["--set", "train"], &invalid("train", "write a name and a place, like train=data/train"));
    refused(&["--set", "=train"], &invalid("=train", "there is no name before the `=`"));
    refused(&["--set", "train="], &invalid("train=", "there is no place behind the `=`"));
    refused(&["--between", "train"], "2 values required for '--between <A> <B>' but 1 was provided");
    refused(&["--between", "train", "test", "val"], "the argument '--between <A> <B>' cannot be used with '[PATH]...'");
    refused(
        &["val", "--set", "a=train", "--set", "b=test"],
        "the argument '[PATH]...' cannot be used with '--set <NAME=PATH>'",
    );
    let both = ["--between", "train", "test", "--set", "a=val"];
    refused(&both, "the argument '--between <A> <B>' cannot be used with '--set <NAME=PATH>'");
    let same = |place: &str| format!("cannot search `{place}`: it is the same place as `train` of another set");
    refused(&["--between", "train", "train/"], &same("train/"));
    refused(&["--set", "a=train", "--set", "b=test", "--set", "c=./train"], &same("./train"));
    refused(&["--between", "train", "nowhere"], "cannot search `nowhere`: no such file or directory");
}

#[test]
fn groups_that_do_not_cross_are_dropped_before_anything_is_decoded_for_them() {
    let dir = Dir::new();
    let whole = png(&noise(40, 60, 1));
    let data = &whole[41..whole.len() - 16];
    // Equal up to their metadata, and cut short in a way that only decoding shows.
    let cut = |comment: &[u8]| {
        let data = chunk(*b"IDAT", &data[..data.len() * 4 / 5]);
        [&whole[..33], &chunk(*b"tEXt", comment), &data, &chunk(*b"IEND", b"")].concat()
    };
    dir.write("a/1.png", cut(b"k\0one")).write("a/2.png", cut(b"k\0two")).write("b/3.png", png(&icon(8, 1)));
    assert_eq!(ran(&dir, &["scan", "-q", "a", "b"]).code, 3);
    ran(&dir, &["scan", "--between", "a", "b"]).assert(0, "", "3 files, 3 pictures: no twins across sets\n");
    // Here it matters, and is said.
    dir.write("b/2.png", cut(b"k\0two"));
    assert_eq!(ran(&dir, &["scan", "-q", "--between", "a", "b"]).code, 3);
}

/// A tree with twins within and across sets, in several formats, with links of both kinds.
fn tree() -> Dir {
    let dir = pixtwin_testkit::library();
    dir.mkdir("copies/deep");
    for number in [1, 4, 9] {
        dir.link(format!("icons/{number}.png"), format!("copies/deep/{number}.png"));
        dir.link(format!("icons/{number}.png"), format!("icons/{number}-too.png"));
    }
    dir
}

const TREE: [&str; 10] = [
    "--set",
    "all=.",
    "--set",
    "icons=icons",
    "--set",
    "copies=copies",
    "--set",
    "icons=./copies/deep",
    "--set",
    "x=photos",
];

#[test]
fn groups_between_sets_are_those_of_a_plain_scan_that_lie_in_two() {
    let dir = pixtwin_testkit::library();
    let places = ["icons", "copies", "more", "photos", "backup", "scans", "deep"];
    let sets: Vec<String> = places.iter().map(|place| format!("{}={place}", &place[..1])).collect();
    let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", &**set]).collect();
    let all = groups(&dir, &places);
    let crosses =
        |group: &&Vec<String>| group.iter().any(|name| !name.starts_with(group[0].split('/').next().unwrap()));
    let expected: Vec<Vec<String>> = all.iter().filter(crosses).cloned().collect();
    assert!(!expected.is_empty() && expected.len() < all.len(), "{} of {}", expected.len(), all.len());
    assert_eq!(groups(&dir, &sets), expected);
}

#[test]
fn the_order_of_sets_and_threads_changes_nothing() {
    let dir = tree();
    let report = |flags: &[&str]| {
        let ran = ran(&dir, &[&["scan", "--format", "json"], flags].concat());
        assert_eq!(ran.code, 3, "{}", ran.err());
        (ran.stdout, ran.stderr)
    };
    let one = report(&[&TREE[..], &["-j1"]].concat());
    let crossing = String::from_utf8(one.0.clone()).unwrap().matches(r#""type":"folder""#).count();
    assert!(crossing > 5, "{crossing} folders");
    for threads in ["-j2", "-j7"] {
        let mut pairs: Vec<&str> = TREE.chunks(2).rev().flatten().copied().collect();
        pairs.push(threads);
        assert_eq!(report(&pairs), one);
    }
}

#[test]
fn the_merge_of_parts_reports_what_one_scan_between_sets_reports() {
    let dir = tree();
    for tier in ["pixels", "bytes"] {
        let scan = [&["scan", "--tier", tier][..], &TREE].concat();
        let records = Dir::new();
        for part in ["1", "2", "3"] {
            let recorded = ran(&dir, &[&scan[..], &["-q", "--shard", &format!("{part}/3")]].concat());
            assert_eq!((recorded.code, recorded.err()), (0, ""));
            records.write(part, &recorded.stdout);
        }
        for format in ["text", "json", "csv", "null"] {
            let whole = ran(&dir, &[&scan[..], &["--format", format]].concat());
            let merged = ran(&records, &["merge", "--format", format, "3", "1", "2"]);
            assert!(
                (merged.code, &merged.stdout) == (whole.code, &whole.stdout),
                "{format}: {}",
                merged.stdout.escape_ascii()
            );
            assert_eq!(merged.err(), whole.err());
        }
    }
}

#[test]
fn merge_takes_check_and_refuses_parts_of_other_sets() {
    let dir = data();
    let part = |name: &str, arguments: &[&str]| {
        let recorded = ran(&dir, &[&["scan", "-q"], arguments].concat());
        assert_eq!((recorded.code, recorded.err()), (0, ""));
        dir.write(name, &recorded.stdout);
    };
    part("1", &["--between", "train", "test", "--shard", "1/2"]);
    part("2", &["--between", "train", "test", "--shard", "2/2"]);
    part("plain", &["train", "test", "--shard", "2/2"]);
    assert_eq!(ran(&dir, &["merge", "-q", "--check", "1", "2"]).code, 1);
    let refused = "error: cannot merge `plain`: it was searched with sets none, the others otherwise\n";
    ran(&dir, &["merge", "1", "plain"]).assert(2, "", refused);
}
