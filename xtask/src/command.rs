//! Other programs: where they are, and running them.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use serde_json::Value;

use crate::Outcome;

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

/// The cargo that runs this, in the root of the project.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Does a program with this name lie in one of the folders of `PATH`?
pub(crate) fn is_installed(name: &str) -> bool {
    is_in(name, &env::var_os("PATH").unwrap_or_default())
}

fn is_in(name: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder| folder.join(name).is_file())
}

/// Runs a command to its end, its output going to the terminal.
///
/// # Errors
/// If it cannot be started or fails; the message has the command line.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|cause| format!("cannot start `{}`: {cause}", line(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed: {status}", line(command))) }
}

/// Runs a command to its end and gives its standard output.
///
/// # Errors
/// As [`run`].
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, String> {
    let output = command.output().map_err(|cause| format!("cannot start `{}`: {cause}", line(command)))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("`{}` failed: {}\n{}", line(command), output.status, String::from_utf8_lossy(&output.stderr)))
}

/// What cargo knows of the project's packages.
///
/// # Errors
/// If cargo fails.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Value, String> {
    let json = output(cargo(&["metadata", "--quiet", "--format-version", "1"]).args(arguments))?;
    serde_json::from_slice(&json).map_err(|cause| format!("cannot read what `cargo metadata` printed: {cause}"))
}

/// Runs one step, says how it went and how long it took.
///
/// # Errors
/// That of the step.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    let start = Instant::now();
    let outcome = work();
    let word = if outcome.is_ok() { "ok" } else { "FAILED" };
    eprintln!("{name:<12} {word}, {:.1} s", start.elapsed().as_secs_f64());
    outcome.map_err(|cause| format!("{name}: {cause}"))
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.display().to_string()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_looked_for_in_every_folder_of_the_path() {
        let path = env::join_paths([Path::new("/nowhere"), &root()]).unwrap();
        assert!(is_in("Cargo.toml", &path));
        assert!(!is_in("crates", &path), "a folder is no program");
        assert!(!is_in("Cargo.toml", OsStr::new("/nowhere")));
    }

    #[test]
    fn a_failure_names_the_command() {
        let mut command = Command::new("/nowhere/jpeg");
        command.args(["-a", "b c"]);
        let message = run(&mut command).unwrap_err();
        assert!(message.starts_with("cannot start `jpeg -a b c`: "), "{message}");
    }
}
