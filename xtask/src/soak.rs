//! `cargo xtask soak`: the same tests with many more cases.

use crate::{Outcome, cargo_test, command::cargo, setup};

/// Cases of every law on random pictures; the ordinary run has proptest's 256.
const CASES: &str = "20000";

/// Runs every test in its long form, and shows the figures they print: lines that start with `soak:`.
///
/// # Errors
/// If something the tests need is missing, or tests failed.
pub(crate) fn run() -> Outcome {
    setup::run()?;
    let mut command = cargo(&["test", "--release", "--quiet", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    command.env("PIXTWIN_SOAK", "1").env("PROPTEST_CASES", CASES);
    cargo_test::run(&mut command, cargo_test::Show::Figures)
}
