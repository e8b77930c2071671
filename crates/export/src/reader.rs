//! Reading an export.

use std::{
    fs::File,
    io::{BufReader, Chain, Cursor, Read},
};

use crate::{Entry, Error, Form, csv, json, table};

/// Reads an export, entry by entry. What was read before an error stands; after one there is nothing more.
///
/// ```
/// use pixtwin_export::{Entry, Form, Reader, Writer};
///
/// let file = tempfile::tempfile()?;
/// let mut writer = Writer::new(Form::JsonLines, file)?;
/// writer.write(&Entry { path: b"/a/b.png".to_vec(), ..Entry::default() })?;
/// let mut file = writer.finish()?;
/// std::io::Seek::rewind(&mut file)?;
/// let paths: Result<Vec<_>, _> = Reader::open(file)?.map(|entry| entry.map(|entry| entry.path)).collect();
/// assert_eq!(paths?, [b"/a/b.png"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// Text holds one line, of at most 1 MiB. Parquet holds the footer, a page of every column and its dictionary: some 20 MiB
/// of an export of pixtwin, and a few hundred of one that is meant to hurt. Few bytes can stand for many equal rows.
pub struct Reader {
    form: Form,
    rows: Rows,
    has_ended: bool,
}

/// A file whose first bytes were looked at.
type Input = BufReader<Chain<Cursor<Vec<u8>>, File>>;

enum Rows {
    Json(json::Rows<Input>),
    Csv(csv::Rows<Input>),
    Parquet(Box<table::Rows>),
}

impl Reader {
    /// Tells the form by the content and reads what comes before the first entry. A pipe will do for JSON Lines and CSV,
    /// which are read from where the file stands.
    ///
    /// # Errors
    /// [`Error::NotAnExport`] if it is something else, and all others.
    pub fn open(mut file: File) -> Result<Self, Error> {
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start)?;
        let form = Form::of_content(&start);
        let text = |file| BufReader::with_capacity(1 << 16, Cursor::new(start).chain(file));
        let rows = match form {
            Form::JsonLines => Rows::Json(json::Rows::new(text(file))?),
            Form::Csv => Rows::Csv(csv::Rows::new(text(file))?),
            Form::Parquet => Rows::Parquet(Box::new(table::Rows::new(file)?)),
        };
        Ok(Self { form, rows, has_ended: false })
    }

    /// The form it has.
    #[must_use]
    pub fn form(&self) -> Form {
        self.form
    }
}

impl Iterator for Reader {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        let next = match &mut self.rows {
            Rows::Json(rows) => rows.next(),
            Rows::Csv(rows) => rows.next(),
            Rows::Parquet(rows) => rows.next(),
        };
        self.has_ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}
