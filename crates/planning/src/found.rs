//! What was found: groups of twins, from a report or straight from a search.

use std::{
    borrow::Cow,
    collections::HashSet,
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::Tier;
use pixtwin_engine::{Nearness, PixelDigest};

/// What was found, of which groups on this host can be acted on.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// All groups, in the order of the report.
    pub groups: Vec<FoundGroup>,
    /// The files that were not compared, and why; those of this host alone.
    pub unread: Vec<(PathBuf, String)>,
    /// Whether all that was asked for was compared.
    pub is_complete: bool,
    /// Why no file may go by this result; nothing if files may.
    pub unfit: Option<String>,
}

/// A group of twins.
#[derive(Clone, Debug)]
pub struct FoundGroup {
    /// Its number in the report, counted from 1.
    pub number: u64,
    /// What its files have in common.
    pub tier: Tier,
    /// The pixel digest of its first file, where it is known.
    pub digest: Option<PixelDigest>,
    /// Of the bytes of each, where all are equal.
    pub blake3: Option<[u8; 32]>,
    /// Width and height of its first file in pixels, where they are known.
    pub size: Option<(u32, u32)>,
    /// Bytes that are freed at least when one file stays.
    pub freed_bytes: u64,
    /// Its files, two or more, also those on other hosts.
    pub files: Vec<FoundFile>,
}

/// A file of a group.
#[derive(Clone, Debug)]
pub struct FoundFile {
    /// Its names that were seen, as the report has them; one at least.
    pub paths: Vec<PathBuf>,
    /// The host it lies on, if the report has several.
    pub host: Option<String>,
    /// Whether it lies on this host.
    pub is_here: bool,
    /// Length in bytes.
    pub bytes: u64,
    /// The name of its format.
    pub format: Cow<'static, str>,
    /// The strongest proof that ties it to another file of the group, as reports name it.
    pub proof: Cow<'static, str>,
    /// It stands in another group as well, of pictures that are nearly the same.
    pub is_repeated: bool,
    /// It shows the very picture of the first.
    pub is_equal: bool,
    /// Where pictures need not be equal: its own width and height.
    pub size: Option<(u32, u32)>,
    /// Where pictures need not be equal: its own pixel digest.
    pub digest: Option<PixelDigest>,
    /// How near it is to the first, if it is not equal to it.
    pub nearness: Option<Nearness>,
    /// What it holds beside the pixels that differs from the first file.
    pub differs: Vec<String>,
}

impl Found {
    /// The files that were not compared.
    #[must_use]
    pub fn unread_paths(&self) -> HashSet<&Path> {
        self.unread.iter().map(|(path, _)| path.as_path()).collect()
    }

    /// How many files lie on other hosts.
    #[must_use]
    pub fn elsewhere(&self) -> u64 {
        self.groups.iter().flat_map(|group| &group.files).filter(|file| !file.is_here).count() as u64
    }
}

impl FoundGroup {
    /// What its files have in common, as far as it matters to who acts: equal bytes are the stronger bond, and need nobody who
    /// decodes.
    #[must_use]
    pub fn bond(&self) -> Tier {
        match self.blake3 {
            Some(_) => Tier::Bytes,
            // A search for what is near finds what is equal as well.
            None if self.files.iter().all(|file| file.is_equal && !file.is_repeated) => Tier::Pixels,
            None => self.tier,
        }
    }

    /// Whether it has two files on this host.
    #[must_use]
    pub fn is_here(&self) -> bool {
        self.files.iter().filter(|file| file.is_here).count() > 1
    }
}

impl FoundFile {
    /// The first of its names.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.paths.first().map_or(Path::new(""), PathBuf::as_path)
    }
}
