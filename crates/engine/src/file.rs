//! Files: where they are, and how to tell whether one is still the same.

use std::{
    cell::RefCell,
    cmp::Ordering,
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io, iter,
    num::NonZeroU32,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{
            ffi::{OsStrExt, OsStringExt},
            fs::MetadataExt,
        },
    },
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat, openat, statat},
    io::retry_on_intr,
};
use serde::{Deserialize, Serialize};

/// What the file system says a file is: equal identities are one file in one state. There is one for every file of a
/// search: it is kept small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The device, and the file's number on it. Equal pairs are one file, whatever its paths.
    pub(crate) place: (u64, u64),
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// When the content changed last.
    pub(crate) modified: Moment,
    /// When anything about the file changed last.
    pub(crate) changed: Moment,
    pub(crate) names: Names,
}

/// Nanoseconds since 1970, as far as 64 bits reach; beyond the year 2262 they begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Moment(i64);

impl Moment {
    pub(crate) const fn of((seconds, nanoseconds): (i64, i64)) -> Self {
        Self(seconds.wrapping_mul(1_000_000_000).wrapping_add(nanoseconds))
    }

    pub(crate) const fn nanoseconds(self) -> i64 {
        self.0
    }
}

/// A number of names, and one more: a file that was removed while it is open has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Names(NonZeroU32);

impl Names {
    fn of(count: u64) -> Self {
        Self(u32::try_from(count).ok().and_then(|count| NonZeroU32::MIN.checked_add(count)).unwrap_or(NonZeroU32::MAX))
    }
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let Mark { bytes, modified, changed } = Mark::of(metadata);
        Self {
            place: (metadata.dev(), metadata.ino()),
            bytes,
            modified: Moment::of(modified),
            changed: Moment::of(changed),
            names: Names::of(metadata.nlink()),
        }
    }

    /// The same, of what another call of the system says.
    fn of_stat(found: &Stat) -> Self {
        let moment = |seconds: i64, nanoseconds: u64| Moment::of((seconds, nanoseconds.cast_signed()));
        Self {
            place: (found.st_dev, found.st_ino),
            bytes: found.st_size.cast_unsigned(),
            modified: moment(found.st_mtime, found.st_mtime_nsec),
            changed: moment(found.st_ctime, found.st_ctime_nsec),
            names: Names::of(found.st_nlink),
        }
    }

    /// How many names it has.
    pub(crate) fn names(&self) -> u64 {
        u64::from(self.names.0.get()) - 1
    }

    /// The same with another number for the device, which differs from host to host.
    pub(crate) fn on_device(self, number: u64) -> Self {
        Self { place: (number, self.place.1), ..self }
    }

    /// Whether another host, which saw that, sees the same.
    pub(crate) fn has_mark(&self, mark: &Mark) -> bool {
        (self.bytes, self.modified, self.changed) == (mark.bytes, Moment::of(mark.modified), Moment::of(mark.changed))
    }

    /// Whether another host sees the same under its own numbers.
    pub(crate) fn is_marked_as(&self, other: &Self) -> bool {
        (self.bytes, self.modified, self.changed) == (other.bytes, other.modified, other.changed)
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

impl Mark {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A file of the folders that are searched. There is one for every file: it is kept small.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// Its path, beginning with the path the user gave.
    place: Place,
    /// Further paths of the same file, sorted.
    #[allow(clippy::box_collection, reason = "few files have any, and every file has this")]
    others: Option<Box<Vec<PathBuf>>>,
    /// What it was when it was first looked at.
    pub(crate) identity: Option<Identity>,
}

/// A path in two parts: the folder with its slash, which its neighbours share, and the name.
#[derive(Clone, Debug)]
struct Place {
    folder: Arc<[u8]>,
    name: Box<[u8]>,
}

impl Listed {
    pub(crate) fn new(path: &Path) -> Self {
        Self::beside(path, None)
    }

    /// The same, for a file that is likely to lie in the folder of `neighbour`.
    pub(crate) fn beside(path: &Path, neighbour: Option<&Self>) -> Self {
        let bytes = path.as_os_str().as_bytes();
        let cut = bytes.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (folder, name) = bytes.split_at_checked(cut).unwrap_or((&[], bytes));
        let shared = neighbour.map(|neighbour| &neighbour.place.folder).filter(|shared| ***shared == *folder);
        let folder = shared.cloned().unwrap_or_else(|| folder.into());
        Self { place: Place { folder, name: name.into() }, others: None, identity: None }
    }

    /// The same, that is known to be this file.
    pub(crate) fn with(self, identity: Option<Identity>) -> Self {
        Self { identity, ..self }
    }

    /// Its path, beginning with the path the user gave.
    pub(crate) fn path(&self) -> PathBuf {
        OsString::from_vec([&*self.place.folder, &*self.place.name].concat()).into()
    }

    /// Further paths of the same file, sorted.
    pub(crate) fn other_paths(&self) -> &[PathBuf] {
        self.others.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn set_other_paths(&mut self, mut paths: Vec<PathBuf>) {
        paths.sort_unstable();
        self.others = (!paths.is_empty()).then(|| Box::new(paths));
    }

    /// Takes the further paths away.
    pub(crate) fn take_other_paths(&mut self) -> Vec<PathBuf> {
        self.others.take().map_or_else(Vec::new, |others| *others)
    }

    /// Lets both trade their paths.
    pub(crate) fn trade_path(&mut self, other: &mut Self) {
        std::mem::swap(&mut self.place, &mut other.place);
    }

    /// All its names.
    pub(crate) fn into_paths(mut self) -> impl Iterator<Item = PathBuf> {
        let others = self.take_other_paths();
        iter::once(self.path()).chain(others)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.identity.map_or(0, |identity| identity.bytes)
    }

    /// The order of the paths as they are written, part by part: a slash comes before all that a name can hold.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (&self.place, &other.place);
        if ours.folder == theirs.folder {
            return ours.name.cmp(&theirs.name);
        }
        // A slash comes before all that a name can hold.
        let rank = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
        let equal = ours.folder.iter().zip(&*theirs.folder).take_while(|(a, b)| a == b).count();
        let (our_rest, their_rest) = (ours.folder.get(equal..), theirs.folder.get(equal..));
        let our_rest = our_rest.unwrap_or_default().iter().chain(&*ours.name).map(rank);
        our_rest.cmp(their_rest.unwrap_or_default().iter().chain(&*theirs.name).map(rank))
    }
}

/// How a file is opened: without waiting for a pipe's other end or taking a terminal.
const FLAGS: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opens a regular file for reading.
pub(crate) fn open(path: &Path) -> io::Result<(File, Identity)> {
    regular(retry_on_intr(|| rustix::fs::open(path, FLAGS, Mode::empty()))?)
}

thread_local! {
    /// The folder in which this thread opened a file last: to find the next one from there costs half as much.
    static FOLDER: RefCell<Option<(Arc<[u8]>, OwnedFd)>> = const { RefCell::new(None) };
}

impl Listed {
    /// Opens the file, as [`open`] does.
    pub(crate) fn open(&self) -> io::Result<(File, Identity)> {
        match self.in_folder(|folder, name| openat(folder, name, FLAGS, Mode::empty())) {
            Some(Ok(opened)) => regular(opened),
            // No folder is named, or the path says better what is wrong: the folder may be another by now.
            _ => open(&self.path()),
        }
    }

    /// What the file is now, without opening it.
    ///
    /// # Errors
    /// If it is no regular file, or the system does not say.
    pub(crate) fn stat(&self) -> io::Result<Identity> {
        let found = match self.in_folder(|folder, name| statat(folder, name, AtFlags::empty())) {
            Some(found) => found?,
            None => retry_on_intr(|| rustix::fs::stat(self.path()))?,
        };
        let is_file = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        if is_file { Ok(Identity::of_stat(&found)) } else { Err(io::Error::other("not a regular file")) }
    }

    /// Asks the system something about the file by its name in its folder, if one is named and can be opened.
    fn in_folder<T>(
        &self,
        ask: impl Fn(BorrowedFd<'_>, &[u8]) -> rustix::io::Result<T>,
    ) -> Option<rustix::io::Result<T>> {
        let Place { folder, name } = &self.place;
        FOLDER.with_borrow_mut(|last| {
            if last.as_ref().is_none_or(|(known, _)| known != folder) {
                let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
                *last =
                    rustix::fs::open(&**folder, flags, Mode::empty()).ok().map(|opened| (Arc::clone(folder), opened));
            }
            last.as_ref().map(|(_, folder)| retry_on_intr(|| ask(folder.as_fd(), name)))
        })
    }

    /// The folder, as the path names it; empty where it names none.
    pub(crate) fn folder(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.place.folder))
    }

    /// The last part of its path.
    pub(crate) fn name(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.place.name))
    }
}

fn regular(opened: OwnedFd) -> io::Result<(File, Identity)> {
    let file = File::from(opened);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back_as_it_was_given() {
        for path in ["a", "./a", "/a", "x//y.png", "../b/c", "-", "a/b/"] {
            assert_eq!(Listed::new(Path::new(path)).path().as_os_str(), path);
        }
        let neighbour = Listed::new(Path::new("x/a"));
        for path in ["x/b", "x/y/b", "b", "xx/b"] {
            assert_eq!(Listed::beside(Path::new(path), Some(&neighbour)).path(), Path::new(path));
        }
    }

    #[test]
    fn the_order_is_that_of_paths() {
        let mut paths = ["a", "a/b", "a.b", "a/b/c", "a/b.c", "b", "a-b/c", "/a", "a/\u{1}", "a/c"].map(Path::new);
        let mut listed = paths.map(Listed::new);
        let neighbour = Listed::new(Path::new("a/x"));
        listed[1] = Listed::beside(paths[1], Some(&neighbour));
        listed[9] = Listed::beside(paths[9], Some(&neighbour));
        listed.sort_by(Listed::order);
        paths.sort();
        assert_eq!(listed.map(|listed| listed.path()), paths.map(Path::to_owned));
    }

    #[test]
    fn what_is_kept_for_every_file_is_small() {
        assert!(size_of::<Option<Identity>>() <= 48);
        assert!(size_of::<Listed>() <= 88);
    }
}
