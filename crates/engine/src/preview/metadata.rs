//! What pictures hold beside their pixels, side by side.

use std::{collections::BTreeSet, fs::File, time::Instant};

use pixtwin_decode::Noted;

use super::{NotShown, Previews};
use crate::{
    evidence::{Remark, differ, words_for},
    look::HEADER_WINDOW_BYTES,
    open_files::OpenFile,
};

/// What one picture holds beside its pixels.
#[derive(Clone, Debug)]
pub struct Beside {
    format: &'static str,
    noted: Noted,
    remark: Remark,
}

/// One thing that pictures hold beside their pixels, as a row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BesideRow {
    /// What it is: `orientation`, `date taken`, `EXIF`, `ICC profile`, ...
    pub name: String,
    /// Whether one of the pictures holds something else than the first of those that could be read. That a picture does not
    /// hold what only its format can is no difference.
    pub differs: bool,
    /// For each picture what it holds: a value if that is short, else how many pieces and the first digits of a hash of them;
    /// nothing where it holds none, or could not be read.
    pub values: Vec<Option<String>>,
}

impl Previews {
    /// What a picture holds beside its pixels.
    ///
    /// # Errors
    /// Why that is not known.
    ///
    /// # Cost
    /// Reads the headers, and of most formats little more; has the time of one picture.
    pub fn beside(&self, file: &File) -> Result<Beside, NotShown> {
        let open = OpenFile::new(file).map_err(|refusal| NotShown::Unreadable(refusal.into()))?;
        let (format, _) = self.identify(&open)?;
        let mut source = self.source(&open, HEADER_WINDOW_BYTES, Instant::now());
        let metadata = format.metadata(&mut source).map_err(|cause| self.not_shown(&cause))?;
        let noted = metadata.noted.clone();
        Ok(Beside { format: format.name(), noted, remark: Remark::of(metadata) })
    }
}

/// How a value is had of a picture.
type ValueOf = fn(&Beside) -> Option<String>;

/// The table of what several pictures hold: first which way up they are, when and where they were taken and how they were
/// rated, then all pieces of metadata by their names. Nothing stands for a picture that could not be read.
#[must_use]
pub fn beside_table(files: &[Option<Beside>]) -> Vec<BesideRow> {
    let noted: [(&str, ValueOf); 4] = [
        ("orientation", |file| Some(file.remark.exif_turn().to_string())),
        ("date taken", |file| file.noted.date.clone()),
        ("position", |file| file.noted.position.clone()),
        ("rating", |file| file.noted.rating.clone()),
    ];
    let noted = noted.into_iter().map(|(name, value)| {
        let values: Vec<Option<String>> = files.iter().map(|file| file.as_ref().and_then(value)).collect();
        let mut read = files.iter().zip(&values).filter(|(file, _)| file.is_some()).map(|(_, value)| value);
        let first = read.next();
        let differs = read.any(|value| Some(value) != first);
        BesideRow { name: name.to_owned(), differs, values }
    });
    let names: BTreeSet<&str> = files.iter().flatten().flat_map(|file| file.remark.names()).collect();
    let pieces = names.into_iter().map(|name| row_of_pieces(name, files));
    noted.filter(|row| row.values.iter().any(Option::is_some)).chain(pieces).collect()
}

fn row_of_pieces(name: &str, files: &[Option<Beside>]) -> BesideRow {
    let mut read = files.iter().flatten();
    let first = read.next();
    let differs = first.is_some_and(|first| {
        read.any(|other| differ(&first.remark, &other.remark, name, first.format == other.format))
    });
    let value = |file: &Option<Beside>| words_for(&file.as_ref()?.remark, name);
    BesideRow { name: name.to_owned(), differs, values: files.iter().map(value).collect() }
}
