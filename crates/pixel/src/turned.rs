//! Frames in memory as they look after a turn, some rows at a time.

use std::ops::ControlFlow;

use crate::{
    raster::Raster,
    row::{Channels, Frame, Row, RowSink, Samples},
    turn::Turn,
};

/// Rows that are turned at once: columns are read as many at a time, for each lies in a line of the cache of its own.
pub(crate) const BAND_ROWS: usize = 16;

/// Some rows of a turned frame, in the layout of the frame.
#[derive(Debug, Default)]
pub(crate) struct Band {
    eight: Vec<u8>,
    sixteen: Vec<u16>,
    channels: Option<Channels>,
    width: usize,
}

impl Band {
    /// Takes up to `rows` rows of the frame as it looks after the turn, from row `first` on.
    pub(crate) fn fill(&mut self, raster: &Raster, turn: Turn, first: usize, rows: usize) {
        let Frame { width, height, .. } = raster.frame();
        let Row { channels, samples: stored } = raster.samples();
        let shown = turn.size((width, height));
        let rows = rows.min((shown.1 as usize).saturating_sub(first));
        self.width = shown.0 as usize;
        self.channels = Some(channels);
        self.eight.clear();
        self.sixteen.clear();
        let part = Part { turn, stored_width: width as usize, shown_width: self.width, first };
        let samples = rows * self.width * channels.count();
        match stored {
            Samples::Eight(stored) => {
                self.eight.resize(samples, 0);
                part.turn_samples(channels, stored, &mut self.eight);
            }
            Samples::Sixteen(stored) => {
                self.sixteen.resize(samples, 0);
                part.turn_samples(channels, stored, &mut self.sixteen);
            }
        }
    }

    /// The rows, from the top.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let channels = self.channels.unwrap_or(Channels::Rgb);
        let samples = (self.width * channels.count()).max(1);
        let eight = self.eight.chunks_exact(samples).map(move |row| Row::eight(channels, row));
        eight.chain(self.sixteen.chunks_exact(samples).map(move |row| Row::sixteen(channels, row)))
    }
}

/// Which rows of which turn.
struct Part {
    turn: Turn,
    stored_width: usize,
    shown_width: usize,
    first: usize,
}

impl Part {
    fn turn_samples<T: Copy>(&self, channels: Channels, stored: &[T], shown: &mut [T]) {
        match channels.count() {
            1 => self.turn_pixels(stored.as_chunks::<1>().0, shown.as_chunks_mut().0),
            2 => self.turn_pixels(stored.as_chunks::<2>().0, shown.as_chunks_mut().0),
            3 => self.turn_pixels(stored.as_chunks::<3>().0, shown.as_chunks_mut().0),
            _ => self.turn_pixels(stored.as_chunks::<4>().0, shown.as_chunks_mut().0),
        }
    }

    fn turn_pixels<P: Copy>(&self, stored: &[P], shown: &mut [P]) {
        let (swaps, flips_x, flips_y) = self.turn.parts();
        let stored = stored.chunks_exact(self.stored_width.max(1));
        let shown = shown.chunks_exact_mut(self.shown_width.max(1));
        match (swaps, flips_x, flips_y) {
            (false, _, false) => mirror(stored.skip(self.first), shown, flips_x),
            (false, _, true) => mirror(stored.rev().skip(self.first), shown, flips_x),
            // Left to right goes from the top, or from the bottom.
            (true, false, _) => transpose(stored, shown, self.first, flips_y),
            (true, true, _) => transpose(stored.rev(), shown, self.first, flips_y),
        }
    }
}

fn mirror<'a, P: Copy + 'a>(
    stored: impl Iterator<Item = &'a [P]>,
    shown: impl Iterator<Item = &'a mut [P]>,
    flips_x: bool,
) {
    for (shown, stored) in shown.zip(stored) {
        if flips_x {
            shown.iter_mut().zip(stored.iter().rev()).for_each(|(place, pixel)| *place = *pixel);
        } else {
            shown.copy_from_slice(stored);
        }
    }
}

/// Makes columns from the `first` one on, counted from the left or from the right, into rows. The pixels of a stored row
/// are taken together, for they lie in one line of the cache.
fn transpose<'a, P: Copy + 'a>(
    stored: impl Iterator<Item = &'a [P]>,
    shown: impl Iterator<Item = &'a mut [P]>,
    first: usize,
    from_right: bool,
) {
    let mut shown: Vec<&mut [P]> = shown.collect();
    for (x, stored) in stored.enumerate() {
        let left = if from_right { stored.len().saturating_sub(first + shown.len()) } else { first };
        let pixels = stored.get(left..left + shown.len()).unwrap_or_default();
        let put = |row: &mut &mut [P], pixel: &P| {
            if let Some(place) = row.get_mut(x) {
                *place = *pixel;
            }
        };
        if from_right {
            shown.iter_mut().zip(pixels.iter().rev()).for_each(|(row, pixel)| put(row, pixel));
        } else {
            shown.iter_mut().zip(pixels).for_each(|(row, pixel)| put(row, pixel));
        }
    }
}

impl Raster {
    /// Gives the frame to a sink as it looks after `turn`, in the layout of its decoder.
    ///
    /// # Cost
    /// Reads every sample once; holds 16 rows more.
    pub fn replay(&self, turn: Turn, sink: &mut dyn RowSink) -> ControlFlow<()> {
        let Frame { width, height, delay } = self.frame();
        let (width, height) = turn.size((width, height));
        sink.frame(Frame { width, height, delay })?;
        let mut band = Band::default();
        for first in (0..height as usize).step_by(BAND_ROWS) {
            band.fill(self, turn, first, BAND_ROWS);
            band.rows().try_for_each(|row| sink.row(row))?;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use super::*;
    use crate::{raster::RasterSink, row::Delay};

    /// A frame of noise in any layout.
    fn noise(width: u32, height: u32, channels: Channels, is_wide: bool) -> Raster {
        let mut sink = RasterSink::default();
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        let mut state = u64::from(width * 1000 + height);
        for _ in 0..height {
            let row: Vec<u16> = (0..width as usize * channels.count())
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    (state >> 40) as u16
                })
                .collect();
            let narrow: Vec<u8> = row.iter().map(|sample| (sample & 255) as u8).collect();
            let row = if is_wide { Row::sixteen(channels, &row) } else { Row::eight(channels, &narrow) };
            assert!(sink.row(row).is_continue());
        }
        sink.finish().unwrap().remove(0)
    }

    /// Pixel by pixel, against where each is said to lie.
    #[test]
    fn every_layout_is_turned_as_the_turn_says() {
        let channels = [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];
        for (width, height) in [(1, 1), (1, 70), (70, 1), (15, 17), (33, 130), (130, 65), (16, 64)] {
            for (channels, is_wide) in channels.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
                let stored = noise(width, height, channels, is_wide);
                for turn in Turn::ALL {
                    let mut sink = RasterSink::default();
                    assert!(stored.replay(turn, &mut sink).is_continue());
                    let turned = sink.finish().unwrap().remove(0);
                    let size = turn.size((width, height));
                    assert_eq!((turned.frame().width, turned.frame().height), size);
                    for (x, y) in (0..size.0).flat_map(|x| (0..size.1).map(move |y| (x, y))) {
                        let (from_x, from_y) = turn.stored((x, y), (width, height));
                        assert_eq!(turned.pixel(x, y), stored.pixel(from_x, from_y), "{turn:?} {x} {y}");
                    }
                }
            }
        }
    }
}
