//! Sidecars of the files that go: which travel with them, and whether the file that stays has the same.

use std::{
    collections::HashMap,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    disk::Disk,
    error::words_of,
    place,
    sidecars::{Neighbours, has_equal},
    spot::Spot,
    step::Kept,
    verify::{Ready, Traveller},
};

/// The names in folders, listed once for the files that are looked at together.
#[derive(Debug, Default)]
pub(crate) struct Listed(Mutex<HashMap<PathBuf, Arc<Neighbours>>>);

impl Listed {
    fn neighbours<D: Disk>(&self, disk: &D, folder: &Path) -> io::Result<Arc<Neighbours>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let listed = Arc::new(Neighbours::new(disk.list(&disk.folder(folder)?)?));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), Arc::clone(&listed));
        Ok(listed)
    }
}

/// Adds what travels with a file that goes. A sidecar that has no equal beside the keeper guards it.
pub(crate) fn add<D: Disk>(
    disk: &D,
    known: &Listed,
    ready: &mut Ready,
    keeper: &Path,
    going: &[&Path],
) -> Result<(), String> {
    let unread = |cause: io::Error| format!("its sidecars cannot be read: {}", words_of(&cause));
    let (folder, name) = place::halves(&ready.path).map_err(unread)?;
    let goes = |other: &OsStr| going.contains(&&*folder.join(other));
    for name in known.neighbours(disk, folder).map_err(unread)?.sidecars(name, goes) {
        let path = folder.join(&name);
        let spot = Spot::of(disk, &path).map_err(unread)?;
        let Some(state) = spot.look().map_err(unread)? else { continue };
        let equal = equal_of(disk, known, &spot, keeper).map_err(unread)?;
        if equal.is_none() {
            ready.guarded.push(format!("its sidecar `{}`", name.display()));
        }
        // One that cannot be opened shares nothing that is known.
        let bytes = state.identity.bytes;
        let own_bytes = spot.open().map_or(bytes, |file| disk.own_bytes(&file, bytes));
        ready.sidecars.push(Traveller { path, state, own_bytes, equal });
    }
    Ok(())
}

/// The sidecar of the keeper that is equal to this one.
fn equal_of<D: Disk>(disk: &D, known: &Listed, sidecar: &Spot<'_, D>, keeper: &Path) -> io::Result<Option<Kept>> {
    let (folder_path, name) = place::halves(keeper)?;
    let folder = disk.folder(folder_path)?;
    for name in known.neighbours(disk, folder_path)?.sidecars(name, |_| true) {
        if has_equal(disk, sidecar.at(), (&folder, std::slice::from_ref(&name)))? {
            let state = disk.look(&folder, &name)?;
            let path = folder_path.join(name);
            return Ok(state.map(|state| Kept { path, identity: state.identity }));
        }
    }
    Ok(None)
}
