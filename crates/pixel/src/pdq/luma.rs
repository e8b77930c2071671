//! The brightness of a row's pixels.

use crate::{
    opaque::Opaque,
    simd::{Work, fast},
};

/// What shows through where a picture is transparent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ground {
    /// White, as on paper: what the picture looks like.
    #[default]
    White,
    /// Nothing: the colour below the alpha counts, however transparent, as in the reference programs of PDQ.
    Ignored,
}

/// Fills `luma` with the brightness of each pixel of `row`, 0 to 255; the shorter of the two ends it.
pub(super) fn fill(row: &Opaque<'_>, luma: &mut [f32]) {
    fast(Fill { row, luma });
}

struct Fill<'a> {
    row: &'a Opaque<'a>,
    luma: &'a mut [f32],
}

impl Work for Fill<'_> {
    type Done = ();

    #[inline(always)]
    fn work(self) {
        match self.row {
            Opaque::Grey(greys) => {
                for (luma, grey) in self.luma.iter_mut().zip(*greys) {
                    *luma = f32::from(*grey);
                }
            }
            Opaque::Rgb(pixels) => fill_rgb(pixels, self.luma),
            Opaque::Rgbx(pixels) => {
                for (luma, pixel) in self.luma.iter_mut().zip(*pixels) {
                    *luma = of_word(u32::from_le_bytes(*pixel));
                }
            }
        }
    }
}

#[inline(always)]
fn fill_rgb(pixels: &[[u8; 3]], luma: &mut [f32]) {
    const FEW: usize = 8;
    // The last is left to the plain loop: no byte follows it.
    let done = pixels.len().min(luma.len()).saturating_sub(1) / FEW * FEW;
    let (samples, (wide, rest)) = (pixels.as_flattened(), luma.split_at_mut(done));
    for (at, luma) in wide.as_chunks_mut::<FEW>().0.iter_mut().enumerate() {
        let start = at * FEW * 3;
        let Some(samples) = samples.get(start..start + FEW * 3 + 1) else { break };
        // A pixel and the byte behind it are one word.
        let mut words = [0; FEW];
        for (word, samples) in words.iter_mut().zip(samples.windows(4).step_by(3)) {
            *word = samples.first_chunk().copied().map_or(0, u32::from_le_bytes);
        }
        for (luma, word) in luma.iter_mut().zip(words) {
            *luma = of_word(word);
        }
    }
    for (luma, pixel) in rest.iter_mut().zip(pixels.get(done..).unwrap_or_default()) {
        *luma = of_rgb(*pixel);
    }
}

/// The brightness of the red, green and blue in the lower bytes of a word.
#[inline(always)]
fn of_word(word: u32) -> f32 {
    of_samples([word & 255, word >> 8 & 255, word >> 16 & 255])
}

#[inline(always)]
fn of_rgb(rgb: [u8; 3]) -> f32 {
    of_samples(rgb.map(u32::from))
}

/// `0.299 red + 0.587 green + 0.114 blue`, rounded once to single precision: a sum of thousandths is exact, and one
/// division rounds it. That is what the sum in double precision gives after rounding, for each of the 2^24 colours.
///
/// # Source
/// `compute` of the Python package pdqhash 0.2.8. (`fillFloatLumaFromRGB` of ThreatExchange rounds every step to single
/// precision, which can differ in the last bit of the brightness.)
#[inline(always)]
fn of_samples([r, g, b]: [u32; 3]) -> f32 {
    // Signed: that becomes a float in one instruction.
    let thousandths = (299 * r + 587 * g + 114 * b).cast_signed();
    #[expect(clippy::cast_precision_loss, reason = "255,000 at most: exact")]
    let exact = thousandths as f32;
    exact / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        opaque::{Room, opaque},
        row::{Channels, Row},
    };

    #[test]
    fn the_brightness_of_every_colour_is_that_of_double_precision() {
        for colour in 0..1_u32 << 24 {
            let [r, g, b, _] = colour.to_le_bytes();
            let sum = f64::from(r) * 0.299 + f64::from(g) * 0.587 + f64::from(b) * 0.114;
            #[expect(clippy::cast_possible_truncation, reason = "that is the formula")]
            let rounded = sum as f32;
            assert!(of_rgb([r, g, b]).to_bits() == rounded.to_bits(), "{r} {g} {b}");
        }
    }

    #[test]
    fn every_layout_of_a_grey_pixel_has_its_brightness() {
        let mut room = Room::default();
        let mut luma = |row: Row<'_>, ground: Ground| {
            let mut luma = [-1.0];
            fill(&opaque(&row, ground, &mut room), &mut luma);
            luma[0]
        };
        for row in [
            Row::eight(Channels::Grey, &[200]),
            Row::eight(Channels::GreyAlpha, &[200, 255]),
            Row::eight(Channels::Rgb, &[200, 200, 200]),
            Row::eight(Channels::Rgba, &[200, 200, 200, 255]),
            Row::eight(Channels::Cmyk, &[0, 0, 0, 55]),
            Row::eight(Channels::Cmyk, &[55, 55, 55, 0]),
            Row::sixteen(Channels::Grey, &[200 * 257 + 128]),
            Row::sixteen(Channels::Rgb, &[200 * 257 - 128; 3]),
        ] {
            assert_eq!((luma(row, Ground::White), luma(row, Ground::Ignored)), (200.0, 200.0), "{row:?}");
        }
        assert_eq!(luma(Row::sixteen(Channels::Grey, &[200 * 257 + 129]), Ground::White), 201.0);
        let clear = Row::eight(Channels::Rgba, &[10, 10, 10, 0]);
        assert_eq!((luma(clear, Ground::White), luma(clear, Ground::Ignored)), (255.0, 10.0));
        let half = Row::eight(Channels::GreyAlpha, &[100, 51]);
        assert_eq!((luma(half, Ground::White), luma(half, Ground::Ignored)), (224.0, 100.0));
    }
}
