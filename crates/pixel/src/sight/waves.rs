//! The waves in a picture that its codes are made of.

use std::{array, f32::consts::PI, sync::LazyLock};

use super::{
    square::{SIDE, Square},
    view::{Shown, View},
};
use crate::{code::Code, turn::Turn};

/// How many waves along each side: of 1 to 16 half cycles.
pub(super) const WAVES: usize = 16;

/// The strength of each wave of a view: row `i` has `i + 1` half cycles from top to bottom, column `j` has `j + 1` from
/// left to right.
pub(super) type Strengths = [[f32; WAVES]; WAVES];

/// How much each cell of a line counts in each wave.
type Lines = [[f32; SIDE]; WAVES];

/// The waves of one view along both sides.
struct Measure {
    /// Which of [`Measures::down`].
    down: usize,
    /// From left to right: for each cell, its part in all waves.
    across: Box<[[f32; WAVES]; SIDE]>,
}

/// The waves of all views that show a part, each vertical one once.
struct Measures {
    down: Vec<Box<Lines>>,
    of_view: Vec<(View, Measure)>,
}

static MEASURES: LazyLock<Measures> = LazyLock::new(|| {
    let mut measures = Measures { down: Vec::new(), of_view: Vec::new() };
    let mut intervals = Vec::new();
    for view in (1..View::CODES as u8).filter_map(View::from_number) {
        let Shown::Part([left, top, right, bottom]) = view.shown() else { continue };
        let interval = [top, 1.0 - bottom];
        let down = intervals.iter().position(|known| *known == interval).unwrap_or_else(|| {
            intervals.push(interval);
            measures.down.push(Box::new(lines(interval)));
            intervals.len() - 1
        });
        let flat = lines([left, 1.0 - right]);
        let across = array::from_fn(|cell| array::from_fn(|wave| part(&flat, wave, cell)));
        measures.of_view.push((view, Measure { down, across: Box::new(across) }));
    }
    measures
});

fn part(lines: &Lines, wave: usize, cell: usize) -> f32 {
    lines.get(wave).and_then(|line| line.get(cell)).copied().unwrap_or(0.0)
}

/// Gives the strengths of every view that shows a part of the picture, [`View::TRIMMED`] first.
///
/// The strengths are the integrals of brightness times the cosines of PDQ over the part: what PDQ of the part itself
/// comes to, but for how it makes the picture smaller.
///
/// # Cost
/// Of each vertical part once `WAVES * SIDE * SIDE` multiplications, of each view `WAVES * WAVES * SIDE`.
pub(super) fn of_parts(square: &Square, mut each: impl FnMut(View, &Strengths)) {
    let downs: Vec<_> = MEASURES.down.iter().map(|lines| down(lines, square)).collect();
    for (view, measure) in &MEASURES.of_view {
        if let Some(bands) = downs.get(measure.down) {
            each(*view, &across(bands, &measure.across));
        }
    }
}

/// The strengths of a whole square.
pub(super) fn of_all(square: &Square) -> Strengths {
    let all = MEASURES.of_view.iter().find(|(view, _)| *view == View::TRIMMED);
    all.and_then(|(_, measure)| Some(across(&down(MEASURES.down.get(measure.down)?, square), &measure.across)))
        .unwrap_or_default()
}

fn down(lines: &Lines, square: &Square) -> [[f32; SIDE]; WAVES] {
    let mut bands = [[0.0; SIDE]; WAVES];
    for (band, line) in bands.iter_mut().zip(lines) {
        // Sixteen columns at a time: their sums stay in registers.
        for (at, sums) in band.as_chunks_mut::<WAVES>().0.iter_mut().enumerate() {
            let mut few = [0.0; WAVES];
            for (weight, row) in line.iter().zip(square) {
                let cells = row.as_chunks::<WAVES>().0.get(at).unwrap_or(&[0.0; WAVES]);
                few.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += weight * cell);
            }
            *sums = few;
        }
    }
    bands
}

fn across(bands: &[[f32; SIDE]; WAVES], across: &[[f32; WAVES]; SIDE]) -> Strengths {
    let mut strengths = Strengths::default();
    for (row, band) in strengths.iter_mut().zip(bands) {
        let mut sums = [0.0; WAVES];
        for (cell, weights) in band.iter().zip(across) {
            sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += cell * weight);
        }
        *row = sums;
    }
    strengths
}

/// The integral of each wave over each cell, as far as the cell lies in the interval, a part of 0 to 1, that the wave
/// fills.
fn lines([start, end]: [f32; 2]) -> Lines {
    array::from_fn(|wave| {
        let half_cycles = PI * (wave + 1) as f32;
        let turned = |at: usize| {
            let inside = ((at as f32 / SIDE as f32 - start) / (end - start)).clamp(0.0, 1.0);
            (half_cycles * inside).sin() / half_cycles
        };
        array::from_fn(|cell| turned(cell + 1) - turned(cell))
    })
}

/// The code of a view: which waves are positive. Nearly PDQ, which asks which are above their median, but so the codes
/// of turned pictures follow from one code.
pub(super) fn code(strengths: &Strengths) -> Code {
    let mut code = Code::default();
    let flat: &[f32] = strengths.as_flattened();
    for (word, waves) in code.0.iter_mut().zip(flat.chunks_exact(64)) {
        *word = waves.iter().enumerate().fold(0, |word, (bit, wave)| word | u64::from(*wave > 0.0) << bit);
    }
    code
}

/// The code of a picture after a turn, from the code of [`View::TRIMMED`].
pub(super) fn turned(code: Code, turn: Turn) -> Code {
    // Waves of an odd number of half cycles, at even places, change their sign when their side is turned round.
    let (is_mirrored_across, is_mirrored_down) = match turn {
        Turn::None | Turn::Transpose => (false, false),
        Turn::FlipHorizontal | Turn::Clockwise => (true, false),
        Turn::FlipVertical | Turn::Anticlockwise => (false, true),
        Turn::Half | Turn::Transverse => (true, true),
    };
    const ACROSS: u64 = 0x5555_5555_5555_5555;
    const DOWN: u64 = 0x0000_ffff_0000_ffff;
    let mut turned = if turn.swaps_sides() { transposed(code) } else { code };
    for word in &mut turned.0 {
        *word ^= if is_mirrored_across { ACROSS } else { 0 } ^ if is_mirrored_down { DOWN } else { 0 };
    }
    turned
}

fn transposed(code: Code) -> Code {
    let mut transposed = Code::default();
    for bit in 0..Code::BITS as usize {
        let (row, column) = (bit / WAVES, bit % WAVES);
        let from = column * WAVES + row;
        let is_set = code.0.get(from / 64).is_some_and(|word| word >> (from % 64) & 1 == 1);
        if let Some(word) = transposed.0.get_mut(bit / 64) {
            *word |= u64::from(is_set) << (bit % 64);
        }
    }
    transposed
}
