//! `cargo xtask test`: what CI runs, and nothing else.

use crate::{
    Outcome, cargo_test, check,
    command::{cargo, step},
    compare, instructions, setup,
};

/// Sets up, checks, counts instructions, and runs every test; the last line on standard output is `N passed, M failed`.
///
/// # Errors
/// That of the first check that fails, that tests failed, or that a unit of work costs more than it did.
pub(crate) fn run() -> Outcome {
    setup::run()?;
    check::without_tests()?;
    compare::test()?;
    // A unit that costs more must not hide a test that fails.
    let counted = step("instructions", || instructions::run(&[]));
    let tested =
        cargo_test::run(&mut cargo(&["test", "--quiet", "--workspace", "--no-fail-fast"]), cargo_test::Show::Results);
    tested.and(counted)
}
