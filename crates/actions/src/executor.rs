//! What acts: a disk, a judge, and the state folder that this process has for itself.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{disk::Disk, error::Error, judge::Judge, recover, store::Store};

/// Who acts, where, and how.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The number of the user.
    pub user: u32,
    /// The name of the host.
    pub host: String,
    /// The folder in which the user wants quarantines; each must lie on the file system of what is moved into it.
    pub quarantine: Option<PathBuf>,
    /// The trash of the user, which need not be there yet.
    pub home_trash: Option<PathBuf>,
    /// How many groups are looked at at once.
    pub threads: usize,
    /// The time: seconds since 1970.
    pub now_s: i64,
}

impl Setting {
    /// The name of a run that begins now: `20261125T222131Z`.
    pub(crate) fn stamp(&self) -> String {
        let now = Timestamp::from_second(self.now_s).unwrap_or_default();
        now.strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

/// Acts on files. One process at a time has one for a state folder.
pub struct Executor<'d, D: Disk> {
    pub(crate) disk: &'d D,
    pub(crate) judge: &'d dyn Judge,
    pub(crate) setting: Setting,
    pub(crate) store: Store<'d, D>,
}

impl<'d, D: Disk> Executor<'d, D> {
    /// Takes the state folder, which must be there; the path is absolute and without symbolic links.
    ///
    /// # Errors
    /// If another process has it, or the system says no.
    pub fn open(disk: &'d D, judge: &'d dyn Judge, state: &Path, setting: Setting) -> Result<Self, Error> {
        let store = Store::open(disk, state)?;
        Ok(Self { disk, judge, setting, store })
    }

    /// Finds out how far runs came that did not come to their end, and takes back what was not done.
    ///
    /// # Errors
    /// If a journal cannot be read or written.
    pub fn recover(&self) -> Result<Vec<recover::Recovered>, Error> {
        recover::recover_all(self)
    }
}
