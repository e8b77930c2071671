//! How much there is to see in a part of a picture.

use super::square::{SIDE, Square};

/// The least quality of a code that is compared.
///
/// # Source
/// The reference of PDQ: discard at 49 or less.
pub(super) const LEAST_QUALITY: u8 = 50;

/// By what the reference divides the sum of all steps.
const STEPS: f32 = 90.0;

/// The steps of brightness from cell to cell, summed from the upper left corner.
pub(super) struct Detail {
    sums: Box<[[u32; SIDE + 1]; SIDE + 1]>,
}

impl Detail {
    pub(super) fn new(square: &Square) -> Self {
        let mut sums = Box::new([[0; SIDE + 1]; SIDE + 1]);
        let mut above = [0; SIDE + 1];
        let below = square.iter().skip(1).map(Some).chain([None]);
        for ((row, below), sums) in square.iter().zip(below).zip(sums.iter_mut().skip(1)) {
            let right = row.iter().skip(1).map(Some).chain([None]);
            let mut sum = 0;
            for (x, (cell, right)) in row.iter().zip(right).enumerate() {
                sum += right.map_or(0, |right| step(*cell, *right));
                sum += below.and_then(|below| below.get(x)).map_or(0, |below| step(*cell, *below));
                if let (Some(above), Some(total)) = (above.get(x + 1), sums.get_mut(x + 1)) {
                    *total = above + sum;
                }
            }
            above = *sums;
        }
        Self { sums }
    }

    /// The quality, 0 to 100, of what is left when so much is cut off on the left, top, right and bottom.
    ///
    /// # Source
    /// `pdqImageDomainQualityMetric` of the reference. A part is larger on the square of its own, so its steps are more
    /// and smaller: together as the square root of the share that it shows.
    pub(super) fn quality(&self, [left, top, right, bottom]: [f32; 4]) -> u8 {
        let cell = |part: f32| (part * SIDE as f32).round() as usize;
        let sum = |x: usize, y: usize| self.sums.get(y).and_then(|row| row.get(x)).copied().unwrap_or(0);
        let (left, top, right, bottom) = (cell(left), cell(top), cell(1.0 - right), cell(1.0 - bottom));
        let steps = (sum(right, bottom) + sum(left, top)).saturating_sub(sum(left, bottom) + sum(right, top));
        let share = ((right - left) * (bottom - top)) as f32 / (SIDE * SIDE) as f32;
        (steps as f32 / share.sqrt() / STEPS).min(100.0) as u8
    }
}

/// A step of brightness in hundredths of its range, cut to a whole number.
fn step(a: f32, b: f32) -> u32 {
    ((a - b).abs() * 100.0 / 255.0) as u32
}
