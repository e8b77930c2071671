//! `cargo xtask cluster`: a small MPI cluster of namespaces on this machine.

use std::{os::unix::process::CommandExt, process::Command};

use crate::{Outcome, command::root};

/// Becomes the script of the cluster, so that what it starts has its own exit code and gets the signals of the terminal.
///
/// # Errors
/// If the script cannot be started.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut command = script(arguments);
    let cause = command.exec();
    Err(format!("cannot start `{}`: {cause}", command.get_program().display()))
}

fn script(arguments: &[String]) -> Command {
    let mut command = Command::new(root().join("crates/testkit/cluster.sh"));
    command.args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_help_is_known() {
        let output = |word: &str| script(&[word.to_owned()]).env("CLUSTER_STATE", "/nonexistent").output().unwrap();
        let help = String::from_utf8(output("help").stdout).unwrap();
        assert!(help.starts_with("usage: cargo xtask cluster COMMAND"), "{help}");
        for word in ["exec", "cut", "heal", "off", "crash", "on", "status", "down"] {
            assert!(help.contains(&format!("\n  {word} ")), "{word}");
            let refused = output(word);
            let message = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(2), "{word}: {message}");
            assert!(!message.contains("there is no command"), "{message}");
        }
        let refused = output("reboot");
        assert!(refused.stderr.starts_with(b"cluster: there is no command `reboot`\nhint: "));
    }
}
