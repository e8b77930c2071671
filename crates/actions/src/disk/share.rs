//! Blocks that files share: `FIDEDUPERANGE` and `FS_IOC_FIEMAP`, the calls of the system that have no safe form.
#![allow(unsafe_code, reason = "an `ioctl` reads and writes what its argument points to")]

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use rustix::{
    io::Errno,
    ioctl::{Direction, Opcode, Updater, ioctl, opcode},
};

/// As much as one call takes at most on the file systems that have it (`man ioctl_fideduperange`).
const CHUNK_BYTES: u64 = 16 << 20;
/// `_IOWR(0x94, 54, struct file_dedupe_range)` of `linux/fs.h`; the structure has 24 bytes without its array.
const FIDEDUPERANGE: Opcode = opcode::from_components(Direction::ReadWrite, 0x94, 54, 24);
/// `FILE_DEDUPE_RANGE_SAME` of `linux/fs.h`.
const SAME: i32 = 0;
/// `FILE_DEDUPE_RANGE_DIFFERS` of `linux/fs.h`.
const DIFFERS: i32 = 1;

/// `struct file_dedupe_range` of `linux/fs.h` with an array of one, `struct file_dedupe_range_info`.
#[repr(C)]
#[derive(Default)]
struct Range {
    src_offset: u64,
    src_length: u64,
    dest_count: u16,
    reserved1: u16,
    reserved2: u32,
    dest_fd: i64,
    dest_offset: u64,
    bytes_deduped: u64,
    status: i32,
    reserved: u32,
}

/// Lets `victim` use the blocks of `keeper`. Both have that length, which is looked at by the caller.
pub(super) fn share_all(keeper: BorrowedFd<'_>, victim: BorrowedFd<'_>, bytes: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes {
        let asked = CHUNK_BYTES.min(bytes - done);
        match share_range(keeper, victim, done, asked)? {
            0 => return Err(io::Error::other("the file system shares no blocks of these files")),
            shared => done += shared.min(asked),
        }
    }
    Ok(())
}

/// How many bytes from there on are shared now.
fn share_range(keeper: BorrowedFd<'_>, victim: BorrowedFd<'_>, offset: u64, bytes: u64) -> io::Result<u64> {
    let mut range = Range {
        src_offset: offset,
        src_length: bytes,
        dest_count: 1,
        dest_fd: victim.as_raw_fd().into(),
        dest_offset: offset,
        ..Range::default()
    };
    // SAFETY: the number of the call belongs to the structure, which is laid out as the header has it and says that one
    // element follows. The system writes to that element alone, and keeps no pointer. Both files are open until it returns.
    unsafe { ioctl(keeper.as_fd(), Updater::<FIDEDUPERANGE, Range>::new(&mut range)) }?;
    match range.status {
        SAME => Ok(range.bytes_deduped),
        DIFFERS => Err(io::Error::new(io::ErrorKind::InvalidData, "the files differ")),
        code => Err(Errno::from_raw_os_error(code.wrapping_neg()).into()),
    }
}

/// `_IOWR('f', 11, struct fiemap)` of `linux/fs.h`; the structure has 32 bytes without its array.
const FIEMAP: Opcode = opcode::from_components(Direction::ReadWrite, b'f', 11, 32);
/// `FIEMAP_EXTENT_LAST` of `linux/fiemap.h`.
const LAST: u32 = 0x1;
/// `FIEMAP_EXTENT_SHARED` of `linux/fiemap.h`.
const SHARED: u32 = 0x2000;
/// As many pieces of a file are asked for at once.
const EXTENTS_AT_ONCE: u32 = 64;
/// So often more of them are asked for.
const MOST_CALLS: usize = 1024;

/// `struct fiemap` of `linux/fiemap.h` with an array of that length.
#[repr(C)]
#[derive(Clone, Copy)]
struct Map {
    start: u64,
    length: u64,
    flags: u32,
    mapped_extents: u32,
    extent_count: u32,
    reserved: u32,
    extents: [Extent; EXTENTS_AT_ONCE as usize],
}

/// `struct fiemap_extent` of `linux/fiemap.h`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Extent {
    logical: u64,
    physical: u64,
    length: u64,
    reserved64: [u64; 2],
    flags: u32,
    reserved: [u32; 3],
}

/// How many of the bytes of a file of that length lie in blocks that it has for itself. What the file system does not
/// tell counts as its own. What is not yet on the disk may be told as it was before; it is not worth a write to know better.
pub(super) fn own_bytes(file: BorrowedFd<'_>, bytes: u64) -> u64 {
    let mut own = bytes;
    let mut from = 0;
    for _ in 0..MOST_CALLS {
        let Ok(extents) = extents(file, from, bytes) else { break };
        for extent in &extents {
            let end = extent.logical.saturating_add(extent.length).min(bytes);
            if extent.flags & SHARED != 0 {
                own = own.saturating_sub(end.saturating_sub(extent.logical.max(from)));
            }
            from = from.max(end);
        }
        if from >= bytes || extents.last().is_none_or(|extent| extent.flags & LAST != 0) {
            break;
        }
    }
    own
}

/// The next pieces of the file, from there to its end.
fn extents(file: BorrowedFd<'_>, start: u64, bytes: u64) -> io::Result<Vec<Extent>> {
    let mut map = Map {
        start,
        length: bytes.saturating_sub(start),
        flags: 0,
        mapped_extents: 0,
        extent_count: EXTENTS_AT_ONCE,
        reserved: 0,
        extents: [Extent::default(); EXTENTS_AT_ONCE as usize],
    };
    // SAFETY: the number of the call belongs to the structure, which is laid out as the header has it and says how many
    // elements follow. The system writes to no more than these, and keeps no pointer. The file is open until it returns.
    unsafe { ioctl(file, Updater::<FIEMAP, Map>::new(&mut map)) }?;
    Ok(map.extents.into_iter().take(map.mapped_extents as usize).collect())
}

#[cfg(test)]
mod tests;
