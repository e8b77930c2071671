//! Lets two equal files use the same blocks: `FIDEDUPERANGE`, the one call of the system that has no safe form.
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
