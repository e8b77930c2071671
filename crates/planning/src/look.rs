//! Looks at the files of a report as they are now.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ffi::OsStr,
    fs,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use pixtwin_actions::{disk::Identity, plan::Group};
use pixtwin_engine::words_of;

use crate::found::FoundFile;

/// A file as it is now.
pub(crate) struct Looked {
    /// Its names, absolute, without symbolic links.
    pub(crate) names: Vec<PathBuf>,
    pub(crate) identity: Identity,
    /// How many names it has in all.
    pub(crate) links: u64,
    pub(crate) format: Cow<'static, str>,
    /// It shows the very picture of the first of its group.
    pub(crate) is_equal: bool,
    /// Which of the files of the group it is, by their numbers from 0; several where they are one by now.
    pub(crate) of: Vec<usize>,
    /// The hash of its bytes, where it was needed.
    pub(crate) blake3: Option<[u8; 32]>,
}

/// Why a file is not acted on.
pub(crate) enum Trouble {
    /// A name of it is a symbolic link.
    Symlink,
    /// It is another than the report tells of.
    Changed,
    /// It could not be looked at: which name, and why.
    Unseen(PathBuf, String),
}

impl Looked {
    /// The first of its names.
    pub(crate) fn name(&self) -> PathBuf {
        self.names.first().cloned().unwrap_or_default()
    }

    /// Whether both are one file, in whatever state.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        let place = |looked: &Self| (looked.identity.device, looked.identity.inode);
        place(self) == place(other)
    }
}

impl Trouble {
    /// What it is for a group.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::Symlink => "a name of it is a symbolic link",
            Self::Changed => "a file of it has changed since the report",
            Self::Unseen(..) => "a file of it could not be looked at",
        }
    }
}

/// Folders without symbolic links, by how reports call them.
#[derive(Default)]
pub(crate) struct Folders(HashMap<PathBuf, PathBuf>);

impl Folders {
    /// What a file is now, under all its names.
    pub(crate) fn look(&mut self, at: usize, file: &FoundFile) -> Result<Looked, Trouble> {
        let mut looked: Option<Looked> = None;
        for path in &file.paths {
            let unseen = |reason: String| Trouble::Unseen(path.clone(), reason);
            let name = self.real(path).map_err(unseen)?;
            let metadata = fs::symlink_metadata(&name).map_err(|cause| unseen(words_of(&cause)))?;
            if metadata.is_symlink() {
                return Err(Trouble::Symlink);
            }
            let identity = identity_of(&metadata);
            let is_same = looked.as_ref().is_none_or(|looked| looked.identity == identity);
            if !metadata.is_file() || metadata.len() != file.bytes || !is_same {
                return Err(Trouble::Changed);
            }
            let format = file.format.clone();
            let links = metadata.nlink();
            let (is_equal, of) = (file.is_equal, vec![at]);
            let new = || Looked { names: Vec::new(), identity, links, format, is_equal, of, blake3: None };
            let looked = looked.get_or_insert_with(new);
            // Two ways through links may lead to one name.
            if !looked.names.contains(&name) {
                looked.names.push(name);
            }
        }
        looked.ok_or(Trouble::Changed)
    }

    /// The path with all links of its folders followed; the last part stays as it is.
    fn real(&mut self, path: &Path) -> Result<PathBuf, String> {
        let name = path.file_name().ok_or("it has no name")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if let Some(real) = self.0.get(folder) {
            return Ok(real.join(name));
        }
        let real = folder.canonicalize().map_err(|cause| words_of(&cause))?;
        let joined = real.join(name);
        self.0.insert(folder.to_owned(), real);
        Ok(joined)
    }
}

/// Which file it is, and in which state.
pub(crate) fn identity_of(metadata: &fs::Metadata) -> Identity {
    let ns = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        bytes: metadata.len(),
        modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// The folders that all files lie below, where nobody says what was searched: the deepest of each folder in the root.
#[must_use]
pub fn roots_of(groups: &[Group]) -> Vec<PathBuf> {
    let mut deepest: BTreeMap<&OsStr, PathBuf> = BTreeMap::new();
    for folder in groups.iter().flat_map(|group| &group.files).filter_map(|file| file.path.parent()) {
        let mut names = folder.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        });
        let common = deepest.entry(names.next().unwrap_or_default()).or_insert_with(|| folder.to_owned());
        while !folder.starts_with(&*common) && common.pop() {}
    }
    if deepest.is_empty() { vec!["/".into()] } else { deepest.into_values().collect() }
}

#[cfg(test)]
mod tests {
    use pixtwin_actions::plan::{File, Task, Tier};

    use super::*;

    #[test]
    fn roots_are_the_deepest_folders_that_hold_all() {
        let roots = |paths: &[&str]| {
            let file = |path: &&str| File {
                task: Task::Leave,
                path: path.into(),
                identity: Identity { device: 0, inode: 0, bytes: 0, modified_ns: 0, changed_ns: 0 },
                blake3: None,
                reason: String::new(),
            };
            let files = paths.iter().map(file).collect();
            let roots = roots_of(&[Group { number: 1, tier: Tier::Pixels, undecided: None, files }]);
            roots.iter().map(|root| root.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(roots(&["/home/me/a/x/1", "/home/me/a/xy/2", "/media/disk/3"]), ["/home/me/a", "/media/disk"]);
        assert_eq!(roots(&["/home/me/a/1", "/home/me/a/b/2"]), ["/home/me/a"]);
        assert_eq!(roots(&["/1", "/home/2"]), ["/", "/home"]);
        assert_eq!(roots(&[]), ["/"]);
    }
}
