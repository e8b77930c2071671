//! `cargo xtask check`: what must hold before every commit.

use crate::{
    Outcome,
    command::{cargo, run as run_command, step},
    tidy,
};

/// Runs every check, and stops at the first that fails.
///
/// # Errors
/// That of the check.
pub(crate) fn run() -> Outcome {
    without_tests()?;
    step("unit tests", || run_command(&mut cargo(&["test", "--quiet", "--workspace", "--lib", "--bins"])))
}

/// The checks that run no test.
///
/// # Errors
/// That of the check.
pub(crate) fn without_tests() -> Outcome {
    step("format", || run_command(&mut cargo(&["fmt", "--all", "--check"])))?;
    step("lint", || {
        run_command(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    })?;
    step("tidy", tidy::run)?;
    step("docs", || {
        run_command(cargo(&["doc", "--quiet", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
    })
}
