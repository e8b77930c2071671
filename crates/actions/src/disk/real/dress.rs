//! Makes a copy look like its original: owner, permissions, extended attributes, times; and compares attributes.

use std::{collections::BTreeMap, io, os::fd::BorrowedFd};

use rustix::{
    fs::{
        Gid, Mode, Timespec, Timestamps, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fremovexattr,
        fsetxattr, futimens,
    },
    io::Errno,
};

use super::{state, unsupported};
use crate::disk::State;

/// `XATTR_LIST_MAX` and `XATTR_SIZE_MAX` of `linux/limits.h`.
const MOST_BYTES: usize = 65_536;
/// A copy gets this from the folder in which it is made.
const INHERITED: &[u8] = b"system.posix_acl_access";

/// Gives the copy what the original has, and looks whether it has it then.
pub(super) fn dress(copy: BorrowedFd<'_>, original: BorrowedFd<'_>) -> io::Result<()> {
    let wanted = state::of_open(original)?;
    let (read, changed) = state::times(original)?;
    let (user, group) = wanted.owner;
    if state::of_open(copy)?.owner != wanted.owner {
        fchown(copy, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))?;
    }
    // Before the permissions, which may forbid it, and after the owner, whose change takes some of them away.
    attributes(copy, original)?;
    fchmod(copy, Mode::from_raw_mode(wanted.mode))?;
    let time = |stamp: rustix::fs::StatxTimestamp| Timespec { tv_sec: stamp.tv_sec, tv_nsec: stamp.tv_nsec.into() };
    futimens(copy, &Timestamps { last_access: time(read), last_modification: time(changed) })?;
    is_as(&state::of_open(copy)?, &wanted)
}

/// Whether both have the attributes that a copy would need, with equal values.
pub(super) fn has_same_attributes(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> io::Result<bool> {
    let all = |file| -> io::Result<BTreeMap<Vec<u8>, Vec<u8>>> {
        let needed = names(file)?.into_iter().filter(|name| is_needed(name));
        needed.map(|name| value(file, &name).map(|value| (name, value))).collect()
    };
    Ok(all(one)? == all(other)?)
}

/// Some file systems take what they do not keep.
fn is_as(copy: &State, original: &State) -> io::Result<()> {
    if copy.owner != original.owner {
        return Err(unsupported("the file system does not keep the owner"));
    }
    if copy.mode != original.mode {
        return Err(unsupported("the file system does not keep the permissions"));
    }
    if copy.identity.modified_ns != original.identity.modified_ns {
        return Err(unsupported("the file system does not keep the time to the nanosecond"));
    }
    Ok(())
}

fn attributes(copy: BorrowedFd<'_>, original: BorrowedFd<'_>) -> io::Result<()> {
    let (wanted, there) = (names(original)?, names(copy)?);
    for name in &wanted {
        let value = value(original, name)?;
        match fsetxattr(copy, &name[..], &value, XattrFlags::empty()) {
            Err(refused) if is_needed(name) && self::value(copy, name).ok().as_ref() != Some(&value) => {
                return Err(refused_attribute(name, refused));
            }
            _ => (),
        }
    }
    for name in there.iter().filter(|name| *name == INHERITED && !wanted.contains(name)) {
        fremovexattr(copy, &name[..])?;
    }
    Ok(())
}

/// The others, as `btrfs.compression`, are about the disk and not about the file.
fn is_needed(name: &[u8]) -> bool {
    [&b"user."[..], b"security.", b"system."].iter().any(|space| name.starts_with(space))
}

fn refused_attribute(name: &[u8], why: Errno) -> io::Error {
    let why = io::Error::from(why);
    io::Error::new(why.kind(), format!("extended attribute `{}`: {why}", name.escape_ascii()))
}

/// The names of the attributes of a file.
fn names(file: BorrowedFd<'_>) -> io::Result<Vec<Vec<u8>>> {
    let mut list = vec![0; MOST_BYTES];
    let length = match flistxattr(file, &mut list[..]) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => 0,
        other => other?,
    };
    list.truncate(length);
    Ok(list.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect())
}

fn value(file: BorrowedFd<'_>, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0; MOST_BYTES];
    let length = fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}
