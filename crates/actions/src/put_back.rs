//! A step taken back, however far it came: it can be cut off and done again, and asks nobody but the disk.

use std::{io, path::Path};

use crate::{
    deed::{Outcome, drop_copy, drop_part, is_link},
    disk::{Disk, State},
    error::words_of,
    spot::Spot,
    step::{Deed, Holder, Step},
};

/// Puts the file back to where it was; `reason` is why.
pub(crate) fn take_back<D: Disk>(disk: &D, step: &Step, reason: String) -> Outcome {
    // What stands in the way of the first try is often gone at the second.
    let put = put_back(disk, step).or_else(|_| put_back(disk, step));
    let held = step.held.display();
    match put {
        Ok(Put::Back) => Outcome::Back(reason),
        Ok(Put::Nowhere) => Outcome::Back(format!("{reason}; somebody has changed, moved or removed it")),
        Ok(Put::Occupied) => Outcome::Held(format!("{reason}; another file has its name by now; it lies at `{held}`")),
        Err(cause) => {
            let why = words_of(&cause);
            Outcome::Held(format!("{reason}; it cannot be put back: {why}; unless it is there, it lies at `{held}`"))
        }
    }
}

/// Where the file is after it was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It has its name, and nothing else of the step is left.
    Back,
    /// It lies where it is held, for another file has its name.
    Occupied,
    /// It is in neither place: not by us.
    Nowhere,
}

/// Puts the file back to where it was, and removes what else is left of the step.
pub(crate) fn put_back<D: Disk>(disk: &D, step: &Step) -> io::Result<Put> {
    let (victim, held) = (there(disk, &step.victim)?, there(disk, &step.held)?);
    let mut given = Given::Nothing;
    if let Some(held) = held.filter(|_| step.deed != Deed::Share) {
        given = give_back(step, victim.as_ref(), &held)?;
        if given == Given::Occupied {
            return Ok(Put::Occupied);
        }
        // Whatever is left where it was held is the link, or somebody else's.
        if is_link(&held, step)? {
            held.unlink()?;
        }
    }
    if let Deed::Carry { copy, part } = &step.deed {
        drop_part(disk, copy, part)?;
    }
    let Some(victim) = victim else { return Ok(Put::Nowhere) };
    if given == Given::Nothing && !victim.look()?.is_some_and(|state| step.is_of(&state)) {
        return Ok(Put::Nowhere);
    }
    if let Deed::Carry { copy, .. } = &step.deed {
        drop_copy(disk, &victim, copy)?;
    }
    take_note_back(disk, step)?;
    Ok(Put::Back)
}

/// What was found where the file is held.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// What had the name of the file, and has it again.
    Name,
    /// The same, but the name is taken.
    Occupied,
    /// Nothing of that.
    Nothing,
}

fn give_back<D: Disk>(step: &Step, victim: Option<&Spot<'_, D>>, held: &Spot<'_, D>) -> io::Result<Given> {
    if !has_taken(held, step)? {
        return Ok(Given::Nothing);
    }
    let victim = victim.ok_or(io::ErrorKind::NotFound)?;
    match victim.look()? {
        None => held.rename_to(victim)?,
        // Both names lead to it: it was renamed by a link and not yet parted.
        Some(state) if step.is_of(&state) && state.names > 1 && is_one_file(held, &state)? => held.unlink()?,
        Some(_) if is_link(victim, step)? => held.exchange_with(victim)?,
        Some(_) => return Ok(Given::Occupied),
    }
    Ok(Given::Name)
}

/// Whether the name where it is held leads to what had the name of the file. In a quarantine nobody makes names but us: what
/// is there and is not our link was the user's, even if it had taken the place of the file a moment before.
fn has_taken<D: Disk>(held: &Spot<'_, D>, step: &Step) -> io::Result<bool> {
    let Some(state) = held.look()? else { return Ok(false) };
    Ok(step.is_of(&state) || step.holder == Holder::Quarantine && !is_link(held, step)?)
}

fn is_one_file<D: Disk>(spot: &Spot<'_, D>, other: &State) -> io::Result<bool> {
    Ok(spot.look()?.is_some_and(|state| state.identity.place() == other.identity.place()))
}

/// The name; nothing if its folder is gone, with all that was in it, or was never made.
pub(crate) fn there<'a, D: Disk>(disk: &'a D, path: &'a Path) -> io::Result<Option<Spot<'a, D>>> {
    match Spot::of(disk, path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        spot => spot.map(Some),
    }
}

/// Whether somebody took the file from where it was held, and it does not have its name again. Where that cannot be seen, it
/// is not known to be.
pub(crate) fn is_lost<D: Disk>(disk: &D, step: &Step) -> bool {
    let look = |path: &Path| there(disk, path)?.map_or(Ok(None), |spot| spot.look());
    let is_free = |path: &Path| matches!(look(path), Ok(None));
    let is_back = matches!(look(&step.victim), Ok(Some(state)) if step.is_of(&state));
    step.deed != Deed::Share && is_free(&step.held) && is_free(step.original_place()) && !is_back
}

/// Removes what the trash was told.
pub(crate) fn take_note_back<D: Disk>(disk: &D, step: &Step) -> io::Result<()> {
    step.entry().map_or(Ok(()), |entry| entry.take_back(disk))
}
