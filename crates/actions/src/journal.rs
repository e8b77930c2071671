//! The journal of a run: lines of JSON, each behind the CRC-32 of it, appended and never changed
//! (`docs/journal-format.md`).

use std::{ffi::OsStr, io, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    disk::{Disk, Identity},
    step::{Action, Step},
};

/// The version of the records.
pub(crate) const VERSION: u32 = 1;

/// The name of a journal in the folder of its run.
pub(crate) const NAME: &str = "journal";

/// A longer line is none of ours: five paths of the longest kind, every byte of them escaped, and the rest.
const LONGEST_LINE: usize = 256 << 10;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Record {
    /// The first line.
    Begin { version: u32, run: String, action: Action, host: String, begun_s: i64 },
    /// A folder is about to be made, in a quarantine or for files to be moved into.
    Uses {
        #[serde(with = "crate::place")]
        folder: PathBuf,
    },
    /// It is about to be done. Until `done`, or if `back` follows, it counts as not done.
    Intent(Box<Step>),
    /// It was done: what the file is where it is held, or, for `reflink`, where it is.
    Done { step: u64, identity: Identity },
    /// It was not done, or taken back: the file is where it was.
    Back { step: u64, reason: String },
    /// It was neither done nor could it be taken back: the file lies where it is held.
    Held { step: u64, reason: String },
    /// These are about to be undone.
    Undo { steps: Vec<u64> },
    /// It was undone.
    Undone { step: u64 },
    /// These are about to be purged.
    Purge { steps: Vec<u64> },
    /// It was purged.
    Purged { step: u64 },
    /// It is no longer where it was held: somebody else took it.
    Lost { step: u64 },
    /// Of those that were about to be undone or purged, these were not: all is as before.
    Kept { steps: Vec<u64> },
    /// The run came to its end: how many steps were asked for and not done.
    End { refused: u64 },
    /// Another process goes on writing; the line before may be torn.
    Again,
}

/// A journal that is written.
pub(crate) struct Journal<'d, D: Disk> {
    disk: &'d D,
    file: D::File,
    waiting: Vec<u8>,
}

impl<'d, D: Disk> Journal<'d, D> {
    /// Begins a journal in the folder of a run.
    pub(crate) fn create(disk: &'d D, folder: &D::Folder) -> io::Result<Self> {
        let file = disk.create(folder, OsStr::new(NAME))?;
        Ok(Self { disk, file, waiting: Vec::new() })
    }

    /// Goes on with it.
    pub(crate) fn resume(disk: &'d D, folder: &D::Folder) -> io::Result<Self> {
        let file = disk.open_to_append(folder, OsStr::new(NAME))?;
        Ok(Self { disk, file, waiting: again()? })
    }

    /// Adds a record; it is written by [`Journal::sync`].
    pub(crate) fn add(&mut self, record: &Record) -> io::Result<()> {
        push(&mut self.waiting, record)
    }

    /// Returns once everything is on the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        // A write that fails leaves a torn line.
        let waiting = std::mem::replace(&mut self.waiting, again()?);
        self.disk.append(&self.file, &waiting)?;
        self.disk.sync(&self.file)?;
        self.waiting.clear();
        Ok(())
    }
}

/// What ends a line that may be torn, and says so.
fn again() -> io::Result<Vec<u8>> {
    let mut bytes = b"\n".to_vec();
    push(&mut bytes, &Record::Again)?;
    Ok(bytes)
}

fn push(bytes: &mut Vec<u8>, record: &Record) -> io::Result<()> {
    let line = serde_json::to_vec(record)?;
    bytes.extend_from_slice(format!("{:08x} ", crc32fast::hash(&line)).as_bytes());
    bytes.extend_from_slice(&line);
    bytes.push(b'\n');
    Ok(())
}

/// What a journal holds.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) records: Vec<Record>,
    /// The line, counted from 1, that is damaged, although what follows was written by the same process.
    pub(crate) damaged: Option<usize>,
    /// How long it is.
    pub(crate) bytes: usize,
}

/// Reads a journal. What was torn by a crash, at the end or before another process went on, is passed over.
pub(crate) fn read<D: Disk>(disk: &D, folder: &D::Folder) -> io::Result<Read> {
    let file = disk.open(folder, OsStr::new(NAME))?;
    let mut bytes = vec![0; usize::try_from(disk.state(&file)?.identity.bytes).unwrap_or(usize::MAX)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match disk.read_at(&file, rest, filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(parse(&bytes))
}

fn parse(bytes: &[u8]) -> Read {
    let mut found = Read { bytes: bytes.len(), ..Read::default() };
    let mut torn = None;
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()) {
        match record_of(line) {
            Some(record) => {
                let was_torn = torn.take();
                if record != Record::Again {
                    found.damaged = found.damaged.or(was_torn);
                }
                found.records.push(record);
            }
            None => torn = torn.or(Some(number + 1)),
        }
    }
    found
}

fn record_of(line: &[u8]) -> Option<Record> {
    let (sum, json) = line.split_at_checked(9).filter(|_| line.len() <= LONGEST_LINE)?;
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?.strip_suffix(' ')?, 16).ok()?;
    if sum != crc32fast::hash(json) {
        return None;
    }
    serde_json::from_slice(json).ok()
}
