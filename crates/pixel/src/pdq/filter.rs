//! The four passes of the box filter, as the rows come.

use super::{
    columns::Columns,
    lanes::{LANES, Lanes},
    luma::{self, Ground},
    spectrum::{SIDE, Thumb},
    window::{Window, kept_places},
};
use crate::row::{Frame, Row};

/// Along rows, down columns, and both again; the last two only of what is kept.
#[derive(Debug)]
pub(super) struct Filter {
    ground: Ground,
    width: usize,
    /// Eight-bit samples of a row that had more.
    narrow: Vec<u8>,
    lanes: Lanes,
    /// Rows that wait for the first pass.
    plain: Rows,
    columns: Columns,
    /// Rows that wait for the third pass.
    smooth: Rows,
    kept_columns: Columns,
    places: [usize; SIDE],
}

/// [`LANES`] rows at most, one behind the other.
#[derive(Debug, Default)]
struct Rows {
    values: Vec<f32>,
    waiting: usize,
}

impl Filter {
    pub(super) fn new(frame: Frame, ground: Ground) -> Self {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let window = Window::over(height);
        let rows = || Rows { values: vec![0.0; width * LANES], waiting: 0 };
        Self {
            ground,
            width,
            narrow: Vec::new(),
            lanes: Lanes::new(width),
            plain: rows(),
            columns: Columns::new(window, width),
            smooth: rows(),
            kept_columns: Columns::new(window, SIDE),
            places: kept_places(height),
        }
    }

    /// Takes the next row.
    pub(super) fn add(&mut self, row: &Row<'_>, thumb: &mut Thumb) {
        if let Some(place) = self.plain.values.chunks_exact_mut(self.width).nth(self.plain.waiting) {
            luma::fill(row, self.ground, &mut self.narrow, place);
        }
        self.plain.waiting += 1;
        if self.plain.waiting == LANES {
            self.pass_plain(thumb);
        }
    }

    /// After the last row: what the windows still hold.
    pub(super) fn end(&mut self, thumb: &mut Thumb) {
        self.pass_plain(thumb);
        let zeros = vec![0.0; self.width.max(SIDE)];
        let lag = self.columns.lag();
        for _ in 0..lag {
            self.pass_down(&zeros, thumb);
        }
        self.pass_smooth(thumb);
        for _ in 0..lag {
            self.keep(&zeros, thumb);
        }
    }

    fn pass_plain(&mut self, thumb: &mut Thumb) {
        let mut rows = std::mem::take(&mut self.plain);
        self.lanes.load(&rows.values);
        self.lanes.means(&mut rows.values);
        for row in rows.values.chunks_exact(self.width).take(rows.waiting) {
            self.pass_down(row, thumb);
        }
        rows.waiting = 0;
        self.plain = rows;
    }

    fn pass_down(&mut self, row: &[f32], thumb: &mut Thumb) {
        let Some(place) = self.smooth.values.chunks_exact_mut(self.width).nth(self.smooth.waiting) else { return };
        if self.columns.add(row, place).is_some() {
            self.smooth.waiting += 1;
        }
        if self.smooth.waiting == LANES {
            self.pass_smooth(thumb);
        }
    }

    fn pass_smooth(&mut self, thumb: &mut Thumb) {
        let mut kept = [[0.0; SIDE]; LANES];
        self.lanes.load(&self.smooth.values);
        self.lanes.kept_means(&mut kept);
        let waiting = std::mem::take(&mut self.smooth.waiting);
        for row in kept.iter().take(waiting) {
            self.keep(row, thumb);
        }
    }

    fn keep(&mut self, row: &[f32], thumb: &mut Thumb) {
        let mut means = [0.0; SIDE];
        let Some(done) = self.kept_columns.add(row, &mut means) else { return };
        let kept = self.places.iter().zip(&mut thumb.0);
        kept.filter(|(place, _)| **place == done).for_each(|(_, row)| *row = means);
    }
}
