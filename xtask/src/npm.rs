//! Packages of npm, for the tests of the page: below `target/`, and nothing of them is in the program.

use std::{fs, path::Path, process::Command};

use crate::{
    Outcome,
    command::{root, run as run_command},
};

/// Packages in a folder of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Modules {
    /// Where they are, below the root of the project; they lie in its `node_modules`.
    pub(crate) folder: &'static str,
    /// Their names and versions.
    pub(crate) packages: &'static [&'static str],
}

/// Written last, so that an installation cut short is done again; it says what was installed.
const MARK: &str = "complete";

impl Modules {
    /// Installs them, unless they are there in the same versions.
    ///
    /// # Errors
    /// If npm fails; the message has the line that installs.
    pub(crate) fn install(self) -> Outcome {
        let folder = root().join(self.folder);
        if self.is_complete(&folder) {
            return Ok(());
        }
        eprintln!("setup: installing {} from npm into {}", self.packages.join(", "), self.folder);
        self.fresh(&folder)
            .and_then(|()| run_command(&mut self.npm(&folder)))
            .and_then(|()| self.mark(&folder))
            .map_err(|cause| self.cannot_install(&cause))
    }

    fn is_complete(self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(MARK)).is_ok_and(|mark| mark == self.content_of_mark())
            && folder.join("node_modules").is_dir()
    }

    fn content_of_mark(self) -> String {
        self.packages.iter().map(|package| format!("{package}\n")).collect()
    }

    /// An empty folder that npm takes for a package, so that it looks for none above it.
    fn fresh(self, folder: &Path) -> Outcome {
        let cannot = |cause: std::io::Error| format!("cannot make `{}`: {cause}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(cannot)?;
        }
        fs::create_dir_all(folder).map_err(cannot)?;
        fs::write(folder.join("package.json"), "{ \"private\": true }\n").map_err(cannot)
    }

    /// No script of a package is run.
    fn npm(self, folder: &Path) -> Command {
        let mut command = Command::new("npm");
        command.args(["install", "--save-exact", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        command.arg("--prefix").arg(folder).args(self.packages);
        // Cargo's standard output is for results; what npm says is none.
        command.stdout(std::io::stderr());
        command
    }

    fn mark(self, folder: &Path) -> Outcome {
        let mark = folder.join(MARK);
        fs::write(&mark, self.content_of_mark()).map_err(|cause| format!("cannot write `{}`: {cause}", mark.display()))
    }

    fn cannot_install(self, cause: &str) -> String {
        let (folder, packages) = (self.folder, self.packages.join(" "));
        format!(
            "the packages {packages} cannot be installed: {cause}\n\
             hint: npm install --save-exact --ignore-scripts --prefix {folder} {packages}, then again cargo xtask setup"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Modules = Modules { folder: "target/two", packages: &["one@1.0.0", "two@2.0.0"] };

    #[test]
    fn an_installation_is_done_again_when_cut_short_or_for_other_versions() {
        let folder = std::env::temp_dir().join(format!("pixtwin-xtask-npm-{}", std::process::id()));
        TWO.fresh(&folder).unwrap();
        assert!(!TWO.is_complete(&folder));
        TWO.mark(&folder).unwrap();
        assert!(!TWO.is_complete(&folder), "somebody took the packages away");
        fs::create_dir(folder.join("node_modules")).unwrap();
        assert!(TWO.is_complete(&folder));
        fs::write(folder.join(MARK), "one@1.0.0\ntwo@1.9.0\n").unwrap();
        assert!(!TWO.is_complete(&folder));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn scripts_of_packages_are_not_run() {
        let command = TWO.npm(Path::new("target/two"));
        let words: Vec<_> = command.get_args().collect();
        assert!(words.contains(&"--ignore-scripts".as_ref()));
        assert!(words.ends_with(&["target/two".as_ref(), "one@1.0.0".as_ref(), "two@2.0.0".as_ref()]));
    }

    #[test]
    fn the_error_has_the_line_that_installs() {
        let message = TWO.cannot_install("no network");
        assert!(message.starts_with("the packages one@1.0.0 two@2.0.0 cannot be installed: no network\nhint: "));
        assert!(message.contains("--prefix target/two one@1.0.0 two@2.0.0,"), "{message}");
    }
}
