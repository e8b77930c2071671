//! `cargo xtask evaluate`: measures how well near duplicates are found, on pictures made by edits.

use std::process::Command;

use crate::{
    Outcome,
    command::{cargo, root, run as run_command},
    compare,
    python::Environment,
    setup,
};

/// The hashes of others, and what the evaluation itself needs, with the versions of `docs/accuracy.md`.
pub(crate) const ENVIRONMENT: Environment = Environment {
    folder: "target/compare/evaluate",
    packages: &[
        // Without PyTorch, which imagededup wants for a method that is not measured.
        "--no-deps",
        "imagededup==0.3.3.post2",
        "ImageHash==4.3.2",
        "pdqhash==0.2.8",
        "PyWavelets==1.9.0",
        "cloudpickle==3.1.3",
        "joblib==1.6.0",
        "narwhals==2.29.0",
        "numpy==2.4.6",
        "pillow==13.0.0",
        "scikit-learn==1.9.1",
        "scipy==1.17.1",
        "threadpoolctl==3.8.0",
        "tqdm==4.70.1",
    ],
};

/// What `compare/similar` is run for instead, as the first of the arguments.
const SPEED: &str = "--speed";

/// Installs the others, builds the program, and runs `compare/evaluate/run` with these arguments; after `--speed`
/// it is `compare/similar`.
///
/// # Errors
/// If the hashes of others cannot be installed, the program does not build, or the evaluation fails.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    setup::install(&[setup::VENV])?;
    ENVIRONMENT.install()?;
    compare::install_czkawka();
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    let (script, rest) = script_of(arguments);
    let mut evaluation = Command::new(root().join(ENVIRONMENT.folder).join("bin/python3"));
    evaluation.arg(root().join(script)).arg("--pixtwin").arg(compare::built_program()?);
    run_command(evaluation.args(rest))
}

/// The program of `compare/` that is to be run, and its arguments.
fn script_of(arguments: &[String]) -> (&'static str, &[String]) {
    match arguments.split_first() {
        Some((first, rest)) if first == SPEED => ("compare/similar", rest),
        _ => ("compare/evaluate/run", arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn every_version_is_pinned_for_measurements_that_can_be_repeated() {
        for package in ENVIRONMENT.packages.iter().filter(|package| !package.starts_with('-')) {
            assert!(package.contains("=="), "{package}");
        }
    }

    #[test]
    fn the_speed_has_a_program_of_its_own() {
        assert_eq!(script_of(&words("--slice 9")), ("compare/evaluate/run", &words("--slice 9")[..]));
        assert_eq!(script_of(&words("--speed folder")), ("compare/similar", &words("folder")[..]));
        assert_eq!(script_of(&[]).0, "compare/evaluate/run");
    }
}
