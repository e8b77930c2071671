//! A temporary folder of files.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::Run;

/// A temporary folder, gone with its last user. Names are bytes, relative to it; folders in a name are made.
#[derive(Debug)]
pub struct Dir {
    folder: tempfile::TempDir,
    /// Where programs keep what they keep for their user.
    home: tempfile::TempDir,
}

impl Dir {
    /// An empty folder.
    #[must_use]
    pub fn new() -> Self {
        let folder = |prefix| tempfile::Builder::new().prefix(prefix).tempdir().unwrap();
        Self { folder: folder("pixtwin-"), home: folder("pixtwin-home-") }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The home of the user who runs programs in it.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The path of a name below it.
    #[must_use]
    pub fn join(&self, name: impl AsRef<[u8]>) -> PathBuf {
        self.path().join(OsStr::from_bytes(name.as_ref()))
    }

    /// Writes a file.
    pub fn write(&self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Reads a file.
    #[must_use]
    pub fn read(&self, name: impl AsRef<[u8]>) -> Vec<u8> {
        fs::read(self.join(name)).unwrap()
    }

    /// Makes a folder.
    pub fn mkdir(&self, name: impl AsRef<[u8]>) -> &Self {
        fs::create_dir_all(self.join(name)).unwrap();
        self
    }

    /// Gives a file a second name.
    pub fn link(&self, name: impl AsRef<[u8]>, second: impl AsRef<[u8]>) -> &Self {
        fs::hard_link(self.join(name), self.join(second)).unwrap();
        self
    }

    /// Makes a symbolic link that says `target`.
    pub fn symlink(&self, target: impl AsRef<[u8]>, name: impl AsRef<[u8]>) -> &Self {
        symlink(OsStr::from_bytes(target.as_ref()), self.join(name)).unwrap();
        self
    }

    /// Makes a named pipe.
    pub fn fifo(&self, name: impl AsRef<[u8]>) -> &Self {
        mknodat(CWD, self.join(name), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        self
    }

    /// Sets permissions.
    pub fn chmod(&self, name: impl AsRef<[u8]>, mode: u32) -> &Self {
        fs::set_permissions(self.join(name), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// The names in it, sorted, folders walked.
    #[must_use]
    pub fn names(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, root: &Path, names: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    walk(&entry.path(), root, names);
                } else {
                    names.push(entry.path().strip_prefix(root).unwrap().to_owned());
                }
            }
        }
        let mut names = Vec::new();
        walk(self.path(), self.path(), &mut names);
        names.sort_unstable();
        names
    }

    /// Waits until no file in it has changed a moment ago: of those nothing is kept in a catalogue.
    pub fn settle(&self) -> &Self {
        let newest = self.names().iter().map(|name| self.path().join(name).symlink_metadata().unwrap().ctime()).max();
        let settled = UNIX_EPOCH + Duration::from_secs(newest.unwrap().cast_unsigned() + 4);
        let begun = Instant::now();
        while SystemTime::now() < settled {
            assert!(begun.elapsed() < Duration::from_secs(10), "the clock stands still");
            thread::sleep(Duration::from_millis(50));
        }
        self
    }

    /// Prepares to run a program inside.
    #[must_use]
    pub fn run<Argument: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Run<'_> {
        Run::new(self, program.as_ref(), arguments)
    }
}

impl AsRef<Path> for Dir {
    fn as_ref(&self) -> &Path {
        self.path()
    }
}

impl Default for Dir {
    fn default() -> Self {
        Self::new()
    }
}
