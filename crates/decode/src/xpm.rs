//! XPM, version 3: X pixmaps, pictures written as C source.
//!
//! # Source
//! XPM Manual, version 3.4i (Arnaud Le Hors, 1996); where it is silent, what libXpm does.
//!
//! Read are files that begin with `/* XPM */`, as the manual demands. The first list of strings counts, each string
//! as it stands, a backslash too, as in libXpm. Of the colours of a line the one for colour screens counts (`c`), else
//! the one for grey screens, else the one for black and white. `None` is transparent black. Stricter than libXpm, a
//! row must have exactly its pixels and the closing brace must be there, since its absence shows that a file was cut.

mod colours;

mod head;

mod scan;

mod table;

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink};

use self::{head::Head, scan::Scan, table::Table};
use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    codec::{Codec, charge},
};

/// The codec of XPM.
pub(crate) struct Xpm;

impl Codec for Xpm {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let (head, _) = open(source, None)?;
        let bytes = head.memory_bytes();
        Ok(Header {
            width: head.width,
            height: head.height,
            whole_bytes: bytes,
            head_bytes: bytes,
            first_rows: FirstRows::Cheap,
        })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let (head, mut scan) = open(source, None)?;
        charge(head.memory_bytes(), limits)?;
        let frame = Frame { width: head.width, height: head.height, delay: Delay::NONE };
        if sink.picture(1).is_break() || sink.frame(frame).is_break() {
            return Ok(());
        }
        let table = Table::read(&head, &mut scan)?;
        let (mut text, mut narrow, mut wide) = (Vec::new(), Vec::new(), Vec::new());
        let channels = if table.is_opaque() { Channels::Rgb } else { Channels::Rgba };
        let is_narrow = table.is_eight_bit();
        for y in 0..head.height {
            read_row(&head, &mut scan, y, &mut text)?;
            narrow.clear();
            wide.clear();
            let mut last: Option<(u64, [u16; 4])> = None;
            for pixel in text.chunks_exact(head.characters) {
                let key = table::key(pixel);
                let colour = match last {
                    Some((same, colour)) if same == key => colour,
                    _ => table.get(key).ok_or_else(|| unknown(pixel, y))?,
                };
                last = Some((key, colour));
                let samples = colour.get(..channels.count()).unwrap_or_default();
                if is_narrow {
                    narrow.extend(samples.iter().map(|sample| sample.to_le_bytes()[0]));
                } else {
                    wide.extend_from_slice(samples);
                }
            }
            let row = if is_narrow { Row::eight(channels, &narrow) } else { Row::sixteen(channels, &wide) };
            if sink.row(row).is_break() {
                return Ok(());
            }
        }
        finish(&mut scan)
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let (head, mut scan) = open(source, None)?;
        charge(head.memory_bytes(), limits)?;
        let table = Table::read(&head, &mut scan)?;
        take(&head.width.to_le_bytes());
        take(&head.height.to_le_bytes());
        take(&(head.characters as u64).to_le_bytes());
        take(&(table.len() as u64).to_le_bytes());
        for (key, colour) in table.entries() {
            take(&key.to_le_bytes());
            for sample in colour {
                take(&sample.to_le_bytes());
            }
        }
        let mut text = Vec::new();
        for y in 0..head.height {
            read_row(&head, &mut scan, y, &mut text)?;
            take(&text);
        }
        finish(&mut scan)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        let (head, mut scan) = open(source, Some(&mut metadata))?;
        let hot_spot = head.hot_spot;
        for _ in 0..u64::from(head.colours) + u64::from(head.height) {
            if !scan.string(&mut |_| Ok(()))? {
                return Err(Error::corrupt("the list of strings ends before the last row"));
            }
        }
        let mut extensions = blake3::Hasher::new();
        let mut count = 0_u32;
        while scan.string(&mut |piece| {
            extensions.update(piece);
            Ok(())
        })? {
            extensions.update(b"\n");
            count += 1;
        }
        let end = scan.tail()?;
        if let Some((x, y)) = hot_spot {
            let content = [x.to_le_bytes(), y.to_le_bytes()].concat();
            metadata.add_value("hot spot", &content, format!("{x}, {y}"));
        }
        if count > 0 {
            let lines = if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
            metadata.add_value("extensions", extensions.finalize().as_bytes(), lines);
        }
        metadata.add_trailing(source, end)?;
        Ok(metadata)
    }
}

/// Reads up to the first colour; comments go to `found`.
fn open<'a>(source: &'a mut dyn Source, found: Option<&'a mut Metadata>) -> Result<(Head, Scan<'a>), Error> {
    let file_bytes = source.byte_len();
    let mut scan = Scan::open(source, found)?;
    let head = Head::read(&mut scan, file_bytes)?;
    Ok((head, scan))
}

/// The characters of one row.
fn read_row(head: &Head, scan: &mut Scan<'_>, y: u32, text: &mut Vec<u8>) -> Result<(), Error> {
    let expected = head.row_bytes();
    text.clear();
    let mut found = 0;
    let is_there = scan.string(&mut |piece| {
        found += piece.len();
        if found <= expected {
            text.extend_from_slice(piece);
        }
        Ok(())
    })?;
    if !is_there {
        return Err(Error::corrupt(format!("the list of strings ends after row {y} of {}", head.height)));
    }
    if found != expected {
        return Err(Error::corrupt(format!("row {} has {found} characters instead of {expected}", y + 1)));
    }
    Ok(())
}

fn unknown(pixel: &[u8], y: u32) -> Error {
    Error::corrupt(format!("row {} has a pixel `{}` that is no colour of the table", y + 1, pixel.escape_ascii()))
}

/// Looks for the closing brace, over the extensions.
fn finish(scan: &mut Scan<'_>) -> Result<(), Error> {
    while scan.string(&mut |_| Ok(()))? {}
    Ok(())
}

#[cfg(test)]
mod tests;
