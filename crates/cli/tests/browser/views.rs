//! Every view of the page can be used by everybody: axe-core, light and dark, wide and narrow.

use std::time::Duration;

use pixtwin_testkit::Snapshot;

use crate::{PIXTWIN, album::album, script::Script};

#[test]
fn every_view_is_for_everybody() {
    let dir = album();
    let before = Snapshot::of(&dir);
    let served = dir.run(PIXTWIN, ["review", "-q", "--no-open", "--tier", "similar", "."]).serve();
    Script::start("views.mjs", &served.address, dir.home()).end();
    served.running.interrupt();
    served.running.end_within(Duration::from_secs(30)).assert(0, "", "");
    assert!(Snapshot::of(&dir) == before, "to look changes nothing");
}
