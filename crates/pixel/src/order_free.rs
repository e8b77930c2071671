//! A key of a whole picture that does not ask where its pixels lie.

use std::ops::ControlFlow;

use crate::{
    canonical::Alpha,
    digest::Key,
    row::{Channels, Frame, Row, RowSink, Samples},
};

/// Pixels that are looked at together: of equal ones only the first is mixed.
const BLOCK: usize = 16;

/// Numbers with bits all over, the last two odd, to mix with.
///
/// # Source
/// 2^64 divided by the golden ratio, and the two multipliers of Stafford's mix 13 ("Better bit mixing", 2011).
const SPREAD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

/// Takes rows and makes a [`Key`] of the multiset of pixels of each frame, of its sides whichever is which, of its delay
/// and of the number of frames.
///
/// A picture has one key after all eight turns, and in every layout that holds its pixels; and so has every other
/// arrangement of its pixels: equal keys prove nothing, they only say which pictures are worth a comparison.
///
/// # Cost
/// One pass over the rows, some nanosecond a pixel, less where neighbours are equal; holds nothing else.
#[derive(Debug)]
pub struct OrderFree {
    alpha: Alpha,
    hasher: blake3::Hasher,
    frames_left: u32,
    frame: Option<Frame>,
    rows_left: u32,
    sums: Sums,
    ink_pixels: u64,
    is_regular: bool,
}

/// What the pixels of a frame come to: two sums of 64 bits that wrap, over two mixes of each.
#[derive(Clone, Copy, Debug, Default)]
struct Sums(u64, u64);

impl Sums {
    fn add(&mut self, word: u64, times: u64) {
        let [start, first, second] = SPREAD;
        // Both halves of a product of 128 bits, folded: a mix that is far from any sum or square of its input.
        let (low, high) = product(word ^ start, first);
        let (low, high) = product(low ^ high, second);
        self.0 = self.0.wrapping_add(low.wrapping_mul(times));
        self.1 = self.1.wrapping_add(high.wrapping_mul(times));
    }

    fn add_row<P: Copy>(&mut self, pixels: &[P], word: impl Fn(P) -> u64) {
        let (blocks, rest) = pixels.as_chunks::<BLOCK>();
        for block in blocks {
            let words = block.map(&word);
            let [first, ..] = words;
            if words.iter().fold(0, |differs, word| differs | (word ^ first)) == 0 {
                self.add(first, BLOCK as u64);
            } else {
                words.into_iter().for_each(|word| self.add(word, 1));
            }
        }
        rest.iter().for_each(|pixel| self.add(word(*pixel), 1));
    }
}

fn product(one: u64, other: u64) -> (u64, u64) {
    let bytes = (u128::from(one) * u128::from(other)).to_le_bytes();
    let [low, high] = [bytes.first_chunk(), bytes.last_chunk()].map(|half| half.copied().map_or(0, u64::from_le_bytes));
    (low, high)
}

/// A pixel as one number: the high bytes of red, green, blue and alpha, then what their low bytes say beyond that. One
/// of eight bits has zeros there.
pub(crate) const fn word_of_eight(pixel: [u8; 4]) -> u64 {
    (u32::from_le_bytes(pixel) as u64) << 32
}

pub(crate) fn word_of_sixteen(pixel: [u16; 4]) -> u64 {
    let high = pixel.map(|sample| sample.to_le_bytes()[1]);
    let low = pixel.map(|sample| sample.to_le_bytes()[0] ^ sample.to_le_bytes()[1]);
    word_of_eight(high) | u64::from(u32::from_le_bytes(low))
}

/// Takes the words of a row. In a picture of colours the hidden ones are 0 if they do not count.
pub(crate) trait Words {
    fn row<P: Copy>(&mut self, pixels: &[P], word: impl Fn(P) -> u64);
}

impl Words for Sums {
    fn row<P: Copy>(&mut self, pixels: &[P], word: impl Fn(P) -> u64) {
        self.add_row(pixels, word);
    }
}

/// Gives the pixels of a row as words: equal exactly for equal pixels, whatever their layout, of colours or of inks.
pub(crate) fn words(row: &Row<'_>, alpha: Alpha, to: &mut impl Words) {
    let hides = alpha == Alpha::IgnoreHidden && row.channels != Channels::Cmyk;
    let shown = move |pixel: [u8; 4]| if hides && pixel[3] == 0 { 0 } else { word_of_eight(pixel) };
    let shown_wide = move |pixel: [u16; 4]| if hides && pixel[3] == 0 { 0 } else { word_of_sixteen(pixel) };
    match row.samples {
        Samples::Eight(samples) => match row.channels {
            Channels::Grey => to.row(samples, |grey| word_of_eight([grey, grey, grey, 255])),
            Channels::GreyAlpha => to.row(samples.as_chunks().0, |[grey, a]| shown([grey, grey, grey, a])),
            Channels::Rgb => to.row(samples.as_chunks().0, |[r, g, b]| word_of_eight([r, g, b, 255])),
            Channels::Rgba | Channels::Cmyk => to.row(samples.as_chunks().0, shown),
        },
        Samples::Sixteen(samples) => match row.channels {
            Channels::Grey => to.row(samples, |grey| word_of_sixteen([grey, grey, grey, u16::MAX])),
            Channels::GreyAlpha => to.row(samples.as_chunks().0, |[grey, a]| shown_wide([grey, grey, grey, a])),
            Channels::Rgb => to.row(samples.as_chunks().0, |[r, g, b]| word_of_sixteen([r, g, b, u16::MAX])),
            Channels::Rgba | Channels::Cmyk => to.row(samples.as_chunks().0, shown_wide),
        },
    }
}

impl OrderFree {
    /// A key of pixels as they count under `alpha`.
    #[must_use]
    pub fn new(alpha: Alpha) -> Self {
        Self {
            alpha,
            hasher: blake3::Hasher::new(),
            frames_left: 0,
            frame: None,
            rows_left: 0,
            sums: Sums::default(),
            ink_pixels: 0,
            is_regular: true,
        }
    }

    /// The key, if every promised row came, in its promised width.
    #[must_use]
    pub fn finish(mut self) -> Option<Key> {
        self.end_frame();
        let is_whole = self.frames_left == 0 && self.rows_left == 0 && self.is_regular;
        (is_whole && self.hasher.count() > 0).then(|| Key::from(&self.hasher.finalize()))
    }

    fn end_frame(&mut self) {
        let Some(Frame { width, height, delay }) = self.frame.take() else { return };
        for field in [width.min(height), width.max(height), delay.numerator(), delay.denominator()] {
            self.hasher.update(&field.to_le_bytes());
        }
        let Sums(first, second) = std::mem::take(&mut self.sums);
        for field in [std::mem::take(&mut self.ink_pixels), first, second] {
            self.hasher.update(&field.to_le_bytes());
        }
    }
}

impl RowSink for OrderFree {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.frames_left = frames;
        self.is_regular &= frames > 0 && self.hasher.count() == 0;
        let alpha: &[u8] = if self.alpha == Alpha::Exact { b"order-free\x01\0" } else { b"order-free\x01\x01" };
        self.hasher.update(alpha).update(&frames.to_le_bytes());
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.end_frame();
        self.is_regular &= self.rows_left == 0 && self.frames_left > 0;
        self.frames_left = self.frames_left.saturating_sub(1);
        self.rows_left = frame.height;
        self.frame = Some(frame);
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let width = self.frame.map_or(0, |frame| frame.width as usize);
        self.is_regular &= self.rows_left > 0 && row.width() == width;
        self.rows_left = self.rows_left.saturating_sub(1);
        words(&row, self.alpha, &mut self.sums);
        if row.channels == Channels::Cmyk {
            self.ink_pixels += row.width() as u64;
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::row::Delay;

    type Pixels = Vec<Vec<[u8; 4]>>;

    fn key_of(frames: &[(Pixels, Delay)], alpha: Alpha) -> Key {
        let mut sink = OrderFree::new(alpha);
        let _ = sink.picture(frames.len() as u32);
        for (rows, delay) in frames {
            let _ = sink.frame(Frame { width: rows[0].len() as u32, height: rows.len() as u32, delay: *delay });
            for row in rows {
                let _ = sink.row(Row::eight(Channels::Rgba, row.as_flattened()));
            }
        }
        sink.finish().unwrap()
    }

    fn still(rows: &[Vec<[u8; 4]>]) -> Key {
        key_of(&[(rows.to_vec(), Delay::NONE)], Alpha::Exact)
    }

    /// Turned by hand: rows backwards, from the bottom, and columns for rows.
    fn all_turns(rows: &[Vec<[u8; 4]>]) -> Vec<Pixels> {
        let mirrored = |rows: &Pixels| rows.iter().map(|row| row.iter().rev().copied().collect()).collect::<Pixels>();
        let upside = |rows: &Pixels| rows.iter().rev().cloned().collect::<Pixels>();
        let columns = |rows: &Pixels| (0..rows[0].len()).map(|x| rows.iter().map(|row| row[x]).collect()).collect();
        let both: [Pixels; 2] = [rows.to_vec(), columns(&rows.to_vec())];
        both.iter().flat_map(|rows| [rows.clone(), mirrored(rows), upside(rows), mirrored(&upside(rows))]).collect()
    }

    fn picture() -> impl Strategy<Value = Pixels> {
        // Few colours make runs.
        (1_usize..40, 1_usize..20, 1_u8..=255).prop_flat_map(|(width, height, colours)| {
            let pixel = prop::array::uniform4(0..colours);
            prop::collection::vec(prop::collection::vec(pixel, width), height)
        })
    }

    proptest! {
        #[test]
        fn all_turns_and_all_orders_have_one_key(rows in picture(), seed in any::<u64>()) {
            for turned in all_turns(&rows) {
                prop_assert_eq!(still(&turned), still(&rows));
            }
            let mut shuffled = rows.concat();
            let mut state = seed;
            for at in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                shuffled.swap(at, (state >> 33) as usize % (at + 1));
            }
            let shuffled: Pixels = shuffled.chunks(rows[0].len()).map(<[_]>::to_vec).collect();
            prop_assert_eq!(still(&shuffled), still(&rows));
        }

        #[test]
        fn one_changed_sample_has_another_key(rows in picture(), at in any::<prop::sample::Index>(), channel in 0_usize..4) {
            let mut changed = rows.concat();
            let at = at.index(changed.len());
            changed[at][channel] ^= 1;
            let changed: Pixels = changed.chunks(rows[0].len()).map(<[_]>::to_vec).collect();
            prop_assert_ne!(still(&changed), still(&rows));
        }
    }

    /// Sums of numbers, and of their squares, are the same for these two: the mix must not be.
    #[test]
    fn balanced_greys_are_told_apart() {
        let grey = |greys: [u8; 8]| vec![greys.map(|grey| [grey, grey, grey, 255]).to_vec()];
        assert_ne!(still(&grey([0, 3, 5, 6, 9, 10, 12, 15])), still(&grey([1, 2, 4, 7, 8, 11, 13, 14])));
    }

    fn key_of_row(row: Row<'_>, alpha: Alpha) -> Option<Key> {
        let mut sink = OrderFree::new(alpha);
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width: 2, height: 1, delay: Delay::NONE });
        let _ = sink.row(row);
        sink.finish()
    }

    #[test]
    fn one_picture_has_one_key_in_every_layout() {
        let grey = key_of_row(Row::eight(Channels::Grey, &[7, 9]), Alpha::Exact);
        let wide = [9, 9, 9, 255, 7, 7, 7, 255].map(|sample: u16| sample * 257);
        let rows = [
            Row::eight(Channels::GreyAlpha, &[9, 255, 7, 255]),
            Row::eight(Channels::Rgb, &[7, 7, 7, 9, 9, 9]),
            Row::eight(Channels::Rgba, &[7, 7, 7, 255, 9, 9, 9, 255]),
            Row::sixteen(Channels::Grey, &[7 * 257, 9 * 257]),
            Row::sixteen(Channels::Rgb, &[1799, 1799, 1799, 2313, 2313, 2313]),
            Row::sixteen(Channels::Rgba, &wide),
        ];
        assert!(rows.into_iter().all(|row| key_of_row(row, Alpha::Exact) == grey));
        let others = [
            Row::sixteen(Channels::Grey, &[7 * 257, 9 * 257 + 1]),
            Row::sixteen(Channels::Grey, &[7 * 257, 9 * 257 + 256]),
            Row::eight(Channels::Rgba, &[7, 7, 7, 255, 9, 9, 9, 254]),
            Row::eight(Channels::Cmyk, &[7, 7, 7, 255, 9, 9, 9, 255]),
        ];
        assert!(others.into_iter().all(|row| key_of_row(row, Alpha::Exact) != grey));
    }

    #[test]
    fn hidden_colour_counts_only_when_asked() {
        let forms = [
            Row::eight(Channels::Rgba, &[1, 2, 3, 0, 5, 5, 5, 6]),
            Row::eight(Channels::GreyAlpha, &[9, 0, 5, 6]),
            Row::sixteen(Channels::Rgba, &[1, 2, 3, 0, 1285, 1285, 1285, 1542]),
        ];
        let [a, b, c] = forms.map(|row| key_of_row(row, Alpha::IgnoreHidden));
        assert!(a.is_some() && a == b && b == c);
        let [a, b, c] = forms.map(|row| key_of_row(row, Alpha::Exact));
        assert!(a != b && b != c && a != c);
        let inks = [[1, 2, 3, 0, 5, 5, 5, 6], [0, 0, 0, 0, 5, 5, 5, 6]];
        let [a, b] = [&inks[0], &inks[1]].map(|ink| key_of_row(Row::eight(Channels::Cmyk, ink), Alpha::IgnoreHidden));
        assert_ne!(a, b);
    }

    #[test]
    fn frames_stay_in_their_order_with_their_delays() {
        let [red, blue] = [[255, 0, 0, 255], [0, 0, 255, 255]].map(|colour| vec![vec![colour; 3]; 2]);
        let short = Delay::seconds(1, 10);
        let key = |frames: &[(Pixels, Delay)]| key_of(frames, Alpha::Exact);
        let one = key(&[(red.clone(), short), (blue.clone(), short)]);
        assert_ne!(one, key(&[(blue.clone(), short), (red.clone(), short)]));
        assert_ne!(one, key(&[(red.clone(), short), (blue.clone(), Delay::NONE)]));
        assert_ne!(one, key(&[(red.clone(), short)]));
        assert_eq!(one, key(&[(all_turns(&red)[4].clone(), short), (all_turns(&blue)[6].clone(), short)]));
        assert_ne!(still(&[red.concat()]), still(&red));
    }

    #[test]
    fn a_missing_or_narrow_row_gives_no_key() {
        assert_eq!(key_of_row(Row::eight(Channels::Grey, &[1]), Alpha::Exact), None);
        let mut sink = OrderFree::new(Alpha::Exact);
        assert_eq!(OrderFree::new(Alpha::Exact).finish(), None);
        let _ = sink.picture(1);
        let _ = sink.frame(Frame { width: 1, height: 2, delay: Delay::NONE });
        let _ = sink.row(Row::eight(Channels::Grey, &[1]));
        assert_eq!(sink.finish(), None);
    }
}
