//! Which file stays in the end: what was kept may go in its turn, for another.

use std::{
    cell::OnceCell,
    collections::HashMap,
    path::{Path, PathBuf},
};

use crate::{disk::Disk, executor::Executor, history::Stand, spot::Spot, step::Kept};

/// Keepers of keepers are followed so far.
const LONGEST_CHAIN: usize = 64;

/// What was kept for the files that went. The journals are read once, when that is first asked.
pub(crate) struct Keepers<'e, 'd, D: Disk> {
    executor: &'e Executor<'d, D>,
    found: OnceCell<HashMap<PathBuf, Kept>>,
}

impl<'e, 'd, D: Disk> Keepers<'e, 'd, D> {
    pub(crate) fn new(executor: &'e Executor<'d, D>) -> Self {
        Self { executor, found: OnceCell::new() }
    }

    /// The file that stays now: if the one that was kept has gone in its turn, the one that was kept for it.
    ///
    /// # Errors
    /// If none is there, as a clause.
    pub(crate) fn last(&self, kept: &Kept) -> Result<Kept, String> {
        let mut keeper = kept;
        for _ in 0..LONGEST_CHAIN {
            let looked = Spot::of(self.executor.disk, &keeper.path).and_then(|spot| spot.look());
            if looked.ok().flatten().is_some() {
                return Ok(keeper.clone());
            }
            keeper = self.kept_for(&keeper.path).ok_or_else(|| gone(&keeper.path))?;
        }
        Err(gone(&kept.path))
    }

    /// What was kept when the file of that path went, in any run of this host; the last time, where it went more than once.
    fn kept_for(&self, path: &Path) -> Option<&Kept> {
        self.found.get_or_init(|| read(self.executor)).get(path)
    }
}

fn read<D: Disk>(executor: &Executor<'_, D>) -> HashMap<PathBuf, Kept> {
    let mut found = HashMap::new();
    let runs = executor.store.runs().unwrap_or_default();
    let histories = runs.iter().rev().filter_map(|run| executor.store.history(run).ok().flatten());
    for history in histories.filter(|history| history.host == executor.setting.host) {
        for told in history.steps.into_values().filter(|told| matches!(told.stand, Stand::Done(_) | Stand::Purged)) {
            if let Some(kept) = told.step.kept {
                found.entry(told.step.victim).or_insert(kept);
            }
        }
    }
    found
}

fn gone(path: &Path) -> String {
    format!("the file that was kept, `{}`, is gone: this may be the last copy", path.display())
}
