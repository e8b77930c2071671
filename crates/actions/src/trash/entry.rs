//! What a trash knows of one file: its name there, and the note of where it came from.

use std::{
    ffi::{OsStr, OsString},
    fmt::Write as _,
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use jiff::civil::DateTime;

use super::Trash;
use crate::{disk::Disk, same::read_full};

const SUFFIX: &[u8] = b".trashinfo";
/// What most file systems take for a name.
const NAME_BYTES: usize = 255;
/// So many names are proposed. All but the first are as good as never taken.
const PROPOSALS: u64 = 16;

/// A place for one file in a trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where the trash is.
    pub(crate) trash: PathBuf,
    /// The name of the file there.
    pub(crate) name: OsString,
    /// What its note says, to the last byte.
    pub(crate) note: String,
}

impl Trash {
    /// Places for a victim with that absolute path, which goes at that local time, best first. Changes nothing.
    ///
    /// # Errors
    /// If the victim is not where the trash is for.
    pub(crate) fn entries(&self, victim: &Path, deleted: DateTime) -> io::Result<impl Iterator<Item = Entry> + use<>> {
        let top = self.top.as_deref().unwrap_or(Path::new(""));
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, "the trash is not for files from there");
        let path = victim.strip_prefix(top).map_err(|_| wrong())?.as_os_str().as_bytes();
        let name = victim.file_name().filter(|_| victim.is_absolute()).ok_or_else(wrong)?;
        let note = format!(
            "[Trash Info]\nPath={}\nDeletionDate={}\n",
            percent_encoded(path),
            deleted.strftime("%Y-%m-%dT%H:%M:%S")
        );
        let (trash, name) = (self.path.clone(), name.as_bytes().to_vec());
        Ok((0..PROPOSALS).map(move |proposal| {
            let tag = (proposal > 0).then(|| tag(&note, proposal));
            Entry { trash: trash.clone(), name: tagged(&name, tag.as_deref()), note: note.clone() }
        }))
    }
}

impl Entry {
    /// The folder in which the victim will lie.
    #[must_use]
    pub(crate) fn files(&self) -> PathBuf {
        self.trash.join("files")
    }

    /// The folder of the notes.
    #[must_use]
    pub(crate) fn info(&self) -> PathBuf {
        self.trash.join("info")
    }

    /// The name of the note.
    #[must_use]
    pub(crate) fn info_name(&self) -> OsString {
        OsString::from_vec([self.name.as_bytes(), SUFFIX].concat())
    }

    /// Whether nobody has the place: neither a file nor a note, for notes stay behind where other programs were cut off.
    ///
    /// # Errors
    /// Of the system.
    pub(crate) fn is_free<D: Disk>(&self, disk: &D) -> io::Result<bool> {
        Ok(disk.look(&disk.folder(&self.files())?, &self.name)?.is_none()
            && disk.look(&disk.folder(&self.info())?, &self.info_name())?.is_none())
    }

    /// Takes the place: writes the note, and returns once it is on the disk.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if the place is taken; the next may not be. Else of the system. In both cases there
    /// is no note, unless it could not be removed again, which the error says.
    pub(crate) fn note<D: Disk>(&self, disk: &D) -> io::Result<()> {
        if !self.is_free(disk)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let folder = disk.folder(&self.info())?;
        let file = disk.create(&folder, &self.info_name())?;
        let written = disk.append(&file, self.note.as_bytes()).and_then(|()| disk.sync(&file));
        written.and_then(|()| disk.sync_folder(&folder)).map_err(|cause| {
            match disk.unlink(&folder, &self.info_name()).and_then(|()| disk.sync_folder(&folder)) {
                Ok(()) => cause,
                Err(why) => io::Error::new(cause.kind(), format!("{cause}; its note could not be removed: {why}")),
            }
        })
    }

    /// Removes the note, if it is ours: it says what we wrote, or what a power cut left of it. Does nothing if there is
    /// none.
    ///
    /// # Errors
    /// If the file is in the trash, so that the note is needed; if the note is another's; or of the system.
    pub(crate) fn take_back<D: Disk>(&self, disk: &D) -> io::Result<()> {
        let folder = disk.folder(&self.info())?;
        if disk.look(&folder, &self.info_name())?.is_none() {
            // It may have been removed a moment ago.
            return disk.sync_folder(&folder);
        }
        if disk.look(&disk.folder(&self.files())?, &self.name)?.is_some() {
            return Err(io::Error::other("the file is in the trash"));
        }
        let file = disk.open(&folder, &self.info_name())?;
        let mut content = vec![0; self.note.len() + 1];
        let length = read_full(disk, &file, &mut content, 0)?;
        if !content.get(..length).is_some_and(|content| self.may_be_ours(content)) {
            return Err(io::Error::other("the note in the trash is about another file"));
        }
        disk.unlink(&folder, &self.info_name())?;
        disk.sync_folder(&folder)
    }
}

impl Entry {
    /// Whether it is what we wrote, as far as it came to the disk: a power cut may leave a part of it, zeroes, or anything,
    /// but nothing longer, and hardly ever what a program could read as a note.
    fn may_be_ours(&self, content: &[u8]) -> bool {
        let is_text = |text: &str| !text.chars().any(|letter| letter.is_control() && letter != '\n');
        let is_note = content.starts_with(b"[Trash Info]\n") && content.ends_with(b"\n");
        let is_note = is_note && std::str::from_utf8(content).is_ok_and(is_text);
        self.note.as_bytes().starts_with(content) || content.len() <= self.note.len() && !is_note
    }
}

/// All bytes but those that mean themselves in every URI, and the slash.
fn percent_encoded(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
            // Writing to a string does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

/// Eight digits that others do not have for another file.
fn tag(note: &str, proposal: u64) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(note.as_bytes()).update(&proposal.to_le_bytes());
    hasher.finalize().to_hex().chars().take(8).collect()
}

/// The name with the tag before its extension, cut where it is too long for its note to be named after it. A cut name may
/// end within a letter: all that matters is in the note.
fn tagged(name: &[u8], tag: Option<&str>) -> OsString {
    let dot = name.iter().rposition(|byte| *byte == b'.').filter(|dot| *dot > 0 && name.len() - dot <= 32);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let tag = tag.map(|tag| format!(".{tag}")).unwrap_or_default();
    let room = NAME_BYTES - SUFFIX.len() - tag.len() - extension.len();
    let stem = stem.get(..room).unwrap_or(stem);
    OsStr::from_bytes(&[stem, tag.as_bytes(), extension].concat()).to_owned()
}
