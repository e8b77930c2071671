//! Files: where they are, and how to tell whether one is still the same.

use std::{
    fs::{File, Metadata, OpenOptions},
    io, iter,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

/// What the file system says a file is: equal identities are one file in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The device, and the file's number on it. Equal pairs are one file, whatever its paths.
    pub(crate) place: (u64, u64),
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// When the content changed last: seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    /// When anything about the file changed last.
    pub(crate) changed: (i64, i64),
    /// How many names it has.
    pub(crate) names: u64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            names: metadata.nlink(),
        }
    }

    /// The same with another number for the device, which differs from host to host.
    pub(crate) fn on_device(self, number: u64) -> Self {
        Self { place: (number, self.place.1), ..self }
    }

    /// What another host sees of it.
    pub(crate) fn mark(&self) -> Mark {
        Mark { bytes: self.bytes, modified: self.modified, changed: self.changed }
    }

    /// Whether both are one file with one content. Its number of names may change meanwhile, and with it the time of
    /// the last change of status; the content cannot without moving that time as well.
    pub(crate) fn is_unchanged(&self, now: &Self) -> bool {
        self.place.0 == now.place.0 && self.is_unchanged_elsewhere(now)
    }

    /// The same of a file of a tree that several hosts see: on each its device has another number.
    pub(crate) fn is_unchanged_elsewhere(&self, now: &Self) -> bool {
        let renamed_only = self.names != now.names;
        self.place.1 == now.place.1
            && self.bytes == now.bytes
            && self.modified == now.modified
            && (self.changed == now.changed || renamed_only)
    }
}

/// What a file is on every host that sees it, where its numbers may differ: its length and its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Length in bytes.
    pub bytes: u64,
    /// When the content changed last: seconds and nanoseconds.
    pub modified: (i64, i64),
    /// When anything about the file changed last.
    pub changed: (i64, i64),
}

/// A file of the folders that are searched.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its path, beginning with the path the user gave.
    pub(crate) path: PathBuf,
    /// Further paths of the same file, sorted.
    pub(crate) other_paths: Vec<PathBuf>,
    /// What it was when it was first looked at.
    pub(crate) identity: Option<Identity>,
}

impl Listed {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, other_paths: Vec::new(), identity: None }
    }

    /// All its names.
    pub(crate) fn into_paths(self) -> impl Iterator<Item = PathBuf> {
        iter::once(self.path).chain(self.other_paths)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.identity.map_or(0, |identity| identity.bytes)
    }
}

/// Opens a regular file for reading, without waiting for a pipe's other end or taking a terminal.
pub(crate) fn open(path: &Path) -> io::Result<(File, Identity)> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other(kind_of(&metadata)));
    }
    Ok((file, Identity::of(&metadata)))
}

/// What a thing that is no regular file is, as a clause for a report.
pub(crate) fn kind_of(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a folder, not a file"
    } else if kind.is_fifo() {
        "a named pipe, not a file"
    } else if kind.is_socket() {
        "a socket, not a file"
    } else if kind.is_block_device() || kind.is_char_device() {
        "a device, not a file"
    } else {
        "not a regular file"
    }
}

/// An error of the system as a clause for a report: its words without the number, in lower case.
#[must_use]
pub fn words_of(cause: &io::Error) -> String {
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text).to_owned();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text,
    }
}
