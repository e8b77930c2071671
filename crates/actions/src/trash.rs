//! The trash of freedesktop.org, whose files other programs show and give back.
//!
//! A victim goes in steps, each of which is written down before it is done: [`Trash::find`] opens or makes the trash that
//! is for it, [`Trash::entries`] proposes names, [`Entry::note`] takes one by its `.trashinfo` file. Then the victim is moved
//! to [`Entry::files`] under [`Entry::name`], or carried there if [`Trash::is_across`]. [`Entry::take_back`] ends what did
//! not come to pass, or was undone.
//!
//! # Source
//! The FreeDesktop.org Trash specification, version 1.0.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::disk::{Disk, Kind, State};

mod entry;
mod folders;

pub(crate) use entry::Entry;

use folders::{make_all, nearest, open_or_make};

/// Whose trash it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    /// The number of the user for whom the process acts.
    pub(crate) id: u32,
    /// `$XDG_DATA_HOME/Trash`, or else `~/.local/share/Trash`: absolute, without symbolic links. It need not exist.
    pub(crate) home_trash: PathBuf,
}

/// A trash that can be used: it has its two folders, which belong to the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trash {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The highest folder of its file system, to which the paths in its notes are relative. The trash of the home has none,
    /// and whole paths.
    pub(crate) top: Option<PathBuf>,
    /// Whether it is on another file system than the victim, which then is copied.
    pub(crate) is_across: bool,
}

/// The sticky bit: each may remove only what is theirs.
const STICKY: u32 = 0o1000;

impl Trash {
    /// The trash for what lies in that folder. Makes it, if it is missing:
    ///
    /// 1. the trash of the home, on its own file system,
    /// 2. `.Trash/UID` in the highest folder of the file system, if `.Trash` is there, is no symbolic link and is sticky,
    /// 3. `.Trash-UID` there,
    /// 4. the trash of the home, though it is elsewhere.
    ///
    /// # Errors
    /// If none can be used; that is why the last cannot.
    pub(crate) fn find<D: Disk>(disk: &D, user: &User, folder: &Path) -> io::Result<Self> {
        let here = disk.folder_state(&disk.folder(folder)?)?;
        let at_home = nearest(disk, &user.home_trash).is_ok_and(|home| is_one_volume(&home.1, &here));
        let of_home = |is_across| Self::of_home(disk, user, is_across);
        let at_home_why = match at_home.then(|| of_home(false)) {
            Some(Ok(trash)) => return Ok(trash),
            Some(Err(why)) => Some(why),
            None => None,
        };
        let top = highest(disk, folder, &here);
        let own = format!(".Trash-{}", user.id);
        let of_top = shared(disk, &top)
            .and_then(|shared| Self::of_top(disk, user, &top, &shared, &user.id.to_string(), &here))
            .or_else(|_| Self::of_top(disk, user, &top, &top, &own, &here));
        match (of_top, at_home_why) {
            (Ok(trash), _) => Ok(trash),
            (Err(_), Some(why)) => Err(why),
            (Err(_), None) => of_home(true),
        }
    }

    fn of_home<D: Disk>(disk: &D, user: &User, is_across: bool) -> io::Result<Self> {
        let above = user.home_trash.parent().ok_or(io::ErrorKind::InvalidInput)?;
        let name = user.home_trash.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        make_all(disk, above)?;
        let (path, state) = open_or_make(disk, user.id, above, name)?;
        Self::with_folders(disk, user, path, None, is_across, &state)
    }

    fn of_top<D: Disk>(disk: &D, user: &User, top: &Path, above: &Path, name: &str, here: &State) -> io::Result<Self> {
        let (path, state) = open_or_make(disk, user.id, above, name.as_ref())?;
        if !is_one_volume(&state, here) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        Self::with_folders(disk, user, path, Some(top.to_owned()), false, here)
    }

    fn with_folders<D: Disk>(
        disk: &D,
        user: &User,
        path: PathBuf,
        top: Option<PathBuf>,
        is_across: bool,
        here: &State,
    ) -> io::Result<Self> {
        for name in ["files", "info"] {
            let (_, state) = open_or_make(disk, user.id, &path, name.as_ref())?;
            if !is_one_volume(&state, here) {
                return Err(io::ErrorKind::CrossesDevices.into());
            }
        }
        Ok(Self { path, top, is_across })
    }
}

/// Whether a file can be renamed from one folder to the other.
fn is_one_volume(one: &State, other: &State) -> bool {
    (one.identity.device, one.mount) == (other.identity.device, other.mount)
}

/// The highest folder above that is on its file system. Those that may not be looked at are passed over: what is above
/// them on the same mount shows that they are on it too.
fn highest<D: Disk>(disk: &D, folder: &Path, here: &State) -> PathBuf {
    let state = |path: &Path| disk.folder(path).and_then(|folder| disk.folder_state(&folder));
    let is_there = |path: &&Path| state(path).is_ok_and(|state| is_one_volume(&state, here));
    folder.ancestors().filter(is_there).last().unwrap_or(folder).to_owned()
}

/// The folder for the trashes of all users, if somebody made it as it has to be.
fn shared<D: Disk>(disk: &D, top: &Path) -> io::Result<PathBuf> {
    let seen = disk.look(&disk.folder(top)?, ".Trash".as_ref())?.ok_or(io::ErrorKind::NotFound)?;
    if seen.kind != Kind::Folder || seen.mode & STICKY == 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(top.join(".Trash"))
}

#[cfg(test)]
mod tests;
