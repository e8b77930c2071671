//! How two pictures differ, pixel by pixel, and a picture of where.

use std::fs::File;

use pixtwin_decode::{Format, Header, Limits};
use pixtwin_pixel::{Difference, DifferenceSink, Raster, RasterSink, Reduced, Turn, fitted};

use super::{COPIES_HELD, LONGEST_SIDE, NotShown, Previews, other_rows};
use crate::{look::raster_bytes, open_files::OpenFile};

/// Bytes a pixel of the picture of a difference, before it is made visible.
const BLOCK_BYTES: u64 = 8;

/// How two pictures differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Exact figures: how many pixels differ, the first of them, and the largest difference of each channel, of 65535.
    pub difference: Difference,
    /// Black where all is equal; else the largest differences in each block of pixels, amplified.
    pub shown: Reduced,
    /// Width and height of the first picture, as it is stored.
    pub whole: (u32, u32),
}

/// Why two pictures are not compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCompared {
    /// The first cannot be shown.
    #[error("the first: {0}")]
    First(NotShown),
    /// The second cannot be shown.
    #[error("the second: {0}")]
    Second(NotShown),
    /// They have other sides, the second after its turn.
    #[error("they have other sides: {}x{} and {}x{}", .0.0, .0.1, .1.0, .1.1)]
    OtherSides((u32, u32), (u32, u32)),
    /// One is stored in inks and the other is not.
    #[error("one is stored in inks and the other in colours")]
    OtherSamples,
}

impl Previews {
    /// Compares the first frames of two pictures as they are stored, the second after `turn`, and uses what was found; of that
    /// memory the rule of [`Previews::with`] holds. The picture of the difference has no side longer than `side` pixels.
    ///
    /// # Errors
    /// Why they are not compared.
    ///
    /// # Cost
    /// Holds the first whole, 8 bytes a pixel at most; the second is compared row by row as it is decoded. Each has the time of
    /// one picture.
    pub fn compare<T>(
        &self,
        (a, b): (&File, &File),
        turn: Turn,
        (side, amplify): (u32, u8),
        with: impl FnOnce(Compared) -> T,
    ) -> Result<T, NotCompared> {
        let side = side.clamp(1, LONGEST_SIDE);
        let (a, b) = (self.open(a).map_err(NotCompared::First)?, self.open(b).map_err(NotCompared::Second)?);
        let whole = (a.header.width, a.header.height);
        let theirs = turn.size((b.header.width, b.header.height));
        if whole != theirs {
            return Err(NotCompared::OtherSides(whole, theirs));
        }
        let held_bytes = raster_bytes(whole.0, whole.1);
        let size = fitted(whole, side);
        let beside_bytes = held_bytes + u64::from(size.0) * u64::from(size.1) * (BLOCK_BYTES + 4 * COPIES_HELD);
        // At once for both: two that each hold their first and wait for memory for their second would wait for ever.
        let decoder_bytes = a.header.whole_bytes.max(b.header.whole_bytes);
        let (charge, limits) = self.charge(decoder_bytes, beside_bytes).map_err(NotCompared::First)?;
        let held = self.hold(&a, limits, held_bytes).map_err(NotCompared::First)?;
        let mut sink = DifferenceSink::new(&held, turn, side);
        self.decode(&b.file, b.format, limits, &mut sink).map_err(NotCompared::Second)?;
        if sink.has_other_samples() {
            return Err(NotCompared::OtherSamples);
        }
        let (difference, unequal) = sink.finish().ok_or_else(|| NotCompared::Second(other_rows()))?;
        let done = with(Compared { difference, shown: unequal.shown(amplify), whole });
        drop(charge);
        Ok(done)
    }

    fn open<'b>(&self, file: &'b File) -> Result<Open<'b>, NotShown> {
        let file = OpenFile::new(file).map_err(|refusal| NotShown::Unreadable(refusal.into()))?;
        let (format, header) = self.identify(&file)?;
        Ok(Open { file, format, header })
    }

    /// The first frame, whole.
    fn hold(&self, open: &Open<'_>, limits: Limits, bytes: u64) -> Result<Raster, NotShown> {
        let mut sink = RasterSink::within(bytes);
        self.decode(&open.file, open.format, limits, &mut sink)?;
        sink.finish().and_then(|frames| frames.into_iter().next()).ok_or_else(other_rows)
    }
}

/// A picture whose header was read.
struct Open<'a> {
    file: OpenFile<'a>,
    format: Format,
    header: Header,
}
