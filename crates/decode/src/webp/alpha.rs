//! The alpha plane of a lossy picture by itself, for a look at the first rows of one whose colours are not all decoded.
//!
//! Source: WebP container specification, section "Alpha".

use super::{
    chunks::{self, Chunk},
    decode_file, set_len,
};
use crate::{Error, Source};

/// How a sample of alpha is told: by its difference from what the samples before it make expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    None,
    Horizontal,
    Vertical,
    Gradient,
}

/// The first `rows` rows of the alpha of a picture of that size, a byte a pixel.
///
/// # Errors
/// As for the whole picture.
pub(super) fn plane(
    source: &mut dyn Source,
    chunk: Chunk,
    (width, height): (u32, u32),
    rows: u32,
) -> Result<Vec<u8>, Error> {
    let stored = chunks::read(source, chunk)?;
    let Some((info, data)) = stored.split_first() else {
        return Err(Error::corrupt("the ALPH chunk is empty"));
    };
    if info >> 4 & 3 > 1 {
        return Err(Error::corrupt("the alpha was prepared in an unknown way"));
    }
    let filter = match info >> 2 & 3 {
        0 => Filter::None,
        1 => Filter::Horizontal,
        2 => Filter::Vertical,
        _ => Filter::Gradient,
    };
    let all = usize::try_from(u64::from(width) * u64::from(height)).unwrap_or(usize::MAX);
    let mut plane = match info & 3 {
        0 if data.len() < all => return Err(Error::corrupt("the alpha ends before its last row")),
        0 => data.to_vec(),
        1 => greens(data, (width, height), rows)?,
        _ => return Err(Error::corrupt("the alpha is compressed in an unknown way")),
    };
    plane.truncate(width as usize * rows as usize);
    undo(filter, &mut plane, width as usize);
    Ok(plane)
}

/// The green samples of the first rows of a lossless picture whose stream has no header.
fn greens(data: &[u8], (width, height): (u32, u32), rows: u32) -> Result<Vec<u8>, Error> {
    let sides = (width - 1) | (height - 1) << 14;
    let mut file = b"RIFF\0\0\0\0WEBPVP8L".to_vec();
    file.extend(u32::try_from(data.len() + 5).unwrap_or(u32::MAX).to_le_bytes());
    file.push(0x2f);
    file.extend(sides.to_le_bytes());
    file.extend_from_slice(data);
    if data.len().is_multiple_of(2) {
        file.push(0);
    }
    set_len(&mut file);
    let pixels = decode_file(file, u64::from(width) * u64::from(height) * 3)?;
    let wanted = width as usize * rows as usize;
    Ok(pixels.as_chunks::<3>().0.iter().take(wanted).map(|[_, green, _]| *green).collect())
}

/// Makes samples of differences, in place.
fn undo(filter: Filter, plane: &mut [u8], width: usize) {
    let mut above: Vec<u8> = Vec::new();
    for row in plane.chunks_exact_mut(width) {
        let (mut left, mut above_left) = (None, 0);
        for (x, sample) in row.iter_mut().enumerate() {
            let top = above.get(x).copied();
            let expected = match (filter, left, top) {
                (Filter::None, _, _) | (_, None, None) => 0,
                (_, Some(left), None) => left,
                (_, None, Some(top)) | (Filter::Vertical, _, Some(top)) => top,
                (Filter::Horizontal, Some(left), _) => left,
                (Filter::Gradient, Some(left), Some(top)) => {
                    let gradient = i16::from(left) + i16::from(top) - i16::from(above_left);
                    gradient.clamp(0, 255).to_le_bytes()[0]
                }
            };
            *sample = sample.wrapping_add(expected);
            (left, above_left) = (Some(*sample), top.unwrap_or(0));
        }
        above.clear();
        above.extend_from_slice(row);
    }
}
