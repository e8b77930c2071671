//! Exports of the catalogue: made here, asked about there.

use std::fs;

use pixtwin_testkit::{
    Dir,
    draw::{landscape, noise},
    encode::{Jpeg, Subsampling, png, qoi, tga},
};

use crate::{digest, ran};

const FORMS: [&str; 3] = ["theirs.jsonl", "theirs.csv", "theirs.parquet"];

/// Two collections with three pictures in common, of which all are encoded differently, and their catalogues.
fn two_collections() -> (Dir, Dir) {
    let (mine, theirs) = (Dir::new(), Dir::new());
    let [a, b, c, d] = [noise(60, 40, 1), landscape(320, 200, 2), noise(60, 40, 3), noise(61, 41, 4)];
    mine.write("p/a.png", png(&a)).write("p/b.qoi", qoi(&b)).write("p/c.png", png(&c)).write("alone.png", png(&d));
    mine.write("p/a again.qoi", qoi(&a)).write("cut.png", &png(&noise(60, 40, 7))[..3000]);
    theirs.write("x/a.tga", tga(&a, false)).write("x/b\n\u{1b}.png", png(&b)).write("x/c.tga", tga(&c, true));
    theirs
        .write("x/e.jpg", Jpeg::new(Subsampling::S420).write(&landscape(320, 200, 5)))
        .write("f.png", png(&noise(61, 41, 6)));
    theirs.write("cut.png", &png(&noise(60, 40, 8))[..3000]).write("notes.txt", "no picture");
    (mine, theirs)
}

/// The lines of a report that say `match`, as path of the query and path of the twin, without the folders above.
fn matches(report: &str, theirs: &Dir, mine: &str) -> Vec<(String, String)> {
    let lines = report.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value["text"].as_str().unwrap().to_owned();
    let root = format!("{}/", theirs.path().canonicalize().unwrap().display());
    lines
        .filter(|line| line["type"] == "match")
        .map(|line| {
            let query = text(&line["query"]);
            let query = query.split_once(&root).map_or(query.clone(), |(_, rest)| rest.to_owned());
            (query, text(&line["path"]).replace(mine, ""))
        })
        .collect()
}

#[test]
fn pictures_that_another_has_are_found_by_their_export() {
    let (mine, theirs) = two_collections();
    theirs.settle();
    let scanned = ran(&theirs, &["scan", ".", "--digests", "--catalogue", "c"]);
    assert_eq!(scanned.code, 3);
    assert!(scanned.err().contains("not compared: ./cut.png: it has no digest: "), "{}", scanned.err());
    // One that has no digests yet has nothing to compare.
    let _ = ran(&theirs, &["scan", "x", "--catalogue", "few"]);
    for form in FORMS {
        let exported = ran(&theirs, &["catalogue", "export", form, "--catalogue", "c"]);
        assert_eq!((exported.code, exported.out()), (0, ""));
        assert!(exported.err().starts_with("6 pictures exported, 5 with a digest"), "{}", exported.err());
        let export = theirs.join(form).to_str().unwrap().to_owned();
        let against = |more: &[&str]| ran(&mine, &[&["scan", ".", "--against", &export][..], more].concat());
        let found = matches(against(&["--format", "json"]).out(), &theirs, "./");
        let expected = [
            ("x/a.tga", "p/a again.qoi"),
            ("x/a.tga", "p/a.png"),
            ("x/b\n\u{1b}.png", "p/b.qoi"),
            ("x/c.tga", "p/c.png"),
        ];
        assert_eq!(found, expected.map(|(query, path)| (query.to_owned(), path.to_owned())), "{form}");
        let text = against(&["--check", "--no-catalogue"]);
        assert_eq!((text.code, text.out().matches("same pixels").count()), (1, 4), "{form}: {}", text.out());
        assert!(!text.out().contains("no twin"), "{}", text.out());
        // Asked the other way round, of one picture.
        let (imported, kept) = (Dir::new(), "c");
        let said = ran(&imported, &["catalogue", "import", &export, "--catalogue", kept]);
        assert_eq!((said.code, said.err().lines().next()), (0, Some("5 pictures imported")), "{form}");
        fs::copy(mine.join("p/b.qoi"), imported.join("b.qoi")).unwrap();
        let found = ran(&imported, &["find", "b.qoi", "--catalogue", kept]);
        assert_eq!(found.code, 0);
        assert!(found.out().contains("x/b\\n\\033.png'  PNG, same pixels; on another machine"), "{}", found.out());
    }
}

#[test]
fn an_export_holds_the_digests_that_hash_prints() {
    let (_, theirs) = two_collections();
    theirs.settle();
    let _ = ran(&theirs, &["scan", ".", "--digests", "--catalogue", "c"]);
    let exported = ran(&theirs, &["catalogue", "export", "-", "--form", "jsonl", "--catalogue", "c"]);
    let lines = exported.out().lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let root = theirs.path().canonicalize().unwrap();
    let mut compared = 0;
    for line in lines.filter(|line| line["digest"].is_string()) {
        let path = line["path"]["text"].as_str().unwrap();
        let name = path.strip_prefix(root.to_str().unwrap()).unwrap().trim_start_matches('/');
        if !name.contains('\n') {
            assert_eq!(line["digest"], digest(&theirs, name).as_str(), "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 4);
}

#[test]
fn an_export_that_is_none_is_refused() {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(20, 20, 1)))
        .write("text.csv", "a,b\n1,2\n")
        .write("cut.jsonl", "{\"type\":\"export\"");
    for name in ["text.csv", "cut.jsonl", "a.png", "nowhere.csv"] {
        for arguments in [&["scan", ".", "--against", name][..], &["catalogue", "import", name, "--catalogue", "c"]] {
            let ran = ran(&dir, arguments);
            assert_eq!((ran.code, ran.out()), (2, ""), "{name}");
            assert!(ran.err().starts_with(&format!("error: cannot read `{name}`: ")), "{}", ran.err());
        }
    }
    let ran = ran(&dir, &["catalogue", "export", "a.txt", "--catalogue", "c"]);
    assert!(ran.code == 2 && ran.err().contains("name it .jsonl, .csv or .parquet"), "{}", ran.err());
}

#[test]
fn what_is_imported_is_not_believed_of_a_file_that_is_here() {
    // An export that claims the digest of one picture for the other file, in exactly its state.
    let dir = Dir::new();
    dir.write("p/a.png", png(&noise(30, 30, 1))).write("p/b.png", png(&noise(30, 30, 2)));
    dir.settle();
    let _ = ran(&dir, &["scan", "p", "--digests", "--catalogue", "c"]);
    let exported = ran(&dir, &["catalogue", "export", "-", "--form", "jsonl", "--catalogue", "c"]);
    let digest_of = |name: &str| digest(&dir, name);
    let forged = exported.out().replace(&digest_of("p/a.png"), &digest_of("p/b.png"));
    assert_ne!(forged, exported.out());
    dir.write("forged.jsonl", &forged);
    let imported = ran(&dir, &["catalogue", "import", "forged.jsonl", "--catalogue", "d"]);
    assert_eq!(imported.code, 0);
    let scanned = ran(&dir, &["scan", "p", "--catalogue", "d"]);
    assert_eq!((scanned.code, scanned.out()), (0, ""), "{}", scanned.err());
}

#[test]
fn an_export_takes_the_place_of_an_export_and_of_nothing_else() {
    let dir = Dir::new();
    let picture = png(&noise(30, 30, 1));
    dir.write("p/a.png", &picture).write("p/b.csv", "name,age\nme,4\n").symlink("there.csv", "link.csv").fifo("pipe");
    dir.settle();
    let _ = ran(&dir, &["scan", "p", "--digests", "--catalogue", "c"]);
    let export = |name: &str| ran(&dir, &["catalogue", "export", name, "--form", "csv", "--catalogue", "c"]);
    let before = dir.read("c");
    for name in ["p/a.png", "p/b.csv", "c"] {
        let refused = export(name);
        assert_eq!(refused.code, 2, "{name}");
        assert!(refused.err().contains("it exists, and is no export of pixtwin"), "{}", refused.err());
    }
    assert!(dir.read("p/a.png") == picture && dir.read("c") == before);
    for _ in 0..2 {
        assert_eq!((export("new.csv").code, export("link.csv").code), (0, 0));
    }
    assert!(dir.join("link.csv").is_symlink() && dir.read("there.csv") == dir.read("new.csv"));
    let piped = dir.run(
        "sh",
        [
            "-c",
            "cat pipe > read & \"$0\" catalogue export pipe --form csv --catalogue c; wait"
                .replace("$0", env!("CARGO_BIN_EXE_pixtwin"))
                .as_str(),
        ],
    );
    assert_eq!(piped.end().code, 0);
    assert!(dir.read("read") == dir.read("new.csv"));
}

#[test]
fn what_an_export_says_of_itself_cannot_reach_the_terminal() {
    let dir = Dir::new();
    let picture = noise(30, 30, 1);
    dir.write("p/a.png", png(&picture)).write("q.qoi", qoi(&picture));
    dir.settle();
    let _ = ran(&dir, &["scan", "p", "--digests", "--catalogue", "c"]);
    let exported = ran(&dir, &["catalogue", "export", "-", "--form", "jsonl", "--catalogue", "c"]);
    let root = dir.path().canonicalize().unwrap();
    let evil = r"\u001b]0;pwn\u0007\n\u009b31m\u202e";
    let forged =
        exported.out().replace(root.to_str().unwrap(), evil).replace("\"volume\":\"", &format!("\"volume\":\"{evil}"));
    dir.write("forged.jsonl", forged.replace("\"host\":\"", &format!("\"host\":\"{evil}")));
    dir.write("format.jsonl", exported.out().replace("\"format\":\"PNG\"", &format!("\"format\":\"PNG{evil}\"")));
    for name in ["forged.jsonl", "format.jsonl"] {
        let said = [
            ran(&dir, &["catalogue", "import", name, "--catalogue", "d"]),
            ran(&dir, &["catalogue", "status", "--catalogue", "d"]),
            ran(&dir, &["catalogue", "list", "--catalogue", "d"]),
            ran(&dir, &["find", "q.qoi", "--catalogue", "d"]),
            ran(&dir, &["scan", ".", "--against", name, "--no-catalogue"]),
        ];
        for text in said.iter().flat_map(|ran| [ran.out(), ran.err()]) {
            let is_safe = |character: char| character == '\n' || !character.is_control() && character != '\u{202e}';
            assert!(text.chars().all(is_safe), "{name}: {}", text.escape_debug());
        }
    }
}

/// What is known of a file by several tiers is known of one file; a digest is one, whatever it was computed for.
#[test]
fn a_file_that_several_tiers_know_counts_once_and_is_exported_with_what_any_of_them_knows() {
    let dir = Dir::new();
    let [one, other] = [noise(60, 40, 1), noise(60, 40, 3)];
    dir.write("p/a.png", png(&one)).write("p/b.qoi", qoi(&other)).write("p/notes.txt", "no picture");
    // Of a size of its own: `turned` does not look at it whole.
    dir.write("p/c.png", png(&noise(61, 41, 4))).write("q/again.qoi", qoi(&one));
    dir.settle();
    let lines = |words: &[&str]| {
        let ran = ran(&dir, words);
        assert_eq!(ran.code, 0, "{}", ran.err());
        let lines = ran.out().lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        (lines.collect::<Vec<_>>(), ran.err().to_owned())
    };
    let status = || lines(&["catalogue", "status", "--format", "json", "--catalogue", "c"]).0;
    let exported = || lines(&["catalogue", "export", "-", "--form", "jsonl", "--catalogue", "c"]);
    for (tier, entries, with_digest) in [("turned", 4, 2), ("similar", 8, 3), ("within=2", 12, 3), ("bytes", 16, 3)] {
        assert_eq!(ran(&dir, &["scan", "p", "--tier", tier, "--catalogue", "c"]).code, 0, "{tier}");
        for line in status().iter().filter(|line| line["type"] != "rules") {
            let figures = ["files", "pictures", "digests", "entries"].map(|name| line[name].as_u64().unwrap());
            assert_eq!(figures, [4, 3, with_digest, entries], "{tier}: {line}");
        }
        let (rows, said) = exported();
        assert!(said.starts_with(&format!("3 pictures exported, {with_digest} with a digest\n")), "{tier}: {said}");
        for row in rows.iter().filter(|row| row["type"] == "picture") {
            assert!(row["rules"].as_str().unwrap().starts_with("pixels 1, "), "{tier}: {row}");
            let path = row["path"]["text"].as_str().unwrap();
            if !row["digest"].is_null() {
                assert_eq!(row["digest"], digest(&dir, path), "{tier}: {row}");
            }
            assert_eq!(row["pdq"].is_null(), tier == "turned", "{tier}: {row}");
        }
    }
    let rules: Vec<serde_json::Value> = status().into_iter().filter(|line| line["type"] == "rules").collect();
    let known = |name: &str, what: &str| {
        rules.iter().find(|line| line["rules"].as_str().unwrap().starts_with(name)).unwrap()[what].as_u64().unwrap()
    };
    assert_eq!((known("similar", "codes"), known("similar", "records"), known("turned", "records")), (3, 0, 2));
    // Elsewhere it is found by that.
    assert_eq!(ran(&dir, &["catalogue", "export", "theirs.csv", "--catalogue", "c"]).code, 0);
    let found = ran(&dir, &["scan", "q", "--against", "theirs.csv", "--no-catalogue", "--format", "json"]);
    assert!(found.code == 0 && found.out().contains("again.qoi"), "{} {}", found.out(), found.err());
    let said = ran(&dir, &["catalogue", "status", "--catalogue", "c"]);
    assert!(said.out().contains(": 4 files, 3 pictures, 3 digests\n"), "{}", said.out());
    assert!(said.out().contains(", as stored: 4 files, 3 pictures, 3 digests, 3 with codes\n"), "{}", said.out());
}
