//! A library that is being written: its files, its planted twins, and the truth about it.

use std::{
    fs, io,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How many files of a library are twins of others.
const PLANTED: u64 = 20;

/// A folder that is filled with numbered files.
pub(crate) struct Library {
    kind: String,
    /// The folder.
    pub(crate) folder: PathBuf,
    /// How many files it is to have.
    pub(crate) count: u64,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// As all are.
    Usual,
    /// With a comment that the usual file does not have.
    Commented,
    /// The same pixels, coded otherwise.
    Anew,
}

impl Library {
    /// Makes the folder, which must not be there yet.
    pub(crate) fn create(kind: &str, folder: &Path, count: u64) -> io::Result<Self> {
        if let Some(above) = folder.parent() {
            fs::create_dir_all(above)?;
        }
        fs::create_dir(folder)?;
        Ok(Self { kind: kind.to_owned(), folder: folder.to_owned(), count })
    }

    /// Which picture the file with this number shows, and how it is coded: the last files are twins of the first.
    pub(crate) fn planted(&self, number: u64) -> (u64, Coding) {
        match number.checked_sub(self.count - self.planted_count()) {
            None => (number, Coding::Usual),
            Some(twin) if twin % 2 == 0 => (twin, Coding::Commented),
            Some(twin) => (twin, Coding::Anew),
        }
    }

    /// How many files are twins of others, each of another one.
    pub(crate) fn planted_count(&self) -> u64 {
        PLANTED.min(self.count / 4)
    }

    /// Calls `work` for every number on all processors. Ends early with the first failure.
    pub(crate) fn for_each(&self, work: impl Fn(u64) -> io::Result<()> + Sync) -> io::Result<()> {
        let (next, failure) = (AtomicU64::new(0), Mutex::new(None));
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= self.count {
                            return;
                        }
                        if let Err(cause) = work(number) {
                            failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
                            next.store(self.count, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Writes a file of the folder.
    pub(crate) fn put(&self, number: u64, extension: &str, content: &[u8]) -> io::Result<()> {
        fs::write(self.folder.join(format!("{number:06}.{extension}")), content)
    }

    /// Writes beside the folder how many files it has, and how many groups of twins; last of all, as the sign that the
    /// library is whole.
    pub(crate) fn close(self, files: u64, groups: u64) -> io::Result<()> {
        let mut name = self.folder.into_os_string();
        name.push(".truth.json");
        let Self { kind, count, .. } = self;
        let truth = format!("{{\"kind\": \"{kind}\", \"count\": {count}, \"files\": {files}, \"groups\": {groups}}}\n");
        fs::write(name, truth)
    }
}
