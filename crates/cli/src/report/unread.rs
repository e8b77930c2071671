//! The list of files that were not compared.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use pixtwin_engine::{Unread, is_picture, words_of};

use crate::{
    args::Format,
    exit::Stop,
    names::{shown, shown_at, shown_text},
    report::json,
};

/// A file that was not compared, and why.
pub(crate) fn line(unread: &Unread) -> String {
    format!("{}: {}", shown_at(&unread.path, unread.host.as_deref()), shown_text(&unread.reason))
}

/// Where `--unread` saves the list. Opened before the search, so that a run of hours does not end in an error.
pub(crate) struct UnreadFile(Option<(PathBuf, File)>);

impl UnreadFile {
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, Stop> {
        let Some(path) = path else { return Ok(Self(None)) };
        if is_picture(path) {
            return Err(Stop::Fatal(format!("cannot write over `{}`: it is a picture", shown(path))));
        }
        // What is there is kept until there is a list to put in its place.
        let file = File::options().write(true).create(true).truncate(false).open(path);
        Ok(Self(Some((path.to_owned(), file.map_err(|cause| failed(path, &cause))?))))
    }

    /// Writes the list: JSON Lines if the report is JSON, else a line of text a file.
    pub(crate) fn save(&mut self, unread: &[Unread], format: Format) -> Result<(), Stop> {
        let Some((path, file)) = self.0.take() else { return Ok(()) };
        // A device or a pipe has no length to cut.
        if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            file.set_len(0).map_err(|cause| failed(&path, &cause))?;
        }
        let mut out = BufWriter::new(file);
        if format == Format::Json {
            json::unread(&mut out, unread)?;
        } else {
            unread
                .iter()
                .try_for_each(|file| writeln!(out, "{}", line(file)))
                .map_err(|cause| failed(&path, &cause))?;
        }
        out.flush().map_err(|cause| failed(&path, &cause))
    }
}

fn failed(path: &Path, cause: &std::io::Error) -> Stop {
    Stop::Fatal(format!("cannot write `{}`: {}", shown(path), words_of(cause)))
}
