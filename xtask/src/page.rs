//! `cargo xtask page` and `cargo xtask screenshots`: the page of `pixtwin review` in a real browser.

use std::{fs, path::Path, process::Command};

use crate::{
    Outcome,
    command::{cargo, output, root, run as run_command},
    compare::built_program,
    setup,
};

/// Where the pictures of the page are, below the root of the project.
const PICTURES: &str = "docs/review";

/// Builds the program, and runs `compare/page.mjs` for these numbers of groups.
///
/// # Errors
/// If something is missing and cannot be installed, the program does not build, or the measurement fails.
pub(crate) fn measure(groups: &[String]) -> Outcome {
    let mut script = script("compare/page.mjs")?;
    run_command(script.arg(root().join("target/compare/page.md")).args(groups))
}

/// Takes the pictures of the main views anew.
///
/// # Errors
/// As [`measure`].
pub(crate) fn screenshots() -> Outcome {
    let into = root().join(PICTURES);
    let cannot = |cause: std::io::Error| format!("cannot write to `{PICTURES}`: {cause}");
    fs::create_dir_all(&into).map_err(cannot)?;
    let mut script = script("crates/cli/tests/browser/screenshots.mjs")?;
    run_command(script.arg(root().join("examples/gallery")).arg(&into))?;
    for entry in fs::read_dir(&into).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "png") {
            make_small(&path)?;
        }
    }
    Ok(())
}

/// A script that is told where the program is, and where what drives the browser is.
fn script(name: &str) -> Result<Command, String> {
    setup::browser()?;
    run_command(&mut cargo(&["build", "--quiet", "--release"]))?;
    let mut command = Command::new("node");
    command.arg(root().join(name)).arg(built_program()?);
    command.env("PIXTWIN_MODULES", root().join(setup::BROWSER.folder)).stdin(std::process::Stdio::null());
    Ok(command)
}

/// A picture of a page needs few colours, and everyone who clones the project downloads it.
fn make_small(path: &Path) -> Outcome {
    let how = ["-strip", "-dither", "None", "-colors", "255", "-define", "png:compression-level=9"];
    let mut small = std::ffi::OsString::from("PNG8:");
    small.push(path);
    output(Command::new("convert").arg(path).args(how).arg(small)).map(drop)
}
