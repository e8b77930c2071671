//! JSON Lines: a first line that says what follows, a line a picture, and a last line that counts them.

use std::{
    borrow::Cow,
    io::{BufRead, Read},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Entry, Error, Place, SCHEMA, hex::Hex};

/// No line is longer. A path of 64 KiB has at most 384 KiB when every byte of it is escaped.
pub(crate) const MOST_LINE_BYTES: usize = 1 << 20;

/// A line, as it is written.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Export { schema: u64, program: &'static str },
    Picture(&'a Picture<'a>),
    End { pictures: u64 },
}

/// Of any line, what it is.
#[derive(Deserialize)]
struct Tag {
    r#type: String,
}

#[derive(Deserialize)]
struct Head {
    schema: u64,
}

#[derive(Deserialize)]
struct End {
    pictures: u64,
}

#[derive(Serialize, Deserialize)]
struct Picture<'a> {
    rules: Cow<'a, str>,
    host: Option<Cow<'a, str>>,
    volume: Cow<'a, str>,
    path: Path<'a>,
    size: u64,
    modified_ns: i64,
    changed_ns: i64,
    inode: u64,
    format: Cow<'a, str>,
    width: u32,
    height: u32,
    frames: Option<u32>,
    digest: Option<Hex<32>>,
    payload: Option<Hex<32>>,
    blake3: Option<Hex<32>>,
    first_rows: Option<Hex<8>>,
    pdq: Option<Hex<32>>,
    pdq_quality: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Path<'a> {
    Text(Cow<'a, str>),
    Bytes(String),
}

impl<'a> Picture<'a> {
    fn of(entry: &'a Entry) -> Self {
        let text = entry.path_text().map(|text| Path::Text(text.into()));
        Self {
            rules: entry.rules.as_str().into(),
            host: entry.host.as_deref().map(Cow::Borrowed),
            volume: entry.volume.as_str().into(),
            path: text.unwrap_or_else(|| Path::Bytes(STANDARD.encode(&entry.path))),
            size: entry.size,
            modified_ns: entry.modified_ns,
            changed_ns: entry.changed_ns,
            inode: entry.inode,
            format: entry.format.as_str().into(),
            width: entry.width,
            height: entry.height,
            frames: entry.frames,
            digest: entry.digest.map(Hex),
            payload: entry.payload.map(Hex),
            blake3: entry.blake3.map(Hex),
            first_rows: entry.first_rows.map(Hex),
            pdq: entry.pdq.map(Hex),
            pdq_quality: entry.pdq_quality,
        }
    }

    fn into_entry(self) -> Result<Entry, String> {
        let path = match self.path {
            Path::Text(text) => text.into_owned().into_bytes(),
            Path::Bytes(digits) => STANDARD.decode(digits).map_err(|_| "the bytes of `path` are not base64")?,
        };
        let entry = Entry {
            rules: self.rules.into_owned(),
            host: self.host.map(Cow::into_owned),
            volume: self.volume.into_owned(),
            path,
            size: self.size,
            modified_ns: self.modified_ns,
            changed_ns: self.changed_ns,
            inode: self.inode,
            format: self.format.into_owned(),
            width: self.width,
            height: self.height,
            frames: self.frames,
            digest: self.digest.map(|hash| hash.0),
            payload: self.payload.map(|hash| hash.0),
            blake3: self.blake3.map(|hash| hash.0),
            first_rows: self.first_rows.map(|hash| hash.0),
            pdq: self.pdq.map(|hash| hash.0),
            pdq_quality: self.pdq_quality,
        };
        entry.check().map_err(|error| error.to_string())?;
        Ok(entry)
    }
}

/// Appends the first line.
pub(crate) fn append_head(out: &mut Vec<u8>) -> Result<(), Error> {
    append(out, &Line::Export { schema: SCHEMA, program: concat!("pixtwin ", env!("CARGO_PKG_VERSION")) })
}

/// Appends the line of a picture.
pub(crate) fn append_entry(out: &mut Vec<u8>, entry: &Entry) -> Result<(), Error> {
    append(out, &Line::Picture(&Picture::of(entry)))
}

/// Appends the last line.
pub(crate) fn append_end(out: &mut Vec<u8>, pictures: u64) -> Result<(), Error> {
    append(out, &Line::End { pictures })
}

fn append(out: &mut Vec<u8>, line: &Line<'_>) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, line).map_err(|cause| Error::Io(cause.into()))?;
    out.push(b'\n');
    Ok(())
}

/// The entries of an export, one by one.
pub(crate) struct Rows<R> {
    input: R,
    line: Vec<u8>,
    /// Lines read so far.
    lines: u64,
    pictures: u64,
}

impl<R: BufRead> Rows<R> {
    /// Reads the first line.
    pub(crate) fn new(input: R) -> Result<Self, Error> {
        let mut rows = Self { input, line: Vec::new(), lines: 0, pictures: 0 };
        let not_an_export = |cause: Error| Error::NotAnExport(cause.to_string());
        rows.read_line()?;
        if rows.parse::<Tag>().map_err(not_an_export)?.r#type != "export" {
            return Err(Error::NotAnExport("line 1 is not of type `export`".to_owned()));
        }
        match rows.parse::<Head>().map_err(not_an_export)?.schema {
            SCHEMA => Ok(rows),
            other => Err(Error::Schema(other)),
        }
    }

    /// The next entry; nothing behind the last line.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if !self.read_line()? {
                self.lines += 1;
                return Err(self.corrupt("the last line is missing: the export was cut short"));
            }
            match self.parse::<Tag>()?.r#type.as_str() {
                "picture" => {
                    let entry = self.parse::<Picture<'_>>()?.into_entry().map_err(|what| self.corrupt(what))?;
                    self.pictures += 1;
                    return Ok(Some(entry));
                }
                "end" => return self.end().map(|()| None),
                "export" => return Err(self.corrupt("another export begins before the last line of this")),
                // Something that a later version added.
                _ => {}
            }
        }
    }

    fn end(&mut self) -> Result<(), Error> {
        let (End { pictures }, found) = (self.parse()?, self.pictures);
        if pictures != found {
            return Err(self.corrupt(format!("the last line counts {pictures} pictures, and there are {found}")));
        }
        if self.read_line()? {
            return Err(self.corrupt("the export goes on behind its last line"));
        }
        Ok(())
    }

    /// Whether there was another line.
    fn read_line(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let most = MOST_LINE_BYTES as u64 + 1;
        if self.input.by_ref().take(most).read_until(b'\n', &mut self.line)? == 0 {
            return Ok(false);
        }
        self.lines += 1;
        if self.line.len() > MOST_LINE_BYTES {
            return Err(self.corrupt(format!("the line has more than {MOST_LINE_BYTES} bytes")));
        }
        Ok(true)
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.line).map_err(|cause| self.corrupt(words_of(&cause)))
    }

    fn corrupt(&self, what: impl Into<String>) -> Error {
        Error::corrupt(Place::Line(self.lines), what)
    }
}

/// What JSON is wrong with, without the line, which is always the first, and without what a terminal would obey.
fn words_of(cause: &serde_json::Error) -> String {
    const MOST_CHARACTERS: usize = 200;
    let words = cause.to_string();
    let (words, _) = words.rsplit_once(" at line ").unwrap_or((&words, ""));
    let shown = words.chars().take(MOST_CHARACTERS).map(|shown| if matches!(shown, ' '..='~') { shown } else { '?' });
    format!("{} (column {})", shown.collect::<String>(), cause.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "{\"type\":\"export\",\"schema\":1}\n";

    /// The entries, and how it ended.
    fn read(text: &str) -> (usize, String) {
        let mut rows = match Rows::new(text.as_bytes()) {
            Ok(rows) => rows,
            Err(error) => return (0, error.to_string()),
        };
        for entries in 0.. {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => return (entries, String::new()),
                Err(error) => return (entries, error.to_string()),
            }
        }
        unreachable!()
    }

    fn picture() -> String {
        let mut line = Vec::new();
        append_entry(&mut line, &Entry::default()).unwrap();
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn a_line_has_every_field() {
        let expected = "{\"type\":\"picture\",\"rules\":\"\",\"host\":null,\"volume\":\"\",\"path\":{\"text\":\"\"},\
            \"size\":0,\"modified_ns\":0,\"changed_ns\":0,\"inode\":0,\"format\":\"\",\"width\":0,\"height\":0,\
            \"frames\":null,\"digest\":null,\"payload\":null,\"blake3\":null,\"first_rows\":null,\"pdq\":null,\
            \"pdq_quality\":null}\n";
        assert_eq!(picture(), expected);
    }

    #[test]
    fn what_earlier_versions_lack_is_null() {
        let less = picture().replace(",\"pdq\":null,\"pdq_quality\":null", "");
        let text = format!("{HEAD}{less}{{\"type\":\"end\",\"pictures\":1}}\n");
        assert!(!text.contains("pdq"));
        assert_eq!(read(&text), (1, String::new()));
    }

    #[test]
    fn what_later_versions_add_is_passed_over() {
        let more = picture().replace("\"size\"", "\"new\":[{}],\"size\"");
        let text = format!("{HEAD}{{\"type\":\"new\"}}\n{more}{{\"type\":\"end\",\"pictures\":1}}\n");
        assert_eq!(read(&text), (1, String::new()));
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        let picture = picture();
        let end = "{\"type\":\"end\",\"pictures\":1}";
        let cases = [
            (format!("{HEAD}{picture}{end}"), (1, "")),
            (format!("{HEAD}{picture}{end}\n\n"), (1, "line 4: the export goes on behind its last line")),
            (format!("{HEAD}{picture}"), (1, "line 3: the last line is missing: the export was cut short")),
            (format!("{HEAD}{end}"), (0, "line 2: the last line counts 1 pictures, and there are 0")),
            (format!("{HEAD}{}", picture.replace("\"size\":0,", "")), (0, "line 2: missing field `size` (column 251)")),
            (format!("{HEAD}{{\"type\":\"pic"), (0, "line 2: EOF while parsing a string (column 12)")),
            (format!("{HEAD}{HEAD}"), (0, "line 2: another export begins before the last line of this")),
            ("{\"type\":\"group\"}\n".to_owned(), (0, "not an export of pixtwin: line 1 is not of type `export`")),
            (HEAD.replace('1', "2"), (0, "the export has schema 2, and this program reads schema 1")),
        ];
        for (text, (entries, error)) in cases {
            assert_eq!(read(&text), (entries, error.to_owned()), "{text}");
        }
    }

    #[test]
    fn no_line_is_read_to_an_end_that_never_comes() {
        let text = format!("{HEAD}{}", " ".repeat(MOST_LINE_BYTES + 1));
        assert_eq!(read(&text), (0, "line 2: the line has more than 1048576 bytes".to_owned()));
    }

    #[test]
    fn nesting_is_no_way_out_of_the_stack() {
        let nested = "[".repeat(MOST_LINE_BYTES - 100);
        for line in
            [format!("{{\"type\":\"picture\",\"path\":{nested}"), format!("{{\"type\":\"new\",\"new\":{nested}")]
        {
            let (entries, error) = read(&format!("{HEAD}{line}\n"));
            assert_eq!((entries, error.starts_with("line 2: ")), (0, true), "{error}");
        }
    }

    #[test]
    fn an_error_has_nothing_that_a_terminal_obeys() {
        let text = picture().replace("\"text\"", "\"\\u001b]0;t\\u0007\\u202e\"");
        let (_, error) = read(&format!("{HEAD}{text}"));
        assert!(error.starts_with("line 2: unknown variant `?]0;t??`, expected `text` or `bytes`"), "{error}");
    }
}
