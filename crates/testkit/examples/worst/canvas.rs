//! A sheet to draw rectangles and lines of text on.

use pixtwin_testkit::draw::Seeded;

/// How many different signs text has.
pub(crate) const SIGNS: u32 = 64;
/// Width and height of a sign, in its own dots.
const SIGN: (usize, usize) = (5, 7);

/// Samples row by row without padding.
#[derive(Clone)]
pub(crate) struct Canvas {
    /// Width in pixels.
    pub(crate) width: usize,
    /// Height in pixels.
    pub(crate) height: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub(crate) channels: usize,
    /// The samples.
    pub(crate) samples: Vec<u8>,
}

impl Canvas {
    /// A white sheet.
    pub(crate) fn white(width: usize, height: usize, channels: usize) -> Self {
        Self { width, height, channels, samples: vec![255; width * height * channels] }
    }

    /// Fills a rectangle, as far as it lies on the sheet. Grey sheets take the first sample of the colour.
    pub(crate) fn fill(&mut self, (x, y): (usize, usize), (width, height): (usize, usize), colour: [u8; 3]) {
        let (left, right) = (x.min(self.width), (x + width).min(self.width));
        let row_bytes = self.width * self.channels;
        for row in self.samples.chunks_exact_mut(row_bytes).skip(y).take(height) {
            for pixel in row[left * self.channels..right * self.channels].chunks_exact_mut(self.channels) {
                pixel.copy_from_slice(&colour[..self.channels]);
            }
        }
    }

    /// Writes signs from left to right, each five dots wide and a dot apart.
    pub(crate) fn text(&mut self, (x, y): (usize, usize), signs: &[u32], dot: usize, colour: [u8; 3]) {
        for (at, sign) in signs.iter().enumerate() {
            let shape = shape_of(*sign);
            let left = x + at * (SIGN.0 + 1) * dot;
            for place in (0..SIGN.0 * SIGN.1).filter(|place| shape >> place & 1 == 1) {
                self.fill((left + place % SIGN.0 * dot, y + place / SIGN.0 * dot), (dot, dot), colour);
            }
        }
    }
}

/// The dots of a sign, one a bit; no two signs are equal, and the first is empty.
fn shape_of(sign: u32) -> u64 {
    match sign % SIGNS {
        0 => 0,
        // Its own number stands in the lowest dots.
        sign => Seeded(u64::from(sign)).number() & !(u64::from(SIGNS) - 1) | u64::from(sign),
    }
}

/// Signs of words and the gaps between them.
pub(crate) fn words(random: &mut Seeded, len: usize) -> Vec<u32> {
    (0..len).map(|_| if random.below(6) == 0 { 0 } else { 1 + random.below(SIGNS - 1) }).collect()
}
