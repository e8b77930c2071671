//! Folders by the path they are reached by: which they are, whatever they are called.

use std::{
    collections::HashMap,
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

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
        let path = fs::canonicalize(if path.as_os_str().is_empty() { Path::new(".") } else { path }).ok()?;
        let metadata = path.metadata().ok()?;
        let (volume, path) = self.volumes.of(&path, metadata.dev())?;
        Some(Folder { volume, device: metadata.dev(), inode: metadata.ino(), path })
    }
}
