//! Compares pictures for those who act on them.

use std::fs::File;

use pixtwin_actions::{Judge, Particulars};
use pixtwin_engine::OpenFiles;

/// The engine, as a judge.
pub struct Engine<'a> {
    files: OpenFiles<'a>,
}

impl<'a> Engine<'a> {
    /// A judge that looks in this way.
    #[must_use]
    pub fn new(files: OpenFiles<'a>) -> Self {
        Self { files }
    }
}

impl Judge for Engine<'_> {
    fn has_same_pixels(&self, keeper: &File, victim: &File) -> Result<bool, String> {
        self.files.has_same_pixels(keeper, victim)
    }

    /// What could not be looked through stands for a date: another file has it equally only if its bytes are the same.
    fn particulars(&self, file: &File) -> Result<Particulars, String> {
        let found = self.files.particulars(file)?;
        let unreadable = found.unreadable.map(|hash| format!("in data that cannot be read ({hash})"));
        let date = [found.date, unreadable].into_iter().flatten().collect::<Vec<_>>().join(" and ");
        Ok(Particulars {
            date: (!date.is_empty()).then_some(date),
            position: found.position,
            profile: found.profile,
            rating: found.rating,
            orientation: Some(found.orientation.exif().to_string()),
            trailing: found.trailing,
        })
    }
}
