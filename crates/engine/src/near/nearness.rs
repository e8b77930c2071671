//! Holds pictures against one that is asked about, in the way of each tier.

use std::io;

use pixtwin_matching::near::Label;
use pixtwin_pixel::{Sight, TurnClass};

use crate::{
    file::Listed,
    near::{
        find::Sought,
        seen::{Looks, Seen},
        sights::{Stored, sight_of},
        similar,
        turned::{self, RECORD_BYTES, Record, class_at},
    },
    refusal::Refusal,
    report::Nearness,
    settings::{Selection, Tier},
};

/// A picture that is asked about, as the tier compares others with it.
pub(crate) struct Finder<'a> {
    looks: &'a Looks<'a>,
    sight: Option<Sight>,
    stored: Stored,
    label: Option<Label>,
    turned: Option<Record>,
    /// The class of its pixels.
    class: Option<TurnClass>,
    /// Pictures that could not be decoded again, and why.
    pub(crate) refused: Vec<(usize, Refusal)>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(looks: &'a Looks<'a>, sought: &'a Sought, selection: &'a Selection) -> Self {
        let (turned, class) = match looks.tier {
            Tier::Turned => (Record::read(&sought.record), sought.record.get(RECORD_BYTES..).and_then(class_at)),
            _ => (None, None),
        };
        let sight = sight_of(&sought.record);
        Self { looks, sight, stored: sought.stored, label: selection.label, turned, class, refused: Vec::new() }
    }

    /// How near a picture of this rank is, which is not equal; nothing if it is not near.
    ///
    /// # Errors
    /// If what is kept of it cannot be read.
    pub(crate) fn nearness(&mut self, files: &[Listed], seen: &Seen) -> io::Result<Option<Nearness>> {
        match self.looks.tier {
            // Those of `within` are measured before, by all ranks together.
            Tier::Bytes | Tier::Pixels | Tier::Within(_) => Ok(None),
            Tier::Turned => self.turned(files, seen),
            Tier::Similar(distance) => {
                let (Some(sought), Some(record)) = (&self.sight, seen.record) else { return Ok(None) };
                let mut bytes = Vec::new();
                self.looks.spool.read(record, &mut bytes)?;
                let found = sight_of(&bytes);
                let theirs = Stored::of(&seen.picture);
                Ok(found
                    .and_then(|found| similar::between((sought, self.stored), (&found, theirs), distance, self.label)))
            }
        }
    }
    /// Whether the pixels are equal after a turn, or else the coefficients.
    fn turned(&mut self, files: &[Listed], seen: &Seen) -> io::Result<Option<Nearness>> {
        let Some((ours, theirs)) = self.turned.zip(self.looks.turned_record(seen)?) else { return Ok(None) };
        if let (true, Some(pixels), Some(listed)) = (ours.key == theirs.key, self.class, files.get(seen.picture.at())) {
            match self.looks.looker.turn_class(listed, &seen.picture) {
                Ok(class) => match turned::nearness(&class, &pixels, false) {
                    None => {}
                    found => return Ok(found),
                },
                Err(reason) => self.refused.push((seen.picture.at(), reason)),
            }
        }
        let coefficients = theirs.coefficients.zip(ours.coefficients);
        Ok(coefficients.and_then(|(theirs, ours)| turned::nearness(&theirs, &ours, true)))
    }
}
