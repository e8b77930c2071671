//! Draws pictures, writes them in every format, and runs the program on them: what the tests share.
//!
//! Only tests use this crate; nothing of it is in the program. It must never use the program's own code: an encoder
//! that shared a mistake with a decoder would hide it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::missing_panics_doc,
    reason = "a panic is how a test fails, and pictures of tests are small"
)]

pub mod draw;

pub mod encode;

pub mod gallery;

pub mod held;

mod census;

mod cluster;

mod dir;

mod library;

mod mounts;

mod mpi;

mod mutants;

mod run;

mod served;

pub mod touch;

pub use census::{Census, Snapshot};
pub use cluster::{Cluster, Job, Rank};
pub use dir::Dir;
pub use draw::Drawing;
pub use library::library;
pub use mounts::Mounts;
pub use mpi::Mpi;
pub use mutants::mutant_of_plan;
pub use run::{Ran, Run, Running};
pub use served::Served;

/// How many times a law is tried: `few` in an ordinary run, `many` in the long one (`cargo xtask soak`).
#[must_use]
pub fn cases(few: u32, many: u32) -> u32 {
    if std::env::var_os("PIXTWIN_SOAK").is_some() { many } else { few }
}
