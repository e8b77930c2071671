//! Files that wait to be looked at: whoever walks the folders puts them up, whoever has time takes them down.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::file::Mark;

/// How many files are handed out at once: enough that asking another rank for more costs nothing beside the looks.
pub(crate) const BATCH_FILES: usize = 64;

/// How many batches may wait: the walk is faster than the looks, and may not fill the memory with names.
const MOST_BATCHES: usize = 512;

/// A file that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Where it is.
    pub path: PathBuf,
    /// What the walk saw of it, where ranks on other hosts must find the same.
    pub mark: Option<Mark>,
}

/// Batches of files between the walk of the folders and the threads that look at files. Every batch is taken once.
#[derive(Debug, Default)]
pub struct Shelf {
    state: Mutex<State>,
    changed: Condvar,
    marks: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Vec<Waiting>>,
    /// Nothing more will be put up.
    is_complete: bool,
}

/// What [`Shelf::try_take`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A batch of files, not empty.
    Batch(Vec<Waiting>),
    /// Nothing at the moment.
    NotYet,
    /// Nothing, now and later.
    Never,
}

impl Shelf {
    /// Wants every file marked: those who take may be on other hosts. Said before anything is put up.
    pub fn want_marks(&self) {
        self.marks.store(true, Ordering::Relaxed);
    }

    /// Whether every file is to be marked.
    pub fn wants_marks(&self) -> bool {
        self.marks.load(Ordering::Relaxed)
    }

    /// Puts up a batch. Waits while the shelf is full; a batch for a shelf that is complete is dropped.
    pub fn put(&self, batch: Vec<Waiting>) {
        let mut state = self.lock();
        while state.batches.len() >= MOST_BATCHES && !state.is_complete {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        self.put_now(batch);
    }

    /// Puts up a batch, also on a full shelf: for those who may not wait and have asked for it.
    pub fn put_now(&self, batch: Vec<Waiting>) {
        let mut state = self.lock();
        if !batch.is_empty() && !state.is_complete {
            state.batches.push_back(batch);
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Says that no more will be put up. What is there can still be taken.
    pub fn complete(&self) {
        self.lock().is_complete = true;
        self.changed.notify_all();
    }

    /// Takes all down and says that no more will be put up: the search is given up.
    pub fn abandon(&self) {
        let mut state = self.lock();
        state.is_complete = true;
        state.batches.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// Takes a batch. Waits until there is one; nothing once the shelf is complete and empty.
    pub fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.batches.pop_front() {
                drop(state);
                self.changed.notify_all();
                return Some(batch);
            }
            if state.is_complete {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes a batch if one is there.
    pub fn try_take(&self) -> Taken {
        let mut state = self.lock();
        match state.batches.pop_front() {
            Some(batch) => {
                drop(state);
                self.changed.notify_all();
                Taken::Batch(batch)
            }
            None if state.is_complete => Taken::Never,
            None => Taken::NotYet,
        }
    }

    /// How many batches wait.
    pub fn waiting(&self) -> usize {
        self.lock().batches.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn waiting(path: &str) -> Waiting {
        Waiting { path: PathBuf::from(path), mark: None }
    }

    #[test]
    fn every_path_is_taken_once_however_many_take() {
        let (shelf, taken) = (Shelf::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Some(batch) = shelf.take() {
                        taken.fetch_add(batch.len(), Ordering::Relaxed);
                    }
                });
            }
            for at in 0..2 * MOST_BATCHES {
                shelf.put(vec![waiting(&at.to_string())]);
            }
            shelf.complete();
        });
        assert_eq!(taken.into_inner(), 2 * MOST_BATCHES);
        assert_eq!(shelf.try_take(), Taken::Never);
    }

    #[test]
    fn a_full_shelf_that_is_abandoned_lets_the_walk_end() {
        let shelf = Shelf::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..2 * MOST_BATCHES).for_each(|_| shelf.put(vec![waiting("a")])));
            while shelf.waiting() < MOST_BATCHES {
                std::thread::yield_now();
            }
            shelf.abandon();
        });
        assert_eq!(shelf.take(), None);
    }
}
