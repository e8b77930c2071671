//! The watch over a rank's own carrier. Libraries of MPI can hold up whoever sends to a process that is gone, or end the
//! whole process; what there is must be written all the same.

use std::{thread, time::Duration};

use super::{State, carrier::Timing};

/// How often the watch looks.
const LOOK: Duration = Duration::from_millis(20);

/// A search that was told to end has so long for it: it writes what there is.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// A carrier that is not held up has so long to say good-bye, once the search has ended.
const FAREWELL: Duration = Duration::from_secs(6);

/// Watches until the carrier has come to its end. Ends the run where the carrier is held up, and calls `leave` where it
/// stays so.
pub(crate) fn watch(state: &State, rank: usize, timing: Timing, give_up: &dyn Fn(), leave: &dyn Fn()) {
    let mut over_for = Duration::ZERO;
    let mut done_for = Duration::ZERO;
    while !state.is_closed() {
        thread::sleep(LOOK);
        let patience = if state.is_interrupted() { timing.call } else { timing.silence };
        let is_held_up = state.held_up_for() > patience;
        if is_held_up && !state.is_over() && state.interrupted_for().is_none_or(|time| time > timing.call) {
            state.end(&state.suspects(rank, 3 * timing.beat));
        }
        if state.is_over() {
            // The carrier does so as well, unless it is held up.
            give_up();
            over_for += LOOK;
            done_for += if state.is_done() { LOOK } else { Duration::ZERO };
        }
        let may_leave = if is_held_up { Duration::ZERO } else { FAREWELL };
        if over_for > LAST_WORDS + FAREWELL || (state.is_over() && state.is_done() && done_for > may_leave) {
            leave();
            return;
        }
    }
}
