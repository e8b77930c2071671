//! A picture turned by a few degrees.

use super::square::{SIDE, Square};

/// How many cells beyond each end of a row are there to be seen: as far as a shear can shift one.
const MARGIN: usize = SIDE + 2;

/// The square with corners around it, of brightness 0.
///
/// # Source
/// Black, as most programs fill them.
type Wide = [[f32; SIDE + 2 * MARGIN]; SIDE];

/// How many columns are sheared together.
const TOGETHER: usize = 16;

/// Turns one square by several angles.
pub(super) struct Tilter {
    upright: Box<Wide>,
    sheared: Box<Wide>,
    /// Width to height of the picture.
    ratio: f32,
}

impl Tilter {
    #[inline(always)]
    pub(super) fn new(square: &Square, ratio: f32) -> Self {
        let mut upright = Box::new([[0.0; SIDE + 2 * MARGIN]; SIDE]);
        for (wide, row) in upright.iter_mut().zip(square) {
            *middle(wide) = *row;
        }
        Self { upright, sheared: Box::new([[0.0; SIDE + 2 * MARGIN]; SIDE]), ratio }
    }

    /// The picture turned anticlockwise by so many degrees about its centre.
    ///
    /// # Cost
    /// Three shears, each one pass over the square.
    ///
    /// # Source
    /// A. W. Paeth, "A Fast Algorithm for General Raster Rotation", Graphics Interface 1986.
    #[inline(always)]
    pub(super) fn tilt(&mut self, degrees: f32) -> Square {
        let angle = degrees.to_radians();
        // The square has the picture's two sides in units of their own, so the shears along them have, too.
        let (along_rows, along_columns) = (-(angle / 2.0).tan() / self.ratio, angle.sin() * self.ratio);
        let once = shear_rows(&self.upright, along_rows);
        shear_columns(&once, along_columns, &mut self.sheared);
        shear_rows(&self.sheared, along_rows)
    }
}

/// The square in a row with margins.
#[inline(always)]
fn middle(wide: &mut [f32; SIDE + 2 * MARGIN]) -> &mut [f32; SIDE] {
    let (_, behind) = wide.split_first_chunk_mut::<MARGIN>().expect("a margin is less than the row");
    behind.first_chunk_mut().expect("the rest is the square and a margin")
}

/// How far from the centre the middle of a line lies, in cells.
#[inline(always)]
fn from_centre(line: usize) -> f32 {
    line as f32 + 0.5 - SIDE as f32 / 2.0
}

/// Whole cells and the rest, 0 to 1, of a shift, which ends where all cells are out of view.
#[inline(always)]
fn split(shift: f32) -> (i32, f32) {
    let shift = shift.clamp(-(SIDE as f32) - 1.0, SIDE as f32 + 1.0);
    let whole = shift.floor();
    (whole as i32, shift - whole)
}

/// Each cell takes what lies `slope` times its row's distance from the centre to its right.
#[inline(always)]
fn shear_rows(wide: &Wide, slope: f32) -> Square {
    let mut sheared = [[0.0; SIDE]; SIDE];
    for (y, (cells, row)) in sheared.iter_mut().zip(wide).enumerate() {
        let (whole, rest) = split(slope * from_centre(y));
        let start = (MARGIN as i32 + whole) as usize;
        let near = row.get(start..).and_then(|row| row.first_chunk::<SIDE>());
        let far = row.get(start + 1..).and_then(|row| row.first_chunk::<SIDE>());
        let (Some(near), Some(far)) = (near, far) else { continue };
        for (cell, (near, far)) in cells.iter_mut().zip(near.iter().zip(far)) {
            *cell = near + rest * (far - near);
        }
    }
    sheared
}

/// Each cell takes what lies `slope` times its column's distance from the centre below it.
#[inline(always)]
fn shear_columns(square: &Square, slope: f32, sheared: &mut Wide) {
    let mut shifts = [(0, 0.0); SIDE];
    for (x, shift) in shifts.iter_mut().enumerate() {
        *shift = split(slope * from_centre(x));
    }
    for (chunk, shifts) in shifts.as_chunks::<TOGETHER>().0.iter().enumerate() {
        let wholes = || shifts.iter().map(|(whole, _)| *whole);
        let (first, last) = (wholes().min().unwrap_or(0), wholes().max().unwrap_or(0) + 1);
        for rows_below in first..=last {
            let mut weights = [0.0; TOGETHER];
            for (weight, (whole, rest)) in weights.iter_mut().zip(shifts) {
                *weight = match rows_below - whole {
                    0 => 1.0 - rest,
                    1 => *rest,
                    _ => 0.0,
                };
            }
            add_rows(square, (chunk, rows_below, rows_below == first), &weights, sheared);
        }
    }
}

/// Adds a chunk of the columns, shifted, times their weights, to what is there, or to nothing.
#[inline(always)]
fn add_rows(
    square: &Square,
    (chunk, rows_below, is_first): (usize, i32, bool),
    weights: &[f32; TOGETHER],
    sheared: &mut Wide,
) {
    const CORNERS: [f32; TOGETHER] = [0.0; TOGETHER];
    for (y, sums) in sheared.iter_mut().enumerate() {
        let Some(sums) = middle(sums).as_chunks_mut::<TOGETHER>().0.get_mut(chunk) else { continue };
        let row = usize::try_from(y as i32 + rows_below).ok().and_then(|y| square.get(y));
        let cells = row.and_then(|row| row.as_chunks::<TOGETHER>().0.get(chunk)).unwrap_or(&CORNERS);
        let mut sum = if is_first { CORNERS } else { *sums };
        for (sum, (cell, weight)) in sum.iter_mut().zip(cells.iter().zip(weights)) {
            *sum += cell * weight;
        }
        *sums = sum;
    }
}
