//! Windows icons and cursors.
//!
//! Every entry of the directory is a frame, in the order of the directory: which one a program shows depends on the
//! screen, so all of them are the picture. What an entry is, its own data says; where the directory says something
//! else, it is not believed.
//!
//! Source: "Icons", John Hornick, Microsoft 1995; for PNG in icons: Windows Vista.

mod dib;

mod window;

use std::{
    io::{Read, SeekFrom},
    ops::ControlFlow,
};

use pixtwin_pixel::{Delay, Depth, Frame, Row, RowSink};

use self::{dib::Dib, window::Window};
use crate::{
    Error, FirstRows, Format, Header, Limits, Metadata, Source,
    codec::{Codec, charge},
    png,
    source::read_at,
};

/// Windows icons and cursors.
pub(crate) struct Ico;

/// Bytes of the file header and of one entry of the directory.
const HEADER_BYTES: u64 = 6;
const ENTRY_BYTES: u64 = 16;

/// How often all of the file may be referred to by entries.
const MAX_SHARED: u64 = 16;

/// What the directory says of one entry.
#[derive(Clone, Copy, Debug)]
struct Entry {
    offset: u64,
    len: u64,
    /// Column and row of the point of a cursor; in icons planes and bits, which do not count.
    hot_spot: (u16, u16),
}

struct Directory {
    is_cursor: bool,
    entries: Vec<Entry>,
}

/// What an entry holds.
enum Content {
    Png,
    Dib(Dib),
}

impl Directory {
    fn read(source: &mut dyn Source) -> Result<Self, Error> {
        let [r0, r1, k0, k1, count_low, count_high] = read_at::<6>(source, 0, "the icon header")?;
        let kind = u16::from_le_bytes([k0, k1]);
        let count = u16::from_le_bytes([count_low, count_high]);
        if (r0, r1) != (0, 0) || !matches!(kind, 1 | 2) {
            return Err(Error::corrupt("the icon header is missing"));
        }
        if count == 0 {
            return Err(Error::corrupt("the icon has no entries"));
        }
        let end = HEADER_BYTES + ENTRY_BYTES * u64::from(count);
        if end > source.byte_len() {
            return Err(Error::corrupt("the file ends within the icon directory"));
        }
        let mut bytes = Vec::with_capacity(usize::from(count) * 16);
        source.take(end - HEADER_BYTES).read_to_end(&mut bytes)?;
        let mut entries = Vec::with_capacity(usize::from(count));
        for (at, entry) in bytes.as_chunks::<16>().0.iter().enumerate() {
            let [_, _, _, _, x0, x1, y0, y1, l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
            let len = u64::from(u32::from_le_bytes([l0, l1, l2, l3]));
            let offset = u64::from(u32::from_le_bytes([o0, o1, o2, o3]));
            if offset < end || offset + len > source.byte_len() {
                return Err(Error::corrupt(format!("the data of entry {} of {count} is not all in the file", at + 1)));
            }
            let hot_spot = (u16::from_le_bytes([x0, x1]), u16::from_le_bytes([y0, y1]));
            entries.push(Entry { offset, len, hot_spot });
        }
        // Entries may share their data, but a small file must not be thousands of large pictures.
        let total: u64 = entries.iter().map(|entry| entry.len).sum();
        if total > source.byte_len().saturating_mul(MAX_SHARED) {
            return Err(Error::corrupt("the entries of the icon directory overlap"));
        }
        if entries.len() != usize::from(count) {
            return Err(Error::corrupt("the file ends within the icon directory"));
        }
        Ok(Self { is_cursor: kind == 2, entries })
    }

    /// How much of the file is header, directory and data, whatever lies between them.
    fn end(&self) -> u64 {
        self.entries.iter().map(|entry| entry.offset + entry.len).max().unwrap_or(HEADER_BYTES)
    }
}

/// What one entry is, and what decoding it costs.
fn look(source: &mut dyn Source, entry: Entry) -> Result<(Content, Header), Error> {
    let mut start = Vec::with_capacity(8);
    source.seek(SeekFrom::Start(entry.offset))?;
    source.take(entry.len.min(8)).read_to_end(&mut start)?;
    if start.starts_with(b"\x89PNG") {
        let header = png::still_header(&mut Window::new(source, entry.offset, entry.len))?;
        return Ok((Content::Png, header));
    }
    let dib = Dib::read(&mut Window::new(source, entry.offset, entry.len))?;
    let bytes = dib.cost();
    let (width, height) = (dib.width, dib.height);
    Ok((
        Content::Dib(dib),
        Header { width, height, whole_bytes: bytes, head_bytes: bytes, first_rows: FirstRows::Cheap },
    ))
}

impl Codec for Ico {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let directory = Directory::read(source)?;
        let directory_bytes = directory.entries.len() as u64 * 32;
        let mut first: Option<Header> = None;
        for entry in directory.entries {
            let (_, header) = look(source, entry)?;
            match &mut first {
                None => first = Some(header),
                Some(first) => first.whole_bytes = first.whole_bytes.max(header.whole_bytes),
            }
        }
        let mut header = first.ok_or_else(|| Error::corrupt("the icon has no entries"))?;
        header.whole_bytes += directory_bytes;
        header.head_bytes += directory_bytes;
        Ok(header)
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let directory = Directory::read(source)?;
        let frames = u32::try_from(directory.entries.len()).unwrap_or(u32::MAX);
        if sink.picture(frames).is_break() {
            return Ok(());
        }
        for entry in directory.entries {
            let (content, header) = look(source, entry)?;
            charge(header.whole_bytes, limits)?;
            let mut window = Window::new(source, entry.offset, entry.len);
            let mut inner = EntrySink { sink: &mut *sink, flow: ControlFlow::Continue(()) };
            match content {
                Content::Png => png::still_rows(&mut window, depth, limits, &mut inner)?,
                Content::Dib(dib) => {
                    let frame = Frame { width: dib.width, height: dib.height, delay: Delay::NONE };
                    if inner.frame(frame).is_continue() {
                        dib.rows(&mut window, &mut inner)?;
                    }
                }
            }
            if inner.flow.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Fed are the number of entries, and of each its kind and its data: of a PNG the hash of what counts there, of a
    /// bitmap all but those fields of its header that no pixel depends on.
    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let directory = Directory::read(source)?;
        take(&(directory.entries.len() as u64).to_le_bytes());
        for entry in directory.entries {
            let (content, _) = look(source, entry)?;
            match content {
                Content::Png => {
                    // As a still, which is what is shown of it: the frames of an APNG are not.
                    let mut hasher = blake3::Hasher::new();
                    png::still_payload(&mut Window::new(source, entry.offset, entry.len), &mut |bytes| {
                        hasher.update(bytes);
                    })?;
                    take(b"P");
                    take(hasher.finalize().as_bytes());
                }
                Content::Dib(dib) => {
                    take(b"D");
                    dib.feed(&mut Window::new(source, entry.offset, entry.len), take)?;
                }
            }
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let directory = Directory::read(source)?;
        let mut found = Metadata::default();
        let end = directory.end();
        for entry in &directory.entries {
            if directory.is_cursor {
                let (x, y) = entry.hot_spot;
                let content = [x.to_le_bytes(), y.to_le_bytes()].concat();
                found.add_value("hot spot", &content, format!("{x}, {y}"));
            }
            if let (Content::Png, _) = look(source, *entry)? {
                let inner = Format::Png.metadata(&mut Window::new(source, entry.offset, entry.len))?;
                found.items.extend(inner.items);
            }
        }
        found.add_trailing(source, end)?;
        Ok(found)
    }
}

/// Hands the frame of one entry on as one of many, and remembers whether the sink has enough.
struct EntrySink<'s> {
    sink: &'s mut dyn RowSink,
    flow: ControlFlow<()>,
}

impl RowSink for EntrySink<'_> {
    fn picture(&mut self, _frames: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.flow = self.sink.frame(frame);
        self.flow
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.flow = self.sink.row(row);
        self.flow
    }
}

#[cfg(test)]
mod tests;
