//! WebP: lossy and lossless stills, and animations composed as libwebp composes them.

mod alpha;

mod chunks;

mod compose;

#[cfg(test)]
mod tests;

use std::io::Cursor;
use std::ops::ControlFlow;

use image_webp::{DecodingError, WebPDecoder};
use pixtwin_pixel::{Channels, Delay, Depth, Frame, Key, Row, RowSink};

use self::chunks::{Chunk, Chunks, Image, Layout};
use self::compose::{Canvas, Placed};
use crate::codec::{Codec, charge};
use crate::source::{feed, hash_of};
use crate::{Error, FirstRows, Header, Limits, Metadata, Source};
use crate::{
    metadata::{Item, LONGEST_EXIF},
    noted::LONGEST_XMP,
};

pub(crate) struct WebP;

/// Rows that the estimate for a look at the first rows counts with.
const HEAD_ROWS: u32 = 128;

/// Bytes of tables and small things that every decode holds.
const SMALL_BYTES: u64 = 1024 * 1024;

impl Codec for WebP {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        match chunks::layout(source)? {
            Layout::Still(image) => {
                let whole_bytes = decode_bytes(&image, image.height);
                let head = height_for(&image, HEAD_ROWS);
                let head_bytes = head.map_or(whole_bytes, |height| decode_bytes(&image, height));
                let first_rows = FirstRows::cheap_if(!image.lossless);
                Ok(Header { width: image.width, height: image.height, whole_bytes, head_bytes, first_rows })
            }
            Layout::Animation { width, height, .. } => {
                let whole_bytes = animation_bytes(width, height, source.byte_len());
                Ok(Header { width, height, whole_bytes, head_bytes: whole_bytes, first_rows: FirstRows::Whole })
            }
        }
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        match chunks::layout(source)? {
            Layout::Still(image) => still(source, &image, depth, limits, sink),
            Layout::Animation { width, height, chunks } => {
                charge(animation_bytes(width, height, source.byte_len()), limits)?;
                let animation = Animation { width, height, frames: frames(source, chunks, width, height)? };
                animation.rows(source, sink)
            }
        }
    }

    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        match chunks::layout(source)? {
            Layout::Still(image) => {
                take(b"still");
                feed_image(source, &image, take)
            }
            Layout::Animation { width, height, chunks } => {
                take(b"animation");
                take(&width.to_le_bytes());
                take(&height.to_le_bytes());
                for frame in frames(source, chunks, width, height)? {
                    take(&frame.place.x.to_le_bytes());
                    take(&frame.place.y.to_le_bytes());
                    take(&frame.duration_ms.to_le_bytes());
                    take(&[u8::from(frame.place.blends), u8::from(frame.place.disposes)]);
                    feed_image(source, &frame.image, take)?;
                }
                Ok(())
            }
        }
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        let mut chunks = chunks::open(source)?;
        while let Some(chunk) = chunks.next(source)? {
            match &chunk.name {
                b"VP8 " | b"VP8L" | b"VP8X" | b"ALPH" | b"ANMF" => {}
                b"EXIF" => add_exif(source, chunk, &mut metadata)?,
                b"XMP " if chunk.len > LONGEST_XMP => metadata.add_closed("XMP", key_of(source, chunk)?),
                b"XMP " => metadata.add_xmp(&chunks::read(source, chunk)?),
                b"ICCP" => metadata.add_key("ICC profile", key_of(source, chunk)?),
                b"ANIM" if chunk.len >= 6 => {
                    let [b, g, r, a, l0, l1]: [u8; 6] = chunks::read_at(source, chunk.offset)?;
                    metadata.add_value("background colour", &[r, g, b, a], format!("{r} {g} {b} {a}"));
                    let loops = u16::from_le_bytes([l0, l1]);
                    let value = if loops == 0 { "for ever".to_owned() } else { loops.to_string() };
                    metadata.add_value("loop count", &u32::from(loops).to_le_bytes(), value);
                }
                _ => {
                    // Its name is part of what it says.
                    let named = Chunk { offset: chunk.offset - 8, len: chunk.len + 8, ..chunk };
                    let content = key_of(source, named)?;
                    let value = Some(chunk.name.escape_ascii().to_string());
                    metadata.push(Item { name: "unknown chunk", content, value });
                }
            }
        }
        metadata.add_trailing(source, chunks.end())?;
        Ok(metadata)
    }
}

/// The key of a chunk's content, which may be as long as the file.
fn key_of(source: &mut dyn Source, chunk: Chunk) -> Result<Key, Error> {
    Ok(Key::from(&hash_of(source, chunk.offset, chunk.len, "a chunk")?))
}

fn add_exif(source: &mut dyn Source, mut chunk: Chunk, metadata: &mut Metadata) -> Result<(), Error> {
    // Some writers begin with this, as in JPEG.
    if chunk.len >= 6 && chunks::read_at::<6>(source, chunk.offset)? == *b"Exif\0\0" {
        chunk = Chunk { offset: chunk.offset + 6, len: chunk.len - 6, ..chunk };
    }
    if chunk.len > LONGEST_EXIF {
        metadata.add_closed("EXIF", key_of(source, chunk)?);
    } else {
        metadata.add_exif(&chunks::read(source, chunk)?);
    }
    Ok(())
}

/// Gives the rows of one picture.
fn still(
    source: &mut dyn Source,
    image: &Image,
    depth: Depth,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    let height = depth.rows().and_then(|rows| height_for(image, rows)).unwrap_or(image.height);
    charge(decode_bytes(image, height), limits)?;
    let pixels =
        if height < image.height { decode_part(source, image, height)? } else { decode(source, image, height)? };
    let channels = if image.has_alpha { Channels::Rgba } else { Channels::Rgb };
    let frame = Frame { width: image.width, height: image.height, delay: Delay::NONE };
    if sink.picture(1).is_continue() && sink.frame(frame).is_continue() {
        // Nothing is wrong when the sink breaks; of a part, the last rows are not those of the picture.
        let rows = depth.rows().unwrap_or(image.height).min(image.height);
        let _stopped = give_rows(image.width, channels, &pixels, rows, sink);
    }
    Ok(())
}

/// An animation, by its frames.
struct Animation {
    width: u32,
    height: u32,
    frames: Vec<FrameChunk>,
}

/// One frame of an animation: a picture, its place and its time.
struct FrameChunk {
    image: Image,
    place: Placed,
    duration_ms: u32,
}

impl Animation {
    fn rows(&self, source: &mut dyn Source, sink: &mut dyn RowSink) -> Result<(), Error> {
        let mut canvas = Canvas::new(self.width, self.height);
        if sink.picture(u32::try_from(self.frames.len()).unwrap_or(u32::MAX)).is_break() {
            return Ok(());
        }
        for frame in &self.frames {
            let pixels = decode(source, &frame.image, frame.image.height)?;
            canvas.add(&frame.place, &pixels);
            drop(pixels);
            let delay = match self.frames.len() {
                1 => Delay::NONE,
                _ => Delay::seconds(frame.duration_ms, 1000),
            };
            let shown = sink.frame(Frame { width: self.width, height: self.height, delay });
            if shown.is_break() || give_rows(self.width, Channels::Rgba, canvas.pixels(), self.height, sink).is_break()
            {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// All frames of an animation. Reads their headers only.
fn frames(source: &mut dyn Source, mut chunks: Chunks, width: u32, height: u32) -> Result<Vec<FrameChunk>, Error> {
    let mut frames = Vec::new();
    while let Some(chunk) = chunks.next(source)? {
        if chunk.name != *b"ANMF" {
            continue;
        }
        if chunk.len < 16 {
            return Err(Error::corrupt("an ANMF chunk is cut short"));
        }
        let [x0, x1, x2, y0, y1, y2, w0, w1, w2, h0, h1, h2, d0, d1, d2, flags]: [u8; 16] =
            chunks::read_at(source, chunk.offset)?;
        let number = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]);
        let image = chunks::image(source, &mut Chunks::within(chunk, 16))?;
        let (x, y) = (number([x0, x1, x2]) * 2, number([y0, y1, y2]) * 2);
        let told = (number([w0, w1, w2]) + 1, number([h0, h1, h2]) + 1);
        let count = frames.len() + 1;
        if told != (image.width, image.height) {
            return Err(Error::corrupt(format!("frame {count} says another size than the picture in it")));
        }
        if x + image.width > width || y + image.height > height {
            return Err(Error::corrupt(format!("frame {count} goes beyond the canvas")));
        }
        let place = Placed {
            x,
            y,
            width: image.width,
            height: image.height,
            has_alpha: image.has_alpha,
            blends: flags & 2 == 0,
            disposes: flags & 1 != 0,
        };
        frames.push(FrameChunk { image, place, duration_ms: number([d0, d1, d2]) });
    }
    if frames.is_empty() { Err(Error::corrupt("the animation has no frame")) } else { Ok(frames) }
}

fn give_rows(width: u32, channels: Channels, pixels: &[u8], rows: u32, sink: &mut dyn RowSink) -> ControlFlow<()> {
    let row_bytes = width as usize * channels.count();
    pixels.chunks_exact(row_bytes).take(rows as usize).try_for_each(|row| sink.row(Row::eight(channels, row)))
}

/// The height to ask of a lossy picture so that its first `rows` rows come out right, or `None` if that is all of it.
///
/// Below them the loop filter reaches 3 rows of chroma up from the missing blocks, and smooth upsampling one more: 8
/// rows of pixels. A lossless picture's transforms depend on its height, and so do those of the alpha plane, which is
/// decoded whole.
fn height_for(image: &Image, rows: u32) -> Option<u32> {
    let height = rows.saturating_add(8).div_ceil(16).saturating_mul(16);
    (!image.lossless && height < image.height).then_some(height)
}

/// Bytes held at once to decode that many rows of a picture.
fn decode_bytes(image: &Image, height: u32) -> u64 {
    let pixels = u64::from(image.width) * u64::from(height);
    let blocks = u64::from(image.width.div_ceil(16)) * u64::from(height.div_ceil(16));
    let file = 4 * (image.bitstream.len + image.alpha.map_or(0, |chunk| chunk.len));
    let decoder = match (image.lossless, image.has_alpha) {
        // Decoded with alpha, then copied without; and the data of transforms, at most one value a block of 2 x 2.
        (true, true) => pixels * 6,
        (true, false) => pixels * 9,
        // Planes and a note on each block, then RGB or RGBA; alpha is decoded as a picture of 4 bytes a pixel.
        (false, true) if height < image.height => {
            blocks * 448 + pixels * 8 + u64::from(image.width) * u64::from(image.height) * 10
        }
        (false, true) => blocks * 448 + pixels * 10,
        (false, false) => blocks * 448 + pixels * 3,
    };
    file + decoder + SMALL_BYTES
}

/// Bytes held at once to play an animation: two canvases and the decoding of a frame as large as they.
fn animation_bytes(width: u32, height: u32, file_bytes: u64) -> u64 {
    let pixels = u64::from(width) * u64::from(height);
    pixels * (8 + 12) + 4 * file_bytes + SMALL_BYTES
}

/// Decodes the first `height` rows of a lossy picture, not all of it.
fn decode_part(source: &mut dyn Source, image: &Image, height: u32) -> Result<Vec<u8>, Error> {
    let Some(chunk) = image.alpha else { return decode(source, image, height) };
    let colours = decode(source, &Image { has_alpha: false, alpha: None, ..*image }, height)?;
    let alpha = alpha::plane(source, chunk, (image.width, image.height), height)?;
    let pixels = colours.as_chunks::<3>().0.iter().zip(&alpha).flat_map(|([r, g, b], a)| [*r, *g, *b, *a]);
    Ok(pixels.collect())
}

/// Decodes the first `height` rows of a picture, from a file made of its chunks alone, so that nothing else in the file
/// reaches the decoder. RGBA if it has alpha, else RGB.
fn decode(source: &mut dyn Source, image: &Image, height: u32) -> Result<Vec<u8>, Error> {
    let channels = if image.has_alpha { 4 } else { 3 };
    decode_file(mini_file(source, image, height)?, u64::from(image.width) * u64::from(height) * channels)
}

/// Decodes a file to that many bytes of pixels.
fn decode_file(file: Vec<u8>, bytes: u64) -> Result<Vec<u8>, Error> {
    let mut decoder = WebPDecoder::new(Cursor::new(file)).map_err(reason)?;
    if decoder.output_buffer_size().map(|bytes| bytes as u64) != Some(bytes) {
        return Err(Error::corrupt("the decoder sees a picture of another size"));
    }
    let mut pixels = vec![0; usize::try_from(bytes).unwrap_or(0)];
    decoder.read_image(&mut pixels).map_err(reason)?;
    Ok(pixels)
}

fn mini_file(source: &mut dyn Source, image: &Image, height: u32) -> Result<Vec<u8>, Error> {
    let space = image.bitstream.len + image.alpha.map_or(0, |chunk| chunk.len) + 64;
    let mut file = Vec::with_capacity(usize::try_from(space).unwrap_or(0));
    file.extend_from_slice(b"RIFF\0\0\0\0WEBP");
    if let Some(alpha) = image.alpha {
        file.extend_from_slice(b"VP8X\x0a\0\0\0\x10\0\0\0");
        file.extend((image.width - 1).to_le_bytes().into_iter().take(3));
        file.extend((height - 1).to_le_bytes().into_iter().take(3));
        append_chunk(source, alpha, &mut file)?;
    }
    let bitstream = file.len() + 8;
    append_chunk(source, image.bitstream, &mut file)?;
    if !image.lossless
        && let Some([low, high]) = file.get_mut(bitstream + 8..bitstream + 10)
    {
        // The two highest bits are a hint how to scale it.
        let [new_low, new_high, _, _] = height.to_le_bytes();
        (*low, *high) = (new_low, *high & 0xc0 | new_high);
    }
    set_len(&mut file);
    Ok(file)
}

/// Makes the RIFF header say how long the file is.
fn set_len(file: &mut [u8]) {
    let len = u32::try_from(file.len().saturating_sub(8)).unwrap_or(u32::MAX);
    if let Some(place) = file.get_mut(4..8) {
        place.copy_from_slice(&len.to_le_bytes());
    }
}

fn append_chunk(source: &mut dyn Source, chunk: Chunk, file: &mut Vec<u8>) -> Result<(), Error> {
    file.extend(chunk.name);
    file.extend(u32::try_from(chunk.len).unwrap_or(u32::MAX).to_le_bytes());
    chunks::append(source, chunk, file)?;
    if chunk.len % 2 == 1 {
        file.push(0);
    }
    Ok(())
}

fn feed_image(source: &mut dyn Source, image: &Image, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    for chunk in image.alpha.iter().chain([&image.bitstream]) {
        take(&chunk.name);
        take(&chunk.len.to_le_bytes());
        feed(source, chunk.offset, chunk.len, "a chunk", take)?;
    }
    Ok(())
}

fn reason(cause: DecodingError) -> Error {
    match cause {
        DecodingError::UnsupportedFeature(what) => Error::unsupported(what),
        DecodingError::IoError(cause) => Error::corrupt(format!("the bitstream ends too early: {cause}")),
        other => Error::corrupt(other.to_string()),
    }
}
