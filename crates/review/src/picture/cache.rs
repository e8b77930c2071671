//! Thumbnails kept on disk. Whatever goes wrong here costs time alone: a thumbnail that is not found is made again.
//!
//! A folder of files, each named by the hash of what it was made from. A file begins with a mark and a hash of all that
//! follows together with its name: one that is damaged, cut short or moved here is not served. Docs: `docs/review.md`.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use pixtwin_engine::{DECODERS, Up, open_regular};

use super::encoded::{Encoded, JPEG, PNG};

/// Files that this process has begun to write, whatever cache they are for: each has a name of its own.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// Counts the changes of this module after which thumbnails look otherwise or are written otherwise.
const REVISION: u32 = 1;

/// How each file begins.
const MARK: &[u8; 8] = b"pxthumb1";

/// A longer file is none of ours: a thumbnail has 256 pixels a side.
const MOST_FILE_BYTES: u64 = 1 << 20;

/// The end of the names of files that are being written.
const UNFINISHED: &str = ".new";

/// A file that is still being written after this time was left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// What a thumbnail is made from: a file in one state, as the decoders of this version see it.
pub(super) struct Key(blake3::Hash);

impl Key {
    /// Of an open file; nothing if the system does not say what it is.
    pub(super) fn of(file: &File, side: u32, up: Up) -> Option<Self> {
        let found = file.metadata().ok()?;
        let mut hasher = blake3::Hasher::new();
        for number in [found.dev(), found.ino(), found.len(), u64::from(REVISION), u64::from(side)] {
            hasher.update(&number.to_le_bytes());
        }
        for moment in [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()] {
            hasher.update(&moment.to_le_bytes());
        }
        hasher.update(&[match up {
            Up::AsShown => 0,
            Up::Turned(turn) => turn.exif(),
        }]);
        for (format, decoders) in DECODERS {
            hasher.update(format!("{format}: {decoders}\n").as_bytes());
        }
        Some(Self(hasher.finalize()))
    }

    fn name(&self) -> String {
        self.0.to_hex().to_string()
    }
}

/// The folder.
pub(super) struct Cache {
    folder: PathBuf,
    most_bytes: u64,
    /// How many bytes may be written before all are counted again; nothing before the first time.
    left: Mutex<Option<u64>>,
}

impl Cache {
    /// Makes the folder for its user alone, if it is not there; nothing if that fails, or if others may look into it.
    pub(super) fn open(folder: PathBuf, most_bytes: u64) -> Option<Self> {
        // It fails if the folder is there, and for all that the next look finds.
        let _made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        let found = fs::symlink_metadata(&folder).ok()?;
        let is_closed = found.is_dir() && found.mode() & 0o077 == 0;
        is_closed.then(|| Self { folder, most_bytes, left: Mutex::new(None) })
    }

    /// The thumbnail, if it was kept and is whole.
    pub(super) fn get(&self, key: &Key) -> Option<Encoded> {
        let file = open_regular(&self.folder.join(key.name())).ok()?;
        let mut bytes = Vec::new();
        file.take(MOST_FILE_BYTES).read_to_end(&mut bytes).ok()?;
        unsealed(key, &bytes)
    }

    /// Keeps a thumbnail, if there is room.
    pub(super) fn put(&self, key: &Key, encoded: &Encoded) {
        let sealed = sealed(key, encoded);
        let bytes = sealed.len() as u64;
        if bytes < MOST_FILE_BYTES && self.makes_room(bytes) {
            // A full disk, or one that cannot be written: it is made again the next time.
            let _kept = self.write(&key.name(), &sealed);
        }
    }

    fn write(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(format!("{name}-{}-{number}{UNFINISHED}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        let written = file.write_all(sealed).and_then(|()| fs::rename(&unfinished, self.folder.join(name)));
        if written.is_err() {
            let _removed = fs::remove_file(&unfinished);
        }
        written
    }

    /// Whether so many bytes may be written; removes the oldest thumbnails for them if it must.
    fn makes_room(&self, bytes: u64) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.is_none_or(|left| left < bytes) {
            // Others write here as well: each process counts anew after it has used a part of what is free.
            let free = self.most_bytes.saturating_sub(self.trim());
            *left = Some(free / 4);
        }
        let Some(rest) = left.and_then(|left| left.checked_sub(bytes)) else { return false };
        *left = Some(rest);
        true
    }

    /// Counts the bytes of all thumbnails; if they are more than seven eighths of what is allowed, removes the oldest until
    /// they are three quarters. Only files with names that this module gives are counted or removed.
    fn trim(&self) -> u64 {
        let mut kept = self.all();
        let mut total: u64 = kept.iter().map(|kept| kept.bytes).sum();
        if total <= self.most_bytes / 8 * 7 {
            return total;
        }
        kept.sort_unstable_by_key(|kept| kept.written);
        for Kept { name, bytes, .. } in kept {
            if total <= self.most_bytes / 4 * 3 {
                break;
            }
            if fs::remove_file(self.folder.join(name)).is_ok() {
                total -= bytes;
            }
        }
        total
    }

    /// All thumbnails. Removes what was left unfinished long ago.
    fn all(&self) -> Vec<Kept> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let long_ago = SystemTime::now().checked_sub(LEFT_BEHIND).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let Some(name) = entry.file_name().to_str().map(str::to_owned).filter(|name| is_ours(name)) else {
                continue;
            };
            let Ok(metadata) = entry.metadata() else { continue };
            let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if name.ends_with(UNFINISHED) && written < long_ago {
                let _removed = fs::remove_file(self.folder.join(&name));
            } else {
                found.push(Kept { name, bytes: metadata.len(), written });
            }
        }
        found
    }
}

struct Kept {
    name: String,
    bytes: u64,
    written: SystemTime,
}

/// Whether it is a name that this module gives.
fn is_ours(name: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let (hash, rest) = name.split_at_checked(64).unwrap_or_default();
    hash.len() == 64
        && hash.bytes().all(is_hex)
        && (rest.is_empty() || rest.starts_with('-') && rest.ends_with(UNFINISHED))
}

/// Mark, hash, kind, sizes, picture.
fn sealed(key: &Key, encoded: &Encoded) -> Vec<u8> {
    let mut body = vec![u8::from(encoded.media_type == PNG)];
    for side in [encoded.size.0, encoded.size.1, encoded.whole.0, encoded.whole.1] {
        body.extend_from_slice(&side.to_le_bytes());
    }
    body.extend_from_slice(&encoded.bytes);
    [&MARK[..], hash_of(key, &body).as_bytes(), &body].concat()
}

fn unsealed(key: &Key, sealed: &[u8]) -> Option<Encoded> {
    let (hash, body) = sealed.strip_prefix(MARK)?.split_first_chunk::<32>()?;
    if hash_of(key, body) != *hash {
        return None;
    }
    let ([kind], rest) = body.split_first_chunk()?;
    let (sides, bytes) = rest.split_first_chunk::<16>()?;
    let mut sides = sides.as_chunks::<4>().0.iter().map(|side| u32::from_le_bytes(*side));
    let mut size = || Some((sides.next()?, sides.next()?));
    let (size, whole) = (size()?, size()?);
    Some(Encoded { bytes: bytes.to_vec(), media_type: if *kind == 1 { PNG } else { JPEG }, size, whole })
}

fn hash_of(key: &Key, body: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("pixtwin thumbnail 1");
    hasher.update(key.0.as_bytes()).update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
