//! A part of a file, seen as a file of its own.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use crate::Source;

/// The bytes of `source` from `start` on, `len` of them.
pub(super) struct Window<'a> {
    source: &'a mut dyn Source,
    start: u64,
    len: u64,
    at: u64,
    /// Whether the source stands where `at` says.
    is_placed: bool,
}

impl<'a> Window<'a> {
    pub(super) const fn new(source: &'a mut dyn Source, start: u64, len: u64) -> Self {
        Self { source, start, len, at: 0, is_placed: false }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut piece = self.fill_buf()?;
        let read = piece.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.len.saturating_sub(self.at);
        if left == 0 {
            return Ok(&[]);
        }
        if !self.is_placed {
            self.source.seek(SeekFrom::Start(self.start + self.at))?;
            self.is_placed = true;
        }
        let piece = self.source.fill_buf()?;
        let len = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        Ok(piece.get(..len).unwrap_or(piece))
    }

    fn consume(&mut self, len: usize) {
        self.source.consume(len);
        self.at += len as u64;
    }
}

impl Seek for Window<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
        };
        let at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.is_placed &= at == self.at;
        self.at = at;
        Ok(at)
    }

    fn stream_position(&mut self) -> io::Result<u64> {
        Ok(self.at)
    }
}

impl Source for Window<'_> {
    fn byte_len(&self) -> u64 {
        self.len
    }

    fn in_memory(&self) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.len).ok()?)?;
        self.source.in_memory()?.get(start..end)
    }
}
