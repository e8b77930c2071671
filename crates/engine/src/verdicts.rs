//! What people said of pairs of pictures: that they are not the same, however near a search finds them.

use std::{collections::HashSet, path::Path, sync::PoisonError};

use pixtwin_catalogue::{Catalogue, DigestPair, Error, Want};
use pixtwin_pixel::{Alpha, PixelDigest};

use crate::{
    memory::{LEFT_OUT, Memory, maker},
    settings::{Orientation, Tier},
};

/// Two pictures of which somebody said that they are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The smaller of their digests.
    pub a: PixelDigest,
    /// The larger.
    pub b: PixelDigest,
    /// When it was said last, in seconds since 1970.
    pub said_s: i64,
}

/// What people said, as a catalogue keeps it. The next search for pictures that are nearly the same goes by it; nothing is said
/// of equal pictures, which are the same.
#[derive(Debug)]
pub struct Verdicts(Catalogue);

impl Verdicts {
    /// What is kept in this catalogue, which is made if there is none; its folder must exist. One of an earlier version is
    /// brought up to date.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // Verdicts are of no tier and no rules.
        let maker = maker(Alpha::Exact, Orientation::AsStored, Tier::Pixels);
        Catalogue::open(path, Want::Write, maker).map(Self)
    }

    /// Keeps that the pictures of each pair, in any order, are not the same; all pairs or none. One of a picture with itself is
    /// passed over.
    ///
    /// # Errors
    /// If the catalogue cannot be written.
    ///
    /// # Cost
    /// Blocks until it is on the disk, and while another writes: ten seconds at most.
    pub fn say_differ(&self, pairs: &[(PixelDigest, PixelDigest)]) -> Result<(), Error> {
        self.0.say_differ(&plain(pairs))
    }

    /// Forgets what was said of these pairs, in any order, and says of how many something was.
    ///
    /// # Errors
    /// If the catalogue cannot be written; then nothing is forgotten.
    ///
    /// # Cost
    /// As [`Verdicts::say_differ`].
    pub fn take_back(&self, pairs: &[(PixelDigest, PixelDigest)]) -> Result<u64, Error> {
        self.0.take_back(&plain(pairs))
    }

    /// Hands over all that was said, in the order in which it was said first. Says how many were left out, for they are damaged.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Less than a microsecond each.
    pub fn each(&self, take: &mut dyn FnMut(Verdict)) -> Result<u64, Error> {
        self.0.verdicts(&mut |verdict| {
            take(Verdict { a: PixelDigest(verdict.a), b: PixelDigest(verdict.b), said_s: verdict.said_s });
        })
    }

    /// What was said of pairs of which both are among these pictures. What is damaged is left out.
    ///
    /// # Errors
    /// If the catalogue cannot be read.
    ///
    /// # Cost
    /// Goes through all that was said.
    pub fn among(&self, pictures: &[PixelDigest]) -> Result<Vec<Verdict>, Error> {
        let pictures: HashSet<[u8; 32]> = pictures.iter().map(|digest| digest.0).collect();
        let mut found = Vec::new();
        self.each(&mut |verdict| {
            let is_meant = pictures.contains(&verdict.a.0) && pictures.contains(&verdict.b.0);
            found.extend(is_meant.then_some(verdict));
        })?;
        Ok(found)
    }
}

fn plain(pairs: &[(PixelDigest, PixelDigest)]) -> Vec<DigestPair> {
    pairs.iter().map(|(a, b)| (a.0, b.0)).collect()
}

impl Memory {
    /// Hands over each pair of digests that was said to differ, the smaller first. What cannot be read is left out, and kept
    /// to be said: such pairs are reported again.
    pub(crate) fn each_verdict(&self, take: &mut dyn FnMut(&[u8; 32], &[u8; 32])) {
        let fault = match self.catalogue().verdicts(&mut |verdict| take(&verdict.a, &verdict.b)) {
            Ok(0) => return,
            Ok(_) => Error::Damaged(LEFT_OUT.to_owned()),
            Err(cause) => cause,
        };
        self.unheard.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }
}
