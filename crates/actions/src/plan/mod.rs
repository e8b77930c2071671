//! Plans: what is to stay and what is to go, group by group, in a file that people and scripts may edit
//! (`docs/plan-format.md`).

mod digits;

mod line;

mod write;

mod read;

mod check;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::disk::Identity;

pub use read::{Error, Refused};

/// The version of the format that is written, and the only one that is read.
pub const VERSION: u64 = 1;

/// The name of this host, by which plans know it.
#[must_use]
pub fn this_host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What holds for all groups.
    pub header: Header,
    /// The groups, in the order of the report.
    pub groups: Vec<Group>,
}

impl Plan {
    /// Device and inode of the files that have a name in a reference folder, whatever other names they have.
    pub(crate) fn reference_files(&self) -> HashSet<(u64, u64)> {
        let files = self.groups.iter().flat_map(|group| &group.files);
        let references = files.filter(|file| self.header.is_reference(&file.path));
        references.map(|file| file.identity.place()).collect()
    }
}

/// What holds for all groups of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The host on which the files lie; the plan is for it alone.
    pub host: String,
    /// When it was made: seconds since 1970.
    pub made_s: i64,
    /// The folders, or files, that were searched: absolute, without symbolic links. Nothing outside is touched.
    pub roots: Vec<PathBuf>,
    /// The folders of which nothing goes and no file is changed, written as the roots are.
    pub references: Vec<PathBuf>,
    /// The rules that chose the keepers, as they were given, in order.
    pub rules: Vec<String>,
}

impl Header {
    /// Whether a file with this path is never touched.
    #[must_use]
    pub fn is_reference(&self, path: &Path) -> bool {
        self.references.iter().any(|folder| path.starts_with(folder))
    }
}

/// What the files of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Every byte.
    Bytes,
    /// Every pixel.
    Pixels,
    /// Every pixel, after a turn or a flip.
    Turned,
    /// Every pixel, but for a small difference.
    Within,
    /// Somebody would call it the same picture.
    Similar,
}

impl Tier {
    /// Whether groups of this kind are acted on together; of others each pair is confirmed.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Bytes | Self::Pixels)
    }
}

/// A group of twins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its number, by which it is called.
    pub number: u64,
    /// What its files have in common.
    pub tier: Tier,
    /// Why nothing is done, if the rules did not decide.
    pub undecided: Option<String>,
    /// Its files.
    pub files: Vec<File>,
}

impl Group {
    /// Its files with which this is to be done, in their order.
    pub fn files_to(&self, task: Task) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.task == task)
    }
}

/// What is to be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// It stays, and is what others are held against.
    Keep,
    /// It goes, in the way that `apply` is told.
    Remove,
    /// It is left alone, and nothing else depends on it.
    Leave,
}

/// One name of a file of a group. Hard links of a file are several of these, with one device and inode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What is to be done with it.
    pub task: Task,
    /// Where it is: absolute, without symbolic links.
    pub path: PathBuf,
    /// Which file it is, and in which state it was seen.
    pub identity: Identity,
    /// BLAKE3 of its bytes, where that is known. Needed for tiers that are not exact.
    pub blake3: Option<[u8; 32]>,
    /// Why, as a clause: `richest metadata: EXIF date`.
    pub reason: String,
}
