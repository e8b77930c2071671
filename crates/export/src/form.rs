//! The three forms of an export.

use std::path::Path;

/// How an export is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// One object a line, with a first and a last line: the form to pipe.
    JsonLines,
    /// Comma-separated values under the names of the columns: the form to open in a spreadsheet.
    Csv,
    /// A table with a footer: the smallest, and the form to query.
    Parquet,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::JsonLines, Self::Csv, Self::Parquet];

    /// The form that the extension of a file asks for, in any case; nothing if it is no form's.
    ///
    /// ```
    /// use pixtwin_export::Form;
    ///
    /// assert_eq!(Form::of_name("pictures.parquet".as_ref()), Some(Form::Parquet));
    /// assert_eq!(Form::of_name("pictures.txt".as_ref()), None);
    /// ```
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL.into_iter().find(|form| extension.eq_ignore_ascii_case(form.extension()))
    }

    /// The extension of its files, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Whether a file that was cut anywhere is known to be. A CSV cut between two rows is not.
    #[must_use]
    pub fn shows_a_cut(self) -> bool {
        self != Self::Csv
    }

    /// The form of a file that starts with these bytes, of which 4 are enough. What is neither of the others can only be
    /// CSV, whose first line has to prove it.
    pub(crate) fn of_content(start: &[u8]) -> Self {
        match start {
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            [b'{', ..] => Self::JsonLines,
            _ => Self::Csv,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_counts_in_any_case() {
        let form = |name: &str| Form::of_name(Path::new(name));
        assert_eq!([form("a.JSONL"), form("a.b.csv")], [Some(Form::JsonLines), Some(Form::Csv)]);
        assert_eq!([form("csv"), form(".csv"), form("a.json"), form("a.csv/b")], [None; 4]);
    }
}
