//! Results in each of the forms they can be printed in.

pub(crate) mod text;

pub(crate) mod json;

pub(crate) mod json_compare;

pub(crate) mod csv;

pub(crate) mod nearness;

pub(crate) mod null;

pub(crate) mod html;

pub(crate) mod unread;

pub(crate) mod folders;

pub(crate) mod printer;

use pixtwin_engine::Flat;

use crate::{args::Format, exit::Stop};

/// Only groups of twins make a page.
pub(crate) fn refuse_html(format: Format) -> Result<(), Stop> {
    match format {
        Format::Html => Err(Stop::Fatal("--format html is for the groups that scan and merge report".to_owned())),
        _ => Ok(()),
    }
}

/// The figures at the end of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals<'a> {
    pub(crate) files: u64,
    pub(crate) pictures: u64,
    pub(crate) unread: u64,
    pub(crate) found: Found,
    /// Files with a twin in another set, if there are sets.
    pub(crate) crossing: Option<u64>,
    /// Why the result is not complete, if it is not.
    pub(crate) cut: Option<&'a Cut>,
    /// What has no code that may be compared, where codes are.
    pub(crate) flat: Flat,
    /// Pairs that were left out, for people said that they are not the same; in a find, files.
    pub(crate) dismissed: u64,
    /// What was counted as a pixel.
    pub(crate) compared: Compared,
}

/// What was counted as a pixel, where that is not every stored sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// As the pictures are shown.
    pub(crate) is_oriented: bool,
    /// Without hidden colours.
    pub(crate) ignores_hidden: bool,
}

/// Why a run over several ranks, or a merge of parts, has no complete result.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// The ranks that were lost, and their hosts.
    pub(crate) missing: Vec<String>,
    pub(crate) is_interrupted: bool,
    /// What went wrong beside.
    pub(crate) fault: Option<String>,
    /// The figures are those of the root alone.
    pub(crate) is_of_one_rank: bool,
}

impl std::fmt::Display for Cut {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.missing.is_empty(), &self.fault, self.is_interrupted) {
            (false, ..) => write!(to, "lost {}", self.missing.join(", "))?,
            (true, Some(fault), _) => write!(to, "{fault}")?,
            (true, None, true) => write!(to, "interrupted")?,
            (true, None, false) => write!(to, "the other ranks have ended")?,
        }
        write!(to, "; the result is not complete")
    }
}

/// What a run found, in figures.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    /// A scan: groups, the files in them, and what a clean-up would free.
    Groups { groups: u64, twins: u64, freed_bytes: u64 },
    /// A find: twins of the pictures asked about.
    Matches(u64),
    /// Digests were computed.
    Digests,
}
