//! Near pictures: nothing goes without a word on just that pair, and "not the same" is remembered.

use std::time::Duration;

use pixtwin_testkit::{Census, Dir, Snapshot};

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
    let scan = ["scan", "-q", "--tier", "similar", "--format", "null", "near"];
    let scanned = dir.run(PIXTWIN, scan).end().only_out();
    assert_eq!(scanned.split('\0').filter(|name| name.contains("near/")).count(), 11, "a scan leaves it out as well");
    script.go_on();

    let asked = script.step("asked");
    assert!(Snapshot::of(&dir) == before, "to look at a pair changes nothing");
    script.go_on();

    let gone = script.step("one went");
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
    let scanned = dir.run(PIXTWIN, scan).end().only_out();
    assert_eq!(scanned.split('\0').filter(|name| name.contains("near/")).count(), 12, "it was taken back");
}
