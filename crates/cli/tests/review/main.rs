//! The server of the page under attack: each request is written byte by byte, and what may be answered is said anew here.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and figures are shown"
)]

mod crowd;

mod gate;

mod malformed;

mod paths;

mod talk;

use std::time::Duration;

use pixtwin_testkit::{
    Dir, Run, Served, Snapshot,
    draw::{icon, landscape},
    encode::{png, qoi},
};
use talk::Session;

const PIXTWIN: &str = env!("CARGO_BIN_EXE_pixtwin");

/// What stands in files that no answer may hold.
const CANARY: &str = "canary-5d41402abc4b2a76";

/// A library with two groups, the report of a scan of it, and files that are none of the library's.
fn library() -> Dir {
    let dir = Dir::new();
    for name in ["a/star", "b/star"] {
        dir.write(format!("library/{name}.png"), png(&icon(32, 1)));
    }
    dir.write("library/b/star.qoi", qoi(&icon(32, 1)));
    dir.write("library/a/lake.png", png(&landscape(96, 64, 2))).write("library/b/lake.qoi", qoi(&landscape(96, 64, 2)));
    dir.write("outside/canary.txt", CANARY).write("canary.png", [&png(&icon(8, 3))[..], CANARY.as_bytes()].concat());
    let report = dir.run(PIXTWIN, ["scan", "-q", "--format", "json", "library"]).end().only_out();
    dir.write("report.json", report);
    dir
}

/// The page on the report, about to be served; nothing is said on standard error unless something goes wrong.
fn review(dir: &Dir) -> Run<'_> {
    dir.run(PIXTWIN, ["review", "-q", "--no-open", "report.json"])
}

/// The page, open.
fn opened(dir: &Dir) -> (Served, Session) {
    let served = review(dir).serve();
    let session = Session::open(&served);
    (served, session)
}

/// Ends the page: nothing has panicked, and no file has changed.
#[track_caller]
fn close(served: Served, dir: &Dir, before: &Snapshot) {
    served.running.interrupt();
    served.running.end_within(Duration::from_secs(30)).assert(0, "", "");
    assert!(Snapshot::of(dir) == *before, "files have changed");
}
