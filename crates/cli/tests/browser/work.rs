//! Scan, look, choose, apply, undo: what the page says happens at the disk, and nothing else.

use pixtwin_testkit::{Census, Dir, Snapshot};
use std::time::Duration;

use crate::{PIXTWIN, album::album, script::Script};

#[test]
fn twins_go_and_come_back_by_keys() {
    let (dir, held) = (album(), Dir::new());
    let before = Snapshot::of(&dir);
    let census = Census::of([&dir]);
    let quarantine = held.path().to_str().unwrap();
    let served = dir.run(PIXTWIN, ["review", "-q", "--no-open", "--quarantine", quarantine]).serve();
    let mut script = Script::start("work.mjs", &served.address, dir.home());

    script.step("scanned");
    script.go_on();
    let planned = script.step("planned");
    assert!(Snapshot::of(&dir) == before, "a plan changes nothing");
    script.go_on();

    let applied = script.step("applied");
    let goes = planned["goes"].as_u64().unwrap();
    assert!(goes >= 20, "{goes}");
    assert!(applied["said"].as_str().unwrap().starts_with(&format!("{goes} files moved into quarantine")), "{applied}");
    let (now, here) = (Snapshot::of(&dir), Census::of([&dir]));
    // Two of the names that went are of one file.
    assert_eq!(here.fewer_since(&census), goes - 1, "as many files went as it said");
    assert_eq!(Census::of([dir.path(), held.path()]).lost_since(&census), 0, "no content is lost");
    assert_eq!(now.len() as u64 + goes, before.len() as u64);
    assert_eq!(now.unchanged_since(&before), now.len(), "what stays is as it was");
    script.go_on();

    let undone = script.step("undone");
    assert!(undone["said"].as_str().unwrap().starts_with(&format!("{goes} files brought back")), "{undone}");
    assert!(Snapshot::of(&dir) == before, "all is as it was, byte for byte");
    script.go_on();
    script.end();

    served.running.interrupt();
    served.running.end_within(Duration::from_secs(30)).assert(0, "", "");
    assert!(Snapshot::of(&dir) == before);
}
