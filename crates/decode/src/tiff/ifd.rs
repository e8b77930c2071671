//! Image file directories: the tags of each page.
//!
//! # Source
//! TIFF revision 6.0, section 2; BigTIFF as libtiff defines it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::SeekFrom,
};

use crate::{Error, Source, source::read_at};

/// More pages than any real file has; each costs a few reads.
const MOST_PAGES: usize = 65_536;

/// Bytes of an entry of the classic format; BigTIFF has longer ones.
const SMALLEST_ENTRY: u64 = 12;

/// Byte order and offset size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) is_big_endian: bool,
    is_big_tiff: bool,
}

impl Layout {
    /// The number that `bytes` are.
    pub(super) fn number(self, bytes: &[u8]) -> u64 {
        let add = |number: u64, &byte: &u8| number << 8 | u64::from(byte);
        if self.is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
    }

    fn read(self, source: &mut dyn Source, len: usize) -> Result<u64, Error> {
        let mut bytes = [0; 8];
        let part = bytes.get_mut(..len).unwrap_or_default();
        source.read_exact(part).map_err(|cause| Error::reading(cause, "a directory"))?;
        Ok(self.number(part))
    }
}

/// The chain of directories.
pub(super) struct Directories {
    layout: Layout,
    first: u64,
    file_bytes: u64,
}

impl Directories {
    /// Reads the file header.
    pub(super) fn open(source: &mut dyn Source) -> Result<Self, Error> {
        let head: [u8; 8] = read_at(source, 0, "the header")?;
        let (is_big_endian, is_big_tiff) = match &head {
            [b'I', b'I', 42, 0, ..] => (false, false),
            [b'M', b'M', 0, 42, ..] => (true, false),
            [b'I', b'I', 43, 0, 8, 0, 0, 0] => (false, true),
            [b'M', b'M', 0, 43, 0, 8, 0, 0] => (true, true),
            _ => return Err(Error::corrupt("no TIFF signature")),
        };
        let layout = Layout { is_big_endian, is_big_tiff };
        let first = if is_big_tiff {
            layout.number(&read_at::<8>(source, 8, "the header")?)
        } else {
            layout.number(&read_at::<4>(source, 4, "the header")?)
        };
        if first == 0 {
            return Err(Error::corrupt("the file has no page"));
        }
        Ok(Self { layout, first, file_bytes: source.byte_len() })
    }

    /// Goes along the chain.
    pub(super) fn walk(&self) -> Walk {
        Walk { layout: self.layout, next: self.first, seen: BTreeSet::new(), room: Room::of(self.file_bytes) }
    }
}

/// A place in the chain of directories.
pub(super) struct Walk {
    layout: Layout,
    next: u64,
    seen: BTreeSet<u64>,
    /// What directories beside the chain take from, too.
    pub(super) room: Room,
}

/// Entries that directories side by side have room for in the file. Directories that lie over one another could make
/// a small file cost any time.
pub(super) struct Room {
    entries: u64,
}

impl Room {
    fn of(file_bytes: u64) -> Self {
        Self { entries: file_bytes / SMALLEST_ENTRY }
    }

    /// Takes the room of a directory.
    pub(super) fn take(&mut self, directory: &Directory) -> Result<(), Error> {
        let left = self.entries.checked_sub(directory.listed).ok_or_else(overlap)?;
        self.entries = left;
        Ok(())
    }
}

/// Why a file is refused whose parts would have no room side by side.
pub(super) fn overlap() -> Error {
    Error::corrupt("its directories overlap")
}

impl Walk {
    /// The next directory, if there is one.
    pub(super) fn next(&mut self, source: &mut dyn Source) -> Result<Option<Directory>, Error> {
        if self.next == 0 {
            return Ok(None);
        }
        if !self.seen.insert(self.next) {
            return Err(Error::corrupt("the chain of pages comes back to itself"));
        }
        if self.seen.len() > MOST_PAGES {
            return Err(Error::unsupported(format!("more than {MOST_PAGES} pages")));
        }
        let directory = Directory::read(source, self.next, self.layout)?;
        self.room.take(&directory)?;
        self.next = directory.next;
        Ok(Some(directory))
    }
}

/// The tags of one page.
pub(super) struct Directory {
    pub(super) layout: Layout,
    entries: BTreeMap<u16, Entry>,
    /// Entries in the file, those of one tag counted each.
    listed: u64,
    next: u64,
}

#[derive(Clone, Copy)]
struct Entry {
    kind: u16,
    count: u64,
    /// Where the values are.
    at: u64,
}

impl Entry {
    /// Bytes of one value.
    fn size(self) -> u64 {
        match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16 | 17 | 18 => 8,
            _ => 0,
        }
    }
}

impl Directory {
    /// Reads the directory at `at`.
    pub(super) fn read(source: &mut dyn Source, at: u64, layout: Layout) -> Result<Self, Error> {
        let big = layout.is_big_tiff;
        let (count_bytes, entry_bytes, word) = if big { (8, 20, 8) } else { (2, 12, 4) };
        if at >= source.byte_len() {
            return Err(Error::corrupt(format!("the file ends before the directory at byte {at}")));
        }
        source.seek(SeekFrom::Start(at))?;
        let count = layout.read(source, count_bytes)?;
        if count == 0 || count > u64::from(u16::MAX) {
            return Err(Error::corrupt(format!("a directory says it has {count} entries")));
        }
        // Known before, so that a directory that fails costs nothing.
        if at + count_bytes as u64 + count * entry_bytes > source.byte_len() {
            return Err(Error::corrupt("the file ends within a directory"));
        }
        let mut entries = BTreeMap::new();
        for index in 0..count {
            let tag = u16::try_from(layout.read(source, 2)?).unwrap_or(0);
            let kind = u16::try_from(layout.read(source, 2)?).unwrap_or(0);
            let count = layout.read(source, word)?;
            let value = layout.read(source, word)?;
            let mut entry = Entry { kind, count, at: value };
            if entry.size().saturating_mul(count) <= word as u64 {
                entry.at = at + count_bytes as u64 + index * entry_bytes + 4 + word as u64;
            }
            entries.entry(tag).or_insert(entry);
        }
        let next = layout.read(source, word)?;
        Ok(Self { layout, entries, listed: count, next })
    }

    pub(super) fn has(&self, tag: u16) -> bool {
        self.entries.contains_key(&tag)
    }

    /// The tags in ascending order.
    pub(super) fn tags(&self) -> impl Iterator<Item = u16> + '_ {
        self.entries.keys().copied()
    }

    /// How many values a tag has.
    pub(super) fn count(&self, tag: u16) -> u64 {
        self.entries.get(&tag).map_or(0, |entry| entry.count)
    }

    /// The first value of a tag, a whole number.
    pub(super) fn number(&self, source: &mut dyn Source, tag: u16) -> Result<Option<u64>, Error> {
        Ok(self.numbers(source, tag, 1)?.first().copied())
    }

    /// Up to `most` values of a tag, whole numbers; none if it is absent.
    pub(super) fn numbers(&self, source: &mut dyn Source, tag: u16, most: u64) -> Result<Vec<u64>, Error> {
        let Some(&entry) = self.entries.get(&tag) else { return Ok(Vec::new()) };
        if !matches!(entry.kind, 1 | 3 | 4 | 7 | 13 | 16 | 18) {
            return Err(Error::corrupt(format!("tag {tag} is no whole number")));
        }
        let size = usize::try_from(entry.size()).unwrap_or(1);
        let bytes = self.value_bytes(source, tag, entry.count.min(most))?;
        Ok(bytes.chunks_exact(size.max(1)).map(|value| self.layout.number(value)).collect())
    }

    /// The bytes of a tag's values, as they are in the file; none if it is absent.
    pub(super) fn bytes(&self, source: &mut dyn Source, tag: u16) -> Result<Vec<u8>, Error> {
        self.value_bytes(source, tag, self.count(tag))
    }

    /// Type, count and bytes of a short value, of a type that EXIF has; nothing if there is none.
    pub(super) fn short_value(&self, source: &mut dyn Source, tag: u16) -> Option<(u16, u32, Vec<u8>)> {
        const LONGEST: u64 = 4096;
        let entry = self.entries.get(&tag)?;
        let (_, len) = self.place(source, tag).ok()?;
        let is_usual = (1..=LONGEST).contains(&len) && entry.kind <= 12;
        let bytes = is_usual.then(|| self.bytes(source, tag).ok()).flatten()?;
        Some((entry.kind, u32::try_from(entry.count).ok()?, bytes))
    }

    /// Where the values of a tag lie, and how many bytes they are; known to be within the file.
    pub(super) fn place(&self, source: &dyn Source, tag: u16) -> Result<(u64, u64), Error> {
        self.place_of(source, tag, self.count(tag))
    }

    fn place_of(&self, source: &dyn Source, tag: u16, count: u64) -> Result<(u64, u64), Error> {
        let Some(entry) = self.entries.get(&tag) else { return Ok((0, 0)) };
        let len = entry.size().saturating_mul(count);
        if entry.at.saturating_add(len) > source.byte_len() {
            return Err(Error::corrupt(format!("the file ends within the values of tag {tag}")));
        }
        Ok((entry.at, len))
    }

    fn value_bytes(&self, source: &mut dyn Source, tag: u16, count: u64) -> Result<Vec<u8>, Error> {
        let (at, len) = self.place_of(source, tag, count)?;
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        source.seek(SeekFrom::Start(at))?;
        source.read_exact(&mut bytes).map_err(|cause| Error::reading(cause, "the values of a tag"))?;
        Ok(bytes)
    }
}
