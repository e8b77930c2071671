//! The chunks of a WebP file: which of them make pixels, and where they lie.

use std::io::{Read, SeekFrom};

use crate::{Error, Source};

/// A chunk's name and where its content lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) name: [u8; 4],
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// Goes through the chunks between two offsets.
pub(super) struct Chunks {
    at: u64,
    end: u64,
}

/// One picture: the bitstream and, for a lossy one, perhaps its alpha.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) lossless: bool,
    pub(super) has_alpha: bool,
    pub(super) bitstream: Chunk,
    pub(super) alpha: Option<Chunk>,
}

/// What follows the RIFF header.
pub(super) enum Layout {
    /// One picture.
    Still(Image),
    /// A canvas of that size; the chunks that hold its frames.
    Animation { width: u32, height: u32, chunks: Chunks },
}

/// Checks the RIFF header and gives the chunks that it says there are.
pub(super) fn open(source: &mut dyn Source) -> Result<Chunks, Error> {
    let head: [u8; 12] = read_at(source, 0)?;
    let [b'R', b'I', b'F', b'F', l0, l1, l2, l3, b'W', b'E', b'B', b'P'] = head else {
        return Err(Error::corrupt("the file does not begin with a WebP signature"));
    };
    let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
    let end = len + 8;
    if end > source.byte_len() {
        return Err(Error::corrupt(format!("the file has {} of its {end} bytes", source.byte_len())));
    }
    Ok(Chunks { at: 12, end })
}

/// The chunks of a file of that layout, as far as the first frame.
pub(super) fn layout(source: &mut dyn Source) -> Result<Layout, Error> {
    let mut chunks = open(source)?;
    let start = chunks.at;
    let Some(first) = chunks.next(source)? else {
        return Err(no_picture());
    };
    if first.name != *b"VP8X" {
        return Ok(Layout::Still(image(source, &mut Chunks { at: start, end: chunks.end })?));
    }
    if first.len < 10 {
        return Err(Error::corrupt("the VP8X chunk is cut short"));
    }
    let [flags, _, _, _, w0, w1, w2, h0, h1, h2]: [u8; 10] = read_at(source, first.offset)?;
    let (width, height) = (u32::from_le_bytes([w0, w1, w2, 0]) + 1, u32::from_le_bytes([h0, h1, h2, 0]) + 1);
    if flags & 2 != 0 {
        return Ok(Layout::Animation { width, height, chunks });
    }
    let image = image(source, &mut chunks)?;
    if (image.width, image.height) != (width, height) {
        return Err(Error::corrupt(format!(
            "the canvas has {width} x {height} pixels and the picture in it {} x {}",
            image.width, image.height
        )));
    }
    Ok(Layout::Still(image))
}

/// The first picture among the chunks.
pub(super) fn image(source: &mut dyn Source, chunks: &mut Chunks) -> Result<Image, Error> {
    let mut alpha = None;
    while let Some(chunk) = chunks.next(source)? {
        match &chunk.name {
            b"ALPH" if alpha.is_none() => alpha = Some(chunk),
            b"VP8 " => return lossy(source, chunk, alpha),
            b"VP8L" => return lossless(source, chunk),
            _ => {}
        }
    }
    Err(no_picture())
}

fn lossy(source: &mut dyn Source, chunk: Chunk, alpha: Option<Chunk>) -> Result<Image, Error> {
    if chunk.len < 10 {
        return Err(Error::corrupt("the VP8 chunk is cut short"));
    }
    let [tag, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1]: [u8; 10] = read_at(source, chunk.offset)? else {
        return Err(Error::corrupt("the VP8 chunk has no start code"));
    };
    // Bit 0 is clear in a key frame; bit 4 is set if it is to be shown.
    if tag & 0x11 != 0x10 {
        return Err(Error::corrupt("the VP8 chunk holds no frame that can be shown by itself"));
    }
    let width = u32::from(u16::from_le_bytes([w0, w1]) & 0x3fff);
    let height = u32::from(u16::from_le_bytes([h0, h1]) & 0x3fff);
    if width == 0 || height == 0 {
        return Err(Error::corrupt(format!("the VP8 chunk says {width} x {height} pixels")));
    }
    Ok(Image { width, height, lossless: false, has_alpha: alpha.is_some(), bitstream: chunk, alpha })
}

fn lossless(source: &mut dyn Source, chunk: Chunk) -> Result<Image, Error> {
    if chunk.len < 5 {
        return Err(Error::corrupt("the VP8L chunk is cut short"));
    }
    let [0x2f, b0, b1, b2, b3]: [u8; 5] = read_at(source, chunk.offset)? else {
        return Err(Error::corrupt("the VP8L chunk has no signature"));
    };
    let bits = u32::from_le_bytes([b0, b1, b2, b3]);
    if bits >> 29 != 0 {
        return Err(Error::unsupported(format!("lossless WebP of version {}", bits >> 29)));
    }
    let (width, height) = ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
    Ok(Image { width, height, lossless: true, has_alpha: bits >> 28 & 1 != 0, bitstream: chunk, alpha: None })
}

impl Chunks {
    /// Those inside of a chunk, after its own fields.
    pub(super) const fn within(chunk: Chunk, fields: u64) -> Self {
        Self { at: chunk.offset + fields, end: chunk.offset + chunk.len }
    }

    /// Where the last byte of the last chunk is followed by something else.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn next(&mut self, source: &mut dyn Source) -> Result<Option<Chunk>, Error> {
        // Fewer bytes than a chunk's head are padding.
        if self.at + 8 > self.end {
            return Ok(None);
        }
        let [a, b, c, d, l0, l1, l2, l3]: [u8; 8] = read_at(source, self.at)?;
        let chunk =
            Chunk { name: [a, b, c, d], offset: self.at + 8, len: u64::from(u32::from_le_bytes([l0, l1, l2, l3])) };
        if chunk.offset + chunk.len > self.end {
            let name = [a, b, c, d].escape_ascii().to_string();
            return Err(Error::corrupt(format!("the chunk `{name}` goes beyond the end of the file")));
        }
        self.at = chunk.offset + chunk.len + (chunk.len & 1);
        Ok(Some(chunk))
    }
}

/// Exactly `N` bytes at `offset`; nearby bytes come from the buffer.
pub(super) fn read_at<const N: usize>(source: &mut dyn Source, offset: u64) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    seek(source, offset)?;
    source.read_exact(&mut bytes).map_err(|cause| Error::reading(cause, "a chunk"))?;
    Ok(bytes)
}

/// The whole content of a chunk.
pub(super) fn read(source: &mut dyn Source, chunk: Chunk) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    append(source, chunk, &mut bytes)?;
    Ok(bytes)
}

/// Appends the content of a chunk, which is known to lie within the file.
pub(super) fn append(source: &mut dyn Source, chunk: Chunk, to: &mut Vec<u8>) -> Result<(), Error> {
    seek(source, chunk.offset)?;
    to.reserve_exact(usize::try_from(chunk.len).unwrap_or(0));
    let got = (&mut *source).take(chunk.len).read_to_end(to)?;
    if got as u64 == chunk.len { Ok(()) } else { Err(Error::corrupt("the file ends within a chunk")) }
}

fn seek(source: &mut dyn Source, offset: u64) -> Result<(), Error> {
    let here = source.stream_position()?;
    match i64::try_from(offset).ok().zip(i64::try_from(here).ok()) {
        Some((offset, here)) => source.seek_relative(offset - here)?,
        None => {
            source.seek(SeekFrom::Start(offset))?;
        }
    }
    Ok(())
}

fn no_picture() -> Error {
    Error::corrupt("the file holds no picture")
}
