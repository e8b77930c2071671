//! `cargo xtask compare`: measures the program beside others, which ordinary builds never touch.

use std::{path::Path, process::Command};

use crate::{
    Outcome,
    command::{cargo, root, run as run_command},
    setup,
};

const TOOLS: [setup::Tool; 2] = [("mpirun", "openmpi-bin"), ("python3", "python3-venv")];
/// What the Python peers import.
const PYTHON_PACKAGES: [&str; 3] = ["mpi4py", "numpy", "pillow"];

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
    install_python(&home)?;
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

fn install_python(home: &Path) -> Outcome {
    let venv = home.join("venv");
    // Written last, so that an installation cut short is done again.
    let done = venv.join("complete");
    if done.is_file() {
        return Ok(());
    }
    eprintln!("compare: installing {} into target/compare/venv", PYTHON_PACKAGES.join(", "));
    run_command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    run_command(Command::new(venv.join("bin/pip")).args(["install", "--quiet"]).args(PYTHON_PACKAGES))?;
    std::fs::write(&done, "").map_err(|cause| format!("cannot write `{}`: {cause}", done.display()))
}
