//! PDQ: a code of 256 bits and a quality, the same bits as the reference gives for the same pixels.
//!
//! The reference (`pdqHash256FromFloatLuma` in ThreatExchange) smooths the brightness with two passes of a box filter along rows and
//! down columns, keeps 64 by 64 values, and codes the signs of their lowest frequencies around the median. Here that is
//! done as the rows come. Every sum runs in the order of the reference, in single precision, without fused
//! multiplication, so that the bits are the same on every machine.

mod columns;
mod filter;
mod lanes;
mod luma;
mod sink;
mod spectrum;
mod tiles;
mod window;

pub use luma::Ground;
pub use sink::{Pdq, PdqSink};
