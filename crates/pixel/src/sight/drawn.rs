//! The bits of waves that are not there in a picture.

use super::{
    turned::{changed, joined, transposed},
    waves::{NOTHING, Strengths, WAVES},
};
use crate::code::Code;

/// How finely strengths are told apart, in levels of 255: a thousand times what rounding changes in them when the picture is
/// turned, and less than what tells two drawings of one symmetry apart.
const STEP: f32 = 0.25;

/// Bits for the waves that are not there. They follow from the strengths of the others, and those of a turned picture are what
/// [`super::turned::turned`] makes of them: a pattern that is its own transpose is drawn for the upright form of the picture,
/// and turned back.
///
/// Signs alone would not do: what is its own mirror image across and down has a quarter of the waves, and many stars and rings
/// have the same signs in all of them.
#[cold]
pub(super) fn drawn(strengths: &Strengths) -> Code {
    let (across, down) = from_upright(strengths);
    let upright = |row: usize, column: usize| {
        let is_changed = (across && column.is_multiple_of(2)) != (down && row.is_multiple_of(2));
        let wave = strengths.get(row).and_then(|row| row.get(column)).copied().unwrap_or_default();
        let steps = ((if is_changed { -wave } else { wave }) / STEP).round();
        u64::from((steps as i32).cast_unsigned())
    };
    let places = || (0..WAVES).flat_map(|row| (0..WAVES).map(move |column| (row, column)));
    let rows = places().fold(0, |state, (row, column)| mix(state ^ upright(row, column)));
    let columns = places().fold(0, |state, (row, column)| mix(state ^ upright(column, row)));
    let seed = u64::wrapping_add(rows, columns);
    let upper = joined(Code([0, 1, 2, 3].map(|word| mix(seed ^ word))), UPPER, |bits, mask| bits & mask);
    let pattern = joined(upper, transposed(upper), |upper, lower| upper | lower);
    joined(pattern, changed(across, down), |bits, change| bits ^ change)
}

/// Whether a picture has to be flipped left to right, and top to bottom, to be in its upright form, in which the strongest wave that only a flip left to right
/// changes is positive, and so is the strongest that only a flip top to bottom changes. Where one is missing, the strongest
/// that both change stands for it.
fn from_upright(strengths: &Strengths) -> (bool, bool) {
    let is_negative = |down: usize, across: usize| {
        let rows = strengths.iter().skip(down).step_by(2);
        let waves = rows.flat_map(|row| row.iter().skip(across).step_by(2));
        let strongest = waves.copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
        strongest.filter(|wave| wave.abs() > NOTHING).map(|wave| wave < 0.0)
    };
    // A flip changes the waves at even places along its side.
    let both = is_negative(0, 0);
    match (is_negative(1, 0), is_negative(0, 1)) {
        (Some(across), Some(down)) => (across, down),
        (Some(across), None) => (across, both.is_some_and(|both| both != across)),
        (None, Some(down)) => (both.is_some_and(|both| both != down), down),
        (None, None) => (both.unwrap_or(false), false),
    }
}

/// In each row those from the diagonal on.
const UPPER: Code = Code([0xfff8_fffc_fffe_ffff, 0xff80_ffc0_ffe0_fff0, 0xf800_fc00_fe00_ff00, 0x8000_c000_e000_f000]);

/// Scatters numbers: the finaliser of SplitMix64.
///
/// # Source
/// G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}
