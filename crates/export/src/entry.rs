//! What an export says of one file.

use crate::Error;

/// The longest path, in bytes; no system call takes one of more than 4 KiB, but nested folders can be deeper.
pub const MOST_PATH_BYTES: usize = 64 << 10;

/// The longest of the other texts, in bytes.
pub const MOST_TEXT_BYTES: usize = 1 << 10;

/// What an export says of one file.
///
/// ```
/// use pixtwin_export::Entry;
///
/// let entry = Entry { path: b"/a/b.png".to_vec(), format: "PNG".to_owned(), width: 4, height: 3, ..Entry::default() };
/// assert_eq!(entry.digest, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What the digest and the keys mean, such as `pixtwin pixels 1`; entries of other rules cannot be joined.
    pub rules: String,
    /// The machine the file lies on, if it is of use to others.
    pub host: Option<String>,
    /// The file system the file lies on.
    pub volume: String,
    /// Where the file was last seen, from the root: bytes.
    pub path: Vec<u8>,
    /// Bytes of the file.
    pub size: u64,
    /// When its content changed, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When anything about it changed, in nanoseconds since 1970.
    pub changed_ns: i64,
    /// Its number in the file system.
    pub inode: u64,
    /// What it is, such as `PNG`.
    pub format: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// How many frames, if they were counted.
    pub frames: Option<u32>,
    /// The pixel digest, if it was computed.
    pub digest: Option<[u8; 32]>,
    /// Hash of the bytes that the pixels depend on.
    pub payload: Option<[u8; 32]>,
    /// Hash of the whole file.
    pub blake3: Option<[u8; 32]>,
    /// Key of the first rows.
    pub first_rows: Option<[u8; 8]>,
    /// The PDQ hash of the picture, highest bit first, if near search has looked at it.
    pub pdq: Option<[u8; 32]>,
    /// Its quality, 0 to 100.
    pub pdq_quality: Option<u32>,
}

impl Entry {
    /// The path as text; nothing if it is not UTF-8.
    #[must_use]
    pub fn path_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.path).ok()
    }

    /// Refuses what no reader takes.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let texts = [
            ("rules", self.rules.len(), MOST_TEXT_BYTES),
            ("host", self.host.as_ref().map_or(0, String::len), MOST_TEXT_BYTES),
            ("volume", self.volume.len(), MOST_TEXT_BYTES),
            ("format", self.format.len(), MOST_TEXT_BYTES),
            ("path", self.path.len(), MOST_PATH_BYTES),
        ];
        match texts.into_iter().find(|(_, bytes, most)| bytes > most) {
            Some((column, bytes, most)) => Err(Error::TooLong { column, bytes, most }),
            None => Ok(()),
        }
    }

    /// About how much memory it takes.
    pub(crate) fn held_bytes(&self) -> usize {
        let texts = [self.rules.len(), self.volume.len(), self.path.len(), self.format.len()];
        size_of::<Self>() + texts.iter().sum::<usize>() + self.host.as_ref().map_or(0, String::len)
    }
}
