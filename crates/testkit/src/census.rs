//! What lies in folders: counted, to see whether anything was lost, and written down, to see whether all is as it was.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry as Place},
    ffi::{CStr, OsStr, OsString},
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{lgetxattr, llistxattr},
    io::Errno,
};

/// How many files there are of each content, in some folders and all below them. Names of one file count once; links are not
/// followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    files: BTreeMap<Vec<u8>, u64>,
}

/// All that can be restored of a folder and all below it: names, content, permissions, owners, times of modification of files,
/// extended attributes, and which names are one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    what: What,
    mode: u32,
    owner: (u32, u32),
    /// Of folders it is not kept: it changes with every name in them.
    modified: Option<(i64, i64)>,
    attributes: BTreeMap<OsString, Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq)]
enum What {
    /// A file, and the first of its names.
    File(Vec<u8>, PathBuf),
    Folder,
    Symlink(PathBuf),
    Other,
}

impl Census {
    /// Counts files. A file that is taken away meanwhile is not counted; a folder that is not there has none.
    #[must_use]
    pub fn of<Folder: AsRef<Path>>(folders: impl IntoIterator<Item = Folder>) -> Self {
        let (mut census, mut seen) = (Self::default(), BTreeSet::new());
        for folder in folders {
            walk(folder.as_ref(), &mut |path, found| {
                if found.is_file()
                    && seen.insert((found.dev(), found.ino()))
                    && let Ok(content) = fs::read(path)
                {
                    *census.files.entry(content).or_default() += 1;
                }
            });
        }
        census
    }

    /// How many files have this content.
    #[must_use]
    pub fn count(&self, content: &[u8]) -> u64 {
        self.files.get(content).copied().unwrap_or_default()
    }

    /// All contents.
    pub fn contents(&self) -> impl Iterator<Item = &[u8]> {
        self.files.keys().map(Vec::as_slice)
    }

    /// Contents that `before` had, and of which there is no file any more.
    #[must_use]
    pub fn lost_since(&self, before: &Self) -> usize {
        before.files.keys().filter(|content| self.count(content) == 0).count()
    }

    /// How many files fewer there are of all contents that have become fewer.
    #[must_use]
    pub fn fewer_since(&self, before: &Self) -> u64 {
        before.files.iter().map(|(content, count)| count.saturating_sub(self.count(content))).sum()
    }

    /// The pictures that there is a file of, by who knows which bytes show which picture.
    #[must_use]
    pub fn pictures<Picture: Ord>(&self, of: impl Fn(&[u8]) -> Option<Picture>) -> BTreeSet<Picture> {
        self.contents().filter_map(of).collect()
    }
}

impl Snapshot {
    /// Writes down what is in a folder.
    #[must_use]
    pub fn of(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref();
        let (mut entries, mut first_names) = (BTreeMap::new(), BTreeMap::new());
        walk(folder, &mut |path, found| {
            let name = path.strip_prefix(folder).unwrap().to_owned();
            let kind = found.file_type();
            let what = if kind.is_file() {
                let first_name = match first_names.entry((found.dev(), found.ino())) {
                    Place::Vacant(place) => place.insert(name.clone()),
                    Place::Occupied(place) => place.into_mut(),
                };
                What::File(fs::read(path).unwrap(), first_name.clone())
            } else if kind.is_symlink() {
                What::Symlink(fs::read_link(path).unwrap())
            } else if kind.is_dir() {
                What::Folder
            } else {
                What::Other
            };
            let entry = Entry {
                what,
                mode: found.mode(),
                owner: (found.uid(), found.gid()),
                modified: (!kind.is_dir()).then(|| (found.mtime(), found.mtime_nsec())),
                attributes: attributes(path),
            };
            entries.insert(name, entry);
        });
        Self { entries }
    }

    /// How many files, folders and links there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many names of `before` are as they were.
    #[must_use]
    pub fn unchanged_since(&self, before: &Self) -> usize {
        self.unchanged_among(before, |_| true)
    }

    /// The same, of some names.
    #[must_use]
    pub fn unchanged_among(&self, before: &Self, is_meant: impl Fn(&Path) -> bool) -> usize {
        let meant = before.entries.iter().filter(|(name, _)| is_meant(name));
        meant.filter(|(name, entry)| self.entries.get(*name) == Some(entry)).count()
    }

    /// How many of its names are among some.
    #[must_use]
    pub fn count(&self, is_meant: impl Fn(&Path) -> bool) -> usize {
        self.entries.keys().filter(|name| is_meant(name)).count()
    }

    /// Its names.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.entries.keys().map(PathBuf::as_path)
    }

    /// Holds it against what was there before; a failure names the first differences.
    #[track_caller]
    pub fn assert_same(&self, before: &Self, what: &str) {
        let names: BTreeSet<_> = self.entries.keys().chain(before.entries.keys()).collect();
        let differences: Vec<_> = names
            .into_iter()
            .map(|name| (name, before.entries.get(name), self.entries.get(name)))
            .filter(|(_, before, now)| before != now)
            .map(|(name, before, now)| format!("{name:?}\n  was {before:?}\n  is  {now:?}"))
            .collect();
        let first = differences.iter().take(6).cloned().collect::<Vec<_>>().join("\n");
        assert!(differences.is_empty(), "{what}: {} names differ:\n{first}", differences.len());
    }
}

impl std::fmt::Debug for What {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(content, first_name) => {
                write!(to, "file of {} bytes, crc {:08x}, as {first_name:?}", content.len(), crc32fast::hash(content))
            }
            Self::Folder => to.write_str("folder"),
            Self::Symlink(target) => write!(to, "link to {target:?}"),
            Self::Other => to.write_str("other"),
        }
    }
}

/// Calls back for all below a folder, sorted by name, folders before what is in them.
fn walk(folder: &Path, each: &mut impl FnMut(&Path, &fs::Metadata)) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.map_while(Result::ok).map(|entry| entry.path()).collect();
    paths.sort_unstable();
    for path in paths {
        let Ok(found) = path.symlink_metadata() else { continue };
        each(&path, &found);
        if found.is_dir() {
            walk(&path, each);
        }
    }
}

fn attributes(path: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let mut names = vec![0; 64 << 10];
    let length = match llistxattr(path, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => 0,
        Err(cause) => panic!("{}: {}", path.display(), io::Error::from(cause)),
    };
    let names = names[..length].split_inclusive(|byte| *byte == 0).map(|name| CStr::from_bytes_with_nul(name).unwrap());
    let value = |name: &CStr| {
        let mut value = vec![0; 64 << 10];
        let length = lgetxattr(path, name, &mut value[..]).unwrap();
        value.truncate(length);
        (OsStr::from_bytes(name.to_bytes()).to_owned(), value)
    };
    names.map(value).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use rustix::fs::{XattrFlags, setxattr};

    use super::*;
    use crate::Dir;

    #[test]
    fn names_of_one_file_count_once() {
        let dir = Dir::new();
        dir.write("a/1", "x").write("b/2", "x").link("a/1", "b/1").write("3", "y").symlink("a", "l");
        let before = Census::of([&dir]);
        assert_eq!((before.count(b"x"), before.count(b"y"), before.count(b"z")), (2, 1, 0));
        assert_eq!(Census::of([dir.join("a"), dir.join("b"), dir.join("none")]).count(b"x"), 2);
        fs::remove_file(dir.join("b/2")).unwrap();
        fs::remove_file(dir.join("a/1")).unwrap();
        let after = Census::of([&dir]);
        assert_eq!((after.lost_since(&before), after.fewer_since(&before)), (0, 1));
        fs::remove_file(dir.join("b/1")).unwrap();
        let after = Census::of([&dir]);
        assert_eq!((after.lost_since(&before), after.fewer_since(&before)), (1, 2));
        assert_eq!(before.pictures(|content| (content != b"x").then_some(content.len())), BTreeSet::from([1]));
    }

    #[test]
    fn every_part_of_a_snapshot_counts() {
        let dir = Dir::new();
        let file = dir.join("a/1");
        dir.write("a/1", "x").write("2", "y").link("2", "3").symlink("2", "l");
        let before = Snapshot::of(&dir);
        assert_eq!(before, Snapshot::of(&dir));
        assert_eq!(before.len(), 5);
        let changes: [(&str, &dyn Fn()); 7] = [
            ("content", &|| {
                let modified = file.metadata().unwrap().modified().unwrap();
                fs::write(&file, "z").unwrap();
                fs::File::options().write(true).open(&file).unwrap().set_modified(modified).unwrap();
            }),
            ("mode", &|| {
                dir.chmod("a/1", 0o640);
            }),
            ("mode of a folder", &|| {
                dir.chmod("a", 0o711);
            }),
            ("time", &|| {
                let file = fs::File::options().write(true).open(&file).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_nanos(1)).unwrap();
            }),
            ("attribute", &|| setxattr(&file, "user.note", b"1", XattrFlags::CREATE).unwrap()),
            ("links", &|| {
                fs::remove_file(dir.join("3")).unwrap();
                fs::copy(dir.join("2"), dir.join("3")).unwrap();
                let modified = dir.join("2").metadata().unwrap().modified().unwrap();
                fs::File::options().write(true).open(dir.join("3")).unwrap().set_modified(modified).unwrap();
            }),
            ("a further name", &|| {
                dir.write("4", "");
            }),
        ];
        let mut last = before;
        for (what, change) in changes {
            change();
            let now = Snapshot::of(&dir);
            assert_ne!(now, last, "{what}");
            last = now;
        }
    }
}
