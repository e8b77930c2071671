//! The brightness of a row's pixels.

use crate::{
    canonical::is_opaque,
    row::{Channels, Row, Samples},
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
pub(super) fn fill(row: &Row<'_>, ground: Ground, narrow: &mut Vec<u8>, luma: &mut [f32]) {
    let samples = match row.samples {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(samples) => {
            narrow.clear();
            narrow.extend(samples.iter().map(|sample| to_eight_bits(*sample)));
            narrow
        }
    };
    match (row.channels, ground) {
        (Channels::Grey, _) => each(samples, luma, |[grey]| f32::from(grey)),
        (Channels::GreyAlpha, Ground::Ignored) => each(samples, luma, |[grey, _]| f32::from(grey)),
        (Channels::GreyAlpha, Ground::White) => each(samples, luma, |[grey, a]| f32::from(on_white(grey, a))),
        (Channels::Rgb, _) => each(samples, luma, of_rgb),
        (Channels::Rgba, Ground::Ignored) => each(samples, luma, |[r, g, b, _]| of_rgb([r, g, b])),
        (Channels::Rgba, Ground::White) if is_opaque(samples.as_chunks::<4>().0) => {
            each(samples, luma, |[r, g, b, _]| of_rgb([r, g, b]));
        }
        (Channels::Rgba, Ground::White) => {
            each(samples, luma, |[r, g, b, a]| of_rgb([on_white(r, a), on_white(g, a), on_white(b, a)]));
        }
        (Channels::Cmyk, _) => each(samples, luma, |[c, m, y, k]| of_rgb([under(c, k), under(m, k), under(y, k)])),
    }
}

fn each<const N: usize>(samples: &[u8], luma: &mut [f32], of: impl Fn([u8; N]) -> f32) {
    let (pixels, _) = samples.as_chunks::<N>();
    luma.iter_mut().zip(pixels).for_each(|(luma, pixel)| *luma = of(*pixel));
}

/// `0.299 red + 0.587 green + 0.114 blue`, rounded once to single precision: a sum of thousandths is exact, and one
/// division rounds it. That is what the sum in double precision gives after rounding, for each of the 2^24 colours.
///
/// # Source
/// `compute` of the Python package pdqhash 0.2.8. (`fillFloatLumaFromRGB` of ThreatExchange rounds every step to single
/// precision, which can differ in the last bit of the brightness.)
fn of_rgb([r, g, b]: [u8; 3]) -> f32 {
    let thousandths = 299 * i32::from(r) + 587 * i32::from(g) + 114 * i32::from(b);
    #[expect(clippy::cast_precision_loss, reason = "255,000 at most: exact")]
    let exact = thousandths as f32;
    exact / 1000.0
}

/// `sample / 257`, rounded to nearest.
fn to_eight_bits(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

/// A sample laid on white with straight alpha, rounded to nearest.
fn on_white(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u32::from(sample), u32::from(alpha));
    u8::try_from((sample * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(u8::MAX)
}

/// The light that an ink and black leave: naively, without any colour profile.
///
/// # Source
/// Pillow, `Image.convert("RGB")` of a picture in mode `CMYK`.
fn under(ink: u8, black: u8) -> u8 {
    let (ink, light) = (u32::from(ink), u32::from(255 - black));
    u8::try_from(light - (ink * light + 127) / 255).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut narrow = Vec::new();
        let mut luma = |row: Row<'_>, ground: Ground| {
            let mut luma = [-1.0];
            fill(&row, ground, &mut narrow, &mut luma);
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
