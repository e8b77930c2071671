//! What the tags hold beside the pixels.

use std::collections::BTreeMap;

use pixtwin_pixel::{Key, Turn};

use super::{
    extract::Extract,
    ifd::{Directory, Room, overlap},
    page::tag::{EXTRA_SAMPLES, ORIENTATION},
};
use crate::{Error, Metadata, Source, noted::LONGEST_XMP, source::hash_of};

/// The tag of an XMP packet.
const XMP: u16 = 700;

/// A value of up to so many bytes costs no more than its entry.
const SHORT_VALUE: u64 = 64;

/// Collects the metadata of one page after the other.
pub(super) struct Collector {
    pub(super) found: Metadata,
    pages: u32,
    /// Keys of long values by their place and length, of directories by their place: pages may share them.
    values: BTreeMap<(u64, u64), Key>,
    directories: BTreeMap<u64, Key>,
    /// Bytes that long values side by side still have room for.
    bytes_left: u64,
}

impl Collector {
    pub(super) fn new(file_bytes: u64) -> Self {
        Self {
            found: Metadata::default(),
            pages: 0,
            values: BTreeMap::new(),
            directories: BTreeMap::new(),
            bytes_left: file_bytes,
        }
    }

    /// Adds the metadata of the next page.
    pub(super) fn page(&mut self, source: &mut dyn Source, page: &Directory, room: &mut Room) -> Result<(), Error> {
        for tag in page.tags() {
            let Some(name) = name_of(tag) else { continue };
            let key = match tag {
                34665 | 34853 => self.directory(source, page, tag, room)?,
                _ => Some(self.value(source, page, tag)?),
            };
            if let Some(key) = key {
                self.found.add_key(name, key);
            }
        }
        if page.numbers(source, EXTRA_SAMPLES, 1)?.first() == Some(&1) {
            self.found.add("associated alpha", &[1]);
        }
        self.pages = self.pages.saturating_add(1);
        if self.pages == 1 {
            self.note(source, page);
        }
        let turn = turn(source, page)?;
        if self.pages == 1 {
            self.found.orientation = turn;
            return Ok(());
        }
        let number = page.number(source, ORIENTATION)?.unwrap_or(1);
        if number != 1 {
            let value = format!("page {}: {number}", self.pages);
            self.found.add_value("page orientation", value.as_bytes(), value.clone());
        }
        self.found.mixed_orientation |= turn != self.found.orientation;
        Ok(())
    }

    /// Notes what the first page tells of when and where it was taken.
    fn note(&mut self, source: &mut dyn Source, page: &Directory) {
        if let Some(exif) = Extract::of_page(source, page).parse() {
            self.found.noted.add_exif(&exif);
        }
        let Ok((at, len)) = page.place(source, XMP) else { return };
        match hash_of(source, at, len, "the values of a tag") {
            Ok(hash) if len > LONGEST_XMP => self.found.noted.add_unreadable(Key::from(&hash)),
            _ => self.found.noted.add_xmp(&page.bytes(source, XMP).unwrap_or_default()),
        }
    }

    /// The key of an EXIF or GPS directory by its tags and values: its places in the file are no part of it.
    fn directory(
        &mut self,
        source: &mut dyn Source,
        parent: &Directory,
        tag: u16,
        room: &mut Room,
    ) -> Result<Option<Key>, Error> {
        let Some(at) = parent.number(source, tag)? else { return Ok(None) };
        if let Some(key) = self.directories.get(&at) {
            return Ok(Some(*key));
        }
        let mut hasher = blake3::Hasher::new();
        // Damage here does not touch the pixels: what can be read is told.
        if let Ok(directory) = Directory::read(source, at, parent.layout) {
            room.take(&directory)?;
            for tag in directory.tags() {
                hasher.update(&tag.to_le_bytes());
                if directory.place(source, tag).is_ok() {
                    hasher.update(&[1]).update(&self.value(source, &directory, tag)?.0);
                } else {
                    hasher.update(&[0]);
                }
            }
        }
        let key = Key::from(&hasher.finalize());
        self.directories.insert(at, key);
        Ok(Some(key))
    }

    /// The key of a tag's values.
    fn value(&mut self, source: &mut dyn Source, directory: &Directory, tag: u16) -> Result<Key, Error> {
        let place @ (at, len) = directory.place(source, tag)?;
        if let Some(key) = self.values.get(&place) {
            return Ok(*key);
        }
        if len > SHORT_VALUE {
            self.bytes_left = self.bytes_left.checked_sub(len).ok_or_else(overlap)?;
        }
        let key = Key::from(&hash_of(source, at, len, "the values of a tag")?);
        if len > SHORT_VALUE {
            self.values.insert(place, key);
        }
        Ok(key)
    }
}

/// How a page is turned; numbers without a meaning turn nothing.
pub(super) fn turn(source: &mut dyn Source, page: &Directory) -> Result<Turn, Error> {
    let number = page.number(source, ORIENTATION)?.and_then(|number| u32::try_from(number).ok());
    Ok(number.and_then(Turn::from_exif).unwrap_or_default())
}

/// The name of a tag that holds metadata.
fn name_of(tag: u16) -> Option<&'static str> {
    Some(match tag {
        // Document name, description, maker, model, page name, software, artist, host, copyright.
        269..=272 | 285 | 305 | 315 | 316 | 33432 => "text",
        282 | 283 | 296 => "resolution",
        301 => "gamma",
        306 => "time",
        318 | 319 => "chromaticities",
        XMP => "XMP",
        33723 => "IPTC",
        34377 => "Photoshop data",
        34665 => "EXIF",
        34675 => "ICC profile",
        34853 => "GPS",
        42112 => "GDAL metadata",
        33550 | 33922 | 34264 | 34735..=34737 => "georeference",
        _ => return None,
    })
}
