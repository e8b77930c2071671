//! Codes of pictures: 256 bits of which pictures that look alike share most.

use std::{fmt, str::FromStr};

/// A code of 256 bits, in four words: bit `n` is bit `n % 64` of word `n / 64`. Displayed as 64 hexadecimal digits, the
/// highest bit first, as the reference program of PDQ does.
///
/// # Source
/// `Hash256` in `pdq/cpp/common/pdqhashtypes.h` of ThreatExchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub [u64; 4]);

impl Code {
    /// How many bits a code has, and the greatest distance of two.
    pub const BITS: u32 = 256;

    /// In how many bits two codes differ, 0 to 256.
    ///
    /// ```
    /// use pixtwin_pixel::Code;
    /// assert_eq!(Code([0b101, 0, 0, 1 << 63]).distance(Code([0b100, 0, 0, 0])), 2);
    /// ```
    #[must_use]
    pub const fn distance(self, other: Self) -> u32 {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        (a ^ e).count_ones() + (b ^ f).count_ones() + (c ^ g).count_ones() + (d ^ h).count_ones()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().rev().try_for_each(|word| write!(f, "{word:016x}"))
    }
}

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let is_code = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut code = Self::default();
        for (at, word) in code.0.iter_mut().rev().enumerate() {
            let digits = text.get(at * 16..at * 16 + 16).filter(|_| is_code).ok_or(NotACode)?;
            *word = u64::from_str_radix(digits, 16).map_err(|_| NotACode)?;
        }
        Ok(code)
    }
}

/// A text is no code: that has 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACode;

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code has 64 hexadecimal digits")
    }
}

impl std::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_the_reference_writes_them() {
        // The first hash of the reference's examples.
        let text = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22";
        let code: Code = text.parse().unwrap();
        assert_eq!(code.to_string(), text);
        assert_eq!(code.0[0] & 0xffff, 0x9b22);
        assert_eq!(code.0[3] >> 48, 0xf8f8);
        for wrong in ["", &text[1..], &format!("{}+", &text[1..]), &format!("{text}0"), &"é".repeat(32)] {
            assert_eq!(wrong.parse::<Code>(), Err(NotACode));
        }
    }
}
