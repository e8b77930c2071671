//! Counts and costs.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use pixtwin_pixel::Key;
use rustix::time::{ClockId, clock_gettime};

use crate::plan::Stage;

/// What one kind of work on one format came to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Costs {
    pub(crate) files: u64,
    /// What was read from files; for folders, the names in them.
    pub(crate) bytes: u64,
    /// What was hashed.
    pub(crate) hashed: u64,
    /// What the decoder handed over.
    pub(crate) pixels: u64,
    /// Processor time of the work alone.
    pub(crate) cpu: Duration,
    /// How long threads were at it.
    pub(crate) busy: Duration,
    /// Files on which the work ended with an error.
    pub(crate) failed: u64,
}

/// What a thread, or all of them, did.
#[derive(Default)]
pub(crate) struct Tally {
    costs: HashMap<(Stage, &'static str), Costs>,
    pub(crate) opens: u64,
    pub(crate) bytes_read: u64,
    /// Keys of the first rows, with the size: two that are equal have to be looked at deeper.
    pub(crate) heads: Vec<(u32, u32, Key)>,
    /// Pictures whose first rows are nearly all one margin.
    pub(crate) margins: u64,
}

impl Tally {
    /// Adds what a piece of work came to.
    pub(crate) fn note(&mut self, stage: Stage, format: &'static str, new: Costs) {
        let costs = self.costs.entry((stage, format)).or_default();
        costs.files += new.files;
        costs.bytes += new.bytes;
        costs.hashed += new.hashed;
        costs.pixels += new.pixels;
        costs.cpu += new.cpu;
        costs.busy += new.busy;
        costs.failed += new.failed;
    }

    /// Adds what another thread did.
    pub(crate) fn add(&mut self, mut other: Self) {
        other.costs.drain().for_each(|((stage, format), costs)| self.note(stage, format, costs));
        self.opens += other.opens;
        self.bytes_read += other.bytes_read;
        self.heads.append(&mut other.heads);
        self.margins += other.margins;
    }

    /// The costs by stage and format.
    pub(crate) fn sorted(&self) -> Vec<((Stage, &'static str), Costs)> {
        let mut costs: Vec<_> = self.costs.iter().map(|(what, costs)| (*what, *costs)).collect();
        costs.sort_unstable_by_key(|(what, _)| *what);
        costs
    }
}

/// How often the clock is read to learn what reading it costs.
const CLOCK_TRIALS: u32 = 20_000;

/// Measures pieces of work on one thread, or nothing where that would be work of its own.
pub(crate) struct Watch {
    /// What a reading adds to what lies between two; none if nothing is measured.
    reading: Option<Duration>,
}

/// A moment on a thread.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    cpu: Duration,
    clock: Instant,
}

impl Watch {
    /// A watch that runs.
    pub(crate) fn running() -> Self {
        let before = cpu_of_thread();
        let last = (0..CLOCK_TRIALS).fold(before, |_, _| cpu_of_thread());
        Self { reading: Some(last.saturating_sub(before) / CLOCK_TRIALS) }
    }

    /// A watch that measures nothing and costs nothing.
    pub(crate) const fn stopped() -> Self {
        Self { reading: None }
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Option<Moment> {
        self.reading.map(|_| Moment { clock: Instant::now(), cpu: cpu_of_thread() })
    }

    /// Processor time and time since then, without what the watch itself took.
    pub(crate) fn since(&self, start: Option<Moment>) -> (Duration, Duration) {
        match (self.reading, start) {
            (Some(reading), Some(start)) => {
                let cpu = cpu_of_thread().saturating_sub(start.cpu).saturating_sub(reading);
                (cpu, start.clock.elapsed().saturating_sub(reading * 2))
            }
            _ => (Duration::ZERO, Duration::ZERO),
        }
    }
}

fn cpu_of_thread() -> Duration {
    read(ClockId::ThreadCPUTime)
}

/// Processor time of the process so far.
pub(crate) fn cpu_of_process() -> Duration {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}
