//! Records of comma-separated values, as RFC 4180 has them, with a line feed or both at the end of each. Unlike other
//! readers this tells a field that is empty from one that is empty in quotes, and holds no more than a record may have.

use std::io::{BufRead, ErrorKind};

use crate::{Error, Place, json::MOST_LINE_BYTES};

/// No record has more fields.
const MOST_FIELDS: usize = 256;

/// Reads records one by one, each in place of the one before.
pub(crate) struct Records<R> {
    input: R,
    record: Record,
    /// Ends of lines read so far.
    lines: u64,
}

/// What is read of one record.
#[derive(Default)]
struct Record {
    state: State,
    /// All fields, one after the other.
    content: Vec<u8>,
    /// Where each field ends, and whether it was in quotes.
    fields: Vec<(usize, bool)>,
    is_quoted: bool,
}

/// What was read last.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing of this field.
    #[default]
    Start,
    /// Something of a field without quotes.
    Plain,
    /// Something within quotes.
    Quoted,
    /// A quote that ends the field, or is the first of two.
    Quote,
    /// A carriage return behind a field.
    Return,
}

impl<R: BufRead> Records<R> {
    /// Reads from there.
    pub(crate) fn new(input: R) -> Self {
        Self { input, record: Record::default(), lines: 0 }
    }

    /// Reads a record and says on which line it begins; nothing at the end.
    pub(crate) fn read(&mut self) -> Result<Option<u64>, Error> {
        let line = self.lines + 1;
        let corrupt = |what: &str| Error::corrupt(Place::Line(line), what);
        self.record.clear();
        let mut is_empty = true;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(Error::Io(cause)),
            };
            if chunk.is_empty() {
                let cut = || corrupt("the row does not end: the export was cut short");
                return if is_empty { Ok(None) } else { Err(cut()) };
            }
            is_empty = false;
            let (mut used, mut is_complete) = (0, false);
            for byte in chunk {
                used += 1;
                self.lines += u64::from(*byte == b'\n');
                is_complete = self.record.take(*byte).map_err(corrupt)?;
                if is_complete {
                    break;
                }
            }
            self.input.consume(used);
            if is_complete {
                return Ok(Some(line));
            }
        }
    }

    /// The fields of the record, and whether each was in quotes.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut start = 0;
        self.record.fields.iter().map(move |(end, is_quoted)| {
            let field = self.record.content.get(start..*end).unwrap_or_default();
            start = *end;
            (field, *is_quoted)
        })
    }
}

impl Record {
    fn clear(&mut self) {
        self.content.clear();
        self.fields.clear();
        (self.state, self.is_quoted) = (State::Start, false);
    }

    /// Takes a byte and says whether it was the last.
    fn take(&mut self, byte: u8) -> Result<bool, &'static str> {
        self.state = match (self.state, byte) {
            (State::Start, b'"') => {
                self.is_quoted = true;
                State::Quoted
            }
            (State::Start | State::Plain | State::Quote, b',') => {
                self.end_field()?;
                State::Start
            }
            (State::Start | State::Plain | State::Quote | State::Return, b'\n') => {
                self.end_field()?;
                return Ok(true);
            }
            (State::Start | State::Plain | State::Quote, b'\r') => State::Return,
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) | (State::Quote, b'"') => {
                self.push(byte)?;
                State::Quoted
            }
            (State::Plain, b'"') => return Err("there is a quote in a field that is not in quotes"),
            (State::Quote, _) => return Err("a field goes on behind its quotes"),
            (State::Return, _) => return Err("there is a carriage return in a field that is not in quotes"),
            (State::Start | State::Plain, _) => {
                self.push(byte)?;
                State::Plain
            }
        };
        Ok(false)
    }

    fn push(&mut self, byte: u8) -> Result<(), &'static str> {
        if self.content.len() >= MOST_LINE_BYTES {
            return Err("the row has more than 1048576 bytes");
        }
        self.content.push(byte);
        Ok(())
    }

    fn end_field(&mut self) -> Result<(), &'static str> {
        if self.fields.len() >= MOST_FIELDS {
            return Err("the row has more than 256 fields");
        }
        self.fields.push((self.content.len(), self.is_quoted));
        self.is_quoted = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records, fields in quotes marked with `'`, or what is wrong.
    fn read(text: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let mut records = Records::new(std::io::BufReader::with_capacity(3, text));
        let mut read = Vec::new();
        while records.read().map_err(|error| error.to_string())?.is_some() {
            let shown = |(field, is_quoted): (&[u8], bool)| {
                format!("{}{}", if is_quoted { "'" } else { "" }, field.escape_ascii())
            };
            read.push(records.fields().map(shown).collect());
        }
        Ok(read)
    }

    #[test]
    fn fields_are_as_rfc_4180_has_them() {
        let records = read(b"a,,\"\"\n\"b,\"\"\r\n\",c\r\n\n").unwrap();
        assert_eq!(records, [vec!["a", "", "'"], vec!["'b,\\\"\\r\\n", "c"], vec![""]]);
        assert_eq!(read(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (text, error) in [
            (&b"a"[..], "line 1: the row does not end: the export was cut short"),
            (b"a\n\"b\n", "line 2: the row does not end: the export was cut short"),
            (b"\"a\n\"\na\"\n", "line 3: there is a quote in a field that is not in quotes"),
            (b"\"a\"b\n", "line 1: a field goes on behind its quotes"),
            (b"a\rb\n", "line 1: there is a carriage return in a field that is not in quotes"),
        ] {
            assert_eq!(read(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn no_record_is_held_beyond_its_bounds() {
        assert!(read(&[&[b','; 255][..], b"\n"].concat()).is_ok());
        assert_eq!(read(&[b','; 257]), Err("line 1: the row has more than 256 fields".to_owned()));
        let text = vec![b'a'; MOST_LINE_BYTES + 1];
        assert_eq!(read(&text), Err(format!("line 1: the row has more than {MOST_LINE_BYTES} bytes")));
    }
}
