//! The two inner loops, compiled for several processors.
//!
//! Each loop is written once, in plain Rust, and compiled for AVX-512 with its counting instruction, for AVX2, and for
//! whatever the program is built for (NEON is always on where it exists). Which one runs is looked up when the program
//! runs; the result is the same, so this crate stays pure.

use super::order::Entry;

/// How many codes are compared at a time in the join.
pub(super) const LANES: usize = 16;
/// How many codes are compared at a time in the sweep.
pub(super) const WIDTH: usize = 16;

/// What the processor can do. Made by [`Simd::of_this_processor`] only: that is why the calls below are sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Simd(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Plain,
}

impl Simd {
    /// The best that this processor can do.
    pub(super) fn of_this_processor() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vpopcntdq")
            {
                return Self(Level::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
                return Self(Level::Avx2);
            }
        }
        Self(Level::Plain)
    }

    /// All that this processor can do, the plainest included.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let best = Self::of_this_processor();
        let mut all = vec![Self(Level::Plain), best];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt") {
            all.push(Self(Level::Avx2));
        }
        all
    }

    /// Every stored window against every lane: notes those that differ by at most `limit` bits.
    pub(super) fn tile(self, stored: &[Entry], lanes: &[[u32; LANES]], limit: u32, near: &mut Vec<Near>) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "instructions that not every processor has")]
            // SAFETY: this level is given only to a processor that has all the features that the function names.
            Level::Avx512 => unsafe { tile_avx512(stored, lanes, limit, near) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "instructions that not every processor has")]
            // SAFETY: as above.
            Level::Avx2 => unsafe { tile_avx2(stored, lanes, limit, near) },
            Level::Plain => tile_of(stored, lanes, limit, near),
        }
    }

    /// The number of the first block with a code whose first 128 bits differ from those of a query by at most `limit`.
    pub(super) fn prefilter<const Q: usize>(
        self,
        queries: [[u64; 2]; Q],
        blocks: Blocks<'_>,
        limit: u64,
    ) -> Option<usize> {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "instructions that not every processor has")]
            // SAFETY: as above.
            Level::Avx512 => unsafe { prefilter_avx512(queries, blocks, limit) },
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code, reason = "instructions that not every processor has")]
            // SAFETY: as above.
            Level::Avx2 => unsafe { prefilter_avx2(queries, blocks, limit) },
            Level::Plain => prefilter_of(queries, blocks, limit),
        }
    }
}

/// A stored window and a lane that are near: which of those given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    pub(super) stored: u32,
    pub(super) lane: u32,
}

/// The first two words of codes, [`WIDTH`] codes a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks<'a> {
    pub(super) first: &'a [[u64; WIDTH]],
    pub(super) second: &'a [[u64; WIDTH]],
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vpopcntdq,popcnt")]
fn tile_avx512(stored: &[Entry], lanes: &[[u32; LANES]], limit: u32, near: &mut Vec<Near>) {
    tile_of(stored, lanes, limit, near);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn tile_avx2(stored: &[Entry], lanes: &[[u32; LANES]], limit: u32, near: &mut Vec<Near>) {
    tile_of(stored, lanes, limit, near);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vpopcntdq,popcnt")]
fn prefilter_avx512<const Q: usize>(queries: [[u64; 2]; Q], blocks: Blocks<'_>, limit: u64) -> Option<usize> {
    prefilter_of(queries, blocks, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn prefilter_avx2<const Q: usize>(queries: [[u64; 2]; Q], blocks: Blocks<'_>, limit: u64) -> Option<usize> {
    prefilter_of(queries, blocks, limit)
}

/// Four stored windows a round, so that one branch answers for 64 comparisons.
#[inline(always)]
fn tile_of(stored: &[Entry], lanes: &[[u32; LANES]], limit: u32, near: &mut Vec<Near>) {
    for (four, first) in stored.chunks(4).zip((0u32..).step_by(4)) {
        let mut windows = [four.first().map_or(0, |entry| entry.window); 4];
        for (window, entry) in windows.iter_mut().zip(four) {
            *window = entry.window;
        }
        for (chunk, lane) in lanes.iter().zip((0u32..).step_by(LANES)) {
            if is_near(chunk, windows, limit) {
                note(four, first, chunk, lane, limit, near);
            }
        }
    }
}

/// Whether any of four windows differs from any of the lanes by at most `limit` bits. Written so that it becomes five
/// instructions for each register of lanes and two windows, and one comparison for all four.
#[inline(always)]
fn is_near(chunk: &[u32; LANES], [a, b, c, d]: [u32; 4], limit: u32) -> bool {
    let mut least = [0; LANES];
    for (least, lane) in least.iter_mut().zip(chunk) {
        let nearest = (lane ^ a).count_ones().min((lane ^ b).count_ones());
        *least = nearest.min((lane ^ c).count_ones()).min((lane ^ d).count_ones());
    }
    let mut is_near = false;
    for least in least {
        is_near |= least <= limit;
    }
    is_near
}

/// Notes which they are: looked for with the instructions of the loop around it.
#[inline(always)]
fn note(four: &[Entry], first: u32, chunk: &[u32; LANES], lane: u32, limit: u32, near: &mut Vec<Near>) {
    for (entry, stored) in four.iter().zip(first..) {
        if !is_near(chunk, [entry.window; 4], limit) {
            continue;
        }
        for (other, lane) in chunk.iter().zip(lane..) {
            if (entry.window ^ other).count_ones() <= limit {
                near.push(Near { stored, lane });
            }
        }
    }
}

/// The number of the first block with a code that may be within the limit of one of the queries. A loop rather than an
/// iterator's search: a closure would be compiled apart, without the instructions.
#[inline(always)]
fn prefilter_of<const Q: usize>(queries: [[u64; 2]; Q], blocks: Blocks<'_>, limit: u64) -> Option<usize> {
    for (at, (first, second)) in blocks.first.iter().zip(blocks.second).enumerate() {
        if is_within(queries, first, second, limit) {
            return Some(at);
        }
    }
    None
}

#[inline(always)]
fn is_within<const Q: usize>(queries: [[u64; 2]; Q], first: &[u64; WIDTH], second: &[u64; WIDTH], limit: u64) -> bool {
    let mut least = [0; WIDTH];
    for (least, (x, y)) in least.iter_mut().zip(first.iter().zip(second)) {
        let mut nearest = u64::MAX;
        for [a, b] in queries {
            nearest = nearest.min(u64::from((x ^ a).count_ones() + (y ^ b).count_ones()));
        }
        *least = nearest;
    }
    let mut is_within = false;
    for least in least {
        is_within |= least <= limit;
    }
    is_within
}
