//! `cargo xtask worst`: the worst cases and the growth, from making the libraries to the table.

use std::process::Command;

use crate::{
    Outcome,
    command::{cargo, root, run as run_command},
};

/// Builds the program and the maker of libraries, and runs `compare/worst` with these arguments.
///
/// # Errors
/// If something cannot be built, or the measurement fails.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let maker = ["build", "--quiet", "--release", "--package", "pixtwin-testkit", "--example", "worst"];
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    run_command(&mut cargo(&maker))?;
    let report = root().join("target/compare/worst.md");
    run_command(Command::new(root().join("compare/worst")).arg("--out").arg(&report).args(arguments))
}
