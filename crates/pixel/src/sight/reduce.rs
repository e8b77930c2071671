//! A small copy of a picture, from its rows, in one pass.

use crate::row::{Channels, Frame, Row, Samples};

/// The longer side of a small copy at most, in pixels. A border is found to within one of them.
pub(super) const MOST_SIDE: u32 = 256;

/// How many rows may be summed in sixteen bits; those beyond do not count, which only pictures of more than 65,792 rows
/// have.
const MOST_SUMMED: u32 = 257;

/// A small copy: red, green and blue, a byte each, rows top to bottom without padding.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    /// Pixels a row, 1 to [`MOST_SIDE`].
    pub(super) width: usize,
    /// Rows, 1 to [`MOST_SIDE`].
    pub(super) height: usize,
    /// The samples.
    pub(super) rgb: Vec<u8>,
}

/// Takes the rows of a frame and keeps their means.
///
/// # Cost
/// Holds one row of sums and the copy, 192 kB at most beside the row.
#[derive(Debug)]
pub(super) struct Reducer {
    frame: Frame,
    copy: Copy,
    /// Samples a pixel in the sums: 1 for pictures without colour, else 3.
    count: usize,
    sums: Vec<u16>,
    rows_summed: u32,
    rows_seen: u32,
    /// The row as opaque grey or red, green and blue, where it is not that yet.
    opaque: Vec<u8>,
}

impl Reducer {
    pub(super) fn new(frame: Frame) -> Self {
        let (width, height) = small_sides(frame.width, frame.height);
        let rgb = Vec::with_capacity(width as usize * height as usize * 3);
        let copy = Copy { width: width as usize, height: height as usize, rgb };
        let sums = Vec::new();
        Self { frame, copy, count: 0, sums, rows_summed: 0, rows_seen: 0, opaque: Vec::new() }
    }

    /// Takes the next row; a row of another width or kind than the first spoils the copy.
    pub(super) fn row(&mut self, row: &Row<'_>) {
        let count = if matches!(row.channels, Channels::Grey | Channels::GreyAlpha) { 1 } else { 3 };
        if self.rows_seen == 0 {
            self.count = count;
            self.sums = vec![0; self.frame.width as usize * count];
        }
        if self.count != count || row.width() != self.frame.width as usize || self.rows_seen >= self.frame.height {
            self.count = 0;
            return;
        }
        if self.rows_summed < MOST_SUMMED {
            let samples = match (row.channels, row.samples) {
                (Channels::Grey | Channels::Rgb, Samples::Eight(samples)) => samples,
                _ => {
                    lay_on_white(row, &mut self.opaque);
                    self.opaque.as_slice()
                }
            };
            self.sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += u16::from(*sample));
            self.rows_summed += 1;
        }
        self.rows_seen += 1;
        let place = |row: u32| u64::from(row) * self.copy.height as u64 / u64::from(self.frame.height);
        if place(self.rows_seen) != place(self.rows_seen - 1) {
            self.end_small_row();
        }
    }

    /// The copy, if all rows came.
    pub(super) fn finish(self) -> Option<Copy> {
        let is_whole = self.count > 0 && self.copy.rgb.len() == self.copy.width * self.copy.height * 3;
        is_whole.then_some(self.copy)
    }

    fn end_small_row(&mut self) {
        let width = self.frame.width as usize;
        let mut rest = self.sums.as_slice();
        for x in 0..self.copy.width {
            let columns = (x + 1) * width / self.copy.width - x * width / self.copy.width;
            let Some((cell, after)) = rest.split_at_checked(columns * self.count) else { break };
            rest = after;
            self.copy.rgb.extend(mean(cell, self.count, columns as u32 * self.rows_summed));
        }
        self.sums.fill(0);
        self.rows_summed = 0;
    }
}

/// The sides of the copy: as the picture's if they are small, else in their ratio, rounded, and at least 1.
fn small_sides(width: u32, height: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= MOST_SIDE {
        return (width.max(1), height.max(1));
    }
    let side = |of: u32| {
        let rounded = (u64::from(of) * u64::from(MOST_SIDE) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(MOST_SIDE).max(1)
    };
    (side(width), side(height))
}

/// The mean colour of a cell of `count` sums a pixel over `pixels` pixels, rounded.
fn mean(cell: &[u16], count: usize, pixels: u32) -> [u8; 3] {
    let mut sums = [0_u32; 3];
    if count == 1 {
        sums = [cell.iter().copied().map(u32::from).sum(); 3];
    } else {
        for pixel in cell.chunks_exact(3) {
            sums.iter_mut().zip(pixel).for_each(|(sum, sample)| *sum += u32::from(*sample));
        }
    }
    // One division for the three: a cell has too few pixels for its sums to lose a bit that matters.
    let share = 1.0 / pixels.max(1) as f32;
    sums.map(|sum| (sum as f32 * share + 0.5) as u8)
}

/// The samples of a row in eight bits, colours laid on white, inks as colours.
fn lay_on_white(row: &Row<'_>, opaque: &mut Vec<u8>) {
    opaque.clear();
    match row.samples {
        Samples::Eight(samples) => append_opaque(row.channels, samples.iter().copied(), opaque),
        Samples::Sixteen(samples) => {
            append_opaque(row.channels, samples.iter().map(|sample| (sample >> 8) as u8), opaque);
        }
    }
}

fn append_opaque(channels: Channels, mut samples: impl Iterator<Item = u8>, opaque: &mut Vec<u8>) {
    let over = |sample: u8, alpha: u8| {
        let (sample, alpha) = (u32::from(sample), u32::from(alpha));
        ((sample * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    match channels {
        Channels::Grey | Channels::Rgb => opaque.extend(samples),
        Channels::GreyAlpha => {
            while let (Some(grey), Some(alpha)) = (samples.next(), samples.next()) {
                opaque.push(over(grey, alpha));
            }
        }
        Channels::Rgba => {
            while let (Some(r), Some(g), Some(b), Some(a)) =
                (samples.next(), samples.next(), samples.next(), samples.next())
            {
                opaque.extend([over(r, a), over(g, a), over(b, a)]);
            }
        }
        Channels::Cmyk => {
            let light = |ink: u8, black: u8| (u32::from(255 - ink) * u32::from(255 - black) / 255) as u8;
            while let (Some(c), Some(m), Some(y), Some(k)) =
                (samples.next(), samples.next(), samples.next(), samples.next())
            {
                opaque.extend([light(c, k), light(m, k), light(y, k)]);
            }
        }
    }
}
