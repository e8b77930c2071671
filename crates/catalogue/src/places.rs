//! Folders by the path they are reached by: which they are, whatever they are called.

use std::{
    collections::HashMap,
    fs,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::fs::{Mode, OFlags, fstat, open};

use crate::volumes::{Volume, Volumes};

/// How many folders are remembered; then they are looked up anew.
const MOST_FOLDERS: usize = 1 << 16;

/// A folder on a file system.
#[derive(Debug)]
pub struct Folder {
    pub(crate) volume: Arc<Volume>,
    /// The number of its device here and now.
    pub(crate) device: u64,
    pub(crate) inode: u64,
    /// From the root of the file system, without a slash in front.
    pub(crate) path: Vec<u8>,
}

/// What a path came to.
type Met = Option<Arc<Folder>>;

/// The folders that were met.
#[derive(Debug)]
pub(crate) struct Places {
    volumes: Volumes,
    met: Mutex<HashMap<Box<[u8]>, Met>>,
}

impl Folder {
    /// Whether its files are those on this device: a file can be mounted in the folder of another.
    #[must_use]
    pub fn is_on(&self, device: u64) -> bool {
        self.device == device
    }
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { volumes: Volumes::of_this_host(), met: Mutex::default() }
    }

    pub(crate) fn volumes(&self) -> &Volumes {
        &self.volumes
    }

    /// The folder of this path; nothing where it is gone, or the system does not say on which file system it lies.
    pub(crate) fn of(&self, path: &Path) -> Option<Arc<Folder>> {
        let key = path.as_os_str().as_encoded_bytes();
        if let Some(met) = self.met.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return met.clone();
        }
        let found = self.look(path).map(Arc::new);
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.len() >= MOST_FOLDERS {
            met.clear();
        }
        met.insert(key.into(), found.clone());
        found
    }

    fn look(&self, path: &Path) -> Option<Folder> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let opened = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()?;
        let found = fstat(&opened).ok()?;
        let path = path_of(&opened).or_else(|| fs::canonicalize(path).ok())?;
        let (volume, path) = self.volumes.of(&path, found.st_dev)?;
        Some(Folder { volume, device: found.st_dev, inode: found.st_ino, path })
    }
}

/// The path of an open folder from the root, free of links: one question to the system, where to resolve a path takes one for each
/// of its parts.
fn path_of(folder: &OwnedFd) -> Option<PathBuf> {
    let path = fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd())).ok()?;
    // One that was removed meanwhile has a remark behind its name.
    path.metadata().is_ok().then_some(path)
}
