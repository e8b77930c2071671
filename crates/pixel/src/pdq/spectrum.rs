//! From 64 by 64 values of brightness to the code: a cosine transform of which 16 by 16 values are kept.

use crate::{
    code::Code,
    simd::{Work, fast},
    turn::Turn,
};

/// Values a side of a [`Thumb`].
pub(crate) const SIDE: usize = 64;

/// Frequencies a side of a [`Spectrum`].
const KEPT: usize = 16;

/// How many frequencies are worked on together.
const FEW: usize = 4;

/// The picture's brightness in 64 rows of 64 values, 0 to 255, whatever shape the picture has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Thumb(pub(crate) [[f32; SIDE]; SIDE]);

impl Default for Thumb {
    fn default() -> Self {
        Self([[0.0; SIDE]; SIDE])
    }
}

impl Thumb {
    /// How much the picture shows, 0 to 100: the sum of the steps between neighbours, each in whole hundredths of the
    /// range, cut towards zero. A plain area has 0; below 50 a code says little.
    ///
    /// # Source
    /// `pdqImageDomainQualityMetric` of `pdq/cpp/hashing/pdqhashing.cpp` in ThreatExchange.
    #[must_use]
    pub(crate) fn quality(&self) -> u8 {
        fast(Steps(self))
    }

    /// Its 16 lowest frequencies in each direction, the mean left out. Every sum runs in the order of the source, so
    /// the values are the same to the bit.
    ///
    /// # Cost
    /// 82,000 multiplications: 4 microseconds or so.
    ///
    /// # Source
    /// `dct64To16` of `pdq/cpp/hashing/pdqhashing.cpp` in ThreatExchange.
    #[must_use]
    pub(crate) fn spectrum(&self) -> Spectrum {
        fast(Transform(self))
    }
}

/// [`Thumb::spectrum`].
struct Transform<'a>(&'a Thumb);

impl Work for Transform<'_> {
    type Done = Spectrum;

    #[inline(always)]
    fn work(self) -> Spectrum {
        let mut spectrum = Spectrum::default();
        let kept = spectrum.0.as_chunks_mut::<FEW>().0;
        for (kept, waves) in kept.iter_mut().zip(&WAVES_OF_ROWS) {
            let columns = down(waves, self.0);
            let mut sums = [[0.0; KEPT]; FEW];
            for (at, waves) in WAVES_OF_COLUMNS.iter().enumerate() {
                for (sums, columns) in sums.iter_mut().zip(&columns) {
                    let column = columns.get(at).copied().unwrap_or(0.0);
                    sums.iter_mut().zip(waves).for_each(|(sum, wave)| *sum += column * wave);
                }
            }
            *kept = sums;
        }
        spectrum
    }
}

/// Four waves down all columns, eight columns at a time: their sums stay in registers, and none waits for another.
#[inline(always)]
fn down(waves: &[[f32; FEW]; SIDE], thumb: &Thumb) -> [[f32; SIDE]; FEW] {
    const ACROSS: usize = 8;
    let mut columns = [[0.0; SIDE]; FEW];
    for at in 0..SIDE / ACROSS {
        let mut sums = [[0.0; ACROSS]; FEW];
        for (waves, row) in waves.iter().zip(&thumb.0) {
            let values = row.as_chunks::<ACROSS>().0.get(at).unwrap_or(&[0.0; ACROSS]);
            for (sums, wave) in sums.iter_mut().zip(waves) {
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += wave * value);
            }
        }
        for (columns, sums) in columns.iter_mut().zip(sums) {
            columns.as_chunks_mut().0.iter_mut().skip(at).take(1).for_each(|place| *place = sums);
        }
    }
    columns
}

/// [`Thumb::quality`].
struct Steps<'a>(&'a Thumb);

impl Work for Steps<'_> {
    type Done = u8;

    #[inline(always)]
    fn work(self) -> u8 {
        let rows = &self.0.0;
        let mut sums = [0.0; SIDE];
        for (upper, lower) in rows.iter().zip(rows.iter().skip(1)) {
            add_steps(&mut sums, upper, lower);
        }
        for (y, row) in rows.iter().enumerate() {
            let behind = rows.as_flattened().get(y * SIDE + 1..).and_then(|behind| behind.first_chunk());
            // The last has no neighbour: it is its own.
            let mut shifted = behind.copied().unwrap_or(*row);
            if behind.is_none() {
                shifted.copy_within(1.., 0);
            }
            shifted.iter_mut().skip(SIDE - 1).zip(row.last()).for_each(|(cell, own)| *cell = *own);
            add_steps(&mut sums, row, &shifted);
        }
        // Whole numbers far below 2^24 in all: exact in any order.
        let steps: f32 = sums.iter().sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
        let quality = (steps / 90.0).min(100.0) as u8;
        quality
    }
}

/// Adds the steps from one line of values to another, each in whole hundredths of the range.
#[inline(always)]
fn add_steps(sums: &mut [f32; SIDE], from: &[f32; SIDE], to: &[f32; SIDE]) {
    /// From here on single precision has no fractions: adding it rounds, which every processor does eight at a time.
    const WHOLE: f32 = 8_388_608.0;
    for ((sum, a), b) in sums.iter_mut().zip(from).zip(to) {
        let step = (((a - b) * 100.0) / 255.0).abs();
        let near = (step + WHOLE) - WHOLE;
        *sum += if near > step { near - 1.0 } else { near };
    }
}

/// Frequencies 1 to 16 of a [`Thumb`], in rows from low to high up and down, in each row from low to high across.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Spectrum([[f32; KEPT]; KEPT]);

impl Spectrum {
    /// The code: bit `16 * row + column` says whether that value is above the median, which is the 128th smallest.
    ///
    /// # Source
    /// `pdqBuffer16x16ToBits` of `pdq/cpp/hashing/pdqhashing.cpp` in ThreatExchange, and its `torben`, which of an even
    /// number of values finds the lower of the middle two.
    #[must_use]
    pub(crate) fn code(&self) -> Code {
        let mut sorted = [0.0; KEPT * KEPT];
        sorted.copy_from_slice(self.0.as_flattened());
        let (_, median, _) = sorted.select_nth_unstable_by(KEPT * KEPT / 2 - 1, f32::total_cmp);
        let median = *median;
        let (words, _) = self.0.as_flattened().as_chunks::<64>();
        let mut code = Code::default();
        for (word, values) in code.0.iter_mut().zip(words) {
            *word = values.iter().rev().fold(0, |word, value| word << 1 | u64::from(*value > median));
        }
        code
    }

    /// The spectrum of the picture after a turn: values change places and signs, nothing is computed again.
    ///
    /// The source turns the other way round with its names: its `Rotate90` is [`Turn::Anticlockwise`], its `Rotate270`
    /// [`Turn::Clockwise`], `FlipX` is [`Turn::FlipVertical`], `FlipY` [`Turn::FlipHorizontal`], `FlipPlus1`
    /// [`Turn::Transpose`], `FlipMinus1` [`Turn::Transverse`].
    ///
    /// # Source
    /// `dct16OriginalToRotate90` and its six sisters in `pdq/cpp/hashing/pdqhashing.cpp` of ThreatExchange.
    #[must_use]
    pub(crate) fn turned(&self, turn: Turn) -> Self {
        let mut turned = if turn.swaps_sides() { self.transposed() } else { self.clone() };
        // A flip changes the sign of every odd wave in its direction; the first kept is frequency 1.
        let (flips_rows, flips_columns) = match turn {
            Turn::None | Turn::Transpose => (false, false),
            Turn::FlipHorizontal | Turn::Clockwise => (false, true),
            Turn::FlipVertical | Turn::Anticlockwise => (true, false),
            Turn::Half | Turn::Transverse => (true, true),
        };
        for (y, row) in turned.0.iter_mut().enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                if (flips_rows && y % 2 == 0) != (flips_columns && x % 2 == 0) {
                    *value = -*value;
                }
            }
        }
        turned
    }

    fn transposed(&self) -> Self {
        let mut rows = self.0.map(|_| [0.0; KEPT]);
        for (x, row) in self.0.iter().enumerate() {
            for (target, value) in rows.iter_mut().zip(row) {
                target.iter_mut().skip(x).take(1).for_each(|place| *place = *value);
            }
        }
        Self(rows)
    }
}

/// Four waves at a time, at each of the middles of 64 steps: those of frequencies `4 i + 1` to `4 i + 4`, scaled by the
/// root of 2/64, in single precision.
///
/// Computed when the program is compiled: the cosine of a system's library differs from another's in the last bit.
static WAVES_OF_ROWS: [[[f32; FEW]; SIDE]; KEPT / FEW] = waves_of_rows();

/// The same by columns: row `k` has all 16 waves at step `k`.
static WAVES_OF_COLUMNS: [[f32; KEPT]; SIDE] = waves_of_columns();

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which refuses an index out of bounds")]
const fn waves() -> [[f32; SIDE]; KEPT] {
    let mut waves = [[0.0; SIDE]; KEPT];
    let mut i = 0;
    while i < KEPT {
        let mut j = 0;
        while j < SIDE {
            waves[i][j] = wave((i + 1) * (2 * j + 1));
            j += 1;
        }
        i += 1;
    }
    waves
}

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which refuses an index out of bounds")]
const fn waves_of_rows() -> [[[f32; FEW]; SIDE]; KEPT / FEW] {
    let rows = waves();
    let mut few = [[[0.0; FEW]; SIDE]; KEPT / FEW];
    let mut i = 0;
    while i < KEPT {
        let mut j = 0;
        while j < SIDE {
            few[i / FEW][j][i % FEW] = rows[i][j];
            j += 1;
        }
        i += 1;
    }
    few
}

#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which refuses an index out of bounds")]
const fn waves_of_columns() -> [[f32; KEPT]; SIDE] {
    let rows = waves();
    let mut columns = [[0.0; KEPT]; SIDE];
    let mut j = 0;
    while j < SIDE {
        let mut i = 0;
        while i < KEPT {
            columns[j][i] = rows[i][j];
            i += 1;
        }
        j += 1;
    }
    columns
}

/// The root of 2/64, in single precision as the source has it, times the cosine of `n` times pi/128.
#[expect(clippy::cast_possible_truncation, reason = "to single precision, as the source")]
#[expect(clippy::cast_precision_loss, reason = "numbers up to 64 are exact")]
const fn wave(n: usize) -> f32 {
    const SCALE: f32 = 0.176_776_69;
    let n = n % 256;
    let n = if n > 128 { 256 - n } else { n };
    let (n, is_negative) = if n > 64 { (128 - n, true) } else { (n, false) };
    let value = SCALE as f64 * cosine(n as f64 * (std::f64::consts::PI / 128.0));
    if is_negative { -value as f32 } else { value as f32 }
}

/// The cosine of 0 to pi/2, from its series; the rest behind the last term is below 1e-17.
const fn cosine(angle: f64) -> f64 {
    let (mut sum, mut term, mut n) = (1.0, 1.0, 0.0);
    while n < 24.0 {
        term = -term * angle * angle / ((n + 1.0) * (n + 2.0));
        sum += term;
        n += 2.0;
    }
    sum
}
