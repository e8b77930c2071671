//! What all eight turns of a picture have in common, and which of them leads there.

use std::ops::ControlFlow;

use crate::{
    canonical::Alpha,
    digest::{Depth, Digester},
    order_free::{Words, words},
    raster::{Raster, RasterSink},
    row::{Frame, Row, RowSink},
    turn::Turn,
    turned::{BAND_ROWS, Band},
    turns::Turns,
};

/// A name for a picture and its eight turns: two pictures are turned twins exactly if theirs are equal in `least`.
///
/// Of the eight turned pictures one is the least, by sides, then by pixels. `least` is its digest, so that seven need no
/// digest at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TurnClass {
    /// The digest of the least of the turned pictures.
    pub least: [u8; 32],
    /// The turns that lead to it, at least one; more of them if the picture is symmetric.
    pub turns: Turns,
}

impl TurnClass {
    /// The turn that makes this picture the other one, if they are turned twins; of several the one with the smallest EXIF
    /// number.
    ///
    /// # Cost
    /// Nothing: a few products of turns.
    #[must_use]
    pub fn turn_to(&self, other: &Self) -> Option<Turn> {
        if self.least != other.least {
            return None;
        }
        let back = other.turns.iter().next()?.inverse();
        self.turns.iter().map(|turn| turn.then(back)).min_by_key(|turn| turn.exif())
    }

    /// The class of a picture whose frames are all in memory, as its pixels count under `alpha`; nothing without a frame.
    ///
    /// # Cost
    /// One BLAKE3 of the picture. Before it all eight are compared from the top, up to the row where one is less than the
    /// others: mostly the first. In a picture without any difference or with symmetry that is all of it, some nanoseconds
    /// a pixel for each of the eight.
    #[must_use]
    pub fn of(frames: &[Raster], alpha: Alpha) -> Option<Self> {
        let turns = frames.iter().fold(Turns::ALL, |turns, frame| least_of(frame, turns, alpha));
        let turn = turns.iter().next()?;
        let mut digester = Digester::new(alpha, Depth::Whole);
        let _more = digester.picture(u32::try_from(frames.len()).ok()?);
        let _more = frames.iter().try_for_each(|frame| frame.replay(turn, &mut digester));
        Some(Self { least: digester.finish().digest?.0, turns })
    }
}

/// Those of the turns after which the frame is least: the least wide, then with the least pixels from the top.
fn least_of(frame: &Raster, turns: Turns, alpha: Alpha) -> Turns {
    let size = (frame.frame().width, frame.frame().height);
    let sizes = turns.iter().map(|turn| turn.size(size)).min();
    let mut turns = turns.filter(|turn| Some(turn.size(size)) == sizes);
    let height = sizes.map_or(0, |(_, height)| height as usize);
    let (mut band, mut least, mut ours) = (Band::default(), Vec::new(), Vec::new());
    // The first row tells most apart.
    let (mut first, mut rows) = (0, 1);
    while first < height && turns.count() > 1 {
        least.clear();
        let mut found = Turns::default();
        for turn in turns.iter() {
            band.fill(frame, turn, first, rows);
            ours.clear();
            band.rows().for_each(|row| words(&row, alpha, &mut ours));
            // Equality is asked first: it is by far the quicker of the two.
            if found.count() > 0 && ours == least {
                found = found.iter().chain([turn]).collect();
            } else if found.count() == 0 || ours < least {
                std::mem::swap(&mut ours, &mut least);
                found = Turns::from_iter([turn]);
            }
        }
        turns = found;
        first += rows;
        rows = BAND_ROWS;
    }
    turns
}

impl Words for Vec<u64> {
    fn row<P: Copy>(&mut self, pixels: &[P], word: impl Fn(P) -> u64) {
        self.extend(pixels.iter().map(|pixel| word(*pixel)));
    }
}

/// Keeps the frames it is given until they can be turned.
///
/// # Cost
/// Holds the samples of all frames in their decoder's own layout.
#[derive(Debug)]
pub struct TurnedSink {
    alpha: Alpha,
    promised: u32,
    frames: RasterSink,
}

impl TurnedSink {
    /// Keeps frames as long as their samples fit in so many bytes, all together; one that does not ends the decoding, and
    /// there will be no class.
    #[must_use]
    pub const fn within(bytes: u64, alpha: Alpha) -> Self {
        Self { alpha, promised: 0, frames: RasterSink::within(bytes) }
    }

    /// The class of the picture, if every row of every frame came.
    #[must_use]
    pub fn finish(self) -> Option<TurnClass> {
        let frames = self.frames.finish()?;
        if frames.len() != self.promised as usize {
            return None;
        }
        TurnClass::of(&frames, self.alpha)
    }
}

impl RowSink for TurnedSink {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.promised = frames;
        self.frames.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.frames.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.frames.row(row)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::{Channels, Delay};

    fn frame(width: u32, height: u32, channels: Channels, samples: &[u8]) -> Raster {
        let mut sink = RasterSink::default();
        let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
        for row in samples.chunks(width as usize * channels.count()) {
            let _ = sink.row(Row::eight(channels, row));
        }
        sink.finish().unwrap().remove(0)
    }

    fn turned(frames: &[Raster], turn: Turn) -> Vec<Raster> {
        let mut sink = RasterSink::default();
        for frame in frames {
            let _ = frame.replay(turn, &mut sink);
        }
        sink.finish().unwrap()
    }

    /// The turns that make all frames of one picture those of the other, pixel by pixel.
    fn turns_between(one: &[Raster], other: &[Raster]) -> Vec<Turn> {
        let equal = |turn: &Turn| {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| other.equals(one, *turn, Alpha::Exact))
        };
        Turn::ALL.into_iter().filter(equal).collect()
    }

    fn class(frames: &[Raster]) -> TurnClass {
        TurnClass::of(frames, Alpha::Exact).unwrap()
    }

    fn assert_agrees(one: &[Raster], other: &[Raster]) {
        let turns = turns_between(one, other);
        assert_eq!(class(one).turn_to(&class(other)), turns.first().copied());
        assert_eq!(class(one).least == class(other).least, !turns.is_empty());
    }

    proptest! {
        /// Pictures so small and of so few colours that symmetric ones, and turned twins by chance, are frequent.
        #[test]
        fn turned_twins_are_those_that_a_turn_makes_equal(
            (width, height) in (1_u32..5, 1_u32..5),
            frames in 1_usize..3,
            samples in prop::collection::vec(0_u8..3, 2 * 2 * 16),
        ) {
            let pixels = (width * height) as usize;
            let picture = |at: usize| -> Vec<Raster> {
                let frames = samples[at * 32..].chunks(pixels).take(frames);
                frames.map(|samples| frame(width, height, Channels::Grey, samples)).collect()
            };
            let (one, other) = (picture(0), picture(1));
            assert_agrees(&one, &other);
            for turn in Turn::ALL {
                let turned = turned(&one, turn);
                assert_agrees(&one, &turned);
                assert_agrees(&turned, &other);
            }
        }
    }

    #[test]
    fn all_squares_of_two_colours() {
        let squares: Vec<Vec<Raster>> = (0..512_u32)
            .map(|bits| {
                let samples: Vec<u8> = (0..9).map(|bit| (bits >> bit & 1) as u8).collect();
                vec![frame(3, 3, Channels::Grey, &samples)]
            })
            .collect();
        let mut classes: Vec<[u8; 32]> = squares.iter().map(|square| class(square).least).collect();
        classes.sort_unstable();
        classes.dedup();
        // Burnside: (512 + 2 * 8 + 32 + 4 * 64) / 8.
        assert_eq!(classes.len(), 102);
        let symmetric = squares.iter().filter(|square| class(square).turns.count() == 8).count();
        // Corner, edge and middle may each be either colour.
        assert_eq!(symmetric, 8);
    }

    #[test]
    fn a_difference_in_the_last_row_or_frame_counts() {
        let mut samples = vec![5; 40 * 40];
        samples[40 * 39 + 17] = 6;
        let plain = frame(40, 40, Channels::Grey, &[5; 40 * 40]);
        let marked = frame(40, 40, Channels::Grey, &samples);
        assert_eq!(class(std::slice::from_ref(&plain)).turns, Turns::ALL);
        assert_eq!(class(std::slice::from_ref(&marked)).turns.count(), 1);
        assert_ne!(class(std::slice::from_ref(&plain)).least, class(std::slice::from_ref(&marked)).least);
        let other = turned(std::slice::from_ref(&marked), Turn::Clockwise).remove(0);
        // Each frame has a twin, but not by one turn.
        assert_agrees(&[marked.clone(), marked.clone()], &[other.clone(), marked.clone()]);
        assert_agrees(&[plain.clone(), marked.clone()], &[plain, other]);
    }

    #[test]
    fn layouts_do_not_count_and_inks_are_apart() {
        let grey = frame(3, 1, Channels::Grey, &[1, 2, 3]);
        let rgba = frame(1, 3, Channels::Rgba, &[3, 3, 3, 255, 2, 2, 2, 255, 1, 1, 1, 255]);
        let inks = frame(1, 3, Channels::Cmyk, &[3, 3, 3, 255, 2, 2, 2, 255, 1, 1, 1, 255]);
        assert_agrees(std::slice::from_ref(&grey), std::slice::from_ref(&rgba));
        // From left to right becomes from bottom to top; both ways of it, and the flip comes first by its number.
        assert_eq!(class(std::slice::from_ref(&grey)).turn_to(&class(&[rgba])), Some(Turn::Transverse));
        assert_agrees(&[grey], &[inks]);
    }

    #[test]
    fn hidden_colour_counts_only_when_asked() {
        let one = [frame(2, 1, Channels::Rgba, &[9, 9, 9, 0, 1, 1, 1, 1])];
        let other = [frame(1, 2, Channels::GreyAlpha, &[1, 1, 7, 0])];
        let turn = |alpha| TurnClass::of(&one, alpha)?.turn_to(&TurnClass::of(&other, alpha)?);
        assert_eq!(turn(Alpha::Exact), None);
        assert_eq!(turn(Alpha::IgnoreHidden), Some(Turn::Transverse));
    }

    #[test]
    fn a_picture_that_is_not_whole_has_no_class() {
        let sink_of = |bytes, frames, rows| {
            let mut sink = TurnedSink::within(bytes, Alpha::Exact);
            let _ = sink.picture(frames);
            let _ = sink.frame(Frame { width: 2, height: 2, delay: Delay::NONE });
            for _ in 0..rows {
                let _ = sink.row(Row::eight(Channels::Grey, &[1, 2]));
            }
            sink.finish()
        };
        assert!(sink_of(4, 1, 2).is_some());
        assert!(sink_of(3, 1, 2).is_none());
        assert!(sink_of(4, 2, 2).is_none());
        assert!(sink_of(4, 1, 1).is_none());
        assert_eq!(TurnClass::of(&[], Alpha::Exact), None);
    }
}
