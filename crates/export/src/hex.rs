//! Hashes as lower-case hexadecimal digits.

use std::{fmt, str};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// `N` bytes that are written as `2 * N` digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hex<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Hex<N> {
    /// The bytes behind these digits, which may also be upper-case.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != 2 * N {
            return None;
        }
        let mut bytes = [0; N];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            for digit in pair {
                *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
            }
        }
        Some(Self(bytes))
    }

    /// Appends the digits.
    pub(crate) fn append(&self, out: &mut Vec<u8>) {
        let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or_default();
        out.extend(self.0.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut digits = Vec::with_capacity(2 * N);
        self.append(&mut digits);
        serializer.serialize_str(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits<const N: usize>;

        impl<const N: usize> de::Visitor<'_> for Digits<N> {
            type Value = Hex<N>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, "{} hexadecimal digits", 2 * N)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Hex::parse(text.as_bytes()).ok_or_else(|| E::invalid_value(de::Unexpected::Other("other text"), &self))
            }
        }

        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_lower_case_and_both_cases_are_read() {
        let mut digits = Vec::new();
        Hex([0x00, 0x9a, 0xff]).append(&mut digits);
        assert_eq!(digits, b"009aff");
        assert_eq!(Hex::parse(b"009aFf"), Some(Hex([0x00, 0x9a, 0xff])));
        for wrong in [&b""[..], b"009af", b"009aff0", b"009afg", b"+09aff", "0é9af".as_bytes()] {
            assert_eq!(Hex::<3>::parse(wrong), None);
        }
    }
}
