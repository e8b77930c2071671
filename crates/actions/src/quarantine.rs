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
    spot::make_folder,
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

    /// Removes the folders of the run that hold nothing.
    pub(crate) fn leave_empty(&self) {
        self.made.values().for_each(|folder| leave(self.disk, folder));
    }

    /// The folder of the run below the quarantine in that folder.
    fn below(&mut self, folder: &Path, journal: &mut Journal<'_, D>) -> io::Result<PathBuf> {
        let name = format!("{NAME}{}", self.user);
        let path = folder.join(&name);
        if let Some(made) = self.made.get(&path) {
            return Ok(made.clone());
        }
        let opened = self.disk.folder(folder)?;
        let run = match self.disk.look(&opened, OsStr::new(&name))? {
            None => self.run.clone(),
            Some(state) => self.free_name(&self.ours(&path, &state)?)?,
        };
        let run_folder = path.join(&run);
        // Before either is made: after a crash nobody else knows of them.
        journal.add(&Record::Uses { folder: run_folder.clone() })?;
        journal.sync()?;
        make_folder(self.disk, &opened, OsStr::new(&name))?;
        let made = self.disk.look(&opened, OsStr::new(&name))?.ok_or(io::ErrorKind::NotFound)?;
        let quarantine = self.ours(&path, &made)?;
        self.disk.make_folder(&quarantine, OsStr::new(&run))?;
        self.disk.sync_folder(&quarantine)?;
        self.made.insert(path, run_folder.clone());
        Ok(run_folder)
    }

    /// The quarantine, if nobody else may write to it.
    fn ours(&self, path: &Path, state: &State) -> io::Result<D::Folder> {
        if state.kind == Kind::Folder && state.owner.0 == self.user && state.mode & 0o022 == 0 {
            return self.disk.folder(path);
        }
        Err(io::Error::other("the quarantine there is somebody else's, or others may write to it"))
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

/// Removes a folder that a run has made, and, of one in a quarantine, the quarantine around it, as far as they are empty.
pub(crate) fn leave<D: Disk>(disk: &D, made: &Path) {
    let around = made.ancestors().skip(1).take(1).filter(|around| holds(around));
    // What cannot be removed holds something, or is gone already: both are as they should be.
    for folder in std::iter::once(made).chain(around) {
        let Ok((above, name)) = place::halves(folder) else { return };
        let removed = disk.folder(above).and_then(|above| {
            disk.remove_folder(&above, name)?;
            disk.sync_folder(&above)
        });
        // A run that was cut off may not have made its folder.
        if removed.is_err_and(|cause| cause.kind() != io::ErrorKind::NotFound) {
            return;
        }
    }
}

/// Whether a path lies in a quarantine, or is one: what is there is on its way out, and nobody's keeper.
pub(crate) fn holds(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str().as_bytes().starts_with(NAME.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pixtwin_testkit::Dir;

    use super::*;
    use crate::{disk::RealDisk, journal, test_disk::Meddling};

    /// Makes a quarantine for a folder, and gives the journal its records.
    fn made<D: Disk>(disk: &D, dir: &Dir) -> io::Result<PathBuf> {
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(dir.home().join("run")).unwrap();
        let journals = RealDisk.folder(&dir.home().canonicalize().unwrap().join("run")).unwrap();
        drop(Journal::create(&RealDisk, &journals));
        let folder = disk.folder(&dir.home().canonicalize().unwrap().join("run"))?;
        let mut journal = Journal::resume(disk, &folder)?;
        let user = rustix::process::geteuid().as_raw();
        Quarantine::new(disk, user, "run", Some(&root)).for_folder(&root, &mut journal)
    }

    #[test]
    fn wherever_it_is_cut_off_the_journal_knows_what_to_remove() {
        let calls = {
            let (disk, dir) = (Meddling::default(), Dir::new());
            made(&disk, &dir).unwrap();
            disk.calls()
        };
        for at in 0..calls {
            let dir = Dir::new();
            made(&Meddling::failing_at(at), &dir).unwrap_err();
            let journals = RealDisk.folder(&dir.home().canonicalize().unwrap().join("run")).unwrap();
            for record in journal::read(&RealDisk, &journals).unwrap().records {
                if let Record::Uses { folder } = record {
                    leave(&RealDisk, &folder);
                }
            }
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "call {at} of {calls}");
        }
    }
}
