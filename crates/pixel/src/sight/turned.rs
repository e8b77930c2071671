//! How the code of a picture changes when the picture is turned.

use crate::{code::Code, turn::Turn};

/// The code of a picture without its border after a turn, from that before.
pub(super) fn turned(code: Code, turn: Turn) -> Code {
    let (is_mirrored_across, is_mirrored_down) = match turn {
        Turn::None | Turn::Transpose => (false, false),
        Turn::FlipHorizontal | Turn::Clockwise => (true, false),
        Turn::FlipVertical | Turn::Anticlockwise => (false, true),
        Turn::Half | Turn::Transverse => (true, true),
    };
    let turned = if turn.swaps_sides() { transposed(code) } else { code };
    joined(turned, changed(is_mirrored_across, is_mirrored_down), |bits, changed| bits ^ changed)
}

/// The bits that change when a picture is flipped left to right, top to bottom, or both: of waves of an odd number of half
/// cycles, at even places.
pub(super) fn changed(is_mirrored_across: bool, is_mirrored_down: bool) -> Code {
    let across = if is_mirrored_across { 0x5555_5555_5555_5555 } else { 0 };
    let down = if is_mirrored_down { 0x0000_ffff_0000_ffff } else { 0 };
    Code([across ^ down; 4])
}

/// Two codes, word by word.
pub(super) fn joined(mut one: Code, other: Code, join: impl Fn(u64, u64) -> u64) -> Code {
    one.0.iter_mut().zip(other.0).for_each(|(one, other)| *one = join(*one, other));
    one
}

/// Rows become columns: halves, quarters, pairs and single bits change places across the diagonal.
///
/// # Source
/// H. S. Warren, "Hacker's Delight", 7-3.
pub(super) fn transposed(code: Code) -> Code {
    let across = |low: &mut u64, high: &mut u64, shift: u32, mask: u64| {
        let changed = ((*low >> shift) ^ *high) & mask;
        *high ^= changed;
        *low ^= changed << shift;
    };
    let within = |word: u64, shift: u32, rows: u32, mask: u64| {
        let changed = ((word >> shift) ^ (word >> rows)) & mask;
        word ^ changed << shift ^ changed << rows
    };
    let Code([mut a, mut b, mut c, mut d]) = code;
    across(&mut a, &mut c, 8, 0x00ff_00ff_00ff_00ff);
    across(&mut b, &mut d, 8, 0x00ff_00ff_00ff_00ff);
    across(&mut a, &mut b, 4, 0x0f0f_0f0f_0f0f_0f0f);
    across(&mut c, &mut d, 4, 0x0f0f_0f0f_0f0f_0f0f);
    Code([a, b, c, d].map(|word| within(within(word, 2, 32, 0x3333_3333), 1, 16, 0x5555_0000_5555)))
}

#[cfg(test)]
mod tests {
    use super::{super::waves::WAVES, *};

    #[test]
    fn transposing_puts_every_bit_across_the_diagonal() {
        for bit in 0..256 {
            let only = |bit: usize| {
                let mut code = Code::default();
                code.0[bit / 64] = 1 << (bit % 64);
                code
            };
            assert_eq!(transposed(only(bit)), only(bit % WAVES * WAVES + bit / WAVES), "{bit}");
        }
    }
}
