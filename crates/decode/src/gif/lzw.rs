//! The palette indices of one picture, in the order they are stored.

use std::io::SeekFrom;

use weezl::{BitOrder, LzwStatus, decode};

use super::blocks::Image;
use crate::{Error, Source};

/// Decodes the indices of one picture from its sub-blocks.
pub(super) struct Indices<'s> {
    source: &'s mut dyn Source,
    decoder: decode::Decoder,
    /// Bytes left of the sub-block that the source stands in.
    left: usize,
    has_ended: bool,
}

impl<'s> Indices<'s> {
    pub(super) fn of(source: &'s mut dyn Source, image: &Image) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(image.codes_at))?;
        // Codes after the last pixel are nobody's business: some writers leave rubbish there.
        let settings = decode::Configuration::new(BitOrder::Lsb, image.code_bits).with_yield_on_full_buffer(true);
        Ok(Self { source, decoder: settings.build(), left: 0, has_ended: false })
    }

    /// Fills `indices` with the next ones, and says how many there were: fewer only if the codes end before.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if a code has no meaning.
    pub(super) fn fill(&mut self, indices: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while let Some(rest) = indices.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            self.enter_sub_block()?;
            let piece = if self.has_ended { &[] } else { self.source.fill_buf()? };
            let piece = piece.get(..self.left.min(piece.len())).unwrap_or_default();
            if piece.is_empty() && !self.has_ended {
                return Err(Error::corrupt("the file ends within a picture"));
            }
            let step = self.decoder.decode_bytes(piece, rest);
            let status = step.status.map_err(|_| Error::corrupt("an LZW code has no meaning"))?;
            self.source.consume(step.consumed_in);
            self.left -= step.consumed_in;
            filled += step.consumed_out;
            let is_over = matches!(status, LzwStatus::Done) || (step.consumed_in == 0 && step.consumed_out == 0);
            if is_over {
                break;
            }
        }
        Ok(filled)
    }

    fn enter_sub_block(&mut self) -> Result<(), Error> {
        if self.left == 0 && !self.has_ended {
            let mut len = [0];
            self.source.read_exact(&mut len).map_err(|cause| Error::reading(cause, "a picture"))?;
            let [len] = len;
            self.left = usize::from(len);
            self.has_ended = len == 0;
        }
        Ok(())
    }
}
