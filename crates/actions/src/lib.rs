//! Acts on twins: plans, the steps that carry them out, the journal, and the way back.
//!
//! Only `disk` changes files of the user, and nothing here decodes a picture: whether two are the same is asked again,
//! through [`Judge`], a moment before one of them is moved.

pub mod disk;

pub mod plan;

mod judge;

pub use judge::{Judge, Particulars};
