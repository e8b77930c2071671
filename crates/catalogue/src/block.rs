//! Blocks of codes as they are stored: planes of first words, which a sweep goes through, and the rest picture by picture.

use twox_hash::XxHash3_64;
use zerocopy::IntoBytes;

use crate::near::{MOST_REST_BYTES, Near, Place};

/// How many pictures a part of the rest of a block has.
pub(crate) const IN_PART: usize = 512;

/// How many parts the rest of a block has at most.
pub(crate) const PARTS: usize = Place::MOST / IN_PART;

/// How many words of each code lie in planes.
pub(crate) const SWEPT: usize = 2;

/// Bytes of a picture in the planes.
pub(crate) const PLANE_BYTES: usize = Near::CODES * SWEPT * 8;

/// Bytes of a picture in its part, beside what is opaque: a number of its file, its quality, how much is opaque, and the other
/// words of its codes.
const HEAD_BYTES: usize = 6;
const OTHER_BYTES: usize = Near::CODES * SWEPT * 8;

/// A picture in a block, and the number of the row that means it.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) file: i64,
    pub(crate) near: Near,
}

/// What planes a block has in memory, of some of the codes.
#[derive(Debug, Default)]
pub(crate) struct Planes {
    pub(crate) places: usize,
    pub(crate) usable: Vec<u32>,
    /// The first code that is there.
    pub(crate) first: usize,
    /// Code by code, of each the first word of all pictures and then the second.
    pub(crate) words: Vec<u64>,
}

impl Planes {
    pub(crate) fn of(pictures: &[Placed]) -> Self {
        let places = pictures.len();
        let mut words = Vec::with_capacity(places * Near::CODES * SWEPT);
        for code in 0..Near::CODES {
            for word in 0..SWEPT {
                words.extend(pictures.iter().map(|picture| word_of(&picture.near, code, word)));
            }
        }
        Self { places, usable: pictures.iter().map(|picture| picture.near.usable).collect(), first: 0, words }
    }

    /// One word of one code of all pictures; empty where it is not there.
    pub(crate) fn plane(&self, code: usize, word: usize) -> &[u64] {
        let at = code.checked_sub(self.first).filter(|_| word < SWEPT).map(|code| (code * SWEPT + word) * self.places);
        at.and_then(|at| self.words.get(at..at + self.places)).unwrap_or_default()
    }

    /// The sum of each code that is there, to tell damage.
    pub(crate) fn sums(&self) -> impl Iterator<Item = u64> {
        let each = (self.places * SWEPT).max(1);
        self.words.chunks_exact(each).map(|words| XxHash3_64::oneshot(words.as_bytes()))
    }
}

fn word_of(near: &Near, code: usize, word: usize) -> u64 {
    near.codes.get(code).and_then(|code| code.get(word)).copied().unwrap_or(0)
}

/// The rest of some pictures of a block.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) first_file: i64,
    pub(crate) rest_bytes: usize,
    pub(crate) pictures: Vec<u8>,
}

impl Part {
    /// Nothing where the numbers of files lie further apart than those of any catalogue.
    pub(crate) fn of(pictures: &[Placed]) -> Option<Self> {
        let first_file = pictures.iter().map(|picture| picture.file).min()?;
        let rest_bytes = pictures.iter().map(|picture| picture.near.rest.len()).max()?;
        let mut bytes = Vec::with_capacity(pictures.len() * picture_bytes(rest_bytes));
        for Placed { file, near } in pictures {
            bytes.extend(u32::try_from(file.checked_sub(first_file)?).ok()?.to_le_bytes());
            bytes.extend([near.quality, u8::try_from(near.rest.len()).ok()?]);
            near.codes
                .iter()
                .flat_map(|code| code.iter().skip(SWEPT))
                .for_each(|word| bytes.extend(word.to_le_bytes()));
            bytes.extend_from_slice(&near.rest);
            bytes.resize(bytes.len() + rest_bytes - near.rest.len(), 0);
        }
        Some(Self { first_file, rest_bytes, pictures: bytes })
    }

    fn picture(&self, at: usize) -> Option<&[u8]> {
        let each = picture_bytes(self.rest_bytes);
        self.pictures.get(at * each..(at + 1) * each)
    }

    /// The number of the file of a picture.
    pub(crate) fn file(&self, at: usize) -> Option<i64> {
        let offset = u32::from_le_bytes(*self.picture(at)?.first_chunk()?);
        self.first_file.checked_add(offset.into())
    }
}

/// Bytes of a picture in a part whose opaque bytes are so many at most.
pub(crate) fn picture_bytes(rest_bytes: usize) -> usize {
    HEAD_BYTES + OTHER_BYTES + rest_bytes.min(MOST_REST_BYTES)
}

/// What is kept of a picture, from all planes of its block and the part that it lies in.
pub(crate) fn near_of(planes: &Planes, part: &Part, at: usize) -> Option<Near> {
    let picture = part.picture(at % IN_PART)?;
    let (head, others) = picture.split_at_checked(HEAD_BYTES)?;
    let (others, rest) = others.split_at_checked(OTHER_BYTES)?;
    let [_, _, _, _, quality, rest_bytes] = *head else { return None };
    let mut others = others.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
    let mut codes = [[0; 4]; Near::CODES];
    for (code, words) in codes.iter_mut().enumerate() {
        let swept = (0..SWEPT).map(|word| planes.plane(code, word).get(at).copied());
        for (word, value) in words.iter_mut().zip(swept.chain((0..SWEPT).map(|_| others.next()))) {
            *word = value?;
        }
    }
    let rest = rest.get(..rest_bytes.into())?.into();
    Some(Near { codes, usable: *planes.usable.get(at)?, quality, rest })
}

#[cfg(test)]
mod tests {
    use pixtwin_testkit::draw::Seeded;

    use super::*;

    fn pictures(count: usize) -> Vec<Placed> {
        let mut random = Seeded(7);
        let mut picture = |file: usize| {
            let codes = std::array::from_fn(|_| std::array::from_fn(|_| random.number()));
            let rest = vec![3; random.below(129) as usize].into();
            let near = Near { codes, usable: random.below(1 << 28), quality: file.to_le_bytes()[0], rest };
            Placed { file: 1000 - file as i64, near }
        };
        (0..count).map(&mut picture).collect()
    }

    #[test]
    fn pictures_come_out_as_they_went_in() {
        for count in [1, 7, IN_PART, IN_PART + 1, Place::MOST] {
            let pictures = pictures(count);
            let planes = Planes::of(&pictures);
            assert_eq!(planes.words.len() * 8, count * PLANE_BYTES);
            assert_eq!(planes.sums().count(), Near::CODES);
            let parts: Vec<Part> = pictures.chunks(IN_PART).map(|part| Part::of(part).unwrap()).collect();
            for (at, Placed { file, near }) in pictures.iter().enumerate() {
                let part = &parts[at / IN_PART];
                assert_eq!(near_of(&planes, part, at).as_ref(), Some(near));
                assert_eq!(part.file(at % IN_PART), Some(*file));
                assert_eq!(planes.plane(27, 1)[at], near.codes[27][1]);
            }
            assert!(near_of(&planes, &parts[0], count).is_none());
            assert!(planes.plane(28, 0).is_empty() && planes.plane(0, 2).is_empty());
        }
    }

    #[test]
    fn files_too_far_apart_are_no_part() {
        let mut two = pictures(2);
        two[0].file = i64::MAX;
        assert!(Part::of(&two).is_none());
        two[1].file = i64::MIN;
        assert!(Part::of(&two).is_none());
    }
}
