//! Ctrl-C, the signal by which launchers and systems ask a program to end, and that of a file that is too large.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use pixtwin_cluster::world::State;
use signal_hook::{
    consts::{SIGINT, SIGTERM, SIGXFSZ},
    flag,
    iterator::Signals,
};

use crate::{exit::Exit, output, progress_bar};

/// The run over several ranks that this process takes part in.
static RUN: OnceLock<Arc<State>> = OnceLock::new();

/// Whether this process had a signal before.
static IS_TOLD: AtomicBool = AtomicBool::new(false);

/// Lets an interruption end the run of all ranks rather than this process alone.
pub(crate) fn announce(state: &Arc<State>) {
    // There is one run in a process.
    let _ = RUN.set(Arc::clone(state));
}

/// Watches for the signals. A search only reads, so there is nothing to undo: a single process ends at once. The
/// ranks of a run end together, when the root has written what there is; a second signal ends this one at once.
pub(crate) fn watch() {
    match Signals::new([SIGINT, SIGTERM]) {
        Ok(mut signals) => drop(thread::spawn(move || signals.forever().for_each(|_| interrupted()))),
        Err(cause) => output::note(&format!("Ctrl-C cannot be watched for: {cause}")),
    }
}

/// Lets a write beyond the largest file that the user may make (`ulimit -f`) fail, like one to a full disk, instead of ending
/// the program.
pub(crate) fn outlive_file_limit() {
    if let Err(cause) = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))) {
        output::note(&format!("the largest file that may be made cannot be watched for: {cause}"));
    }
}

fn interrupted() {
    match RUN.get() {
        // Another rank may have been told before, and have told this one.
        Some(state) if !IS_TOLD.swap(true, Ordering::Relaxed) => state.interrupt(),
        _ => end(),
    }
}

#[expect(clippy::exit, reason = "the one way to end from the thread that waits for the signal")]
fn end() {
    progress_bar::clear_line();
    output::note("interrupted");
    std::process::exit(i32::from(Exit::Interrupted as u8));
}
