//! A set of turns.

use crate::turn::Turn;

/// Some of the eight turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Turns(u8);

impl Turns {
    /// All eight.
    pub const ALL: Self = Self(u8::MAX);

    /// The set that those bits say: bit n is the turn with the EXIF number n + 1.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// The set as bits: bit n is the turn with the EXIF number n + 1.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether the turn is one of them.
    #[must_use]
    pub const fn has(self, turn: Turn) -> bool {
        self.0 & (1 << (turn.exif() - 1)) != 0
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Those in it, in the order of their EXIF numbers.
    pub fn iter(self) -> impl Iterator<Item = Turn> {
        Turn::ALL.into_iter().filter(move |turn| self.has(*turn))
    }

    /// Only those for which `keep` holds.
    #[must_use]
    pub fn filter(self, mut keep: impl FnMut(Turn) -> bool) -> Self {
        self.iter().filter(|turn| keep(*turn)).collect()
    }
}

impl FromIterator<Turn> for Turns {
    fn from_iter<I: IntoIterator<Item = Turn>>(turns: I) -> Self {
        Self(turns.into_iter().fold(0, |bits, turn| bits | 1 << (turn.exif() - 1)))
    }
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_back_what_was_put_in() {
        for bits in 0..=u8::MAX {
            let set = Turns::from_bits(bits);
            assert_eq!(set.iter().collect::<Turns>(), set);
            assert_eq!(set.iter().count() as u32, set.count());
            assert!(Turn::ALL.into_iter().all(|turn| set.has(turn) == (bits >> (turn.exif() - 1) & 1 == 1)));
        }
        assert_eq!(Turns::ALL.iter().collect::<Vec<_>>(), Turn::ALL);
    }
}
