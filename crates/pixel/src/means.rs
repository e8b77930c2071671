//! Means of the blocks of a picture: a bound on how far two pictures can be apart that needs neither of them.

use std::ops::ControlFlow;

use xxhash_rust::xxh3::Xxh3;

use crate::{
    apart::Apart,
    canonical::Alpha,
    row::{Channels, Frame, Row, RowSink, Samples},
};

/// Blocks a side, of pictures that have as many pixels there.
const SIDE: u32 = 8;

/// Blocks of the grid.
const BLOCKS: usize = (SIDE * SIDE) as usize;

/// Rows of eight-bit samples whose sum fits sixteen bits.
const MOST_NARROW: u32 = 257;

/// Rows of sixteen-bit samples whose sum fits 32 bits.
const MOST_WIDE: u32 = 65_537;

/// The mean of each channel in each block of a picture, and its shape.
///
/// The grid has 8 by 8 blocks of nearly one size, or as many a side as there are pixels; blocks that are not there count
/// as 0. Channels are red, green, blue and alpha, or the four inks, each 0 to 65535; the means are over all frames,
/// rounded down.
///
/// Two pictures of one shape whose samples differ by no more than `d` have means that differ by no more than `d`: those of
/// the exact means do, and rounding both down keeps that, for `d` is a whole number: so nothing is added to the bound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Means {
    shape: u64,
    values: [u16; Self::VALUES],
}

impl Means {
    /// How many means a picture has: 4 channels of each block, block by block.
    pub const VALUES: usize = 4 * BLOCKS;

    /// Bytes of the encoded form.
    pub const BYTES: usize = 8 + 2 * Self::VALUES;

    /// A hash of the number of frames, and of the size, the delay and the kind of sample of each: it is the same for
    /// pictures that agree in all of that.
    #[must_use]
    pub const fn shape(&self) -> u64 {
        self.shape
    }

    /// The means, block by block, of each block four channels.
    #[must_use]
    pub const fn values(&self) -> &[u16; Self::VALUES] {
        &self.values
    }

    /// Whether the two pictures may be no further apart than `most`. Never wrong when it says no.
    ///
    /// # Cost
    /// Some 20 ns, less if the first blocks differ.
    #[must_use]
    pub fn may_be_within(&self, other: &Self, most: Apart) -> bool {
        let is_near = |(ours, theirs): (&[u16; 32], &[u16; 32])| {
            ours.iter().zip(theirs).fold(0, |largest, (a, b)| a.abs_diff(*b).max(largest)) <= most.0
        };
        let ((ours, _), (theirs, _)) = (self.values.as_chunks(), other.values.as_chunks());
        self.shape == other.shape && ours.iter().zip(theirs).all(is_near)
    }

    /// The encoded form: the shape, then the means, low bytes first.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let values = self.values.iter().flat_map(|value| value.to_le_bytes());
        bytes
            .iter_mut()
            .zip(self.shape.to_le_bytes().into_iter().chain(values))
            .for_each(|(place, byte)| *place = byte);
        bytes
    }

    /// What was encoded so; any bytes are means.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (shape, values) = bytes.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let mut means = Self { shape: u64::from_le_bytes(*shape), values: [0; Self::VALUES] };
        let (values, _) = values.as_chunks();
        means.values.iter_mut().zip(values).for_each(|(place, value)| *place = u16::from_le_bytes(*value));
        means
    }
}

/// Takes rows and makes [`Means`] of them.
///
/// Under [`Alpha::IgnoreHidden`] a pixel of alpha 0 counts as 0 in all channels.
///
/// # Cost
/// One pass over the rows, some 0.3 ns a pixel and 1 µs a picture. Holds a row of sums: 2 bytes for a sample of eight bits, 4 for one of
/// sixteen; and 2.5 KiB.
pub struct Averager {
    alpha: Alpha,
    shape: Xxh3,
    blocks: Box<[Block; BLOCKS]>,
    frames_left: u32,
    frame: Frame,
    /// Rows of the frame that came.
    rows: u32,
    /// The row of blocks that the next row of pixels lies in, and the row of pixels that it ends before.
    band: (u32, u32),
    /// The layout of the frame's rows, once one came.
    layout: Option<(Channels, Width)>,
    /// Sums of the last rows, sample by sample: those of one row of blocks. Of the two one is in use.
    narrow: Vec<u16>,
    wide: Vec<u32>,
    rows_held: u32,
    /// A row with what is hidden taken out.
    shown: (Vec<u8>, Vec<u16>),
    is_regular: bool,
}

/// Sums of a block. They hold 2^48 pixels, which no picture has.
#[derive(Clone, Copy, Default)]
struct Block {
    sums: [u64; 4],
    pixels: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    Eight,
    Sixteen,
}

impl Averager {
    /// Begins without rows.
    #[must_use]
    pub fn new(alpha: Alpha) -> Self {
        Self {
            alpha,
            shape: Xxh3::new(),
            blocks: Box::new([Block::default(); BLOCKS]),
            frames_left: 0,
            frame: Frame { width: 0, height: 0, delay: crate::Delay::NONE },
            rows: 0,
            band: (0, 0),
            layout: None,
            narrow: Vec::new(),
            wide: Vec::new(),
            rows_held: 0,
            shown: (Vec::new(), Vec::new()),
            is_regular: true,
        }
    }

    /// The means, if every promised row of every frame came, in its promised width.
    #[must_use]
    pub fn finish(self) -> Option<Means> {
        let is_whole = self.is_regular && self.frames_left == 0 && self.rows > 0 && self.rows == self.frame.height;
        let mut means = Means { shape: self.shape.digest(), values: [0; Means::VALUES] };
        let (of_blocks, _) = means.values.as_chunks_mut::<4>();
        for (values, block) in of_blocks.iter_mut().zip(self.blocks.iter()) {
            let mean = |sum: u64| u16::try_from(sum / block.pixels.max(1)).unwrap_or(u16::MAX);
            *values = block.sums.map(mean);
        }
        is_whole.then_some(means)
    }

    /// Notes the layout of a row: the first of a frame says what the frame is made of.
    fn note_layout(&mut self, row: &Row<'_>) {
        let width = if matches!(row.samples, Samples::Eight(_)) { Width::Eight } else { Width::Sixteen };
        let layout = Some((row.channels, width));
        if layout == self.layout {
            return;
        }
        let is_cmyk = row.channels == Channels::Cmyk;
        match self.layout {
            None => self.shape.update(&[u8::from(is_cmyk)]),
            Some((channels, _)) => self.is_regular &= is_cmyk == (channels == Channels::Cmyk),
        }
        self.fold();
        self.layout = layout;
    }

    fn add(&mut self, row: &Row<'_>) {
        let has_hidden =
            self.alpha == Alpha::IgnoreHidden && matches!(row.channels, Channels::GreyAlpha | Channels::Rgba);
        match row.samples {
            Samples::Eight(samples) if has_hidden => {
                hide(samples, row.channels, &mut self.shown.0);
                add_up(&mut self.narrow, &self.shown.0);
            }
            Samples::Eight(samples) => add_up(&mut self.narrow, samples),
            Samples::Sixteen(samples) if has_hidden => {
                hide(samples, row.channels, &mut self.shown.1);
                add_up(&mut self.wide, &self.shown.1);
            }
            Samples::Sixteen(samples) => add_up(&mut self.wide, samples),
        }
    }

    /// Adds the sums of the last rows to the blocks that they lie in.
    fn fold(&mut self) {
        let Some((channels, width)) = self.layout.filter(|_| self.rows_held > 0) else { return };
        let blocks = self.blocks.chunks_exact_mut(SIDE as usize).nth(self.band.0 as usize).unwrap_or_default();
        let mut from = 0;
        for (at, block) in (0..).zip(blocks).take(self.frame.width.min(SIDE) as usize) {
            let to = end_of(at, self.frame.width);
            let samples = from as usize * channels.count()..to as usize * channels.count();
            let pixels = u64::from(to - from) * u64::from(self.rows_held);
            let mut sums = match width {
                Width::Eight => totals(self.narrow.get(samples).unwrap_or_default(), channels, 257),
                Width::Sixteen => totals(self.wide.get(samples).unwrap_or_default(), channels, 1),
            };
            if matches!(channels, Channels::Grey | Channels::Rgb) {
                sums[3] = pixels * u64::from(u16::MAX);
            }
            block.sums.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
            block.pixels += pixels;
            from = to;
        }
        self.narrow.clear();
        self.wide.clear();
        self.rows_held = 0;
    }
}

/// Where a row or column of blocks ends, in pixels.
fn end_of(block: u32, side: u32) -> u32 {
    let blocks = u64::from(side.clamp(1, SIDE));
    u32::try_from((u64::from(block) + 1) * u64::from(side) / blocks).unwrap_or(side)
}

/// Adds each sample to the sum of its column. The caller sees to it that the sums have room.
fn add_up<T: Copy + From<S> + Default + std::ops::Add<Output = T>, S: Copy>(sums: &mut Vec<T>, samples: &[S]) {
    if sums.is_empty() {
        sums.extend(samples.iter().map(|sample| T::from(*sample)));
    } else {
        sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum = *sum + T::from(*sample));
    }
}

/// The sums of all columns of a block, by channel; grey is all three colours.
fn totals<T: Copy + Into<u64>>(columns: &[T], channels: Channels, scale: u64) -> [u64; 4] {
    let sums = match channels {
        Channels::Grey => {
            let [grey] = total(columns);
            [grey, grey, grey, 0]
        }
        Channels::GreyAlpha => {
            let [grey, alpha] = total(columns);
            [grey, grey, grey, alpha]
        }
        Channels::Rgb => {
            let [red, green, blue] = total(columns);
            [red, green, blue, 0]
        }
        Channels::Rgba | Channels::Cmyk => total(columns),
    };
    sums.map(|sum| sum * scale)
}

fn total<T: Copy + Into<u64>, const N: usize>(columns: &[T]) -> [u64; N] {
    let mut sums = [0; N];
    for pixel in columns.as_chunks::<N>().0 {
        sums.iter_mut().zip(pixel).for_each(|(sum, sample)| *sum += (*sample).into());
    }
    sums
}

/// Copies a row of pixels whose last channel is alpha, those of alpha 0 as zeros.
fn hide<S: Copy + Default + PartialEq>(samples: &[S], channels: Channels, shown: &mut Vec<S>) {
    shown.clear();
    shown.extend_from_slice(samples);
    let zero = S::default();
    if channels == Channels::GreyAlpha {
        let pixels = shown.as_chunks_mut::<2>().0.iter_mut();
        pixels.for_each(|pixel| *pixel = if pixel[1] == zero { [zero; 2] } else { *pixel });
    } else {
        let pixels = shown.as_chunks_mut::<4>().0.iter_mut();
        pixels.for_each(|pixel| *pixel = if pixel[3] == zero { [zero; 4] } else { *pixel });
    }
}

impl RowSink for Averager {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.frames_left = frames;
        self.shape.update(&frames.to_le_bytes());
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.is_regular &= self.rows == self.frame.height && self.frames_left > 0;
        self.frames_left = self.frames_left.saturating_sub(1);
        (self.frame, self.rows, self.layout) = (frame, 0, None);
        self.band = (0, end_of(0, frame.height));
        for field in [frame.width, frame.height, frame.delay.numerator(), frame.delay.denominator()] {
            self.shape.update(&field.to_le_bytes());
        }
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.is_regular &= self.rows < self.frame.height && row.width() == self.frame.width as usize;
        if !self.is_regular {
            return ControlFlow::Break(());
        }
        self.note_layout(&row);
        self.add(&row);
        self.rows += 1;
        self.rows_held += 1;
        let most = if matches!(row.samples, Samples::Eight(_)) { MOST_NARROW } else { MOST_WIDE };
        let is_band = self.rows == self.band.1;
        if is_band || self.rows_held == most {
            self.fold();
        }
        if is_band {
            self.band = (self.band.0 + 1, end_of(self.band.0 + 1, self.frame.height));
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Delay, Raster, RasterSink, apart};

    const CHANNELS: [Channels; 5] =
        [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];

    /// Gives pictures of frames of such samples, or of their upper halves, to a sink.
    fn show(size: (u32, u32), channels: Channels, is_narrow: bool, frames: &[Vec<u16>], sink: &mut dyn RowSink) {
        let (width, height) = size;
        let _ = sink.picture(u32::try_from(frames.len()).unwrap());
        for samples in frames {
            let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
            for row in samples.chunks(width as usize * channels.count()).take(height as usize) {
                let narrow: Vec<u8> = row.iter().map(|sample| sample.to_le_bytes()[1]).collect();
                let row = if is_narrow { Row::eight(channels, &narrow) } else { Row::sixteen(channels, row) };
                let _ = sink.row(row);
            }
        }
    }

    type Shown = (Means, Vec<Raster>);

    fn both(size: (u32, u32), channels: Channels, is_narrow: bool, frames: &[Vec<u16>], alpha: Alpha) -> Shown {
        let (mut averager, mut rasters) = (Averager::new(alpha), RasterSink::default());
        show(size, channels, is_narrow, frames, &mut averager);
        show(size, channels, is_narrow, frames, &mut rasters);
        (averager.finish().unwrap(), rasters.finish().unwrap())
    }

    /// The mean of one channel in one block, by its definition.
    fn mean_of(frames: &[Raster], alpha: Alpha, (column, row): (u32, u32), channel: usize) -> u16 {
        let Frame { width, height, .. } = frames[0].frame();
        if column >= width.min(8) || row >= height.min(8) {
            return 0;
        }
        let side = |at: u32, side: u32| at * side / side.min(8)..(at + 1) * side / side.min(8);
        let (mut sum, mut pixels) = (0_u64, 0);
        for frame in frames {
            for (x, y) in side(row, height).flat_map(|y| side(column, width).map(move |x| (x, y))) {
                let pixel = frame.pixel(x, y);
                let is_hidden = alpha == Alpha::IgnoreHidden && !frame.is_cmyk() && pixel[3] == 0;
                sum += if is_hidden { 0 } else { u64::from(pixel[channel]) };
                pixels += 1;
            }
        }
        u16::try_from(sum / pixels).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn means_are_means_and_never_refuse_what_is_near(
            size in prop_oneof![(1_u32..20, 1_u32..20), (1_u32..40, 500_u32..600)],
            (at, is_narrow, hides) in (0_usize..5, any::<bool>(), any::<bool>()),
            (reach, bias) in (prop_oneof![0_u16..4, 0_u16..=65_535], 0_u64..3),
            (seed, frames) in (any::<u64>(), 1_usize..3),
        ) {
            let (channels, mut state) = (CHANNELS[at], seed | 1);
            let mut next = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
            let count = size.0 as usize * size.1 as usize * channels.count();
            let draw = |next: u64| match next >> 61 { 0 => 0, 1 => 65_535, _ => u16::try_from(next & 65_535).unwrap() };
            let mut frames_of = || -> Vec<Vec<u16>> {
                (0..frames).map(|_| (0..count).map(|_| draw(next())).collect()).collect()
            };
            let ours = frames_of();
            // Up, down, or both ways; a large reach all the way.
            let change = |sample: u16, next: u64| {
                let by = if next >> 63 == 0 { reach } else { u16::try_from(next % (u64::from(reach) + 1)).unwrap() };
                let goes_up = bias == 0 || (bias == 1 && next >> 62 & 1 == 0);
                if goes_up { sample.saturating_add(by) } else { sample.saturating_sub(by) }
            };
            let noise = frames_of();
            let noise = |frame: usize, at: usize| u64::from(noise[frame][at]) << 48 | u64::from(noise[frame][at]);
            let change_all = |(frame, samples): (usize, &Vec<u16>)| -> Vec<u16> {
                samples.iter().enumerate().map(|(at, sample)| change(*sample, noise(frame, at))).collect()
            };
            let theirs: Vec<Vec<u16>> = ours.iter().enumerate().map(change_all).collect();
            let alpha = if hides { Alpha::IgnoreHidden } else { Alpha::Exact };
            let (means, rasters) = both(size, channels, is_narrow, &ours, alpha);
            let (their_means, their_rasters) = both(size, channels, is_narrow, &theirs, alpha);
            for (at, value) in (0..).zip(means.values()) {
                let block = (at / 4 % 8, at / 32);
                prop_assert_eq!(*value, mean_of(&rasters, alpha, block, at as usize % 4));
            }
            let real = apart(&rasters, &their_rasters, alpha, Apart(u16::MAX)).unwrap();
            prop_assert!(means.may_be_within(&their_means, real), "{} apart", real.0);
            prop_assert_eq!(&Means::from_bytes(&means.to_bytes()), &means);
        }
    }

    fn grey(size: (u32, u32), level: u16) -> Means {
        both(size, Channels::Grey, false, &[vec![level; (size.0 * size.1) as usize]], Alpha::Exact).0
    }

    #[test]
    fn the_bound_is_sharp() {
        for (a, b) in [(0, 2570), (1, 2571), (65_535, 62_965)] {
            assert!(grey((9, 17), a).may_be_within(&grey((9, 17), b), Apart::levels(10)));
            assert!(!grey((9, 17), a).may_be_within(&grey((9, 17), b), Apart(2569)));
        }
    }

    #[test]
    fn shapes_and_kinds_are_told_apart_and_layouts_are_not() {
        let shape = |size, channels, delays: &[u32]| {
            let mut averager = Averager::new(Alpha::Exact);
            let (width, height): (u32, u32) = size;
            let _ = averager.picture(u32::try_from(delays.len()).unwrap());
            for delay in delays {
                let _ = averager.frame(Frame { width, height, delay: Delay::seconds(*delay, 10) });
                for _ in 0..height {
                    let _ = averager.row(Row::eight(channels, &vec![255; width as usize * channels.count()]));
                }
            }
            averager.finish().unwrap()
        };
        let one = shape((2, 6), Channels::Rgb, &[0]);
        for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgba] {
            assert_eq!(one, shape((2, 6), channels, &[0]));
        }
        for other in [
            shape((6, 2), Channels::Rgb, &[0]),
            shape((2, 6), Channels::Cmyk, &[0]),
            shape((2, 6), Channels::Rgb, &[1]),
            shape((2, 6), Channels::Rgb, &[0, 0]),
        ] {
            assert_ne!(one.shape(), other.shape());
            assert!(!one.may_be_within(&other, Apart(u16::MAX)));
        }
    }

    #[test]
    fn a_missing_or_narrow_row_gives_no_means() {
        for rows in [&[&[1_u8, 2][..]][..], &[&[1], &[2, 3]], &[&[1, 2], &[2]], &[]] {
            let mut averager = Averager::new(Alpha::Exact);
            let _ = averager.picture(1);
            let _ = averager.frame(Frame { width: 2, height: 2, delay: Delay::NONE });
            for row in rows {
                let _ = averager.row(Row::eight(Channels::Grey, row));
            }
            assert!(averager.finish().is_none(), "{rows:?}");
        }
    }
}
