//! Decides what of a result is to stay and what is to go: reads results, looks at the files as they are now, and makes plans.
//!
//! This crate never changes a file of the user: it gives plans, and `actions` carries them out.

pub mod names;

pub mod nearness;

pub mod size;

mod found;

mod read;

mod collect;

mod rules;

mod look;

mod decide;

mod judge;

pub use collect::Collector;
pub use decide::{Decided, Decider, Decision};
pub use found::{Found, FoundFile, FoundGroup};
pub use judge::Engine;
pub use look::roots_of;
pub use read::{ReadError, SCHEMA};
pub use rules::{KeepRule, Rules};
