//! A small copy of a picture, from its rows, in one pass.

use crate::{
    opaque::Opaque,
    reduced::fitted,
    row::Frame,
    simd::{Work, fast},
};

/// The longer side of a small copy at most, in pixels. A border is found to within one of them.
pub(super) const MOST_SIDE: u32 = 256;

/// How many rows may be summed in sixteen bits; those beyond do not count, which only pictures of more than 65,792 rows
/// have.
const MOST_SUMMED: u32 = 257;

/// A small copy, rows top to bottom without padding.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    /// Pixels a row, 1 to [`MOST_SIDE`].
    pub(super) width: usize,
    /// Rows, 1 to [`MOST_SIDE`].
    pub(super) height: usize,
    /// Red, green, blue, and 255: a pixel is a word.
    pub(super) pixels: Vec<[u8; 4]>,
}

impl Copy {
    /// The pixels of a row from one column to another.
    #[inline(always)]
    pub(super) fn row(&self, y: usize, left: usize, right: usize) -> &[[u8; 4]] {
        self.pixels.get(y * self.width + left..y * self.width + right).unwrap_or_default()
    }
}

/// Takes the rows of a frame and keeps their means.
///
/// # Cost
/// Holds one row of sums and the copy, 256 kB at most beside the row. A picture that is small already is copied.
#[derive(Debug)]
pub(super) struct Reducer {
    frame: Frame,
    copy: Copy,
    /// Samples a pixel in the sums: 1 for pictures without colour, else 3 or 4; 0 if rows came that do not fit.
    count: usize,
    sums: Vec<u16>,
    rows_summed: u32,
    rows_seen: u32,
}

impl Reducer {
    pub(super) fn new(frame: Frame) -> Self {
        let (width, height) = fitted((frame.width, frame.height), MOST_SIDE);
        let pixels = Vec::with_capacity(width as usize * height as usize);
        let copy = Copy { width: width as usize, height: height as usize, pixels };
        Self { frame, copy, count: 0, sums: Vec::new(), rows_summed: 0, rows_seen: 0 }
    }

    /// Takes the next row; a row of another width or kind than the first spoils the copy.
    pub(super) fn row(&mut self, row: &Opaque<'_>) {
        let (count, samples) = match row {
            Opaque::Grey(greys) => (1, *greys),
            Opaque::Rgb(pixels) => (3, pixels.as_flattened()),
            Opaque::Rgbx(pixels) => (4, pixels.as_flattened()),
        };
        let is_small = self.frame.width.max(self.frame.height) <= MOST_SIDE;
        if self.rows_seen == 0 {
            self.count = count;
            self.sums = vec![0; if is_small { 0 } else { samples.len() }];
        }
        if self.count != count || row.width() != self.frame.width as usize || self.rows_seen >= self.frame.height {
            self.count = 0;
            return;
        }
        self.rows_seen += 1;
        if is_small {
            return self.copy_row(row);
        }
        if self.rows_summed < MOST_SUMMED {
            fast(Add { sums: &mut self.sums, samples });
            self.rows_summed += 1;
        }
        let place = |row: u32| u64::from(row) * self.copy.height as u64 / u64::from(self.frame.height);
        if place(self.rows_seen) != place(self.rows_seen - 1) {
            fast(EndRow(self));
        }
    }

    /// The copy, if all rows came.
    pub(super) fn finish(self) -> Option<Copy> {
        let is_whole = self.count > 0 && self.copy.pixels.len() == self.copy.width * self.copy.height;
        is_whole.then_some(self.copy)
    }

    fn copy_row(&mut self, row: &Opaque<'_>) {
        let copy = &mut self.copy.pixels;
        match row {
            Opaque::Grey(greys) => copy.extend(greys.iter().map(|&grey| [grey, grey, grey, 255])),
            Opaque::Rgb(pixels) => copy.extend(pixels.iter().map(|&[r, g, b]| [r, g, b, 255])),
            Opaque::Rgbx(pixels) => copy.extend(pixels.iter().map(|&[r, g, b, _]| [r, g, b, 255])),
        }
    }

    #[inline(always)]
    fn end_row(&mut self) {
        let share = self.rows_summed;
        match self.count {
            1 => end_row(&mut self.copy, self.sums.as_chunks::<1>().0, share, |[grey]| [grey, grey, grey, 0]),
            3 => end_row(&mut self.copy, self.sums.as_chunks::<3>().0, share, |[r, g, b]| [r, g, b, 0]),
            _ => end_row(&mut self.copy, self.sums.as_chunks::<4>().0, share, |pixel| pixel),
        }
        self.sums.fill(0);
        self.rows_summed = 0;
    }
}

/// Adds a row to the sums.
struct Add<'a> {
    sums: &'a mut [u16],
    samples: &'a [u8],
}

impl Work for Add<'_> {
    type Done = ();

    #[inline(always)]
    fn work(self) {
        for (sum, sample) in self.sums.iter_mut().zip(self.samples) {
            *sum += u16::from(*sample);
        }
    }
}

/// [`Reducer::end_row`].
struct EndRow<'a>(&'a mut Reducer);

impl Work for EndRow<'_> {
    type Done = ();

    #[inline(always)]
    fn work(self) {
        self.0.end_row();
    }
}

/// Appends the mean colours of cells, of sums over so many rows, rounded.
#[inline(always)]
fn end_row<const COUNT: usize>(
    copy: &mut Copy,
    sums: &[[u16; COUNT]],
    rows: u32,
    colour: impl Fn([u32; COUNT]) -> [u32; 4],
) {
    let (mut rest, mut ahead) = (sums, 0);
    let (least, more) = (sums.len() / copy.width.max(1), sums.len() % copy.width.max(1));
    // One division for all: a cell has too few pixels for its sums to lose a bit that matters.
    let shares = [least, least + 1].map(|columns| 1.0 / (columns as u32 * rows).max(1) as f32);
    for _ in 0..copy.width {
        // Cell `x` begins at column `x * sums.len() / copy.width`.
        ahead += more;
        let (columns, share) = if ahead < copy.width { (least, shares[0]) } else { (least + 1, shares[1]) };
        ahead -= if columns > least { copy.width } else { 0 };
        let Some((cell, after)) = rest.split_at_checked(columns) else { break };
        rest = after;
        let mut total = [0; COUNT];
        for pixel in cell {
            for (total, sum) in total.iter_mut().zip(pixel) {
                *total += u32::from(*sum);
            }
        }
        let [r, g, b, _] = colour(total).map(|sum| (sum as f32 * share + 0.5) as u8);
        copy.pixels.push([r, g, b, 255]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Delay;

    #[test]
    fn a_copy_has_the_mean_of_each_cell() {
        for (width, height) in [(257, 3), (300, 290), (512, 512), (523, 401), (1000, 7), (3, 999)] {
            let sample = |x: usize, y: usize| (x * 31 + y * 17 + x * y / 7) as u8;
            let mut reducer = Reducer::new(Frame { width, height, delay: Delay::NONE });
            for y in 0..height as usize {
                let greys: Vec<u8> = (0..width as usize).map(|x| sample(x, y)).collect();
                reducer.row(&Opaque::Grey(&greys));
            }
            let copy = reducer.finish().unwrap();
            // A row that lies in two cells belongs to the upper one, a column to the right one.
            let begins_row = |row: usize| (row * height as usize).div_ceil(copy.height);
            let begins_column = |column: usize| column * width as usize / copy.width;
            for (at, [grey, ..]) in copy.pixels.iter().enumerate() {
                let (row, column) = (at / copy.width, at % copy.width);
                let rows = begins_row(row)..begins_row(row + 1);
                let columns = begins_column(column)..begins_column(column + 1);
                let count = (rows.len() * columns.len()) as f64;
                let sum: f64 = rows.flat_map(|y| columns.clone().map(move |x| f64::from(sample(x, y)))).sum();
                assert!((f64::from(*grey) - sum / count).abs() <= 0.5001, "{width} x {height}, cell {at}");
            }
        }
    }
}
