//! Why an export could not be read or written.

use std::{fmt, io};

/// Why an export could not be read or written, by who has to act. The text names the place and the cause, never the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is none of the three forms, or one that has nothing to do with pixtwin: another was meant.
    #[error("not an export of pixtwin: {0}")]
    NotAnExport(String),
    /// The export breaks its own rules or ends too early; what came before stands.
    #[error("{place}: {what}")]
    Corrupt {
        /// Where.
        place: Place,
        /// What is wrong there, as a whole clause.
        what: String,
    },
    /// The export was written by a newer program, under another schema.
    #[error("the export has schema {0}, and this program reads schema {expected}", expected = crate::SCHEMA)]
    Schema(u64),
    /// The entry cannot be written, for no reader would take it.
    #[error("the {column} has {bytes} bytes, and an export takes {most}")]
    TooLong {
        /// Which text.
        column: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        most: usize,
    },
    /// The operating system could not deliver or take the bytes.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    pub(crate) fn corrupt(place: Place, what: impl Into<String>) -> Self {
        Self::Corrupt { place, what: what.into() }
    }
}

/// Where in an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A line of text, from 1.
    Line(u64),
    /// A row of a table, from 1.
    Row(u64),
    /// What describes the table.
    Footer,
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(out, "line {number}"),
            Self::Row(number) => write!(out, "row {number}"),
            Self::Footer => out.write_str("footer"),
        }
    }
}
