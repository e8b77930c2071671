//! Rows in eight bits without alpha: what a picture looks like, not how it is stored.

use crate::{
    canonical::is_opaque,
    pdq::Ground,
    row::{Channels, Row, Samples},
    simd::{Work, fast},
};

/// A row in eight bits, in the form that costs least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opaque<'a> {
    Grey(&'a [u8]),
    Rgb(&'a [[u8; 3]]),
    /// Red, green, blue, and a byte that says nothing.
    Rgbx(&'a [[u8; 4]]),
}

impl Opaque<'_> {
    /// How many pixels it has.
    pub(crate) const fn width(&self) -> usize {
        match self {
            Self::Grey(pixels) => pixels.len(),
            Self::Rgb(pixels) => pixels.len(),
            Self::Rgbx(pixels) => pixels.len(),
        }
    }
}

/// What rows are made in that have to be changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    narrow: Vec<u8>,
    greys: Vec<u8>,
    pixels: Vec<[u8; 4]>,
}

/// The row in eight bits on that ground: sixteen bits divided by 257, and inks as light, without any colour profile.
///
/// # Cost
/// Nothing for opaque rows of eight bits, but for inks; else one pass.
pub(crate) fn opaque<'a>(row: &Row<'a>, ground: Ground, room: &'a mut Room) -> Opaque<'a> {
    let Room { narrow, greys, pixels } = room;
    let samples = match row.samples {
        Samples::Eight(samples) => samples,
        Samples::Sixteen(samples) => {
            narrow.clear();
            narrow.extend(samples.iter().map(|sample| to_eight_bits(*sample)));
            narrow
        }
    };
    match row.channels {
        Channels::Grey => Opaque::Grey(samples),
        Channels::Rgb => Opaque::Rgb(samples.as_chunks().0),
        Channels::GreyAlpha => {
            let from = samples.as_chunks::<2>().0.iter();
            greys.clear();
            match ground {
                Ground::Ignored => greys.extend(from.map(|[grey, _]| *grey)),
                Ground::White => {
                    let lit = |[grey, alpha]: &[u8; 2]| on_white((*grey).into(), (*alpha).into());
                    greys.extend(from.map(|pixel| u8::try_from(lit(pixel)).unwrap_or(u8::MAX)));
                }
            }
            Opaque::Grey(greys)
        }
        Channels::Rgba => {
            let from = samples.as_chunks::<4>().0;
            if ground == Ground::Ignored || is_opaque(from) {
                return Opaque::Rgbx(from);
            }
            pixels.resize(from.len(), [0; 4]);
            fast(Lay { from, to: pixels });
            Opaque::Rgbx(pixels)
        }
        Channels::Cmyk => {
            pixels.clear();
            let lit = |[c, m, y, k]: &[u8; 4]| [under(*c, *k), under(*m, *k), under(*y, *k), 255];
            pixels.extend(samples.as_chunks().0.iter().map(lit));
            Opaque::Rgbx(pixels)
        }
    }
}

/// Lays pixels with alpha on white.
struct Lay<'a> {
    from: &'a [[u8; 4]],
    to: &'a mut [[u8; 4]],
}

impl Work for Lay<'_> {
    type Done = ();

    #[inline(always)]
    fn work(self) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            // Whole words: as many pixels at once as the processor has lanes for.
            let word = u32::from_le_bytes(*from);
            let alpha = word >> 24;
            let [r, g, b] = [word & 255, word >> 8 & 255, word >> 16 & 255].map(|sample| on_white(sample, alpha));
            *to = (r | g << 8 | b << 16 | 255 << 24).to_le_bytes();
        }
    }
}

/// `sample / 257`, rounded to nearest.
fn to_eight_bits(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(u8::MAX)
}

/// A sample laid on white with straight alpha, rounded to nearest.
#[inline(always)]
const fn on_white(sample: u32, alpha: u32) -> u32 {
    let sum = sample * alpha + 255 * (255 - alpha) + 127;
    // A division by 255 for sums below 65,535.
    (sum + 1 + (sum >> 8)) >> 8
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
#[allow(clippy::cast_possible_truncation, reason = "samples of tests are bytes")]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_laid_on_white_and_rounded_to_nearest() {
        for (sample, alpha) in (0..=255_u32).flat_map(|sample| (0..=255).map(move |alpha| (sample, alpha))) {
            let exact = f64::from(sample * alpha + 255 * (255 - alpha)) / 255.0;
            assert_eq!(f64::from(on_white(sample, alpha)), exact.round(), "{sample} {alpha}");
            let pixel = [sample, 255 - sample, 7, alpha].map(|sample| sample as u8);
            let mut room = Room::default();
            let laid = [sample, 255 - sample, 7].map(|sample| on_white(sample, alpha) as u8);
            match opaque(&Row::eight(Channels::Rgba, &pixel), Ground::White, &mut room) {
                Opaque::Rgbx(&[[r, g, b, _]]) => assert_eq!([r, g, b], laid),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn inks_take_light_away_as_pillow_has_it() {
        for (ink, black, light) in [(0, 0, 255), (255, 0, 0), (0, 255, 0), (128, 64, 95), (1, 1, 253), (200, 30, 49)] {
            assert_eq!(under(ink, black), light, "{ink} {black}");
        }
    }
}
