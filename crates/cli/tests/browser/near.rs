//! Near pictures: nothing goes without a word on just that pair, and "not the same" is remembered.

use std::time::Duration;

use pixtwin_testkit::{Census, Dir, Snapshot};

use serde_json::Value;

use crate::{PIXTWIN, album::album, script::Script};

#[test]
fn near_pictures_go_one_by_one_and_what_differs_is_remembered() {
    let (dir, held) = (album(), Dir::new());
    dir.settle();
    let before = Snapshot::of(&dir);
    let census = Census::of([&dir]);
    let quarantine = held.path().to_str().unwrap();
    let arguments = ["review", "-q", "--no-open", "--quarantine", quarantine, "--tier", "similar", "."];
    let served = dir.run(PIXTWIN, arguments).serve();
    let mut script = Script::start("near.mjs", &served.address, dir.home());

    script.step("said");
    let said = pair_of(&dir).expect("one pair was said");
    assert!(!are_together(&dir, &said, &[]), "a scan leaves it out as well");
    assert!(are_together(&dir, &said, &["--dismissed"]), "and shows it if that is asked for");
    script.go_on();

    let asked = script.step("asked");
    assert!(Snapshot::of(&dir) == before, "to look at a pair changes nothing");
    script.go_on();

    let gone = script.step("went");
    assert_eq!(gone["goes"], asked["goes"]);
    assert_eq!(Census::of([&dir]).fewer_since(&census), 1, "one file went");
    assert_eq!(Census::of([dir.path(), held.path()]).lost_since(&census), 0);
    let name = gone["goes"].as_str().unwrap().rsplit('/').next().unwrap();
    assert!(!dir.join(format!("near/{name}")).exists(), "{gone}");
    script.go_on();

    script.step("undone");
    assert!(Snapshot::of(&dir) == before, "all is as it was, byte for byte");
    script.go_on();
    script.end();

    served.running.interrupt();
    served.running.end_within(Duration::from_secs(30)).assert(0, "", "");
    assert!(pair_of(&dir).is_none() && are_together(&dir, &said, &[]), "it was taken back");
}

/// The one pair of digests that was said not to be the same.
fn pair_of(dir: &Dir) -> Option<[String; 2]> {
    let said = dir.run(PIXTWIN, ["catalogue", "verdicts", "--format", "json"]).end().only_out();
    let line: Value = serde_json::from_str(said.lines().next()?).unwrap();
    Some(["a", "b"].map(|name| line[name].as_str().unwrap().to_owned()))
}

/// Whether a scan shows both pictures in one group.
fn are_together(dir: &Dir, pair: &[String; 2], more: &[&str]) -> bool {
    let scan = ["scan", "-q", "--tier", "similar", "--format", "json", "near"].iter().chain(more);
    let scanned = dir.run(PIXTWIN, scan).end().only_out();
    let mut groups = scanned.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    groups.any(|group| {
        let files = group["files"].as_array().cloned().unwrap_or_default();
        pair.iter().all(|digest| files.iter().any(|file| file["digest"] == **digest))
    })
}
