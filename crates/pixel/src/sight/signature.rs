//! Brightness and colour of a picture in few bytes, for a second look at a pair.

use super::{
    border::Inside,
    reduce::Copy,
    square::{SIDE, Square},
};

/// A few means of the picture without its border, and where in the picture that lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Mean brightness of 8 x 8 blocks, 0 to 255, rows top to bottom.
    pub luma: [[u8; 8]; 8],
    /// Mean blue and red difference of 4 x 4 blocks, 128 is none, rows top to bottom.
    ///
    /// # Source
    /// ITU-T T.871, as in JPEG.
    pub chroma: [[[u8; 2]; 4]; 4],
    /// Where the border ends: left, top, right and bottom, 0 to 255 parts of 255 of the side.
    pub inside: [u8; 4],
    /// The ratio of the whole picture's width to its height, as its logarithm to base 2, 0 for squares, times 1024.
    pub ratio: i16,
    /// How much of it is of one brightness, in parts of 255: the share of steps between neighbours of 64 x 64 cells that are
    /// at most a quarter of 1 of 255. Half of the photos have 5 % or less, half of the drawings 60 % or more.
    pub flat: u8,
}

impl Signature {
    /// How many bytes it takes.
    pub const BYTES: usize = 64 + 32 + 4 + 2 + 1;

    #[inline(always)]
    pub(super) fn new(copy: &Copy, inside: Inside, square: &Square, (width, height): (u32, u32)) -> Self {
        let edge = |at: usize, side: usize| ((at * 255 + side / 2) / side.max(1)).min(255) as u8;
        let ratio = f64::from(width.max(1)) / f64::from(height.max(1));
        Self {
            luma: luma(square),
            chroma: chroma(copy, inside),
            inside: [
                edge(inside.left, copy.width),
                edge(inside.top, copy.height),
                edge(inside.right, copy.width),
                edge(inside.bottom, copy.height),
            ],
            ratio: (ratio.log2() * 1024.0).round() as i16,
            flat: flat(square),
        }
    }

    /// The signature in bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let luma = self.luma.as_flattened().iter();
        let fields = luma.chain(self.chroma.as_flattened().as_flattened()).chain(&self.inside).copied();
        let fields = fields.chain(self.ratio.to_le_bytes()).chain([self.flat]);
        bytes.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    /// The signature that [`Signature::to_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let mut signature = Self { luma: [[0; 8]; 8], chroma: [[[0; 2]; 4]; 4], inside: [0; 4], ratio: 0, flat: 0 };
        let mut bytes = bytes.iter().copied();
        let mut fill = |fields: &mut [u8]| fields.iter_mut().zip(&mut bytes).for_each(|(field, byte)| *field = byte);
        fill(signature.luma.as_flattened_mut());
        fill(signature.chroma.as_flattened_mut().as_flattened_mut());
        fill(&mut signature.inside);
        let mut ratio = [0; 2];
        fill(&mut ratio);
        signature.ratio = i16::from_le_bytes(ratio);
        fill(std::slice::from_mut(&mut signature.flat));
        signature
    }
}

#[inline(always)]
fn luma(square: &Square) -> [[u8; 8]; 8] {
    const BLOCK: usize = SIDE / 8;
    let mut luma = [[0; 8]; 8];
    for (means, rows) in luma.iter_mut().zip(square.chunks_exact(BLOCK)) {
        let mut sums = [0.0_f32; 8];
        for row in rows {
            for (sum, cells) in sums.iter_mut().zip(row.chunks_exact(BLOCK)) {
                *sum += cells.iter().sum::<f32>();
            }
        }
        *means = sums.map(|sum| (sum / (BLOCK * BLOCK) as f32).round() as u8);
    }
    luma
}

#[inline(always)]
fn flat(square: &Square) -> u8 {
    /// The largest step that is none, of 255.
    const MOST: f32 = 0.25;
    const STEPS: usize = 2 * SIDE * (SIDE - 1);
    let is_flat = |one: f32, next: f32| u32::from((one - next).abs() <= MOST);
    let mut flat = 0;
    for row in square {
        flat += row.iter().zip(row.iter().skip(1)).map(|(one, next)| is_flat(*one, *next)).sum::<u32>();
    }
    for (row, below) in square.iter().zip(square.iter().skip(1)) {
        flat += row.iter().zip(below).map(|(one, next)| is_flat(*one, *next)).sum::<u32>();
    }
    (flat as usize * 255 / STEPS) as u8
}

/// Blocks begin and end within pixels where a side is no multiple of four: the blocks of a turned picture are those of the
/// upright one, turned.
#[inline(always)]
fn chroma(copy: &Copy, inside: Inside) -> [[[u8; 2]; 4]; 4] {
    let (width, height) = (inside.right - inside.left, inside.bottom - inside.top);
    let mut chroma = [[[128; 2]; 4]; 4];
    let mut sums: Vec<[u16; 4]> = vec![[0; 4]; width];
    for (band, means) in chroma.iter_mut().enumerate() {
        sums.fill([0; 4]);
        // At most 64 rows, of four quarters and 255 each.
        for (y, quarters) in quarters_of(band, height) {
            let row = copy.row(inside.top + y, inside.left, inside.right);
            for (sums, pixel) in sums.iter_mut().zip(row) {
                for (sum, sample) in sums.iter_mut().zip(pixel) {
                    *sum += u16::from(*sample) * quarters;
                }
            }
        }
        for (column, mean) in means.iter_mut().enumerate() {
            let mut colour = [0_u32; 4];
            for (x, quarters) in quarters_of(column, width) {
                for (sum, sample) in colour.iter_mut().zip(sums.get(x).unwrap_or(&[0; 4])) {
                    *sum += u32::from(*sample) * u32::from(quarters);
                }
            }
            let [red, green, blue, _] = colour.map(|sum| sum as f32 / (width * height) as f32);
            *mean = differences([red, green, blue]);
        }
    }
    chroma
}

/// The pixels of a fourth of a side, and how many quarters of each lie in it: together as many as the side has pixels.
#[inline(always)]
fn quarters_of(part: usize, side: usize) -> impl Iterator<Item = (usize, u16)> {
    let (start, end) = (part * side, (part + 1) * side);
    (start / 4..end.div_ceil(4)).map(move |at| (at, ((4 * at + 4).min(end) - (4 * at).max(start)) as u16))
}

fn differences([red, green, blue]: [f32; 3]) -> [u8; 2] {
    let luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    [(blue - luma) / 1.772, (red - luma) / 1.402].map(|difference| (128.0 + difference).round().clamp(0.0, 255.0) as u8)
}
