//! Keys and evidence to groups of twins.
//!
//! This crate is pure: no files, clock, threads or environment, so every rank of a cluster comes to the same groups.
