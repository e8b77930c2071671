//! CSV: a line with the names of the columns, then a line a picture.

use std::{borrow::Cow, io::BufRead, str};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    Entry, Error, Place,
    column::{Cell, Column, Draft, Kind},
    record::Records,
};

/// The name of a column.
fn name(column: Column) -> &'static str {
    if column == Column::PathBytes { "path_base64" } else { column.name() }
}

/// Appends the line with the names.
pub(crate) fn append_head(out: &mut Vec<u8>) {
    out.extend_from_slice(Column::ALL.map(name).join(",").as_bytes());
    out.push(b'\n');
}

/// Appends the line of a picture.
pub(crate) fn append_entry(out: &mut Vec<u8>, entry: &Entry) {
    for (at, column) in Column::ALL.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match column.of(entry) {
            Cell::Null => {}
            Cell::Text(text) => append_text(out, &text),
            Cell::Bytes(bytes) => append_text(out, STANDARD.encode(bytes).as_bytes()),
            Cell::Unsigned(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Cell::Signed(number) => out.extend_from_slice(number.to_string().as_bytes()),
            Cell::Short(number) => out.extend_from_slice(number.to_string().as_bytes()),
        }
    }
    out.push(b'\n');
}

/// In quotes where it must be. Nothing at all is null, so empty text is in quotes, too.
fn append_text(out: &mut Vec<u8>, text: &[u8]) {
    if !text.is_empty() && !text.iter().any(|byte| b",\"\r\n".contains(byte)) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for byte in text {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// The entries of an export, one by one.
pub(crate) struct Rows<R> {
    records: Records<R>,
    /// What each field of a line is; nothing for one that is passed over.
    columns: Vec<Option<Column>>,
}

impl<R: BufRead> Rows<R> {
    /// Reads the line with the names.
    pub(crate) fn new(input: R) -> Result<Self, Error> {
        let mut records = Records::new(input);
        let not_an_export = |what: &str| Error::NotAnExport(what.to_owned());
        match records.read() {
            Ok(Some(_)) => {}
            Ok(None) => return Err(not_an_export("it is empty")),
            Err(Error::Io(cause)) => return Err(Error::Io(cause)),
            Err(cause) => return Err(Error::NotAnExport(cause.to_string())),
        }
        let column_of = |(field, _): (&[u8], bool)| Column::ALL.into_iter().find(|c| name(*c).as_bytes() == field);
        let columns: Vec<_> = records.fields().map(column_of).collect();
        let count = |column| columns.iter().filter(|found| **found == Some(column)).count();
        if let Some(column) = Column::ALL.into_iter().find(|column| column.is_required() && count(*column) == 0) {
            return Err(not_an_export(&format!("line 1 has no column `{}`", name(column))));
        }
        if let Some(column) = Column::ALL.into_iter().find(|column| count(*column) > 1) {
            return Err(not_an_export(&format!("line 1 has two columns `{}`", name(column))));
        }
        Ok(Self { records, columns })
    }

    /// The next entry; nothing behind the last line.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        let Some(line) = self.records.read()? else { return Ok(None) };
        self.entry().map(Some).map_err(|what| Error::corrupt(Place::Line(line), what))
    }

    fn entry(&self) -> Result<Entry, String> {
        let (found, expected) = (self.records.fields().count(), self.columns.len());
        if found != expected {
            return Err(format!("the row has {found} fields, and there are {expected} columns"));
        }
        let mut draft = Draft::default();
        for (column, (field, is_quoted)) in self.columns.iter().zip(self.records.fields()) {
            if let Some(column) = column {
                draft.fill(*column, cell(*column, field, is_quoted)?)?;
            }
        }
        draft.finish()
    }
}

/// What a field means in its column.
fn cell(column: Column, field: &[u8], is_quoted: bool) -> Result<Cell<'_>, String> {
    if field.is_empty() && !is_quoted {
        return Ok(Cell::Null);
    }
    let number = || str::from_utf8(field).unwrap_or_default();
    let cell = match column.kind() {
        Kind::Text => Some(Cell::Text(Cow::Borrowed(field))),
        Kind::Bytes => STANDARD.decode(field).ok().map(|bytes| Cell::Bytes(Cow::Owned(bytes))),
        Kind::Unsigned => number().parse().ok().map(Cell::Unsigned),
        Kind::Signed => number().parse().ok().map(Cell::Signed),
        Kind::Short => number().parse().ok().map(Cell::Short),
    };
    let expected = if column.kind() == Kind::Bytes { "base64" } else { "a number that fits" };
    cell.ok_or_else(|| format!("`{}` is not {expected}", name(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> String {
        let mut head = Vec::new();
        append_head(&mut head);
        String::from_utf8(head).unwrap()
    }

    fn line(entry: &Entry) -> String {
        let mut line = Vec::new();
        append_entry(&mut line, entry);
        String::from_utf8(line).unwrap()
    }

    /// All entries, or what is wrong.
    fn read(text: &str) -> Result<Vec<Entry>, String> {
        let mut rows = Rows::new(text.as_bytes()).map_err(|error| error.to_string())?;
        let mut entries = Vec::new();
        while let Some(entry) = rows.next().map_err(|error| error.to_string())? {
            entries.push(entry);
        }
        Ok(entries)
    }

    #[test]
    fn empty_text_and_null_differ() {
        let none = Entry::default();
        let empty = Entry { host: Some(String::new()), ..Entry::default() };
        assert_eq!(line(&none), "\"\",,\"\",\"\",,0,0,0,0,\"\",0,0,,,,,,,\n");
        assert_eq!(line(&empty), "\"\",\"\",\"\",\"\",,0,0,0,0,\"\",0,0,,,,,,,\n");
        assert_eq!(read(&format!("{}{}{}", head(), line(&none), line(&empty))), Ok(vec![none, empty]));
    }

    #[test]
    fn columns_may_stand_in_another_order_with_others_between() {
        let text = "new,volume,path,size,inode,modified_ns,changed_ns,format,height,width,rules\r\n\
                    \"a\nb\",v,/a,1,2,-3,4,PNG,5,6,r\r\n";
        let expected = Entry {
            rules: "r".to_owned(),
            volume: "v".to_owned(),
            path: b"/a".to_vec(),
            size: 1,
            inode: 2,
            modified_ns: -3,
            changed_ns: 4,
            format: "PNG".to_owned(),
            height: 5,
            width: 6,
            ..Entry::default()
        };
        assert_eq!(read(text), Ok(vec![expected]));
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        let (head, good) = (head(), line(&Entry { path: b"/a\nb".to_vec(), ..Entry::default() }));
        let cases = [
            (String::new(), "not an export of pixtwin: it is empty"),
            ("a,b\n".to_owned(), "not an export of pixtwin: line 1 has no column `rules`"),
            (head.replace("frames", "width"), "not an export of pixtwin: line 1 has two columns `width`"),
            (format!("{head}{good}\n"), "line 4: the row has 1 fields, and there are 19 columns"),
            (format!("{head}{good}{}", good.trim_end()), "line 4: the row does not end: the export was cut short"),
            (format!("{head}{}", good.replace(",0,0,0,0,", ",-1,0,0,0,")), "line 2: `size` is not a number that fits"),
            (
                format!("{head}{}", good.replace(",0,0,,", ",0,4294967296,,")),
                "line 2: `height` is not a number that fits",
            ),
            (
                format!("{head}{}", good.replace(",,,,\n", ",,12,,\n")),
                "line 2: `first_rows` is not 16 hexadecimal digits",
            ),
            (format!("{head}{}", good.replace(",,,,\n", ",,,12,\n")), "line 2: `pdq` is not 64 hexadecimal digits"),
            (
                format!("{head}{}", good.replace(",,,,\n", ",,,,-1\n")),
                "line 2: `pdq_quality` is not a number that fits",
            ),
            (format!("{head}{}", good.replacen("\"\"", "", 1)), "line 2: `rules` is missing"),
            (format!("{head}{}", good.replace("b\",", "b\",AA==")), "line 2: `path` is there as text and as bytes"),
            (format!("{head}{}", good.replace("\"/a\nb\"", "")), "line 2: `path` is missing"),
            (format!("{head}{}", good.replace("\"/a\nb\",", ",?")), "line 2: `path_base64` is not base64"),
        ];
        for (text, error) in cases {
            assert_eq!(read(&text), Err(error.to_owned()), "{text}");
        }
    }
}
