//! A large file as a decoder wants it, read in pieces.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom},
    os::fd::OwnedFd,
};

use pixtwin_decode::Source;
use rustix::io::pread;

/// How much is read at once where a decoder reads on.
const PIECE_BYTES: usize = 32 << 10;

/// A file whose first bytes are there already.
pub(crate) struct Window<'a> {
    fd: &'a OwnedFd,
    file_bytes: u64,
    /// The first bytes of the file, then any piece of it.
    held: Vec<u8>,
    held_from: u64,
    position: u64,
    /// What was read beside the first bytes.
    pub(crate) bytes_read: u64,
}

impl<'a> Window<'a> {
    /// A file of `file_bytes` that begins with `start`.
    pub(crate) fn new(fd: &'a OwnedFd, file_bytes: u64, start: &[u8]) -> Self {
        Self { fd, file_bytes, held: start.to_vec(), held_from: 0, position: 0, bytes_read: 0 }
    }

    fn buffered(&self) -> &[u8] {
        let from = self.position.checked_sub(self.held_from).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.held.get(from..)).unwrap_or_default()
    }
}

impl Read for Window<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut buffered = self.fill_buf()?;
        let read = buffered.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty() {
            self.held.resize(PIECE_BYTES, 0);
            let read = pread(self.fd, &mut self.held[..], self.position)?;
            self.held.truncate(read);
            self.held_from = self.position;
            self.bytes_read += read as u64;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, taken: usize) {
        self.position += taken as u64;
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.file_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

impl Source for Window<'_> {
    fn byte_len(&self) -> u64 {
        self.file_bytes
    }
}
