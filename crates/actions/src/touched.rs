//! The folders whose names changed, to be brought to the disk once.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use crate::{
    disk::Disk,
    error::Error,
    place,
    step::{Deed, Step},
};

/// Folders in which names changed.
#[derive(Debug, Default)]
pub(crate) struct Touched(BTreeSet<PathBuf>);

impl Touched {
    /// Those that a step, done or taken back, changes.
    pub(crate) fn add(&mut self, step: &Step) {
        let copy = if let Deed::Carry { copy, .. } = &step.deed { Some(copy) } else { None };
        // Of its notes, the trash takes care by itself.
        for path in [Some(&step.victim), Some(&step.held), copy].into_iter().flatten() {
            self.0.extend(place::halves(path).ok().map(|(folder, _)| folder.to_owned()));
        }
    }

    /// Returns once their names are on the disk.
    pub(crate) fn sync<D: Disk>(&self, disk: &D) -> Result<(), Error> {
        self.0.iter().try_for_each(|folder| sync(disk, folder).map_err(Error::disk("bring to the disk", folder)))
    }
}

fn sync<D: Disk>(disk: &D, folder: &Path) -> io::Result<()> {
    match disk.folder(folder) {
        // Nothing of ours is in a folder that is gone, or in whatever has taken its place.
        Err(cause) if is_gone(&cause) => Ok(()),
        opened => disk.sync_folder(&opened?),
    }
}

fn is_gone(cause: &io::Error) -> bool {
    let is_link = Errno::from_io_error(cause) == Some(Errno::LOOP);
    is_link || matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
