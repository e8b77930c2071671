//! A box filter along rows, of several rows at once.
//!
//! A running sum waits for itself at every pixel. Eight rows side by side hide that: the filter goes from column to
//! column of eight values.

use super::{
    spectrum::SIDE,
    tiles::{ACROSS, LANES, Lane, Tile, columns_of, tile_of},
    window::{Window, kept_places},
};

/// Means along eight rows at once.
///
/// Beyond the ends of a row zeros are added and taken away: that leaves a sum as it was, to the bit.
#[derive(Debug)]
pub(super) struct Lanes {
    window: Window,
    /// The columns, with as many columns of zeros before as the window is wide, and at least as many behind as it looks
    /// ahead.
    columns: Vec<Lane>,
    /// How many inputs each mean is of; infinitely many in the columns that fill the last tile, so that they stay zero.
    inputs: Vec<[f32; ACROSS]>,
    places: [usize; SIDE],
}

impl Lanes {
    pub(super) fn new(width: usize) -> Self {
        let window = Window::over(width);
        let tiles = width.div_ceil(ACROSS);
        Self {
            window,
            columns: vec![Lane::default(); window.full + tiles * ACROSS + window.lag],
            inputs: (0..tiles).map(|tile| std::array::from_fn(|at| window.inputs(tile * ACROSS + at))).collect(),
            places: kept_places(width),
        }
    }

    /// Fills the tiles with the means of all columns of eight rows, which lie one behind the other.
    #[inline(always)]
    pub(super) fn means(&mut self, rows: &[f32], tiles: &mut [Tile]) {
        self.load_rows(rows, tiles.len());
        let mut sums = Lane::default();
        let mut steps = self.columns.iter().zip(self.columns.iter().skip(self.window.full));
        for (old, new) in steps.by_ref().take(self.window.lag) {
            step(&mut sums, old, new);
        }
        let (old, _) = self.columns.get(self.window.lag..).unwrap_or_default().as_chunks::<ACROSS>();
        let (new, _) = self.columns.get(self.window.full + self.window.lag..).unwrap_or_default().as_chunks::<ACROSS>();
        for (((tile, inputs), old), new) in tiles.iter_mut().zip(&self.inputs).zip(old).zip(new) {
            let mut means = [Lane::default(); ACROSS];
            for (((mean, inputs), old), new) in means.iter_mut().zip(inputs).zip(old).zip(new) {
                step(&mut sums, old, new);
                *mean = divided(sums, *inputs);
            }
            *tile = tile_of(means);
        }
    }

    /// The means of the 64 kept columns.
    #[inline(always)]
    pub(super) fn kept_means(&mut self, tiles: &[Tile]) -> [Tile; SIDE / ACROSS] {
        self.load(tiles);
        let mut sums = Lane::default();
        let mut steps = self.columns.iter().zip(self.columns.iter().skip(self.window.full));
        let mut done = 0;
        let mut means = [Lane::default(); SIDE];
        for (mean, place) in means.iter_mut().zip(self.places) {
            let wanted = place + self.window.lag + 1;
            for (old, new) in steps.by_ref().take(wanted - done) {
                step(&mut sums, old, new);
            }
            done = wanted;
            let inputs = self.window.inputs(place);
            *mean = divided(sums, inputs);
        }
        let (means, _) = means.as_chunks::<ACROSS>();
        let mut kept = [Tile::default(); SIDE / ACROSS];
        for (tile, means) in kept.iter_mut().zip(means) {
            *tile = tile_of(*means);
        }
        kept
    }

    #[inline(always)]
    fn load_rows(&mut self, rows: &[f32], tiles: usize) {
        let (columns, _) = self.columns.get_mut(self.window.full..).unwrap_or_default().as_chunks_mut::<ACROSS>();
        let mut rows = rows.as_chunks::<ACROSS>().0.chunks_exact(tiles.max(1));
        let rows: [&[[f32; ACROSS]]; LANES] = std::array::from_fn(|_| rows.next().unwrap_or_default());
        let [a, b, c, d, e, f, g, h] = rows;
        let (upper, lower) = (a.iter().zip(b).zip(c.iter().zip(d)), e.iter().zip(f).zip(g.iter().zip(h)));
        for (columns, (((a, b), (c, d)), ((e, f), (g, h)))) in columns.iter_mut().zip(upper.zip(lower)) {
            *columns = columns_of(&[*a, *b, *c, *d, *e, *f, *g, *h]);
        }
    }

    #[inline(always)]
    fn load(&mut self, tiles: &[Tile]) {
        let (columns, _) = self.columns.get_mut(self.window.full..).unwrap_or_default().as_chunks_mut::<ACROSS>();
        // Loops, here and in all that runs for several processors: what a closure calls can be compiled apart.
        for (columns, tile) in columns.iter_mut().zip(tiles) {
            *columns = columns_of(tile);
        }
    }
}

#[inline(always)]
fn step(sums: &mut Lane, old: &Lane, new: &Lane) {
    for ((sum, old), new) in sums.iter_mut().zip(old).zip(new) {
        *sum = *sum + new - old;
    }
}

#[inline(always)]
fn divided(mut sums: Lane, inputs: f32) -> Lane {
    for sum in &mut sums {
        *sum /= inputs;
    }
    sums
}
