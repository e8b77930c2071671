//! `cargo xtask test`: what CI runs, and nothing else.

use crate::{Outcome, cargo_test, check, command::cargo, compare, setup};

/// Sets up, checks, and runs every test; the last line on standard output is `N passed, M failed`.
///
/// # Errors
/// That of the first check that fails, or that tests failed.
pub(crate) fn run() -> Outcome {
    setup::run()?;
    check::without_tests()?;
    compare::test()?;
    cargo_test::run(&mut cargo(&["test", "--quiet", "--workspace", "--no-fail-fast"]), cargo_test::Show::Results)
}
