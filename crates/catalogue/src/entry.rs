//! What is kept of a file.

use std::num::NonZeroU64;

use crate::near::{self, Near};

/// Of a file of which there is more to say nothing is kept: a photo takes some hundred bytes.
pub(crate) const MOST_TEXT_BYTES: usize = 1 << 20;

/// The state of a file on its file system: what the system says of it, and what no program can set back all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The file's number.
    pub inode: u64,
    /// Length in bytes.
    pub size: u64,
    /// When the content changed last, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When anything about the file changed last, in nanoseconds since 1970.
    pub changed_ns: i64,
}

/// A file in one state, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The state it was seen in.
    pub stamp: Stamp,
    /// What was seen.
    pub facts: Facts,
}

/// What is known of a file. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The name of its format; nothing for what is no picture.
    pub format: Option<String>,
    /// Size and costs of the picture.
    pub header: Option<Header>,
    /// Frames; nothing where they were not counted.
    pub frames: Option<u32>,
    /// The first eight bytes of each key of first rows, as far as they are known.
    pub keys: Vec<Option<NonZeroU64>>,
    /// BLAKE3 of the bytes that the pixels depend on.
    pub payload: Option<[u8; 32]>,
    /// BLAKE3 of the whole file.
    pub content: Option<[u8; 32]>,
    /// The pixel digest.
    pub digest: Option<[u8; 32]>,
    /// Which looks failed, by name, and why; sorted by name.
    pub failures: Vec<(String, String)>,
    /// What it holds beside its pixels, in the words of whoever asks.
    pub metadata: Option<String>,
    /// The key by which pictures of this size are found while nothing more is known.
    pub size_key: Option<u64>,
    /// What near search keeps. Readers give it back where their maker [wants it](crate::Maker::near).
    pub near: Option<Box<Near>>,
    /// What other looks at the whole picture keep, in the words of whoever asks: at most
    /// [600 bytes](crate::MOST_LOOKS_BYTES).
    pub looks: Option<Box<[u8]>>,
}

/// Size of a picture, and what decoding it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Width in pixels, as it is compared.
    pub width: u32,
    /// Height in pixels, as it is compared.
    pub height: u32,
    /// Bytes of memory that decoding the first rows takes.
    pub head_bytes: u64,
    /// Bytes of memory that decoding it whole takes.
    pub whole_bytes: u64,
    /// What a look at the first rows costs: less than the whole (0), a way through the file (1), or as much as the whole
    /// (2).
    pub first_rows: u8,
}

impl Facts {
    /// Adds what another look at the same file in the same state has found.
    pub fn add(&mut self, found: Self) {
        let Self { format, header, frames, keys, payload, content, digest, failures, metadata, size_key, near, looks } =
            found;
        self.format = self.format.take().or(format);
        self.header = self.header.or(header);
        self.frames = self.frames.or(frames);
        self.keys.resize(self.keys.len().max(keys.len()), None);
        self.keys.iter_mut().zip(keys).for_each(|(ours, theirs)| *ours = ours.or(theirs));
        self.payload = self.payload.or(payload);
        self.content = self.content.or(content);
        self.digest = self.digest.or(digest);
        self.metadata = self.metadata.take().or(metadata);
        self.size_key = self.size_key.or(size_key);
        self.near = self.near.take().or(near);
        self.looks = self.looks.take().or(looks);
        for (look, reason) in failures {
            if let Err(at) = self.failures.binary_search_by(|(ours, _)| ours.cmp(&look)) {
                self.failures.insert(at, (look, reason));
            }
        }
    }

    /// Whether it is short enough to be kept.
    pub(crate) fn is_short(&self) -> bool {
        let texts = self.failures.iter().map(|(look, reason)| look.len() + reason.len());
        // As JSON a letter takes six bytes at most.
        let texts = 6 * texts.sum::<usize>() + self.metadata.as_ref().map_or(0, String::len);
        texts < MOST_TEXT_BYTES && near::is_short(self)
    }

    /// The keys of first rows up to the last that is known.
    pub(crate) fn known_keys(&self) -> &[Option<NonZeroU64>] {
        let len = self.keys.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.keys.get(..len).unwrap_or_default()
    }

    /// The reason why a look failed, if it did.
    #[must_use]
    pub fn failure(&self, look: &str) -> Option<&str> {
        self.failures.iter().find(|(name, _)| name == look).map(|(_, reason)| reason.as_str())
    }

    /// What a search for twins of it asks for: the first of its digest, its first key and its size that is known.
    #[must_use]
    pub fn probe(&self) -> Option<u64> {
        let digest = self.digest.and_then(|digest| digest.first_chunk().copied()).map(u64::from_le_bytes);
        digest.or_else(|| self.keys.first().copied().flatten().map(NonZeroU64::get)).or(self.size_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_only_grows() {
        let key = NonZeroU64::new;
        let mut facts =
            Facts { keys: vec![key(1)], failures: vec![("whole".to_owned(), "cut".to_owned())], ..Facts::default() };
        assert_eq!(facts.probe(), Some(1));
        facts.add(Facts {
            keys: vec![key(9), None, key(3)],
            digest: Some([2; 32]),
            failures: vec![("head1".to_owned(), "cut".to_owned()), ("whole".to_owned(), "other".to_owned())],
            ..Facts::default()
        });
        assert_eq!(facts.keys, [key(1), None, key(3)]);
        assert_eq!((facts.failure("whole"), facts.failure("head1")), (Some("cut"), Some("cut")));
        assert_eq!(facts.probe(), Some(0x0202_0202_0202_0202));
    }
}
