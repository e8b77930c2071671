//! Which pictures of one size may differ by no more than a bound in any channel of any pixel.

use std::ops::ControlFlow;

use pixtwin_pixel::{Apart, Means};

/// How many means of a picture are looked at before all of them.
const CHOSEN: usize = 8;

/// Pictures of one shape up to which each is simply held against each other.
const FEW: usize = 16;

/// How many pictures the means are chosen by.
const SAMPLE: usize = 512;

/// Hands `found` each pair of pictures whose means may be within `most` of each other: their numbers, counted from 0 in
/// the order of `means`. Each pair comes once; pairs with the same first number follow each other. Stops when `found`
/// answers `Break`, and says so.
///
/// No pair is missed: what it leaves out, [`Means::may_be_within`] refuses.
///
/// # Cost
/// Pictures are held against those of their shape that are near in the two means that tell them apart best; most of these
/// are left after a look at eight means, in a nanosecond. So 100,000 pictures of one size cost a second, as long as they
/// differ. What is near in all means is handed out and not kept, for it can be all pairs. Holds 24 bytes a picture
/// beside the means, and 1 MiB.
pub fn pairs_within(
    means: &[Means],
    most: Apart,
    found: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let shape_of = |number: &u32| means.get(*number as usize).map(Means::shape);
    let mut numbers: Vec<u32> = (0..).zip(means).map(|(number, _)| number).collect();
    numbers.sort_unstable_by_key(|number| (shape_of(number), *number));
    let mut sweep = Sweep { means, most, found };
    for alike in numbers.chunk_by(|a, b| shape_of(a) == shape_of(b)).filter(|alike| alike.len() > 1) {
        if alike.len() <= FEW { sweep.all(alike) } else { sweep.cells(alike) }?;
    }
    ControlFlow::Continue(())
}

/// A picture by the means that tell best.
#[derive(Clone, Copy)]
struct Sketch {
    chosen: [u16; CHOSEN],
    number: u32,
}

impl Sketch {
    /// The cell of the first mean: two that are within the bound lie in one cell or in neighbours.
    fn cell(&self, most: Apart) -> u32 {
        let [first, ..] = self.chosen;
        u32::from(first) / (u32::from(most.0) + 1)
    }

    fn second(&self) -> u16 {
        let [_, second, ..] = self.chosen;
        second
    }
}

struct Sweep<'a> {
    means: &'a [Means],
    most: Apart,
    found: &'a mut dyn FnMut(usize, usize) -> ControlFlow<()>,
}

impl Sweep<'_> {
    /// Each against each.
    fn all(&mut self, numbers: &[u32]) -> ControlFlow<()> {
        for (at, a) in numbers.iter().enumerate() {
            numbers.iter().skip(at + 1).try_for_each(|b| self.look(*a, *b))?;
        }
        ControlFlow::Continue(())
    }

    /// Each against those of its cell that follow it and those of the next cell, as far as the second mean is near.
    fn cells(&mut self, numbers: &[u32]) -> ControlFlow<()> {
        let most = self.most;
        let sketches = self.sketches(numbers);
        let mut cells = sketches.chunk_by(|a, b| a.cell(most) == b.cell(most)).peekable();
        while let Some(here) = cells.next() {
            let is_next = |next: &&&[Sketch]| match (here.first(), next.first()) {
                (Some(a), Some(b)) => a.cell(most) + 1 == b.cell(most),
                _ => false,
            };
            let mut next = cells.peek().filter(is_next).copied().unwrap_or_default();
            for (at, a) in here.iter().enumerate() {
                let is_below = |b: &Sketch| u32::from(b.second()) + u32::from(most.0) < u32::from(a.second());
                let below = next.iter().take_while(|b| is_below(b)).count();
                next = next.get(below..).unwrap_or_default();
                self.window(a, here.get(at + 1..).unwrap_or_default())?;
                self.window(a, next)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// One against others by ascending second mean, none of them below the bound.
    fn window(&mut self, a: &Sketch, others: &[Sketch]) -> ControlFlow<()> {
        let end = a.second().saturating_add(self.most.0);
        for b in others.iter().take_while(|b| b.second() <= end) {
            let largest = a.chosen.iter().zip(&b.chosen).fold(0, |largest, (a, b)| a.abs_diff(*b).max(largest));
            if largest <= self.most.0 {
                self.look(a.number, b.number)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The last look: at all means.
    fn look(&mut self, a: u32, b: u32) -> ControlFlow<()> {
        let (a, b) = (a as usize, b as usize);
        match (self.means.get(a), self.means.get(b)) {
            (Some(ours), Some(theirs)) if ours.may_be_within(theirs, self.most) => (self.found)(a, b),
            _ => ControlFlow::Continue(()),
        }
    }

    /// By cell, then by second mean.
    fn sketches(&self, numbers: &[u32]) -> Vec<Sketch> {
        let every = numbers.len().div_ceil(SAMPLE);
        let sample: Vec<&Means> =
            numbers.iter().step_by(every).filter_map(|number| self.means.get(*number as usize)).collect();
        let chosen = choose(&sample);
        let sketch = |number: &u32| {
            let means = self.means.get(*number as usize)?;
            Some(Sketch { chosen: chosen.map(|at| means.values().get(at).copied().unwrap_or(0)), number: *number })
        };
        let mut sketches: Vec<Sketch> = numbers.iter().filter_map(sketch).collect();
        sketches.sort_unstable_by_key(|sketch| (sketch.cell(self.most), sketch.second(), sketch.number));
        sketches
    }
}

/// The means that tell the pictures of a sample apart best: the one that varies most, then each time the one that varies
/// most beside what the others say already. What is found does not depend on the choice, only its cost does.
///
/// # Source
/// The greedy choice of the pivots of a QR decomposition: Businger and Golub, 1965.
fn choose(sample: &[&Means]) -> [usize; CHOSEN] {
    let mut columns: Vec<Vec<f64>> = (0..Means::VALUES).map(|at| centred(sample, at)).collect();
    let mut chosen = [0; CHOSEN];
    for place in &mut chosen {
        let varies = columns.iter().map(|column| dot(column, column)).enumerate();
        let (at, square) = varies.fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most });
        // Nothing is left but rounding: the others say it all.
        if square <= 1e-6 {
            break;
        }
        *place = at;
        let pivot = columns.get(at).cloned().unwrap_or_default();
        for column in &mut columns {
            let share = dot(column, &pivot) / square;
            column.iter_mut().zip(&pivot).for_each(|(value, of_pivot)| *value -= share * of_pivot);
        }
    }
    chosen
}

/// One of the means in all pictures of a sample, less their average.
fn centred(sample: &[&Means], at: usize) -> Vec<f64> {
    let values = sample.iter().map(|means| means.values().get(at).copied().map_or(0.0, f64::from));
    let count = u32::try_from(sample.len()).map_or(1.0, f64::from);
    let average = values.clone().sum::<f64>() / count;
    values.map(|value| value - average).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Numbers that look random.
    struct Draw(u64);

    impl Draw {
        fn next(&mut self, below: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % below
        }
    }

    fn means(shape: u64, values: impl Iterator<Item = u16>) -> Means {
        let mut bytes = [0; Means::BYTES];
        let values = values.take(Means::VALUES).flat_map(u16::to_le_bytes);
        let all = shape.to_le_bytes().into_iter().chain(values);
        bytes.iter_mut().zip(all).for_each(|(place, byte)| *place = byte);
        Means::from_bytes(&bytes)
    }

    /// Pictures around some centres, all values alike far from them.
    fn draw(seed: u64, count: u64, shapes: u64, centres: u64, reach: u64) -> Vec<Means> {
        let mut draw = Draw(seed);
        (0..count)
            .map(|_| {
                let (shape, mut centre) = (draw.next(shapes), Draw(draw.next(centres)));
                let value = |_| {
                    let value = centre.next(65_536) + draw.next(reach + 1);
                    u16::try_from(value.min(65_535)).unwrap()
                };
                means(shape, (0..Means::VALUES).map(value))
            })
            .collect()
    }

    fn found(means: &[Means], most: Apart) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let flow = pairs_within(means, most, &mut |a, b| {
            pairs.push((a, b));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        // Pairs of one first number follow each other.
        let firsts = pairs.chunk_by(|a, b| a.0 == b.0).map(|pairs| pairs[0].0);
        let mut distinct: Vec<usize> = firsts.clone().collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), firsts.count());
        pairs.iter_mut().for_each(|pair| *pair = (pair.0.min(pair.1), pair.0.max(pair.1)));
        pairs.sort_unstable();
        pairs
    }

    /// By the definition, without [`Means::may_be_within`].
    fn brute_force(means: &[Means], most: Apart) -> Vec<(usize, usize)> {
        let is_near = |a: &Means, b: &Means| {
            let mut values = a.values().iter().zip(b.values());
            a.shape() == b.shape()
                && values.all(|(a, b)| {
                    i32::from(*a) - i32::from(*b) <= i32::from(most.0)
                        && i32::from(*b) - i32::from(*a) <= i32::from(most.0)
                })
        };
        let all = (0..means.len()).flat_map(|a| (a + 1..means.len()).map(move |b| (a, b)));
        all.filter(|(a, b)| is_near(&means[*a], &means[*b])).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]
        #[test]
        fn the_pairs_of_brute_force(
            seed in any::<u64>(),
            (count, shapes, centres) in (0_u64..120, 1_u64..4, 1_u64..40),
            reach in prop_oneof![0_u64..3, 0_u64..70_000],
            near in prop_oneof![-2_i64..=2, Just(-1_000), Just(1_000)],
        ) {
            let means = draw(seed, count, shapes, centres, reach);
            let most = Apart(u16::try_from((i64::try_from(reach).unwrap() + near).clamp(0, 65_535)).unwrap());
            prop_assert_eq!(found(&means, most), brute_force(&means, most));
        }
    }

    /// One mean differs, each time another: wherever a picture differs, and by the bound exactly or one more.
    #[test]
    fn every_mean_counts() {
        for most in [1, 257, 2_570, 40_000] {
            let one = |at: usize, by: u16| means(7, (0..Means::VALUES).map(|each| if each == at { by } else { 0 }));
            for at in 0..Means::VALUES {
                let others = (0..20).map(|far| means(7, (0..Means::VALUES).map(|_| 50_000 + far)));
                let mut all: Vec<Means> = others.collect();
                all.extend([one(at, 0), one(at, most), one(at, most + 1)]);
                let pairs: Vec<_> = found(&all, Apart(most)).into_iter().filter(|(a, _)| *a >= 20).collect();
                assert_eq!(pairs, [(20, 21), (21, 22)], "mean {at}, bound {most}");
            }
        }
    }

    #[test]
    fn whoever_has_enough_stops() {
        let means = draw(1, 100, 1, 1, 0);
        let mut seen = 0;
        let flow = pairs_within(&means, Apart(0), &mut |_, _| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((flow, seen), (ControlFlow::Break(()), 3));
    }
}
