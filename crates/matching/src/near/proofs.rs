//! The join and the sweep against comparing every two codes.
#![allow(clippy::cast_possible_truncation, reason = "numbers of tests are small")]

use std::convert::Infallible;

use pixtwin_pixel::Code;
use pixtwin_testkit::cases;
use proptest::prelude::*;

use super::{
    order::{Order, SLOTS},
    simd::{LANES, Near, Simd},
    sweep::some,
    *,
};

/// A sequence of numbers that look random, from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        // SplitMix64, Steele, Lea and Flood 2014.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn code(&mut self) -> Code {
        Code([0; 4].map(|_: u64| self.next()))
    }

    /// A code that differs in exactly so many bits, all of them in the first `slots` slots from one on.
    fn near(&mut self, code: Code, bits: u32, slots: u64) -> Code {
        let mut other = code;
        let begin = 16 * self.below(16);
        while code.distance(other) < bits {
            let bit = (begin + self.below(16 * slots)) % 256;
            // A bit once turned stays so.
            let word = bit as usize / 64;
            other.0[word] = other.0[word] & !(1 << (bit % 64)) | !code.0[word] & 1 << (bit % 64);
        }
        other
    }
}

/// Askers from a list, in batches of some size.
struct Listed<'a> {
    codes: &'a [Code],
    at: usize,
    batch: usize,
}

impl<'a> Listed<'a> {
    fn new(codes: &'a [Code], batch: usize) -> Self {
        Self { codes, at: 0, batch }
    }
}

impl Askers for Listed<'_> {
    type Error = Infallible;

    fn rewind(&mut self) -> Result<(), Infallible> {
        self.at = 0;
        Ok(())
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<(), Infallible> {
        let to = self.codes.len().min(self.at + self.batch);
        (self.at..to).for_each(|at| batch.push(self.codes[at], number(at, 7)));
        self.at = to;
        Ok(())
    }
}

/// Numbers that are no positions.
fn number(position: usize, factor: u32) -> u32 {
    position as u32 * factor + 1
}

fn index(codes: &[Code], distance: u32) -> Index {
    let mut index = Index::with_room(codes.len(), distance);
    codes.iter().enumerate().for_each(|(at, code)| index.push(*code, number(at, 3)));
    index
}

fn sorted(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_unstable();
    hits
}

fn brute(asking: &[Code], stored: &[Code], distance: u32) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (asker, a) in asking.iter().enumerate() {
        for (home, b) in stored.iter().enumerate() {
            let apart = a.distance(*b);
            if apart <= distance {
                hits.push(Hit { asker: number(asker, 7), stored: number(home, 3), distance: apart });
            }
        }
    }
    hits
}

fn brute_itself(codes: &[Code], distance: u32) -> Vec<Hit> {
    let pairs = brute(codes, codes, distance).into_iter();
    let itself = pairs.map(|hit| Hit { asker: (hit.asker - 1) / 7 * 3 + 1, ..hit });
    itself.filter(|hit| hit.asker < hit.stored).collect()
}

/// All passes over slots, however few the codes are, the work in parts.
fn by_slots(index: &Index, asking: Option<&[Code]>, parts: u32) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut batch = Batch::default();
    for (at, code) in asking.unwrap_or_default().iter().enumerate() {
        batch.push(*code, number(at, 7));
    }
    for pass in (0..SLOTS).rev().map(Pass::Slot) {
        let ordered = index.ordered(pass, Order::default());
        for part in Part::all(parts) {
            match asking {
                Some(_) => ordered.join(batch.sorted(pass), part, &mut |hit| hits.push(hit)),
                None => ordered.join_itself(part, &mut |hit| hits.push(hit)),
            }
        }
    }
    sorted(hits)
}

/// Codes of a kind that is hard for a join, with near copies at all distances.
fn skewed(kind: u8, count: usize, seed: u64) -> Vec<Code> {
    let mut numbers = Numbers(seed);
    let centres = [numbers.code(), numbers.code()];
    let mut codes = Vec::new();
    while codes.len() < count {
        let fresh = numbers.code();
        let code = match kind {
            // All equal.
            0 => centres[0],
            // Two clusters.
            1 => {
                let (centre, bits) = (centres[numbers.below(2) as usize], numbers.below(64) as u32);
                numbers.near(centre, bits, 16)
            }
            // Some slots shared by all.
            2 => Code([centres[0].0[0], fresh.0[1], centres[0].0[2], fresh.0[3]]),
            // Bits nearly all zero, and nearly all one.
            3 => Code(fresh.0.map(|word| {
                if word % 2 == 0 { word & numbers.next() & numbers.next() } else { word | numbers.next() }
            })),
            // Copies whose bits differ in neighbouring slots only, in as few slots as hold them.
            4 => {
                let (base, slots) = (codes.last().copied().unwrap_or(fresh), 1 + numbers.below(5));
                let bits = numbers.below(1 + 64.min(16 * slots)) as u32;
                numbers.near(base, bits, slots)
            }
            _ => {
                let base = if codes.is_empty() { fresh } else { codes[numbers.below(codes.len() as u64) as usize] };
                let bits = numbers.below(70) as u32;
                if numbers.below(3) == 0 { fresh } else { numbers.near(base, bits, 16) }
            }
        };
        codes.push(code);
    }
    codes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(64, 20_000), failure_persistence: None, ..ProptestConfig::default() })]

    /// Every distance, every kind of codes, any parts: exactly what comparing every two codes finds.
    #[test]
    fn a_join_finds_what_comparing_all_finds(
        kind in 0u8..6, distance in 0u32..=MOST_DISTANCE, stored in 0usize..120, asking in 0usize..120,
        seed: u64, parts in 1u32..5,
    ) {
        let all = skewed(kind, stored + asking, seed);
        let (kept, asked) = all.split_at(stored);
        let index = index(kept, distance);
        let expected = sorted(brute(asked, kept, distance));
        prop_assert_eq!(by_slots(&index, Some(asked), parts), expected.clone());
        let mut hits = Vec::new();
        index.join(&mut Listed::new(asked, 1 + asking / 3), |hit| hits.push(hit)).unwrap();
        prop_assert_eq!(sorted(hits), expected);
        let expected = sorted(brute_itself(kept, distance));
        prop_assert_eq!(by_slots(&index, None, parts), expected.clone());
        let mut hits = Vec::new();
        index.join_itself(|hit| hits.push(hit));
        prop_assert_eq!(sorted(hits), expected);
    }

    /// A sweep tells of what comparing all finds, with every way of computing it.
    #[test]
    fn a_sweep_finds_what_comparing_all_finds(
        kind in 0u8..6, distance in 0u32..=256, stored in 0usize..120, asking in 0usize..12, seed: u64,
    ) {
        let all = skewed(kind, stored + asking, seed);
        let (kept, asked) = all.split_at(stored);
        let planes = [0, 1, 2, 3].map(|word| kept.iter().map(|code| code.0[word]).collect::<Vec<_>>());
        let planes = Planes { words: planes.each_ref().map(Vec::as_slice) };
        let mut expected = Vec::new();
        for (query, a) in asked.iter().enumerate() {
            for (position, b) in kept.iter().enumerate() {
                expected.extend(Some(a.distance(*b)).filter(|apart| *apart <= distance).map(|distance| Sighted { query, position, distance }));
            }
        }
        let mut found = Vec::new();
        sweep(asked, distance, planes, |sighted| found.push(sighted));
        found.sort_unstable();
        prop_assert_eq!(&found, &expected);
        for simd in Simd::all() {
            found.clear();
            for (query, code) in asked.iter().enumerate() {
                some(simd, [*code], query, distance, planes, &mut |sighted| found.push(sighted));
            }
            prop_assert_eq!(&found, &expected);
        }
    }

    /// Every way of computing a tile notes the same.
    #[test]
    fn tiles_are_the_same_on_every_processor(stored in 0usize..40, chunks in 0usize..5, limit in 0u32..=14, seed: u64) {
        let mut numbers = Numbers(seed);
        let mut window = || numbers.next() as u32;
        let entries: Vec<_> = (0..stored).map(|_| order::Entry { window: window(), position: 0 }).collect();
        let lanes: Vec<_> = (0..chunks).map(|_| [0; LANES].map(|_: u32| window())).collect();
        let mut expected = Vec::new();
        for (stored, entry) in (0..).zip(&entries) {
            for (lane, other) in (0..).zip(lanes.as_flattened()) {
                expected.extend(((entry.window ^ other).count_ones() <= limit).then_some((stored, lane)));
            }
        }
        expected.sort_unstable();
        for simd in Simd::all() {
            let mut near = Vec::new();
            simd.tile(&entries, &lanes, limit, &mut near);
            let mut near: Vec<_> = near.into_iter().map(|Near { stored, lane }| (stored, lane)).collect();
            near.sort_unstable();
            prop_assert_eq!(&near, &expected);
        }
    }
}

/// Sixty thousand codes with near copies at distances 0 to 40, all joined with all: what comparing all finds, with the
/// windows of more lanes than are compared at a time.
#[test]
fn a_large_join_finds_what_comparing_all_finds() {
    let count = cases(8_000, 60_000) as usize;
    let mut numbers = Numbers(7);
    let mut codes: Vec<_> = (0..count * 3 / 4).map(|_| numbers.code()).collect();
    // A slot that many share: its bucket has more codes than there are lanes.
    codes.iter_mut().take(6000).for_each(|code| code.0[2] = code.0[2] & !0xffff | 0xabcd);
    for copy in codes.len()..count {
        let original = codes[numbers.below(codes.len() as u64) as usize];
        codes.push(numbers.near(original, copy as u32 % 41, 16));
    }
    for distance in [15, 31, 40] {
        let index = index(&codes, distance);
        assert!(index.passes().count() == 16 || distance > 31 && count < 17_000);
        let expected = brute_itself(&codes, distance);
        assert!(expected.len() > count / 4 * distance as usize / 41);
        assert!(by_slots(&index, None, 3) == sorted(expected.clone()), "distance {distance}");
        let (stored, asking) = codes.split_at(count / 2);
        let index = self::index(stored, distance);
        let mut hits = Vec::new();
        index.join(&mut Listed::new(asking, 4096), |hit| hits.push(hit)).unwrap();
        assert!(sorted(hits) == sorted(brute(asking, stored, distance)), "distance {distance}, two sets");
        println!("soak: {count} codes, distance {distance}: {} pairs, as by comparing all", expected.len());
    }
}

/// The distances at which a slot may differ by one bit more, and those just below.
#[test]
fn pairs_at_exactly_the_distance_are_found_and_none_beyond() {
    let mut numbers = Numbers(1);
    for distance in 0..=MOST_DISTANCE {
        for _ in 0..cases(4, 400) {
            let code = numbers.code();
            let codes = [code, numbers.near(code, distance, 16), numbers.near(code, distance + 1, 16)];
            let hits = by_slots(&index(&codes, distance), None, 1);
            assert!(hits.contains(&Hit { asker: 1, stored: 4, distance }));
            assert!(!hits.iter().any(|hit| (hit.asker, hit.stored) == (1, 7)));
        }
    }
}

#[test]
fn a_batch_for_another_pass_finds_nothing() {
    let codes = [Code([1, 2, 3, 4]); 2];
    let index = index(&codes, 31);
    let mut batch = Batch::default();
    batch.push(codes[0], 1);
    let ordered = index.ordered(Pass::Slot(0), Order::default());
    let mut hits = 0;
    ordered.join(batch.sorted(Pass::Slot(1)), Part::WHOLE, &mut |_| hits += 1);
    assert_eq!(hits, 0);
    ordered.join(batch.sorted(Pass::Slot(0)), Part::WHOLE, &mut |_| hits += 1);
    assert_eq!(hits, 2);
}
