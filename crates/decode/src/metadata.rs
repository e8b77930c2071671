//! What a file holds beside its pixels.

use pixtwin_pixel::{Key, Turn};

use crate::{
    Error, Source,
    noted::{self, Noted},
    source::hash_of,
};

/// EXIF data of more bytes is compared but not parsed: what JPEG can hold, the home of EXIF, is a sixteenth of it.
pub(crate) const LONGEST_EXIF: u64 = 1 << 20;

/// Items listed one by one: an empty comment takes four bytes in a file and many more here.
const MOST_ITEMS: usize = 16_384;

/// What a file holds beside its pixels: enough to say how two twins differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// How a viewer turns the stored picture before it shows it.
    pub orientation: Turn,
    /// Whether some of its pages are turned otherwise than the first, so that no one turn is right for all.
    pub mixed_orientation: bool,
    /// Everything else, in the order of the file.
    pub items: Vec<Item>,
    /// What of it the owner of the picture would miss most.
    pub noted: Noted,
}

/// One piece of metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is, in the field's words: `EXIF`, `XMP`, `ICC profile`, `IPTC`, `comment`, `gamma`, `text`, ...
    pub name: &'static str,
    /// Key of its content: equal content, equal key.
    pub content: Key,
    /// Its value in a few characters where that helps, such as `1/2.2`.
    pub value: Option<String>,
}

impl Metadata {
    /// Adds an item with that content.
    pub(crate) fn add(&mut self, name: &'static str, content: &[u8]) {
        self.add_key(name, Key::of(content));
    }

    /// Adds an item whose content was hashed on the way.
    pub(crate) fn add_key(&mut self, name: &'static str, content: Key) {
        self.push(Item { name, content, value: None });
    }

    /// Adds an item whose value is short enough to show.
    pub(crate) fn add_value(&mut self, name: &'static str, content: &[u8], value: String) {
        self.push(Item { name, content: Key::of(content), value: Some(value) });
    }

    /// Adds what follows the end of the picture, if anything does: its key, and how many bytes it is.
    pub(crate) fn add_trailing(&mut self, source: &mut dyn Source, end: u64) -> Result<(), Error> {
        let bytes = source.byte_len().saturating_sub(end);
        if bytes > 0 {
            let content = Key::from(&hash_of(source, end, bytes, "the bytes behind its picture")?);
            let plural = if bytes == 1 { "" } else { "s" };
            self.push(Item { name: "trailing bytes", content, value: Some(format!("{bytes} byte{plural}")) });
        }
        Ok(())
    }

    /// Adds an item; beyond the most, to the key of the last.
    pub(crate) fn push(&mut self, item: Item) {
        match self.items.get_mut(MOST_ITEMS - 1) {
            None => self.items.push(item),
            Some(last) => {
                let (name, value) = (item.name.as_bytes(), item.value.unwrap_or_default());
                let content = [&last.content.0, &item.content.0, name, b"\0", value.as_bytes()].concat();
                *last = Item { name: "further items", content: Key::of(&content), value: None };
            }
        }
    }

    /// Adds EXIF data, a TIFF structure without the `Exif\0\0` before it, and takes the orientation from it.
    pub(crate) fn add_exif(&mut self, tiff: &[u8]) {
        let parsed = self.add_further_exif(tiff);
        if let Some(turn) = parsed.as_ref().and_then(orientation_of) {
            self.orientation = turn;
        }
    }

    /// Adds EXIF data by which viewers do not go.
    pub(crate) fn add_further_exif(&mut self, tiff: &[u8]) -> Option<exif::Exif> {
        self.add("EXIF", tiff);
        let parsed = noted::parse(tiff);
        match &parsed {
            Some(parsed) => self.noted.add_exif(parsed),
            None if tiff.is_empty() => {}
            None => self.noted.add_unreadable(Key::of(tiff)),
        }
        parsed
    }

    /// Adds EXIF or XMP data that cannot be looked through: packed, or too long.
    pub(crate) fn add_closed(&mut self, name: &'static str, content: Key) {
        self.add_key(name, content);
        self.noted.add_unreadable(content);
    }

    /// Adds an XMP packet.
    pub(crate) fn add_xmp(&mut self, packet: &[u8]) {
        self.add("XMP", packet);
        self.noted.add_xmp(packet);
    }
}

/// The orientation that EXIF data tells, a TIFF structure without the `Exif\0\0` before it.
pub(crate) fn exif_orientation(tiff: &[u8]) -> Option<Turn> {
    orientation_of(&noted::parse(tiff)?)
}

fn orientation_of(parsed: &exif::Exif) -> Option<Turn> {
    let field = parsed.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
    field.value.get_uint(0).and_then(Turn::from_exif)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_beyond_the_most_share_one_key() {
        let listed = |last: &[u8], after: &[u8]| {
            let mut found = Metadata::default();
            for _ in 0..MOST_ITEMS {
                found.add("comment", b"");
            }
            found.add("comment", last);
            found.add("text", after);
            found.items
        };
        let one = listed(b"a", b"b");
        assert_eq!(one.len(), MOST_ITEMS);
        assert_eq!(one[MOST_ITEMS - 1].name, "further items");
        assert_eq!(one, listed(b"a", b"b"));
        assert_ne!(one, listed(b"x", b"b"));
        assert_ne!(one, listed(b"a", b"x"));
    }
}
