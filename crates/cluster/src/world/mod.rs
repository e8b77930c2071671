//! The ranks of a run, and how messages get from one to another.

pub mod link;
