//! The brightness of a picture on a square of fixed size.

use super::{border::Inside, reduce::Copy};

/// The side of the square, in cells. The codes have waves of up to eight cycles, eight cells each.
pub(super) const SIDE: usize = 64;

/// Brightness 0 to 255, rows top to bottom.
pub(super) type Square = [[f32; SIDE]; SIDE];

/// The weights of red, green and blue in brightness.
///
/// # Source
/// ITU-R BT.601, as PDQ uses it.
const WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];

/// How many columns are turned into rows together.
const TOGETHER: usize = 16;

/// The means of the picture's brightness over each cell, whatever its sides are.
///
/// # Cost
/// One pass over the inside of the copy.
#[inline(always)]
pub(super) fn square(copy: &Copy, inside: Inside) -> Square {
    let (width, height) = (inside.right - inside.left, inside.bottom - inside.top);
    let stride = width.next_multiple_of(TOGETHER);
    let mut luma = vec![0_f32; stride];
    let mut bands = vec![0_f32; stride * SIDE];
    for y in 0..height {
        let pixels = copy.row(inside.top + y, inside.left, inside.right);
        for (luma, pixel) in luma.iter_mut().zip(pixels) {
            let word = u32::from_le_bytes(*pixel);
            let [r, g, b] = [word & 255, word >> 8 & 255, word >> 16 & 255].map(|sample| sample.cast_signed() as f32);
            *luma = r * WEIGHTS[0] + g * WEIGHTS[1] + b * WEIGHTS[2];
        }
        for (band, weight) in shares(y, height) {
            let sums = bands.get_mut(band * stride..(band + 1) * stride).unwrap_or_default();
            for (sum, luma) in sums.iter_mut().zip(&luma) {
                *sum += luma * weight;
            }
        }
    }
    across(&bands, width)
}

/// The same along the rows: columns become rows, so that whole rows are added here, too.
#[inline(always)]
fn across(bands: &[f32], width: usize) -> Square {
    let stride = width.next_multiple_of(TOGETHER);
    let mut columns = [[0.0; SIDE]; TOGETHER];
    let mut turned = [[0.0; SIDE]; SIDE];
    for first in (0..width).step_by(TOGETHER) {
        for (y, band) in bands.chunks_exact(stride).enumerate() {
            for (column, luma) in columns.iter_mut().zip(band.get(first..).unwrap_or_default()) {
                column.iter_mut().skip(y).take(1).for_each(|place| *place = *luma);
            }
        }
        for (x, column) in (first..width).zip(&columns) {
            for (cell, weight) in shares(x, width) {
                let Some(cells) = turned.get_mut(cell) else { continue };
                for (cell, luma) in cells.iter_mut().zip(column) {
                    *cell += luma * weight;
                }
            }
        }
    }
    let mut square = [[0.0; SIDE]; SIDE];
    for (x, column) in turned.iter().enumerate() {
        for (row, luma) in square.iter_mut().zip(column) {
            row.iter_mut().skip(x).take(1).for_each(|cell| *cell = *luma);
        }
    }
    square
}

/// The cells that line `line` of `lines` reaches into, and which part of each it fills.
#[inline(always)]
fn shares(line: usize, lines: usize) -> impl Iterator<Item = (usize, f32)> {
    // In units of 1 / lines of a cell, where all ends are whole.
    let (start, end) = (line * SIDE, (line + 1) * SIDE);
    let last = (end - 1) / lines;
    (start / lines..=last).map(move |cell| {
        let overlap = end.min((cell + 1) * lines) - start.max(cell * lines);
        (cell, overlap as f32 / lines as f32)
    })
}
