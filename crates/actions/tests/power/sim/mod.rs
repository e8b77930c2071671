//! A disk in memory that can lose power, and whose calls can fail.

mod calls;
mod changes;
mod cut;
mod disk;
mod plant;
mod tree;
mod trouble;
mod world;

mod tests;

pub(crate) use disk::SimDisk;
pub(crate) use tree::{Body, Node, Number};
pub(crate) use trouble::{Meter, Trouble, Way};
pub(crate) use world::{Model, World};
