//! `find --tier turned` and `--tier within=K` ask the catalogue; what has no code is counted with any catalogue.

use std::collections::BTreeSet;

use pixtwin_testkit::{
    Dir, Drawing,
    draw::{landscape, noise},
    encode::{png, qoi},
};
use serde_json::Value;

use crate::ran;

fn lighter(drawing: &Drawing, by: u8) -> Drawing {
    drawing.map(|[r, g, b, a]| [r, g.saturating_add(by), b, a])
}

/// Pictures that are near each other, one whose size no other has, and others of the first's size.
fn library() -> Dir {
    let dir = Dir::new();
    let (one, lonely) = (landscape(23, 14, 3), landscape(30, 31, 4));
    for turn in 1..=8 {
        dir.write(format!("turned/{turn}.png"), png(&one.shown_under(turn)));
    }
    dir.write("copy.png", png(&one.shown_under(3)));
    dir.write("one.qoi", qoi(&one)).write("lonely.png", png(&lonely));
    for number in 1..6 {
        dir.write(format!("others/{number}.png"), png(&noise(23, 14, number.into())));
        dir.write(format!("lighter/{number}.png"), png(&lighter(&one, number)));
    }
    dir
}

/// What is said of each file that is found: its name, the turn or the difference, and what proves it.
fn found(dir: &Dir, words: &[&str]) -> (BTreeSet<(String, String)>, i32) {
    let ran = ran(dir, &[&["find", "--format", "json", "-q"][..], words].concat());
    let lines = ran.out().lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let said = |line: Value| {
        let name =
            line["path"]["text"].as_str().unwrap().rsplit("lib/").next().unwrap().trim_start_matches("./").to_owned();
        (name, format!("{} {} {}", line["proof"], line["turn"], line["largest"]))
    };
    (lines.filter(|line| line["type"] == "match").map(said).collect(), ran.code)
}

#[test]
fn the_catalogue_answers_as_the_folders_do() {
    let (lib, here) = (library(), Dir::new());
    let (root, kept) = (lib.path().to_str().unwrap(), here.join("c"));
    let (kept, base) = (kept.to_str().unwrap(), landscape(23, 14, 3));
    // The questions lie outside of what is known.
    here.write("turned.png", png(&base.shown_under(6))).write("lonely.png", png(&landscape(30, 31, 4).shown_under(8)));
    here.write("near.png", png(&lighter(&base, 2))).write("near-lonely.png", png(&lighter(&landscape(30, 31, 4), 1)));
    here.write("strange.png", png(&noise(23, 14, 99)));
    lib.settle();
    for (tier, questions) in [
        ("turned", [("turned.png", 10), ("lonely.png", 1), ("strange.png", 0)]),
        ("within=3", [("near.png", 6), ("near-lonely.png", 1), ("strange.png", 0)]),
    ] {
        let scanned = ran(&here, &["scan", root, "--tier", tier, "--catalogue", kept, "-q"]);
        assert_eq!(scanned.code, 0, "{}", scanned.err());
        for (question, count) in questions {
            let walked = found(&here, &[question, "--tier", tier, "--no-catalogue", "--in", root]);
            let asked = found(&here, &[question, "--tier", tier, "--catalogue", kept]);
            assert_eq!(asked, walked, "{tier} {question}");
            assert!(asked.0.len() >= count && (count > 0) != asked.0.is_empty(), "{tier} {question}: {asked:?}");
            assert_eq!(asked.1, i32::from(count == 0));
        }
    }
}

#[test]
fn what_the_tier_has_not_seen_is_never_taken_for_none() {
    let (lib, here) = (library(), Dir::new());
    let (root, kept) = (lib.path().to_str().unwrap(), here.join("c"));
    let kept = kept.to_str().unwrap();
    here.write("turned.png", png(&landscape(23, 14, 3).shown_under(6))).write("alone/1.png", png(&noise(5, 5, 1)));
    lib.settle();
    here.settle();
    let asks = ["find", "turned.png", "--tier", "turned", "--catalogue", kept];
    assert_eq!(ran(&here, &["scan", root, "--catalogue", kept, "-q"]).code, 0);
    let refused = ran(&here, &asks);
    assert_eq!((refused.code, refused.out()), (2, ""), "{}", refused.err());
    // By then something is known of the tier, but not of these.
    assert_eq!(ran(&here, &["scan", "alone", "--tier", "turned", "--catalogue", kept, "-q"]).code, 0);
    let listed = ran(&here, &asks);
    assert_eq!(listed.code, 3, "{}", listed.err());
    assert!(listed.err().contains("21 pictures that no scan with --tier turned has looked at"), "{}", listed.err());
}

/// Two files of one colour with equal bytes, a third of another colour, one of its pixels stored in another way, and two with
/// detail.
fn plain_library() -> Dir {
    let dir = Dir::new();
    let (plain, other) = (Drawing::solid(64, 48, [9, 9, 9, 255]), Drawing::solid(70, 70, [200, 9, 9, 255]));
    dir.write("plain.png", png(&plain)).write("copies/plain.png", png(&plain)).write("half/other.png", png(&other));
    dir.write("half/other.qoi", qoi(&other)).write("half/land.png", png(&landscape(96, 64, 1).opaque()));
    dir.write("noise.png", png(&noise(96, 64, 2)));
    dir
}

#[test]
fn what_has_no_code_is_counted_whatever_the_catalogue_knows() {
    let (lib, here) = (plain_library(), Dir::new());
    let root = lib.path().to_str().unwrap();
    lib.settle();
    // PDQ finds no quality in one colour.
    let quality = ran(&lib, &["pdq", "plain.png", "half/other.png", "noise.png"]);
    let quality: Vec<&str> = quality.out().lines().map(|line| line.split(',').nth(1).unwrap()).collect();
    assert!(quality[..2] == ["0", "0"] && quality[2] != "0", "{quality:?}");
    let half = format!("{root}/half");
    let summary = |words: &[&str]| -> Value {
        let ran = ran(&here, &[words, &["--format", "json", "-q"]].concat());
        assert!(ran.code < 2, "{}", ran.err());
        serde_json::from_str(ran.out().lines().last().unwrap()).unwrap()
    };
    let scan = |places: &str, catalogue: &[&str]| {
        summary(&[&["scan", places, "--tier", "similar"], catalogue].concat())["flat"].clone()
    };
    // Four files, which show two pictures.
    assert_eq!(scan(root, &["--no-catalogue"]), 4);
    let [one, two] = ["one", "two"].map(|name| here.join(name).to_str().unwrap().to_owned());
    for (place, expected) in [(&*half, 2), (root, 4), (root, 4)] {
        assert_eq!(scan(place, &["--catalogue", &one]), expected, "{place}");
    }
    // A catalogue that knows all, but not for this tier.
    assert_eq!(summary(&["scan", root, "--catalogue", &two])["flat"], Value::Null);
    assert_eq!(scan(root, &["--catalogue", &two]), 4);
    let said = ran(&here, &["scan", root, "--tier", "similar", "--no-catalogue", "--format", "null"]);
    let line = "\n4 pictures have too little detail to be compared; only equal pixels are found of them\n";
    assert!(said.code == 0 && said.err().ends_with(line), "{} {}", said.code, said.err());
    let (plain, land) = (format!("{root}/plain.png"), format!("{half}/land.png"));
    let find = |query: &str, more: &[&str]| {
        let summary = summary(&[&["find", query, "--tier", "similar"], more].concat());
        (summary["flat"].as_u64(), summary["flat_queries"].as_u64())
    };
    for (query, queries) in [(&plain, 1), (&land, 0)] {
        assert_eq!(find(query, &["--in", root, "--no-catalogue"]), (Some(4), Some(queries)));
        assert_eq!(find(query, &["--catalogue", &one]), (None, Some(queries)));
    }
    assert_eq!(summary(&["scan", root, "--tier", "turned", "--no-catalogue"])["flat"], Value::Null);
    let said = ran(&here, &["find", &plain, "--tier", "similar", "--catalogue", &one]);
    let line = "\n1 picture asked about has too little detail to be compared; only equal pixels are found of it\n";
    assert!(said.code == 0 && said.err().ends_with(line), "{} {}", said.code, said.err());
}

#[test]
fn a_file_is_forgotten_once_by_whatever_rules_it_is_known() {
    let dir = Dir::new();
    let (first, second) = (landscape(23, 14, 3), landscape(23, 14, 4));
    dir.write("in/a.png", png(&first)).write("in/b.png", png(&first)).write("in/c.png", png(&second));
    dir.settle();
    for tier in ["pixels", "turned", "similar"] {
        let _ = ran(&dir, &["scan", "in", "--tier", tier, "--catalogue", "c", "-q"]);
    }
    let listed = ran(&dir, &["catalogue", "list", "--catalogue", "c", "--format", "json"]);
    assert_eq!(listed.out().lines().count(), 9, "{}", listed.out());
    let forget = |path: &str| ran(&dir, &["catalogue", "forget", path, "--catalogue", "c"]);
    forget("in/a.png").assert(0, "", "1 file forgotten\n");
    forget("in").assert(0, "", "2 files forgotten\n");
    forget("in").assert(0, "", "0 files forgotten\n");
}

/// A catalogue keeps nothing of files that have just changed: that is said where one asks in vain.
#[test]
fn what_is_not_known_yet_may_have_changed_just_now() {
    let dir = Dir::new();
    dir.write("settled/a.png", png(&landscape(23, 14, 3)));
    dir.settle();
    let _ = ran(&dir, &["scan", "settled", "--catalogue", "c"]);
    let asked = ran(&dir, &["find", "settled/a.png", "--tier", "turned", "--catalogue", "c"]);
    assert_eq!(asked.code, 2);
    let end = "files that changed less than two seconds before a scan are not kept\n";
    assert!(asked.err().contains("scan first") && asked.err().ends_with(end), "{}", asked.err());
}
