//! How far two pictures of one size are apart: the largest difference of any channel of any pixel.

use std::{fmt, ops::ControlFlow};

use crate::{
    canonical::Alpha,
    raster::Raster,
    row::{Channels, Frame, Row, RowSink, Samples},
};

/// A difference of two samples, or the largest of many: 0 to 65535, of samples of sixteen bits. A level of eight bits is
/// 257 of them.
///
/// Displayed in levels of eight bits, 0 to 255, rounded up to hundredths, without zeros at the end: `3`, `2.5`, `0.01`. So
/// only equal pictures show `0`, and what is within `K` levels never shows more than `K`.
///
/// ```
/// use pixtwin_pixel::Apart;
/// assert_eq!(Apart::levels(3).to_string(), "3");
/// assert_eq!(Apart(1).to_string(), "0.01");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Apart(pub u16);

impl Apart {
    /// So many levels of eight bits.
    #[must_use]
    pub const fn levels(levels: u8) -> Self {
        Self(levels as u16 * 257)
    }
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (u32::from(self.0) * 100).div_ceil(257);
        match (hundredths / 100, hundredths % 100) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}", part / 10),
            (whole, part) => write!(f, "{whole}.{part:02}"),
        }
    }
}

/// How far two pictures are apart, in any channel of any pixel of any frame, alpha included; nothing if that is more than
/// `most`, or if they have not as many frames, each of one size, delay and kind of sample (colours or inks).
///
/// Under [`Alpha::IgnoreHidden`] a pixel of alpha 0 counts as 0 in all channels.
///
/// # Cost
/// One pass over both; stops a few thousand samples behind the first that is further apart. Pictures that were decoded to
/// the same layout take some 0.1 ns a sample, others some 2 ns a pixel.
#[must_use]
pub fn apart(ours: &[Raster], theirs: &[Raster], alpha: Alpha, most: Apart) -> Option<Apart> {
    let is_alike =
        |(ours, theirs): (&Raster, &Raster)| ours.frame() == theirs.frame() && ours.is_cmyk() == theirs.is_cmyk();
    if ours.len() != theirs.len() || !ours.iter().zip(theirs).all(is_alike) {
        return None;
    }
    let mut frames = ours.iter().zip(theirs);
    frames.try_fold(Apart::default(), |largest, (ours, theirs)| Some(largest.max(frame(ours, theirs, alpha, most)?)))
}

/// The same of one frame, of two that have one size and kind.
fn frame(ours: &Raster, theirs: &Raster, alpha: Alpha, most: Apart) -> Option<Apart> {
    pixels(&ours.samples(), &theirs.samples(), alpha, most)
}

/// How far as many pixels are apart, of one kind of sample.
fn pixels(ours: &Row<'_>, theirs: &Row<'_>, alpha: Alpha, most: Apart) -> Option<Apart> {
    let has_alpha = matches!(ours.channels, Channels::GreyAlpha | Channels::Rgba);
    if ours.channels != theirs.channels || has_alpha && alpha == Alpha::IgnoreHidden {
        return mixed(ours, theirs, alpha, most);
    }
    match (ours.samples, theirs.samples) {
        (Samples::Eight(ours), Samples::Eight(theirs)) => {
            samples(ours, theirs, most, u8::abs_diff, |levels| Apart::levels(levels).0)
        }
        (Samples::Sixteen(ours), Samples::Sixteen(theirs)) => samples(ours, theirs, most, u16::abs_diff, |apart| apart),
        _ => mixed(ours, theirs, alpha, most),
    }
}

/// How many samples are compared between two looks at whether they are too far apart already.
const STRETCH: usize = 4096;

/// How far samples of one layout are apart.
fn samples<S: Copy + Ord + Default>(
    ours: &[S],
    theirs: &[S],
    most: Apart,
    abs_diff: impl Fn(S, S) -> S,
    widen: impl Fn(S) -> u16,
) -> Option<Apart> {
    let mut stretches = ours.chunks(STRETCH).zip(theirs.chunks(STRETCH));
    stretches.try_fold(Apart::default(), |largest, (ours, theirs)| {
        let of_stretch = ours.iter().zip(theirs).fold(S::default(), |largest, (a, b)| largest.max(abs_diff(*a, *b)));
        Some(largest.max(Apart(widen(of_stretch)))).filter(|largest| *largest <= most)
    })
}

/// Takes a picture row by row and holds it against others that are in memory, as [`apart`] does. It ends the decoding as
/// soon as all of them are too far from it.
///
/// # Cost
/// Holds no row.
pub struct Against<'a> {
    /// The others, each with how far it is apart by now; nothing once that is too much.
    others: Vec<(&'a [Raster], Option<Apart>)>,
    alpha: Alpha,
    most: Apart,
    /// How many frames began, how many rows of the last came, and how many it has.
    frames: usize,
    rows: u32,
    height: u32,
}

impl<'a> Against<'a> {
    /// Holds a picture against `others`, of which each must be no further than `most` from it.
    #[must_use]
    pub fn new(others: &[&'a [Raster]], alpha: Alpha, most: Apart) -> Self {
        let others = others.iter().map(|other| (*other, Some(Apart::default()))).collect();
        Self { others, alpha, most, frames: 0, rows: 0, height: 0 }
    }

    /// For each of the others in their order: how far it is apart, or nothing if that is too much. Nothing at all if rows
    /// are missing without which it cannot be told.
    #[must_use]
    pub fn finish(self) -> Option<Vec<Option<Apart>>> {
        let is_whole = self.rows == self.height
            && self.others.iter().all(|(other, apart)| apart.is_none() || other.len() == self.frames);
        is_whole.then(|| self.others.into_iter().map(|(_, apart)| apart).collect())
    }

    /// Looks at each that is still near enough, and says whether any is after that.
    fn look(&mut self, look: impl Fn(&Raster, &Self) -> Option<Apart>) -> ControlFlow<()> {
        let at = self.frames.saturating_sub(1);
        let mut others = std::mem::take(&mut self.others);
        for (other, apart) in &mut others {
            *apart = apart.and_then(|apart| Some(apart.max(look(other.get(at)?, self)?)));
        }
        self.others = others;
        if self.others.iter().any(|(_, apart)| apart.is_some()) {
            return ControlFlow::Continue(());
        }
        // What follows is not wanted, and so not missing.
        self.height = self.rows;
        ControlFlow::Break(())
    }
}

impl RowSink for Against<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        let count = |other: &[Raster]| u32::try_from(other.len()).ok();
        self.others.iter_mut().filter(|(other, _)| count(other) != Some(frames)).for_each(|(_, apart)| *apart = None);
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        (self.frames, self.rows, self.height) = (self.frames + 1, 0, frame.height);
        self.look(|other, _| (other.frame() == frame).then_some(Apart::default()))
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.rows += 1;
        let y = self.rows.saturating_sub(1);
        self.look(|other, this| {
            let ours = other.row(y)?;
            let is_alike = ours.width() == row.width() && other.is_cmyk() == (row.channels == Channels::Cmyk);
            if is_alike { pixels(&ours, &row, this.alpha, this.most) } else { None }
        })
    }
}

/// How many pixels of two layouts are widened at once.
const PIXELS: usize = 256;

/// How far pixels are apart that were decoded to different layouts, or of which some count as others.
fn mixed(ours: &Row<'_>, theirs: &Row<'_>, alpha: Alpha, most: Apart) -> Option<Apart> {
    let (mut a, mut b) = ([[0; 4]; PIXELS], [[0; 4]; PIXELS]);
    (0..ours.width()).step_by(PIXELS).try_fold(Apart::default(), |largest, from| {
        widen(ours, from, alpha, &mut a);
        widen(theirs, from, alpha, &mut b);
        // Behind the last pixel of both, what is left from before would count: it is compared already.
        let found = samples(a.as_flattened(), b.as_flattened(), most, u16::abs_diff, |apart| apart)?;
        Some(largest.max(found))
    })
}

/// Writes the pixels that follow the first `from` as they count in a comparison; leaves what lies behind the last.
fn widen(row: &Row<'_>, from: usize, alpha: Alpha, out: &mut [[u16; 4]]) {
    let from = from * row.channels.count();
    let hide = alpha == Alpha::IgnoreHidden && row.channels != Channels::Cmyk;
    match row.samples {
        Samples::Eight(samples) => {
            let samples = samples.get(from..).unwrap_or_default();
            widen_samples(samples, row.channels, |sample| u16::from(sample) * 257, hide, out);
        }
        Samples::Sixteen(samples) => {
            let samples = samples.get(from..).unwrap_or_default();
            widen_samples(samples, row.channels, |sample| sample, hide, out);
        }
    }
}

fn widen_samples<S: Copy>(
    samples: &[S],
    channels: Channels,
    wide: impl Fn(S) -> u16 + Copy,
    hide: bool,
    out: &mut [[u16; 4]],
) {
    match channels {
        Channels::Grey => fill(samples, out, |[grey]| [wide(grey), wide(grey), wide(grey), u16::MAX]),
        Channels::GreyAlpha => fill(samples, out, |[grey, a]| [wide(grey), wide(grey), wide(grey), wide(a)]),
        Channels::Rgb => fill(samples, out, |[r, g, b]| [wide(r), wide(g), wide(b), u16::MAX]),
        Channels::Rgba | Channels::Cmyk => fill(samples, out, |pixel: [S; 4]| pixel.map(wide)),
    }
    if hide {
        out.iter_mut().filter(|pixel| pixel[3] == 0).for_each(|pixel| *pixel = [0; 4]);
    }
}

fn fill<S: Copy, const N: usize>(samples: &[S], out: &mut [[u16; 4]], wide: impl Fn([S; N]) -> [u16; 4]) {
    let (pixels, _) = samples.as_chunks::<N>();
    out.iter_mut().zip(pixels).for_each(|(out, pixel)| *out = wide(*pixel));
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use super::*;
    use crate::{Delay, Frame, RasterSink, Row, RowSink, Turn};

    const CHANNELS: [Channels; 5] =
        [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba, Channels::Cmyk];

    /// Frames of one size and layout, of the samples there, or of their upper halves.
    fn picture(size: (u32, u32), channels: Channels, is_narrow: bool, frames: &[Vec<u16>]) -> Vec<Raster> {
        let mut sink = RasterSink::default();
        let (width, height) = size;
        assert_eq!(sink.picture(1), ControlFlow::Continue(()));
        for samples in frames {
            let _ = sink.frame(Frame { width, height, delay: Delay::NONE });
            for row in samples.chunks(width as usize * channels.count()).take(height as usize) {
                let narrow: Vec<u8> = row.iter().map(|sample| sample.to_le_bytes()[1]).collect();
                let row = if is_narrow { Row::eight(channels, &narrow) } else { Row::sixteen(channels, row) };
                let _ = sink.row(row);
            }
        }
        sink.finish().unwrap()
    }

    /// By the other comparison, pixel by pixel.
    fn oracle(ours: &[Raster], theirs: &[Raster], alpha: Alpha) -> Option<Apart> {
        let mut largest = Apart(0);
        for (a, b) in ours.iter().zip(theirs) {
            let found = a.difference(b, Turn::None, alpha)?;
            largest = largest.max(Apart(found.largest.into_iter().max().unwrap()));
        }
        Some(largest)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn as_far_as_pixel_by_pixel(
            size in prop_oneof![(1_u32..6, 1_u32..6), (40_u32..90, 1_u32..40)],
            layouts in prop::array::uniform2((0_usize..5, any::<bool>())),
            seed in any::<u64>(),
            (reach, hides, frames) in (0_u32..65_536, any::<bool>(), 1_usize..3),
        ) {
            let mut state = seed | 1;
            let mut next = || { state ^= state << 13; state ^= state >> 7; state ^= state << 17; state };
            let count = size.0 as usize * size.1 as usize * 4;
            let draw = |base: u64, next: u64| {
                let change = next % u64::from(reach + 1);
                // Many pixels are hidden, and many are opaque.
                match next >> 60 { 0 | 1 => 0, 2 | 3 => 65_535, _ => u16::try_from((base + change) % 65_536).unwrap() }
            };
            let mut frames_of = || -> Vec<Vec<u16>> {
                (0..frames).map(|_| (0..count).map(|at| draw(at as u64 * 5, next())).collect()).collect()
            };
            let [a, b] = layouts.map(|(at, is_narrow)| picture(size, CHANNELS[at], is_narrow, &frames_of()));
            let alpha = if hides { Alpha::IgnoreHidden } else { Alpha::Exact };
            let wanted = oracle(&a, &b, alpha);
            prop_assert_eq!(apart(&a, &b, alpha, Apart(u16::MAX)), wanted);
            if let Some(wanted) = wanted {
                prop_assert_eq!(apart(&a, &b, alpha, wanted), Some(wanted));
                let less = wanted.0.checked_sub(1);
                prop_assert!(less.is_none_or(|less| apart(&a, &b, alpha, Apart(less)).is_none()));
            }
            // The same row by row, against two of which one is too far.
            for most in [Apart(u16::MAX), Apart(reach.try_into().unwrap())] {
                let mut against = Against::new(&[&a, &b], alpha, most);
                let mut flow = against.picture(u32::try_from(frames).unwrap());
                for frame in &b {
                    if flow.is_continue() {
                        flow = frame.replay(Turn::None, &mut against);
                    }
                }
                let expected = vec![wanted.filter(|wanted| *wanted <= most), Some(Apart(0))];
                prop_assert_eq!(against.finish(), Some(expected));
            }
        }
    }

    #[test]
    fn frames_sizes_and_delays_are_the_same() {
        let one = |width, height, numerator| {
            let mut sink = RasterSink::default();
            let _ = sink.frame(Frame { width, height, delay: Delay::seconds(numerator, 10) });
            for _ in 0..height {
                let _ = sink.row(Row::eight(Channels::Grey, &vec![5; width as usize]));
            }
            sink.finish().unwrap()
        };
        let within = |a: &[Raster], b: &[Raster]| apart(a, b, Alpha::Exact, Apart(u16::MAX));
        assert_eq!(within(&one(2, 6, 1), &one(2, 6, 1)), Some(Apart(0)));
        assert_eq!(within(&one(2, 6, 1), &one(2, 6, 2)), None);
        assert_eq!(within(&one(2, 6, 1), &one(6, 2, 1)), None);
        assert_eq!(within(&one(2, 6, 1), &[one(2, 6, 1), one(2, 6, 1)].concat()), None);
    }

    #[test]
    fn rows_that_are_missing_are_not_taken_for_near() {
        let held = picture((2, 2), Channels::Grey, true, &[vec![0, 0, 0, 9 << 8], vec![0; 4]]);
        let finish = |rows: &[&[u8]], frames: u32| {
            let mut against = Against::new(&[&held], Alpha::Exact, Apart::levels(3));
            let mut flow = against.picture(frames);
            for (at, row) in rows.iter().enumerate() {
                if at % 2 == 0 && flow.is_continue() {
                    flow = against.frame(Frame { width: 2, height: 2, delay: Delay::NONE });
                }
                if flow.is_continue() {
                    flow = against.row(Row::eight(Channels::Grey, row));
                }
            }
            against.finish()
        };
        let (near, far) = (Some(vec![Some(Apart::levels(3))]), Some(vec![None]));
        assert_eq!(finish(&[&[0, 0], &[0, 12], &[0, 3], &[0, 0]], 2), near);
        assert_eq!(finish(&[&[0, 0], &[0, 13], &[0, 3], &[0, 0]], 2), far);
        assert_eq!(finish(&[&[0, 0], &[0, 12], &[0, 3]], 2), None);
        assert_eq!(finish(&[&[0, 0], &[0, 12]], 2), None);
        assert_eq!(finish(&[&[0, 0], &[0, 12]], 1), far);
        assert_eq!(finish(&[&[0, 0], &[0]], 2), far);
        assert_eq!(finish(&[], 2), None);
    }

    #[test]
    fn what_is_shown_is_rounded_up() {
        let shown = [0, 1, 3, 257, 258, 642, 643, 2_570, 65_534, 65_535].map(|apart| Apart(apart).to_string());
        assert_eq!(shown, ["0", "0.01", "0.02", "1", "1.01", "2.5", "2.51", "10", "255", "255"]);
        for levels in 0..=255 {
            assert_eq!(Apart::levels(levels).to_string(), levels.to_string());
        }
    }
}
