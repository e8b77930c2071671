//! What a run found, ready to be printed.

use std::{
    borrow::Cow,
    cmp::Ordering,
    path::{Path, PathBuf},
};

use pixtwin_matching::{Loss, Proof, Rung, near::Label};
use pixtwin_pixel::PixelDigest;
use serde::{Deserialize, Serialize};

use crate::{find::Match, sets::SetId, wire};

/// A group of files that show the same picture.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Width and height in pixels of the first frame; nothing where only bytes were compared.
    pub size: Option<(u32, u32)>,
    /// The pixel digest they share; nothing where all files are equal byte for byte, which need not be decoded.
    #[serde(with = "wire::digest")]
    pub digest: Option<PixelDigest>,
    /// BLAKE3 of the bytes of any of them, where all are equal byte for byte.
    pub blake3: Option<[u8; 32]>,
    /// The files, two or more, sorted by path, then by host.
    pub files: Vec<Member>,
}

impl Group {
    /// The order of groups in a report.
    pub(crate) fn order(a: &Self, b: &Self) -> Ordering {
        let first = |group: &'_ Self| group.files.first().map(|file| (file.path.clone(), file.host.clone()));
        first(a).cmp(&first(b))
    }

    /// Bytes that are freed at least when one file stays and the others go, whichever stays. A file that has names
    /// outside this group frees nothing, one with several names in it is freed once, and one that stands in another group as
    /// well is freed there.
    #[must_use]
    pub fn freed_bytes(&self) -> u64 {
        let is_freed = |file: &&Member| !file.has_names_elsewhere && file.name_of.is_none() && !file.is_repeated();
        let freed = || self.files.iter().filter(is_freed).map(|file| file.bytes);
        freed().sum::<u64>().saturating_sub(freed().max().unwrap_or(0))
    }
}

/// One file of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Where it is.
    #[serde(with = "wire::path")]
    pub path: PathBuf,
    /// The host it lies on, if the run has several.
    pub host: Option<String>,
    /// The set it lies in, if there are sets.
    pub set: Option<SetId>,
    /// Further names of the same file (hard links), sorted; those in other sets stand by themselves.
    #[serde(with = "wire::paths")]
    pub other_paths: Vec<PathBuf>,
    /// The earlier file of the group, by its number from 0, that is the same file under a name in another set.
    pub name_of: Option<usize>,
    /// Whether it has more names than were seen.
    pub has_names_elsewhere: bool,
    /// Length in bytes.
    pub bytes: u64,
    /// The name of its format.
    pub format: Cow<'static, str>,
    /// The strongest proof that ties it to another file of the group.
    #[serde(with = "wire::proof")]
    pub proof: Proof,
    /// What ties it to the first file of the group.
    #[serde(with = "wire::proof")]
    pub proof_to_first: Proof,
    /// What it holds beside the pixels that differs from the first file: names, some with both values.
    pub differs: Vec<String>,
    /// Where pictures need not be equal: its width, height and digest, and how near it is to the first file.
    pub near: Option<Nearby>,
}

/// What is said of a file in a group of pictures that are nearly the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearby {
    /// Its own width and height in pixels.
    pub size: Option<(u32, u32)>,
    /// Its own pixel digest; nothing where only a catalogue knows the file, and does not know the digest.
    #[serde(with = "wire::digest")]
    pub digest: Option<PixelDigest>,
    /// How near it is; nothing for a picture equal to the first.
    pub nearness: Option<Nearness>,
    /// It is named in a group before as well, for it is as near to the first file of that.
    pub is_repeated: bool,
}

/// How near a picture is to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Nearness {
    /// Equal after a turn.
    Turned {
        /// The EXIF number of the turn that makes it the other one.
        turn: u8,
        /// That of the turn that makes the other one this. Of several turns each is the one with the smallest number, so that
        /// neither follows from the other.
        back: u8,
        /// The coefficients of the files are equal after the turn; the pixels can differ by what decoding rounds.
        by_coefficients: bool,
    },
    /// No channel of any pixel differs by more than this, of 65535.
    Within(u16),
    /// The codes differ in so many bits.
    Similar {
        /// In how many, 0 to 256.
        distance: u8,
        /// The view of one of the two that meets the other, as `view_name` names it.
        view: u8,
        /// The view is one of the other picture, and not of this one.
        is_view_of_other: bool,
        /// What a second look says.
        #[serde(with = "wire::label")]
        label: Label,
    },
}

impl Member {
    /// Whether it is a member of a group before as well, of pictures that are nearly the same.
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.near.as_ref().is_some_and(|near| near.is_repeated)
    }
}

/// A volume that is not mounted, on which a twin lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// Type and identifier of its file system.
    pub volume: String,
    /// The host that saw it last.
    pub host: String,
    /// When, in seconds since 1970.
    pub seen_s: i64,
}

/// A file that was not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unread {
    /// Where it is.
    #[serde(with = "wire::path")]
    pub path: PathBuf,
    /// The host it lies on, if the run has several.
    pub host: Option<String>,
    /// Why, as a clause: `IDAT ends after row 311 of 480`.
    pub reason: String,
}

impl Unread {
    pub(crate) fn new(path: &Path, reason: impl Into<String>) -> Self {
        Self { path: path.to_owned(), host: None, reason: reason.into() }
    }
}

/// What a run looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    /// Files of which the catalogue knew what a first look finds; they were not opened for it.
    pub recalled: u64,
    /// Bytes read from files.
    pub bytes_read: u64,
    /// Where codes are compared, what has none.
    pub flat: Flat,
    /// What each rung did, in the order they were climbed.
    pub rungs: Vec<RungCount>,
    /// In a scan for pictures that are nearly the same, what was compared.
    pub pairs: PairCount,
}

/// What was compared to find pictures that are nearly the same. The same for any number of ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairCount {
    /// Codes of distinct pictures that were compared.
    pub codes: u64,
    /// Meetings: two pictures that can be near. By codes each of two can meet the other, and both are counted.
    pub met: u64,
    /// Those of them that were near by a second look, or were measured to be near enough.
    pub stayed: u64,
    /// Pairs of distinct pictures that are near, each once.
    pub near: u64,
    /// Those of them that were left out, for people said that they are not the same; in a find, files that were left out.
    pub dismissed: u64,
}

/// Pictures with so little detail in every view that no code of theirs may be compared: of them only copies with equal pixels
/// are found. Each file counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flat {
    /// Those that were searched; nothing where no codes were compared, or a catalogue was asked in place of folders.
    pub pictures: Option<u64>,
    /// Those that were asked about; nothing where none were, or no codes were compared.
    pub queries: Option<u64>,
}

impl Flat {
    fn add(&mut self, other: Self) {
        let sum = |ours: Option<u64>, theirs: Option<u64>| {
            ours.zip(theirs).map(|(ours, theirs)| ours + theirs).or(ours).or(theirs)
        };
        self.pictures = sum(self.pictures, other.pictures);
        self.queries = sum(self.queries, other.queries);
    }
}

/// What one rung of the ladder did.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RungCount {
    /// Which rung.
    #[serde(with = "wire::rung")]
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

impl Counts {
    /// Adds what another rank looked at.
    pub(crate) fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.files, other.files),
            (&mut self.pictures, other.pictures),
            (&mut self.others, other.others),
            (&mut self.repeated, other.repeated),
            (&mut self.small, other.small),
            (&mut self.hidden, other.hidden),
            (&mut self.links, other.links),
            (&mut self.recalled, other.recalled),
            (&mut self.bytes_read, other.bytes_read),
        ];
        pairs.into_iter().for_each(|(sum, figure)| *sum += figure);
        self.flat.add(other.flat);
        self.pairs.add(other.pairs);
        for theirs in &other.rungs {
            match self.rungs.iter_mut().find(|ours| ours.rung == theirs.rung) {
                Some(ours) => ours.add(theirs),
                None => self.rungs.push(*theirs),
            }
        }
    }
}

impl PairCount {
    fn add(&mut self, other: Self) {
        self.codes += other.codes;
        self.met += other.met;
        self.stayed += other.stayed;
        self.near += other.near;
        self.dismissed += other.dismissed;
    }
}

impl RungCount {
    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.looked += other.looked;
        self.settled += other.settled;
        self.joined += other.joined;
        self.bytes += other.bytes;
    }
}

/// Takes a report as it comes: all groups or matches in their order, then the files that were not compared in theirs.
pub trait Report {
    /// A group of twins, of a scan; groups come sorted by the path and the host of their first file.
    fn group(&mut self, group: Group);

    /// A twin of the query with this number, of a find; matches come sorted by query, path and host.
    fn found(&mut self, query: usize, found: Match);

    /// A file that was not compared; these come sorted by path and host, each once.
    fn unread(&mut self, unread: Unread);
}

/// Why a run has no complete result.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
pub enum Failure {
    /// It could not be done at all.
    #[error("cannot {step}: {reason}")]
    Impossible {
        /// What was being done, as a verb: `read`, `list`.
        step: Cow<'static, str>,
        /// The path it was about, if any.
        #[serde(with = "wire::optional_path")]
        path: Option<PathBuf>,
        /// Why it failed, as a clause.
        reason: String,
    },
    /// Another rank of the run was lost; what was reported until then is true, but not all. With what this rank had
    /// looked at by itself.
    #[error("another rank was lost")]
    Lost(Box<Counts>),
}

impl Failure {
    pub(crate) fn cannot(step: &'static str, path: Option<&Path>, reason: impl Into<String>) -> Self {
        Self::Impossible { step: step.into(), path: path.map(Path::to_owned), reason: reason.into() }
    }
}

impl From<Loss> for Failure {
    fn from(_: Loss) -> Self {
        Self::Lost(Box::default())
    }
}
