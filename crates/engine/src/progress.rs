//! How far a run has come, for whoever wants to show it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
};

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Listing folders, and looking at every file found once; the total is not known yet.
    #[default]
    Listing,
    /// Looking at every file once; all are known.
    FirstLook,
    /// Comparing those that could be twins.
    Comparing,
    /// Comparing the codes of all pictures; what is counted are parts of the work, not files.
    Codes,
    /// Looking at pairs of pictures that met by their codes a second time; pairs are counted.
    Pairs,
    /// Measuring how far pictures are apart; pairs are counted, and the total is not known before the end.
    Measuring,
    /// Describing the twins.
    Reporting,
}

/// Counters that a run moves and anyone may read meanwhile.
#[derive(Debug, Default)]
pub struct Progress {
    stage: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
    bytes: AtomicU64,
    is_given_up: AtomicBool,
    others: Mutex<Vec<[u64; 4]>>,
}

impl Stage {
    fn of(number: u64) -> Self {
        match number {
            0 => Self::Listing,
            1 => Self::FirstLook,
            2 => Self::Comparing,
            3 => Self::Codes,
            4 => Self::Pairs,
            5 => Self::Measuring,
            _ => Self::Reporting,
        }
    }
}

impl Progress {
    /// What the run is doing, how many files of how many (or what else the stage counts) it has done so in this stage, and how
    /// many bytes it has read since it began. Of several ranks, what the last of them is doing, and the figures of all that do it.
    #[must_use]
    pub fn now(&self) -> (Stage, u64, u64, u64) {
        let (stage, done, total, bytes) = self.own();
        let others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let last = others.iter().map(|pulse| pulse[0]).chain([stage as u64]).min().unwrap_or_default();
        let mut figures = [0, 0, bytes];
        for [at, done, total, bytes] in others.iter().copied().chain([[stage as u64, done, total, 0]]) {
            // Those that are ahead have done their part of this stage.
            let part = if at == last { [done, total] } else { [0, 0] };
            figures.iter_mut().zip([part[0], part[1], bytes]).for_each(|(sum, figure)| *sum += figure);
        }
        let [done, total, bytes] = figures;
        (Stage::of(last), done, total, bytes)
    }

    /// The same, of this rank alone.
    #[must_use]
    pub fn own(&self) -> (Stage, u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (Stage::of(self.stage.load(Ordering::Relaxed).into()), read(&self.done), read(&self.total), read(&self.bytes))
    }

    /// Sets what the other ranks are doing: for each its stage as a number, files done and in all, and bytes.
    pub fn set_others(&self, pulses: &[[u64; 4]]) {
        pulses.clone_into(&mut self.others.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Gives the run up: looks under way are broken off, and no other is begun. What the run then returns is not
    /// complete; for those who learn that nobody can use the result any more.
    pub fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    pub(crate) fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    pub(crate) fn add_total(&self, files: usize) {
        self.total.fetch_add(files as u64, Ordering::Relaxed);
    }

    pub(crate) fn begin(&self, stage: Stage, total: usize) {
        self.enter(stage);
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_done(&self) {
        self.add_done_of(1);
    }

    pub(crate) fn add_done_of(&self, number: usize) {
        self.done.fetch_add(number as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
