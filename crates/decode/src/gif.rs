//! GIF: stills and animations, composed onto the canvas as browsers do.
//!
//! The block structure is read here, the LZW codes by `weezl`. Where the specification leaves a choice:
//! - the canvas is the logical screen, grown to hold the first picture where that reaches beyond it (as Pillow does);
//!   later pictures are clipped to it;
//! - what no picture has covered, and what is disposed of to the background, is transparent black, as in browsers:
//!   the background colour of the header is not used;
//! - the first picture is copied with the colours its transparent pixels have in the palette; later ones draw their
//!   opaque pixels only;
//! - a first picture that is undone after it was shown (disposal `previous`) leaves a transparent canvas;
//! - an index beyond the palette is opaque black, as in Pillow; a picture without any palette is not read;
//! - a still whose picture leaves margins may not be larger than the memory limit, though its margins need none;
//! - a file must end with its trailer, and every picture must have all of its pixels.

mod blocks;

mod lzw;

mod compose;

use pixtwin_pixel::{Depth, Key, RowSink};

use crate::{Error, FirstRows, Header, Limits, Metadata, Source, codec::Codec};
use blocks::{Blocks, Introducer};

/// The codec of [`Format::Gif`](crate::Format::Gif).
pub(crate) struct Gif;

/// Memory beside the canvas: palettes, one batch of indices, and what the LZW decoder holds.
const FIXED_BYTES: u64 = 256 << 10;

/// An extension of more bytes is not kept in memory, and compared as it is stored.
const LONGEST_EXTENSION: usize = 8 << 20;

impl Codec for Gif {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let (screen, mut blocks) = Blocks::open(source)?;
        let first = loop {
            match blocks.next()? {
                Introducer::Image => break blocks.image()?,
                Introducer::Extension(_) => blocks.skip_sub_blocks("an extension")?,
                Introducer::Trailer => return Err(no_picture()),
            }
        };
        let (width, height) = screen.canvas(&first);
        let listed_bytes = blocks::survey_bytes(source.byte_len());
        let canvas_bytes = u64::from(width) * u64::from(height) * 4;
        Ok(Header {
            width,
            height,
            // The canvas, and a copy of it for frames that are undone after they were shown.
            whole_bytes: canvas_bytes * 2 + FIXED_BYTES + listed_bytes,
            head_bytes: if first.is_interlaced { canvas_bytes } else { u64::from(width) * 4 }
                + FIXED_BYTES
                + listed_bytes,
            first_rows: FirstRows::cheap_if(!first.is_interlaced),
        })
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let survey = blocks::survey(source, limits)?;
        compose::rows(source, &survey, depth, limits, sink)
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let survey = blocks::survey(source, limits)?;
        let is_animated = survey.images.len() > 1;
        let frames = survey.images.len() as u64;
        take(&survey.width.to_le_bytes());
        take(&survey.height.to_le_bytes());
        take(&frames.to_le_bytes());
        take_palette(&survey.screen.palette, take);
        for image in &survey.images {
            let control = image.control;
            take(&[u8::from(control.transparent.is_some()), control.transparent.unwrap_or(0)]);
            if is_animated {
                take(&[control.disposal as u8]);
                take(&control.delay.to_le_bytes());
            }
            for side in [image.left, image.top, image.width, image.height] {
                take(&side.to_le_bytes());
            }
            take(&[u8::from(image.is_interlaced), image.code_bits]);
            take_palette(&image.local_palette(source)?, take);
            Blocks::at(source, image.codes_at)?.sub_blocks("a picture", take)?;
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let (_, mut blocks) = Blocks::open(source)?;
        let mut metadata = Metadata::default();
        loop {
            match blocks.next()? {
                Introducer::Trailer => break,
                Introducer::Image => {
                    blocks.image()?;
                    blocks.skip_sub_blocks("a picture")?;
                }
                Introducer::Extension(label) => {
                    let (raw, rest) = collect(&mut blocks)?;
                    match rest {
                        None => add_extension(label, &raw, &mut metadata),
                        Some(key) => metadata.add_key(name_of(label, &raw), key),
                    }
                }
            }
        }
        let end = source.stream_position()?;
        metadata.add_trailing(source, end)?;
        Ok(metadata)
    }
}

fn no_picture() -> Error {
    Error::corrupt("the trailer comes before any picture")
}

fn take_palette(palette: &[u8], take: &mut dyn FnMut(&[u8])) {
    take(&(palette.len() as u64).to_le_bytes());
    take(palette);
}

/// The sub-blocks of one extension as stored, with their length bytes. Of too long a one only the start, and the key
/// of all of it.
fn collect(blocks: &mut Blocks<'_>) -> Result<(Vec<u8>, Option<Key>), Error> {
    let mut raw = Vec::new();
    let mut hasher: Option<Box<blake3::Hasher>> = None;
    blocks.sub_blocks("an extension", &mut |piece| match &mut hasher {
        Some(hasher) => {
            hasher.update(piece);
        }
        None if raw.len() + piece.len() <= LONGEST_EXTENSION => raw.extend_from_slice(piece),
        None => {
            let mut all = Box::<blake3::Hasher>::default();
            all.update(&raw).update(piece);
            hasher = Some(all);
        }
    })?;
    Ok((raw, hasher.map(|hasher| Key::from(&hasher.finalize()))))
}

/// The key of what sub-blocks hold, without the length bytes between.
fn joined(mut raw: &[u8]) -> Key {
    let mut hasher = blake3::Hasher::new();
    while let Some((&len, rest)) = raw.split_first() {
        let (piece, rest) = rest.split_at(usize::from(len).min(rest.len()));
        hasher.update(piece);
        raw = rest;
    }
    Key::from(&hasher.finalize())
}

/// The name of an extension that is known by its start.
fn name_of(label: u8, raw: &[u8]) -> &'static str {
    match label {
        0xfe => "comment",
        0x01 => "text",
        0xff if raw.starts_with(b"\x0bXMP DataXMP") => "XMP",
        0xff if raw.starts_with(b"\x0bICCRGBG1012") => "ICC profile",
        0xff => "application data",
        _ => "unknown extension",
    }
}

fn add_extension(label: u8, raw: &[u8], metadata: &mut Metadata) {
    match label {
        blocks::CONTROL => {}
        0xfe => metadata.add_key("comment", joined(raw)),
        0x01 => metadata.add_key("text", joined(raw)),
        0xff => add_application(raw, metadata),
        _ => metadata.add("unknown extension", raw),
    }
}

fn add_application(raw: &[u8], metadata: &mut Metadata) {
    let Some((identity, rest)) = raw.strip_prefix(&[11]).and_then(|raw| raw.split_first_chunk::<11>()) else {
        metadata.add("application data", raw);
        return;
    };
    match identity {
        b"NETSCAPE2.0" | b"ANIMEXTS1.0" => match rest {
            [3, 1, low, high, ..] => {
                let loops = u16::from_le_bytes([*low, *high]);
                let value = if loops == 0 { "for ever".to_owned() } else { loops.to_string() };
                metadata.add_value("loop count", &u32::from(loops).to_le_bytes(), value);
            }
            _ => metadata.add("application data", raw),
        },
        // The packet is not cut into sub-blocks: 258 bytes behind it lead every reader to the end.
        b"XMP DataXMP" => metadata.add("XMP", rest.get(..rest.len().saturating_sub(258)).unwrap_or_default()),
        b"ICCRGBG1012" => metadata.add_key("ICC profile", joined(rest)),
        _ => metadata.add("application data", raw),
    }
}

#[cfg(test)]
mod tests;
