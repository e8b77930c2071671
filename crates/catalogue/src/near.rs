//! What near search keeps of a picture: codes, which the catalogue stores by their bits, and what it does not look into.

use crate::{entry::Facts, seal};

/// The most bytes of [`Near::rest`].
pub const MOST_REST_BYTES: usize = 128;

/// The most bytes of [`Facts::looks`].
pub const MOST_LOOKS_BYTES: usize = 600;

/// What near search keeps of a picture. The catalogue gives back what it was told and never judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Codes of 256 bits in the order of whoever asks; bit n of a code is bit `n % 64` of word `n / 64`.
    pub codes: [[u64; 4]; Self::CODES],
    /// A bit for each code that is worth comparing, the lowest for the first.
    pub usable: u32,
    /// The quality of the first code.
    pub quality: u8,
    /// Whatever else is kept: at most [`MOST_REST_BYTES`].
    pub rest: Box<[u8]>,
}

/// Where the codes of a picture lie in the catalogue: as good as a number for the time of one [`crate::Sweep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The number of the block.
    pub block: i64,
    /// Which of its pictures: 0 to [`Place::MOST`] less one.
    pub at: u32,
}

impl Near {
    /// How many codes there are of a picture.
    pub const CODES: usize = 28;

    /// What proves that codes are those that a row means.
    pub(crate) fn proof(&self) -> u64 {
        let Self { codes, usable, quality, rest } = self;
        seal::of_codes(codes.as_flattened(), *usable, *quality, rest)
    }
}

impl Place {
    /// How many pictures a block has at most: their first two words, 448 bytes a picture, stay below 1 MiB, and to read so
    /// much at once takes two thirds of what reading a quarter of it four times does.
    pub const MOST: usize = 2048;

    /// As one number.
    pub(crate) fn number(self) -> i64 {
        self.block.wrapping_mul(Self::MOST as i64).wrapping_add(i64::from(self.at))
    }

    pub(crate) fn of_number(number: i64) -> Self {
        let most = Self::MOST as i64;
        Self { block: number.div_euclid(most), at: u32::try_from(number.rem_euclid(most)).unwrap_or(0) }
    }
}

/// What a row says of its codes: where they are, and what proves that those there are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) place: i64,
    pub(crate) proof: u64,
}

/// Whether what near search keeps is short enough.
pub(crate) fn is_short(facts: &Facts) -> bool {
    facts.near.as_ref().is_none_or(|near| near.rest.len() <= MOST_REST_BYTES)
        && facts.looks.as_ref().is_none_or(|looks| looks.len() <= MOST_LOOKS_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbers_and_back() {
        for place in [Place { block: 1, at: 0 }, Place { block: 7, at: 2047 }, Place { block: 1 << 40, at: 3 }] {
            assert_eq!(Place::of_number(place.number()), place);
        }
        // Any number at all is a place, if not one that exists.
        for number in [i64::MIN, -1, 0, i64::MAX] {
            assert_eq!(Place::of_number(number).number(), number);
        }
    }

    #[test]
    fn the_proof_depends_on_everything() {
        let near = Near { codes: [[7; 4]; Near::CODES], usable: 5, quality: 6, rest: [1, 2].into() };
        let mut others = vec![
            Near { usable: 4, ..near.clone() },
            Near { quality: 7, ..near.clone() },
            Near { rest: [1].into(), ..near.clone() },
        ];
        for code in 0..Near::CODES {
            for word in 0..4 {
                let mut other = near.clone();
                other.codes[code][word] ^= 1 << 63;
                others.push(other);
            }
        }
        assert!(others.iter().all(|other| other.proof() != near.proof()));
    }
}
