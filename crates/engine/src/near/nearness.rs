//! Holds pictures against one that is asked about, in the way of each tier.

use std::io;

use pixtwin_matching::near::Label;
use pixtwin_pixel::Sight;

use crate::{
    near::{
        find::Sought,
        seen::{Looks, Seen},
        similar,
    },
    report::Nearness,
    settings::{Selection, Tier},
};

/// A picture that is asked about, as the tier compares others with it.
pub(crate) struct Finder<'a> {
    looks: &'a Looks<'a>,
    sight: Option<Sight>,
    label: Option<Label>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(looks: &'a Looks<'a>, sought: &'a Sought, selection: &'a Selection) -> Self {
        Self { looks, sight: similar::sight_of(&sought.record), label: selection.label }
    }

    /// How near a picture of this rank is, which is not equal; nothing if it is not near.
    ///
    /// # Errors
    /// If what is kept of it cannot be read.
    pub(crate) fn nearness(&mut self, seen: &Seen) -> io::Result<Option<Nearness>> {
        match self.looks.tier {
            Tier::Bytes | Tier::Pixels | Tier::Turned | Tier::Within(_) => Ok(None),
            Tier::Similar(distance) => {
                let (Some(sought), Some(record)) = (&self.sight, seen.record) else { return Ok(None) };
                let mut bytes = Vec::new();
                self.looks.spool.read(record, &mut bytes)?;
                Ok(similar::sight_of(&bytes).and_then(|found| similar::between(sought, &found, distance, self.label)))
            }
        }
    }
}
