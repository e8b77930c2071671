//! What the user asked for.

use pixtwin_matching::near::Label;
use pixtwin_pixel::Alpha;

use crate::{memory::Memory, progress::Progress, report::Failure, sets::Sets};

/// How much must be equal for two files to be twins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// All bytes of the file.
    Bytes,
    /// Width, height, frames and every pixel.
    #[default]
    Pixels,
    /// The same after one of the eight quarter turns and flips.
    Turned,
    /// Width, height and frames, and no channel of any pixel differs by more than this, of 255.
    Within(u8),
    /// Somebody would call it the same picture, edited: the codes differ in no more bits than this.
    Similar(u8),
}

impl Tier {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Pixels => "pixels",
            Self::Turned => "turned",
            Self::Within(_) => "within",
            Self::Similar(_) => "similar",
        }
    }

    /// Whether pictures that are not equal can be found.
    #[must_use]
    pub const fn is_near(self) -> bool {
        matches!(self, Self::Turned | Self::Within(_) | Self::Similar(_))
    }
}

impl Tier {
    /// Why pictures that are near each other cannot be found by equal keys.
    pub(crate) fn has_no_keys(self) -> Failure {
        Failure::cannot("search in parts", None, format!("pictures of tier `{}` share no keys", self.name()))
    }
}

/// How the pictures of a group are tied together, where they are not equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linkage {
    /// Each is near enough to the first, the one that stays.
    #[default]
    Star,
    /// Every two are near enough to each other.
    Complete,
}

/// Which way up pictures are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Orientation {
    /// As the pixels are stored; a different EXIF orientation is reported and does not count.
    #[default]
    AsStored,
    /// As a viewer shows them, the EXIF orientation applied.
    AsShown,
}

/// What to do with symbolic links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Links {
    /// Pass them over, except those named by the user.
    #[default]
    Skip,
    /// Follow them; a link that leads into a loop is reported.
    Follow,
}

/// What a run has at hand beside its files.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// How it is done.
    pub settings: &'a Settings,
    /// What earlier runs learnt, if that is kept.
    pub memory: Option<&'a Memory>,
    /// Who may watch it.
    pub progress: &'a Progress,
}

/// Which files of the folders are looked at, and which of their twins are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Also files and folders whose names begin with a dot.
    pub hidden: bool,
    /// What to do with symbolic links.
    pub links: Links,
    /// If not empty, only files that match one of these globs.
    pub include: Vec<String>,
    /// No file or folder that matches one of these globs.
    pub exclude: Vec<String>,
    /// Only files of at least this many bytes.
    pub min_bytes: u64,
    /// Also find the digest of every picture, for the catalogue; a picture that cannot be decoded is reported.
    pub digests: bool,
    /// How near pictures are tied into groups.
    pub linkage: Linkage,
    /// If given, only pictures that are similar in this way.
    pub label: Option<Label>,
    /// Where pictures need not be equal: also pairs that people said are not the same.
    pub dismissed: bool,
    /// If given, a scan reports only groups with files of two sets. The places of the sets are the folders searched.
    pub sets: Option<Sets>,
}

/// How a search is done.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What counts as the same.
    pub tier: Tier,
    /// What the colour of fully transparent pixels is worth.
    pub alpha: Alpha,
    /// Which way up.
    pub orientation: Orientation,
    /// How many files are looked at at once, at least 1.
    pub threads: usize,
    /// Bytes that all decoders together may hold at once, in all processes that share them. A picture that needs more is
    /// refused.
    pub memory_bytes: u64,
    /// How many processes of this host share them, at least 1.
    pub sharers: usize,
}
