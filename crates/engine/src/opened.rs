//! An open file as a decoder wants it: buffered, seekable without losing the buffer, and counted.

use std::{
    fs::File,
    io::{self, BufRead, Read, Seek, SeekFrom},
    os::unix::fs::FileExt,
};

use pixtwin_decode::Source;

use crate::progress::Progress;

/// The largest window that reading on leads to.
const MOST_WINDOW_BYTES: usize = 256 << 10;

/// A file and a window on it. Seeking within the window costs nothing, and no read ever moves the file's own cursor.
pub(crate) struct Opened<'a> {
    file: &'a File,
    file_bytes: u64,
    window: Vec<u8>,
    /// How much the first read takes; each that follows on from one takes twice as much, as far as
    /// [`MOST_WINDOW_BYTES`].
    first_bytes: usize,
    capacity: usize,
    window_offset: u64,
    position: u64,
    progress: &'a Progress,
}

impl<'a> Opened<'a> {
    /// Reads `file`, which is `file_bytes` long, through a window of `first_bytes` at first.
    pub(crate) fn new(file: &'a File, file_bytes: u64, first_bytes: usize, progress: &'a Progress) -> Self {
        let (window, capacity) = (Vec::new(), first_bytes);
        Self { file, file_bytes, window, first_bytes, capacity, window_offset: 0, position: 0, progress }
    }

    fn buffered(&self) -> &[u8] {
        let from = self.position.checked_sub(self.window_offset).and_then(|from| usize::try_from(from).ok());
        from.and_then(|from| self.window.get(from..)).unwrap_or_default()
    }

    fn read_direct(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = read_at(self.file, into, self.position)?;
        self.progress.add_bytes(read as u64);
        Ok(read)
    }
}

fn read_at(file: &File, into: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(into, offset) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Reads a whole file of `file_bytes` into `into`, which is emptied first. What it finds if the file has grown or
/// shrunk meanwhile is for the caller to notice by its identity.
pub(crate) fn read_whole(file: &File, file_bytes: u64, into: &mut Vec<u8>, progress: &Progress) -> io::Result<()> {
    into.clear();
    into.resize(usize::try_from(file_bytes).unwrap_or(usize::MAX), 0);
    let mut filled = 0;
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read_at(file, rest, filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    into.truncate(filled);
    progress.add_bytes(filled as u64);
    Ok(())
}

impl Read for Opened<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() && into.len() >= self.capacity {
            let read = self.read_direct(into)?;
            self.position += read as u64;
            return Ok(read);
        }
        let mut buffered = self.fill_buf()?;
        let read = buffered.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Opened<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty() {
            let mut window = std::mem::take(&mut self.window);
            let follows_on = !window.is_empty() && self.position == self.window_offset + window.len() as u64;
            self.capacity = match follows_on {
                true => self.capacity.saturating_mul(2).min(MOST_WINDOW_BYTES.max(self.first_bytes)),
                false => self.first_bytes,
            };
            window.resize(self.capacity, 0);
            let read = self.read_direct(&mut window)?;
            window.truncate(read);
            (self.window, self.window_offset) = (window, self.position);
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, taken: usize) {
        self.position += taken as u64;
    }
}

impl Seek for Opened<'_> {
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

impl Source for Opened<'_> {
    fn byte_len(&self) -> u64 {
        self.file_bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the window, reads and seeks give what a plain file gives.
        #[test]
        fn reads_as_a_plain_file(capacity in 1_usize..40, steps in prop::collection::vec((0_u64..120, 0_usize..50), 1..30)) {
            let bytes: Vec<u8> = (0..100).collect();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            let progress = Progress::default();
            let mut opened = Opened::new(&file, 100, capacity, &progress);
            let mut plain = io::Cursor::new(&bytes);
            for (offset, len) in steps {
                prop_assert_eq!(opened.seek(SeekFrom::Start(offset)).unwrap(), offset);
                plain.set_position(offset);
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                opened.by_ref().take(len as u64).read_to_end(&mut ours).unwrap();
                plain.by_ref().take(len as u64).read_to_end(&mut theirs).unwrap();
                prop_assert_eq!(ours, theirs);
                prop_assert_eq!(opened.stream_position().unwrap(), plain.position());
            }
        }
    }
}
