//! Power cuts and failing calls, on a simulated disk: nothing is ever lost, and nothing untrue is said.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::cast_possible_truncation)] // Numbers of tests are small, and random ones are cut on purpose.

mod alike;
mod cuts;
mod failures;
mod found;
mod library;
mod oracle;
mod scene;
mod sim;
mod stage;
