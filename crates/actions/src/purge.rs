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
    freed::Freed,
    history::{Stand, Told},
    journal::Record,
    keepers::Keepers,
    plan::Tier,
    put_back::{is_lost, there},
    quarantine,
    same::have_same_bytes,
    spot::{Spot, is_there},
    step::{Action, Deed, Holder, Kept, Step},
    touched::Touched,
    undo::{STEPS_AT_ONCE, Tally, Undone, write},
};

/// Which files of a run are purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// All that are in quarantine, also sidecars that have no equal and went with a picture which was confirmed by itself.
    All,
    /// Those of which an equal stays.
    Equal,
    /// Those of which a copy went to another file system.
    Carried,
}

/// What a file is held against before it is ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    /// The file that was kept for it.
    Keeper,
    /// Its own copy on another file system.
    Copy,
}

impl<'d, D: Disk> Executor<'d, D> {
    /// Ends what a run holds in quarantine. A file goes only if the file that was kept for it is still there and has not
    /// changed; or, where either has, if they are compared again and are still the same picture. `stop` ends it after the
    /// files at hand.
    ///
    /// # Errors
    /// If there is no such run, or its journal is damaged or cannot be written.
    pub fn purge(
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
        let (mut tally, mut freed, keepers) = (Tally::default(), Freed::default(), Keepers::new(self));
        let is_wanted = |told: &&Told| {
            let is_carried = matches!(told.step.deed, Deed::Carry { .. });
            told.is_standing() && told.step.holder == Holder::Quarantine && (which != Purge::Carried || is_carried)
        };
        let wanted: Vec<&Told> = history.steps.values().filter(is_wanted).collect();
        for batch in wanted.chunks(STEPS_AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                tally.is_interrupted = true;
                break;
            }
            let (mut allowed, mut lost) = (Vec::with_capacity(batch.len()), Vec::new());
            for told in batch {
                match self.may_purge(told, &keepers, which, &history.action) {
                    Ok(keeper) => allowed.push((*told, keeper)),
                    Err(reason) => {
                        lost.extend(is_lost(self.disk, &told.step).then_some(Record::Lost { step: told.step.number }));
                        refuse(&told.step, reason, &mut tally, tell);
                    }
                }
            }
            let steps = allowed.iter().map(|(told, _)| told.step.number).collect();
            write(&mut journal, run, &[Record::Purge { steps }])?;
            let mut touched = Touched::default();
            let (mut records, mut said) = (lost, Vec::new());
            for (Told { step, .. }, keeper) in allowed {
                touched.add(step);
                let record =
                    match end(self.disk, step, keeper.as_ref()).map_err(Error::disk("give its name to", &step.held))? {
                        Ended::Gone => {
                            said.push(step);
                            Record::Purged { step: step.number }
                        }
                        Ended::Stays(reason) => {
                            refuse(step, reason, &mut tally, tell);
                            Record::Kept { steps: vec![step.number] }
                        }
                    };
                records.push(record);
            }
            touched.sync(self.disk)?;
            write(&mut journal, run, &records)?;
            said.iter().for_each(|step| tally.count(freed.count_file(step), Undone::Done(step.victim.clone()), tell));
        }
        history.folders.iter().rev().for_each(|folder| quarantine::leave(self.disk, folder));
        Ok(tally)
    }

    /// Whether a file may be ended, and what stays for it; nothing for a sidecar that went with a picture which the user had
    /// confirmed.
    fn may_purge(
        &self,
        told: &Told,
        keepers: &Keepers<'_, 'd, D>,
        which: Purge,
        action: &Action,
    ) -> Result<Option<Kept>, String> {
        let step = &told.step;
        let Stand::Done(identity) = told.stand else {
            return Err("its step was not finished: undo it".to_owned());
        };
        let words = |cause: io::Error| words_of(&cause);
        stop_ending(self.disk, step).map_err(words)?;
        let held = Spot::of(self.disk, &step.held).map_err(words)?;
        let now = held.look().map_err(words)?.ok_or("it is no longer in the quarantine")?.identity;
        if (now.inode, now.bytes, now.modified_ns) != (identity.inode, identity.bytes, identity.modified_ns) {
            return Err("it changed in the quarantine".to_owned());
        }
        if let Deed::Carry { copy, .. } = &step.deed {
            return self.compare_again(step, copy, Compared::Copy).map(Some);
        }
        let Some(kept) = &step.kept else {
            return match which {
                Purge::All => Ok(None),
                _ => Err("no equal of it stays: only a purge of this run by its name ends it".to_owned()),
            };
        };
        let is_unchanged =
            |now: Identity, was: Identity| (now.modified_ns, now.changed_ns) == (was.modified_ns, was.changed_ns);
        let keeper = keepers.last(kept)?;
        let is_as_it_was = keeper.path == kept.path
            && is_unchanged(now, identity)
            && is_there(self.disk, &keeper.path, &kept.identity).map_err(words)?;
        // What was deleted at once is compared once more: no time tells of a change in the moment in which it went.
        if is_as_it_was && *action != Action::Delete && now.place() != kept.identity.place() {
            return Ok(Some(keeper));
        }
        self.compare_again(step, &keeper.path, Compared::Keeper).map(Some)
    }

    /// What stays, if it is another file and still the same picture.
    fn compare_again(&self, step: &Step, keeper: &Path, which: Compared) -> Result<Kept, String> {
        let words = |cause: io::Error| words_of(&cause);
        let ours = Spot::of(self.disk, keeper)
            .and_then(|spot| spot.open())
            .map_err(|cause| format!("`{}`, which stays, cannot be read: {}", keeper.display(), words_of(&cause)))?;
        let theirs = Spot::of(self.disk, &step.held).and_then(|spot| spot.open()).map_err(words)?;
        let state = |file: &D::File| self.disk.state(file).map(|state| state.identity).map_err(words);
        let identity = state(&ours)?;
        let held = state(&theirs)?;
        if identity.place() == held.place() {
            return Err(format!("`{}` is the same file: this is the last copy", keeper.display()));
        }
        // On one file system another number is another file; of others, an overlay shows one file under two numbers.
        if which == Compared::Keeper && identity.device != held.device {
            let path = keeper.display();
            return Err(format!("`{path}` lies on another file system, and is not what it was: it may be this file"));
        }
        let lend = |file: &D::File| self.disk.lend(file).map_err(words);
        let is_same = have_same_bytes(self.disk, &ours, &theirs).map_err(words)?
            || which == Compared::Keeper
                && step.tier == Tier::Pixels
                && step.sidecar_of.is_none()
                && self.judge.has_same_pixels(&lend(&ours)?, &lend(&theirs)?)?;
        if !is_same && !step.tier.is_exact() {
            let path = keeper.display();
            return Err(format!("it is not equal to `{path}`, which stays: let it be held, and purge it later"));
        }
        if !is_same || state(&ours)? != identity {
            return Err(format!("`{}`, which was kept, is another by now", keeper.display()));
        }
        Ok(Kept { path: keeper.to_owned(), identity })
    }
}

/// How ending a file came out.
enum Ended {
    Gone,
    /// It lies where it was held, and why.
    Stays(String),
}

/// Ends a file: takes its name away in two steps, and between them looks whether what stays is still there without it.
///
/// # Errors
/// If it stays, and cannot be given its name in the quarantine again.
fn end<D: Disk>(disk: &D, step: &Step, keeper: Option<&Kept>) -> io::Result<Ended> {
    let Err(cause) = try_to_end(disk, step, keeper) else { return Ok(Ended::Gone) };
    // A call may have done what it said it could not.
    stop_ending(disk, step).or_else(|_| stop_ending(disk, step))?;
    match there(disk, &step.held)?.map_or(Ok(None), |held| held.look())? {
        Some(_) => Ok(Ended::Stays(words_of(&cause))),
        None => Ok(Ended::Gone),
    }
}

fn try_to_end<D: Disk>(disk: &D, step: &Step, keeper: Option<&Kept>) -> io::Result<()> {
    let going = going_name(step);
    let (held, going) = (Spot::of(disk, &step.held)?, Spot::of(disk, &going)?);
    let Some(keeper) = keeper else { return held.unlink() };
    held.rename_to(&going)?;
    if !is_there(disk, &keeper.path, &keeper.identity)? {
        let path = keeper.path.display();
        return Err(io::Error::other(format!(
            "`{path}` is not there without it, or has changed: this is the last copy"
        )));
    }
    going.unlink()
}

/// The name that a file has while it is ended.
fn going_name(step: &Step) -> PathBuf {
    let mut name = step.held.file_name().unwrap_or_default().to_owned();
    name.push(".going");
    step.held.with_file_name(name)
}

/// Gives a file its name in the quarantine again, if it was being ended when that was cut off.
pub(crate) fn stop_ending<D: Disk>(disk: &D, step: &Step) -> io::Result<()> {
    if step.holder != Holder::Quarantine {
        return Ok(());
    }
    let going = going_name(step);
    let (Some(held), Some(going)) = (there(disk, &step.held)?, there(disk, &going)?) else { return Ok(()) };
    if held.look()?.is_none() && going.look()?.is_some() {
        going.rename_to(&held)?;
    }
    Ok(())
}

fn refuse(step: &Step, reason: String, tally: &mut Tally, tell: &mut dyn FnMut(Undone)) {
    let (path, at): (PathBuf, PathBuf) = (step.victim.clone(), step.held.clone());
    tally.count(0, Undone::Refused { path, at, reason }, tell);
}
