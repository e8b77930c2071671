mod entries;
mod places;
mod tools;

use std::{fs, os::unix::fs::PermissionsExt};

use jiff::civil::{DateTime, date};
use tempfile::TempDir;

use super::*;
use crate::{disk::RealDisk, test_disk::Meddling};

/// A home, and a stick that is another file system for the disk of the test.
struct Place {
    _kept: TempDir,
    disk: Meddling,
    user: User,
    stick: PathBuf,
}

impl Place {
    fn new() -> Self {
        let kept = TempDir::new().unwrap();
        let path = kept.path().canonicalize().unwrap();
        let (home, stick) = (path.join("home"), path.join("stick"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(stick.join("photos/2024")).unwrap();
        fs::write(stick.join("photos/2024/a.jpg"), "a").unwrap();
        fs::write(home.join("b.jpg"), "b").unwrap();
        let user = User { id: rustix::process::geteuid().as_raw(), home_trash: home.join(".local/share/Trash") };
        Self { disk: Meddling::mounted_at(&stick), user, stick, _kept: kept }
    }

    fn home(&self) -> PathBuf {
        self.stick.with_file_name("home")
    }

    fn on_stick(&self) -> io::Result<Trash> {
        Trash::find(&self.disk, &self.user, &self.stick.join("photos/2024"))
    }

    fn own_of_stick(&self) -> PathBuf {
        self.stick.join(format!(".Trash-{}", self.user.id))
    }

    fn make_shared(&self, mode: u32) -> PathBuf {
        let shared = self.stick.join(".Trash");
        fs::create_dir(&shared).unwrap();
        fs::set_permissions(&shared, PermissionsExt::from_mode(mode)).unwrap();
        shared
    }
}

fn noon() -> DateTime {
    date(2024, 2, 29).at(12, 34, 56, 789)
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names = RealDisk.list(&RealDisk.folder(folder).unwrap()).unwrap();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}
