//! Where a plan is written: whole or not at all, and over nothing but another plan.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::Plan;
use pixtwin_engine::words_of;

use crate::{exit::Stop, names::shown};

/// The first line of a plan is shorter.
const LONGEST_HEADER: u64 = 1 << 20;

/// A file that may be written.
pub(super) struct Place {
    path: PathBuf,
    /// The file beside it that is written first.
    beside: PathBuf,
}

impl Place {
    /// # Errors
    /// If there is something that is no plan.
    pub(super) fn new(path: &Path) -> Result<Self, Stop> {
        if path == Path::new("-") {
            let message = "a plan is written to a file, not to standard output\nhint: a file of the name `-` is `./-`";
            return Err(Stop::Fatal(message.to_owned()));
        }
        let Some(name) = path.file_name() else {
            return Err(Stop::Fatal(format!("cannot write `{}`: it is no name of a file", shown(path))));
        };
        let found = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.is_file() && is_plan(path).map_err(|cause| failed(path, &cause))?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => true,
            Err(cause) => return Err(failed(path, &cause)),
        };
        if !found {
            return Err(Stop::Fatal(format!("cannot write over `{}`: it is no plan", shown(path))));
        }
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", std::process::id()));
        Ok(Self { path: path.to_owned(), beside: path.with_file_name(beside) })
    }

    /// Writes the plan.
    pub(super) fn write(&self, plan: &Plan) -> Result<(), Stop> {
        let written = self.try_write(plan);
        if written.is_err() {
            // What is left of it helps nobody; it may not be there at all.
            let _ = fs::remove_file(&self.beside);
        }
        written.map_err(|cause| failed(&self.path, &cause))
    }

    fn try_write(&self, plan: &Plan) -> io::Result<()> {
        let mut out = BufWriter::new(File::create_new(&self.beside)?);
        plan.write(&mut out)?;
        out.flush()?;
        out.get_ref().sync_all()?;
        fs::rename(&self.beside, &self.path)
    }
}

/// Whether a file begins as plans do, of whatever version.
fn is_plan(path: &Path) -> io::Result<bool> {
    let mut first = Vec::new();
    BufReader::new(File::open(path)?).take(LONGEST_HEADER).read_until(b'\n', &mut first)?;
    let header: Option<serde_json::Value> =
        serde_json::from_slice(first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&first)).ok();
    Ok(header.is_some_and(|header| header.get("type").is_some_and(|kind| kind == "plan")))
}

fn failed(path: &Path, cause: &io::Error) -> Stop {
    Stop::Fatal(format!("cannot write `{}`: {}", shown(path), words_of(cause)))
}
