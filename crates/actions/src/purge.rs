//! The only way by which content ends: a file in quarantine is unlinked, if the one that was kept is still there.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    disk::{Disk, Identity},
    error::{Error, words_of},
    executor::Executor,
    history::{History, Stand, Told},
    journal::Record,
    plan::Tier,
    quarantine,
    same::have_same_bytes,
    spot::{Spot, is_there},
    step::{Deed, Holder, Kept, Step},
    touched::Touched,
    undo::{STEPS_AT_ONCE, Tally, Undone, write},
};

/// Keepers of keepers are followed so far.
const LONGEST_CHAIN: usize = 64;

/// Which files of a run are purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purge {
    /// All that are in quarantine.
    All,
    /// Those of which a copy went to another file system.
    Carried,
}

impl<'d, D: Disk> Executor<'d, D> {
    /// Ends what a run holds in quarantine. A file goes only if the file that was kept for it is still there and has not
    /// changed; or, where either has, if they are compared again and are still the same picture. `stop` ends it after the
    /// files at hand.
    ///
    /// # Errors
    /// If there is no such run, or its journal is damaged or cannot be written.
    pub fn purge(&self, run: &str, stop: &AtomicBool, tell: &mut dyn FnMut(Undone)) -> Result<Tally, Error> {
        self.purge_some(run, Purge::All, stop, tell)
    }

    pub(crate) fn purge_some(
        &self,
        run: &str,
        which: Purge,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(Undone),
    ) -> Result<Tally, Error> {
        let Some(history) = self.store.history(run)? else { return Ok(Tally::default()) };
        self.check_host(&history)?;
        if let Some(line) = history.damaged {
            let reason = format!("line {line} is not what was written; nothing is purged by it");
            return Err(Error::Damaged { run: run.to_owned(), reason });
        }
        let mut journal = self.store.resume(run)?;
        let mut tally = Tally::default();
        let is_wanted = |told: &&Told| {
            let is_carried = matches!(told.step.deed, Deed::Carry { .. });
            told.is_standing() && told.step.holder == Holder::Quarantine && (which == Purge::All || is_carried)
        };
        let wanted: Vec<&Told> = history.steps.values().filter(is_wanted).collect();
        for batch in wanted.chunks(STEPS_AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                tally.is_interrupted = true;
                break;
            }
            let mut allowed = Vec::with_capacity(batch.len());
            for told in batch {
                match self.may_purge(told) {
                    Ok(()) => allowed.push(*told),
                    Err(reason) => refuse(&told.step, reason, &mut tally, tell),
                }
            }
            let steps = allowed.iter().map(|told| told.step.number).collect();
            write(&mut journal, run, &[Record::Purge { steps }])?;
            let mut touched = Touched::default();
            let (mut records, mut said) = (Vec::new(), Vec::new());
            for Told { step, .. } in allowed {
                touched.add(step);
                match Spot::of(self.disk, &step.held).and_then(|held| held.unlink()) {
                    Ok(()) => {
                        records.push(Record::Purged { step: step.number });
                        said.push(step);
                    }
                    Err(cause) => {
                        records.push(Record::Kept { steps: vec![step.number] });
                        refuse(step, words_of(&cause), &mut tally, tell);
                    }
                }
            }
            touched.sync(self.disk)?;
            write(&mut journal, run, &records)?;
            said.iter().for_each(|step| tally.count(step.identity.bytes, Undone::Done(step.victim.clone()), tell));
        }
        history.folders.iter().for_each(|folder| quarantine::leave(self.disk, folder));
        Ok(tally)
    }

    /// Whether a file may be ended.
    fn may_purge(&self, told: &Told) -> Result<(), String> {
        let step = &told.step;
        let Stand::Done(identity) = told.stand else {
            return Err("its step was not finished: undo it".to_owned());
        };
        let words = |cause: io::Error| words_of(&cause);
        let held = Spot::of(self.disk, &step.held).map_err(words)?;
        let now = held.look().map_err(words)?.ok_or("it is no longer in the quarantine")?.identity;
        if (now.inode, now.bytes, now.modified_ns) != (identity.inode, identity.bytes, identity.modified_ns) {
            return Err("it changed in the quarantine".to_owned());
        }
        if let Deed::Carry { copy, .. } = &step.deed {
            return self.has_copy(step, copy);
        }
        // A sidecar without an equal went with a picture that the user had confirmed.
        let Some(kept) = &step.kept else { return Ok(()) };
        let is_unchanged =
            |now: Identity, was: Identity| (now.modified_ns, now.changed_ns) == (was.modified_ns, was.changed_ns);
        let keeper = self.last_keeper(kept)?;
        let is_as_it_was = keeper.path == kept.path
            && is_unchanged(now, identity)
            && is_there(self.disk, &keeper.path, &kept.identity).map_err(words)?;
        if is_as_it_was {
            return Ok(());
        }
        self.compare_again(step, &keeper.path)
    }

    /// Whether the copy on another file system is there, whole.
    fn has_copy(&self, step: &Step, copy: &Path) -> Result<(), String> {
        let compared = Spot::of(self.disk, copy)
            .and_then(|copy| copy.open())
            .and_then(|copy| have_same_bytes(self.disk, &copy, &Spot::of(self.disk, &step.held)?.open()?));
        match compared {
            Ok(true) => Ok(()),
            Ok(false) => Err("its copy is not equal to it".to_owned()),
            Err(cause) => Err(format!("its copy cannot be read: {}", words_of(&cause))),
        }
    }

    fn compare_again(&self, step: &Step, keeper: &Path) -> Result<(), String> {
        let words = |cause: io::Error| words_of(&cause);
        let ours = Spot::of(self.disk, keeper).and_then(|spot| spot.open()).map_err(|cause| {
            format!("the file that was kept, `{}`, cannot be read: {}", keeper.display(), words_of(&cause))
        })?;
        let theirs = Spot::of(self.disk, &step.held).and_then(|spot| spot.open()).map_err(words)?;
        let changed = || Err(format!("the file that was kept, `{}`, is another by now", keeper.display()));
        if have_same_bytes(self.disk, &ours, &theirs).map_err(words)? {
            return Ok(());
        }
        if step.tier != Tier::Pixels || step.sidecar_of.is_some() {
            return changed();
        }
        let lend = |file: &D::File| self.disk.lend(file).map_err(words);
        if self.judge.has_same_pixels(&lend(&ours)?, &lend(&theirs)?)? { Ok(()) } else { changed() }
    }

    /// The file that stays now: if the one that was kept has gone in its turn, the one that was kept for it.
    fn last_keeper(&self, kept: &Kept) -> Result<Kept, String> {
        let mut keeper = kept.clone();
        for _ in 0..LONGEST_CHAIN {
            let is_there = Spot::of(self.disk, &keeper.path).and_then(|spot| spot.look()).ok().flatten().is_some();
            match is_there {
                true => return Ok(keeper),
                false => keeper = self.kept_for(&keeper.path).ok_or_else(|| gone(&keeper.path))?,
            }
        }
        Err(gone(&kept.path))
    }

    /// What was kept when the file of that path went, in any run.
    fn kept_for(&self, path: &Path) -> Option<Kept> {
        let runs = self.store.runs().ok()?;
        let histories = runs.iter().rev().filter_map(|run| self.store.history(run).ok().flatten());
        let steps = histories.flat_map(|history: History| history.steps.into_values());
        steps
            .filter(|told| matches!(told.stand, Stand::Done(_) | Stand::Purged) && told.step.victim == path)
            .find_map(|told| told.step.kept)
    }
}

fn gone(path: &Path) -> String {
    format!("the file that was kept, `{}`, is gone: this may be the last copy", path.display())
}

fn refuse(step: &Step, reason: String, tally: &mut Tally, tell: &mut dyn FnMut(Undone)) {
    let (path, at): (PathBuf, PathBuf) = (step.victim.clone(), step.held.clone());
    tally.count(0, Undone::Refused { path, at, reason }, tell);
}
