//! What somebody said is not the same picture.

use std::collections::{BTreeSet, HashSet};

use pixtwin_engine::PixelDigest;

use super::table::{Absence, FileId, GroupId, State, Table};

/// The pairs of this result that are not shown.
#[derive(Default)]
pub(crate) struct Differing(pub(crate) Vec<Pair>);

/// A file that is another picture than the first of its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) first: FileId,
    pub(crate) file: FileId,
    pub(crate) digests: (PixelDigest, PixelDigest),
}

/// A pair that was said to differ, and the files of this result that show it.
pub(crate) struct Dismissed {
    /// The smaller one first.
    pub(crate) digests: (PixelDigest, PixelDigest),
    /// The first of a group, and the other.
    pub(crate) files: Option<(FileId, FileId)>,
}

impl Pair {
    /// The digests, the smaller one first.
    pub(crate) fn ordered(&self) -> (PixelDigest, PixelDigest) {
        ordered(self.digests)
    }
}

/// Pairs of digests, the smaller one first.
pub(crate) type Known = HashSet<(PixelDigest, PixelDigest)>;

/// The smaller one first.
pub(crate) fn ordered((a, b): (PixelDigest, PixelDigest)) -> (PixelDigest, PixelDigest) {
    if a.0 <= b.0 { (a, b) } else { (b, a) }
}

/// Hides what was said not to be the same; gives the groups in which that changed something.
pub(crate) fn recall(table: &Table, known: &Known) -> Vec<GroupId> {
    let mut changed = Vec::new();
    if known.is_empty() {
        return changed;
    }
    let mut state = table.lock();
    for group in 0..table.found.groups.len() {
        for pair in pairs(table, group) {
            if known.contains(&pair.ordered()) && state.hide(pair) {
                changed.push(group);
            }
        }
    }
    changed.dedup();
    changed
}

/// The pairs of a group that can differ: the first and each that is not equal to it, where the digests are known.
pub(crate) fn pairs(table: &Table, group: GroupId) -> Vec<Pair> {
    let Some(found) = table.group(group).filter(|group| !group.bond().is_exact()) else { return Vec::new() };
    let first = table.first_file(group);
    let digest_of = |at: usize| found.files.get(at).and_then(|file| file.digest);
    let Some(ours) = digest_of(0).or(found.digest) else { return Vec::new() };
    let pair = |at: usize| Some(Pair { first, file: first + at, digests: (ours, digest_of(at)?) });
    (1..found.files.len()).filter_map(pair).filter(|pair| pair.digests.0 != pair.digests.1).collect()
}

/// As many pairs of the others of a group are said at once; of larger groups the first is told from each.
const MOST_AMONG: usize = 10_000;

/// The pairs that the others of these have among each other.
pub(crate) fn among_others(pairs: &[Pair]) -> Vec<(PixelDigest, PixelDigest)> {
    let others: BTreeSet<PixelDigest> = pairs.iter().map(|pair| pair.digests.1).collect();
    let with_larger = |a: &PixelDigest| others.iter().filter(|b| *b > a).map(|b| (*a, *b)).collect::<Vec<_>>();
    others.iter().flat_map(with_larger).take(MOST_AMONG).collect()
}

impl State {
    /// Shows no more what is another picture; whether it was shown.
    fn hide(&mut self, pair: Pair) -> bool {
        let is_shown = self.absence(pair.file).is_none();
        if is_shown {
            self.set_absence(pair.file, Some(Absence::Differs));
            self.differing.0.push(pair);
        }
        is_shown
    }

    /// Shows it again, wherever it stands.
    pub(crate) fn show_again(&mut self, digests: (PixelDigest, PixelDigest)) {
        let (back, left) = self.differing.0.drain(..).partition(|pair| pair.ordered() == digests);
        self.differing.0 = left;
        let back: Vec<Pair> = back;
        for pair in back {
            // It may have gone since.
            if self.absence(pair.file) == Some(Absence::Differs) {
                self.set_absence(pair.file, None);
            }
        }
    }
}
