//! Run-length coded bitmaps, RLE8 and RLE4.

use std::io::SeekFrom;

use super::Dib;
use crate::{Error, Source};

/// The palette indices of all pixels, the bottom row first. What the code leaves out is index 0; what a run has beyond
/// the end of its row is dropped, as Pillow and browsers do.
pub(super) fn indices(dib: &Dib, source: &mut dyn Source) -> Result<Vec<u8>, Error> {
    if dib.is_top_down {
        return Err(Error::corrupt("a run-length picture cannot have its top row first"));
    }
    let (width, height) = (dib.width as usize, dib.height as usize);
    let mut pixels = vec![0; width * height];
    let (mut x, mut y) = (0, 0);
    source.seek(SeekFrom::Start(dib.data_at))?;
    loop {
        let mut put = |index: u8, x: usize, y: usize| -> Result<(), Error> {
            if y >= height {
                return Err(Error::corrupt(format!("the runs go on after row {height} of {height}")));
            }
            if x < width
                && let Some(pixel) = pixels.get_mut(y * width + x)
            {
                *pixel = index;
            }
            Ok(())
        };
        let nibble = |byte: u8, at: usize| match (dib.bits, at % 2) {
            (8, _) => byte,
            (_, 0) => byte >> 4,
            _ => byte & 15,
        };
        match (byte(source, dib, y)?, byte(source, dib, y)?) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => return Ok(pixels),
            (0, 2) => {
                x += usize::from(byte(source, dib, y)?);
                y += usize::from(byte(source, dib, y)?);
            }
            (0, count) => {
                let count = usize::from(count);
                let mut last = 0;
                for at in 0..count {
                    if dib.bits == 8 || at % 2 == 0 {
                        last = byte(source, dib, y)?;
                    }
                    put(nibble(last, at), x + at, y)?;
                }
                x += count;
                let bytes = if dib.bits == 8 { count } else { count.div_ceil(2) };
                if bytes % 2 == 1 {
                    byte(source, dib, y)?;
                }
            }
            (count, value) => {
                let count = usize::from(count);
                for at in 0..count {
                    put(nibble(value, at), x + at, y)?;
                }
                x += count;
            }
        }
    }
}

fn byte(source: &mut dyn Source, dib: &Dib, y: usize) -> Result<u8, Error> {
    let Some(byte) = source.fill_buf()?.first().copied() else {
        return Err(Error::corrupt(format!("the runs end within row {} of {} from the bottom", y + 1, dib.height)));
    };
    source.consume(1);
    Ok(byte)
}
