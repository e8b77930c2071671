//! What is known of a run on one rank, by all who take part in it there: the search, the carrier, and the watch.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Whether the run goes on, who was heard when, and how it ended.
#[derive(Debug)]
pub struct State {
    begun: Instant,
    is_over: AtomicBool,
    /// When the run was interrupted, in milliseconds since it began; 0 is never.
    interrupted_ms: AtomicU64,
    /// The search waits for a letter.
    is_waiting: AtomicBool,
    is_written: AtomicBool,
    is_done: AtomicBool,
    is_closed: AtomicBool,
    lost: Mutex<Vec<usize>>,
    fault: Mutex<Option<String>>,
    /// When each rank was heard last, in milliseconds.
    heard_ms: Vec<AtomicU64>,
    /// When the carrier went round last, in milliseconds.
    turned_ms: AtomicU64,
    /// To whom the carrier is sending.
    sending_to: AtomicUsize,
}

impl State {
    pub(super) fn new(size: usize) -> Self {
        Self {
            begun: Instant::now(),
            is_over: AtomicBool::default(),
            interrupted_ms: AtomicU64::default(),
            is_waiting: AtomicBool::default(),
            is_written: AtomicBool::default(),
            is_done: AtomicBool::default(),
            is_closed: AtomicBool::default(),
            lost: Mutex::default(),
            fault: Mutex::default(),
            heard_ms: (0..size).map(|_| AtomicU64::new(1)).collect(),
            turned_ms: AtomicU64::new(1),
            sending_to: AtomicUsize::new(usize::MAX),
        }
    }

    /// Asks for the end of the run, as Ctrl-C does.
    pub fn interrupt(&self) {
        let _ = self.interrupted_ms.compare_exchange(0, self.now_ms(), Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the run was interrupted.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted_ms.load(Ordering::Relaxed) > 0
    }

    /// Whether the run is over before its time.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Whether the root has written what there is.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.is_written.load(Ordering::Relaxed)
    }

    /// The ranks that were lost, ascending.
    #[must_use]
    pub fn lost(&self) -> Vec<usize> {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    /// What went wrong, where it was no silence.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the run, for this reason.
    pub(super) fn set_fault(&self, fault: String) {
        self.note_fault(fault);
        self.end(&[]);
    }

    /// Keeps the first thing that went wrong.
    pub(super) fn note_fault(&self, fault: String) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }

    pub(super) fn end(&self, lost: &[usize]) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).extend(lost);
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The search of this rank has come to its end, well or not.
    pub(crate) fn set_done(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    /// The carrier has come to its end.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    pub(super) fn set_waiting(&self, is_waiting: bool) {
        self.is_waiting.store(is_waiting, Ordering::Relaxed);
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.is_waiting.load(Ordering::Relaxed)
    }

    pub(super) fn set_written(&self) {
        self.is_written.store(true, Ordering::Relaxed);
    }

    pub(super) fn hear(&self, from: usize) {
        self.heard_ms.get(from).into_iter().for_each(|heard| heard.store(self.now_ms(), Ordering::Relaxed));
    }

    /// For how long a rank has been silent.
    pub(super) fn silence_of(&self, rank: usize) -> Duration {
        self.since(self.heard_ms.get(rank))
    }

    /// Whether a rank was heard after the run was interrupted.
    pub(super) fn has_answered(&self, rank: usize) -> bool {
        let heard = self.heard_ms.get(rank).map_or(0, |heard| heard.load(Ordering::Relaxed));
        heard > self.interrupted_ms.load(Ordering::Relaxed)
    }

    /// For how long the run has been interrupted; nothing if it is not.
    pub(super) fn interrupted_for(&self) -> Option<Duration> {
        self.is_interrupted().then(|| self.since(Some(&self.interrupted_ms)))
    }

    pub(super) fn turn(&self) {
        self.turned_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    pub(super) fn set_sending(&self, to: Option<usize>) {
        self.sending_to.store(to.unwrap_or(usize::MAX), Ordering::Relaxed);
    }

    /// For how long the carrier has been held up in a call of the link.
    pub(super) fn held_up_for(&self) -> Duration {
        self.since(Some(&self.turned_ms))
    }

    /// Who holds the carrier up, as far as can be told: those that were silent for `silence` before, else the one it
    /// was sending to, else all who were not heard since the interruption.
    pub(super) fn suspects(&self, rank: usize, silence: Duration) -> Vec<usize> {
        let turned = self.turned_ms.load(Ordering::Relaxed);
        let silence_ms = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        let was_silent = |heard: &AtomicU64| turned.saturating_sub(heard.load(Ordering::Relaxed)) > silence_ms;
        let is_watched = |other: &usize| *other != rank && (rank == 0 || *other == 0);
        let watched: Vec<usize> = (0..self.heard_ms.len()).filter(is_watched).collect();
        let is_silent = |other: &usize| self.heard_ms.get(*other).is_some_and(was_silent);
        let silent: Vec<usize> = watched.iter().copied().filter(is_silent).collect();
        let sending_to = self.sending_to.load(Ordering::Relaxed);
        match silent.is_empty() {
            false => silent,
            true if sending_to < self.heard_ms.len() => vec![sending_to],
            true => watched.into_iter().filter(|other| !self.has_answered(*other)).collect(),
        }
    }

    fn since(&self, then: Option<&AtomicU64>) -> Duration {
        let then = then.map_or(0, |then| then.load(Ordering::Relaxed));
        Duration::from_millis(self.now_ms().saturating_sub(then))
    }

    /// Milliseconds since the run began, from 1.
    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
    }
}
