//! Takes rows and makes the code of a picture of them.

use std::ops::ControlFlow;

use super::{
    filter::Filter,
    luma::{self, Ground},
    spectrum::{SIDE, Thumb},
};
use crate::{
    code::Code,
    opaque::{Opaque, Room, opaque},
    row::{Frame, Row, RowSink},
    turn::Turn,
};

/// Pictures with a side below this have no code.
///
/// # Source
/// `MIN_HASHABLE_DIM` of `pdq/cpp/hashing/pdqhashing.cpp` in ThreatExchange.
const LEAST_SIDE: u32 = 5;

/// What PDQ says of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pdq {
    /// The code: all zero for a picture with a side below 5 pixels.
    pub code: Code,
    /// 0 to 100. The reference advises to leave out codes below 50: plain pictures have codes that say nothing.
    pub quality: u8,
}

/// Takes the rows of a picture and gives its PDQ: of the first frame, at full size.
///
/// Samples of sixteen bits are rounded to eight, `value / 257`; grey stands for red, green and blue; inks become light
/// without a profile, as Pillow converts them; alpha is laid on a [`Ground`].
///
/// ```
/// use pixtwin_pixel::{Channels, Delay, Frame, Ground, PdqSink, Row, RowSink};
/// use std::ops::ControlFlow;
///
/// let mut sink = PdqSink::new(Ground::White);
/// let _ = sink.picture(1);
/// let _ = sink.frame(Frame { width: 8, height: 8, delay: Delay::NONE });
/// for y in 0..8 {
///     let row = [0, y, 9, 200, 200, 9, y, 1];
///     assert_eq!(sink.row(Row::eight(Channels::Grey, &row)), ControlFlow::Continue(()));
/// }
/// assert_eq!(sink.finish().map(|pdq| pdq.quality), Some(100));
/// ```
///
/// # Cost
/// Holds what [`PdqSink::bytes`] says, once rows have come; one pass over the rows. Answers `Break` to a second frame; a
/// still is decoded to its end, with whatever the decoder checks there.
#[derive(Debug)]
pub struct PdqSink {
    ground: Ground,
    room: Room,
    frame: Option<Frame>,
    rows_left: u32,
    is_regular: bool,
    filter: Option<Filter>,
    /// Beside the sink, which is moved often.
    thumb: Box<Thumb>,
}

impl PdqSink {
    /// Waits for a picture.
    #[must_use]
    pub fn new(ground: Ground) -> Self {
        let (room, thumb) = (Room::default(), Box::default());
        Self { ground, room, frame: None, rows_left: 0, is_regular: true, filter: None, thumb }
    }

    /// The most it holds for a picture of that size, in bytes, beside itself.
    #[must_use]
    pub fn bytes(width: u32, height: u32) -> u64 {
        // Numbers of four bytes: 8 rows twice, three lines more, and the window's rows, which may be copied once.
        u64::from(width.saturating_add(8)) * (80 + 8 * (u64::from(height) / 128 + 8)) + (24 << 10)
    }

    /// The code and the quality, if every row of the first frame came.
    #[must_use]
    pub fn finish(self) -> Option<Pdq> {
        let thumb = self.thumb()?;
        Some(thumb.map_or_else(Pdq::default, |thumb| Pdq { code: thumb.spectrum().code(), quality: thumb.quality() }))
    }

    /// The codes of the picture after each of the eight turns, in the order of [`Turn::ALL`], and the quality, which is
    /// that of them all. Nothing is filtered again, as in the reference: a turned picture's own code can differ
    /// in some bits, up to 30 in smooth pictures.
    #[must_use]
    pub fn finish_turned(self) -> Option<([Code; 8], u8)> {
        let Some(thumb) = self.thumb()? else { return Some(([Code::default(); 8], 0)) };
        let spectrum = thumb.spectrum();
        Some((Turn::ALL.map(|turn| spectrum.turned(turn).code()), thumb.quality()))
    }

    /// Takes the next row as [`RowSink::row`] does, already in eight bits on its ground.
    pub(crate) fn opaque_row(&mut self, row: &Opaque<'_>) -> ControlFlow<()> {
        let Some(frame) = self.frame.filter(|_| self.rows_left > 0) else { return ControlFlow::Break(()) };
        if row.width() != frame.width as usize {
            self.is_regular = false;
            return ControlFlow::Break(());
        }
        self.rows_left -= 1;
        if is_thumb(frame) {
            let at = frame.height - 1 - self.rows_left;
            self.thumb.0.get_mut(at as usize).into_iter().for_each(|place| luma::fill(row, place));
        } else if !is_small(frame) {
            // Room is made only now that rows do come: the size in a header may be a lie.
            let filter = self.filter.get_or_insert_with(|| Filter::new(frame));
            filter.add(row, &mut self.thumb);
            if self.rows_left == 0 {
                filter.end(&mut self.thumb);
                self.filter = None;
            }
        }
        ControlFlow::Continue(())
    }

    /// The brightness in 64 rows of 64, or nothing inside if the picture is too small for it.
    fn thumb(&self) -> Option<Option<&Thumb>> {
        let frame = self.frame.filter(|_| self.rows_left == 0 && self.is_regular)?;
        Some((!is_small(frame)).then_some(&self.thumb))
    }
}

const fn is_small(frame: Frame) -> bool {
    frame.width < LEAST_SIDE || frame.height < LEAST_SIDE
}

/// Whether the picture has the size of what is kept: the reference takes it as it is.
const fn is_thumb(frame: Frame) -> bool {
    frame.width as usize == SIDE && frame.height as usize == SIDE
}

impl RowSink for PdqSink {
    fn picture(&mut self, _frames: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        if self.frame.is_some() {
            return ControlFlow::Break(());
        }
        self.frame = Some(frame);
        self.rows_left = frame.height;
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let mut room = std::mem::take(&mut self.room);
        let flow = self.opaque_row(&opaque(&row, self.ground, &mut room));
        self.room = room;
        flow
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use super::*;
    use crate::{Channels, Delay, Raster, RasterSink};

    fn frame(width: u32, height: u32) -> Frame {
        Frame { width, height, delay: Delay::NONE }
    }

    /// Hills of brightness that look alike in no two turns.
    fn hills(width: u32, height: u32) -> Raster {
        let mut sink = RasterSink::default();
        let _ = sink.frame(frame(width, height));
        for y in 0..height {
            let row: Vec<u8> = (0..width)
                .map(|x| {
                    let (x, y) = (f64::from(x) / f64::from(width), f64::from(y) / f64::from(height));
                    let hills = (19.0 * x * x + 3.0 * y).sin() + (11.0 * x * y + 23.0 * y).cos() + (31.0 * x).sin();
                    (128.0 + 40.0 * hills) as u8
                })
                .collect();
            let _ = sink.row(Row::eight(Channels::Grey, &row));
        }
        sink.finish().unwrap().remove(0)
    }

    #[test]
    fn codes_after_a_turn_are_near_those_of_the_turned_picture() {
        for (width, height) in [(200, 150), (64, 64), (97, 301)] {
            let stored = hills(width, height);
            let mut sink = PdqSink::new(Ground::White);
            let _ = stored.replay(Turn::None, &mut sink);
            let (codes, quality) = sink.finish_turned().unwrap();
            for turn in Turn::ALL {
                let mut sink = PdqSink::new(Ground::White);
                let _ = stored.replay(turn, &mut sink);
                let own = sink.finish().unwrap();
                let distances = codes.map(|code| code.distance(own.code));
                let nearest = (0..8).min_by_key(|at| distances[*at]).unwrap();
                assert_eq!(nearest, usize::from(turn.exif() - 1), "{turn:?} {distances:?}");
                // Unrelated codes differ in 128 bits or so; these in some, for the filter's windows look further to the
                // right and down than to the left and up, and this picture has no fine detail.
                let is_near = distances.map(|distance| distance <= 40);
                assert_eq!(is_near.iter().filter(|near| **near).count(), 1, "{turn:?} {distances:?}");
                assert!(own.quality.abs_diff(quality) <= 3);
            }
        }
    }

    #[test]
    fn a_picture_that_is_not_whole_has_no_code() {
        let rows = |rows: u32, row_pixels: usize| {
            let mut sink = PdqSink::new(Ground::White);
            assert!(sink.frame(frame(9, 7)).is_continue());
            let row = vec![100; row_pixels];
            let flows = (0..rows).map(|_| sink.row(Row::eight(Channels::Grey, &row)).is_continue()).collect::<Vec<_>>();
            (flows.into_iter().all(|goes_on| goes_on), sink.finish())
        };
        assert_eq!(rows(6, 9), (true, None));
        assert!(matches!(rows(7, 9), (true, Some(Pdq { quality: 0, .. }))));
        assert!(!rows(8, 9).0, "a row too many is taken");
        assert_eq!(rows(7, 8), (false, None));
        assert_eq!(PdqSink::new(Ground::White).finish(), None);
    }

    #[test]
    fn only_the_first_frame_counts() {
        let first = hills(30, 20);
        let mut alone = PdqSink::new(Ground::White);
        let _ = first.replay(Turn::None, &mut alone);
        let mut sink = PdqSink::new(Ground::White);
        let _ = first.replay(Turn::None, &mut sink);
        assert!(hills(31, 20).replay(Turn::None, &mut sink).is_break());
        assert_eq!(sink.finish(), alone.finish());
    }

    /// A header can lie: nothing is held for rows that never come.
    #[test]
    fn a_size_alone_takes_no_memory() {
        let mut sink = PdqSink::new(Ground::White);
        assert!(sink.frame(frame(u32::MAX, u32::MAX)).is_continue());
        assert_eq!(sink.finish(), None);
        let mut sink = PdqSink::new(Ground::White);
        assert!(sink.frame(frame(100_000, u32::MAX)).is_continue());
        for _ in 0..100 {
            assert!(sink.row(Row::eight(Channels::Grey, &[7; 100_000])).is_continue());
        }
        assert_eq!(sink.finish(), None);
    }
}
