//! The four passes of the box filter, as the rows come.

use super::{
    columns::Columns,
    lanes::Lanes,
    luma,
    spectrum::{SIDE, Thumb},
    tiles::{ACROSS, LANES, Tile},
    window::{Window, kept_places},
};
use crate::{
    opaque::Opaque,
    row::Frame,
    simd::{Work, fast},
};

/// Along rows, down columns, and both again; the last two only of what is kept.
#[derive(Debug)]
pub(super) struct Filter {
    width: usize,
    /// The brightness of rows that wait until there are eight, each with zeros behind that fill the last tile.
    rows: Vec<f32>,
    tiles: Vec<Tile>,
    waiting: usize,
    lanes: Lanes,
    columns: Columns,
    kept_columns: Columns,
    /// How many bands of eight rows are to come yet, those of zeros behind the last row included.
    bands_left: usize,
    places: [usize; SIDE],
    /// How many of them are known.
    rows_kept: usize,
}

impl Filter {
    pub(super) fn new(frame: Frame) -> Self {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let window = Window::over(height);
        let tiles = width.div_ceil(ACROSS);
        Self {
            width,
            rows: vec![0.0; tiles * ACROSS * LANES],
            tiles: vec![Tile::default(); tiles],
            waiting: 0,
            lanes: Lanes::new(width),
            columns: Columns::new(window, tiles, 0),
            kept_columns: Columns::new(window, SIDE / ACROSS, window.lag),
            bands_left: (height + 2 * window.lag).div_ceil(LANES),
            places: kept_places(height),
            rows_kept: 0,
        }
    }

    /// Takes the next row.
    pub(super) fn add(&mut self, row: &Opaque<'_>, thumb: &mut Thumb) {
        let row_at = self.tiles.len() * ACROSS * self.waiting;
        let place = self.rows.get_mut(row_at..row_at + self.width).unwrap_or_default();
        luma::fill(row, place);
        self.waiting += 1;
        if self.waiting == LANES {
            fast(Pass(self, thumb));
        }
    }

    /// After the last row: what the windows still hold.
    pub(super) fn end(&mut self, thumb: &mut Thumb) {
        while self.bands_left > 0 {
            let rows_end = self.tiles.len() * ACROSS * self.waiting;
            self.rows.get_mut(rows_end..).unwrap_or_default().fill(0.0);
            fast(Pass(self, thumb));
        }
    }

    /// Eight rows through all passes.
    #[inline(always)]
    fn pass(&mut self, thumb: &mut Thumb) {
        self.waiting = 0;
        self.bands_left = self.bands_left.saturating_sub(1);
        self.lanes.means(&self.rows, &mut self.tiles);
        self.columns.means(&mut self.tiles);
        let mut kept = self.lanes.kept_means(&self.tiles);
        let numbers = self.kept_columns.means(&mut kept);
        for (lane, number) in numbers.into_iter().enumerate() {
            // They come in order, and a picture of few rows has some of them more than once.
            while number.is_some() && self.places.get(self.rows_kept).copied() == number {
                let row =
                    thumb.0.get_mut(self.rows_kept).map(|row| row.as_chunks_mut::<ACROSS>().0).unwrap_or_default();
                for (place, tile) in row.iter_mut().zip(&kept) {
                    *place = tile.get(lane).copied().unwrap_or_default();
                }
                self.rows_kept += 1;
            }
        }
    }
}

/// [`Filter::pass`].
struct Pass<'a>(&'a mut Filter, &'a mut Thumb);

impl Work for Pass<'_> {
    type Done = ();

    #[inline(always)]
    fn work(self) {
        self.0.pass(self.1);
    }
}
