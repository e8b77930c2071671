//! Rows to a sight.

use std::ops::ControlFlow;

use super::{
    Sight, Signature,
    border::{Inside, inside},
    detail::{Detail, LEAST_QUALITY},
    reduce::{Copy, Reducer},
    square::{SIDE, Square, square},
    tilt::Tilter,
    view::{Shown, View},
    waves,
};
use crate::{
    code::Code,
    opaque::{Room, opaque},
    pdq::{Ground, Pdq, PdqSink},
    row::{Frame, Row, RowSink},
    simd::{Work, fast},
};

/// The least side of a picture that has a code.
///
/// # Source
/// `MIN_HASHABLE_DIM` of the reference of PDQ.
const LEAST_SIDE: u32 = 5;

/// Takes the first frame of a picture and makes its [`Sight`].
///
/// # Cost
/// One pass over the rows; holds a small copy. Making the codes from it takes some 100 microseconds.
#[derive(Debug)]
pub struct SightSink {
    first: Option<(Frame, Reducer)>,
    room: Room,
    pdq: PdqSink,
}

impl Default for SightSink {
    fn default() -> Self {
        Self { first: None, room: Room::default(), pdq: PdqSink::new(Ground::White) }
    }
}

impl SightSink {
    /// The sight, if the first frame came whole. A picture with a side of less than five pixels has one without usable
    /// codes.
    #[must_use]
    pub fn finish(self) -> Option<Sight> {
        let (frame, reducer) = self.first?;
        Some(fast(Look { frame, copy: &reducer.finish()?, whole: self.pdq.finish()? }))
    }
}

impl RowSink for SightSink {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.pdq.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        if self.first.is_some() {
            return ControlFlow::Break(());
        }
        self.first = Some((frame, Reducer::new(frame)));
        self.pdq.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let row = opaque(&row, Ground::White, &mut self.room);
        if let Some((_, reducer)) = &mut self.first {
            reducer.row(&row);
        }
        self.pdq.opaque_row(&row)
    }
}

/// [`sight`].
struct Look<'a> {
    frame: Frame,
    copy: &'a Copy,
    whole: Pdq,
}

impl Work for Look<'_> {
    type Done = Sight;

    #[inline(always)]
    fn work(self) -> Sight {
        sight(self.frame, self.copy, self.whole)
    }
}

#[inline(always)]
fn sight(frame: Frame, copy: &Copy, whole: Pdq) -> Sight {
    let inside = inside(copy);
    let trimmed = square(copy, inside);
    let signature = Signature::new(copy, inside, &trimmed, (frame.width, frame.height));
    let mut sight = Sight { codes: [Code::default(); View::CODES], usable: 0, quality: 0, signature };
    if frame.width.min(frame.height) < LEAST_SIDE {
        return sight;
    }
    sight.quality = whole.quality;
    sight.put(View::WHOLE, Some(whole.code), whole.quality);
    sight.look(&trimmed, inside);
    sight
}

impl Sight {
    /// Fills in the codes of all views but the whole.
    #[inline(always)]
    fn look(&mut self, trimmed: &Square, inside: Inside) {
        let detail = Detail::new(trimmed);
        let mut square = centred(trimmed);
        let mut room = waves::Room::default();
        waves::of_parts(&square, &mut room, |view, code| {
            let Shown::Part(cut) = view.shown() else { return };
            self.put(view, code, detail.quality(cut));
        });
        let ratio = (inside.right - inside.left) as f32 / (inside.bottom - inside.top) as f32;
        let mut tilter = Tilter::new(trimmed, ratio);
        for view in (0..View::CODES as u8).filter_map(View::from_number) {
            if let Shown::Tilted(degrees) = view.shown() {
                tilter.tilt(degrees, &mut square);
                self.put(view, waves::of_all(&square, &mut room), detail.quality([0.0; 4]));
            }
        }
    }

    fn put(&mut self, view: View, code: Option<Code>, quality: u8) {
        if let (Some(place), Some(code)) = (self.codes.get_mut(usize::from(view.number())), code) {
            *place = code;
            self.usable |= u32::from(quality >= LEAST_QUALITY) << view.number();
        }
    }
}

/// The square about its mean, so that sums of many cells are small.
#[inline(always)]
fn centred(square: &Square) -> Square {
    let mean = square.as_flattened().iter().sum::<f32>() / (SIDE * SIDE) as f32;
    square.map(|row| row.map(|cell| cell - mean))
}
