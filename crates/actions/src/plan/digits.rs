//! Whole numbers of 64 bits as they stand in a plan: in decimal digits, since scripts round numbers above 2^53.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// A number that is written as a string, and read from a string or a number.
pub(super) struct Digits<N>(pub(super) N);

/// The kinds of numbers.
pub(super) trait Whole: Display + FromStr + TryFrom<u64> + TryFrom<i64> {
    /// What they are called.
    const NAME: &str;
}

impl Whole for u64 {
    const NAME: &str = "a whole number from 0 to 18446744073709551615, in decimal digits";
}

impl Whole for i64 {
    const NAME: &str = "a whole number from -9223372036854775808 to 9223372036854775807, in decimal digits";
}

impl<N: Whole> Serialize for Digits<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de, N: Whole> Deserialize<'de> for Digits<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader(PhantomData)).map(Self)
    }
}

struct Reader<N>(PhantomData<N>);

impl<N: Whole> Visitor<'_> for Reader<N> {
    type Value = N;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(N::NAME)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<N, E> {
        N::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<N, E> {
        N::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    /// In one way only: no plus, no zeros in front.
    fn visit_str<E: Error>(self, text: &str) -> Result<N, E> {
        let number = text.parse::<N>().ok().filter(|number| number.to_string() == text);
        number.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back<N: Whole>(json: &str) -> Result<String, String> {
        let read = serde_json::from_str::<Digits<N>>(json).map_err(|cause| cause.to_string())?;
        serde_json::to_string(&read).map_err(|cause| cause.to_string())
    }

    #[test]
    fn strings_and_numbers_are_read_and_strings_written() {
        for number in ["0", "9007199254740993", "18446744073709551615"] {
            let text = format!("\"{number}\"");
            assert_eq!((back::<u64>(number), back::<u64>(&text)), (Ok(text.clone()), Ok(text)));
        }
        for number in ["-9223372036854775808", "-1", "1577836800000000001", "9223372036854775807"] {
            let text = format!("\"{number}\"");
            assert_eq!((back::<i64>(number), back::<i64>(&text)), (Ok(text.clone()), Ok(text)));
        }
    }

    #[test]
    fn what_is_no_number_of_64_bits_is_refused() {
        let neither =
            ["\"\"", "\"+1\"", "\"01\"", "\"-0\"", "\" 1\"", "\"1 \"", "\"0x1\"", "\"1e3\"", "\"1.0\"", "\"\u{661}\""];
        let others = ["1.5", "1.5778368e18", "18446744073709551616", "null", "true", "[1]", "{}"];
        for json in neither.into_iter().chain(others) {
            assert!(back::<u64>(json).is_err() && back::<i64>(json).is_err(), "{json}");
        }
        for json in ["-1", "\"-1\"", "\"18446744073709551616\""] {
            assert!(back::<u64>(json).is_err(), "{json}");
        }
        for number in ["9223372036854775808", "-9223372036854775809"] {
            assert!(back::<i64>(number).is_err() && back::<i64>(&format!("\"{number}\"")).is_err(), "{number}");
        }
        let reason =
            "invalid value: integer `-1`, expected a whole number from 0 to 18446744073709551615, in decimal digits";
        assert_eq!(back::<u64>("-1").unwrap_err().split(" at line").next(), Some(reason));
    }
}
