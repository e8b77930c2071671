//! What each run did, for the list of runs.

use std::{io, path::Path};

use crate::{
    disk::Disk,
    error::Error,
    executor::Executor,
    freed::Freed,
    history::{History, Stand},
    step::{Action, Holder},
    store::Store,
};

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// Its name.
    pub run: String,
    /// What was done.
    pub action: Action,
    /// On which host.
    pub host: String,
    /// When it began: seconds since 1970.
    pub begun_s: i64,
    /// Files, with their sidecars, that went and can be undone.
    pub done: u64,
    /// Bytes that they take for themselves: of a file that lost only some of its names, and of blocks that it shares, none.
    pub bytes: u64,
    /// Those of them that are in quarantine and can be purged, and their bytes.
    pub quarantined: (u64, u64),
    /// Files that were refused, or whose step was taken back.
    pub refused: u64,
    /// Files that were undone.
    pub undone: u64,
    /// Files that were purged.
    pub purged: u64,
    /// Whether it was cut off, and `recover` has not looked after it, or is at work.
    pub is_unfinished: bool,
    /// Whether its journal is damaged.
    pub is_damaged: bool,
}

impl<D: Disk> Executor<'_, D> {
    /// All runs, the oldest first; those with a journal that no pixtwin of this version wrote are named by themselves.
    ///
    /// # Errors
    /// If the state folder cannot be read.
    pub fn runs(&self) -> Result<(Vec<RunInfo>, Vec<Error>), Error> {
        all(&self.store)
    }
}

/// What [`Executor::runs`] gives, while another process acts: nothing is locked, changed or recovered. What that process
/// is writing down at this moment may be missing.
///
/// # Errors
/// If the state folder cannot be read.
pub fn look_at_runs<D: Disk>(disk: &D, state: &Path) -> Result<(Vec<RunInfo>, Vec<Error>), Error> {
    match Store::look(disk, state) {
        // No run has begun.
        Err(Error::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok((Vec::new(), Vec::new())),
        store => all(&store?),
    }
}

fn all<D: Disk>(store: &Store<'_, D>) -> Result<(Vec<RunInfo>, Vec<Error>), Error> {
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for run in store.runs()? {
        match store.history(&run) {
            Ok(history) => known.extend(history.map(|history| info_of(&history))),
            Err(cause) => unknown.push(cause),
        }
    }
    Ok((known, unknown))
}

fn info_of(history: &History) -> RunInfo {
    let mut info = RunInfo {
        run: history.run.clone(),
        action: history.action.clone(),
        host: history.host.clone(),
        begun_s: history.begun_s,
        done: 0,
        bytes: 0,
        quarantined: (0, 0),
        refused: 0,
        undone: 0,
        purged: 0,
        is_unfinished: history.is_unfinished(),
        is_damaged: history.damaged.is_some(),
    };
    let (mut done, mut quarantined) = (Freed::default(), Freed::default());
    for told in history.steps.values() {
        if told.can_be_undone() {
            info.done += 1;
            info.bytes += done.count_file(&told.step);
        }
        if told.is_standing() && told.step.holder == Holder::Quarantine {
            let (files, bytes) = info.quarantined;
            info.quarantined = (files + 1, bytes + quarantined.count_file(&told.step));
        }
        match told.stand {
            Stand::Back => info.refused += 1,
            Stand::Undone => info.undone += 1,
            Stand::Purged if !told.is_carried() => info.purged += 1,
            _ => {}
        }
    }
    info.refused = info.refused.max(history.ended.unwrap_or(0));
    info
}
