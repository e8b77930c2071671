//! Opens and makes the folders of a trash.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use crate::{
    disk::{Disk, State},
    spot::make_folder,
};

/// A folder of the user, which is made if it is missing: its path, and what it is.
pub(super) fn open_or_make<D: Disk>(disk: &D, user: u32, above: &Path, name: &OsStr) -> io::Result<(PathBuf, State)> {
    let path = make(disk, above, name)?;
    let state = disk.folder_state(&disk.folder(&path)?)?;
    if state.owner.0 != user {
        let why = format!("`{}` belongs to another user: {}", name.as_encoded_bytes().escape_ascii(), state.owner.0);
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok((path, state))
}

/// Makes all folders of a path that are missing.
pub(super) fn make_all<D: Disk>(disk: &D, path: &Path) -> io::Result<()> {
    let (mut there, _) = nearest(disk, path)?;
    let missing = path.strip_prefix(&there).unwrap_or(Path::new("")).to_owned();
    for name in &missing {
        there = make(disk, &there, name)?;
    }
    Ok(())
}

/// The deepest folder of the path that exists, and what it is.
pub(super) fn nearest<D: Disk>(disk: &D, path: &Path) -> io::Result<(PathBuf, State)> {
    for above in path.ancestors() {
        match disk.folder(above) {
            Ok(folder) => return Ok((above.to_owned(), disk.folder_state(&folder)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

fn make<D: Disk>(disk: &D, above: &Path, name: &OsStr) -> io::Result<PathBuf> {
    let folder = disk.folder(above)?;
    if disk.look(&folder, name)?.is_none() {
        make_folder(disk, &folder, name)?;
    }
    Ok(above.join(name))
}
