//! The report in one file: what it shows without scripts, and that it does nothing else.

use pixtwin_testkit::Snapshot;

use crate::{PIXTWIN, album::album, script::Script};

#[test]
fn the_report_in_one_file_reads_without_scripts() {
    let (dir, kept) = (album(), pixtwin_testkit::Dir::new());
    let before = Snapshot::of(&dir);
    let ran = dir.run(PIXTWIN, ["scan", "-q", "--tier", "similar", "--format", "html", "."]).end();
    assert!([0, 3].contains(&ran.code), "{} {}", ran.code, ran.err());
    assert!(Snapshot::of(&dir) == before, "a report changes nothing");
    kept.write("report.html", &ran.stdout);
    let address = format!("file://{}", kept.join("report.html").to_str().unwrap());
    Script::start("report.mjs", &address, dir.home()).end();
}
