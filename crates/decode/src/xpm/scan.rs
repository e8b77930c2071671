//! The strings of a C source file, one after the other.

use std::io::SeekFrom;

use crate::{Error, Metadata, Source};

const SIGNATURE: &[u8] = b"/* XPM */";

/// A longer comment is compared by its hash.
const MAX_COMMENT_BYTES: usize = 4096;

/// Walks over the list of strings.
pub(super) struct Scan<'a> {
    source: &'a mut dyn Source,
    /// Where comments go.
    found: Option<&'a mut Metadata>,
    /// Whether a comma must come before the next string.
    needs_comma: bool,
}

impl<'a> Scan<'a> {
    /// Starts behind the brace that opens the list.
    pub(super) fn open(source: &'a mut dyn Source, found: Option<&'a mut Metadata>) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let mut scan = Self { source, found, needs_comma: false };
        while scan.peek()?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            scan.source.consume(1);
        }
        for &expected in SIGNATURE {
            if scan.next()? != Some(expected) {
                return Err(Error::corrupt("the XPM signature is missing"));
            }
        }
        loop {
            scan.gap()?;
            match scan.next()? {
                Some(b'{') => return Ok(scan),
                None | Some(b'"' | b'}' | b';') => return Err(Error::corrupt("there is no list of strings")),
                Some(_) => {}
            }
        }
    }

    /// Gives the next string in pieces; false at the end of the list.
    pub(super) fn string(&mut self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<bool, Error> {
        let mut next = self.gap()?;
        if self.needs_comma {
            match next {
                Some(b',') => {
                    self.source.consume(1);
                    next = self.gap()?;
                }
                Some(b'"') => return Err(Error::unsupported("XPM strings without a comma between them")),
                _ => {}
            }
        }
        self.needs_comma = true;
        match self.next()? {
            Some(b'"') => self.literal(take).map(|()| true),
            Some(b'}') => Ok(false),
            None => Err(Error::corrupt("the file ends before the closing brace of its list of strings")),
            Some(_) => {
                let found = next.unwrap_or_default().escape_ascii();
                Err(Error::corrupt(format!("the list of strings contains `{found}` outside of a string")))
            }
        }
    }

    /// Behind the list: passes over what may end it and says where anything else begins.
    pub(super) fn tail(&mut self) -> Result<u64, Error> {
        if self.gap()? == Some(b';') {
            self.source.consume(1);
        }
        while self.peek()?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.source.consume(1);
        }
        Ok(self.source.stream_position()?)
    }

    fn literal(&mut self, take: &mut dyn FnMut(&[u8]) -> Result<(), Error>) -> Result<(), Error> {
        loop {
            let piece = self.source.fill_buf()?;
            if piece.is_empty() {
                return Err(Error::corrupt("the file ends within a string"));
            }
            let end = piece.iter().position(|&byte| matches!(byte, b'"' | b'\n'));
            let text = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
            take(text)?;
            if end.and_then(|end| piece.get(end)) == Some(&b'\n') {
                return Err(Error::corrupt("a string goes on over the end of its line"));
            }
            let read = text.len() + usize::from(end.is_some());
            self.source.consume(read);
            if end.is_some() {
                return Ok(());
            }
        }
    }

    /// Passes over white space and comments, and looks at the byte behind them.
    fn gap(&mut self) -> Result<Option<u8>, Error> {
        loop {
            match self.peek()? {
                Some(byte) if byte.is_ascii_whitespace() => self.source.consume(1),
                Some(b'/') => {
                    self.source.consume(1);
                    self.comment()?;
                }
                other => return Ok(other),
            }
        }
    }

    /// The rest of a comment whose first stroke was read.
    fn comment(&mut self) -> Result<(), Error> {
        let is_line = match self.next()? {
            Some(b'*') => false,
            Some(b'/') => true,
            _ => return Err(Error::corrupt("a stroke stands where only a comment can begin")),
        };
        let (mut kept, mut whole) = (Vec::new(), blake3::Hasher::new());
        let mut last = 0;
        loop {
            match self.next()? {
                Some(b'\n') if is_line => break,
                Some(b'/') if !is_line && last == b'*' => break,
                None if is_line => break,
                None => return Err(Error::corrupt("the file ends within a comment")),
                Some(byte) => {
                    if self.found.is_some() {
                        whole.update(&[byte]);
                        if kept.len() <= MAX_COMMENT_BYTES {
                            kept.push(byte);
                        }
                    }
                    // A star opens the end only once: `/*/` is no comment.
                    last = byte;
                }
            }
        }
        if let Some(found) = &mut self.found {
            let text = if is_line { &kept[..] } else { kept.strip_suffix(b"*").unwrap_or(&kept) };
            if kept.len() > MAX_COMMENT_BYTES {
                found.add("comment", whole.finalize().as_bytes());
            } else {
                found.add("comment", text.trim_ascii());
            }
        }
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, Error> {
        Ok(self.source.fill_buf()?.first().copied())
    }

    fn next(&mut self) -> Result<Option<u8>, Error> {
        let next = self.peek()?;
        self.source.consume(usize::from(next.is_some()));
        Ok(next)
    }
}
