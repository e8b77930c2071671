//! One run over the ranks of a cluster: who they are, how they talk, and how they share the work of a search.
//!
//! This crate never decodes a picture and never prints; only its module `world::mpi` calls MPI.

pub mod world;

mod crew;

mod roots;

mod run;

mod ranks;

mod keys;

mod records;

pub use crew::{Crew, Storage, Terms};
pub use ranks::Ranks;
pub use run::{Ran, Seat, run};
