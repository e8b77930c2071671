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

/// The means of the picture's brightness over each cell, whatever its sides are.
///
/// # Cost
/// One pass over the inside of the copy.
pub(super) fn square(copy: &Copy, inside: Inside) -> Square {
    let (width, height) = (inside.right - inside.left, inside.bottom - inside.top);
    let mut luma = vec![0_f32; width];
    let mut bands = vec![0_f32; width * SIDE];
    for y in 0..height {
        let start = ((inside.top + y) * copy.width + inside.left) * 3;
        let pixels = copy.rgb.get(start..start + width * 3).unwrap_or_default().as_chunks::<3>().0;
        for (luma, pixel) in luma.iter_mut().zip(pixels) {
            *luma = pixel.iter().zip(WEIGHTS).map(|(sample, weight)| f32::from(*sample) * weight).sum();
        }
        for (band, weight) in shares(y, height) {
            let sums = bands.get_mut(band * width..(band + 1) * width).unwrap_or_default();
            sums.iter_mut().zip(&luma).for_each(|(sum, luma)| *sum += luma * weight);
        }
    }
    let mut square = [[0.0; SIDE]; SIDE];
    for (cells, band) in square.iter_mut().zip(bands.chunks_exact(width)) {
        for (x, luma) in band.iter().enumerate() {
            for (cell, weight) in shares(x, width) {
                if let Some(cell) = cells.get_mut(cell) {
                    *cell += luma * weight;
                }
            }
        }
    }
    square
}

/// The cells that line `line` of `lines` reaches into, and which part of each it fills.
fn shares(line: usize, lines: usize) -> impl Iterator<Item = (usize, f32)> {
    // In units of 1 / lines of a cell, where all ends are whole.
    let (start, end) = (line * SIDE, (line + 1) * SIDE);
    let last = (end - 1) / lines;
    (start / lines..=last).map(move |cell| {
        let overlap = end.min((cell + 1) * lines) - start.max(cell * lines);
        (cell, overlap as f32 / lines as f32)
    })
}
