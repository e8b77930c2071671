//! How far a run has come, for whoever wants to show it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Listing folders; the total is not known yet.
    #[default]
    Listing,
    /// Looking at every file once.
    FirstLook,
    /// Comparing those that could be twins.
    Comparing,
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
}

impl Progress {
    /// What the run is doing, how many files of how many it has done so in this stage, and how many bytes it has read
    /// since it began.
    #[must_use]
    pub fn now(&self) -> (Stage, u64, u64, u64) {
        let stage = match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Listing,
            1 => Stage::FirstLook,
            2 => Stage::Comparing,
            _ => Stage::Reporting,
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (stage, read(&self.done), read(&self.total), read(&self.bytes))
    }

    pub(crate) fn begin(&self, stage: Stage, total: usize) {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
