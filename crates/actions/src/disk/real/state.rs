//! What a name or an open file is: `statx`.

use std::{ffi::OsStr, io, os::fd::BorrowedFd};

use rustix::{
    fs::{AtFlags, FileType, Statx, StatxFlags, StatxTimestamp, makedev, statx},
    io::Errno,
};

use crate::disk::{Identity, Kind, State};

/// `STATX_MNT_ID_UNIQUE` of `linux/stat.h` (since Linux 6.8): a number that is never given to another mount.
const MNT_ID_UNIQUE: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// What the name leads to; a symbolic link leads nowhere.
pub(super) fn of_name(folder: BorrowedFd<'_>, name: &OsStr) -> io::Result<Option<State>> {
    match ask(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => Ok(None),
        other => Ok(Some(state(&other?))),
    }
}

/// What an open file or folder is.
pub(super) fn of_open(file: BorrowedFd<'_>) -> io::Result<State> {
    Ok(state(&ask(file, OsStr::new(""), AtFlags::EMPTY_PATH)?))
}

/// When an open file was last read, and last changed.
pub(super) fn times(file: BorrowedFd<'_>) -> io::Result<(StatxTimestamp, StatxTimestamp)> {
    let seen = ask(file, OsStr::new(""), AtFlags::EMPTY_PATH)?;
    Ok((seen.stx_atime, seen.stx_mtime))
}

fn ask(file: BorrowedFd<'_>, name: &OsStr, flags: AtFlags) -> Result<Statx, Errno> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID | MNT_ID_UNIQUE;
    statx(file, name, flags | AtFlags::NO_AUTOMOUNT, wanted)
}

fn state(seen: &Statx) -> State {
    let device = makedev(seen.stx_dev_major, seen.stx_dev_minor);
    let known = StatxFlags::from_bits_retain(seen.stx_mask);
    State {
        kind: match FileType::from_raw_mode(seen.stx_mode.into()) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Symlink,
            _ => Kind::Other,
        },
        identity: Identity {
            device,
            inode: seen.stx_ino,
            bytes: seen.stx_size,
            modified_ns: nanoseconds(seen.stx_mtime),
            changed_ns: nanoseconds(seen.stx_ctime),
        },
        names: seen.stx_nlink.into(),
        mode: u32::from(seen.stx_mode) & 0o7777,
        owner: (seen.stx_uid, seen.stx_gid),
        // Linux before 5.8 does not say.
        mount: if known.intersects(StatxFlags::MNT_ID | MNT_ID_UNIQUE) { seen.stx_mnt_id } else { device },
    }
}

fn nanoseconds(time: StatxTimestamp) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec.into())
}
