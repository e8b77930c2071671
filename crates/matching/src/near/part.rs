//! Work cut into parts.

use std::ops::Range;

/// One of several parts that together are the whole work. Each part can be done on another thread or rank; what they find
/// together does not depend on how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    at: u32,
    of: u32,
}

impl Part {
    /// All of the work.
    pub const WHOLE: Self = Self { at: 0, of: 1 };

    /// The `of` parts of the work, each once; none if `of` is 0.
    pub fn all(of: u32) -> impl Iterator<Item = Self> {
        (0..of).map(move |at| Self { at, of })
    }

    /// Which of `count` things belong to this part.
    pub(super) fn range(self, count: usize) -> Range<usize> {
        let cut = |at: u32| (count as u128 * u128::from(at) / u128::from(self.of)) as usize;
        cut(self.at)..cut(self.at + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_the_whole() {
        for (of, count) in [(1, 0), (1, 7), (3, 7), (7, 3), (5, 65_536)] {
            let ends: Vec<_> = Part::all(of).map(|part| part.range(count)).collect();
            assert_eq!(ends.first().unwrap().start, 0);
            assert_eq!(ends.last().unwrap().end, count);
            assert!(ends.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
        assert_eq!(Part::WHOLE.range(9), 0..9);
    }
}
