//! Writing an export.

use std::io::{self, BufWriter, Write};

use crate::{Entry, Error, Form, csv, json, table::Table};

/// Writes an export, entry by entry. It is whole only after [`Writer::finish`].
///
/// ```
/// use pixtwin_export::{Entry, Form, Writer};
///
/// let mut writer = Writer::new(Form::Csv, Vec::new())?;
/// writer.write(&Entry { path: b"/a/b.png".to_vec(), ..Entry::default() })?;
/// assert!(writer.finish()?.starts_with(b"rules,host,volume,path,"));
/// # Ok::<(), pixtwin_export::Error>(())
/// ```
///
/// # Cost
/// Output is buffered. Text holds one line; Parquet holds a row group, up to 65,536 entries or 32 MiB of them, and the
/// pages of one column.
pub struct Writer<W: Write + Send> {
    sink: Sink<W>,
    /// Whether an earlier entry is not written as a whole.
    is_broken: bool,
}

enum Sink<W: Write + Send> {
    Text(Lines<W>),
    Table(Box<Table<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// Begins an export.
    ///
    /// # Errors
    /// If `out` does not take what an export begins with.
    pub fn new(form: Form, out: W) -> Result<Self, Error> {
        let sink = match form {
            Form::JsonLines | Form::Csv => Sink::Text(Lines::new(form, out)?),
            Form::Parquet => Sink::Table(Box::new(Table::new(out)?)),
        };
        Ok(Self { sink, is_broken: false })
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// [`Error::TooLong`] if no reader would take it: nothing was written, and the next entry can be. All others break the
    /// export, and every later call fails.
    pub fn write(&mut self, entry: &Entry) -> Result<(), Error> {
        entry.check()?;
        self.refuse_if_broken()?;
        let written = match &mut self.sink {
            Sink::Text(lines) => lines.write(entry),
            Sink::Table(table) => table.write(entry),
        };
        self.is_broken = written.is_err();
        written
    }

    /// Writes what tells that the export is whole, and what is still held back, and gives the output back.
    ///
    /// # Errors
    /// If that cannot be written, or if an entry could not be.
    pub fn finish(self) -> Result<W, Error> {
        self.refuse_if_broken()?;
        match self.sink {
            Sink::Text(lines) => lines.finish(),
            Sink::Table(table) => table.finish(),
        }
    }

    fn refuse_if_broken(&self) -> Result<(), Error> {
        if self.is_broken {
            return Err(Error::Io(io::Error::other("an earlier entry could not be written")));
        }
        Ok(())
    }
}

/// JSON Lines and CSV.
struct Lines<W: Write> {
    form: Form,
    out: BufWriter<W>,
    line: Vec<u8>,
    pictures: u64,
}

impl<W: Write> Lines<W> {
    fn new(form: Form, out: W) -> Result<Self, Error> {
        let mut lines = Self { form, out: BufWriter::new(out), line: Vec::new(), pictures: 0 };
        match form {
            Form::Csv => csv::append_head(&mut lines.line),
            _ => json::append_head(&mut lines.line)?,
        }
        lines.end_line()?;
        Ok(lines)
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Error> {
        match self.form {
            Form::Csv => csv::append_entry(&mut self.line, entry),
            _ => json::append_entry(&mut self.line, entry)?,
        }
        self.pictures += 1;
        self.end_line()
    }

    fn end_line(&mut self) -> Result<(), Error> {
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<W, Error> {
        if self.form == Form::JsonLines {
            json::append_end(&mut self.line, self.pictures)?;
            self.end_line()?;
        }
        self.out.into_inner().map_err(|cause| Error::Io(cause.into_error()))
    }
}
