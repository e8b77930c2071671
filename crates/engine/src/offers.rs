//! Looks that a rank still has to do, offered to ranks beside it that have none left: the last minutes of a rung are
//! shared, so that nobody waits for the one that had the dear pictures.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use pixtwin_matching::Rung;
use pixtwin_pixel::{Fingerprint, HEAD_ROWS, Key, PixelDigest};
use serde::{Deserialize, Serialize};

use crate::{
    file::{Identity, Listed},
    look::{Hashes, Known},
    wire,
};

/// How many looks of a rung are offered: the last ones. Their paths are held a second time meanwhile.
pub(crate) const MOST_OFFERED: usize = 1 << 14;

/// How many looks another rank is given at once.
const MOST_GIVEN: usize = 8;

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
        Self { number, path: file.path.clone(), identity: file.identity, rung }
    }

    pub(crate) fn number(&self) -> usize {
        self.number
    }

    pub(crate) fn file(&self) -> Listed {
        Listed { identity: self.identity, ..Listed::new(self.path.clone()) }
    }
}

/// What a look of another rank came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobDone {
    number: usize,
    known: Result<KnownRecord, String>,
}

/// What is known of a picture, as it travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KnownRecord {
    heads: [Option<[u8; 16]>; HEAD_ROWS.len()],
    digest: Option<[u8; 32]>,
    frames: u32,
    size: (u32, u32),
    hashes: Option<([u8; 32], [u8; 32])>,
}

/// What a look came to: what is known of the picture then, or why it cannot be compared.
pub(crate) type Looked = Result<Known, String>;

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
    /// Own threads that have nothing to do.
    idle: usize,
    /// No other rank has anything left.
    is_dry: bool,
    is_abandoned: bool,
}

impl Offers {
    /// Offers the looks of the next rung.
    pub(crate) fn open(&self, jobs: impl Iterator<Item = Job>) {
        let mut state = self.lock();
        state.open.extend(jobs);
        state.is_dry = false;
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
        state.idle += 1;
        while state.foreign.is_empty() && !state.is_dry && !state.is_abandoned {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle -= 1;
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
        std::mem::take(&mut state.done)
    }

    /// Gives looks away, for another rank; none if but one is left.
    pub fn give(&self) -> Vec<Job> {
        let mut state = self.lock();
        let given = (state.open.len() / 2).min(MOST_GIVEN);
        let keep = state.open.len() - given;
        state.begun += given;
        state.open.split_off(keep).into()
    }

    /// Takes back what another rank has done.
    pub fn give_back(&self, done: JobDone) {
        self.finish(done.number, done.known.map(KnownRecord::into_known));
    }

    /// Whether threads of this rank wait for looks of others.
    pub fn is_wanting(&self) -> bool {
        let state = self.lock();
        state.idle > 0 && state.foreign.is_empty() && !state.is_dry
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
        let Fingerprint { heads, digest, frames, width, height } = known.fingerprint;
        Self {
            heads: heads.map(|head| head.map(|key| key.0)),
            digest: digest.map(|digest| digest.0),
            frames,
            size: (width, height),
            hashes: known.hashes.as_deref().map(|hashes| (hashes.payload, hashes.bytes)),
        }
    }

    pub(crate) fn into_known(self) -> Known {
        Known {
            fingerprint: Fingerprint {
                heads: self.heads.map(|head| head.map(Key)),
                digest: self.digest.map(PixelDigest),
                frames: self.frames,
                width: self.size.0,
                height: self.size.1,
            },
            hashes: self.hashes.map(|(payload, bytes)| Box::new(Hashes { payload, bytes })),
        }
    }
}
