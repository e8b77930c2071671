//! One of the two disks, and what it holds open.

use std::{collections::BTreeMap, ffi::OsString, fmt::Debug, io, path::PathBuf};

use std::io::Read as _;

use pixtwin_actions::disk::{Disk, Kind, State};

use super::steps::{At, Step, name};

/// What must be equal of two states: the last are numbers for the file system and the mount, and the files held open that
/// are this one, each with whether it has changed since it was told of last.
type Told = (Kind, u64, Option<u64>, u32, (u32, u32), [usize; 2], Vec<(usize, [bool; 2])>);

pub(super) struct Side<'a, D: Disk> {
    disk: &'a D,
    paths: &'a [PathBuf],
    has_fine_times: bool,
    folders: BTreeMap<usize, D::Folder>,
    files: BTreeMap<usize, D::File>,
    /// Devices and mounts in the order in which they were seen.
    seen: [Vec<u64>; 2],
    /// When each file held open had changed when it was told of last.
    times: BTreeMap<usize, (i64, i64)>,
}

impl<'a, D: Disk> Side<'a, D> {
    pub(super) fn new(disk: &'a D, paths: &'a [PathBuf], has_fine_times: bool) -> Self {
        let (folders, files, times) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { disk, paths, has_fine_times, folders, files, seen: Default::default(), times }
    }

    /// Does the call, and says what came of it.
    pub(super) fn run(&mut self, step: &Step) -> String {
        let result = match *step {
            Step::Forget(_) | Step::FolderState(_) | Step::List(_) | Step::SyncFolder(_) => self.folder_call(step),
            Step::Open(at, file) => self.hold(at, file, D::open),
            Step::OpenToAppend(at, file) => self.hold(at, file, D::open_to_append),
            Step::Create(at, file) => self.hold(at, file, D::create),
            Step::Look(at) => self.look(at),
            Step::ReadLink(at) => self.named(at, |disk, folder, name| told(disk.read_link(folder, name)?)),
            Step::Symlink(at) => {
                self.named(at, |disk, folder, name| disk.symlink("to/x".as_ref(), (folder, name)).and_then(told))
            }
            Step::Unlink(at) => self.named(at, |disk, folder, name| disk.unlink(folder, name).and_then(told)),
            Step::MakeFolder(at) => self.named(at, |disk, folder, name| disk.make_folder(folder, name).and_then(told)),
            Step::RemoveFolder(at) => {
                self.named(at, |disk, folder, name| disk.remove_folder(folder, name).and_then(told))
            }
            Step::Rename(..) | Step::Exchange(..) | Step::Link(..) => self.two_names(step),
            _ => self.file_call(step),
        };
        result.unwrap_or_else(|error| format!("no: {:?}", error.kind()))
    }

    fn folder(&mut self, number: usize) -> io::Result<()> {
        if !self.folders.contains_key(&number) {
            self.folders.insert(number, self.disk.folder(&self.paths[number])?);
        }
        Ok(())
    }

    fn named<T>(
        &mut self,
        at: At,
        run: impl FnOnce(&D, &D::Folder, &std::ffi::OsStr) -> io::Result<T>,
    ) -> io::Result<T> {
        self.folder(at.0)?;
        run(self.disk, &self.folders[&at.0], &name(at.1))
    }

    fn folder_call(&mut self, step: &Step) -> io::Result<String> {
        match *step {
            Step::Forget(number) => told(self.folders.remove(&number).map(drop)),
            Step::FolderState(number) => {
                self.folder(number)?;
                let state = self.disk.folder_state(&self.folders[&number])?;
                told(self.tell(state))
            }
            Step::List(number) => {
                self.folder(number)?;
                let mut names: Vec<OsString> = self.disk.list(&self.folders[&number])?;
                names.sort();
                told(names)
            }
            Step::SyncFolder(number) => {
                self.folder(number)?;
                self.disk.sync_folder(&self.folders[&number]).and_then(told)
            }
            _ => panic!("no call of a folder: {step:?}"),
        }
    }

    fn hold(
        &mut self,
        at: At,
        file: usize,
        open: impl FnOnce(&D, &D::Folder, &std::ffi::OsStr) -> io::Result<D::File>,
    ) -> io::Result<String> {
        let held = self.named(at, open)?;
        let state = self.disk.state(&held)?;
        self.files.insert(file, held);
        self.times.remove(&file);
        told(self.tell(state))
    }

    fn look(&mut self, at: At) -> io::Result<String> {
        let state = self.named(at, D::look)?;
        told(state.map(|state| self.tell(state)))
    }

    fn two_names(&mut self, step: &Step) -> io::Result<String> {
        let (Step::Rename(one, other) | Step::Exchange(one, other) | Step::Link(one, other)) = *step else {
            panic!("no call of two names: {step:?}")
        };
        self.folder(one.0)?;
        self.folder(other.0)?;
        let (first, second) = (name(one.1), name(other.1));
        let (first, second) = ((&self.folders[&one.0], &*first), (&self.folders[&other.0], &*second));
        match step {
            Step::Rename(..) => self.disk.rename(first, second),
            Step::Exchange(..) => self.disk.exchange(first, second),
            _ => self.disk.link(first, second),
        }
        .and_then(told)
    }

    fn file_call(&mut self, step: &Step) -> io::Result<String> {
        let (Step::Close(number)
        | Step::State(number)
        | Step::Read(number, _)
        | Step::Lend(number)
        | Step::Append(number, _)
        | Step::Dress(number, _)
        | Step::HasSameAttributes(number, _)
        | Step::Sync(number)
        | Step::Lock(number)
        | Step::Share(number, _)) = *step
        else {
            panic!("no call of a file: {step:?}")
        };
        if let Step::Share(_, at) = *step {
            self.folder(at.0)?;
        }
        let Some(file) = self.files.get(&number) else { return told("not open") };
        match *step {
            Step::State(_) => {
                let state = self.disk.state(file)?;
                told(self.tell(state))
            }
            Step::Read(_, offset) => {
                let mut into = [0; 7];
                let count = self.disk.read_at(file, &mut into, offset)?;
                told(&into[..count])
            }
            Step::Lend(_) => {
                let mut content = Vec::new();
                self.disk.lend(file)?.read_to_end(&mut content)?;
                told(content)
            }
            Step::Append(_, byte) => self.disk.append(file, &[byte; 5]).and_then(told),
            Step::Dress(_, original) => {
                let Some(original) = self.files.get(&original) else { return told("not open") };
                self.disk.dress(file, original)?;
                // Files that were made at once may have one time.
                self.times.clear();
                let (copy, original) = (self.disk.state(file)?, self.disk.state(original)?);
                told(copy.identity.modified_ns == original.identity.modified_ns)
            }
            Step::HasSameAttributes(_, other) => match self.files.get(&other) {
                Some(other) => told(self.disk.has_same_attributes(file, other)?),
                None => told("not open"),
            },
            Step::Sync(_) => self.disk.sync(file).and_then(told),
            Step::Lock(_) => told(self.disk.lock(file)?),
            Step::Share(_, at) => self.disk.share(file, (&self.folders[&at.0], &name(at.1))).and_then(told),
            _ => told(self.files.remove(&number).map(drop)),
        }
    }

    fn tell(&mut self, state: State) -> Told {
        let identity = state.identity;
        let places = [self.known(0, identity.device), self.known(1, state.mount)];
        let now = (identity.modified_ns, identity.changed_ns);
        let mut same = Vec::new();
        for (number, file) in &self.files {
            if self.disk.state(file).is_ok_and(|held| held.identity == identity) {
                let before = self.times.insert(*number, now).unwrap_or(now);
                let changed = [before.0 != now.0, before.1 != now.1].map(|is| is && self.has_fine_times);
                same.push((*number, changed));
            }
        }
        let is_folder = state.kind == Kind::Folder;
        let (bytes, names) = if is_folder { (0, None) } else { (identity.bytes, Some(state.names)) };
        (state.kind, bytes, names, state.mode, state.owner, places, same)
    }

    fn known(&mut self, of: usize, number: u64) -> usize {
        let at = self.seen[of].iter().position(|seen| *seen == number);
        at.unwrap_or_else(|| {
            self.seen[of].push(number);
            self.seen[of].len() - 1
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the last word of calls that may fail")]
fn told(what: impl Debug) -> io::Result<String> {
    Ok(format!("{what:?}"))
}
