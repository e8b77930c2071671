//! Component planes made into rows one at a time, with the arithmetic of libjpeg: smooth upsampling and fixed-point
//! colour conversion.

use super::coefficients::BlockPlane;
use super::frame::Frame;
use super::stream::Colour;

/// The samples of one component.
pub(super) enum Plane {
    /// All of them, and the bytes from row to row.
    Whole(Vec<u8>, usize),
    /// Made from coefficients when they are asked for.
    Lazy(Box<BlockPlane>),
}

/// Makes rows from planes.
pub(super) struct RowMaker {
    parts: Vec<Part>,
    colour: Colour,
    width: usize,
    pixels: Vec<u8>,
}

/// One component: its plane, and one row of it at the picture's size.
struct Part {
    plane: Plane,
    /// Samples that belong to the picture; what lies beyond pads the last blocks.
    width: usize,
    height: usize,
    factors: (usize, usize),
    /// The row before it is widened, with its first and last sample once more at the ends.
    narrow: Vec<u16>,
    row: Vec<u8>,
}

impl Plane {
    fn holds(&self, width: usize, height: usize) -> bool {
        match self {
            Self::Whole(samples, stride) => *stride >= width && samples.len() / stride >= height,
            Self::Lazy(plane) => plane.holds(width, height),
        }
    }

    /// Makes two rows ready that lie no more than eight apart.
    fn prepare(&mut self, rows: [usize; 2]) {
        if let Self::Lazy(plane) = self {
            rows.into_iter().for_each(|row| plane.prepare(row));
        }
    }

    /// The start of a row that is ready.
    fn line(&self, row: usize, width: usize) -> &[u8] {
        match self {
            Self::Whole(samples, stride) => samples.get(row * stride..row * stride + width).unwrap_or_default(),
            Self::Lazy(plane) => plane.line(row).get(..width).unwrap_or_default(),
        }
    }
}

impl RowMaker {
    /// A maker for planes of that frame, or `None` if they are smaller than it says.
    pub(super) fn new(frame: &Frame, colour: Colour, planes: Vec<Plane>) -> Option<Self> {
        let (across, down) = frame.largest();
        let mut parts = Vec::with_capacity(frame.count);
        for (component, plane) in frame.components().iter().zip(planes) {
            let width = (frame.width * component.across).div_ceil(across) as usize;
            let height = (frame.height * component.down).div_ceil(down) as usize;
            if !plane.holds(width, height) {
                return None;
            }
            let factors = ((across / component.across) as usize, (down / component.down) as usize);
            let row = vec![0; width * factors.0];
            parts.push(Part { plane, width, height, factors, narrow: Vec::new(), row });
        }
        let width = frame.width as usize;
        let pixels = vec![0; width * frame.channels().count()];
        (parts.len() == frame.count).then_some(Self { parts, colour, width, pixels })
    }

    /// Row `y` of the picture: grey, RGB or CMYK with 0 as no ink.
    pub(super) fn row(&mut self, y: usize) -> &[u8] {
        for part in &mut self.parts {
            part.upsample(y);
        }
        let rows = self.parts.iter().map(|part| part.row.as_slice()).collect::<Vec<_>>();
        let pixels = &mut self.pixels;
        match (self.colour, rows.as_slice()) {
            (Colour::YCbCr, [luma, blue, red]) => {
                let samples = luma.iter().zip(*blue).zip(*red);
                for (pixel, ((luma, blue), red)) in pixels.chunks_exact_mut(3).zip(samples) {
                    pixel.copy_from_slice(&rgb(*luma, *blue, *red));
                }
            }
            // YCCK is inverted CMYK as YCbCr, so its conversion gives the ink at once.
            (Colour::Ycck, [luma, blue, red, black]) => {
                let samples = luma.iter().zip(*blue).zip(*red).zip(*black);
                for (pixel, (((luma, blue), red), black)) in pixels.chunks_exact_mut(4).zip(samples) {
                    let [c, m, y] = rgb(*luma, *blue, *red);
                    pixel.copy_from_slice(&[c, m, y, 255 - black]);
                }
            }
            (Colour::Cmyk, [c, m, y, k]) => {
                let samples = c.iter().zip(*m).zip(*y).zip(*k);
                for (pixel, (((c, m), y), k)) in pixels.chunks_exact_mut(4).zip(samples) {
                    pixel.copy_from_slice(&[255 - c, 255 - m, 255 - y, 255 - k]);
                }
            }
            (Colour::Rgb, [red, green, blue]) => {
                let samples = red.iter().zip(*green).zip(*blue);
                for (pixel, ((red, green), blue)) in pixels.chunks_exact_mut(3).zip(samples) {
                    pixel.copy_from_slice(&[*red, *green, *blue]);
                }
            }
            (_, rows) => {
                let grey = rows.first().and_then(|row| row.get(..self.width)).unwrap_or_default();
                pixels.clear();
                pixels.extend_from_slice(grey);
            }
        }
        &self.pixels
    }
}

impl Part {
    /// Fills `row` with row `y` of the picture, choosing the filter as libjpeg's `jinit_upsampler` does.
    fn upsample(&mut self, y: usize) {
        let (fx, fy) = self.factors;
        let own = y / fy;
        let near =
            if y.is_multiple_of(fy) { own.saturating_sub(1) } else { (own + 1).min(self.height.saturating_sub(1)) };
        self.plane.prepare([near, own]);
        let (own, near) = (self.plane.line(own, self.width), self.plane.line(near, self.width));
        match (fx, fy) {
            (1, 1) => self.row.copy_from_slice(own),
            (1, 2) => {
                let bias = if y.is_multiple_of(2) { 1 } else { 2 };
                for (to, (own, near)) in self.row.iter_mut().zip(own.iter().zip(near)) {
                    *to = narrowed((u16::from(*own) * 3 + u16::from(*near) + bias) >> 2);
                }
            }
            (2, 1) if self.width > 2 => {
                let samples = own.iter().map(|own| u16::from(*own));
                fill_with_ends(&mut self.narrow, samples);
                widen(&self.narrow, &mut self.row, (1, 2), 2);
            }
            (2, 2) if self.width > 2 => {
                let samples = own.iter().zip(near).map(|(own, near)| u16::from(*own) * 3 + u16::from(*near));
                fill_with_ends(&mut self.narrow, samples);
                widen(&self.narrow, &mut self.row, (8, 7), 4);
            }
            _ => {
                for (to, sample) in self.row.chunks_exact_mut(fx).zip(own) {
                    to.fill(*sample);
                }
            }
        }
    }
}

fn fill_with_ends(narrow: &mut Vec<u16>, samples: impl Iterator<Item = u16>) {
    narrow.clear();
    narrow.push(0);
    narrow.extend(samples);
    if let Some(last) = narrow.last().copied() {
        narrow.push(last);
    }
    if let [first, second, ..] = narrow.as_mut_slice() {
        *first = *second;
    }
}

/// Two samples from each: three parts of itself and one of the nearer neighbour, rounded with a bias left and right.
fn widen(narrow: &[u16], row: &mut [u8], (left, right): (u16, u16), shift: u32) {
    for (to, three) in row.chunks_exact_mut(2).zip(narrow.windows(3)) {
        if let ([a, b], [before, own, after]) = (to, three) {
            *a = narrowed((own * 3 + before + left) >> shift);
            *b = narrowed((own * 3 + after + right) >> shift);
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "weighted means of samples fit in a sample")]
const fn narrowed(mean: u16) -> u8 {
    mean as u8
}

/// Colour conversion with 16 fractional bits, as in libjpeg's `jdcolor.c`.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255")]
fn rgb(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (luma, blue, red) = (i32::from(luma), i32::from(blue) - 128, i32::from(red) - 128);
    // 1.402, 0.34414, 0.71414 and 1.772 times 65536.
    let r = luma + ((91881 * red + HALF) >> 16);
    let g = luma + ((-22554 * blue - 46802 * red + HALF) >> 16);
    let b = luma + ((116_130 * blue + HALF) >> 16);
    [r, g, b].map(|sample| sample.clamp(0, 255) as u8)
}
