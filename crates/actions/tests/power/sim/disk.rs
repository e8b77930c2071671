//! The disk as pixtwin sees it: every call is counted, may be struck, and is then answered by the world.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use pixtwin_actions::disk::{Disk, State};
use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::Errno,
};

use super::{
    calls::{READ, WRITE},
    trouble::{
        Sort::{self, Changes, Reads},
        Way,
    },
    world::{Model, Place, World},
};

/// A disk in memory.
pub(crate) struct SimDisk(Mutex<World>);

/// A folder of it, held open.
pub(crate) struct SimFolder(Place);

/// A file of it, held open.
pub(crate) struct SimFile {
    place: Place,
    is_writable: bool,
    /// By which its lock is known: it ends with this.
    holder: Arc<()>,
}

impl SimFile {
    fn to_read(place: Place) -> Self {
        Self { place, is_writable: false, holder: Arc::new(()) }
    }

    fn to_append(place: Place) -> Self {
        Self { is_writable: true, ..Self::to_read(place) }
    }
}

impl SimDisk {
    /// A disk of one file system, and who uses it.
    pub(crate) fn new(model: Model, user: (u32, u32)) -> Self {
        Self::from(World::new(model, user))
    }

    /// The whole of it, past the count.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn into_world(self) -> World {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, and lets it do what it does unless it is struck.
    fn call<T>(&self, name: &'static str, sort: Sort, run: impl FnOnce(&mut World) -> io::Result<T>) -> io::Result<T> {
        let mut world = self.world();
        match world.meter.enter(name, sort)? {
            None => run(&mut world),
            Some((errno, Way::After)) => run(&mut world).and(Err(errno.into())),
            Some((errno, Way::Before | Way::Half | Way::Lost)) => Err(errno.into()),
        }
    }
}

impl From<World> for SimDisk {
    fn from(world: World) -> Self {
        Self(Mutex::new(world))
    }
}

impl Disk for SimDisk {
    type Folder = SimFolder;
    type File = SimFile;

    fn folder(&self, path: &Path) -> io::Result<SimFolder> {
        self.call("folder", Reads, |world| world.folder(path).map(SimFolder))
    }

    fn open(&self, folder: &SimFolder, name: &OsStr) -> io::Result<SimFile> {
        self.call("open", Reads, |world| world.open(folder.0, name, READ).map(SimFile::to_read))
    }

    fn state(&self, file: &SimFile) -> io::Result<State> {
        self.call("state", Reads, |world| Ok(world.state(file.place)))
    }

    fn folder_state(&self, folder: &SimFolder) -> io::Result<State> {
        self.call("folder_state", Reads, |world| Ok(world.state(folder.0)))
    }

    fn look(&self, folder: &SimFolder, name: &OsStr) -> io::Result<Option<State>> {
        self.call("look", Reads, |world| world.look(folder.0, name))
    }

    fn read_at(&self, file: &SimFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.call("read_at", Reads, |world| Ok(world.read_at(file.place, into, offset)))
    }

    fn lend(&self, file: &SimFile) -> io::Result<fs::File> {
        self.call("lend", Reads, |world| {
            let lent = fs::File::from(memfd_create("lent", MemfdFlags::CLOEXEC)?);
            lent.write_all_at(world.node(file.place.node).content().unwrap(), 0)?;
            Ok(lent)
        })
    }

    fn read_link(&self, folder: &SimFolder, name: &OsStr) -> io::Result<PathBuf> {
        self.call("read_link", Reads, |world| world.read_link(folder.0, name))
    }

    fn list(&self, folder: &SimFolder) -> io::Result<Vec<OsString>> {
        self.call("list", Reads, |world| world.list(folder.0))
    }

    fn rename(&self, from: (&SimFolder, &OsStr), to: (&SimFolder, &OsStr)) -> io::Result<()> {
        self.call("rename", Changes, |world| world.rename((from.0.0, from.1), (to.0.0, to.1)))
    }

    fn exchange(&self, one: (&SimFolder, &OsStr), other: (&SimFolder, &OsStr)) -> io::Result<()> {
        self.call("exchange", Changes, |world| world.exchange((one.0.0, one.1), (other.0.0, other.1)))
    }

    fn link(&self, from: (&SimFolder, &OsStr), to: (&SimFolder, &OsStr)) -> io::Result<()> {
        self.call("link", Changes, |world| world.link((from.0.0, from.1), (to.0.0, to.1)))
    }

    fn symlink(&self, target: &Path, to: (&SimFolder, &OsStr)) -> io::Result<()> {
        self.call("symlink", Changes, |world| world.symlink(target, (to.0.0, to.1)))
    }

    fn share(&self, keeper: &SimFile, victim: (&SimFolder, &OsStr)) -> io::Result<()> {
        self.call("share", Changes, |world| world.share(keeper.place, (victim.0.0, victim.1)))
    }

    fn unlink(&self, folder: &SimFolder, name: &OsStr) -> io::Result<()> {
        self.call("unlink", Changes, |world| world.unlink((folder.0, name)))
    }

    fn make_folder(&self, folder: &SimFolder, name: &OsStr) -> io::Result<()> {
        self.call("make_folder", Changes, |world| world.make_folder((folder.0, name)))
    }

    fn remove_folder(&self, folder: &SimFolder, name: &OsStr) -> io::Result<()> {
        self.call("remove_folder", Changes, |world| world.remove_folder((folder.0, name)))
    }

    fn create(&self, folder: &SimFolder, name: &OsStr) -> io::Result<SimFile> {
        self.call("create", Changes, |world| world.create((folder.0, name)).map(SimFile::to_append))
    }

    fn open_to_append(&self, folder: &SimFolder, name: &OsStr) -> io::Result<SimFile> {
        self.call("open_to_append", Reads, |world| world.open(folder.0, name, READ | WRITE).map(SimFile::to_append))
    }

    fn append(&self, file: &SimFile, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world();
        if !file.is_writable {
            return Err(Errno::BADF.into());
        }
        match world.meter.enter("append", Changes)? {
            None => world.append(file.place, bytes),
            Some((errno, way)) => {
                let done = match way {
                    Way::Before | Way::Lost => 0,
                    Way::Half => bytes.len() / 2,
                    Way::After => bytes.len(),
                };
                world.append(file.place, &bytes[..done])?;
                Err(errno.into())
            }
        }
    }

    fn dress(&self, copy: &SimFile, original: &SimFile) -> io::Result<()> {
        self.call("dress", Changes, |world| world.dress(copy.place, original.place))
    }

    fn has_same_attributes(&self, one: &SimFile, other: &SimFile) -> io::Result<bool> {
        self.call("has_same_attributes", Reads, |world| {
            let attributes = |file: &SimFile| &world.node(file.place.node).dress.extended;
            Ok(attributes(one) == attributes(other))
        })
    }

    fn sync(&self, file: &SimFile) -> io::Result<()> {
        let mut world = self.world();
        let node = file.place.node;
        match world.meter.enter("sync", Changes)? {
            None => world.keep_file(node),
            Some((errno, way)) => {
                match way {
                    Way::After => world.keep_file(node),
                    Way::Lost => world.lose(node),
                    Way::Before | Way::Half => {}
                }
                return Err(errno.into());
            }
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &SimFolder) -> io::Result<()> {
        self.call("sync_folder", Changes, |world| {
            world.keep_folder(folder.0.node);
            Ok(())
        })
    }

    /// The disk reads what was written, always.
    fn forget_content(&self, _: &SimFile) {}

    fn lock(&self, file: &SimFile) -> io::Result<bool> {
        self.call("lock", Reads, |world| {
            let held = world.locks.get(&file.place.node).and_then(Weak::upgrade);
            if held.is_some_and(|holder| !Arc::ptr_eq(&holder, &file.holder)) {
                return Ok(false);
            }
            world.locks.insert(file.place.node, Arc::downgrade(&file.holder));
            Ok(true)
        })
    }
}
