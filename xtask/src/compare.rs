//! `cargo xtask compare`: measures the program beside others, which ordinary builds never touch.

use std::{path::Path, process::Command};

use crate::{
    Outcome,
    command::{cargo, root, run as run_command},
    python::Environment,
    setup,
};

const TOOLS: [setup::Tool; 2] = [("mpirun", "openmpi-bin"), setup::VENV];
/// What the Python peers import.
const PYTHON: Environment = Environment { folder: "target/compare/venv", packages: &["mpi4py", "numpy", "pillow"] };

/// Installs the others under `target/compare`, builds the program, and runs `compare/run` with these arguments.
///
/// # Errors
/// If no library is named, something cannot be installed, or the comparison fails.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err("`compare` needs at least one library: a folder with pictures".to_owned());
    }
    setup::install(&TOOLS)?;
    let home = root().join("target/compare");
    install_fclones(&home)?;
    PYTHON.install()?;
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    let report = home.join("report.md");
    run_command(Command::new(root().join("compare/run")).arg("--out").arg(&report).args(arguments))
}

fn install_fclones(home: &Path) -> Outcome {
    if home.join("bin/fclones").is_file() {
        return Ok(());
    }
    eprintln!("compare: installing fclones into target/compare");
    run_command(cargo(&["install", "--quiet", "--locked", "fclones", "--root"]).arg(home))
}
