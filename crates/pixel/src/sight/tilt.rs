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
const TOGETHER: usize = 8;

/// Turns one square by several angles.
pub(super) struct Tilter {
    upright: Box<Wide>,
    once: Box<Square>,
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
        let (once, sheared) = (Box::new([[0.0; SIDE]; SIDE]), Box::new([[0.0; SIDE + 2 * MARGIN]; SIDE]));
        Self { upright, once, sheared, ratio }
    }

    /// Fills `tilted` with the picture turned anticlockwise by so many degrees about its centre.
    ///
    /// # Cost
    /// Three shears, each one pass over the square.
    ///
    /// # Source
    /// A. W. Paeth, "A Fast Algorithm for General Raster Rotation", Graphics Interface 1986.
    #[inline(always)]
    pub(super) fn tilt(&mut self, degrees: f32, tilted: &mut Square) {
        let angle = degrees.to_radians();
        // The square has the picture's two sides in units of their own, so the shears along them have, too.
        let (along_rows, along_columns) = (-(angle / 2.0).tan() / self.ratio, angle.sin() * self.ratio);
        shear_rows(&self.upright, along_rows, &mut self.once);
        shear_columns(&self.once, along_columns, &mut self.sheared);
        shear_rows(&self.sheared, along_rows, tilted);
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
fn shear_rows(wide: &Wide, slope: f32, sheared: &mut Square) {
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
}

/// Each cell takes what lies `slope` times its column's distance from the centre below it.
#[inline(always)]
fn shear_columns(square: &Square, slope: f32, sheared: &mut Wide) {
    for chunk in 0..SIDE / TOGETHER {
        let mut shifts = [(0, 0.0); TOGETHER];
        for (at, shift) in shifts.iter_mut().enumerate() {
            *shift = split(slope * from_centre(chunk * TOGETHER + at));
        }
        // They rise or fall from one column to the next.
        let (one, other) = (shifts[0].0, shifts[TOGETHER - 1].0);
        let first = one.min(other);
        match one.max(other) + 2 - first {
            2 => shear_chunk::<2>(square, (chunk, first), &shifts, sheared),
            3 => shear_chunk::<3>(square, (chunk, first), &shifts, sheared),
            4 => shear_chunk::<4>(square, (chunk, first), &shifts, sheared),
            5 => shear_chunk::<5>(square, (chunk, first), &shifts, sheared),
            _ => shear_far(square, (chunk, first), &shifts, sheared),
        }
    }
}

/// Some columns of which each takes two of the same `ROWS` rows, the first of which lies so far below.
#[inline(always)]
fn shear_chunk<const ROWS: usize>(
    square: &Square,
    (chunk, first): (usize, i32),
    shifts: &[(i32, f32); TOGETHER],
    sheared: &mut Wide,
) {
    let mut weights = [[0.0; TOGETHER]; ROWS];
    for (row, weights) in weights.iter_mut().enumerate() {
        for (weight, (whole, rest)) in weights.iter_mut().zip(shifts) {
            *weight = match first + row as i32 - whole {
                0 => 1.0 - rest,
                1 => *rest,
                _ => 0.0,
            };
        }
    }
    for (y, sheared) in sheared.iter_mut().enumerate() {
        let mut sums = [0.0; TOGETHER];
        for (row, weights) in weights.iter().enumerate() {
            let below = y.wrapping_add_signed(first as isize).wrapping_add(row);
            let Some(cells) = square.get(below).and_then(|row| row.as_chunks::<TOGETHER>().0.get(chunk)) else {
                continue;
            };
            for (sum, (cell, weight)) in sums.iter_mut().zip(cells.iter().zip(weights)) {
                *sum += cell * weight;
            }
        }
        middle(sheared).as_chunks_mut().0.iter_mut().skip(chunk).take(1).for_each(|place| *place = sums);
    }
}

/// The same of columns whose rows lie far apart, as in a picture much wider than high.
#[cold]
fn shear_far(square: &Square, (chunk, _): (usize, i32), shifts: &[(i32, f32); TOGETHER], sheared: &mut Wide) {
    for (y, sheared) in sheared.iter_mut().enumerate() {
        let cells = middle(sheared).iter_mut().skip(chunk * TOGETHER).zip(shifts);
        for (x, (cell, (whole, rest))) in cells.enumerate() {
            let column = chunk * TOGETHER + x;
            let row = |more: usize| square.get(y.wrapping_add_signed(*whole as isize).wrapping_add(more));
            let [near, far] = [row(0), row(1)].map(|row| row.and_then(|row| row.get(column)).copied().unwrap_or(0.0));
            *cell = near * (1.0 - rest) + far * rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also where the columns of one chunk take rows far apart: a picture much wider than high has slopes above 1.
    #[test]
    fn a_shear_of_columns_takes_from_two_rows_whatever_the_slope() {
        let square: Square = std::array::from_fn(|y| std::array::from_fn(|x| ((y * 37 + x * 101) % 256) as f32));
        let cell = |x: usize, y: i32| usize::try_from(y).ok().and_then(|y| square.get(y)).map_or(0.0, |row| row[x]);
        for slope in [0.0, 0.02, -0.02, 0.084, -0.2, 0.3, -0.45, 0.6, 1.0, -2.7, 9.0, -300.0] {
            let mut sheared = [[0.0; SIDE + 2 * MARGIN]; SIDE];
            shear_columns(&square, slope, &mut sheared);
            for (y, row) in sheared.iter_mut().enumerate() {
                for (x, found) in middle(row).iter().enumerate() {
                    let below = (slope * (x as f32 - 31.5)).clamp(-65.0, 65.0);
                    let (first, rest) = (y as i32 + below.floor() as i32, below - below.floor());
                    let wanted = cell(x, first) * (1.0 - rest) + cell(x, first + 1) * rest;
                    assert_eq!(*found, wanted, "slope {slope}, column {x}, row {y}");
                }
            }
        }
    }
}
