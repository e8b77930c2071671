//! The state folder: one process at a time, and a folder with a journal for each run.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
};

use crate::{
    disk::{Disk, Kind},
    error::Error,
    history::History,
    journal::{self, Journal, Record},
    step::Action,
};

/// The name of the file that is locked.
const LOCK: &str = "lock";

/// The name of the folder of the runs.
const RUNS: &str = "runs";

/// The state folder, while this process has it for itself, or only looks.
pub(crate) struct Store<'d, D: Disk> {
    disk: &'d D,
    path: PathBuf,
    runs: D::Folder,
    /// Nothing, if it is only looked at.
    _lock: Option<D::File>,
}

impl<'d, D: Disk> Store<'d, D> {
    /// Takes the folder, which is there, for this process.
    pub(crate) fn open(disk: &'d D, path: &Path) -> Result<Self, Error> {
        let folder = disk.folder(path).map_err(Error::disk("open", path))?;
        let lock = match disk.create(&folder, OsStr::new(LOCK)) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                disk.open_to_append(&folder, OsStr::new(LOCK))
            }
            made => made,
        };
        let lock = lock.map_err(Error::disk("open", path.join(LOCK)))?;
        if !disk.lock(&lock).map_err(Error::disk("lock", path.join(LOCK)))? {
            return Err(Error::Busy(path.to_owned()));
        }
        match disk.make_folder(&folder, OsStr::new(RUNS)) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::disk("make", path.join(RUNS))(cause));
            }
            _ => disk.sync_folder(&folder).map_err(Error::disk("write", path))?,
        }
        let runs = disk.folder(&path.join(RUNS)).map_err(Error::disk("open", path.join(RUNS)))?;
        Ok(Self { disk, path: path.to_owned(), runs, _lock: Some(lock) })
    }

    /// The folder of another process, only to read it.
    pub(crate) fn look(disk: &'d D, path: &Path) -> Result<Self, Error> {
        let runs = disk.folder(&path.join(RUNS)).map_err(Error::disk("open", path.join(RUNS)))?;
        Ok(Self { disk, path: path.to_owned(), runs, _lock: None })
    }

    /// Begins a run that is named after the moment, and its journal.
    pub(crate) fn begin(
        &self,
        stamp: &str,
        action: &Action,
        host: &str,
        now_s: i64,
    ) -> Result<(String, Journal<'d, D>), Error> {
        let run = self.name_run(stamp)?;
        let path = self.path_of(&run);
        let begin = || {
            let folder = self.disk.folder(&path)?;
            let mut journal = Journal::create(self.disk, &folder)?;
            let (version, action, host) = (journal::VERSION, action.clone(), host.to_owned());
            journal.add(&Record::Begin { version, run: run.clone(), action, host, begun_s: now_s })?;
            journal.sync()?;
            self.disk.sync_folder(&folder)?;
            self.disk.sync_folder(&self.runs)?;
            Ok(journal)
        };
        let journal = begin().map_err(Error::disk("begin the journal in", &path))?;
        Ok((run, journal))
    }

    /// Makes the folder of a run under a name that no other run has.
    fn name_run(&self, stamp: &str) -> Result<String, Error> {
        let mut further = 1_u32;
        loop {
            let name = if further == 1 { stamp.to_owned() } else { format!("{stamp}-{further}") };
            match self.disk.make_folder(&self.runs, OsStr::new(&name)) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => further += 1,
                Err(cause) => return Err(Error::disk("make", self.path_of(&name))(cause)),
                Ok(()) => return Ok(name),
            }
        }
    }

    /// Goes on with the journal of a run.
    pub(crate) fn resume(&self, run: &str) -> Result<Journal<'d, D>, Error> {
        let path = self.path_of(run);
        let folder = self.disk.folder(&path).map_err(Error::disk("open", &path))?;
        Journal::resume(self.disk, &folder).map_err(Error::disk("go on with the journal in", &path))
    }

    /// The names of all runs, the oldest first.
    pub(crate) fn runs(&self) -> Result<Vec<String>, Error> {
        let names = self.disk.list(&self.runs).map_err(Error::disk("list", self.path.join(RUNS)))?;
        // Other programs leave files of their own in folders.
        let is_folder = |name: &OsString| {
            let state = self.disk.look(&self.runs, name);
            !matches!(state, Ok(None))
                && !state.is_ok_and(|state| state.is_some_and(|state| state.kind != Kind::Folder))
        };
        let folders = names.into_iter().filter(is_folder);
        let mut runs: Vec<String> = folders.filter_map(|name| name.into_string().ok()).collect();
        runs.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
        Ok(runs)
    }

    /// What the journal of a run tells; nothing if the run was cut off before it did anything.
    pub(crate) fn history(&self, run: &str) -> Result<Option<History>, Error> {
        if Path::new(run).file_name() != Some(OsStr::new(run)) {
            return Err(Error::NoRun(run.to_owned()));
        }
        let path = self.path_of(run);
        let folder = match self.disk.folder(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(Error::NoRun(run.to_owned())),
            opened => opened.map_err(Error::disk("open", &path))?,
        };
        let state =
            self.disk.look(&folder, OsStr::new(journal::NAME)).map_err(Error::disk("look at the journal in", &path))?;
        match state.map(|state| state.kind) {
            None => return Ok(None),
            Some(Kind::File) => {}
            Some(_) => {
                let reason = "it is not a regular file".to_owned();
                return Err(Error::Damaged { run: run.to_owned(), reason });
            }
        }
        match journal::read(self.disk, &folder) {
            Err(cause) => Err(Error::disk("read the journal in", &path)(cause)),
            Ok(read) => History::of(run, read).map_err(|reason| Error::Damaged { run: run.to_owned(), reason }),
        }
    }

    /// Removes the folder of a run that was cut off before its first record.
    pub(crate) fn forget_unbegun(&self, run: &str) {
        // Where something else is in it, it stays.
        if let Ok(folder) = self.disk.folder(&self.path_of(run)) {
            let _: io::Result<()> = self.disk.unlink(&folder, OsStr::new(journal::NAME));
            let _: io::Result<()> = self.disk.remove_folder(&self.runs, OsStr::new(run));
        }
    }

    fn path_of(&self, run: &str) -> PathBuf {
        self.path.join(RUNS).join(run)
    }
}

/// Runs of one second are told apart by a number behind the name.
fn order_of(run: &str) -> (&str, u32) {
    run.rsplit_once('-').and_then(|(stamp, further)| Some((stamp, further.parse().ok()?))).unwrap_or((run, 0))
}
