//! A box filter down the columns, as the rows come.

use super::{
    tiles::{ACROSS, LANES, Tile},
    window::Window,
};

/// Means down the columns of rows that come eight at a time.
///
/// Beyond the ends of a column zeros are added and taken away: that leaves a sum as it was, to the bit.
#[derive(Debug)]
pub(super) struct Columns {
    window: Window,
    /// How many rows of zeros come before the first.
    late: usize,
    sums: Vec<[f32; ACROSS]>,
    /// The last rows, four columns of all of them together: `places` of them, at most as many as the window holds. A row
    /// takes the place of the one that leaves the window when it enters.
    kept: Vec<[f32; ACROSS]>,
    places: usize,
    came: usize,
}

/// What one row does: where it is kept, and by what the sums are divided then.
type Step = (usize, f32);

impl Columns {
    pub(super) fn new(window: Window, tiles: usize, late: usize) -> Self {
        Self { window, late, sums: vec![<_>::default(); tiles], kept: Vec::new(), places: 0, came: 0 }
    }

    /// Adds eight rows, or what follows the last: zeros. Replaces them by the eight rows of means that have all they need
    /// now, with zeros for those before the first and behind the last, and gives the number of each that there is.
    #[inline(always)]
    pub(super) fn means(&mut self, tiles: &mut [Tile]) -> [Option<usize>; LANES] {
        if self.came + LANES > self.places && self.places < self.window.full {
            self.grow();
        }
        let numbers = std::array::from_fn(|lane| (self.came + lane).checked_sub(self.late + self.window.lag));
        let steps: [Step; LANES] = std::array::from_fn(|lane| {
            let number = numbers.get(lane).copied().flatten();
            ((self.came + lane) % self.window.full, number.map_or(f32::INFINITY, |number| self.window.inputs(number)))
        });
        self.came += LANES;
        let kept = self.kept.chunks_exact_mut(self.places);
        for ((tile, sums), kept) in tiles.iter_mut().zip(&mut self.sums).zip(kept) {
            *sums = advance(*sums, tile, kept, &steps);
        }
        numbers
    }

    /// Makes room for twice as many rows: only as rows do come, for the height in a header may be a lie.
    fn grow(&mut self) {
        let places = (2 * self.places).max(2 * LANES).min(self.window.full);
        let mut kept = vec![<_>::default(); places * self.sums.len()];
        if self.places > 0 {
            for (new, old) in kept.chunks_exact_mut(places).zip(self.kept.chunks_exact(self.places)) {
                new.iter_mut().zip(old).for_each(|(new, old)| *new = *old);
            }
        }
        (self.kept, self.places) = (kept, places);
    }
}

/// Eight rows of four columns.
#[inline(always)]
fn advance(
    mut sums: [f32; ACROSS],
    tile: &mut Tile,
    kept: &mut [[f32; ACROSS]],
    steps: &[Step; LANES],
) -> [f32; ACROSS] {
    for (row, (place, inputs)) in tile.iter_mut().zip(steps) {
        let Some(old) = kept.get_mut(*place) else { continue };
        // As values: four columns are one register then.
        let ([a, b, c, d], [e, f, g, h], [i, j, k, l]) = (sums, *row, *old);
        sums = [a + e - i, b + f - j, c + g - k, d + h - l];
        *old = *row;
        let [a, b, c, d] = sums;
        *row = [a / inputs, b / inputs, c / inputs, d / inputs];
    }
    sums
}
