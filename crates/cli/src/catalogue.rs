//! The catalogue of a search: where it is, and what is said if it cannot be used.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use signal_hook::{consts::SIGXFSZ, flag};

use pixtwin_engine::{CatalogueError, Memory, MemoryUse, Settings, Trust, is_on_network, words_of};

use crate::{args::Remembered, names::shown, output};

/// The catalogue of a run, where it has one.
pub(crate) struct Kept {
    path: PathBuf,
    memory: Memory,
}

impl Kept {
    /// Opens what the arguments name. A search goes on without it, and says so.
    pub(crate) fn open(remembered: &Remembered, settings: &Settings) -> Option<Self> {
        let path = path_of(remembered)?;
        // Where files may not grow further, a write that fails is enough: the signal would end the search.
        let _: Result<_, std::io::Error> = flag::register(SIGXFSZ, Arc::default());
        let trust = if remembered.paranoid { Trust::LookAgain } else { Trust::Believe };
        let opened = make_folder(&path).and_then(|()| Memory::open(&path, settings, trust));
        match opened {
            Ok(memory) => Some(Self { path, memory }),
            Err(cause) => {
                warn(&path, &cause, "the search goes on without it");
                None
            }
        }
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Writes what is left, after the result was printed.
    pub(crate) fn close(self) {
        let Self { path, memory } = self;
        let MemoryUse { unread, unwritten } = memory.finish();
        if let Some(cause) = unread {
            warn(&path, &cause, "not all that it knows was used; the result does not depend on it");
        }
        if let Some(cause) = unwritten {
            warn(&path, &cause, "what this search found is not kept; its result is complete");
        }
    }
}

fn warn(path: &Path, cause: &CatalogueError, consequence: &str) {
    output::error(&format!("cannot use the catalogue `{}`: {cause}\nhint: {consequence}", shown(path)));
}

/// Where the catalogue is, if there is to be one.
pub(crate) fn path_of(remembered: &Remembered) -> Option<PathBuf> {
    match (&remembered.catalogue, remembered.no_catalogue) {
        (_, true) => None,
        (Some(named), _) => Some(named.clone()),
        (None, _) => default_path(),
    }
}

/// The place that the XDG base directories name; nothing for a user without a home.
fn default_path() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    let folder = data.join("pixtwin");
    // SQLite cannot share a file between hosts: each has its own where they share the folder.
    let name = match is_on_network(&folder) {
        Some(host) => format!("catalogue-{host}.sqlite"),
        None => "catalogue.sqlite".to_owned(),
    };
    Some(folder.join(name))
}

fn make_folder(path: &Path) -> Result<(), CatalogueError> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => {
            fs::create_dir_all(folder).map_err(|cause| CatalogueError::Unopened(words_of(&cause)))
        }
        _ => Ok(()),
    }
}
