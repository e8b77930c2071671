//! Where the bytes of a picture come from.

use std::io::{BufRead, Cursor, Seek, SeekFrom};

use crate::Error;

/// The bytes of one file: buffered and seekable, positioned anywhere when a codec gets it.
pub trait Source: BufRead + Seek {
    /// Length of the file in bytes.
    fn byte_len(&self) -> u64;

    /// The whole file, where it is already in memory.
    fn in_memory(&self) -> Option<&[u8]> {
        None
    }
}

/// A file that was read into memory.
pub type InMemory<'a> = Cursor<&'a [u8]>;

impl Source for InMemory<'_> {
    fn byte_len(&self) -> u64 {
        self.get_ref().len() as u64
    }

    fn in_memory(&self) -> Option<&[u8]> {
        Some(self.get_ref())
    }
}

/// Exactly `N` bytes at `offset`; `what` is named if the file ends before.
pub(crate) fn read_at<const N: usize>(source: &mut dyn Source, offset: u64, what: &str) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    source.seek(SeekFrom::Start(offset))?;
    source.read_exact(&mut bytes).map_err(|cause| Error::reading(cause, what))?;
    Ok(bytes)
}

/// Feeds `len` bytes from `offset` on to `take`, in pieces.
pub(crate) fn feed(
    source: &mut dyn Source,
    offset: u64,
    len: u64,
    what: &str,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), Error> {
    source.seek(SeekFrom::Start(offset))?;
    let mut left = len;
    while left > 0 {
        let piece = source.fill_buf()?;
        if piece.is_empty() {
            return Err(Error::corrupt(format!("the file ends within {what}")));
        }
        let taken = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        take(piece.get(..taken).unwrap_or_default());
        source.consume(taken);
        left -= taken as u64;
    }
    Ok(())
}

/// The hash of `len` bytes from `offset` on.
pub(crate) fn hash_of(source: &mut dyn Source, offset: u64, len: u64, what: &str) -> Result<blake3::Hash, Error> {
    let mut hasher = blake3::Hasher::new();
    feed(source, offset, len, what, &mut |piece| {
        hasher.update(piece);
    })?;
    Ok(hasher.finalize())
}
