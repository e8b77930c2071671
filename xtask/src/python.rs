//! Programs that come from PyPI: each set in a virtual environment of its own below `target/`.

use std::{fs, path::Path, process::Command};

use crate::{
    Outcome,
    command::{root, run as run_command},
};

/// A virtual environment: its folder below the root of the project, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Environment {
    /// Where it is.
    pub(crate) folder: &'static str,
    /// What `pip install` is told, versions pinned where another would change what is tested.
    pub(crate) packages: &'static [&'static str],
}

/// Written last, so that an installation cut short is done again; it says what was installed.
const MARK: &str = "complete";

impl Environment {
    /// Makes it, unless it is there with the same packages.
    ///
    /// # Errors
    /// If Python or pip fails; the message has the line that installs.
    pub(crate) fn install(self) -> Outcome {
        let folder = root().join(self.folder);
        if self.is_complete(&folder) {
            return Ok(());
        }
        eprintln!("installing {} from PyPI into {}", self.packages.join(", "), self.folder);
        run_command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))
            .and_then(|()| run_command(&mut self.pip(&folder)))
            .and_then(|()| {
                let mark = folder.join(MARK);
                fs::write(&mark, self.content_of_mark())
                    .map_err(|cause| format!("cannot write `{}`: {cause}", mark.display()))
            })
            .map_err(|cause| self.cannot_install(&cause))
    }

    fn is_complete(self, folder: &Path) -> bool {
        fs::read_to_string(folder.join(MARK)).is_ok_and(|mark| mark == self.content_of_mark())
    }

    fn content_of_mark(self) -> String {
        self.packages.iter().map(|package| format!("{package}\n")).collect()
    }

    fn pip(self, folder: &Path) -> Command {
        let mut command = Command::new(folder.join("bin/python3"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(self.packages);
        // Cargo's standard output is for results; what pip says is none.
        command.stdout(std::io::stderr());
        command
    }

    fn cannot_install(self, cause: &str) -> String {
        let (folder, packages) = (self.folder, self.packages.join(" "));
        format!(
            "the packages {packages} cannot be installed: {cause}\n\
             hint: python3 -m venv --clear {folder} && {folder}/bin/python3 -m pip install {packages}, \
             then again cargo xtask setup"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Environment = Environment { folder: "target/two", packages: &["one==1.0", "two==2.0"] };

    #[test]
    fn an_installation_is_done_again_when_cut_short_or_for_other_versions() {
        let folder = std::env::temp_dir().join(format!("pixtwin-xtask-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let when = |mark: Option<&str>| {
            if let Some(mark) = mark {
                fs::write(folder.join(MARK), mark).unwrap();
            }
            TWO.is_complete(&folder)
        };
        assert!(!when(None));
        assert!(!when(Some("")));
        assert!(!when(Some("one==1.0\ntwo==1.9\n")));
        assert!(when(Some("one==1.0\ntwo==2.0\n")));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn pip_of_the_environment_is_run_and_nothing_of_the_users() {
        let command = TWO.pip(Path::new("target/two"));
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(command.get_program(), "target/two/bin/python3");
        assert_eq!(words.get(..3).unwrap(), ["-m", "pip", "install"]);
        assert!(words.ends_with(&["one==1.0".as_ref(), "two==2.0".as_ref()]));
    }

    #[test]
    fn the_error_has_the_line_that_installs() {
        let message = TWO.cannot_install("no network");
        assert!(message.starts_with("the packages one==1.0 two==2.0 cannot be installed: no network\nhint: "));
        assert!(message.contains("target/two/bin/python3 -m pip install one==1.0 two==2.0"), "{message}");
    }
}
