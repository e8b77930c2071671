//! A box filter along rows, of several rows at once.
//!
//! A running sum waits for itself at every pixel. Eight rows side by side hide that: the filter runs along columns of
//! eight values.

use super::{
    spectrum::SIDE,
    window::{Window, kept_places},
};

/// How many rows are filtered together.
pub(super) const LANES: usize = 8;

/// One column of the rows that are filtered together.
pub(super) type Lane = [f32; LANES];

/// Means along eight rows at once.
#[derive(Debug)]
pub(super) struct Lanes {
    window: Window,
    /// The columns, with as many columns of zeros before as the window is wide, and as it looks ahead behind: adding and
    /// taking away zeros leaves a sum as it was, to the bit.
    columns: Vec<Lane>,
    means: Vec<Lane>,
    /// How many inputs each mean is of.
    inputs: Vec<f32>,
    places: [usize; SIDE],
}

impl Lanes {
    pub(super) fn new(width: usize) -> Self {
        let window = Window::over(width);
        Self {
            window,
            columns: vec![Lane::default(); window.full + width + window.lag],
            means: vec![Lane::default(); width],
            inputs: (0..width).map(|at| window.inputs(at)).collect(),
            places: kept_places(width),
        }
    }

    /// Takes eight rows, one behind the other.
    pub(super) fn load(&mut self, rows: &[f32]) {
        let width = self.inputs.len();
        for (lane, row) in rows.chunks_exact(width).enumerate() {
            for (column, value) in self.columns.iter_mut().skip(self.window.full).zip(row) {
                if let Some(place) = column.get_mut(lane) {
                    *place = *value;
                }
            }
        }
    }

    /// Writes the means of all columns over the rows.
    pub(super) fn means(&mut self, rows: &mut [f32]) {
        let mut sums = Lane::default();
        let mut steps = self.columns.iter().zip(self.columns.iter().skip(self.window.full));
        for (old, new) in steps.by_ref().take(self.window.lag) {
            step(&mut sums, old, new);
        }
        for (((old, new), mean), inputs) in steps.zip(&mut self.means).zip(&self.inputs) {
            step(&mut sums, old, new);
            *mean = sums.map(|sum| sum / inputs);
        }
        for (lane, row) in rows.chunks_exact_mut(self.inputs.len()).enumerate() {
            for (value, mean) in row.iter_mut().zip(&self.means) {
                *value = mean.get(lane).copied().unwrap_or_default();
            }
        }
    }

    /// The means of the 64 kept columns, in eight rows of 64.
    pub(super) fn kept_means(&self, rows: &mut [[f32; SIDE]; LANES]) {
        let mut sums = Lane::default();
        let mut steps = self.columns.iter().zip(self.columns.iter().skip(self.window.full));
        let mut done = 0;
        for (at, place) in self.places.iter().enumerate() {
            let wanted = place + self.window.lag + 1;
            for (old, new) in steps.by_ref().take(wanted - done) {
                step(&mut sums, old, new);
            }
            done = wanted;
            let inputs = self.window.inputs(*place);
            for (row, sum) in rows.iter_mut().zip(sums) {
                if let Some(value) = row.get_mut(at) {
                    *value = sum / inputs;
                }
            }
        }
    }
}

fn step(sums: &mut Lane, old: &Lane, new: &Lane) {
    for ((sum, old), new) in sums.iter_mut().zip(old).zip(new) {
        *sum = *sum + new - old;
    }
}
