//! Acts on twins: plans, the steps that carry them out, the journal, and the way back.
//!
//! Only `disk` changes files of the user, and nothing here decodes a picture: whether two are the same is asked again,
//! through [`Judge`], a moment before one of them is moved.

pub mod disk;

pub mod plan;

pub mod carry;
pub mod sidecars;
pub mod trash;

mod judge;
mod same;
#[cfg(test)]
mod test_disk;

pub use judge::{Judge, Particulars};
pub use same::have_same_bytes;
