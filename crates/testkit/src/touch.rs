//! Changes of files for which the standard library has no call.

use std::{
    fs::File,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime},
};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, Timespec, Timestamps, UTIME_OMIT, XattrFlags, open, renameat_with,
    setxattr, utimensat,
};

/// Sets the time of modification; of a link, that of the link.
///
/// # Errors
/// Of the system.
pub fn set_modified(path: &Path, modified: SystemTime) -> std::io::Result<()> {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let time = |nanoseconds| Timespec { tv_sec: since.as_secs().cast_signed(), tv_nsec: nanoseconds };
    let times = Timestamps { last_access: time(UTIME_OMIT), last_modification: time(since.subsec_nanos().into()) };
    Ok(utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW)?)
}

/// Opens a file to read and write it, if it is no link and has no further name: what is written changes no other one.
///
/// # Errors
/// Of the system, or if it has.
pub fn open_alone(path: &Path) -> std::io::Result<File> {
    let file = File::from(open(path, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?);
    if file.metadata()?.nlink() == 1 { Ok(file) } else { Err(std::io::ErrorKind::AlreadyExists.into()) }
}

/// Gives a file an extended attribute, as `user.comment`.
pub fn set_attribute(path: &Path, name: &str, value: &[u8]) {
    setxattr(path, name, value, XattrFlags::empty()).unwrap();
}

/// Exchanges what two names lead to, at once.
///
/// # Errors
/// Of the system.
pub fn exchange(one: &Path, other: &Path) -> std::io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Gives a file another name, if that is free.
///
/// # Errors
/// Of the system.
pub fn rename_if_free(from: &Path, to: &Path) -> std::io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}
