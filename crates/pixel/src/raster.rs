//! Whole pictures in memory: to compare two pixel by pixel, or to hand one on turned.

use std::ops::ControlFlow;

use crate::{
    canonical::Alpha,
    row::{Channels, Frame, Row, RowSink, Samples},
    turn::Turn,
};

/// The samples of a whole frame, in the layout its decoder gave them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stored {
    Eight(Vec<u8>),
    Sixteen(Vec<u16>),
}

/// One frame, whole: rows top to bottom, each left to right, no padding.
#[derive(Clone, Debug)]
pub struct Raster {
    frame: Frame,
    channels: Channels,
    stored: Stored,
}

impl Raster {
    /// Size and delay of the frame.
    #[must_use]
    pub const fn frame(&self) -> Frame {
        self.frame
    }

    /// Whether the samples are inks, which can never equal colours.
    #[must_use]
    pub fn is_cmyk(&self) -> bool {
        self.channels == Channels::Cmyk
    }

    /// All samples, as those of one row.
    pub(crate) fn samples(&self) -> Row<'_> {
        match &self.stored {
            Stored::Eight(samples) => Row::eight(self.channels, samples),
            Stored::Sixteen(samples) => Row::sixteen(self.channels, samples),
        }
    }

    /// A row as its decoder gave it, counted from 0 at the top; nothing below the last.
    pub(crate) fn row(&self, y: u32) -> Option<Row<'_>> {
        let samples = self.frame.width as usize * self.channels.count();
        let from = y as usize * samples;
        Some(match &self.stored {
            Stored::Eight(all) => Row::eight(self.channels, all.get(from..from + samples)?),
            Stored::Sixteen(all) => Row::sixteen(self.channels, all.get(from..from + samples)?),
        })
    }

    /// Red, green, blue and alpha at `(x, y)`, each 0 to 65535, or the four inks; all 0 outside the picture.
    #[must_use]
    pub fn pixel(&self, x: u32, y: u32) -> [u16; 4] {
        let at = y as usize * self.frame.width as usize + x as usize;
        self.samples().pixel(at)
    }

    /// A pixel as it counts in a comparison.
    fn judged(&self, x: u32, y: u32, alpha: Alpha) -> [u16; 4] {
        match self.pixel(x, y) {
            [_, _, _, 0] if alpha == Alpha::IgnoreHidden && !self.is_cmyk() => [0; 4],
            pixel => pixel,
        }
    }

    /// How the pixels of `self` differ from those of `other` after `turn`, or nothing if the sizes or the kinds of
    /// sample do not fit.
    ///
    /// # Cost
    /// One pass over both.
    #[must_use]
    pub fn difference(&self, other: &Self, turn: Turn, alpha: Alpha) -> Option<Difference> {
        let theirs = (other.frame.width, other.frame.height);
        let shown = if turn.swaps_sides() { (theirs.1, theirs.0) } else { theirs };
        if shown != (self.frame.width, self.frame.height) || self.is_cmyk() != other.is_cmyk() {
            return None;
        }
        let mut found = Difference::default();
        for y in 0..self.frame.height {
            for x in 0..self.frame.width {
                let (sx, sy) = turn.stored((x, y), theirs);
                found.add((x, y), self.judged(x, y, alpha), other.judged(sx, sy, alpha));
            }
        }
        Some(found)
    }

    /// Whether every pixel of `self` equals that of `other` after `turn`. Stops at the first that does not.
    #[must_use]
    pub fn equals(&self, other: &Self, turn: Turn, alpha: Alpha) -> bool {
        let theirs = (other.frame.width, other.frame.height);
        let shown = if turn.swaps_sides() { (theirs.1, theirs.0) } else { theirs };
        shown == (self.frame.width, self.frame.height)
            && self.is_cmyk() == other.is_cmyk()
            && (0..self.frame.height).all(|y| {
                (0..self.frame.width).all(|x| {
                    let (sx, sy) = turn.stored((x, y), theirs);
                    self.judged(x, y, alpha) == other.judged(sx, sy, alpha)
                })
            })
    }
}

/// How two pictures of one size differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The first pixel that differs, in reading order: x, y, counted from 0.
    pub first: Option<(u32, u32)>,
    /// How many pixels differ.
    pub pixels: u64,
    /// The largest difference in each channel, 0 to 65535: red, green, blue, alpha, or the four inks.
    pub largest: [u16; 4],
}

impl Difference {
    pub(crate) fn add(&mut self, at: (u32, u32), ours: [u16; 4], theirs: [u16; 4]) {
        if ours == theirs {
            return;
        }
        // Pixels may come in any order.
        if self.first.is_none_or(|(x, y)| (at.1, at.0) < (y, x)) {
            self.first = Some(at);
        }
        self.pixels += 1;
        for (largest, (a, b)) in self.largest.iter_mut().zip(ours.iter().zip(theirs)) {
            *largest = (*largest).max(a.abs_diff(b));
        }
    }
}

/// Keeps every frame it is given.
///
/// # Cost
/// Holds the samples of all frames in their decoder's own layout.
#[derive(Debug)]
pub struct RasterSink {
    frames: Vec<Raster>,
    free_bytes: u64,
}

impl Default for RasterSink {
    fn default() -> Self {
        Self::within(u64::MAX)
    }
}

impl RasterSink {
    /// Keeps frames as long as their samples fit in so many bytes, and the system gives them; a frame that does not ends the
    /// decoding, and there will be no picture.
    #[must_use]
    pub const fn within(bytes: u64) -> Self {
        Self { frames: Vec::new(), free_bytes: bytes }
    }

    /// The frames, if every row of each came in its promised width.
    #[must_use]
    pub fn finish(self) -> Option<Vec<Raster>> {
        let is_whole = |raster: &Raster| {
            let samples = match &raster.stored {
                Stored::Eight(samples) => samples.len(),
                Stored::Sixteen(samples) => samples.len(),
            };
            samples == raster.frame.width as usize * raster.frame.height as usize * raster.channels.count()
        };
        (!self.frames.is_empty() && self.frames.iter().all(is_whole)).then_some(self.frames)
    }
}

/// Nothing if the system gives no memory.
fn room_for<Sample>(samples: usize) -> Option<Vec<Sample>> {
    let mut room = Vec::new();
    room.try_reserve_exact(samples).ok().map(|()| room)
}

impl RowSink for RasterSink {
    fn picture(&mut self, _frames: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.frames.push(Raster { frame, channels: Channels::Rgb, stored: Stored::Eight(Vec::new()) });
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let Some(raster) = self.frames.last_mut() else { return ControlFlow::Break(()) };
        let is_first = matches!(&raster.stored, Stored::Eight(samples) if samples.is_empty());
        if is_first {
            raster.channels = row.channels;
            let samples = raster.frame.height as usize * raster.frame.width as usize * row.channels.count();
            let sample_bytes = if matches!(row.samples, Samples::Eight(_)) { 1 } else { 2 };
            let Some(free_bytes) = self.free_bytes.checked_sub(samples as u64 * sample_bytes) else {
                return ControlFlow::Break(());
            };
            self.free_bytes = free_bytes;
            let stored = match row.samples {
                Samples::Eight(_) => room_for(samples).map(Stored::Eight),
                Samples::Sixteen(_) => room_for(samples).map(Stored::Sixteen),
            };
            let Some(stored) = stored else { return ControlFlow::Break(()) };
            raster.stored = stored;
        }
        if raster.channels != row.channels {
            return ControlFlow::Break(());
        }
        match (&mut raster.stored, row.samples) {
            (Stored::Eight(all), Samples::Eight(samples)) => all.extend_from_slice(samples),
            (Stored::Sixteen(all), Samples::Sixteen(samples)) => all.extend_from_slice(samples),
            // One decoder gives all rows of a frame in one layout; anything else leaves the frame incomplete.
            _ => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }
}

/// Hands every frame on turned: collects its rows, then gives them to the sink behind it as they look after the turn.
///
/// # Cost
/// Holds one frame in its decoder's own layout.
pub struct Turning<'a> {
    turn: Turn,
    frame_bytes: u64,
    sink: &'a mut dyn RowSink,
    frame: RasterSink,
    rows_left: u32,
}

impl<'a> Turning<'a> {
    /// Turns what it is given and passes it to `sink`. A frame whose samples take more than `frame_bytes` ends the
    /// decoding before it.
    #[must_use]
    pub fn new(turn: Turn, frame_bytes: u64, sink: &'a mut dyn RowSink) -> Self {
        Self { turn, frame_bytes, sink, frame: RasterSink::default(), rows_left: 0 }
    }
}

impl RowSink for Turning<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.sink.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.rows_left = frame.height;
        self.frame = RasterSink::within(self.frame_bytes);
        self.frame.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.frame.row(row)?;
        self.rows_left = self.rows_left.saturating_sub(1);
        if self.rows_left > 0 {
            return ControlFlow::Continue(());
        }
        match std::mem::take(&mut self.frame).finish().as_deref() {
            Some([frame]) => frame.replay(self.turn, self.sink),
            _ => ControlFlow::Break(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Delay;

    fn raster(width: u32, height: u32, grey: &[u8]) -> Raster {
        let mut sink = RasterSink::default();
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        for row in grey.chunks(width as usize) {
            let _ = sink.row(Row::eight(Channels::Grey, row));
        }
        sink.finish().unwrap().remove(0)
    }

    #[test]
    fn wrapped_differences_are_seen() {
        let difference = raster(1, 1, &[10]).difference(&raster(1, 1, &[202]), Turn::None, Alpha::Exact).unwrap();
        assert_eq!(difference.largest, [192 * 257, 192 * 257, 192 * 257, 0]);
        assert_eq!((difference.first, difference.pixels), (Some((0, 0)), 1));
    }

    #[test]
    fn the_turn_that_makes_two_equal_is_the_one_that_was_made() {
        let stored = raster(2, 3, &[1, 2, 3, 4, 5, 6]);
        for turn in Turn::ALL {
            let mut sink = RasterSink::default();
            let _ = stored.replay(turn, &mut sink);
            let turned = sink.finish().unwrap().remove(0);
            let found: Vec<Turn> =
                Turn::ALL.into_iter().filter(|&turn| turned.equals(&stored, turn, Alpha::Exact)).collect();
            assert_eq!(found, [turn]);
        }
    }

    #[test]
    fn a_missing_row_is_no_picture() {
        let mut sink = RasterSink::default();
        let _ = sink.frame(Frame { width: 1, height: 2, delay: Delay::NONE });
        let _ = sink.row(Row::eight(Channels::Grey, &[1]));
        assert!(sink.finish().is_none());
    }
}
