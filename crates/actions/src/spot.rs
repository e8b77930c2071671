//! A name in a folder that is held open: what most calls to the disk are about.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use crate::{
    disk::{Disk, Identity, Kind, State},
    place,
};

/// A name in an open folder.
pub(crate) struct Spot<'a, D: Disk> {
    disk: &'a D,
    folder: D::Folder,
    name: &'a OsStr,
}

impl<'a, D: Disk> Spot<'a, D> {
    /// Opens the folder of a path.
    pub(crate) fn of(disk: &'a D, path: &'a Path) -> io::Result<Self> {
        let (folder, name) = place::halves(path)?;
        Ok(Self { disk, folder: disk.folder(folder)?, name })
    }

    pub(crate) fn look(&self) -> io::Result<Option<State>> {
        self.disk.look(&self.folder, self.name)
    }

    pub(crate) fn open(&self) -> io::Result<D::File> {
        self.disk.open(&self.folder, self.name)
    }

    pub(crate) fn rename_to(&self, to: &Self) -> io::Result<()> {
        self.disk.rename(self.at(), to.at())
    }

    pub(crate) fn exchange_with(&self, other: &Self) -> io::Result<()> {
        self.disk.exchange(self.at(), other.at())
    }

    pub(crate) fn link_to(&self, to: &Self) -> io::Result<()> {
        self.disk.link(self.at(), to.at())
    }

    /// Takes the name away. Over a network an answer may be lost: that the name is gone is what counts.
    pub(crate) fn unlink(&self) -> io::Result<()> {
        match self.disk.unlink(&self.folder, self.name) {
            Err(cause) if !matches!(self.look(), Ok(None)) => Err(cause),
            _ => Ok(()),
        }
    }

    pub(crate) fn at(&self) -> (&D::Folder, &OsStr) {
        (&self.folder, self.name)
    }

    /// What a symbolic link here says; nothing if there is none.
    pub(crate) fn link_text(&self) -> io::Result<Option<PathBuf>> {
        match self.look()? {
            Some(state) if state.kind == Kind::Symlink => self.disk.read_link(&self.folder, self.name).map(Some),
            _ => Ok(None),
        }
    }
}

/// Makes a folder, or finds that somebody was faster, and returns once its name is on the disk. One of which that is not
/// known is removed again: whoever finds it there takes it for made.
pub(crate) fn make_folder<D: Disk>(disk: &D, above: &D::Folder, name: &OsStr) -> io::Result<()> {
    match disk.make_folder(above, name) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => disk.sync_folder(above),
        made => made.and_then(|()| disk.sync_folder(above)).inspect_err(|_| drop(disk.remove_folder(above, name))),
    }
}

/// Whether the file is there in exactly this state, and can be read. A file system that serves names from a cache may
/// show one that is no longer there: to open it, it must ask.
pub(crate) fn is_there<D: Disk>(disk: &D, path: &Path, identity: &Identity) -> io::Result<bool> {
    let file = match Spot::of(disk, path).and_then(|spot| spot.open()) {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        opened => opened?,
    };
    if disk.state(&file)?.identity != *identity {
        return Ok(false);
    }
    let reads = disk.read_at(&file, &mut [0], 0)?;
    Ok(reads == usize::from(identity.bytes > 0))
}
