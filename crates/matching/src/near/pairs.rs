//! Very many pairs of numbers in little memory.
//!
//! Of thousands of nearly equal pictures every two are near, so pairs are kept as what they differ by from the one before:
//! two to five bytes where they are many, and about eight where they are few. New pairs come in sorted runs; two runs are merged as
//! soon as the older is not twice as long, and what was merged is freed on the way.

use std::collections::{VecDeque, vec_deque};

/// Two numbers, and a note on them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pair {
    /// One number.
    pub a: u32,
    /// The other.
    pub b: u32,
    /// What is known of the two. Of several notes on one pair the smallest counts.
    pub note: u32,
}

/// Bytes of a piece, which can be read without those before it.
const PIECE_BYTES: usize = 1 << 16;

/// The most bytes of a pair: each number in bytes of seven bits, the first number with one bit more.
const MOST_PAIR_BYTES: usize = 15;

/// How many pairs are held before they become a run: 12 bytes each.
const HELD: usize = 1 << 18;

/// A set of pairs, each with the smallest note that it was added with.
///
/// # Cost
/// Three megabytes, and 2 to 15 bytes a pair: 3 to 4 if numbers that follow each other are paired with one, and their notes are
/// below 2^14.
#[derive(Debug, Default)]
pub struct Pairs {
    held: Vec<Pair>,
    runs: Vec<Run>,
}

/// Pairs in ascending order, each once, in pieces.
#[derive(Clone, Debug, Default)]
pub struct Run {
    pieces: VecDeque<Vec<u8>>,
    len: usize,
    last: (u32, u32),
}

impl Pairs {
    /// Adds a pair.
    pub fn add(&mut self, pair: Pair) {
        self.held.push(pair);
        if self.held.len() >= HELD {
            let run = Run::of(&mut self.held);
            self.add_run(run);
        }
    }

    /// Adds the pairs of a run.
    pub fn add_run(&mut self, mut run: Run) {
        while let Some(before) = self.runs.pop_if(|before| before.len <= 2 * run.len) {
            run = before.merged(run);
        }
        self.runs.push(run);
    }

    /// All pairs, in order.
    #[must_use]
    pub fn into_run(mut self) -> Run {
        let last = Run::of(&mut self.held);
        self.runs.into_iter().rev().fold(last, Run::merged)
    }
}

impl Run {
    /// How many pairs it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A run of these pairs, of which nothing is left.
    #[must_use]
    pub fn of(pairs: &mut Vec<Pair>) -> Self {
        pairs.sort_unstable();
        pairs.dedup_by_key(|pair| (pair.a, pair.b));
        let mut run = Self::default();
        pairs.drain(..).for_each(|pair| run.push(pair));
        run
    }

    /// The pairs in ascending order.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter { pieces: self.pieces.iter(), bytes: &[], last: (0, 0) }
    }

    /// The pieces, for other ranks; each is a run of its own.
    pub fn into_pieces(self) -> impl Iterator<Item = Vec<u8>> {
        self.pieces.into_iter()
    }

    /// A run of one piece. What does not follow from [`Run::into_pieces`] gives other pairs, or fewer.
    #[must_use]
    pub fn of_piece(piece: Vec<u8>) -> Self {
        let mut run = Self { pieces: VecDeque::from([piece]), ..Self::default() };
        run.len = run.iter().count();
        run
    }

    /// Adds a pair that is greater than all before.
    fn push(&mut self, Pair { a, b, note }: Pair) {
        let piece = match self.pieces.back_mut() {
            Some(piece) if piece.len() + MOST_PAIR_BYTES <= PIECE_BYTES => piece,
            _ => {
                self.last = (0, 0);
                self.pieces.push_back(Vec::with_capacity(PIECE_BYTES));
                match self.pieces.back_mut() {
                    Some(piece) => piece,
                    None => return,
                }
            }
        };
        let more = a.wrapping_sub(self.last.0);
        let from = if more == 0 { self.last.1 } else { 0 };
        put(piece, u64::from(b.wrapping_sub(from)) << 1 | u64::from(more > 0));
        if more > 0 {
            put(piece, more.into());
        }
        put(piece, note.into());
        self.last = (a, b);
        self.len += 1;
    }

    /// The pairs of both.
    fn merged(self, other: Self) -> Self {
        if self.len == 0 || other.len == 0 {
            return if self.len == 0 { other } else { self };
        }
        let mut run = Self::default();
        let (mut ours, mut theirs) = (self.into_iter(), other.into_iter());
        let (mut one, mut two) = (ours.next(), theirs.next());
        while let Some(least) = one.into_iter().chain(two).min() {
            run.push(least);
            let is_least = |pair: &Pair| (pair.a, pair.b) == (least.a, least.b);
            if one.as_ref().is_some_and(is_least) {
                one = ours.next();
            }
            if two.as_ref().is_some_and(is_least) {
                two = theirs.next();
            }
        }
        run
    }
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn put(piece: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        piece.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    piece.push((number & 0x7f) as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

#[allow(clippy::cast_possible_truncation, reason = "numbers that were put in have 32 bits")]
fn take_pair(bytes: &mut &[u8], last: &mut (u32, u32)) -> Option<Pair> {
    let first = take(bytes)?;
    let more = if first & 1 == 1 { take(bytes)? as u32 } else { 0 };
    let from = if more == 0 { last.1 } else { 0 };
    *last = (last.0.wrapping_add(more), from.wrapping_add((first >> 1) as u32));
    Some(Pair { a: last.0, b: last.1, note: take(bytes)? as u32 })
}

/// Reads a run.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    pieces: vec_deque::Iter<'a, Vec<u8>>,
    bytes: &'a [u8],
    last: (u32, u32),
}

impl Iterator for Iter<'_> {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        if self.bytes.is_empty() {
            (self.bytes, self.last) = (self.pieces.next()?, (0, 0));
        }
        take_pair(&mut self.bytes, &mut self.last)
    }
}

/// Reads a run and frees it on the way.
#[derive(Debug)]
pub struct IntoIter {
    pieces: VecDeque<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    last: (u32, u32),
}

impl Iterator for IntoIter {
    type Item = Pair;

    fn next(&mut self) -> Option<Pair> {
        if self.at >= self.piece.len() {
            (self.piece, self.at, self.last) = (self.pieces.pop_front()?, 0, (0, 0));
        }
        let mut bytes = self.piece.get(self.at..)?;
        let pair = take_pair(&mut bytes, &mut self.last)?;
        self.at = self.piece.len() - bytes.len();
        Some(pair)
    }
}

impl IntoIterator for Run {
    type Item = Pair;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter { pieces: self.pieces, piece: Vec::new(), at: 0, last: (0, 0) }
    }
}

impl<'a> IntoIterator for &'a Run {
    type Item = Pair;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pixtwin_testkit::cases;
    use proptest::prelude::*;

    use super::*;

    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0u32..6, 120u32..140, any::<u32>(), Just(u32::MAX)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(64, 2000), failure_persistence: None, ..ProptestConfig::default() })]

        /// Any runs of any pairs: each comes back once, in order, with its smallest note.
        #[test]
        fn pairs_come_back_in_order_each_with_its_smallest_note(
            runs in prop::collection::vec(prop::collection::vec((number(), number(), number()), 0..40), 0..12),
        ) {
            let (mut pairs, mut expected) = (Pairs::default(), BTreeMap::new());
            for (number, run) in runs.into_iter().enumerate() {
                for &(a, b, note) in &run {
                    let least = expected.entry((a, b)).or_insert(note);
                    *least = note.min(*least);
                }
                let mut run: Vec<_> = run.into_iter().map(|(a, b, note)| Pair { a, b, note }).collect();
                match number % 2 {
                    0 => pairs.add_run(Run::of(&mut run)),
                    _ => run.into_iter().for_each(|pair| pairs.add(pair)),
                }
            }
            let expected: Vec<_> = expected.into_iter().map(|((a, b), note)| Pair { a, b, note }).collect();
            let run = pairs.into_run();
            prop_assert_eq!(run.len, expected.len());
            prop_assert_eq!(run.iter().collect::<Vec<_>>(), &expected[..]);
            prop_assert_eq!(run.clone().into_iter().collect::<Vec<_>>(), &expected[..]);
            let apart: Vec<_> = run.into_pieces().flat_map(Run::of_piece).collect();
            prop_assert_eq!(apart, expected);
        }

        /// What comes from another rank is read to its end, whatever it is.
        #[test]
        fn no_bytes_are_too_much(piece in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert!(Run::of_piece(piece).iter().count() <= 60);
        }
    }

    /// Every two of 3,000: four and a half million pairs in about a fifth of what they take as three numbers each.
    #[test]
    fn every_two_of_many_take_few_bytes() {
        let mut pairs = Pairs::default();
        // The order in which a search finds them is none.
        for step in 1..3000 {
            (step..3000).for_each(|b| pairs.add(Pair { a: b - step, b, note: step % 100 }));
        }
        let run = pairs.into_run();
        assert_eq!(run.len, 3000 * 2999 / 2);
        let bytes: usize = run.pieces.iter().map(Vec::capacity).sum();
        assert!(bytes < 12 * run.len / 5, "{bytes} bytes");
        assert!(run.pieces.len() > 100, "of many pieces");
    }
}
