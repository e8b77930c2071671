//! `cargo xtask compare`: measures the program beside others, which ordinary builds never touch.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Outcome,
    command::{cargo, metadata, root, run as run_command, step},
    python::Environment,
    setup,
};

/// Where the other programs are installed, below the root of the project.
const HOME: &str = "target/compare";

/// Those that Debian has, and what the others need of it.
const TOOLS: [setup::Tool; 5] = [
    ("jdupes", "jdupes"),
    ("rmlint", "rmlint"),
    ("findimagedupes", "findimagedupes"),
    ("mpirun", "openmpi-bin"),
    setup::VENV,
];

/// Those that crates.io has, with the versions of `docs/benchmarks.md`.
const CRATES: [(&str, &str); 2] = [("fclones", "0.35.0"), ("czkawka_cli", "12.0.2")];

/// Those that PyPI has, with the versions of `docs/benchmarks.md`.
const ENVIRONMENTS: [Environment; 4] = [
    // The programs in `compare/` itself.
    Environment { folder: "target/compare/venv", packages: &["mpi4py==4.1.2", "numpy==2.4.6", "pillow==13.0.0"] },
    Environment { folder: "target/compare/difpy", packages: &["difPy==4.2.1", "numpy==2.4.6", "pillow==13.0.0"] },
    Environment {
        folder: "target/compare/cleanvision",
        packages: &["cleanvision==0.3.7", "numpy==2.4.6", "pillow==13.0.0"],
    },
    // Its hashes alone: what pip would take besides is PyTorch, more than 5 GB, for a method that is not measured.
    Environment {
        folder: "target/compare/imagededup",
        packages: &[
            "--no-deps",
            "imagededup==0.3.3.post2",
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
    },
];

/// Installs the others under `target/compare`, builds the program, and runs `compare/run` with these arguments.
///
/// What cannot be installed is named, and left out of the comparison, whose report says so.
///
/// # Errors
/// If no library is named, the program does not build, or the comparison fails.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err("`compare` needs at least one library: a folder with pictures".to_owned());
    }
    install();
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    let report = root().join(HOME).join("report.md");
    let mut comparison = Command::new(root().join("compare/run"));
    comparison.arg("--pixtwin").arg(built_program()?).arg("--out").arg(&report);
    run_command(comparison.args(arguments))
}

/// Tests the parts of the comparison that judge and print; none of the other programs is needed.
///
/// # Errors
/// If a test fails.
pub(crate) fn test() -> Outcome {
    step("compare", || {
        let mut tests = Command::new("python3");
        tests.args(["-B", "-m", "unittest", "discover", "-q", "-s", "compare/tests", "-t", "compare"]);
        run_command(tests.current_dir(root()))
    })
}

fn install() {
    for (what, outcome) in outcomes() {
        if let Err(cause) = outcome {
            eprintln!("compare: {what} cannot be installed and will be left out: {cause}");
        }
    }
}

/// What is installed, and how that went.
fn outcomes() -> Vec<(&'static str, Outcome)> {
    let home = root().join(HOME);
    let mut outcomes: Vec<_> = TOOLS.iter().map(|tool| (tool.0, setup::install(&[*tool]))).collect();
    outcomes.extend(CRATES.iter().map(|(name, version)| (*name, install_crate(&home, name, version))));
    outcomes.extend(ENVIRONMENTS.iter().map(|environment| (environment.folder, environment.install())));
    outcomes
}

/// Installs czkawka_cli alone, or says that it will be left out.
pub(crate) fn install_czkawka() {
    for (name, version) in CRATES.iter().filter(|(name, _)| *name == "czkawka_cli") {
        if let Err(cause) = install_crate(&root().join(HOME), name, version) {
            eprintln!("evaluate: {name} cannot be installed and will be left out: {cause}");
        }
    }
}

fn install_crate(home: &Path, name: &str, version: &str) -> Outcome {
    if home.join("bin").join(name).is_file() {
        return Ok(());
    }
    eprintln!("compare: installing {name} {version} from crates.io into {HOME}");
    let mut command = cargo(&["install", "--quiet", "--locked", "--version", version, name, "--root"]);
    run_command(command.arg(home))
}

/// Where cargo puts the release build, which the environment may say.
pub(crate) fn built_program() -> Result<PathBuf, String> {
    let metadata = metadata(&["--no-deps"])?;
    let folder = metadata.get("target_directory").and_then(|folder| folder.as_str());
    let folder = folder.ok_or("`cargo metadata` names no target directory")?;
    Ok(Path::new(folder).join("release/pixtwin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_needs_a_library() {
        assert!(run(&[]).unwrap_err().starts_with("`compare` needs at least one library"));
    }

    #[test]
    fn every_version_is_pinned_for_measurements_that_can_be_repeated() {
        for environment in ENVIRONMENTS {
            assert!(environment.folder.starts_with(HOME));
            for package in environment.packages.iter().filter(|package| !package.starts_with('-')) {
                assert!(package.contains("=="), "{package}");
            }
        }
    }

    #[test]
    fn the_program_is_where_cargo_builds_it() {
        assert!(built_program().unwrap().ends_with("release/pixtwin"));
    }
}
