//! Rows as decoders hand them over, and the sink that takes them.

use std::ops::ControlFlow;

/// Which channels a pixel of a row has, in this order, without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// One sample that stands for red, green and blue.
    Grey,
    /// Grey, then straight alpha.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, then straight (not premultiplied) alpha.
    Rgba,
    /// Cyan, magenta, yellow, black; 0 is no ink.
    Cmyk,
}

impl Channels {
    /// How many samples one pixel has: 1 to 4.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }
}

/// The samples of one row, `width * channels.count()` of them.
///
/// Sixteen-bit samples are in the processor's own byte order. A format with fewer bits a sample widens them with
/// [`scale_to_sixteen`] or, where that is exact, to eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples<'a> {
    /// One byte a sample, 0 to 255.
    Eight(&'a [u8]),
    /// Two bytes a sample, 0 to 65535.
    Sixteen(&'a [u16]),
}

/// One row of a picture, left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// What the samples mean.
    pub channels: Channels,
    /// The samples themselves.
    pub samples: Samples<'a>,
}

impl<'a> Row<'a> {
    /// A row of eight-bit samples.
    #[must_use]
    pub const fn eight(channels: Channels, samples: &'a [u8]) -> Self {
        Self { channels, samples: Samples::Eight(samples) }
    }

    /// A row of sixteen-bit samples.
    #[must_use]
    pub const fn sixteen(channels: Channels, samples: &'a [u16]) -> Self {
        Self { channels, samples: Samples::Sixteen(samples) }
    }

    /// How many whole pixels the samples make.
    #[must_use]
    pub const fn width(&self) -> usize {
        let samples = match self.samples {
            Samples::Eight(samples) => samples.len(),
            Samples::Sixteen(samples) => samples.len(),
        };
        samples / self.channels.count()
    }

    /// Red, green, blue and alpha of a pixel, counted from 0 at the left, each 0 to 65535, or the four inks; samples that the
    /// row does not have count as 0.
    #[must_use]
    pub fn pixel(&self, x: usize) -> [u16; 4] {
        let count = self.channels.count();
        let samples = x * count..(x + 1) * count;
        let mut found = [0; 4];
        match self.samples {
            Samples::Eight(all) => {
                let pixel = all.get(samples).unwrap_or_default();
                found.iter_mut().zip(pixel).for_each(|(wide, narrow)| *wide = u16::from(*narrow) * 257);
            }
            Samples::Sixteen(all) => {
                let pixel = all.get(samples).unwrap_or_default();
                found.iter_mut().zip(pixel).for_each(|(wide, sample)| *wide = *sample);
            }
        }
        let [a, b, c, d] = found;
        match self.channels {
            Channels::Grey => [a, a, a, u16::MAX],
            Channels::GreyAlpha => [a, a, a, b],
            Channels::Rgb => [a, b, c, u16::MAX],
            Channels::Rgba | Channels::Cmyk => [a, b, c, d],
        }
    }
}

/// How long a frame of an animation is shown, in seconds, as a fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delay {
    numerator: u32,
    denominator: u32,
}

impl Delay {
    /// No delay: what every picture of one frame has.
    pub const NONE: Self = Self { numerator: 0, denominator: 1 };

    /// `numerator / denominator` seconds in lowest terms; a denominator of 0 counts as 100, as APNG defines it.
    ///
    /// ```
    /// use pixtwin_pixel::Delay;
    /// assert_eq!(Delay::seconds(10, 100), Delay::seconds(100, 1000));
    /// assert_eq!(Delay::seconds(0, 7), Delay::NONE);
    /// ```
    #[must_use]
    pub const fn seconds(numerator: u32, denominator: u32) -> Self {
        let denominator = if denominator == 0 { 100 } else { denominator };
        let (mut a, mut b) = (numerator, denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self { numerator: numerator / a, denominator: denominator / a }
    }

    /// The numerator of the fraction in lowest terms.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// The denominator of the fraction in lowest terms; never 0.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }
}

/// One frame of a picture: a still has one, an animation several, a multi-page file one a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Pixels a row, at least 1.
    pub width: u32,
    /// Rows, at least 1.
    pub height: u32,
    /// How long it is shown; [`Delay::NONE`] for stills and pages.
    pub delay: Delay,
}

/// Takes a picture as a decoder produces it: the number of frames, then each frame and its rows, top to bottom.
///
/// Every call may answer `Break`: the decoder then stops at once and returns without an error.
pub trait RowSink {
    /// The picture begins and has this many frames, at least 1. Called once, first.
    fn picture(&mut self, frames: u32) -> ControlFlow<()>;
    /// A frame begins. An animation's frames all have the size of its canvas.
    fn frame(&mut self, frame: Frame) -> ControlFlow<()>;
    /// The next row of the frame; exactly `height` of them, each `width` pixels wide.
    fn row(&mut self, row: Row<'_>) -> ControlFlow<()>;
}

/// A sample of `max + 1` levels widened to sixteen bits: `value * 65535 / max`, rounded to nearest, halves up.
///
/// For a `max` of 1, 3, 15, 255 and 65535 (1, 2, 4, 8 and 16 bits) the result is exact. A value above `max` counts as
/// `max`; the decoders refuse files with such samples before. `max` 0 counts as 1.
///
/// ```
/// use pixtwin_pixel::scale_to_sixteen;
/// assert_eq!(scale_to_sixteen(200, 255), 200 * 257);
/// assert_eq!(scale_to_sixteen(500, 1000), 32768);
/// ```
#[must_use]
pub fn scale_to_sixteen(value: u32, max: u32) -> u16 {
    let max = u64::from(max.max(1));
    let value = u64::from(value).min(max);
    u16::try_from((value * 65535 + max / 2) / max).unwrap_or(u16::MAX)
}
