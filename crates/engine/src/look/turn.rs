//! What a picture and its turned forms have in common, found within the budget.

use pixtwin_decode::{Error, Header, Limits, Source};
use pixtwin_pixel::{Depth, TurnClass, TurnedSink};

use super::{Looker, WHOLE_WINDOW_BYTES, reopen, still_unchanged};
use crate::{file::Listed, picture::Picture, refusal::Refusal};

/// Bytes a pixel of the longer side that are held to turn frames: sixteen rows in the layout of the frame, and twice as
/// numbers of eight bytes.
const TURNED_ROW_BYTES: u64 = 16 * 3 * 8;

impl Looker<'_> {
    /// The class of the picture's coefficients under all turns, as it will be compared; nothing for most formats.
    pub(crate) fn coefficient_class(
        &self,
        source: &mut dyn Source,
        picture: &Picture,
    ) -> Result<Option<TurnClass>, Refusal> {
        let mut needed = 0;
        // What it holds is known from its header, and better from all of its scans.
        for _ in 0..3 {
            let charge = self.budget.take(needed).ok_or_else(|| self.too_large(needed))?;
            match picture.format.turn_class(source, Limits { memory_bytes: charge.bytes() }) {
                Err(Error::TooLarge { needed: more, .. }) if more > needed => needed = more,
                Err(cause @ (Error::TooLarge { .. } | Error::Io(_))) => return Err(Refusal::from(&cause)),
                // Its pixels were decoded: those are compared all the same.
                Err(_) | Ok(None) => return Ok(None),
                Ok(Some(stored)) => {
                    // The turns lead from the picture as it is shown.
                    let back = self.turn(source, picture.format)?.inverse();
                    let turns = stored.turns.iter().map(|turn| back.then(turn)).collect();
                    return Ok(Some(TurnClass { turns, ..stored }));
                }
            }
        }
        Err(self.too_large(needed))
    }

    /// The class of the picture's pixels under all turns.
    pub(crate) fn turn_class(&self, listed: &Listed, picture: &Picture) -> Result<TurnClass, Refusal> {
        let (file, identity) = reopen(listed)?;
        let class = self.turn_class_of(&mut self.window(&file, identity.bytes, WHOLE_WINDOW_BYTES), picture)?;
        still_unchanged(&file, &identity)?;
        Ok(class)
    }

    /// The same of an open file.
    pub(crate) fn turn_class_of(&self, source: &mut dyn Source, picture: &Picture) -> Result<TurnClass, Refusal> {
        let Header { width, height, whole_bytes, .. } = picture.header;
        // Beside the frames, some rows of them are held turned.
        let whole_bytes = whole_bytes.saturating_add(u64::from(width.max(height)) * TURNED_ROW_BYTES);
        let mut frames_bytes = u64::from(width) * u64::from(height) * 3;
        loop {
            let needed = whole_bytes.saturating_add(frames_bytes);
            let charge = self.budget.take(needed).ok_or_else(|| self.too_large(needed))?;
            let mut sink = TurnedSink::within(frames_bytes, self.alpha);
            self.decode_open(source, picture.format, Depth::Whole, whole_bytes, &mut sink)?;
            if let Some(class) = sink.finish() {
                return Ok(class);
            }
            drop(charge);
            // How many frames it has, and how wide its samples are, is not known beforehand: a frame for which there is no
            // room ends the decoding at its first row.
            frames_bytes = frames_bytes.saturating_mul(2);
        }
    }
}
