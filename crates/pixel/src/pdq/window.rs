//! Where the window of a box filter lies, and which places of a line are kept.

use super::spectrum::SIDE;

/// The window of a box filter along a line: output `n` is the mean of the inputs `n - (full - 1 - lag) ..= n + lag`,
/// those that exist.
///
/// # Source
/// `computeJaroszFilterWindowSize` and `box1DFloat` of `pdq/cpp/downscaling/downscaling.cpp` in ThreatExchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// How many inputs it holds away from the ends of the line; 1 or more.
    pub(super) full: usize,
    /// How many inputs an output waits for beyond its own.
    pub(super) lag: usize,
    length: usize,
}

impl Window {
    /// The window for lines of that length: two passes of it cover the distance of two kept places.
    pub(super) const fn over(length: usize) -> Self {
        let full = length.div_ceil(2 * SIDE);
        Self { full, lag: full / 2, length }
    }

    /// How many inputs output `at` is the mean of; behind the last output infinitely many, which makes them zero.
    #[expect(clippy::cast_precision_loss, reason = "a line of 2^31 pixels has a window of 2^24")]
    pub(super) const fn inputs(&self, at: usize) -> f32 {
        if at >= self.length {
            return f32::INFINITY;
        }
        let added = at + self.lag + 1;
        let beyond_end = added.saturating_sub(self.length);
        let first = if added < self.full { added } else { self.full };
        (first - beyond_end) as f32
    }
}

/// The 64 places of a line of that length that are kept, from first to last: the middles of 64 equal parts. A line
/// shorter than 64 has some of them more than once.
///
/// # Source
/// `decimateFloat` of `pdq/cpp/downscaling/downscaling.cpp` in ThreatExchange.
pub(super) fn kept_places(length: usize) -> [usize; SIDE] {
    std::array::from_fn(|n| (2 * n + 1) * length / (2 * SIDE))
}
