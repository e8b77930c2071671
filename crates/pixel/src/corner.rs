//! The first key of a picture: of the left ends of its first rows, for little of it should have to be decoded.

use xxhash_rust::xxh3::xxh3_128;

use crate::{
    canonical::{Alpha, Canonical},
    digest::Key,
    row::{Frame, Row, Samples},
};

/// How many pixels of a row count: a decoder of JPEG that is told a smaller width gives them for a part of the work.
pub const CORNER_COLUMNS: u32 = 256;

/// How many rows the key is of. Below a margin, rows at the top that are all equal in these columns, it is of the margin
/// and half as many rows.
pub const CORNER_ROWS: u32 = 6;

/// After how many rows the key is made at the latest, however deep the margin.
const CORNER_MOST_ROWS: u32 = 256;

/// Takes the first rows of a picture and makes its first key.
///
/// # Cost
/// Holds [`CORNER_ROWS`] rows of [`CORNER_COLUMNS`] pixels, however deep the margin.
pub(crate) struct Corner {
    /// The sides and frames of the picture, then the rows; those of a margin once, and how many they are.
    told: Vec<u8>,
    /// Where in it the first row begins.
    first_row: usize,
    row: Vec<u8>,
    margin_rows: u32,
    rows_below: u32,
}

impl Corner {
    pub(crate) fn new(frames: u32, frame: Frame) -> Self {
        let mut told = Vec::with_capacity(1024);
        for field in [frames, frame.width, frame.height, frame.delay.numerator(), frame.delay.denominator()] {
            told.extend_from_slice(&field.to_le_bytes());
        }
        Self { first_row: told.len(), told, row: Vec::new(), margin_rows: 0, rows_below: 0 }
    }

    /// Takes the next row, and gives the key if that was enough. `is_last` says that the frame has no more.
    pub(crate) fn row(&mut self, row: &Row<'_>, alpha: Alpha, is_last: bool) -> Option<Key> {
        self.row.clear();
        Canonical::append(&left_end(row), alpha, &mut self.row);
        if self.margin_rows == 0 {
            self.told.extend_from_slice(&self.row);
            self.margin_rows = 1;
        } else if self.rows_below == 0 && self.told.get(self.first_row..) == Some(&self.row) {
            self.margin_rows += 1;
        } else {
            if self.rows_below == 0 {
                self.told.extend_from_slice(&self.margin_rows.to_le_bytes());
            }
            self.told.extend_from_slice(&self.row);
            self.rows_below += 1;
        }
        let rows = self.margin_rows + self.rows_below;
        let is_deep = rows >= CORNER_ROWS && self.rows_below >= CORNER_ROWS / 2;
        if !is_deep && !is_last && rows < CORNER_MOST_ROWS {
            return None;
        }
        if self.rows_below == 0 {
            self.told.extend_from_slice(&self.margin_rows.to_le_bytes());
        }
        Some(Key(xxh3_128(&self.told).to_le_bytes()))
    }
}

/// The row as far as it counts.
fn left_end<'a>(row: &Row<'a>) -> Row<'a> {
    let most = CORNER_COLUMNS as usize * row.channels.count();
    let samples = match row.samples {
        Samples::Eight(samples) => Samples::Eight(samples.get(..most).unwrap_or(samples)),
        Samples::Sixteen(samples) => Samples::Sixteen(samples.get(..most).unwrap_or(samples)),
    };
    Row { samples, ..*row }
}
