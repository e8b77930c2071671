//! A box filter down the columns, row by row.

use super::window::Window;

/// Means down the columns of rows that come one by one.
///
/// Beyond the ends of a column zeros are added and taken away: that leaves a sum as it was, to the bit.
#[derive(Debug)]
pub(super) struct Columns {
    window: Window,
    sums: Vec<f32>,
    /// The last rows, `window.full` of them at most, each in the place that the row it replaces had.
    kept: Vec<Vec<f32>>,
    next: usize,
}

impl Columns {
    pub(super) fn new(window: Window, width: usize) -> Self {
        Self { window, sums: vec![0.0; width], kept: Vec::new(), next: 0 }
    }

    /// How many rows later than its own a row of means is done.
    pub(super) const fn lag(&self) -> usize {
        self.window.lag
    }

    /// Adds the next row, or what follows the last: zeros. Writes the row of means that has all it needs now, and
    /// says which it is; the first rows only fill the window.
    pub(super) fn add(&mut self, row: &[f32], means: &mut [f32]) -> Option<usize> {
        let at = self.next;
        self.next += 1;
        let place = at % self.window.full;
        if self.kept.len() <= place {
            self.kept.push(vec![0.0; self.sums.len()]);
        }
        let old = self.kept.get_mut(place)?;
        let Some(done) = at.checked_sub(self.window.lag) else {
            for ((sum, old), new) in self.sums.iter_mut().zip(old).zip(row) {
                *sum = *sum + new - *old;
                *old = *new;
            }
            return None;
        };
        let inputs = self.window.inputs(done);
        for (((sum, old), new), mean) in self.sums.iter_mut().zip(old).zip(row).zip(means) {
            *sum = *sum + new - *old;
            *old = *new;
            *mean = *sum / inputs;
        }
        Some(done)
    }
}
