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
    thumb: Thumb,
}

impl PdqSink {
    /// Waits for a picture.
    #[must_use]
    pub fn new(ground: Ground) -> Self {
        let (room, thumb) = (Room::default(), Thumb::default());
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
    /// that of them all. Nothing is filtered again: a turned picture's own code can differ in a few bits.
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
