//! Where two pictures of one size differ, and by how much: exact figures, and a smaller picture of them.

use std::ops::ControlFlow;

use crate::{
    Difference, Raster,
    reduced::{Reduced, fitted},
    row::{Channels, Frame, Row, RowSink},
    turn::Turn,
};

/// A picture of a difference: what differs stays visible however small it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unequal {
    width: u32,
    height: u32,
    /// Of each block the largest difference of each channel, of 65535.
    blocks: Vec<[u16; 4]>,
}

impl Unequal {
    /// Black where all is equal. Red, green and blue are the largest differences in a block of pixels, times `amplify`; one of
    /// alpha counts for all three, and so does one of black ink. What differs at all is at least 1 of 255.
    #[must_use]
    pub fn shown(&self, amplify: u8) -> Reduced {
        let shown = |difference: u16| {
            let times = u32::from(difference) * u32::from(amplify.max(1));
            u8::try_from(times.div_ceil(257)).unwrap_or(u8::MAX)
        };
        let pixel = |&[a, b, c, all]: &[u16; 4]| {
            let [red, green, blue] = [a, b, c].map(|channel| shown(channel.max(all)));
            [red, green, blue, u8::MAX]
        };
        let rgba = self.blocks.iter().flat_map(pixel).collect();
        Reduced { width: self.width, height: self.height, rgba }
    }
}

/// Takes the rows of a picture and holds them against another one: stored samples, 16 bits each, of the first frame.
///
/// # Cost
/// Holds 8 bytes for each pixel of the picture of the difference.
pub struct DifferenceSink<'a> {
    first: &'a Raster,
    /// The turn that leads from the first to the second.
    back: Turn,
    frame: Option<Frame>,
    rows_seen: u32,
    is_comparable: bool,
    has_other_samples: bool,
    found: Difference,
    unequal: Unequal,
}

impl<'a> DifferenceSink<'a> {
    /// Holds what comes, after `turn`, against `first`; the picture of it has no side longer than `side` pixels.
    #[must_use]
    pub fn new(first: &'a Raster, turn: Turn, side: u32) -> Self {
        let Frame { width, height, .. } = first.frame();
        let (width, height) = fitted((width, height), side);
        let blocks = vec![[0; 4]; width as usize * height as usize];
        Self {
            first,
            back: turn.inverse(),
            frame: None,
            rows_seen: 0,
            is_comparable: true,
            has_other_samples: false,
            found: Difference::default(),
            unequal: Unequal { width, height, blocks },
        }
    }

    /// Whether one is stored in inks and the other is not, as far as rows came.
    #[must_use]
    pub const fn has_other_samples(&self) -> bool {
        self.has_other_samples
    }

    /// The figures and the picture; nothing if the sides or the kinds of sample do not fit, or not all rows came.
    #[must_use]
    pub fn finish(self) -> Option<(Difference, Unequal)> {
        let is_whole = self.frame.is_some_and(|frame| frame.height == self.rows_seen);
        (is_whole && self.is_comparable).then_some((self.found, self.unequal))
    }

    fn add(&mut self, y: u32, row: &Row<'_>) {
        let Frame { width, height, .. } = self.first.frame();
        for x in 0..u32::try_from(row.width()).unwrap_or(u32::MAX) {
            let at = self.back.stored((x, y), (width, height));
            let (ours, theirs) = (self.first.pixel(at.0, at.1), row.pixel(x as usize));
            if ours == theirs {
                continue;
            }
            self.found.add(at, ours, theirs);
            let block = |at: u32, of: u32, blocks: u32| at as usize * blocks as usize / of.max(1) as usize;
            let (column, row) = (block(at.0, width, self.unequal.width), block(at.1, height, self.unequal.height));
            if let Some(block) = self.unequal.blocks.get_mut(row * self.unequal.width as usize + column) {
                for (most, (a, b)) in block.iter_mut().zip(ours.iter().zip(theirs)) {
                    *most = (*most).max(a.abs_diff(b));
                }
            }
        }
    }
}

impl RowSink for DifferenceSink<'_> {
    fn picture(&mut self, _frames: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        let Frame { width, height, .. } = self.first.frame();
        if self.frame.is_some() {
            return ControlFlow::Break(());
        }
        self.is_comparable = self.back.size((width, height)) == (frame.width, frame.height);
        self.frame = Some(frame);
        if self.is_comparable { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let is_inks = row.channels == Channels::Cmyk;
        let fits = self.frame.is_some_and(|frame| frame.width as usize == row.width() && self.rows_seen < frame.height);
        self.has_other_samples |= is_inks != self.first.is_cmyk();
        self.is_comparable = self.is_comparable && fits && !self.has_other_samples;
        if !self.is_comparable {
            return ControlFlow::Break(());
        }
        self.add(self.rows_seen, &row);
        self.rows_seen += 1;
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use super::*;
    use crate::{Alpha, Delay, RasterSink};

    fn raster((width, height): (u32, u32), channels: Channels, sample: impl Fn(usize) -> u8) -> Raster {
        let mut sink = RasterSink::default();
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        let row_samples = width as usize * channels.count();
        for y in 0..height as usize {
            let row: Vec<u8> = (0..row_samples).map(|x| sample(y * row_samples + x)).collect();
            let _ = sink.row(Row::eight(channels, &row));
        }
        sink.finish().unwrap().remove(0)
    }

    fn between(a: &Raster, b: &Raster, turn: Turn, side: u32) -> Option<(Difference, Unequal)> {
        let mut sink = DifferenceSink::new(a, turn, side);
        let _ = b.replay(Turn::None, &mut sink);
        sink.finish()
    }

    #[test]
    fn the_figures_are_those_of_two_pictures_that_are_held() {
        let a = raster((7, 5), Channels::Rgba, |at| (at * 31) as u8);
        for turn in Turn::ALL {
            let (width, height) = turn.size((7, 5));
            let b = raster((width, height), Channels::Rgba, |at| (at * 17 % 90) as u8);
            let (found, unequal) = between(&a, &b, turn, 100).unwrap();
            assert_eq!(Some(found), a.difference(&b, turn, Alpha::Exact), "{turn:?}");
            let shown = unequal.shown(1);
            for (at, pixel) in shown.rgba.chunks(4).enumerate() {
                let (x, y) = (at as u32 % 7, at as u32 / 7);
                let (from_x, from_y) = turn.stored((x, y), (width, height));
                let (ours, theirs) = (a.pixel(x, y), b.pixel(from_x, from_y));
                let apart = |c: usize| (ours[c].abs_diff(theirs[c]) / 257) as u8;
                assert_eq!(
                    pixel,
                    [0, 1, 2].map(|c| apart(c).max(apart(3))).iter().copied().chain([255]).collect::<Vec<_>>()
                );
            }
        }
    }

    #[test]
    fn one_pixel_of_many_is_seen() {
        let a = raster((300, 200), Channels::Rgb, |_| 7);
        let b = raster((300, 200), Channels::Rgb, |at| if at == (123 * 300 + 251) * 3 + 1 { 8 } else { 7 });
        let (found, unequal) = between(&a, &b, Turn::None, 10).unwrap();
        assert_eq!((found.pixels, found.first, found.largest), (1, Some((251, 123)), [0, 257, 0, 0]));
        let shown = unequal.shown(1);
        let lit: Vec<usize> = (0..shown.rgba.len()).filter(|at| at % 4 != 3 && shown.rgba[*at] > 0).collect();
        assert_eq!((shown.width, shown.height, &*lit), (10, 7, &[(4 * 10 + 8) * 4 + 1][..]));
        assert_eq!(shown.rgba[lit[0]], 1);
        assert_eq!(unequal.shown(200).rgba[lit[0]], 200);
        assert_eq!(between(&a, &a, Turn::None, 10).unwrap().0, Difference::default());
    }

    #[test]
    fn what_is_less_than_a_step_of_eight_bits_is_seen() {
        let unequal = Unequal { width: 2, height: 1, blocks: vec![[1, 0, 0, 0], [0, 0, 0, 65535]] };
        assert_eq!(unequal.shown(1).rgba, [1, 0, 0, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn other_sides_and_inks_are_not_compared() {
        let a = raster((3, 2), Channels::Rgba, |_| 1);
        assert_eq!(between(&a, &raster((2, 3), Channels::Rgba, |_| 1), Turn::None, 9), None);
        assert!(between(&a, &raster((2, 3), Channels::Rgba, |_| 1), Turn::Clockwise, 9).is_some());
        assert_eq!(between(&a, &raster((3, 2), Channels::Cmyk, |_| 1), Turn::None, 9), None);
        assert!(between(&a, &raster((3, 2), Channels::GreyAlpha, |_| 1), Turn::None, 9).is_some());
    }
}
