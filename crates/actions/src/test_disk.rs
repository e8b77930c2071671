//! The real disk with a call that fails, or with somebody who acts before a call. For unit tests.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::io::Errno;

use crate::disk::{Disk, RealDisk, RealFile, RealFolder, State};

/// Before which call somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Dress,
    Forget,
    Create,
    Rename,
    Exchange,
}

type Act = Box<dyn FnOnce() + Send>;

#[derive(Default)]
pub(crate) struct Meddling {
    calls: AtomicUsize,
    fails_at: Option<usize>,
    act: Mutex<Option<(Step, Act)>>,
    mounted: Option<PathBuf>,
}

impl Meddling {
    /// The call of that number, from 0, fails and does nothing.
    pub(crate) fn failing_at(call: usize) -> Self {
        Self { fails_at: Some(call), ..Self::default() }
    }

    /// All below that folder seems to be on a file system of its own.
    pub(crate) fn mounted_at(path: &Path) -> Self {
        Self { mounted: Some(path.to_owned()), ..Self::default() }
    }

    /// As [`Meddling::failing_at`].
    pub(crate) fn and_failing_at(mut self, call: usize) -> Self {
        self.fails_at = Some(call);
        self
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// That is done once, before the first call of that kind.
    pub(crate) fn before(step: Step, act: impl FnOnce() + Send + 'static) -> Self {
        Self { act: Mutex::new(Some((step, Box::new(act)))), ..Self::default() }
    }

    fn call(&self) -> io::Result<RealDisk> {
        if Some(self.calls.fetch_add(1, Ordering::Relaxed)) == self.fails_at {
            return Err(Errno::IO.into());
        }
        Ok(RealDisk)
    }

    fn step(&self, now: Step) {
        let due = self.act.lock().unwrap().take_if(|(step, _)| *step == now);
        if let Some((_, act)) = due {
            act();
        }
    }
}

impl Disk for Meddling {
    type File = RealFile;
    type Folder = RealFolder;

    fn folder(&self, path: &Path) -> io::Result<RealFolder> {
        self.call()?.folder(path)
    }
    fn open(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        self.call()?.open(folder, name)
    }
    fn state(&self, file: &RealFile) -> io::Result<State> {
        self.call()?.state(file)
    }
    fn folder_state(&self, folder: &RealFolder) -> io::Result<State> {
        let mut state = self.call()?.folder_state(folder)?;
        let path = fs::read_link(format!("/proc/self/fd/{}", folder.number()))?;
        if self.mounted.as_ref().is_some_and(|mounted| path.starts_with(mounted)) {
            state.mount = u64::MAX;
            state.identity.device = u64::MAX;
        }
        Ok(state)
    }
    fn look(&self, folder: &RealFolder, name: &OsStr) -> io::Result<Option<State>> {
        self.call()?.look(folder, name)
    }
    fn read_at(&self, file: &RealFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call()?.read_at(file, into, offset)
    }
    fn lend(&self, file: &RealFile) -> io::Result<fs::File> {
        self.call()?.lend(file)
    }
    fn read_link(&self, folder: &RealFolder, name: &OsStr) -> io::Result<PathBuf> {
        self.call()?.read_link(folder, name)
    }
    fn list(&self, folder: &RealFolder) -> io::Result<Vec<OsString>> {
        self.call()?.list(folder)
    }
    fn rename(&self, from: (&RealFolder, &OsStr), to: (&RealFolder, &OsStr)) -> io::Result<()> {
        self.step(Step::Rename);
        self.call()?.rename(from, to)
    }
    fn exchange(&self, one: (&RealFolder, &OsStr), other: (&RealFolder, &OsStr)) -> io::Result<()> {
        self.step(Step::Exchange);
        self.call()?.exchange(one, other)
    }
    fn link(&self, from: (&RealFolder, &OsStr), to: (&RealFolder, &OsStr)) -> io::Result<()> {
        self.call()?.link(from, to)
    }
    fn symlink(&self, target: &Path, to: (&RealFolder, &OsStr)) -> io::Result<()> {
        self.call()?.symlink(target, to)
    }
    fn share(&self, keeper: &RealFile, victim: (&RealFolder, &OsStr)) -> io::Result<()> {
        self.call()?.share(keeper, victim)
    }
    fn own_bytes(&self, file: &RealFile, bytes: u64) -> u64 {
        RealDisk.own_bytes(file, bytes)
    }
    fn unlink(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        self.call()?.unlink(folder, name)
    }
    fn make_folder(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        self.call()?.make_folder(folder, name)
    }
    fn remove_folder(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        self.call()?.remove_folder(folder, name)
    }
    fn create(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        self.step(Step::Create);
        self.call()?.create(folder, name)
    }
    fn open_to_append(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        self.call()?.open_to_append(folder, name)
    }
    fn append(&self, file: &RealFile, bytes: &[u8]) -> io::Result<()> {
        self.call()?.append(file, bytes)
    }
    fn dress(&self, copy: &RealFile, original: &RealFile) -> io::Result<()> {
        self.step(Step::Dress);
        self.call()?.dress(copy, original)
    }
    fn has_same_attributes(&self, one: &RealFile, other: &RealFile) -> io::Result<bool> {
        self.call()?.has_same_attributes(one, other)
    }
    fn sync(&self, file: &RealFile) -> io::Result<()> {
        self.call()?.sync(file)
    }
    fn forget_content(&self, file: &RealFile) {
        self.step(Step::Forget);
        RealDisk.forget_content(file);
    }
    fn sync_folder(&self, folder: &RealFolder) -> io::Result<()> {
        self.call()?.sync_folder(folder)
    }
    fn lock(&self, file: &RealFile) -> io::Result<bool> {
        self.call()?.lock(file)
    }
}
