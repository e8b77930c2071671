//! Writes what searches learn: one thread for all, a transaction every few seconds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use crate::{desk::Desk, entry::Entry, error::Error, places::Folder, schema::Maker};

/// What was learnt is on the disk after this time at the latest, and as long as a transaction takes.
const AT_LATEST: Duration = Duration::from_secs(2);

/// How much is written at once at most, in files without codes: a file that is looked at again meanwhile is written once.
const MOST_PENDING: usize = 1 << 15;

/// As how many files without codes one with them counts.
const WITH_CODES: usize = 4;

/// Takes what is learnt and writes it on a thread of its own.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Result<u64, Error>>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    pending: Pending,
    /// How much there is to write.
    count: usize,
    is_finished: bool,
    /// Nothing can be written any more: what is learnt is dropped.
    is_failed: bool,
}

/// What is to be written, by the folder's device and inode.
type Pending = HashMap<(u64, u64), InFolder>;

/// What is to be written of the files of one folder, by name.
#[derive(Debug)]
pub(crate) struct InFolder {
    pub(crate) folder: Arc<Folder>,
    pub(crate) files: BTreeMap<Box<[u8]>, Entry>,
}

impl Writer {
    pub(crate) fn new(connection: Connection, maker: Maker) -> Result<Self, Error> {
        let mut desk = Desk::new(connection, maker)?;
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        let work = move || {
            let written = write_all(&ours, &mut desk);
            if written.is_err() {
                ours.fail();
            }
            written
        };
        let thread = thread::Builder::new().name("catalogue".to_owned()).spawn(work);
        let thread = thread.map_err(|cause| Error::Disk(cause.to_string()))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Keeps what was learnt of a file in this folder. What is known of it in the same state already stays known.
    ///
    /// # Cost
    /// Waits where the disk is slower than the looks.
    pub fn learn(&self, folder: &Arc<Folder>, name: &[u8], entry: Entry) {
        let mut state = self.shared.lock();
        while state.count >= 2 * MOST_PENDING && !state.is_failed {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.is_failed {
            return;
        }
        let State { pending, count, .. } = &mut *state;
        let of_folder = of_folder(pending, folder);
        match of_folder.files.get_mut(name) {
            Some(known) => {
                let before = weight(known);
                merge(known, entry);
                *count = (*count + weight(known)).saturating_sub(before);
            }
            None => {
                *count += weight(&entry);
                of_folder.files.insert(name.into(), entry);
            }
        }
        if state.count <= WITH_CODES || state.count >= MOST_PENDING {
            drop(state);
            self.shared.changed.notify_all();
        }
    }

    /// Keeps where a folder is now, and that its volume was seen.
    pub fn visit(&self, folder: &Arc<Folder>) {
        let mut state = self.shared.lock();
        if state.is_failed {
            return;
        }
        let State { pending, count, .. } = &mut *state;
        let before = pending.len();
        of_folder(pending, folder);
        *count += pending.len() - before;
        let is_first = *count == 1;
        drop(state);
        if is_first {
            self.shared.changed.notify_all();
        }
    }

    /// Writes what is left, and says how many entries were written in all.
    ///
    /// # Errors
    /// The first that writing met; what was written before it is kept.
    pub fn finish(mut self) -> Result<u64, Error> {
        self.end().unwrap_or(Ok(0))
    }

    fn end(&mut self) -> Option<Result<u64, Error>> {
        self.shared.lock().is_finished = true;
        self.shared.changed.notify_all();
        let ended = self.thread.take()?.join();
        Some(ended.unwrap_or_else(|_| Err(Error::Damaged("the thread that writes it broke down".to_owned()))))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

fn of_folder<'a>(pending: &'a mut Pending, folder: &Arc<Folder>) -> &'a mut InFolder {
    let new = || InFolder { folder: Arc::clone(folder), files: BTreeMap::new() };
    pending.entry((folder.device, folder.inode)).or_insert_with(new)
}

/// As how many files without codes it counts.
fn weight(entry: &Entry) -> usize {
    if entry.facts.near.is_some() { WITH_CODES } else { 1 }
}

/// What is known of one state stays known; of two states the later counts.
fn merge(known: &mut Entry, found: Entry) {
    if known.stamp == found.stamp {
        known.facts.add(found.facts);
    } else if known.stamp.changed_ns <= found.stamp.changed_ns {
        *known = found;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self) {
        let mut state = self.lock();
        state.is_failed = true;
        (state.pending, state.count) = (HashMap::new(), 0);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until something is worth a transaction, and takes it; nothing at the end.
    fn take(&self) -> Option<Vec<InFolder>> {
        let mut state = self.lock();
        let mut due = None;
        loop {
            if state.count > 0 {
                let now = Instant::now();
                let due = *due.get_or_insert(now + AT_LATEST);
                if state.is_finished || state.count >= MOST_PENDING || now >= due {
                    state.count = 0;
                    let taken = std::mem::take(&mut state.pending);
                    drop(state);
                    self.changed.notify_all();
                    return Some(taken.into_values().collect());
                }
                (state, _) = self.changed.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner);
            } else if state.is_finished {
                return None;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

fn write_all(shared: &Shared, desk: &mut Desk) -> Result<u64, Error> {
    let mut written = 0;
    while let Some(folders) = shared.take() {
        written += desk.write(folders)?;
    }
    Ok(written)
}
