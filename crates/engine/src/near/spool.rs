//! Records of one length, one for each picture: in memory while they are few, else in a file without a name.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{file::words_of, report::Failure, team::Team};

/// What is held in memory before it is written.
const HELD_BYTES: usize = 32 << 20;

/// Keeps records and gives them back by their numbers, from 0 in the order in which they came.
pub(crate) struct Spool {
    record_bytes: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last records, which are not in the file.
    held: Vec<u8>,
    file: Option<File>,
    /// How many bytes are in the file.
    written: u64,
    len: u32,
    /// Why a record could not be kept.
    fault: Option<io::ErrorKind>,
}

impl Spool {
    /// For records of so many bytes, at least one.
    pub(crate) fn new(record_bytes: usize) -> Self {
        Self { record_bytes: record_bytes.max(1), state: Mutex::default() }
    }

    /// Keeps a record, cut or filled up with zeros to its length, and gives its number.
    ///
    /// # Errors
    /// If there is no room for the file in the folder for temporary files.
    pub(crate) fn add(&self, record: &[u8]) -> io::Result<u32> {
        let mut state = self.state();
        if let Some(fault) = state.fault {
            return Err(fault.into());
        }
        if state.held.len() + self.record_bytes > HELD_BYTES {
            let written = state.write();
            state.fault = written.as_ref().err().map(io::Error::kind);
            written?;
        }
        let number = state.len;
        state.len = number.checked_add(1).ok_or_else(|| io::Error::other("more pictures than can be numbered"))?;
        let end = state.held.len() + self.record_bytes;
        state.held.extend(record.iter().take(self.record_bytes));
        state.held.resize(end, 0);
        Ok(number)
    }

    /// Reads a record into `into`, which has its length from then on.
    ///
    /// # Errors
    /// If there is none of this number, or the file cannot be read.
    pub(crate) fn read(&self, number: u32, into: &mut Vec<u8>) -> io::Result<()> {
        into.resize(self.record_bytes, 0);
        let state = self.state();
        let offset = u64::from(number) * self.record_bytes as u64;
        match (offset.checked_sub(state.written), &state.file) {
            (None, Some(file)) => file.read_exact_at(into, offset),
            (Some(offset), _) => {
                let offset = usize::try_from(offset).unwrap_or(usize::MAX);
                let record = state.held.get(offset..).and_then(|rest| rest.get(..self.record_bytes));
                into.copy_from_slice(record.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
            (None, None) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Whether every record could be kept.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn check(&self) -> io::Result<()> {
        self.state().fault.map_or(Ok(()), |fault| Err(fault.into()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let written = file.write_all_at(&self.held, self.written);
        self.file = Some(file);
        written?;
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }
}

/// Ends the search on all ranks if one could not read what it keeps.
pub(crate) fn fail_all<T: Team, Done>(done: io::Result<Done>, team: &mut T) -> Result<Done, Failure> {
    let folder = std::env::temp_dir();
    let failed = |reason: &str| {
        Failure::cannot(
            "keep what is compared in a temporary file",
            Some(&folder),
            format!("{reason} (TMPDIR names another folder)"),
        )
    };
    let is_failed = team.any_all(done.is_err())?;
    match done {
        Ok(done) if !is_failed => Ok(done),
        Ok(_) => Err(failed("on another rank")),
        Err(cause) => Err(failed(&words_of(&cause))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_from_memory_and_from_the_file() {
        let spool = Spool::new(1 << 20);
        let record = |number: u32| vec![u8::try_from(number).unwrap(); 1 << 20];
        for number in 0..70 {
            assert_eq!(spool.add(&record(number)).unwrap(), number);
        }
        let mut found = Vec::new();
        for number in (0..70).rev() {
            spool.read(number, &mut found).unwrap();
            assert_eq!(found, record(number));
        }
        assert!(spool.read(70, &mut found).is_err());
        assert!(spool.state().held.len() <= HELD_BYTES);
    }

    #[test]
    fn a_short_record_is_filled_up() {
        let spool = Spool::new(3);
        assert_eq!((spool.add(b"a").unwrap(), spool.add(b"bcde").unwrap()), (0, 1));
        let mut found = Vec::new();
        spool.read(0, &mut found).unwrap();
        assert_eq!(found, b"a\0\0");
        spool.read(1, &mut found).unwrap();
        assert_eq!(found, b"bcd");
    }
}
