//! How much there is to see in a part of a picture.

use super::square::{SIDE, Square};

/// The least quality of a code that is compared.
///
/// # Source
/// The reference of PDQ: discard at 49 or less.
pub(super) const LEAST_QUALITY: u8 = 50;

/// By what the reference divides the sum of all steps.
const STEPS: f32 = 90.0;

/// The steps of brightness from cell to cell: of each column, from the top down to each row.
pub(super) struct Detail {
    sums: Box<[[u32; SIDE]; SIDE + 1]>,
}

impl Detail {
    #[inline(always)]
    pub(super) fn new(square: &Square) -> Self {
        let mut sums = Box::new([[0; SIDE]; SIDE + 1]);
        let mut above = [0; SIDE];
        for (y, (row, sums)) in square.iter().zip(sums.iter_mut().skip(1)).enumerate() {
            // The last cell of a line has no neighbour: it is its own.
            let below = square.get(y + 1).unwrap_or(row);
            let mut right = *row;
            right.copy_within(1.., 0);
            for (((sum, cell), right), below) in above.iter_mut().zip(row).zip(&right).zip(below) {
                *sum += step(*cell, *right) + step(*cell, *below);
            }
            *sums = above;
        }
        Self { sums }
    }

    /// The quality, 0 to 100, of what is left when so much is cut off on the left, top, right and bottom.
    ///
    /// # Source
    /// `pdqImageDomainQualityMetric` of the reference. A part is larger on the square of its own, so its steps are more
    /// and smaller: together as the square root of the share that it shows.
    #[inline(always)]
    pub(super) fn quality(&self, [left, top, right, bottom]: [f32; 4]) -> u8 {
        let cell = |part: f32| (part * SIDE as f32).round() as usize;
        let (left, top, right, bottom) = (cell(left), cell(top), cell(1.0 - right), cell(1.0 - bottom));
        let sum =
            |y: usize| self.sums.get(y).and_then(|row| row.get(left..right)).map_or(0, |row| row.iter().sum::<u32>());
        let steps = sum(bottom).saturating_sub(sum(top));
        let share = ((right - left) * (bottom - top)) as f32 / (SIDE * SIDE) as f32;
        (steps as f32 / share.sqrt() / STEPS).min(100.0) as u8
    }
}

/// A step of brightness in hundredths of its range, cut to a whole number.
#[inline(always)]
fn step(a: f32, b: f32) -> u32 {
    /// From here on single precision has no fractions: its last bits are the whole number.
    const WHOLE: f32 = 8_388_608.0;
    let step = (a - b).abs() * 100.0 / 255.0;
    let near = step + WHOLE;
    (near.to_bits() - WHOLE.to_bits()) - u32::from(near - WHOLE > step)
}
