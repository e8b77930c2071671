//! `cargo xtask pdq`: our PDQ hashes against the reference's on its own pictures.

use std::process::Command;

use crate::{
    Outcome,
    command::{cargo, root, run as run_command},
    python::Environment,
};

/// The reference, as a Python package of its C++ sources, and what decodes its pictures.
const REFERENCE: Environment =
    Environment { folder: "target/compare/pdq", packages: &["pdqhash==0.2.8", "numpy==2.4.6", "pillow==13.0.0"] };

/// Installs the reference, builds the program, and runs `compare/pdq` with these arguments.
///
/// # Errors
/// If something cannot be installed or built, or a hash is not the reference's.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    if arguments.is_empty() {
        return Err("`pdq` needs a clone of https://github.com/facebook/ThreatExchange".to_owned());
    }
    REFERENCE.install()?;
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    let table = root().join("target/compare/pdq.md");
    let python = root().join(REFERENCE.folder).join("bin/python3");
    run_command(Command::new(python).arg(root().join("compare/pdq")).arg("--out").arg(table).args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clone_must_be_named_and_versions_are_pinned() {
        assert!(run(&[]).unwrap_err().starts_with("`pdq` needs a clone"));
        assert!(REFERENCE.packages.iter().all(|package| package.contains("==")));
    }
}
