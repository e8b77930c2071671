//! Pictures of all ranks, each once: files of equal pixels are one picture, however many there are.

use std::collections::BTreeMap;

use pixtwin_matching::Loss;
use serde::{Deserialize, Serialize};

use crate::{file::Listed, near::seen::Seen, picture::key_of_hash, scan::Searched, sets::SetId, team::Team};

/// A file of a picture, wherever it lies.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FileOf {
    /// Which rank has it, and its number there.
    pub(crate) rank: usize,
    pub(crate) file: usize,
    pub(crate) file_bytes: u64,
    pub(crate) bytes: [u8; 32],
    pub(crate) payload: [u8; 32],
    pub(crate) set: Option<SetId>,
    /// Its format can keep every pixel as it was.
    pub(crate) is_exact: bool,
}

/// A picture whose home is this rank: it has the first of its files.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Class {
    /// Its number among the pictures of all ranks, in the order of their digests: the same for any number of ranks.
    pub(crate) number: u32,
    pub(crate) digest: [u8; 32],
    /// By rank, then by number there; the first lies here.
    pub(crate) files: Vec<FileOf>,
}

/// Which picture, and where: its number, the rank that is its home, and its place among the pictures there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) number: u32,
    pub(crate) home: u32,
    pub(crate) at: u32,
}

/// What others must know of a picture that has a part in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) number: u32,
    pub(crate) digest: [u8; 32],
    /// The rank that is its home, and its place among the pictures there.
    pub(crate) home: usize,
    pub(crate) at: usize,
    /// Width times height.
    pub(crate) pixels: u64,
    /// Length of the largest of its files.
    pub(crate) file_bytes: u64,
    /// How many files show it.
    pub(crate) files: u64,
    /// The sets they lie in, sorted, each once.
    pub(crate) sets: Vec<Option<SetId>>,
}

/// The pictures whose home is this rank, ascending by number.
///
/// # Cost
/// Some 150 bytes travel for every file.
pub(crate) fn number_all<T: Team>(searched: &Searched, seen: &[Seen], team: &mut T) -> Result<Vec<Class>, Loss> {
    let mut to: Vec<Vec<([u8; 32], FileOf)>> = (0..team.size()).map(|_| Vec::new()).collect();
    for one in seen {
        let (Some(digest), Some(hashes)) = (one.picture.known.digest(), one.picture.known.hashes()) else { continue };
        let file = one.picture.at();
        let claim = FileOf {
            rank: team.rank(),
            file,
            file_bytes: searched.files.get(file).map_or(0, Listed::bytes),
            bytes: hashes.bytes,
            payload: hashes.payload,
            set: searched.set_of(file),
            is_exact: one.picture.format.can_keep_every_pixel(),
        };
        to.get_mut(team.owner(key_of_hash(&digest.0))).into_iter().for_each(|to| to.push((digest.0, claim.clone())));
    }
    let mut classes: BTreeMap<[u8; 32], Vec<FileOf>> = BTreeMap::new();
    for (digest, claim) in team.swap_all(to)?.into_iter().flatten() {
        classes.entry(digest).or_default().push(claim);
    }
    // Owners hold ascending ranges of digests.
    let counts = team.tell_all(vec![classes.len()])?;
    let before: usize = counts.iter().take(team.rank()).sum();
    let mut home: Vec<Vec<Class>> = (0..team.size()).map(|_| Vec::new()).collect();
    for ((digest, mut files), number) in classes.into_iter().zip(before..) {
        files.sort_unstable_by_key(|file| (file.rank, file.file));
        let rank = files.first().map_or(0, |file| file.rank);
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        home.get_mut(rank).into_iter().for_each(|home| home.push(Class { number, digest, files: files.clone() }));
    }
    Ok(team.swap_all(home)?.into_iter().flatten().collect())
}

impl Class {
    /// What others must know of it.
    pub(crate) fn card(&self, home: usize, at: usize, size: (u32, u32)) -> Card {
        let mut sets: Vec<Option<SetId>> = self.files.iter().map(|file| file.set).collect();
        sets.sort_unstable();
        sets.dedup();
        Card {
            number: self.number,
            digest: self.digest,
            home,
            at,
            pixels: u64::from(size.0) * u64::from(size.1),
            file_bytes: self.files.iter().map(|file| file.file_bytes).max().unwrap_or(0),
            files: self.files.len() as u64,
            sets,
        }
    }

    /// Which picture it is of those whose home is that rank, and where.
    pub(crate) fn place(&self, home: usize, at: usize) -> Place {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { number: self.number, home: number(home), at: number(at) }
    }

    /// The first of its files, which lies here.
    pub(crate) fn own_file(&self) -> usize {
        self.files.first().map_or(usize::MAX, |file| file.file)
    }
}

impl Card {
    /// Whether a group of both would have files of two sets.
    pub(crate) fn crosses(&self, other: &Self) -> bool {
        self.sets.len() > 1 || other.sets.len() > 1 || self.sets != other.sets
    }
}
