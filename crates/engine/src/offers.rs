//! Looks that a rank still has to do, offered to ranks beside it that have none left: the last minutes of a rung are
//! shared, so that nobody waits for the one that had the dear pictures.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use pixtwin_matching::Rung;
use pixtwin_pixel::{HEAD_ROWS, PixelDigest};
use serde::{Deserialize, Serialize};

use crate::{
    file::{Identity, Listed},
    picture::{HalfKey, Hashes, Known},
    refusal::Refusal,
    wire,
};

/// How many looks of a rung are offered: the last ones. Their paths are held a second time meanwhile.
pub(crate) const MOST_OFFERED: usize = 1 << 14;

/// How many looks another rank is given at once: enough that those who carry messages need not look for them all the time.
const MOST_GIVEN: usize = 64;

/// How many looks for others are kept ready: those that arrive while these are done leave no thread idle.
const AHEAD: usize = 16;

/// A look to be done by another rank, which sees the same files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    number: usize,
    #[serde(with = "wire::path")]
    path: PathBuf,
    identity: Option<Identity>,
    #[serde(with = "wire::rung")]
    pub(crate) rung: Rung,
}

impl Job {
    pub(crate) fn new(number: usize, file: &Listed, rung: Rung) -> Self {
        Self { number, path: file.path(), identity: file.identity, rung }
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn file(&self) -> Listed {
        Listed::new(&self.path).with(self.identity)
    }
}

/// What a look of another rank came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDone {
    number: usize,
    known: Result<KnownRecord, Refusal>,
}

/// What is known of a picture, as it travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KnownRecord {
    heads: [Option<HalfKey>; HEAD_ROWS.len()],
    digest: Option<[u8; 32]>,
    frames: u32,
    hashes: Option<([u8; 32], [u8; 32])>,
}

/// What a look came to: what is known of the picture then, or why it cannot be compared.
pub(crate) type Looked = Result<Known, Refusal>;

/// The looks of one rung that this rank still has to do, and those that it does for others.
#[derive(Debug, Default)]
pub struct Offers {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Own looks that nobody has begun.
    open: VecDeque<Job>,
    /// Own looks that somebody has begun and not finished.
    begun: usize,
    done: Vec<(usize, Looked)>,
    /// Looks of other ranks, each with the rank it is for.
    foreign: VecDeque<(usize, Job)>,
    /// Looks done for other ranks.
    returned: Vec<(usize, JobDone)>,
    /// How often looks were opened. All ranks open theirs as often, so equal numbers are one round.
    round: u32,
    /// The looks of this round are under way here.
    is_open: bool,
    /// No other rank has anything left.
    is_dry: bool,
    is_abandoned: bool,
}

impl Offers {
    /// Offers the looks of the next rung.
    pub(crate) fn open(&self, jobs: impl Iterator<Item = Job>) {
        let mut state = self.lock();
        state.open.extend(jobs);
        state.round = state.round.wrapping_add(1);
        (state.is_open, state.is_dry) = (true, false);
    }

    /// An own look to do; nothing if none is left.
    pub(crate) fn take(&self) -> Option<Job> {
        let mut state = self.lock();
        let job = state.open.pop_front().filter(|_| !state.is_abandoned)?;
        state.begun += 1;
        Some(job)
    }

    pub(crate) fn finish(&self, number: usize, looked: Looked) {
        let mut state = self.lock();
        state.begun = state.begun.saturating_sub(1);
        state.done.push((number, looked));
        drop(state);
        self.changed.notify_all();
    }

    /// A look to do for another rank, and that rank. Waits for one; nothing if no rank has any left.
    pub(crate) fn take_foreign(&self) -> Option<(usize, Job)> {
        let mut state = self.lock();
        while state.foreign.is_empty() && !state.is_dry && !state.is_abandoned {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.foreign.pop_front()
    }

    pub(crate) fn finish_foreign(&self, rank: usize, number: usize, looked: Looked) {
        let known = looked.map(|known| KnownRecord::of(&known));
        self.lock().returned.push((rank, JobDone { number, known }));
    }

    /// What all own looks came to, by number. Waits for those that others do.
    pub(crate) fn close(&self) -> Vec<(usize, Looked)> {
        let mut state = self.lock();
        while state.begun > 0 && !state.is_abandoned {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.is_open = false;
        std::mem::take(&mut state.done)
    }

    /// Gives looks of a round away, for one of `others` ranks; none if but one is left, nothing if the round has not begun
    /// here. The fewer are left, the fewer are given, so that all end together.
    pub fn give(&self, round: u32, others: usize) -> Option<Vec<Job>> {
        let mut state = self.lock();
        // Rounds follow each other: one that is not the present one is the next, or one that is over.
        if round == state.round.wrapping_add(1) {
            return None;
        }
        if round != state.round {
            return Some(Vec::new());
        }
        let left = state.open.len();
        let given = left.div_ceil(2 * others.max(1)).min(left / 2).min(MOST_GIVEN);
        state.begun += given;
        Some(state.open.split_off(left - given).into())
    }

    /// The number of the present round.
    pub fn round(&self) -> u32 {
        self.lock().round
    }

    /// Takes back what another rank has done.
    pub fn give_back(&self, done: JobDone) {
        self.finish(done.number, done.known.map(KnownRecord::into_known));
    }

    /// Whether this rank has no looks of its own left, and soon none of others.
    pub fn is_wanting(&self) -> bool {
        let state = self.lock();
        state.is_open && state.open.is_empty() && state.foreign.len() < AHEAD && !state.is_dry
    }

    /// Adds looks of another rank.
    pub fn add_foreign(&self, rank: usize, jobs: Vec<Job>) {
        self.lock().foreign.extend(jobs.into_iter().map(|job| (rank, job)));
        self.changed.notify_all();
    }

    /// No other rank has any left.
    pub fn set_dry(&self) {
        self.lock().is_dry = true;
        self.changed.notify_all();
    }

    /// The looks done for others since the last call, each with the rank it is for.
    pub fn take_returned(&self) -> Vec<(usize, JobDone)> {
        std::mem::take(&mut self.lock().returned)
    }

    /// Lets all who wait go: the run is given up.
    pub fn abandon(&self) {
        self.lock().is_abandoned = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownRecord {
    pub(crate) fn of(known: &Known) -> Self {
        Self {
            heads: known.halves(),
            digest: known.digest().map(|digest| digest.0),
            frames: known.frames(),
            hashes: known.hashes().map(|hashes| (hashes.payload, hashes.bytes)),
        }
    }

    pub(crate) fn into_known(self) -> Known {
        let hashes = self.hashes.map(|(payload, bytes)| Hashes { payload, bytes });
        Known::from_halves(self.heads, self.digest.map(PixelDigest), self.frames, hashes)
    }
}
