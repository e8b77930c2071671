//! The boxes of a JPEG XL file.

use super::is_bare;
use crate::{
    Error, Limits, Source,
    codec::charge,
    source::{feed, read_at},
};

/// Metadata longer than this is refused: nothing real comes near.
pub(super) const LONGEST_BOX: u64 = 64 << 20;

/// More boxes than this are refused.
const MOST_BOXES: usize = 1 << 16;

/// A box that is no part of the codestream.
pub(super) struct Part {
    pub(super) name: [u8; 4],
    offset: u64,
    len: u64,
}

impl Part {
    pub(super) fn content(&self, source: &mut dyn Source) -> Result<Vec<u8>, Error> {
        charge(self.len, Limits { memory_bytes: LONGEST_BOX })?;
        let mut content = Vec::new();
        feed(source, self.offset, self.len, "a box", &mut |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }
}

/// The boxes of a file that has them.
#[derive(Default)]
pub(super) struct Container {
    /// Offset and length of the pieces of the codestream, in order.
    pub(super) codestream: Vec<(u64, u64)>,
    pub(super) others: Vec<Part>,
    is_complete: bool,
}

impl Container {
    /// Reads the box headers of the whole file; every box must end within it, and the codestream must be complete.
    /// `None` if the file is a bare codestream.
    pub(super) fn survey(source: &mut dyn Source) -> Result<Option<Self>, Error> {
        if is_bare(source)? {
            return Ok(None);
        }
        let mut container = Self::default();
        let file_bytes = source.byte_len();
        let mut at = 0;
        while at < file_bytes {
            at = container.enter(source, at, file_bytes)?;
            if container.codestream.len() + container.others.len() > MOST_BOXES {
                return Err(Error::unsupported(format!("JPEG XL of more than {MOST_BOXES} boxes")));
            }
        }
        if !container.is_complete {
            return Err(Error::corrupt("the codestream has no last box"));
        }
        Ok(Some(container))
    }

    /// Takes the box at `at` and says where the next begins.
    fn enter(&mut self, source: &mut dyn Source, at: u64, file_bytes: u64) -> Result<u64, Error> {
        let [s0, s1, s2, s3, name @ ..] = read_at::<8>(source, at, "a box")?;
        let (header_bytes, box_bytes) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (8, file_bytes - at),
            1 => (16, u64::from_be_bytes(read_at(source, at + 8, "a box")?)),
            bytes => (8, u64::from(bytes)),
        };
        let end = at.checked_add(box_bytes).filter(|end| *end <= file_bytes && box_bytes >= header_bytes);
        let shown = name.escape_ascii();
        let Some(end) = end else {
            return Err(Error::corrupt(format!("box `{shown}` of {box_bytes} bytes does not fit into the file")));
        };
        let (offset, len) = (at + header_bytes, box_bytes - header_bytes);
        if self.is_complete && matches!(&name, b"jxlc" | b"jxlp") {
            return Err(Error::corrupt("a box of the codestream follows its last one"));
        }
        match &name {
            b"jxlc" if self.codestream.is_empty() => {
                self.codestream.push((offset, len));
                self.is_complete = true;
            }
            b"jxlp" if len >= 4 => {
                let number = u32::from_be_bytes(read_at(source, offset, "a box")?);
                if usize::try_from(number & 0x7fff_ffff).ok() != Some(self.codestream.len()) {
                    return Err(Error::unsupported("JPEG XL with its boxes out of order"));
                }
                self.codestream.push((offset + 4, len - 4));
                self.is_complete = number >> 31 == 1;
            }
            b"jxlc" | b"jxlp" => return Err(Error::corrupt(format!("box `{shown}` is out of place"))),
            _ => self.others.push(Part { name, offset, len }),
        }
        Ok(end)
    }
}
