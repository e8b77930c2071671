//! The five filters of PNG, undone.
//!
//! Source: PNG specification, third edition, section 9.

use crate::Error;

/// Undoes the filter of one row: from `raw` and the row above to `row`, all of one length.
pub(super) fn unfilter(filter: u8, pixel_bytes: usize, raw: &[u8], above: &[u8], row: &mut [u8]) -> Result<(), Error> {
    // The distance as a constant lets the compiler keep the pixel before in registers.
    match pixel_bytes {
        1 => by_distance::<1>(filter, raw, above, row),
        2 => by_distance::<2>(filter, raw, above, row),
        3 => by_distance::<3>(filter, raw, above, row),
        4 => by_distance::<4>(filter, raw, above, row),
        6 => by_distance::<6>(filter, raw, above, row),
        _ => by_distance::<8>(filter, raw, above, row),
    }
}

fn by_distance<const N: usize>(filter: u8, raw: &[u8], above: &[u8], row: &mut [u8]) -> Result<(), Error> {
    match filter {
        0 => row.copy_from_slice(raw),
        1 => sub::<N>(raw, row),
        2 => up(raw, above, row),
        3 => average::<N>(raw, above, row),
        4 => paeth::<N>(raw, above, row),
        _ => return Err(Error::corrupt(format!("a row has the unknown filter {filter}"))),
    }
    Ok(())
}

fn sub<const N: usize>(raw: &[u8], row: &mut [u8]) {
    let mut left = [0_u8; N];
    for (out, raw) in row.as_chunks_mut::<N>().0.iter_mut().zip(raw.as_chunks::<N>().0) {
        for (left, raw) in left.iter_mut().zip(raw) {
            *left = left.wrapping_add(*raw);
        }
        *out = left;
    }
}

fn up(raw: &[u8], above: &[u8], row: &mut [u8]) {
    for ((out, raw), above) in row.iter_mut().zip(raw).zip(above) {
        *out = raw.wrapping_add(*above);
    }
}

fn average<const N: usize>(raw: &[u8], above: &[u8], row: &mut [u8]) {
    let mut left = [0_u8; N];
    let pixels = row.as_chunks_mut::<N>().0.iter_mut().zip(raw.as_chunks::<N>().0).zip(above.as_chunks::<N>().0);
    for ((out, raw), above) in pixels {
        for ((left, raw), above) in left.iter_mut().zip(raw).zip(above) {
            // The halved sum, without the ninth bit.
            *left = ((*left & *above) + ((*left ^ *above) >> 1)).wrapping_add(*raw);
        }
        *out = left;
    }
}

fn paeth<const N: usize>(raw: &[u8], above: &[u8], row: &mut [u8]) {
    let mut left = [0_i16; 8];
    let mut above_left = [0_i16; 8];
    let pixels = row.as_chunks_mut::<N>().0.iter_mut().zip(raw.as_chunks::<N>().0).zip(above.as_chunks::<N>().0);
    for ((out, raw), above) in pixels {
        let (raw, above) = (widen(raw), widen(above));
        for (((left, above_left), above), raw) in left.iter_mut().zip(above_left).zip(above).zip(raw) {
            *left = (predict(*left, above, above_left) + raw) & 255;
        }
        let narrow = left.map(|sample| sample.to_le_bytes()[0]);
        for (out, sample) in out.iter_mut().zip(narrow) {
            *out = sample;
        }
        above_left = above;
    }
}

/// A pixel in eight lanes of sixteen bits, whatever its size: the compiler keeps that in one register.
fn widen<const N: usize>(pixel: &[u8; N]) -> [i16; 8] {
    let mut lanes = [0; 8];
    for (lane, sample) in lanes.iter_mut().zip(pixel) {
        *lane = *sample;
    }
    lanes.map(i16::from)
}

/// The Paeth predictor. Of `a`, `b` and `c` it takes the one nearest to `a + b - c`, the first of equals.
///
/// With the smaller and the larger of `a` and `b`: `c` at or outside of that interval means the far end is nearest
/// (`3c - a - b` compares the distances), else `c` itself. The tests compare it with the definition for every input.
fn predict(a: i16, b: i16, c: i16) -> i16 {
    let (low, high) = (a.min(b), a.max(b));
    let threshold = 3 * c - (a + b);
    let inner = if high <= threshold { low } else { c };
    if threshold <= low { high } else { inner }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 9.4 of the specification, word by word.
    fn defined(a: i16, b: i16, c: i16) -> i16 {
        let p = a + b - c;
        let (pa, pb, pc) = ((p - a).abs(), (p - b).abs(), (p - c).abs());
        if pa <= pb && pa <= pc {
            a
        } else if pb <= pc {
            b
        } else {
            c
        }
    }

    #[test]
    fn the_predictor_is_the_defined_one_for_every_input() {
        for a in 0..256 {
            for b in 0..256 {
                for c in 0..256 {
                    assert_eq!(predict(a, b, c), defined(a, b, c), "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_filter_is_an_error() {
        assert!(unfilter(5, 3, &[0; 3], &[0; 3], &mut [0; 3]).is_err());
    }
}
