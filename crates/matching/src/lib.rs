//! Keys and evidence to groups of twins.
//!
//! This crate is pure: no files, clock, threads or environment, so every rank of a cluster comes to the same groups.

mod exchange;

mod groups;

pub mod keep;

pub mod near;

pub use exchange::{Asked, Everyone, Exchange, Loss, Rung, Standing};
pub use groups::{Candidate, Proof, Twins, group, proof_between, proofs};
