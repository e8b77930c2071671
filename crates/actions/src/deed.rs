//! One step at the disk: done, so that it can be taken back at any moment, and taken back.
//!
//! Nothing here trusts a call that failed: where a file is, is looked up.

use std::{collections::HashMap, ffi::OsStr, io, path::Path};

use crate::{
    carry,
    disk::{Disk, Identity, Kind, State},
    error::words_of,
    put_back::take_back,
    same::have_same_bytes,
    spot::{Spot, is_there},
    step::{Deed, Kept, Step},
};

/// How a step came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done; what the file is now, where it is held.
    Done(Identity),
    /// The file is where it was, and why.
    Back(String),
    /// It could not be taken back: the file lies where it is held, and why.
    Held(String),
}

/// What files are by now that steps of ours have changed, by device and inode: names come and go, and move the time of
/// the last change.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<(u64, u64), Identity>);

impl Known {
    fn now(&self, seen: &Identity) -> Identity {
        self.0.get(&seen.place()).copied().unwrap_or(*seen)
    }

    fn learn(&mut self, now: Identity) {
        self.0.insert(now.place(), now);
    }
}

/// Does a step, and takes it back if anything is not as it was when the files were compared.
pub(crate) fn perform<D: Disk>(disk: &D, step: &Step, known: &mut Known) -> Outcome {
    let mut current = step.clone();
    current.identity = known.now(&step.identity);
    if let Some(kept) = &mut current.kept {
        kept.identity = known.now(&kept.identity);
    }
    let done = match &step.deed {
        Deed::Aside => aside(disk, &current),
        Deed::Carry { copy, part } => carry_away(disk, &current, copy, part),
        Deed::HardLink | Deed::Symlink { .. } => replace(disk, &current, known),
        Deed::Share => share(disk, &current),
    };
    match done {
        Ok(identity) => {
            known.learn(identity);
            Outcome::Done(identity)
        }
        // What shares no blocks is as it was: there is nothing to take back.
        Err(cause) if step.deed == Deed::Share => Outcome::Back(words_of(&cause)),
        Err(cause) => take_back(disk, step, words_of(&cause)),
    }
}

fn changed(what: &str) -> io::Error {
    io::Error::other(format!("{what} has changed since it was compared"))
}

/// The file and what it was compared with, just before.
fn check<D: Disk>(disk: &D, step: &Step, victim: &Spot<'_, D>) -> io::Result<()> {
    if !victim.look()?.is_some_and(|state| state.kind == Kind::File && state.identity == step.identity) {
        return Err(changed("it"));
    }
    match &step.kept {
        Some(kept) if !is_there(disk, &kept.path, &kept.identity)? => Err(changed("the file that stays")),
        _ => Ok(()),
    }
}

/// The probe, just after: if the other name is gone or leads to something else, both led to one file.
fn probe<D: Disk>(disk: &D, kept: Option<&Kept>) -> io::Result<()> {
    match kept {
        Some(kept) if !is_there(disk, &kept.path, &kept.identity)? => Err(io::Error::other(
            "the file that stays is not there without it: both names lead to one file, or it changed",
        )),
        _ => Ok(()),
    }
}

/// What lies where it is held, if that is the file.
fn held_state<D: Disk>(held: &Spot<'_, D>, was: &Identity) -> io::Result<Identity> {
    let is_it = |state: &State| {
        let now = state.identity;
        (now.inode, now.bytes, now.modified_ns) == (was.inode, was.bytes, was.modified_ns)
    };
    held.look()?.filter(is_it).map(|state| state.identity).ok_or_else(|| changed("it"))
}

/// Renames the file to where it is held. If another has got its name since it was looked at, that one has it again at once.
fn take<D: Disk>(victim: &Spot<'_, D>, held: &Spot<'_, D>, step: &Step) -> io::Result<Identity> {
    victim.rename_to(held)?;
    // Where that fails, whoever takes the step back finds it in the quarantine.
    held_state(held, &step.identity).inspect_err(|_| drop(held.rename_to(victim)))
}

fn aside<D: Disk>(disk: &D, step: &Step) -> io::Result<Identity> {
    let (victim, held) = (Spot::of(disk, &step.victim)?, Spot::of(disk, &step.held)?);
    check(disk, step, &victim)?;
    note(disk, step)?;
    let identity = take(&victim, &held, step)?;
    probe(disk, step.kept.as_ref())?;
    Ok(identity)
}

fn carry_away<D: Disk>(disk: &D, step: &Step, copy: &Path, part: &str) -> io::Result<Identity> {
    let (victim, held) = (Spot::of(disk, &step.victim)?, Spot::of(disk, &step.held)?);
    check(disk, step, &victim)?;
    note(disk, step)?;
    make_copy(disk, &victim, copy, part)?;
    check(disk, step, &victim)?;
    let identity = take(&victim, &held, step)?;
    probe(disk, step.kept.as_ref())?;
    Ok(identity)
}

/// A copy with that path, whole and compared.
pub(crate) fn make_copy<D: Disk>(disk: &D, original: &Spot<'_, D>, copy: &Path, part: &str) -> io::Result<()> {
    let to = Spot::of(disk, copy)?;
    let (folder, name) = to.at();
    let to = carry::Destination { folder, temporary: OsStr::new(part), name };
    carry::carry(disk, &original.open()?, &to).map(drop)
}

/// Removes a copy, if it is one: equal to the original, byte for byte, and another file.
pub(crate) fn drop_copy<D: Disk>(disk: &D, original: &Spot<'_, D>, copy: &Path) -> io::Result<()> {
    let copied = match Spot::of(disk, copy) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        copied => copied?,
    };
    let opened = match copied.open() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let original = original.open()?;
    let place = |file: &D::File| disk.state(file).map(|state| state.identity.place());
    if place(&opened)? != place(&original)? && have_same_bytes(disk, &original, &opened)? {
        copied.unlink()?;
    }
    Ok(())
}

/// Removes what is there of a copy that never became whole.
pub(crate) fn drop_part<D: Disk>(disk: &D, beside: &Path, part: &str) -> io::Result<()> {
    let part = beside.with_file_name(part);
    let spot = match Spot::of(disk, &part) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        spot => spot?,
    };
    if spot.look()?.is_some_and(|state| state.kind == Kind::File) { spot.unlink() } else { Ok(()) }
}

/// Makes the link where the file will be held, and exchanges the two: the name is there at every moment.
fn replace<D: Disk>(disk: &D, step: &Step, known: &mut Known) -> io::Result<Identity> {
    let kept = step.kept.as_ref().ok_or_else(|| io::Error::other("there is no file that stays"))?;
    let (victim, held, keeper) =
        (Spot::of(disk, &step.victim)?, Spot::of(disk, &step.held)?, Spot::of(disk, &kept.path)?);
    check(disk, step, &victim)?;
    match &step.deed {
        Deed::Symlink { target } => disk.symlink(target, held.at())?,
        _ => keeper.link_to(&held)?,
    }
    held.exchange_with(&victim)?;
    let identity = held_state(&held, &step.identity)?;
    if !is_link(&victim, step)? {
        return Err(changed("its name"));
    }
    // A further name moves the time of the last change of what it is given to.
    let kept = Kept { identity: keeper_now(&keeper, kept)?, ..kept.clone() };
    probe(disk, Some(&kept))?;
    known.learn(kept.identity);
    Ok(identity)
}

fn keeper_now<D: Disk>(keeper: &Spot<'_, D>, kept: &Kept) -> io::Result<Identity> {
    let is_it = |state: &State| state.identity.is_with_other_names(&kept.identity);
    keeper.look()?.filter(is_it).map(|state| state.identity).ok_or_else(|| changed("the file that stays"))
}

fn share<D: Disk>(disk: &D, step: &Step) -> io::Result<Identity> {
    let kept = step.kept.as_ref().ok_or_else(|| io::Error::other("there is no file that stays"))?;
    let (victim, keeper) = (Spot::of(disk, &step.victim)?, Spot::of(disk, &kept.path)?);
    check(disk, step, &victim)?;
    disk.share(&keeper.open()?, victim.at())?;
    held_state(&victim, &step.identity)
}

impl Identity {
    /// Whether it is the same file with the same content, but perhaps with other names.
    pub(crate) fn is_with_other_names(&self, before: &Self) -> bool {
        Self { changed_ns: before.changed_ns, ..*self } == *before
    }
}

/// Whether the link that the step made is there.
pub(crate) fn is_link<D: Disk>(spot: &Spot<'_, D>, step: &Step) -> io::Result<bool> {
    match (&step.deed, &step.kept) {
        (Deed::Symlink { target }, _) => Ok(spot.link_text()?.is_some_and(|text| text == *target)),
        (Deed::HardLink, Some(kept)) => {
            Ok(spot.look()?.is_some_and(|state| state.identity.inode == kept.identity.inode && state.names > 1))
        }
        _ => Ok(false),
    }
}

/// Tells the trash where the file came from.
fn note<D: Disk>(disk: &D, step: &Step) -> io::Result<()> {
    step.entry().map_or(Ok(()), |entry| entry.note(disk))
}

#[cfg(test)]
mod tests;
