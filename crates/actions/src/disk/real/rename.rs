//! Gives files other names without replacing anything.

use std::{ffi::OsStr, io, os::fd::BorrowedFd};

use rustix::{
    fs::{AtFlags, RenameFlags, linkat, renameat_with, unlinkat},
    io::Errno,
};

use super::{state, unsupported};
use crate::disk::Kind;

type Name<'a> = (BorrowedFd<'a>, &'a OsStr);

/// Renames, if the new name is free.
pub(super) fn to_free_name(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    match renameat_with(from.0, from.1, to.0, to.1, RenameFlags::NOREPLACE) {
        // NFS, and what else does not know of it.
        Err(Errno::INVAL | Errno::NOSYS) => in_two_steps(from, to),
        other => Ok(other?),
    }
}

/// Renames a file by a second name, which cannot replace anything either, and then takes the first away. Whoever puts
/// another file there between the last look and that, within a millionth of a second or so, loses it: no call of such a
/// file system can tell.
pub(super) fn in_two_steps(from: Name<'_>, to: Name<'_>) -> io::Result<()> {
    let seen = state::of_name(from.0, from.1)?.ok_or(Errno::NOENT)?;
    if seen.kind != Kind::File {
        return Err(unsupported("the file system cannot rename this without the danger to replace something"));
    }
    match linkat(from.0, from.1, to.0, to.1, AtFlags::empty()) {
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
            return Err(unsupported(
                "the file system can neither rename without the danger to replace something, nor link",
            ));
        }
        other => other?,
    }
    let (first, second) = (state::of_name(from.0, from.1)?, state::of_name(to.0, to.1)?);
    let file = |state: Option<crate::disk::State>| state.map(|state| state.identity.place());
    if file(first) != Some(seen.identity.place()) || file(first) != file(second) {
        return Err(io::Error::other(
            "another file came to the name meanwhile; the earlier one has both or the new name",
        ));
    }
    match unlinkat(from.0, from.1, AtFlags::empty()) {
        Ok(()) => Ok(()),
        Err(refused) => {
            // The first name is still there.
            unlinkat(to.0, to.1, AtFlags::empty())?;
            Err(refused.into())
        }
    }
}
