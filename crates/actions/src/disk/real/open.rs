//! Opens folders and files without following a symbolic link.

use std::{
    ffi::OsStr,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Component, Path},
};

use rustix::{
    fs::{CWD, Mode, OFlags, ResolveFlags},
    io::Errno,
};

use super::{regular as if_regular, state};

/// How every file is opened: no link is followed, nothing is waited for, no terminal is taken, no child gets it.
pub(super) const CAREFUL: OFlags =
    OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a folder by its absolute path; no part of it may be a symbolic link.
pub(super) fn folder(path: &Path) -> io::Result<OwnedFd> {
    let mut parts = path.components();
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if parts.next() != Some(Component::RootDir) || !parts.all(is_plain) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path without `..`"));
    }
    let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match rustix::fs::openat2(CWD, path, OFlags::RDONLY | FOLDER, Mode::empty(), resolve) {
        // Linux before 5.6, a filter of system calls, or a path that is too long in one piece.
        Err(Errno::NOSYS | Errno::PERM | Errno::NAMETOOLONG) => walk(path),
        other => Ok(other?),
    }
}

/// As [`folder`], one folder after the other.
pub(super) fn walk(path: &Path) -> io::Result<OwnedFd> {
    let mut names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    let last = names.next_back();
    let above = rustix::fs::open("/", OFlags::PATH | FOLDER, Mode::empty())?;
    let above =
        names.try_fold(above, |folder, name| rustix::fs::openat(folder, name, OFlags::PATH | FOLDER, Mode::empty()))?;
    Ok(rustix::fs::openat(above, last.unwrap_or(OsStr::new(".")), OFlags::RDONLY | FOLDER, Mode::empty())?)
}

/// Opens a regular file to read it, so that nobody sees that it was read, where the system allows that.
pub(super) fn to_read(folder: BorrowedFd<'_>, name: &OsStr) -> io::Result<OwnedFd> {
    match regular(folder, name, OFlags::RDONLY | OFlags::NOATIME) {
        // Another's file.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => regular(folder, name, OFlags::RDONLY),
        other => other,
    }
}

/// Opens a regular file. Looks before as well, for a device may act on being opened.
pub(super) fn regular(folder: BorrowedFd<'_>, name: &OsStr, how: OFlags) -> io::Result<OwnedFd> {
    let seen = state::of_name(folder, name)?.ok_or(Errno::NOENT)?;
    if_regular(seen)?;
    let file = rustix::fs::openat(folder, name, how | CAREFUL, Mode::empty())?;
    if_regular(state::of_open(file.as_fd())?)?;
    Ok(file)
}
