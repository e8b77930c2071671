//! The waves in a picture that its codes are made of.

use std::{array, f32::consts::PI, sync::LazyLock};

use super::{
    drawn::drawn,
    square::{SIDE, Square},
    view::{Shown, View},
};
use crate::code::Code;

/// How many waves along each side: of 1 to 16 half cycles.
pub(super) const WAVES: usize = 16;

/// Half a side: what lies equally far from the middle is added up, and taken from each other, before anything is
/// multiplied. In the sums only the waves of whole cycles are seen, in the differences only the others.
const HALF: usize = SIDE / 2;

/// How many waves are worked on together: those of one symmetry, or of the lower or the higher half.
const FEW: usize = WAVES / 2;

/// The strength of each wave of a view: row `i` has `i + 1` half cycles from top to bottom, column `j` has `j + 1` from
/// left to right.
pub(super) type Strengths = [[f32; WAVES]; WAVES];

/// What is left of a line after the waves along the other side: cells that lie in the left half, as sums with those in
/// the right half and as differences from them.
type Band = [[f32; HALF]; 2];

/// For each cell in one half, its part in some waves.
type Weights = [[f32; FEW]; HALF];

/// A square folded in the middle: its upper rows and its lower ones, the last first, as sums and as differences.
type Folded = [[[f32; SIDE]; HALF]; 2];

/// What is between a square and its codes: in one place, which stays in the processor's cache.
pub(super) struct Room {
    folded: Folded,
    few: [[[f32; SIDE]; FEW]; 4],
    bands: [[[f32; SIDE]; WAVES]; 2],
    folded_bands: [Band; WAVES],
}

impl Default for Room {
    fn default() -> Self {
        Self {
            folded: [[[0.0; SIDE]; HALF]; 2],
            few: [[[0.0; SIDE]; FEW]; 4],
            bands: [[[0.0; SIDE]; WAVES]; 2],
            folded_bands: [[[0.0; HALF]; 2]; WAVES],
        }
    }
}

/// The waves along a side of the part that is left when so much is cut off at its start and its end.
struct Measure {
    cut: [f32; 2],
    weights: Box<[[Weights; 2]; 2]>,
}

impl Measure {
    /// The integral of each wave over each cell, as far as the cell lies in the part, which the wave fills.
    fn new(cut: [f32; 2]) -> Self {
        let [start, end] = [cut[0], 1.0 - cut[1]];
        let line = |wave: usize, cell: usize| {
            let half_cycles = PI * (wave + 1) as f32;
            let turned = |at: usize| {
                let inside = ((at as f32 / SIDE as f32 - start) / (end - start)).clamp(0.0, 1.0);
                (half_cycles * inside).sin() / half_cycles
            };
            turned(cell + 1) - turned(cell)
        };
        let is_even = cut[0] == cut[1];
        let weights = array::from_fn(|fold| {
            array::from_fn(|few| {
                array::from_fn(|cell| {
                    array::from_fn(|at| {
                        let wave = if is_even { 2 * at + 1 - fold } else { few * FEW + at };
                        let (near, far) = (line(wave, cell), line(wave, SIDE - 1 - cell));
                        if fold == 0 { (near + far) / 2.0 } else { (near - far) / 2.0 }
                    })
                })
            })
        });
        Self { cut, weights: Box::new(weights) }
    }

    /// Whether as much is cut off at both ends: then each wave is seen in only one of sums and differences.
    fn is_even(&self) -> bool {
        self.cut[0] == self.cut[1]
    }
}

/// Some views that show a part: what they share is done once.
struct Group {
    down: Measure,
    /// Those that have this vertical part, then those that have it upside down.
    across: [Vec<(Measure, [Option<View>; 2])>; 2],
}

/// All views that show a part. A part and its mirror image share their measure.
static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    let mut groups: Vec<Group> = Vec::new();
    for view in (1..View::CODES as u8).filter_map(View::from_number) {
        let Shown::Part([left, top, right, bottom]) = view.shown() else { continue };
        let ((down, is_upside_down), (across, is_mirrored)) = (ordered([top, bottom]), ordered([left, right]));
        if !groups.iter().any(|group| group.down.cut == down) {
            groups.push(Group { down: Measure::new(down), across: <_>::default() });
        }
        let Some(group) = groups.iter_mut().find(|group| group.down.cut == down) else { continue };
        let [upright, upside_down] = &mut group.across;
        let measures = if is_upside_down { upside_down } else { upright };
        if !measures.iter().any(|(measure, _)| measure.cut == across) {
            measures.push((Measure::new(across), [None; 2]));
        }
        let known = measures.iter_mut().find(|(measure, _)| measure.cut == across);
        let place = known.and_then(|(_, views)| views.get_mut(usize::from(is_mirrored)));
        place.into_iter().for_each(|place| *place = Some(view));
    }
    groups
});

/// A cut of which the start is the larger, and whether it is mirrored for that.
fn ordered([start, end]: [f32; 2]) -> ([f32; 2], bool) {
    if start < end { ([end, start], true) } else { ([start, end], false) }
}

/// Gives the code of every view that shows a part of the picture.
///
/// A code says which waves are positive. That is nearly PDQ, which asks which are above their median, but so the codes of
/// turned pictures follow from one code. The strength of a wave is the integral of brightness times the cosine of PDQ
/// over the part: what PDQ of the part itself comes to, but for how it makes the picture smaller.
///
/// # Cost
/// Of each vertical part and its mirror image together at most `WAVES * SIDE * SIDE` multiplications, of each horizontal
/// one `WAVES * WAVES * SIDE`; half of that where both ends are cut alike.
#[inline(always)]
pub(super) fn of_parts(square: &Square, room: &mut Room, mut each: impl FnMut(View, Option<Code>)) {
    fold(square, &mut room.folded);
    for group in GROUPS.iter() {
        along(&group.down, room);
        for (bands, measures) in room.bands.iter().zip(&group.across) {
            if measures.is_empty() {
                continue;
            }
            fold_bands(bands, &mut room.folded_bands);
            for (measure, views) in measures {
                for (strengths, view) in strengths(measure, &room.folded_bands).iter().zip(views) {
                    if let Some(view) = view {
                        each(*view, code(strengths));
                    }
                }
            }
        }
    }
}

/// The code of a whole square.
#[inline(always)]
pub(super) fn of_all(square: &Square, room: &mut Room) -> Option<Code> {
    let group = GROUPS.iter().find(|group| group.down.cut == [0.0; 2])?;
    fold(square, &mut room.folded);
    along(&group.down, room);
    let [bands, _] = &room.bands;
    fold_bands(bands, &mut room.folded_bands);
    let [strengths, _] = strengths(&group.down, &room.folded_bands);
    code(&strengths)
}

#[inline(always)]
fn fold(square: &Square, [sums, differences]: &mut Folded) {
    for (((near, far), sums), differences) in square.iter().zip(square.iter().rev()).zip(sums).zip(differences) {
        for (((near, far), sum), difference) in near.iter().zip(far).zip(sums).zip(differences) {
            (*sum, *difference) = (near + far, near - far);
        }
    }
}

#[inline(always)]
fn fold_bands(bands: &[[f32; SIDE]; WAVES], folded: &mut [Band; WAVES]) {
    for (band, [sums, differences]) in bands.iter().zip(folded) {
        for (((near, far), sum), difference) in band.iter().zip(band.iter().rev()).zip(sums).zip(differences) {
            (*sum, *difference) = (near + far, near - far);
        }
    }
}

/// The waves down a square, and down it upside down; of a measure that is even only the first.
#[inline(always)]
fn along(measure: &Measure, room: &mut Room) {
    let Room {
        folded: [sums, differences], bands: [upright, upside_down], few: [low, high, low_rest, high_rest], ..
    } = room;
    let [[low_sums, high_sums], [low_differences, high_differences]] = &*measure.weights;
    if measure.is_even() {
        down(low_differences, differences, low_rest);
        down(low_sums, sums, low);
        interleave(low_rest, low, upright);
        return;
    }
    down(low_sums, sums, low);
    down(high_sums, sums, high);
    down(low_differences, differences, low_rest);
    down(high_differences, differences, high_rest);
    let (both, rest) = (low.iter().chain(high.iter()), low_rest.iter().chain(high_rest.iter()));
    for (wave, (both, rest)) in both.zip(rest).enumerate() {
        let Some((upright, upside_down)) = upright.get_mut(wave).zip(upside_down.get_mut(wave)) else { continue };
        let sign = sign_of_mirrored(wave);
        for (((upright, upside_down), both), rest) in upright.iter_mut().zip(upside_down).zip(both).zip(rest) {
            (*upright, *upside_down) = (both + rest, sign * (both - rest));
        }
    }
}

/// A wave of an odd number of half cycles, at an even place, changes its sign when its side is turned round.
const fn sign_of_mirrored(wave: usize) -> f32 {
    if wave.is_multiple_of(2) { -1.0 } else { 1.0 }
}

/// Waves of odd numbers of half cycles and those of even ones, in one order.
#[inline(always)]
fn interleave<T: Copy>(odd: &[T; FEW], even: &[T; FEW], into: &mut [T; WAVES]) {
    for ([first, second], (odd, even)) in into.as_chunks_mut::<2>().0.iter_mut().zip(odd.iter().zip(even)) {
        (*first, *second) = (*odd, *even);
    }
}

/// Some waves down the columns of a half: four of them in eight columns at a time, so that their sums stay in registers.
#[inline(always)]
fn down(weights: &Weights, half: &[[f32; SIDE]; HALF], bands: &mut [[f32; SIDE]; FEW]) {
    for (few, bands) in bands.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        for at in 0..SIDE / 8 {
            let mut sums = [[0.0; 8]; 4];
            for (weights, row) in weights.iter().zip(half) {
                let weights = weights.as_chunks::<4>().0.get(few).unwrap_or(&[0.0; 4]);
                let cells = row.as_chunks::<8>().0.get(at).unwrap_or(&[0.0; 8]);
                for (sums, weight) in sums.iter_mut().zip(weights) {
                    for (sum, cell) in sums.iter_mut().zip(cells) {
                        *sum += weight * cell;
                    }
                }
            }
            for (band, sums) in bands.iter_mut().zip(sums) {
                band.as_chunks_mut().0.iter_mut().skip(at).take(1).for_each(|place| *place = sums);
            }
        }
    }
}

/// The waves across bands, and across their mirror images; of a measure that is even only the first.
#[inline(always)]
fn strengths(measure: &Measure, bands: &[Band; WAVES]) -> [Strengths; 2] {
    const TOGETHER: usize = 4;
    let mut strengths = [Strengths::default(); 2];
    let [[low_sums, high_sums], [low_differences, high_differences]] = &*measure.weights;
    let [upright, mirrored] = &mut strengths;
    let bands = bands.as_chunks::<TOGETHER>().0.iter();
    let rows = upright.as_chunks_mut::<TOGETHER>().0.iter_mut().zip(mirrored.as_chunks_mut::<TOGETHER>().0);
    for ([[a, b], [c, d], [e, f], [g, h]], (upright, mirrored)) in bands.zip(rows) {
        let (sums, differences) = ([a, c, e, g], [b, d, f, h]);
        let (low, low_rest) = (across(low_sums, &sums), across(low_differences, &differences));
        if measure.is_even() {
            for ((row, odd), even) in upright.iter_mut().zip(&low_rest).zip(&low) {
                interleave(odd, even, row);
            }
            continue;
        }
        let (high, high_rest) = (across(high_sums, &sums), across(high_differences, &differences));
        let halves = low.iter().zip(&low_rest).zip(high.iter().zip(&high_rest));
        for ((upright, mirrored), ((low, low_rest), (high, high_rest))) in upright.iter_mut().zip(mirrored).zip(halves)
        {
            let (both, rest) = (low.iter().chain(high), low_rest.iter().chain(high_rest));
            let places = upright.iter_mut().zip(mirrored).zip(both.zip(rest));
            for (wave, ((upright, mirrored), (both, rest))) in places.enumerate() {
                (*upright, *mirrored) = (both + rest, sign_of_mirrored(wave) * (both - rest));
            }
        }
    }
    strengths
}

/// Some waves across a half of four bands.
#[inline(always)]
fn across(weights: &Weights, [a, b, c, d]: &[&[f32; HALF]; 4]) -> [[f32; FEW]; 4] {
    let mut strengths = [[0.0; FEW]; 4];
    let cells = a.iter().zip(*b).zip(c.iter().zip(*d));
    for (weights, ((a, b), (c, d))) in weights.iter().zip(cells) {
        for (sums, cell) in strengths.iter_mut().zip([a, b, c, d]) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += cell * weight;
            }
        }
    }
    strengths
}

/// Up to which strength a wave is neither positive nor negative, in levels of 255: what rounding leaves of a wave that is not
/// there. Half a level of one cell is a hundred times as much.
pub(super) const NOTHING: f32 = 1e-4;

/// How many of the 256 waves must be there for a code to be worth comparing. Stripes have none, and what is its own mirror
/// image across and down has a quarter.
const LEAST_DECIDED: u32 = 32;

/// The code of a view: which waves are positive; none if hardly any wave is there. Of a wave that is not there the bit is drawn:
/// symmetric pictures have many of them, and would all be near one another if those were equal.
#[inline(always)]
fn code(strengths: &Strengths) -> Option<Code> {
    let (mut code, mut undecided) = (Code::default(), Code::default());
    let words = code.0.iter_mut().zip(&mut undecided.0);
    for ((word, undecided), rows) in words.zip(strengths.as_chunks::<4>().0) {
        for (at, row) in rows.iter().enumerate() {
            let (mut above, mut nothing) = (0_u32, 0_u32);
            for (bit, wave) in row.iter().enumerate() {
                above |= u32::from(*wave > NOTHING) << bit;
                nothing |= u32::from(wave.abs() <= NOTHING) << bit;
            }
            *word |= u64::from(above) << (at * WAVES);
            *undecided |= u64::from(nothing) << (at * WAVES);
        }
    }
    if undecided != Code::default() {
        if undecided.distance(Code::default()) > Code::BITS - LEAST_DECIDED {
            return None;
        }
        let drawn = drawn(strengths);
        code.0
            .iter_mut()
            .zip(undecided.0.iter().zip(drawn.0))
            .for_each(|(word, (undecided, drawn))| *word |= undecided & drawn);
    }
    Some(code)
}
