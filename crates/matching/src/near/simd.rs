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

    /// Which blocks hold a code whose first 128 bits differ from those of a query by at most `limit`: noted by number, with
    /// the number of the query.
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
            if least(chunk, windows) <= limit {
                note(four, first, chunk, lane, limit, near);
            }
        }
    }
}

/// In how many bits the nearest two of some windows and some lanes differ.
#[inline(always)]
fn least(chunk: &[u32; LANES], windows: [u32; 4]) -> u32 {
    let mut least = [u32::MAX; LANES];
    for window in windows {
        for (least, lane) in least.iter_mut().zip(chunk) {
            *least = (*least).min((lane ^ window).count_ones());
        }
    }
    least.into_iter().fold(u32::MAX, u32::min)
}

#[cold]
#[inline(never)]
fn note(four: &[Entry], first: u32, chunk: &[u32; LANES], lane: u32, limit: u32, near: &mut Vec<Near>) {
    for (entry, stored) in four.iter().zip(first..) {
        for (other, lane) in chunk.iter().zip(lane..) {
            if (entry.window ^ other).count_ones() <= limit {
                near.push(Near { stored, lane });
            }
        }
    }
}

/// The number of the first block with a code that may be within the limit of one of the queries.
#[inline(always)]
fn prefilter_of<const Q: usize>(queries: [[u64; 2]; Q], blocks: Blocks<'_>, limit: u64) -> Option<usize> {
    blocks.first.iter().zip(blocks.second).position(|(first, second)| {
        let mut least = [u64::MAX; WIDTH];
        for [a, b] in queries {
            for (least, (x, y)) in least.iter_mut().zip(first.iter().zip(second)) {
                *least = (*least).min(u64::from((x ^ a).count_ones() + (y ^ b).count_ones()));
            }
        }
        least.into_iter().fold(u64::MAX, u64::min) <= limit
    })
}
