//! `pixtwin scan --against`: the pictures of an export.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use pixtwin_engine::{Exported, words_of};
use pixtwin_export::Reader;

use crate::{
    exit::Stop,
    names::{from_bytes, shown, shown_text},
    output,
    size::counted,
};

/// The pictures of an export that have a digest by these rules, each with its name there.
pub(crate) struct Theirs {
    pub(crate) names: Vec<PathBuf>,
    pub(crate) pictures: Vec<Exported>,
}

impl Theirs {
    /// Reads an export.
    pub(crate) fn read(file: &Path, rules: &str, is_quiet: bool) -> Result<Self, Stop> {
        let cannot = |cause: String| Stop::Fatal(format!("cannot read `{}`: {}", shown(file), shown_text(&cause)));
        let opened = File::open(file).map_err(|cause| cannot(words_of(&cause)))?;
        let entries = Reader::open(opened).map_err(|cause| cannot(cause.to_string()))?;
        let mut theirs = Self { names: Vec::new(), pictures: Vec::new() };
        let (mut without, mut others) = (0, 0);
        for entry in entries {
            let entry = entry.map_err(|cause| cannot(cause.to_string()))?;
            // Behind the rules stands the decoder: equal digests are equal pixels, whatever decoded them.
            let is_ours = entry.rules.split(';').next() == Some(rules);
            match entry.digest {
                Some(digest) if is_ours => {
                    let host = entry.host.map(|host| host + ":").unwrap_or_default();
                    theirs.names.push(from_bytes([host.into_bytes(), entry.path].concat()));
                    theirs.pictures.push(Exported {
                        size: (entry.width, entry.height),
                        digest,
                        payload: entry.payload,
                        content: entry.blake3,
                        first_rows: entry.first_rows,
                    });
                }
                Some(_) => others += 1,
                None => without += 1,
            }
        }
        if theirs.pictures.is_empty() {
            return Err(cannot(format!("it has no picture with a digest by the rules `{rules}`")));
        }
        for (count, why) in [(without, "without a digest"), (others, "by other rules")] {
            if count > 0 && !is_quiet {
                output::note(&format!("{} {why} left out", counted(count, "exported picture")));
            }
        }
        Ok(theirs)
    }
}
