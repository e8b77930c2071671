//! The way back: every file of a run gets its name again, the last that went first.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    deed,
    disk::{Disk, State},
    error::{Error, words_of},
    executor::Executor,
    freed::Freed,
    history::{History, Told},
    journal::{Journal, Record},
    layout::make_folders,
    place,
    purge::stop_ending,
    put_back::{Put, is_lost, put_back, take_note_back, there},
    quarantine,
    spot::Spot,
    step::{Deed, Step},
    touched::Touched,
};

/// As many steps are written down at once.
pub(crate) const STEPS_AT_ONCE: usize = 256;

/// What became of one file of a run that was undone or purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undone {
    /// It is as it was: undone, or gone for good.
    Done(PathBuf),
    /// It is as it was before, and why, as a clause.
    Refused {
        /// The file, under its old name.
        path: PathBuf,
        /// Where it lies.
        at: PathBuf,
        /// Why.
        reason: String,
    },
}

/// How an undo or a purge ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Files for which it was done.
    pub done: u64,
    /// Bytes that they take for themselves, as [`RunInfo::bytes`](crate::RunInfo::bytes).
    pub bytes: u64,
    /// Files for which it was not.
    pub refused: u64,
    /// Whether it was interrupted before the last file.
    pub is_interrupted: bool,
}

impl<'d, D: Disk> Executor<'d, D> {
    /// Undoes a run, as far as it was not purged: names, content, permissions, owners, times, extended attributes and
    /// links are what they were. `stop` ends it after the files at hand.
    ///
    /// # Errors
    /// If there is no such run, or its journal cannot be read or written.
    pub fn undo(&self, run: &str, stop: &AtomicBool, tell: &mut dyn FnMut(Undone)) -> Result<Tally, Error> {
        let Some(history) = self.store.history(run)? else { return Ok(Tally::default()) };
        self.check_host(&history)?;
        let mut journal = self.store.resume(run)?;
        let (mut tally, mut freed) = (Tally::default(), Freed::default());
        let standing: Vec<&Told> = history.steps.values().rev().filter(|told| told.can_be_undone()).collect();
        for batch in standing.chunks(STEPS_AT_ONCE) {
            if stop.load(Ordering::Relaxed) {
                tally.is_interrupted = true;
                break;
            }
            let steps = batch.iter().map(|told| told.step.number).collect();
            write(&mut journal, run, &[Record::Undo { steps }])?;
            let mut touched = Touched::default();
            let mut records = Vec::with_capacity(batch.len());
            let mut said = Vec::with_capacity(batch.len());
            for Told { step, .. } in batch {
                touched.add(step);
                match bring_back(self.disk, step) {
                    Ok(()) => {
                        records.push(Record::Undone { step: step.number });
                        said.push((freed.count_file(step), Undone::Done(step.victim.clone())));
                    }
                    Err(cause) => {
                        let number = step.number;
                        records.push(match is_lost(self.disk, step) {
                            true => Record::Lost { step: number },
                            false => Record::Kept { steps: vec![number] },
                        });
                        let (path, at) = (step.victim.clone(), step.original_place().to_owned());
                        said.push((0, Undone::Refused { path, at, reason: words_of(&cause) }));
                    }
                }
            }
            touched.sync(self.disk)?;
            write(&mut journal, run, &records)?;
            said.into_iter().for_each(|(bytes, undone)| tally.count(bytes, undone, tell));
        }
        history.folders.iter().rev().for_each(|folder| quarantine::leave(self.disk, folder));
        Ok(tally)
    }

    /// A journal in a folder that several hosts share is for one of them.
    pub(crate) fn check_host(&self, history: &History) -> Result<(), Error> {
        if history.host == self.setting.host {
            return Ok(());
        }
        Err(Error::OtherHost { run: history.run.clone(), host: history.host.clone() })
    }
}

impl Tally {
    pub(crate) fn count(&mut self, bytes: u64, undone: Undone, tell: &mut dyn FnMut(Undone)) {
        match &undone {
            Undone::Done(_) => (self.done, self.bytes) = (self.done + 1, self.bytes + bytes),
            Undone::Refused { .. } => self.refused += 1,
        }
        tell(undone);
    }
}

impl Told {
    /// Whether the file, or the copy that went to another file system, is still there to bring back.
    pub(crate) fn can_be_undone(&self) -> bool {
        self.is_standing() || self.is_carried()
    }

    /// Whether only the copy on another file system is left.
    pub(crate) fn is_carried(&self) -> bool {
        self.stand == crate::history::Stand::Purged && matches!(self.step.deed, Deed::Carry { .. })
    }
}

/// Writes records and brings them to the disk.
pub(crate) fn write<D: Disk>(journal: &mut Journal<'_, D>, run: &str, records: &[Record]) -> Result<(), Error> {
    let written = records.iter().try_for_each(|record| journal.add(record)).and_then(|()| journal.sync());
    written.map_err(Error::disk("write the journal of", run))
}

/// Gives a file its name again. What stands in the way of the first try is often gone at the second, which looks up how
/// far the first one came.
pub(crate) fn bring_back<D: Disk>(disk: &D, step: &Step) -> io::Result<()> {
    try_to_bring_back(disk, step).or_else(|_| try_to_bring_back(disk, step))
}

fn try_to_bring_back<D: Disk>(disk: &D, step: &Step) -> io::Result<()> {
    if step.deed == Deed::Share {
        return Ok(());
    }
    stop_ending(disk, step)?;
    let look = |path: &Path| there(disk, path)?.map_or(Ok(None), |spot| spot.look());
    let is_back = look(&step.victim)?.is_some_and(|state| step.is_of(&state));
    if let Some(state) = look(&step.held)? {
        if !step.is_of(&state) && !is_back {
            return Err(io::Error::other("what lies where it was held is another file, or was changed there"));
        }
        make_folders(disk, place::halves(&step.victim)?.0)?;
    } else if let Deed::Carry { copy, part } = &step.deed
        && !is_back
    {
        return carry_back(disk, step, copy, part);
    }
    match put_back(disk, step)? {
        Put::Back => Ok(()),
        Put::Occupied => Err(io::Error::other("another file has its name by now")),
        Put::Nowhere => Err(io::Error::other("it is no longer where it was held, or has changed there")),
    }
}

/// Whether that has the length and the time of the file that went, as its copies have.
fn is_as_it_was(step: &Step, now: &State) -> bool {
    let (now, was) = (now.identity, step.identity);
    (now.bytes, now.modified_ns) == (was.bytes, was.modified_ns)
}

/// Brings back the copy on another file system, where the file itself was purged.
fn carry_back<D: Disk>(disk: &D, step: &Step, copy: &Path, part: &str) -> io::Result<()> {
    make_folders(disk, place::halves(&step.victim)?.0)?;
    deed::drop_part(disk, &step.victim, part)?;
    let victim = Spot::of(disk, &step.victim)?;
    // A copy that is there was made before the power failed, or by a call that was said to fail.
    if !victim.look()?.is_some_and(|state| is_as_it_was(step, &state)) {
        let copied = Spot::of(disk, copy)?;
        if !copied.look()?.is_some_and(|state| is_as_it_was(step, &state)) {
            return Err(io::Error::other("its copy is gone, or has changed since"));
        }
        deed::make_copy(disk, &copied, &step.victim, part)?;
    }
    deed::drop_copy(disk, &victim, copy)?;
    take_note_back(disk, step)
}
