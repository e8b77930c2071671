//! The page in a real browser: Debian's Chromium, driven by scripts that lie beside this file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and figures are shown"
)]

mod album;

mod script;

mod work;

mod near;

mod views;

mod report;

const PIXTWIN: &str = env!("CARGO_BIN_EXE_pixtwin");
