//! A smaller copy of a picture to look at, from its rows, in one pass.

use std::ops::ControlFlow;

use crate::{
    opaque::{Opaque, Room, opaque},
    pdq::Ground,
    row::{Channels, Frame, Row, RowSink, Samples},
    turn::Turn,
};

/// A copy of the first frame, in eight bits a sample: for people, not to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduced {
    /// Pixels a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// Red, green, blue and straight alpha, rows top to bottom, without padding.
    pub rgba: Vec<u8>,
}

impl Reduced {
    /// Whether nothing shines through it.
    #[must_use]
    pub fn is_opaque(&self) -> bool {
        self.rgba.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == u8::MAX)
    }

    /// The copy as it looks after a turn.
    ///
    /// # Cost
    /// Holds both, unless there is nothing to turn.
    #[must_use]
    pub fn turned(self, turn: Turn) -> Self {
        if turn == Turn::None {
            return self;
        }
        let stored = (self.width, self.height);
        let (width, height) = turn.size(stored);
        let (pixels, _) = self.rgba.as_chunks::<4>();
        let mut rgba = Vec::with_capacity(self.rgba.len());
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let (from_x, from_y) = turn.stored((x, y), stored);
            let at = from_y as usize * stored.0 as usize + from_x as usize;
            rgba.extend_from_slice(pixels.get(at).unwrap_or(&[0; 4]));
        }
        Self { width, height, rgba }
    }
}

/// The sides of a copy with no side longer than `side` pixels: those of the picture if they are short enough, else in their
/// ratio, rounded to nearest, and at least 1.
///
/// ```
/// use pixtwin_pixel::fitted;
/// assert_eq!(fitted((4000, 3000), 256), (256, 192));
/// assert_eq!(fitted((100, 30), 256), (100, 30));
/// assert_eq!(fitted((1, 100_000), 256), (1, 256));
/// ```
#[must_use]
pub fn fitted((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let (longer, side) = (width.max(height).max(1), side.max(1));
    if longer <= side {
        return (width.max(1), height.max(1));
    }
    let fit = |of: u32| {
        let rounded = (u64::from(of) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (fit(width), fit(height))
}

/// Takes a picture and keeps a copy of its first frame, each pixel the mean of the block that it stands for. Colours count as
/// much as they are seen: those under little alpha little. Inks are shown as light without any colour profile.
///
/// The second frame of several ends the decoding.
///
/// # Cost
/// Holds the copy, and 32 bytes for each pixel of one of its rows; of inks one row of the picture more.
#[derive(Debug)]
pub struct ReducedSink {
    side: u32,
    frame: Option<Frame>,
    copy: Reduced,
    /// Of each column of the copy, in the row under way: red, green and blue times alpha, and alpha.
    sums: Vec<[u64; 4]>,
    rows_summed: u64,
    rows_seen: u32,
    room: Room,
}

/// What the sums of a row stand for.
#[derive(Clone, Copy)]
struct Levels {
    /// The most that a sample can be.
    most: u64,
    has_alpha: bool,
}

impl ReducedSink {
    /// Keeps a copy of at most `side` pixels a side; a picture that is not larger is kept as it is.
    #[must_use]
    pub fn new(side: u32) -> Self {
        let copy = Reduced { width: 0, height: 0, rgba: Vec::new() };
        let (sums, room) = (Vec::new(), Room::default());
        Self { side, frame: None, copy, sums, rows_summed: 0, rows_seen: 0, room }
    }

    /// The copy, and width and height of the frame, if all its rows came in its width.
    #[must_use]
    pub fn finish(self) -> Option<(Reduced, (u32, u32))> {
        let Frame { width, height, .. } = self.frame?;
        let is_whole = self.copy.rgba.len() == self.copy.width as usize * self.copy.height as usize * 4;
        (is_whole && self.rows_seen == height).then_some((self.copy, (width, height)))
    }

    fn add(&mut self, row: &Row<'_>) -> Levels {
        let (sums, most) = (&mut self.sums, if matches!(row.samples, Samples::Eight(_)) { 255 } else { 65535 });
        let has_alpha = matches!(row.channels, Channels::GreyAlpha | Channels::Rgba);
        match (row.samples, row.channels) {
            (_, Channels::Cmyk) => {
                if let Opaque::Rgbx(pixels) = opaque(row, Ground::Ignored, &mut self.room) {
                    add(sums, pixels, |[r, g, b, _]| [r, g, b, 1]);
                }
                return Levels { most: 255, has_alpha };
            }
            (Samples::Eight(samples), channels) => add_samples(sums, samples, channels),
            (Samples::Sixteen(samples), channels) => add_samples(sums, samples, channels),
        }
        Levels { most, has_alpha }
    }

    /// Appends the means of the row under way to the copy.
    fn end_row(&mut self, width: u32, levels: Levels) {
        let edges = edges(width as usize, self.copy.width as usize);
        for (sums, (from, to)) in self.sums.iter_mut().zip(edges) {
            let [red, green, blue, alpha] = std::mem::take(sums);
            let to_eight = |sum: u64, of: u64| {
                // In 128 bits: a sum is nearly 64 bits long for the largest pictures.
                let (sum, of) = (u128::from(sum) * 255, u128::from(of.max(1)) * u128::from(levels.most));
                u8::try_from((sum + of / 2) / of).unwrap_or(u8::MAX)
            };
            let pixels = (to - from) as u64 * self.rows_summed;
            let alpha_of_copy = if levels.has_alpha { to_eight(alpha, pixels) } else { u8::MAX };
            let [red, green, blue] = [red, green, blue].map(|sum| to_eight(sum, alpha));
            self.copy.rgba.extend_from_slice(&[red, green, blue, alpha_of_copy]);
        }
        self.rows_summed = 0;
    }
}

impl RowSink for ReducedSink {
    fn picture(&mut self, _frames: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        if self.frame.is_some() {
            return ControlFlow::Break(());
        }
        let (width, height) = fitted((frame.width, frame.height), self.side);
        let mut rgba = Vec::new();
        if rgba.try_reserve_exact(width as usize * height as usize * 4).is_err() {
            return ControlFlow::Break(());
        }
        self.copy = Reduced { width, height, rgba };
        self.sums = vec![[0; 4]; width as usize];
        self.frame = Some(frame);
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let Some(Frame { width, height, .. }) = self.frame else { return ControlFlow::Break(()) };
        if row.width() != width as usize || self.rows_seen >= height {
            return ControlFlow::Break(());
        }
        let levels = self.add(&row);
        self.rows_seen += 1;
        self.rows_summed += 1;
        let place = |row: u32| u64::from(row) * u64::from(self.copy.height) / u64::from(height.max(1));
        if place(self.rows_seen) != place(self.rows_seen - 1) {
            self.end_row(width, levels);
        }
        ControlFlow::Continue(())
    }
}

/// Where the blocks of a row of `stored` pixels begin and end that has `shown` of them.
fn edges(stored: usize, shown: usize) -> impl Iterator<Item = (usize, usize)> {
    let edge = move |at: usize| at * stored / shown.max(1);
    (0..shown).map(move |at| (edge(at), edge(at + 1)))
}

fn add_samples<Sample: Copy + Into<u64>>(sums: &mut [[u64; 4]], samples: &[Sample], channels: Channels) {
    match channels {
        Channels::Grey => add(sums, samples.as_chunks::<1>().0, |[grey]| [grey, grey, grey, 1]),
        Channels::Rgb => add(sums, samples.as_chunks::<3>().0, |[r, g, b]| [r, g, b, 1]),
        Channels::GreyAlpha => add(sums, samples.as_chunks::<2>().0, |[grey, a]| [grey * a, grey * a, grey * a, a]),
        Channels::Rgba | Channels::Cmyk => {
            add(sums, samples.as_chunks::<4>().0, |[r, g, b, a]| [r * a, g * a, b * a, a]);
        }
    }
}

/// Adds the pixels of a row to the sums of the blocks in which they lie.
fn add<Sample: Copy + Into<u64>, const COUNT: usize>(
    sums: &mut [[u64; 4]],
    pixels: &[[Sample; COUNT]],
    weigh: impl Fn([u64; COUNT]) -> [u64; 4],
) {
    let blocks = edges(pixels.len(), sums.len());
    for (sum, (from, to)) in sums.iter_mut().zip(blocks) {
        for pixel in pixels.get(from..to).unwrap_or_default() {
            let weighed = weigh(pixel.map(Into::into));
            sum.iter_mut().zip(weighed).for_each(|(sum, part)| *sum += part);
        }
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pictures of tests are small")]
mod tests {
    use super::*;
    use crate::row::Delay;

    fn reduced(rows: &[Row<'_>], side: u32) -> Reduced {
        let mut sink = ReducedSink::new(side);
        let frame = Frame { width: rows[0].width() as u32, height: rows.len() as u32, delay: Delay::NONE };
        assert!(sink.picture(1).is_continue() && sink.frame(frame).is_continue());
        assert!(rows.iter().all(|row| sink.row(*row).is_continue()));
        let (copy, whole) = sink.finish().unwrap();
        assert_eq!(whole, (frame.width, frame.height));
        copy
    }

    #[test]
    fn a_pixel_is_the_mean_of_its_block_as_it_is_seen() {
        for (width, height, side) in [(7, 3, 7), (257, 3, 256), (1000, 7, 31), (3, 999, 10), (64, 64, 1)] {
            let sample = |x: usize, y: usize, c: usize| ((x * 31 + y * 17 + x * y / 7) * (c + 1)) as u8;
            let rows: Vec<Vec<u8>> =
                (0..height).map(|y| (0..width).flat_map(|x| (0..4).map(move |c| sample(x, y, c))).collect()).collect();
            let rows: Vec<Row<'_>> = rows.iter().map(|row| Row::eight(Channels::Rgba, row)).collect();
            let copy = reduced(&rows, side);
            let (w, h) = (copy.width as usize, copy.height as usize);
            for (at, found) in copy.rgba.chunks(4).enumerate() {
                let (cx, cy) = (at % w, at / w);
                let rows = (0..height).filter(|y| y * h / height == cy);
                let block = rows.flat_map(|y| (cx * width / w..(cx + 1) * width / w).map(move |x| (x, y)));
                let block: Vec<(usize, usize)> = block.collect();
                let sum = |c: usize| -> f64 {
                    let seen = |&(x, y): &(usize, usize)| {
                        let alpha = f64::from(sample(x, y, 3));
                        if c == 3 { alpha } else { alpha * f64::from(sample(x, y, c)) }
                    };
                    block.iter().map(seen).sum()
                };
                assert!((f64::from(found[3]) - sum(3) / block.len() as f64).abs() < 0.501, "{width} {height} {at}");
                for c in (0..3).filter(|_| sum(3) > 0.0) {
                    assert!((f64::from(found[c]) - sum(c) / sum(3)).abs() < 0.501, "{width} x {height} {at} {c}");
                }
            }
        }
    }

    #[test]
    fn every_layout_is_shown_as_it_looks() {
        let one = |row: Row<'_>| reduced(&[row], 9).rgba;
        assert_eq!(one(Row::eight(Channels::Grey, &[7, 8])), [7, 7, 7, 255, 8, 8, 8, 255]);
        assert_eq!(one(Row::eight(Channels::GreyAlpha, &[7, 8])), [7, 7, 7, 8]);
        assert_eq!(one(Row::eight(Channels::Rgb, &[1, 2, 3])), [1, 2, 3, 255]);
        assert_eq!(one(Row::eight(Channels::Rgba, &[1, 2, 3, 0])), [0, 0, 0, 0]);
        assert_eq!(one(Row::sixteen(Channels::Rgb, &[257, 65535, 128])), [1, 255, 0, 255]);
        assert_eq!(one(Row::sixteen(Channels::Rgba, &[2570, 65535, 0, 129])), [10, 255, 0, 1]);
        assert_eq!(one(Row::eight(Channels::Cmyk, &[128, 0, 255, 64])), [95, 191, 0, 255]);
        assert_eq!(one(Row::sixteen(Channels::Cmyk, &[128 * 257, 0, 65535, 64 * 257])), [95, 191, 0, 255]);
    }

    #[test]
    fn what_cannot_be_seen_has_no_colour_to_give() {
        let row = [255, 0, 0, 0, 0, 0, 255, 255];
        let copy = reduced(&[Row::eight(Channels::Rgba, &row)], 1);
        assert_eq!(copy.rgba, [0, 0, 255, 128]);
        assert!(!copy.is_opaque());
    }

    #[test]
    fn a_copy_is_turned_as_its_picture() {
        let row = |grey: u8| Row::eight(Channels::Grey, if grey == 0 { &[1, 2] } else { &[3, 4] });
        let copy = reduced(&[row(0), row(1), row(0)], 9).turned(Turn::Clockwise);
        let greys: Vec<u8> = copy.rgba.chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!((copy.width, copy.height, &*greys), (3, 2, &[1, 3, 1, 2, 4, 2][..]));
    }

    #[test]
    fn rows_that_are_missing_or_too_wide_make_no_copy() {
        let begun = || {
            let mut sink = ReducedSink::new(4);
            assert!(sink.frame(Frame { width: 1, height: 2, delay: Delay::NONE }).is_continue());
            sink
        };
        let mut sink = begun();
        assert!(sink.row(Row::eight(Channels::Grey, &[1])).is_continue());
        assert!(sink.frame(Frame { width: 1, height: 2, delay: Delay::NONE }).is_break());
        assert_eq!(sink.finish(), None);
        assert!(begun().row(Row::eight(Channels::Grey, &[1, 2])).is_break());
    }
}
