//! A picture turned by a few degrees.

use super::square::{SIDE, Square};

/// The brightness of the corners that come into view.
///
/// # Source
/// Black, as most programs fill them.
const CORNER: f32 = 0.0;

/// The square of a picture of that ratio of width to height, turned anticlockwise by so many degrees about its centre.
///
/// # Cost
/// Three shears, each one pass over the square.
///
/// # Source
/// A. W. Paeth, "A Fast Algorithm for General Raster Rotation", Graphics Interface 1986.
pub(super) fn tilt(square: &Square, ratio: f32, degrees: f32) -> Square {
    let angle = degrees.to_radians();
    // The square has the picture's two sides in units of their own, so the shears along them have, too.
    let (along_rows, along_columns) = (-(angle / 2.0).tan() / ratio, angle.sin() * ratio);
    let once = shear_rows(square, along_rows);
    let twice = shear_columns(&once, along_columns);
    shear_rows(&twice, along_rows)
}

/// How far from the centre the middle of a line lies, in cells.
fn from_centre(line: usize) -> f32 {
    line as f32 + 0.5 - SIDE as f32 / 2.0
}

/// Whole cells and the rest, 0 to 1, of a shift, which ends where all cells are out of view.
fn split(shift: f32) -> (i32, f32) {
    let shift = shift.clamp(-(SIDE as f32) - 1.0, SIDE as f32 + 1.0);
    let whole = shift.floor();
    (whole as i32, shift - whole)
}

/// Each cell takes what lies `slope` times its row's distance from the centre to its right.
fn shear_rows(square: &Square, slope: f32) -> Square {
    const WIDE: usize = SIDE * 3 + 4;
    let mut sheared = [[0.0; SIDE]; SIDE];
    let mut wide = [CORNER; WIDE];
    for (y, (cells, row)) in sheared.iter_mut().zip(square).enumerate() {
        if let Some(middle) = wide.get_mut(SIDE + 2..SIDE * 2 + 2) {
            middle.copy_from_slice(row);
        }
        let (whole, rest) = split(slope * from_centre(y));
        let start = usize::try_from(SIDE as i32 + 2 + whole).unwrap_or(0);
        let near = wide.get(start..start + SIDE).unwrap_or_default();
        let far = wide.get(start + 1..start + 1 + SIDE).unwrap_or_default();
        for (cell, (near, far)) in cells.iter_mut().zip(near.iter().zip(far)) {
            *cell = near + rest * (far - near);
        }
    }
    sheared
}

/// Each cell takes what lies `slope` times its column's distance from the centre below it.
fn shear_columns(square: &Square, slope: f32) -> Square {
    let mut sheared = [[0.0; SIDE]; SIDE];
    let shifts: [(i32, f32); SIDE] = std::array::from_fn(|x| split(slope * from_centre(x)));
    let rests = shifts.map(|(_, rest)| rest);
    const CORNERS: [f32; SIDE] = [CORNER; SIDE];
    for (y, cells) in sheared.iter_mut().enumerate() {
        let row_at =
            |whole: i32| usize::try_from(y as i32 + whole).ok().and_then(|y| square.get(y)).unwrap_or(&CORNERS);
        let mut x = 0;
        while let Some(&(whole, _)) = shifts.get(x) {
            // Neighbouring columns mostly shift by the same number of whole cells.
            let run = shifts.iter().skip(x).take_while(|shift| shift.0 == whole).count();
            let columns = x..x + run;
            let near = row_at(whole).get(columns.clone()).unwrap_or_default();
            let far = row_at(whole + 1).get(columns.clone()).unwrap_or_default();
            let rests = rests.get(columns.clone()).unwrap_or_default();
            for (((cell, near), far), rest) in
                cells.get_mut(columns).unwrap_or_default().iter_mut().zip(near).zip(far).zip(rests)
            {
                *cell = near + rest * (far - near);
            }
            x += run;
        }
    }
    sheared
}
