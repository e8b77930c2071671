//! JPEG-in-TIFF: each strip or tile is a JPEG stream, whose tables may stand once in a tag.
//!
//! # Source
//! TIFF Technical Note 2. As in libtiff, the page says what the components mean, not the stream.

use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, PixelFormat};

use crate::Error;

/// What the page says of its JPEG streams.
#[derive(Clone, Debug, Default)]
pub(super) struct Jpeg {
    /// The content of the tag `JPEGTables`: a stream of tables alone.
    pub(super) tables: Vec<u8>,
    /// Whether the components are luma and chroma.
    pub(super) is_luma_chroma: bool,
}

/// No stream that a writer of TIFF makes has as many scans.
const MOST_SCANS: usize = 256;

/// Size of a strip or tile in pixels.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub(super) width: u32,
    /// Rows that are needed.
    pub(super) height: u32,
    /// Rows of a strip that is not the last.
    pub(super) full_height: u32,
}

/// The rows of one stream, one byte a sample.
///
/// # Cost
/// Twice the stream, and at most six bytes a sample inside the decoder.
pub(super) fn unpack(jpeg: &Jpeg, stream: &[u8], samples: usize, size: Size) -> Result<Vec<u8>, Error> {
    let Size { width, height, full_height } = size;
    let (joined, frame) = join(jpeg, stream, samples)?;
    let stored = (u32::from(frame.width), u32::from(frame.height));
    // The last strip may be whole in its stream, though the page ends within it.
    if stored.0 != width || stored.1 < height {
        let (stored_width, stored_height) = stored;
        return Err(Error::corrupt(format!(
            "the JPEG stream is {stored_width} x {stored_height} pixels instead of {width} x {height}"
        )));
    }
    // The caller has charged for a stream of the strip's own size, and a few rows more.
    if stored.1 > height.next_multiple_of(16).max(full_height) {
        return Err(Error::corrupt(format!("the JPEG stream has {} rows instead of {height}", stored.1)));
    }
    let limits = DecodeLimits {
        max_pixels: u64::from(stored.0) * u64::from(stored.1),
        max_scans: MOST_SCANS,
        ..DecodeLimits::default()
    };
    let mut decoder = Decoder::new_with_limits(&joined, limits).map_err(|cause| damaged(&cause))?;
    decoder.set_block_smoothing(true);
    decoder.set_output_format(if samples == 1 { PixelFormat::Grayscale } else { PixelFormat::Rgb });
    let image = decoder.decode_image().map_err(|cause| damaged(&cause))?;
    let told = image.warnings.iter().find(|warning| !matches!(warning, DecodeWarning::ExtraneousData { .. }));
    if let Some(warning) = told {
        return Err(Error::corrupt(format!("the JPEG stream is damaged: {warning}")));
    }
    if image.data.len() as u64 != u64::from(stored.0) * u64::from(stored.1) * samples as u64 {
        return Err(Error::corrupt("the JPEG stream gave a picture of another size"));
    }
    Ok(image.data)
}

fn damaged(cause: &dyn std::fmt::Display) -> Error {
    Error::corrupt(format!("the JPEG stream is damaged: {cause}"))
}

/// The frame header of a stream.
struct Frame {
    width: u16,
    height: u16,
}

/// A stream with its tables, and with an Adobe marker for what the page says of the components. Markers of the
/// stream that say something else are left out.
fn join(jpeg: &Jpeg, stream: &[u8], samples: usize) -> Result<(Vec<u8>, Frame), Error> {
    let mut joined = vec![0xff, 0xd8];
    if samples == 3 {
        let transform = u8::from(jpeg.is_luma_chroma);
        joined.extend_from_slice(&[0xff, 0xee, 0, 14]);
        joined.extend_from_slice(b"Adobe\0\x64\0\0\0\0");
        joined.push(transform);
    }
    if !jpeg.tables.is_empty() {
        copy_segments(&jpeg.tables, &mut joined)?;
    }
    let (frame, rest) = copy_segments(stream, &mut joined)?;
    let frame = frame.ok_or_else(|| Error::corrupt("the JPEG stream has no frame header"))?;
    // Counted from the marker: length, precision, height, width, components.
    let [_, _, precision, h0, h1, w0, w1, components, ..] = *frame else {
        return Err(Error::corrupt("the JPEG frame header is cut short"));
    };
    if precision != 8 {
        return Err(Error::unsupported(format!("{precision}-bit JPEG-in-TIFF")));
    }
    if usize::from(components) != samples {
        return Err(Error::corrupt(format!("the JPEG stream has {components} components instead of {samples}")));
    }
    joined.extend_from_slice(rest);
    // The decoder does not miss the end mark.
    if !rest.windows(2).any(|pair| pair == [0xff, 0xd9]) {
        return Err(Error::corrupt("the JPEG stream has no end"));
    }
    let frame = Frame { width: u16::from_be_bytes([w0, w1]), height: u16::from_be_bytes([h0, h1]) };
    Ok((joined, frame))
}

/// Copies the segments before the first scan. Gives back the frame header after its marker, and the rest of the
/// stream from the scan on.
fn copy_segments<'a>(stream: &'a [u8], joined: &mut Vec<u8>) -> Result<(Option<&'a [u8]>, &'a [u8]), Error> {
    let cut = || Error::corrupt("the JPEG stream is cut short");
    let mut left = stream.strip_prefix(&[0xff, 0xd8]).ok_or_else(|| Error::corrupt("a strip is no JPEG stream"))?;
    let mut frame = None;
    loop {
        let [0xff, code, after @ ..] = left else { return Err(cut()) };
        match code {
            // Fill bytes.
            0xff => {
                left = left.get(1..).unwrap_or_default();
                continue;
            }
            0xd9 => return Ok((frame, &[])),
            0xda => return Ok((frame, left)),
            _ => {}
        }
        let [high, low, ..] = *after else { return Err(cut()) };
        let len = usize::from(u16::from_be_bytes([high, low]));
        let segment = after.get(..len).filter(|_| len >= 2).ok_or_else(cut)?;
        if matches!(code, 0xc0..=0xcf) && !matches!(code, 0xc4 | 0xc8 | 0xcc) {
            frame = Some(segment);
        }
        if !matches!(code, 0xe0..=0xef | 0xfe) {
            joined.extend_from_slice(&[0xff, *code]);
            joined.extend_from_slice(segment);
        }
        left = after.get(len..).unwrap_or_default();
    }
}
