//! What a run found, ready to be printed.

use std::path::PathBuf;

use pixtwin_matching::{Proof, Rung};
use pixtwin_pixel::PixelDigest;

/// A group of files that show the same picture.
#[derive(Clone, Debug)]
pub struct Group {
    /// Width and height in pixels of the first frame; nothing where only bytes were compared.
    pub size: Option<(u32, u32)>,
    /// The pixel digest they share; nothing where only bytes were compared.
    pub digest: Option<PixelDigest>,
    /// The files, two or more, sorted by path.
    pub files: Vec<Member>,
}

impl Group {
    /// Bytes that are freed at least when one file stays and the others go, whichever stays. A file that has names
    /// outside this group frees nothing.
    #[must_use]
    pub fn freed_bytes(&self) -> u64 {
        let freed = || self.files.iter().filter(|file| !file.has_names_elsewhere).map(|file| file.bytes);
        freed().sum::<u64>().saturating_sub(freed().max().unwrap_or(0))
    }
}

/// One file of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Where it is.
    pub path: PathBuf,
    /// Further names of the same file (hard links), sorted.
    pub other_paths: Vec<PathBuf>,
    /// Whether it has more names than were seen.
    pub has_names_elsewhere: bool,
    /// Length in bytes.
    pub bytes: u64,
    /// The name of its format.
    pub format: &'static str,
    /// The strongest proof that ties it to another file of the group.
    pub proof: Proof,
    /// What ties it to the first file of the group.
    pub proof_to_first: Proof,
    /// What it holds beside the pixels that differs from the first file: names, some with both values.
    pub differs: Vec<String>,
}

/// A file that was not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Where it is.
    pub path: PathBuf,
    /// Why, as a clause: `IDAT ends after row 311 of 480`.
    pub reason: String,
}

/// What a run looked at.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Files that the folders hold and the selection took.
    pub files: u64,
    /// Those of them that are pictures in a format that is read.
    pub pictures: u64,
    /// Files that are no pictures.
    pub others: u64,
    /// Further names of files already counted: hard links, and paths given twice.
    pub repeated: u64,
    /// Files passed over because they are smaller than asked for.
    pub small: u64,
    /// Hidden files and folders passed over.
    pub hidden: u64,
    /// Symbolic links passed over.
    pub links: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// What each rung did, in the order they were climbed.
    pub rungs: Vec<RungCount>,
}

/// What one rung of the ladder did.
#[derive(Clone, Copy, Debug)]
pub struct RungCount {
    /// Which rung.
    pub rung: Rung,
    /// Pictures whose keys were compared.
    pub asked: u64,
    /// Pictures that had to be looked at for it; the others' keys were known already.
    pub looked: u64,
    /// Pictures that were found to be alone.
    pub settled: u64,
    /// Pictures for which another with the same payload speaks from here on.
    pub joined: u64,
    /// Bytes read.
    pub bytes: u64,
}

/// Why a run could not be done at all.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot {step}: {reason}")]
pub struct Failure {
    /// What was being done, as a verb: `read`, `list`.
    pub step: &'static str,
    /// The path it was about, if any.
    pub path: Option<PathBuf>,
    /// Why it failed, as a clause.
    pub reason: String,
}
