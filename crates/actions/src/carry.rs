//! Copies files to another file system, so that the original may go.

use std::{ffi::OsStr, io};

use crate::{
    disk::{Disk, State},
    same::{PIECE_BYTES, have_same_bytes, read_full},
};

/// Where a copy goes.
#[derive(Debug)]
pub(crate) struct Destination<'a, D: Disk> {
    /// The folder.
    pub(crate) folder: &'a D::Folder,
    /// The name there that the copy has until it proved whole. Whoever cleans up after a crash knows it, and that nobody
    /// else has it.
    pub(crate) temporary: &'a OsStr,
    /// The name there that it gets.
    pub(crate) name: &'a OsStr,
}

/// Copies a file with its owner, permissions, extended attributes and times, and returns what the copy is once it is on
/// the disk and was read again and found equal, byte by byte. Nothing is replaced. Holes in the file become zeroes.
///
/// # Errors
/// If the original changes meanwhile, either name is taken, the copy cannot have all that the original has, or the system
/// says no. Then there is no copy, unless that cannot be removed either, which the error says.
///
/// # Cost
/// Reads the original twice and the copy once.
pub(crate) fn carry<D: Disk>(disk: &D, original: &D::File, to: &Destination<'_, D>) -> io::Result<State> {
    let before = disk.state(original)?;
    let copy = disk.create(to.folder, to.temporary)?;
    let outcome = fill(disk, original, &before, &copy).and_then(|()| settle(disk, &copy, to));
    outcome.map_err(|cause| match take_back(disk, &copy, to) {
        Ok(()) => cause,
        Err(why) => io::Error::new(cause.kind(), format!("{cause}; its copy could not be removed: {why}")),
    })
}

/// Writes the copy and reads it again.
fn fill<D: Disk>(disk: &D, original: &D::File, before: &State, copy: &D::File) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut offset = 0;
    // A file that grows meanwhile is not followed for ever.
    while offset < before.identity.bytes {
        let read = read_full(disk, original, &mut piece, offset)?;
        disk.append(copy, piece.get(..read).unwrap_or_default())?;
        if read < PIECE_BYTES {
            break;
        }
        offset += read as u64;
    }
    disk.dress(copy, original)?;
    disk.sync(copy)?;
    disk.forget_content(copy);
    if !have_same_bytes(disk, original, copy)? {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "what was written is not what is read again"));
    }
    if disk.state(original)? != *before {
        return Err(io::Error::other("the file changed while it was copied"));
    }
    Ok(())
}

/// Gives the copy its name.
fn settle<D: Disk>(disk: &D, copy: &D::File, to: &Destination<'_, D>) -> io::Result<State> {
    disk.rename((to.folder, to.temporary), (to.folder, to.name))?;
    disk.sync_folder(to.folder)?;
    disk.state(copy)
}

/// Removes the copy, whichever of its names it has.
fn take_back<D: Disk>(disk: &D, copy: &D::File, to: &Destination<'_, D>) -> io::Result<()> {
    let made = disk.state(copy)?.identity;
    for name in [to.temporary, to.name] {
        let there = disk.look(to.folder, name)?.map(|state| state.identity);
        if there.is_some_and(|there| there.place() == made.place()) {
            disk.unlink(to.folder, name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
