//! What is under way: one thing at a time, with its progress, and how it ended.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use pixtwin_engine::{Progress, Stage};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

/// As many jobs are remembered with how they ended.
const MOST: usize = 16;

/// What is under way, and what was last.
pub(crate) struct Jobs {
    /// The last of them, the newest at the end.
    recent: Mutex<Vec<Arc<Job>>>,
    /// What was under way when the page was ended.
    broken_off: Mutex<Option<Arc<Job>>>,
    /// Set when none is begun any more.
    is_closed: AtomicBool,
    made: AtomicU64,
    changed: watch::Sender<u64>,
}

/// Something that takes a while.
pub(crate) struct Job {
    pub(crate) number: u64,
    kind: &'static str,
    /// Set to end it early.
    pub(crate) stop: AtomicBool,
    /// Of a search.
    pub(crate) progress: Progress,
    done: AtomicU64,
    total: AtomicU64,
    end: Mutex<Option<Result<Value, String>>>,
}

/// How far it is.
#[derive(Debug, Serialize)]
pub(crate) struct JobState {
    job: u64,
    kind: &'static str,
    stage: &'static str,
    done: u64,
    total: Option<u64>,
    bytes: u64,
    state: &'static str,
    error: Option<String>,
    outcome: Option<Value>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            recent: Mutex::default(),
            broken_off: Mutex::default(),
            is_closed: AtomicBool::default(),
            made: AtomicU64::default(),
            changed: watch::Sender::new(0),
        }
    }
}

impl Jobs {
    /// Begins a job on a thread of its own; nothing if another is under way.
    pub(crate) fn begin(
        self: &Arc<Self>,
        kind: &'static str,
        work: impl FnOnce(&Job) -> Result<Value, String> + Send + 'static,
    ) -> Option<Arc<Job>> {
        let mut recent = self.lock();
        if self.is_closed.load(Ordering::Relaxed) || recent.last().is_some_and(|job| !job.is_over()) {
            return None;
        }
        let job = Arc::new(Job::new(self.made.fetch_add(1, Ordering::Relaxed) + 1, kind));
        recent.push(Arc::clone(&job));
        if recent.len() > MOST {
            recent.remove(0);
        }
        drop(recent);
        let (jobs, ours) = (Arc::clone(self), Arc::clone(&job));
        std::thread::spawn(move || {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&ours)));
            let ended = ended.unwrap_or_else(|_| Err("something went wrong in pixtwin itself".to_owned()));
            *ours.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
            jobs.tell();
        });
        self.tell();
        Some(job)
    }

    /// What is under way, or was last.
    pub(crate) fn current(&self) -> Option<Arc<Job>> {
        self.lock().last().cloned()
    }

    /// The job with this number, if it is one of the last.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Job>> {
        self.lock().iter().find(|job| job.number == number).cloned()
    }

    /// Notes what the end of the page breaks off.
    pub(crate) fn note_broken_off(&self, job: &Arc<Job>) {
        *self.broken_off.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(job));
    }

    /// What was broken off by the end of the page, in a word, unless it came to its own end.
    pub(crate) fn broken_off(&self) -> Option<&'static str> {
        let job = self.broken_off.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        job.was_cut().then_some(job.kind)
    }

    /// Begins none any more.
    pub(crate) fn close(&self) {
        let _recent = self.lock();
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Says that something changed.
    pub(crate) fn tell(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    /// Is told whenever something changes.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Job>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    pub(crate) fn new(number: u64, kind: &'static str) -> Self {
        Self {
            number,
            kind,
            stop: AtomicBool::default(),
            progress: Progress::default(),
            done: AtomicU64::default(),
            total: AtomicU64::default(),
            end: Mutex::default(),
        }
    }

    /// Ends it as soon as that leaves nothing half done.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        self.progress.give_up();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether it did not come to its end.
    fn was_cut(&self) -> bool {
        match &*self.end.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(outcome)) => {
                outcome.get("interrupted").is_some_and(|interrupted| *interrupted == Value::Bool(true))
            }
            Some(Err(_)) | None => true,
        }
    }

    pub(crate) fn is_scan(&self) -> bool {
        self.kind == "scan"
    }

    pub(crate) fn is_over(&self) -> bool {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    pub(crate) fn set_total(&self, total: usize) {
        self.total.store(total as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn state(&self) -> JobState {
        let (stage, mut done, mut total, bytes) = self.progress.now();
        let is_search = self.is_scan();
        if !is_search {
            (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        }
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (state, error, outcome) = match end {
            None => ("running", None, None),
            Some(Err(_)) if self.is_stopped() && is_search => ("stopped", None, None),
            Some(Ok(outcome)) if self.is_stopped() => ("stopped", None, Some(outcome)),
            Some(Ok(outcome)) => ("done", None, Some(outcome)),
            Some(Err(error)) => ("failed", Some(error), None),
        };
        let stage_words = if is_search { stage_name(stage) } else { self.kind_words() };
        let is_known = total > 0 && (!is_search || !matches!(stage, Stage::Listing | Stage::Measuring));
        let (kind, number) = (self.kind, self.number);
        JobState {
            job: number,
            kind,
            stage: stage_words,
            done,
            total: is_known.then_some(total),
            bytes,
            state,
            error,
            outcome,
        }
    }

    fn kind_words(&self) -> &'static str {
        match self.kind {
            "rules" => "deciding on groups",
            "plan" => "making the plan",
            "apply" => "applying the plan",
            _ => "bringing files back",
        }
    }
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Listing => "listing folders",
        Stage::FirstLook => "looking at files",
        Stage::Comparing => "comparing pictures",
        Stage::Codes => "comparing codes",
        Stage::Pairs => "looking at pairs again",
        Stage::Measuring => "measuring differences",
        Stage::Reporting => "describing the twins",
    }
}
