//! The disk of the system.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    io::Seek,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::{OsStrExt, OsStringExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Advice, AtFlags, Dir, FlockOperation, Mode, OFlags, RenameFlags},
    io::Errno,
};

use super::{Disk, Kind, State, share};

mod dress;
mod open;
mod rename;
mod state;

/// The disk of the system, as the process may use it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

/// A folder, held open.
#[derive(Debug)]
pub struct RealFolder(OwnedFd);

/// A regular file, held open.
#[derive(Debug)]
pub struct RealFile(OwnedFd);

#[cfg(test)]
impl RealFolder {
    /// The number by which this process has it open.
    pub(crate) fn number(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.0)
    }
}

impl Disk for RealDisk {
    type File = RealFile;
    type Folder = RealFolder;

    fn folder(&self, path: &Path) -> io::Result<RealFolder> {
        open::folder(path).map(RealFolder)
    }

    fn open(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        open::to_read(folder.0.as_fd(), plain(name)?).map(RealFile)
    }

    fn state(&self, file: &RealFile) -> io::Result<State> {
        state::of_open(file.0.as_fd())
    }

    fn folder_state(&self, folder: &RealFolder) -> io::Result<State> {
        state::of_open(folder.0.as_fd())
    }

    fn look(&self, folder: &RealFolder, name: &OsStr) -> io::Result<Option<State>> {
        state::of_name(folder.0.as_fd(), plain(name)?)
    }

    fn read_at(&self, file: &RealFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(rustix::io::pread(&file.0, into, offset)?)
    }

    /// Those who borrow one file at once have one position in it.
    fn lend(&self, file: &RealFile) -> io::Result<fs::File> {
        let mut lent = fs::File::from(file.0.try_clone()?);
        lent.rewind()?;
        Ok(lent)
    }

    fn read_link(&self, folder: &RealFolder, name: &OsStr) -> io::Result<PathBuf> {
        let target = rustix::fs::readlinkat(&folder.0, plain(name)?, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    fn list(&self, folder: &RealFolder) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&folder.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    fn rename(&self, from: (&RealFolder, &OsStr), to: (&RealFolder, &OsStr)) -> io::Result<()> {
        rename::to_free_name((from.0.0.as_fd(), plain(from.1)?), (to.0.0.as_fd(), plain(to.1)?))
    }

    fn exchange(&self, one: (&RealFolder, &OsStr), other: (&RealFolder, &OsStr)) -> io::Result<()> {
        let (one_name, other_name) = (plain(one.1)?, plain(other.1)?);
        match rustix::fs::renameat_with(&one.0.0, one_name, &other.0.0, other_name, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS) => Err(unsupported("the file system cannot exchange two names")),
            other => Ok(other?),
        }
    }

    fn link(&self, from: (&RealFolder, &OsStr), to: (&RealFolder, &OsStr)) -> io::Result<()> {
        Ok(rustix::fs::linkat(&from.0.0, plain(from.1)?, &to.0.0, plain(to.1)?, AtFlags::empty())?)
    }

    fn symlink(&self, target: &Path, to: (&RealFolder, &OsStr)) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &to.0.0, plain(to.1)?)?)
    }

    /// Linux lets the owner of a file share its blocks though it is open to be read only (since 4.20), so that nobody who
    /// watches the folder is told of a change.
    fn share(&self, keeper: &RealFile, victim: (&RealFolder, &OsStr)) -> io::Result<()> {
        let victim = self.open(victim.0, victim.1)?;
        let (keeps, goes) = (self.state(keeper)?.identity, self.state(&victim)?.identity);
        if keeps.place() == goes.place() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "both names lead to one file"));
        }
        if keeps.bytes != goes.bytes {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the files differ in length"));
        }
        share::share_all(keeper.0.as_fd(), victim.0.as_fd(), keeps.bytes)
    }

    fn own_bytes(&self, file: &RealFile, bytes: u64) -> u64 {
        share::own_bytes(file.0.as_fd(), bytes)
    }

    fn unlink(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&folder.0, plain(name)?, AtFlags::empty())?)
    }

    fn make_folder(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(&folder.0, plain(name)?, Mode::RWXU)?)
    }

    fn remove_folder(&self, folder: &RealFolder, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&folder.0, plain(name)?, AtFlags::REMOVEDIR)?)
    }

    fn create(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::APPEND | open::CAREFUL;
        Ok(RealFile(rustix::fs::openat(&folder.0, plain(name)?, flags, Mode::RUSR | Mode::WUSR)?))
    }

    fn open_to_append(&self, folder: &RealFolder, name: &OsStr) -> io::Result<RealFile> {
        open::regular(folder.0.as_fd(), plain(name)?, OFlags::RDWR | OFlags::APPEND).map(RealFile)
    }

    fn append(&self, file: &RealFile, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        while !left.is_empty() {
            left = match rustix::io::write(&file.0, left)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => left.get(written..).unwrap_or_default(),
            };
        }
        Ok(())
    }

    fn dress(&self, copy: &RealFile, original: &RealFile) -> io::Result<()> {
        dress::dress(copy.0.as_fd(), original.0.as_fd())
    }

    fn has_same_attributes(&self, one: &RealFile, other: &RealFile) -> io::Result<bool> {
        dress::has_same_attributes(one.0.as_fd(), other.0.as_fd())
    }

    fn sync(&self, file: &RealFile) -> io::Result<()> {
        Ok(rustix::fs::fsync(&file.0)?)
    }

    fn forget_content(&self, file: &RealFile) {
        // It is no error if some of it stays in memory: what is read is compared all the same.
        let _ = rustix::fs::fadvise(&file.0, 0, None, Advice::DontNeed);
    }

    fn sync_folder(&self, folder: &RealFolder) -> io::Result<()> {
        Ok(rustix::fs::fsync(&folder.0)?)
    }

    fn lock(&self, file: &RealFile) -> io::Result<bool> {
        match rustix::fs::flock(&file.0, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }
}

/// The name, if it is one of something in the folder itself: a path would lead the system elsewhere.
fn plain(name: &OsStr) -> io::Result<&OsStr> {
    match name.as_bytes() {
        b"" | b"." | b".." => Err(no_name()),
        bytes if bytes.contains(&b'/') => Err(no_name()),
        _ => Ok(name),
    }
}

fn no_name() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file in the folder")
}

fn unsupported(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

/// The state, if it is that of a regular file.
fn regular(state: State) -> io::Result<State> {
    if state.kind == Kind::File {
        return Ok(state);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

#[cfg(test)]
mod tests;
