//! Samples of fewer than eight bits, packed into bytes.

/// The values of `bits` bits each (1, 2, 4 or 8) that `bytes` hold, the high bits of each byte first.
pub(crate) fn packed(bytes: &[u8], bits: u8) -> impl Iterator<Item = u8> + '_ {
    let step = bits.clamp(1, 8);
    let per_byte = 8 / step;
    let mask = u8::MAX >> (8 - step);
    bytes.iter().flat_map(move |&byte| (0..per_byte).map(move |at| byte >> (8 - step * (at + 1)) & mask))
}

/// A value of 0 to `max` as 0 to 255 where that is exact, which it is if `max` divides 255.
pub(crate) fn exact_eight(max: u32) -> Option<u8> {
    if max > 0 && 255 % max == 0 { u8::try_from(255 / max).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_bits_come_first() {
        assert_eq!(packed(&[0b1010_0001], 1).collect::<Vec<_>>(), [1, 0, 1, 0, 0, 0, 0, 1]);
        assert_eq!(packed(&[0b1101_0010], 2).collect::<Vec<_>>(), [3, 1, 0, 2]);
        assert_eq!(packed(&[0x1f, 0xa0], 4).collect::<Vec<_>>(), [1, 15, 10, 0]);
        assert_eq!(packed(&[7, 255], 8).collect::<Vec<_>>(), [7, 255]);
    }
}
