//! Work compiled for several processors.
//!
//! The loops are plain Rust, compiled once for AVX2 and once for whatever the program is built for (NEON is always on
//! where it exists). Which one runs is looked up when the program runs. Both do the same steps in the same order, and
//! no step is joined with another, so the results are the same to the bit and this crate stays pure.

/// Work that is worth it. All it calls in its loops has to be inlined: what is not, is compiled for the least processor.
pub(crate) trait Work {
    /// What comes of it.
    type Done;

    /// Does it. Implementations are marked `#[inline(always)]`.
    fn work(self) -> Self::Done;
}

/// Does some work with the best instructions of this processor.
pub(crate) fn fast<W: Work>(work: W) -> W::Done {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "instructions that not every processor has")]
        // SAFETY: this processor has just been asked for the one feature that the function names.
        return unsafe { with_avx2(work) };
    }
    work.work()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<W: Work>(work: W) -> W::Done {
    work.work()
}
