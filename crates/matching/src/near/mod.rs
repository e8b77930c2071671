//! Near duplicates: which codes lie within a distance of each other, and what groups come of it.
//!
//! Both searches are exact: every pair within the distance is found, none beyond it. [`Index`] joins many codes with many
//! (a scan), [`sweep`] compares a few with many (a question about one picture). [`stars`] and [`complete`] make groups.

mod join;

mod meet;

mod order;

mod pairs;

mod part;

mod second_look;

mod simd;

mod stars;

mod sweep;

mod within;

pub use join::{Askers, Batch, Hit, Index, Ordered, Pass, Sorted};
pub use meet::meet;
pub use order::Order;
pub use pairs::{Pair, Pairs, Run};
pub use part::Part;
pub use second_look::{Label, Meeting, second_look};
pub use stars::{Member, Star, complete, neighbours, stars, stars_apart};
pub use sweep::{Planes, Sighted, sweep};
pub use within::pairs_within;

/// The greatest distance that is searched for, in bits of 256: beyond it the join would compare every fifth pair.
pub const MOST_DISTANCE: u32 = 63;

#[cfg(test)]
mod proofs;

#[cfg(test)]
mod shuffles;
