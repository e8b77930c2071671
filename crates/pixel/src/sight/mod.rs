//! What near search keeps of a picture: its codes through several views, and a signature of its colours.
#![allow(
    clippy::cast_possible_truncation,
    reason = "sides and samples of a copy of at most 256 pixels a side, and means of bytes"
)]

mod border;

mod detail;

mod drawn;

mod reduce;

mod signature;

mod sink;

mod square;

mod tilt;

mod turned;

mod view;

mod waves;

#[cfg(test)]
mod tests;

pub use signature::Signature;
pub use sink::SightSink;
pub use view::View;

use crate::{code::Code, turn::Turn};

/// What near search keeps of a picture.
///
/// Two pictures are near each other when a code of an asking view of one is near a stored code of the other
/// ([`View::ASKING`], [`View::STORED`]), or the codes of one region of both are near each other ([`View::REGIONS`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// The codes of the views, at the place of their number. That of [`View::WHOLE`] is the PDQ of the picture.
    pub codes: [Code; View::CODES],
    /// Bit `n` is set if the picture has enough detail in view `n` for its code to be compared.
    pub usable: u32,
    /// The quality of the whole picture as PDQ gives it, 0 to 100.
    pub quality: u8,
    /// Brightness and colour.
    pub signature: Signature,
}

impl Sight {
    /// How many bytes [`Sight::to_bytes`] gives.
    pub const BYTES: usize = View::CODES * 32 + 4 + 1 + Signature::BYTES;

    /// The code of a view, turned forms included, if it may be compared.
    #[must_use]
    pub fn code(&self, view: View) -> Option<Code> {
        let kept = if view.turn().is_some() { View::TRIMMED } else { view };
        let is_usable = self.usable >> kept.number() & 1 == 1;
        let code = self.codes.get(usize::from(kept.number())).filter(|_| is_usable)?;
        Some(view.turn().map_or(*code, |turn| turned::turned(*code, turn)))
    }

    /// The codes of the seven turned forms of the whole picture: who asks in a turned form is near to these.
    pub fn turned_whole(&self) -> impl Iterator<Item = Code> {
        let whole = self.code(View::WHOLE);
        Turn::ALL.into_iter().skip(1).filter_map(move |turn| Some(turned::turned(whole?, turn)))
    }

    /// The sight in bytes: the codes in the order of their views, each in four words, then the usable ones, the quality
    /// and the signature; numbers with the lowest byte first.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (words, rest) = bytes.split_at_mut(View::CODES * 32);
        for (bytes, word) in words.as_chunks_mut().0.iter_mut().zip(self.codes.iter().flat_map(|code| &code.0)) {
            *bytes = word.to_le_bytes();
        }
        let fields = self.usable.to_le_bytes().into_iter().chain([self.quality]).chain(self.signature.to_bytes());
        rest.iter_mut().zip(fields).for_each(|(byte, field)| *byte = field);
        bytes
    }

    /// The sight that [`Sight::to_bytes`] gave.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (words, rest) = bytes.split_at(View::CODES * 32);
        let mut codes = [Code::default(); View::CODES];
        for (word, bytes) in codes.iter_mut().flat_map(|code| &mut code.0).zip(words.as_chunks().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let (usable, rest) =
            rest.split_first_chunk().map_or((0, rest), |(usable, rest)| (u32::from_le_bytes(*usable), rest));
        let (quality, signature) = rest.split_first().map_or((0, rest), |(quality, rest)| (*quality, rest));
        let signature = signature.first_chunk().copied().unwrap_or([0; Signature::BYTES]);
        Self { codes, usable, quality, signature: Signature::from_bytes(&signature) }
    }
}
