//! Pairs of pictures that are near each other, and what people say of them.

use std::collections::BTreeMap;

use pixtwin_testkit::{
    Dir, Drawing, Ran,
    draw::landscape,
    encode::{png, qoi},
};
use rusqlite::Connection;
use serde_json::Value;

use crate::{digest, ran};

fn lines(ran: &Ran) -> Vec<Value> {
    ran.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A picture, a copy of it, one whose darkest and brightest samples are drawn in by two levels, and one turned.
fn library() -> Dir {
    let dir = Dir::new();
    let one = landscape(90, 60, 3).opaque();
    dir.write("in/one.png", png(&one)).write("in/one.qoi", qoi(&one));
    dir.write("in/near.png", png(&nudged(&one, 2))).write("in/turned.png", png(&one.mirrored()));
    dir
}

fn nudged(drawing: &Drawing, by: u8) -> Drawing {
    drawing.map(|[r, g, b, a]| [r.clamp(by, 255 - by), g.clamp(by, 255 - by), b, a])
}

#[test]
fn files_of_near_groups_have_their_own_digests() {
    let dir = library();
    let of_file: BTreeMap<String, String> = ["in/one.png", "in/one.qoi", "in/near.png", "in/turned.png"]
        .map(|name| (name.to_owned(), digest(&dir, name)))
        .into();
    for tier in ["turned", "within=2", "similar"] {
        let scanned = ran(&dir, &["scan", "in", "--tier", tier, "--format", "json", "-q"]);
        let groups: Vec<Value> = lines(&scanned).into_iter().filter(|line| line["type"] == "group").collect();
        let files: Vec<&Value> = groups.iter().flat_map(|group| group["files"].as_array().unwrap()).collect();
        assert!(files.len() >= 3, "{tier}: {files:?}");
        for file in files {
            assert_eq!(text(&file["digest"]), of_file[&text(&file["path"]["text"])], "{tier}: {file}");
        }
        for place in [&["--in", "in"][..], &["--in", "catalogue"]] {
            dir.settle();
            ran(&dir, &["scan", "in", "--tier", tier, "-q"]);
            let found = ran(&dir, &[&["find", "in/one.png", "--tier", tier, "--format", "json", "-q"], place].concat());
            let matches: Vec<Value> = lines(&found).into_iter().filter(|line| line["type"] == "match").collect();
            assert!(matches.len() >= 2, "{tier}: {}", found.out());
            for found in matches {
                let path = text(&found["path"]["text"]);
                let name = path.split_at(path.rfind("in/").unwrap()).1;
                assert_eq!(text(&found["digest"]), of_file[name], "{tier}: {found}");
            }
        }
    }
    // Of equal pictures the group says it.
    let scanned = ran(&dir, &["scan", "in", "--format", "json", "-q"]);
    let group = &lines(&scanned)[0];
    assert_eq!(text(&group["digest"]), of_file["in/one.png"]);
    assert!(group["files"].as_array().unwrap().iter().all(|file| file.get("digest").is_none()), "{group}");
}

/// The names in each group, and which of them stand in a group before.
fn groups(ran: &Ran) -> Vec<Vec<String>> {
    let groups = lines(ran).into_iter().filter(|line| line["type"] == "group");
    let name = |file: &Value| {
        let again = if file["repeated"] == true { " again" } else { "" };
        text(&file["path"]["text"]) + again
    };
    groups.map(|group| group["files"].as_array().unwrap().iter().map(name).collect()).collect()
}

/// Says of two files that they do not show the same picture.
fn say(dir: &Dir, a: &str, b: &str) {
    let (a, b) = (digest(dir, a), digest(dir, b));
    ran(dir, &["catalogue", "verdicts", "--differ", &a, &b]).assert(0, "", "");
}

fn json(dir: &Dir, more: &[&str]) -> Ran {
    ran(dir, &[&["scan", "in", "--format", "json"][..], more].concat())
}

#[test]
fn what_was_said_not_to_be_the_same_is_not_shown_again() {
    let dir = library();
    for tier in ["within=2", "turned", "similar"] {
        let dismissed = if tier == "turned" { "in/turned.png" } else { "in/near.png" };
        let before = json(&dir, &["--tier", tier]);
        assert!(groups(&before).concat().contains(&dismissed.to_owned()), "{}", before.out());
        assert!(!before.out().contains("\"dismissed\"") && !before.err().contains("left out"), "{}", before.err());
        say(&dir, "in/one.png", dismissed);
        for more in [&[][..], &["--paranoid"], &["-j", "1"], &["--check"]] {
            let after = json(&dir, &[&["--tier", tier], more].concat());
            let left = groups(&after);
            let is_shown = left.iter().any(|group| {
                group.contains(&"in/one.png".to_owned())
                    && group.iter().any(|name| name.trim_end_matches(" again") == dismissed)
            });
            assert!(!is_shown, "{tier}: {left:?}");
            // Copies of one picture stay together.
            assert!(left.iter().any(|group| group.contains(&"in/one.qoi".to_owned())), "{tier}: {left:?}");
            assert_eq!(lines(&after).last().unwrap()["dismissed"], 1, "{tier}");
            let said = "\n1 pair of pictures that people said to differ is left out (--dismissed shows it)";
            assert!(after.err().contains(said), "{}", after.err());
            assert_eq!(after.code, i32::from(more == ["--check"]), "{}", after.err());
        }
        for more in ["--dismissed", "--no-catalogue"] {
            let all = json(&dir, &["--tier", tier, more]);
            assert_eq!((all.out(), all.code), (before.out(), 0), "{tier} {more}");
            assert!(!all.err().contains("left out"), "{}", all.err());
        }
        // It is of the picture, under whatever name.
        dir.write("in/again.png", dir.read(dismissed));
        let with_copy = json(&dir, &["--tier", tier, "-q"]);
        assert!(groups(&with_copy).iter().all(|group| !group.contains(&"in/one.png".to_owned())
            || !group.iter().any(|name| name.starts_with("in/again.png"))));
        std::fs::remove_file(dir.join("in/again.png")).unwrap();
        let (a, b) = (digest(&dir, "in/one.png"), digest(&dir, dismissed));
        ran(&dir, &["catalogue", "verdicts", "--forget", &b, &a]).assert(0, "", "1 verdict forgotten\n");
        assert_eq!(json(&dir, &["--tier", tier]).out(), before.out(), "{tier}");
    }
}

/// Equal pixels are a fact: exact tiers do not ask what was said.
#[test]
fn exact_tiers_never_ask_what_was_said() {
    let dir = library();
    let one = digest(&dir, "in/one.png");
    dir.write("in/same.png", dir.read("in/one.png"));
    let before = ["bytes", "pixels"].map(|tier| json(&dir, &["--tier", tier]).out().to_owned());
    // Somebody wrote what nobody can say.
    say(&dir, "in/one.png", "in/near.png");
    let edit = "INSERT INTO verdict (a, b, said_s, seal) SELECT b, b, said_s, seal FROM verdict";
    let file = dir.home().join(".local/share/pixtwin/catalogue.sqlite");
    assert_eq!(Connection::open(file).unwrap().execute(edit, []).unwrap(), 1);
    let after = ["bytes", "pixels"].map(|tier| json(&dir, &["--tier", tier]).out().to_owned());
    assert_eq!(after, before);
    assert!(before[1].contains(&one));
}

/// Three pictures, each near the others: the groups are made of the pairs that are left.
#[test]
fn groups_are_those_of_the_pairs_that_are_left() {
    let dir = Dir::new();
    let one = landscape(90, 60, 3).opaque();
    for by in 0..3 {
        dir.write(format!("in/{by}.png"), png(&nudged(&one, 10 * by)));
    }
    let scan = |more: &[&str]| groups(&json(&dir, &[&["--tier", "within=20", "-q"], more].concat()));
    let names = |numbers: &[u8]| -> Vec<String> { numbers.iter().map(|by| format!("in/{by}.png")).collect() };
    let sorted = |groups: Vec<Vec<String>>| -> Vec<String> {
        let mut names: Vec<String> = groups.concat();
        names.sort();
        names
    };
    let all = scan(&[]);
    assert_eq!((all.len(), sorted(all)), (1, names(&[0, 1, 2])));
    // Both are near to a third, and are not shown beside each other for all that.
    say(&dir, "in/0.png", "in/1.png");
    assert_eq!(scan(&[]), [["in/0.png", "in/2.png again"], ["in/2.png", "in/1.png"]]);
    // No group has two that are not the same.
    let complete = scan(&["--linkage", "complete"]);
    let has = |group: &[String], by: u8| group.iter().any(|name| name.starts_with(&format!("in/{by}.png")));
    assert!(complete.len() == 2 && complete.iter().all(|group| !(has(group, 0) && has(group, 1))), "{complete:?}");
    say(&dir, "in/2.png", "in/0.png");
    let left = scan(&[]);
    assert_eq!((left.len(), sorted(left)), (1, names(&[1, 2])));
    let more = json(&dir, &["--tier", "within=20"]);
    assert_eq!(lines(&more).last().unwrap()["dismissed"], 2);
    assert!(
        more.err().contains("2 pairs of pictures that people said to differ are left out (--dismissed shows them)")
    );
    // With sets, only pairs that cross count.
    dir.write("other/0.png", dir.read("in/0.png"));
    let crossing = ran(&dir, &["scan", "--between", "in", "other", "--tier", "within=20", "--format", "json"]);
    assert_eq!(groups(&crossing), [["in/0.png", "other/0.png"]]);
}

#[test]
fn find_leaves_it_out_as_well() {
    let dir = library();
    dir.settle();
    for tier in ["within=2", "similar"] {
        ran(&dir, &["scan", "in", "--tier", tier, "-q"]);
        for place in [&["--in", "in"][..], &["--in", "catalogue"]] {
            let find = |more: &[&str]| {
                let found =
                    ran(&dir, &[&["find", "in/one.png", "--tier", tier, "--format", "json"], place, more].concat());
                let matches = lines(&found).into_iter().filter(|line| line["type"] == "match");
                let names: Vec<String> = matches.map(|found| text(&found["path"]["text"])).collect();
                (names, found.err().to_owned(), lines(&found).last().unwrap()["dismissed"].clone())
            };
            let (before, ..) = find(&[]);
            assert!(before.iter().any(|name| name.ends_with("in/near.png")), "{before:?}");
            say(&dir, "in/near.png", "in/one.png");
            let (after, said, count) = find(&[]);
            let expected: Vec<&String> = before.iter().filter(|name| !name.ends_with("in/near.png")).collect();
            assert_eq!(after.iter().collect::<Vec<_>>(), expected, "{tier}");
            assert!(after.iter().any(|name| name.ends_with("in/one.qoi")), "{after:?}");
            assert!(said.contains("1 file that people said to show another picture is left out"), "{said}");
            assert_eq!(count, 1);
            let (all, said, count) = find(&["--dismissed"]);
            assert_eq!((all, said.contains("left out"), count.is_null()), (before, false, true));
            let (a, b) = (digest(&dir, "in/one.png"), digest(&dir, "in/near.png"));
            ran(&dir, &["catalogue", "verdicts", "--forget", &a, &b]).assert(0, "", "1 verdict forgotten\n");
        }
    }
}

#[test]
fn verdicts_are_listed_and_kept_from_mistakes() {
    let dir = library();
    ran(&dir, &["scan", "in", "-q"]);
    ran(&dir, &["catalogue", "verdicts"]).assert(0, "", "");
    let (one, near) = (digest(&dir, "in/one.png"), digest(&dir, "in/near.png"));
    say(&dir, "in/one.png", "in/near.png");
    let (a, b) = if one < near { (&one, &near) } else { (&near, &one) };
    ran(&dir, &["catalogue", "verdicts"]).assert(0, &format!("{a}  {b}  today\n"), "");
    let listed = &lines(&ran(&dir, &["catalogue", "verdicts", "--format", "json"]))[0];
    assert_eq!(
        (&listed["type"], &listed["a"], &listed["b"]),
        (&"verdict".into(), &a.as_str().into(), &b.as_str().into())
    );
    assert!(listed["said"].is_u64());
    let status = ran(&dir, &["catalogue", "status", "--format", "json"]);
    assert_eq!(lines(&status).last().unwrap()["verdicts"], 1);
    assert!(ran(&dir, &["catalogue", "status"]).out().contains("1 pair of pictures that people said to differ\n"));
    // Files that are forgotten take nothing of it with them.
    ran(&dir, &["catalogue", "forget", "in"]);
    ran(&dir, &["catalogue", "compact"]);
    ran(&dir, &["catalogue", "verdicts"]).assert(0, &format!("{a}  {b}  today\n"), "");
    ran(&dir, &["catalogue", "verdicts", "--forget", &one, &one]).assert(0, "", "0 verdicts forgotten\n");
    let long = format!("{one}00");
    for wrong in [&["--forget", "00", &near][..], &["--differ", &long, &near], &["--differ", &one]] {
        assert_eq!(ran(&dir, &[&["catalogue", "verdicts"], wrong].concat()).code, 2, "{wrong:?}");
    }
    let same = ran(&dir, &["catalogue", "verdicts", "--differ", &one, &one]);
    same.assert(2, "", "error: equal digests are the same picture: nothing can be said of it\n");
    let exact = ran(&dir, &["scan", "in", "--dismissed"]);
    assert!(exact.code == 2 && exact.err().contains("--dismissed is for the tiers turned"), "{}", exact.err());
}

/// What is not as it was said is not believed: the pair is shown, and why is said.
#[test]
fn a_damaged_verdict_is_no_verdict() {
    let dir = library();
    let scan = |file: &str| json(&dir, &["--tier", "within=2", "--catalogue", file]);
    let before = scan("kept");
    let (one, near) = (digest(&dir, "in/one.png"), digest(&dir, "in/near.png"));
    ran(&dir, &["catalogue", "verdicts", "--catalogue", "kept", "--differ", &one, &near]).assert(0, "", "");
    assert_ne!(scan("kept").out(), before.out());
    let edit = "UPDATE verdict SET said_s = said_s + 1";
    assert_eq!(Connection::open(dir.join("kept")).unwrap().execute(edit, []).unwrap(), 1);
    let after = scan("kept");
    assert_eq!((after.out(), after.code), (before.out(), 0));
    let hint = "hint: pairs that people said are not the same may be reported all the same";
    assert!(after.err().contains(hint) && after.err().contains("left out\n"), "{}", after.err());
    let listed = ran(&dir, &["catalogue", "verdicts", "--catalogue", "kept"]);
    listed.assert(0, "", "1 verdict left out: damaged\n");
    let verified = ran(&dir, &["catalogue", "verify", "--catalogue", "kept"]);
    assert!(verified.code == 1 && verified.out().contains("verdicts are damaged"), "{}", verified.out());
    // Where there is no catalogue to ask, that is said as well.
    dir.write("none", "no catalogue");
    let without = scan("none");
    let hint = "hint: the search goes on without it, and reports also what people said not to be the same\n";
    assert!(without.out() == before.out() && without.err().contains(hint), "{}", without.err());
    // Exact tiers do not look at it.
    let exact = json(&dir, &["--catalogue", "kept"]);
    assert!(exact.code == 0 && !exact.err().contains("cannot use"), "{}", exact.err());
}
