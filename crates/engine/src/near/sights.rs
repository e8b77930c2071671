//! What is kept of pictures that can be similar, each at the place of its class.

use std::io;

use pixtwin_matching::near::Label;
use pixtwin_pixel::Sight;
use serde::{Deserialize, Serialize};

use crate::{
    near::{
        classes::Class,
        seen::{Looks, Seen, seen_at},
    },
    picture::Picture,
    settings::Tier,
};

/// The sights of this rank's own pictures, each at the place of its class.
pub(crate) struct Sights<'a> {
    pub(crate) looks: &'a Looks<'a>,
    /// The number of the record of each.
    pub(crate) records: Vec<u32>,
    /// How each is stored.
    pub(crate) stored: Vec<Stored>,
    /// This rank.
    pub(crate) home: u32,
}

/// How a picture is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stored {
    pub(crate) size: (u32, u32),
    pub(crate) frames: u32,
    /// Its format can keep every pixel as it was.
    pub(crate) is_exact: bool,
}

impl Stored {
    pub(crate) fn of(picture: &Picture) -> Self {
        let (size, frames) = ((picture.header.width, picture.header.height), picture.known.frames());
        Self { size, frames, is_exact: picture.format.can_keep_every_pixel() }
    }

    /// What a second look said, unless that would take another size or a format that always has loss, or there are more frames than
    /// the first, which it looked at.
    pub(crate) fn judge(self, other: Self, label: Label) -> Label {
        let is_unscaled_and_exact = self.size == other.size && self.is_exact && other.is_exact;
        if is_unscaled_and_exact || self.frames.max(other.frames) > 1 { Label::Edited } else { label }
    }
}

impl<'a> Sights<'a> {
    pub(crate) fn new(looks: &'a Looks<'a>, seen: &[Seen], classes: &[Class], rank: usize) -> Self {
        let of_class = |class: &Class| {
            seen_at(seen, class.own_file()).map_or((u32::MAX, Stored::default()), |seen| {
                let is_exact = class.files.iter().all(|file| file.is_exact);
                (seen.record.unwrap_or(u32::MAX), Stored { is_exact, ..Stored::of(&seen.picture) })
            })
        };
        let (records, stored) = classes.iter().map(of_class).unzip();
        Self { looks, records, stored, home: u32::try_from(rank).unwrap_or(u32::MAX) }
    }

    /// The sight at this place, through memory that was used before.
    pub(crate) fn read(&self, at: usize, bytes: &mut Vec<u8>) -> io::Result<Sight> {
        let record = self.records.get(at).ok_or(io::ErrorKind::NotFound)?;
        self.looks.spool.read(*record, bytes)?;
        sight_of(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Whether a record of this tier is that of a picture without a code that may be compared.
pub(crate) fn is_flat(tier: Tier, record: &[u8]) -> bool {
    matches!(tier, Tier::Similar(_)) && sight_of(record).is_some_and(|sight| sight.usable == 0)
}

/// A sight from its record.
pub(crate) fn sight_of(record: &[u8]) -> Option<Sight> {
    record.first_chunk().map(Sight::from_bytes)
}
