//! The canonical form of a row: every way to store the same pixels becomes the same bytes.

use crate::row::{Channels, Row, Samples};

/// What the colour of a fully transparent pixel is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Alpha {
    /// Red, green and blue count under alpha 0 as everywhere else.
    #[default]
    Exact,
    /// Under alpha 0 red, green and blue count as 0: pictures that look alike on every background are the same.
    IgnoreHidden,
}

/// The canonical form of single rows: a tag byte, then the samples in the narrowest form that holds them exactly.
///
/// `docs/pixel-digest.md` section 3 is the specification.
#[derive(Clone, Copy, Debug)]
pub struct Canonical;

const RGB8: u8 = 1;
const RGBA8: u8 = 2;
const RGB16: u8 = 3;
const RGBA16: u8 = 4;
const CMYK8: u8 = 5;
const CMYK16: u8 = 6;

impl Canonical {
    /// Appends the canonical form of `row` to `out`: the tag, then `width` pixels of 3 or 4 samples of 1 or 2 bytes,
    /// two-byte samples low byte first.
    ///
    /// # Cost
    /// One or two passes over the row; allocates only when `out` has to grow.
    pub fn append(row: &Row<'_>, alpha: Alpha, out: &mut Vec<u8>) {
        match (row.samples, row.channels) {
            (Samples::Eight(samples), Channels::Rgb) => append_bytes(RGB8, samples, out),
            (Samples::Eight(samples), Channels::Cmyk) => append_bytes(CMYK8, samples, out),
            (Samples::Eight(samples), Channels::Grey) => {
                append_pixels(RGB8, samples.iter().map(|&grey| [grey; 3]), out);
            }
            (Samples::Eight(samples), Channels::Rgba) => append_rgba8(samples, alpha, out),
            (Samples::Eight(samples), Channels::GreyAlpha) => append_grey_alpha8(samples, alpha, out),
            (Samples::Sixteen(samples), channels) => append_sixteen(samples, channels, alpha, out),
        }
    }
}

fn append_bytes(tag: u8, samples: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(samples);
}

/// Appends pixels in place: a row of many is some four times faster so than one by one through `extend`.
fn append_pixels<const N: usize>(tag: u8, pixels: impl ExactSizeIterator<Item = [u8; N]>, out: &mut Vec<u8>) {
    out.push(tag);
    let start = out.len();
    out.resize(start + pixels.len() * N, 0);
    let (places, _) = out.get_mut(start..).unwrap_or_default().as_chunks_mut::<N>();
    places.iter_mut().zip(pixels).for_each(|(place, pixel)| *place = pixel);
}

fn append_rgba8(samples: &[u8], alpha: Alpha, out: &mut Vec<u8>) {
    let (pixels, _) = samples.as_chunks::<4>();
    if is_opaque(pixels) {
        append_pixels(RGB8, pixels.iter().map(|&[r, g, b, _]| [r, g, b]), out);
    } else if alpha == Alpha::IgnoreHidden {
        append_pixels(RGBA8, pixels.iter().map(|&pixel| if pixel[3] == 0 { [0; 4] } else { pixel }), out);
    } else {
        append_bytes(RGBA8, samples, out);
    }
}

/// Whether the fourth sample of every pixel is 255. Pixels as words in blocks: eight times as fast as byte by byte, and
/// a picture on a transparent ground is done with the first block.
pub(crate) fn is_opaque(pixels: &[[u8; 4]]) -> bool {
    let (blocks, rest) = pixels.as_chunks::<16>();
    let is_opaque = |block: &[[u8; 4]]| {
        let all = block.iter().fold(u32::MAX, |all, pixel| all & u32::from_le_bytes(*pixel));
        all >> 24 == 255
    };
    blocks.iter().all(|block| is_opaque(block)) && is_opaque(rest)
}

fn append_grey_alpha8(samples: &[u8], alpha: Alpha, out: &mut Vec<u8>) {
    let (pixels, _) = samples.as_chunks::<2>();
    if pixels.iter().all(|&[_, a]| a == 255) {
        append_pixels(RGB8, pixels.iter().map(|&[grey, _]| [grey; 3]), out);
    } else {
        let hide = alpha == Alpha::IgnoreHidden;
        let show = |&[grey, a]: &[u8; 2]| if hide && a == 0 { [0; 4] } else { [grey, grey, grey, a] };
        append_pixels(RGBA8, pixels.iter().map(show), out);
    }
}

fn append_sixteen(samples: &[u16], channels: Channels, alpha: Alpha, out: &mut Vec<u8>) {
    let pixels = || samples.chunks_exact(channels.count()).map(move |pixel| widen(pixel, alpha, channels));
    let has_fourth = channels == Channels::Cmyk || pixels().any(|[_, _, _, a]| a != u16::MAX);
    let is_narrow = pixels().flatten().all(|sample| sample >> 8 == sample & 255);
    out.push(match (channels, is_narrow, has_fourth) {
        (Channels::Cmyk, true, _) => CMYK8,
        (Channels::Cmyk, false, _) => CMYK16,
        (_, true, false) => RGB8,
        (_, true, true) => RGBA8,
        (_, false, false) => RGB16,
        (_, false, true) => RGBA16,
    });
    for pixel in pixels() {
        let kept = pixel.iter().take(if has_fourth { 4 } else { 3 });
        if is_narrow {
            out.extend(kept.map(|sample| sample.to_le_bytes()[0]));
        } else {
            out.extend(kept.flat_map(|sample| sample.to_le_bytes()));
        }
    }
}

/// A pixel of any layout as four samples: red, green, blue, alpha, or the four inks.
fn widen(pixel: &[u16], alpha: Alpha, channels: Channels) -> [u16; 4] {
    let wide = match *pixel {
        [grey] => [grey, grey, grey, u16::MAX],
        [grey, a] => [grey, grey, grey, a],
        [r, g, b] => [r, g, b, u16::MAX],
        [r, g, b, a] => [r, g, b, a],
        _ => [0; 4],
    };
    if alpha == Alpha::IgnoreHidden && channels != Channels::Cmyk && wide[3] == 0 { [0; 4] } else { wide }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(row: Row<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        Canonical::append(&row, Alpha::Exact, &mut out);
        out
    }

    #[test]
    fn one_grey_pixel_has_one_form_in_every_layout() {
        let forms = [
            canonical(Row::eight(Channels::Grey, &[7])),
            canonical(Row::eight(Channels::GreyAlpha, &[7, 255])),
            canonical(Row::eight(Channels::Rgb, &[7, 7, 7])),
            canonical(Row::eight(Channels::Rgba, &[7, 7, 7, 255])),
            canonical(Row::sixteen(Channels::Grey, &[7 * 257])),
            canonical(Row::sixteen(Channels::GreyAlpha, &[7 * 257, 65535])),
            canonical(Row::sixteen(Channels::Rgb, &[7 * 257; 3])),
            canonical(Row::sixteen(Channels::Rgba, &[7 * 257, 7 * 257, 7 * 257, 65535])),
        ];
        for form in forms {
            assert_eq!(form, [RGB8, 7, 7, 7]);
        }
    }

    #[test]
    fn low_bits_and_alpha_are_kept() {
        assert_eq!(canonical(Row::sixteen(Channels::Grey, &[0x0102])), [RGB16, 2, 1, 2, 1, 2, 1]);
        assert_eq!(canonical(Row::sixteen(Channels::GreyAlpha, &[0, 0x0101])), [RGBA8, 0, 0, 0, 1]);
        assert_eq!(canonical(Row::sixteen(Channels::GreyAlpha, &[0, 1])), [RGBA16, 0, 0, 0, 0, 0, 0, 1, 0]);
        assert_eq!(canonical(Row::eight(Channels::Rgba, &[1, 2, 3, 0])), [RGBA8, 1, 2, 3, 0]);
    }

    #[test]
    fn one_pixel_that_is_not_opaque_keeps_the_alpha_of_its_row() {
        for width in [1, 15, 16, 17, 40] {
            let opaque = [1, 2, 3, 255].repeat(width);
            assert_eq!(canonical(Row::eight(Channels::Rgba, &opaque)), [vec![RGB8], [1, 2, 3].repeat(width)].concat());
            for at in 0..width {
                let mut samples = opaque.clone();
                samples[4 * at + 3] = 254;
                assert_eq!(canonical(Row::eight(Channels::Rgba, &samples)), [&[RGBA8], &samples[..]].concat());
            }
        }
    }

    #[test]
    fn inks_are_never_taken_for_colours() {
        assert_eq!(canonical(Row::eight(Channels::Cmyk, &[1, 2, 3, 255])), [CMYK8, 1, 2, 3, 255]);
        assert_eq!(canonical(Row::sixteen(Channels::Cmyk, &[257, 0, 0, 65535])), [CMYK8, 1, 0, 0, 255]);
        assert_eq!(canonical(Row::sixteen(Channels::Cmyk, &[256, 0, 0, 0])), [CMYK16, 0, 1, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn hidden_colour_counts_only_when_asked() {
        let mut hidden = Vec::new();
        for row in [
            Row::eight(Channels::Rgba, &[9, 9, 9, 0]),
            Row::eight(Channels::GreyAlpha, &[9, 0]),
            Row::sixteen(Channels::Rgba, &[9, 9, 9, 0]),
        ] {
            Canonical::append(&row, Alpha::IgnoreHidden, &mut hidden);
        }
        assert_eq!(hidden, [RGBA8, 0, 0, 0, 0, RGBA8, 0, 0, 0, 0, RGBA8, 0, 0, 0, 0]);
    }
}
