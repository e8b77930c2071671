//! Where files are held: a folder of ours on the file system of each, as high up as it can be, so that it lies outside
//! the pictures.

use std::{
    collections::HashMap,
    ffi::OsStr,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use crate::{
    disk::{Disk, Kind, State},
    journal::{Journal, Record},
    place,
};

/// The start of its name; the number of the user follows.
const NAME: &str = ".pixtwin-quarantine-";

/// The quarantines of a run, made when they are needed.
pub(crate) struct Quarantine<'d, D: Disk> {
    disk: &'d D,
    user: u32,
    run: String,
    /// The folder that the user wants them in.
    wanted: Option<PathBuf>,
    /// The folder of the run in the quarantine, by the folder of a file.
    by_folder: HashMap<PathBuf, PathBuf>,
    /// The same by the quarantine.
    made: HashMap<PathBuf, PathBuf>,
}

impl<'d, D: Disk> Quarantine<'d, D> {
    pub(crate) fn new(disk: &'d D, user: u32, run: &str, wanted: Option<&Path>) -> Self {
        let (by_folder, made) = (HashMap::new(), HashMap::new());
        Self { disk, user, run: run.to_owned(), wanted: wanted.map(Path::to_owned), by_folder, made }
    }

    /// The folder in which the run holds files of that folder: on the same mount and the same device, so that they can
    /// be renamed into it. It is the highest above it that belongs to the user, or else the highest in which the user may
    /// make one.
    pub(crate) fn for_folder(&mut self, folder: &Path, journal: &mut Journal<'_, D>) -> io::Result<PathBuf> {
        if let Some(known) = self.by_folder.get(folder) {
            return Ok(known.clone());
        }
        let there = self.disk.folder_state(&self.disk.folder(folder)?)?;
        let wanted = self.wanted.clone();
        let above: Vec<&Path> = wanted.as_deref().map_or_else(|| folder.ancestors().collect(), |wanted| vec![wanted]);
        let mut on_it = Vec::with_capacity(above.len());
        for candidate in above.into_iter().rev() {
            // What may not even be looked at is no place for it.
            let opened = self.disk.folder(candidate).and_then(|opened| self.disk.folder_state(&opened));
            let Ok(state) = opened else { continue };
            if (state.mount, state.identity.device) == (there.mount, there.identity.device) {
                on_it.push((state.owner.0 != self.user, candidate));
            }
        }
        // Stable: the highest comes first.
        on_it.sort_by_key(|(is_not_ours, _)| *is_not_ours);
        let mut refused = io::Error::other("the quarantine lies on another file system");
        for (_, candidate) in on_it {
            match self.below(candidate, journal) {
                Ok(found) => {
                    self.by_folder.insert(folder.to_owned(), found.clone());
                    return Ok(found);
                }
                Err(cause) => refused = cause,
            }
        }
        Err(refused)
    }

    /// The folder of the run below the quarantine in that folder.
    fn below(&mut self, folder: &Path, journal: &mut Journal<'_, D>) -> io::Result<PathBuf> {
        let name = format!("{NAME}{}", self.user);
        let path = folder.join(&name);
        if let Some(made) = self.made.get(&path) {
            return Ok(made.clone());
        }
        let opened = self.disk.folder(folder)?;
        let is_new = self.disk.look(&opened, OsStr::new(&name))?.is_none();
        // Before anything is made: after a crash nobody else knows of it.
        if is_new {
            announce(journal, &path.join(&self.run))?;
            match self.disk.make_folder(&opened, OsStr::new(&name)) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
                made => made.and_then(|()| self.disk.sync_folder(&opened))?,
            }
        }
        let is_ours =
            |state: State| state.kind == Kind::Folder && state.owner.0 == self.user && state.mode & 0o022 == 0;
        if !self.disk.look(&opened, OsStr::new(&name))?.is_some_and(is_ours) {
            return Err(io::Error::other("the quarantine there is somebody else's, or others may write to it"));
        }
        let quarantine = self.disk.folder(&path)?;
        let run = self.free_name(&quarantine)?;
        let run_folder = path.join(&run);
        if !is_new || run != self.run {
            announce(journal, &run_folder)?;
        }
        self.disk.make_folder(&quarantine, OsStr::new(&run))?;
        self.disk.sync_folder(&quarantine)?;
        self.made.insert(path, run_folder.clone());
        Ok(run_folder)
    }

    /// The name of the run, or one behind it: who keeps journals elsewhere may have run at the same moment.
    fn free_name(&self, quarantine: &D::Folder) -> io::Result<String> {
        let mut name = self.run.clone();
        let mut further = 1_u32;
        while self.disk.look(quarantine, OsStr::new(&name))?.is_some() {
            further += 1;
            name = format!("{}-{further}", self.run);
        }
        Ok(name)
    }
}

/// Writes down that a folder is about to be made, and perhaps the quarantine around it.
fn announce<D: Disk>(journal: &mut Journal<'_, D>, run_folder: &Path) -> io::Result<()> {
    journal.add(&Record::Uses { folder: run_folder.to_owned() })?;
    journal.sync()
}

/// Removes the folder of a run, and the quarantine around it, as far as they are empty.
pub(crate) fn leave<D: Disk>(disk: &D, run_folder: &Path) {
    // What cannot be removed holds something, or is gone already: both are as they should be.
    for folder in run_folder.ancestors().take(2).filter(|folder| holds(folder)) {
        let Ok((above, name)) = place::halves(folder) else { return };
        let removed = disk.folder(above).and_then(|above| {
            match disk.remove_folder(&above, name) {
                // It was never made; the quarantine around it may have been.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.and_then(|()| disk.sync_folder(&above)),
            }
        });
        match removed {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return,
            _ => {}
        }
    }
}

/// Whether a path lies in a quarantine, or is one: what is there is on its way out, and nobody's keeper.
pub(crate) fn holds(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().as_bytes().starts_with(NAME.as_bytes()))
}
