//! PNG and APNG.
//!
//! Source: PNG specification, third edition (W3C, 2025), which includes APNG.
//!
//! The rows of a still picture that is not interlaced are inflated one by one. Where decoders differ on a file that
//! breaks the rules, libpng's pixels count if it gives some without calling the data damaged; but every checksum must
//! be right, except, as in libpng, those of known chunks that no pixel depends on; all of the zlib stream must be there,
//! and IEND end the file. Bytes of image data behind the last row belong to no pixel and do not count.

mod chunk;

mod ihdr;

mod parts;

mod filter;

mod scanline;

mod expand;

mod rows;

mod animation;

mod payload;

mod metadata;

use std::io::SeekFrom;

use pixtwin_pixel::{Depth, RowSink};

use self::{
    chunk::{Chunk, SIGNATURE},
    ihdr::Ihdr,
};
use crate::{Error, FirstRows, Header, Limits, Metadata, Source, codec::Codec};

/// PNG and APNG.
pub(crate) struct Png;

impl Codec for Png {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let ihdr = read_ihdr(source)?;
        let still = header_of(&ihdr);
        let whole_bytes = animation::cost(&ihdr);
        Ok(match look(source)? {
            Look::Still => still,
            Look::Animated => Header { whole_bytes, ..still },
            Look::Unclear => Header { whole_bytes, head_bytes: whole_bytes, first_rows: FirstRows::Whole, ..still },
        })
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        rows::decode(source, depth, limits, rows::Motion::Animated, sink)
    }

    fn can_go_on(&self) -> bool {
        true
    }

    fn payload(&self, source: &mut dyn Source, _limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        payload::feed(source, rows::Motion::Animated, take)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        metadata::read(source)
    }
}

/// The header of a PNG of which only the image data counts, not an animation: one inside an icon.
pub(crate) fn still_header(source: &mut dyn Source) -> Result<Header, Error> {
    Ok(header_of(&read_ihdr(source)?))
}

/// Feeds what the pixels of [`still_rows`] depend on.
pub(crate) fn still_payload(source: &mut dyn Source, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    payload::feed(source, rows::Motion::Still, take)
}

/// Decodes the image data of a PNG, not its animation.
pub(crate) fn still_rows(
    source: &mut dyn Source,
    depth: Depth,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    rows::decode(source, depth, limits, rows::Motion::Still, sink)
}

/// The header of a still picture.
fn header_of(ihdr: &Ihdr) -> Header {
    let bytes = rows::cost(ihdr);
    let Ihdr { width, height, .. } = *ihdr;
    Header {
        width,
        height,
        whole_bytes: bytes,
        head_bytes: bytes,
        first_rows: FirstRows::cheap_if(!ihdr.is_interlaced),
    }
}

fn read_ihdr(source: &mut dyn Source) -> Result<Ihdr, Error> {
    let mut start = [0; 33];
    source.seek(SeekFrom::Start(0))?;
    source.read_exact(&mut start).map_err(|cause| Error::reading(cause, "the header"))?;
    let [s0, s1, s2, s3, s4, s5, s6, s7, h0, h1, h2, h3, h4, h5, h6, h7, body @ .., c0, c1, c2, c3] = start;
    if [s0, s1, s2, s3, s4, s5, s6, s7] != *SIGNATURE {
        return Err(Error::corrupt("the PNG signature is missing"));
    }
    let chunk = Chunk::parse([h0, h1, h2, h3, h4, h5, h6, h7])?;
    parts::check_first(chunk)?;
    let mut crc = crc32fast::Hasher::new();
    crc.update(&chunk.kind);
    crc.update(&body);
    if chunk.len != 13 || u32::from_be_bytes([c0, c1, c2, c3]) != crc.finalize() {
        return Err(Error::corrupt("the checksum of the IHDR chunk is wrong"));
    }
    Ihdr::parse(body)
}

/// How many chunks before the image data are looked at for the sign of an animation.
const HEADS: usize = 64;

/// What the chunks before the image data say of an animation.
enum Look {
    Still,
    /// Its first frame is the image data, whose rows can be given without a canvas.
    Animated,
    /// The image data is no frame, or it was not found: the first frame may be a piece that has to be composed.
    Unclear,
}

/// Looks for acTL, and behind it fcTL, before IDAT. The source stands behind IHDR.
fn look(source: &mut dyn Source) -> Result<Look, Error> {
    let mut is_animated = false;
    for _ in 0..HEADS {
        let mut head = [0; 8];
        if source.read_exact(&mut head).is_err() {
            return Ok(if is_animated { Look::Unclear } else { Look::Still });
        }
        let chunk = Chunk::parse(head)?;
        match &chunk.kind {
            b"acTL" => is_animated = true,
            b"fcTL" if is_animated => return Ok(Look::Animated),
            b"IDAT" | b"IEND" => return Ok(if is_animated { Look::Unclear } else { Look::Still }),
            _ => {}
        }
        let rest = chunk.len as usize + 4;
        // What is in the buffer anyway is passed over without a system call.
        if source.fill_buf()?.len() > rest {
            source.consume(rest);
        } else {
            source.seek(SeekFrom::Current(rest as i64))?;
        }
    }
    Ok(Look::Unclear)
}

#[cfg(test)]
mod tests;
