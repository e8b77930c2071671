//! What somebody said is not the same picture.

use pixtwin_engine::PixelDigest;

use super::table::{Absence, FileId, GroupId, State, Table};

/// Remembers which pictures were said not to be the same, by their pixel digests.
pub trait Verdicts: Send + Sync {
    /// All pairs that are remembered, the smaller digest first.
    ///
    /// # Errors
    /// Why they cannot be read, as a sentence.
    fn all(&self) -> Result<Vec<(PixelDigest, PixelDigest)>, String>;

    /// Remembers pairs; returns once that is on the disk.
    ///
    /// # Errors
    /// Why they cannot be kept, as a sentence.
    fn say(&self, pairs: &[(PixelDigest, PixelDigest)]) -> Result<(), String>;

    /// Forgets a pair.
    ///
    /// # Errors
    /// Why it cannot be forgotten, as a sentence.
    fn take_back(&self, pair: (PixelDigest, PixelDigest)) -> Result<(), String>;
}

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

impl Pair {
    /// The digests, the smaller one first.
    pub(crate) fn ordered(&self) -> (PixelDigest, PixelDigest) {
        ordered(self.digests)
    }
}

/// Hides what was said not to be the same before.
pub(crate) fn recall(table: &Table, known: &[(PixelDigest, PixelDigest)]) {
    let known: std::collections::HashSet<_> = known.iter().copied().map(ordered).collect();
    if known.is_empty() {
        return;
    }
    let mut state = table.lock();
    for group in 0..table.found.groups.len() {
        for pair in pairs(table, group) {
            if known.contains(&pair.ordered()) {
                state.hide(pair);
            }
        }
    }
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

impl State {
    /// Shows no more what is another picture.
    pub(crate) fn hide(&mut self, pair: Pair) {
        if self.absence(pair.file).is_none() {
            self.set_absence(pair.file, Some(Absence::Differs));
            self.differing.0.push(pair);
        }
    }

    /// Shows it again.
    pub(crate) fn show_again(&mut self, at: usize) -> Option<Pair> {
        let pair = *self.differing.0.get(at)?;
        self.differing.0.remove(at);
        self.set_absence(pair.file, None);
        Some(pair)
    }
}

fn ordered((a, b): (PixelDigest, PixelDigest)) -> (PixelDigest, PixelDigest) {
    if a.0 <= b.0 { (a, b) } else { (b, a) }
}
