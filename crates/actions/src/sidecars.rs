//! Which files travel with a picture: what other programs noted about it, and the film of a live photo.
//!
//! Sidecars are known by their names. One that several pictures have, as that of a raw file and of the JPEG beside it,
//! goes only if all of them go; in doubt it stays where it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::OsStrExt,
};

use crate::{disk::Disk, same::have_same_bytes};

/// What has a film beside it that belongs to it.
const LIVE: [&[u8]; 4] = [b"heic", b"heif", b"jpeg", b"jpg"];

/// The names in a folder, ready to be asked for sidecars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Neighbours {
    by_stem: BTreeMap<Vec<u8>, Vec<OsString>>,
    /// By stem and extension in lower case.
    by_name: BTreeMap<Vec<u8>, Vec<OsString>>,
    /// `NAME.EXT.xmp` by `NAME.EXT`, that extension in lower case.
    about: BTreeMap<Vec<u8>, Vec<OsString>>,
}

impl Neighbours {
    /// All names of one folder, in any order.
    ///
    /// # Cost
    /// Keeps each name up to three times.
    #[must_use]
    pub(crate) fn new(names: impl IntoIterator<Item = OsString>) -> Self {
        let mut known = Self::default();
        for name in names {
            let (stem, extension) = parts(name.as_bytes());
            if extension == b"xmp" {
                known.about.entry(folded(stem)).or_default().push(name.clone());
            }
            known.by_stem.entry(stem.to_vec()).or_default().push(name.clone());
            known.by_name.entry(folded(name.as_bytes())).or_default().push(name);
        }
        known
    }

    /// The sidecars that go with that picture if all pictures go for which `goes` holds, sorted. The picture itself is
    /// taken to go. Pictures that share a sidecar each get it, once all of them go.
    ///
    /// - `NAME.EXT.xmp` of `NAME.EXT`
    /// - `NAME.xmp` and `NAME.aae` of all files of that stem; beside `IMG_0042` and its edited `IMG_E0042` the files
    ///   `IMG_0042.aae` and `IMG_O0042.aae` belong to both
    /// - `NAME.mov` of all HEIC and JPEG files of that stem
    ///
    /// Extensions are compared without regard to case (ASCII), stems exactly.
    #[must_use]
    pub(crate) fn sidecars(&self, picture: &OsStr, goes: impl Fn(&OsStr) -> bool) -> Vec<OsString> {
        let goes = |owner: &OsStr| owner == picture || goes(owner);
        let (stem, _) = parts(picture.as_bytes());
        let mut found: BTreeSet<_> = files(&self.about, &folded(picture.as_bytes())).iter().collect();
        for stem in family(stem) {
            found.extend(files(&self.by_stem, &stem));
        }
        let travels = |sidecar: &&OsString| {
            let owners = self.owners(sidecar);
            owners.contains(&picture) && owners.into_iter().all(goes)
        };
        found.into_iter().filter(travels).cloned().collect()
    }

    /// Whose sidecar that file is; nobody's if it is none.
    fn owners(&self, sidecar: &OsStr) -> Vec<&OsStr> {
        let (stem, extension) = parts(sidecar.as_bytes());
        match &extension[..] {
            b"xmp" => {
                let mut owners = self.named(stem);
                owners.extend(self.of_stem(stem));
                owners
            }
            b"aae" if stem == original(stem) => [self.of_stem(stem), self.of_stem(&marked(stem, b'E'))].concat(),
            b"aae" => family(stem).iter().flat_map(|stem| self.of_stem(stem)).collect(),
            b"mov" => self.live(stem),
            _ => Vec::new(),
        }
    }

    /// The file of that name, or else those whose extensions differ from it in case.
    fn named(&self, name: &[u8]) -> Vec<&OsStr> {
        let alike = files(&self.by_name, &folded(name));
        let exact: Vec<_> = alike.iter().filter(|other| other.as_bytes() == name).map(OsString::as_os_str).collect();
        if exact.is_empty() { alike.iter().map(OsString::as_os_str).collect() } else { exact }
    }

    /// All files of that stem that are not sidecars of others of it.
    fn of_stem(&self, stem: &[u8]) -> Vec<&OsStr> {
        let has_film = !self.live(stem).is_empty();
        let is_sidecar = |name: &&OsString| match &parts(name.as_bytes()).1[..] {
            b"xmp" | b"aae" => true,
            b"mov" => has_film,
            _ => false,
        };
        files(&self.by_stem, stem).iter().filter(|name| !is_sidecar(name)).map(OsString::as_os_str).collect()
    }

    /// All files of that stem that may have a film.
    fn live(&self, stem: &[u8]) -> Vec<&OsStr> {
        let is_live = |name: &&OsString| LIVE.contains(&&parts(name.as_bytes()).1[..]);
        files(&self.by_stem, stem).iter().filter(is_live).map(OsString::as_os_str).collect()
    }
}

/// Whether one of those files of a keeper is another file with the bytes of this sidecar and the same extension. Whoever
/// removes many pictures at once keeps a sidecar of which there is no other.
///
/// # Errors
/// If one of them is no regular file, or cannot be read.
///
/// # Cost
/// Reads the sidecar once for each of the keeper's that is as long.
pub(crate) fn has_equal<D: Disk>(
    disk: &D,
    sidecar: (&D::Folder, &OsStr),
    keepers: (&D::Folder, &[OsString]),
) -> io::Result<bool> {
    let goes = disk.open(sidecar.0, sidecar.1)?;
    let identity = disk.state(&goes)?.identity;
    let extension = parts(sidecar.1.as_bytes()).1;
    for name in keepers.1.iter().filter(|name| parts(name.as_bytes()).1 == extension) {
        let stays = disk.open(keepers.0, name)?;
        let other = disk.state(&stays)?.identity;
        // One file by two names, or by two paths: no second copy.
        let is_itself = other.place() == identity.place();
        if !is_itself && have_same_bytes(disk, &goes, &stays)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn files<'a>(index: &'a BTreeMap<Vec<u8>, Vec<OsString>>, key: &[u8]) -> &'a [OsString] {
    index.get(key).map_or(&[], Vec::as_slice)
}

/// The name up to its last dot, and what follows that in lower case. The dot of a hidden file begins no extension.
fn parts(name: &[u8]) -> (&[u8], Vec<u8>) {
    match name.iter().rposition(|byte| *byte == b'.') {
        None | Some(0) => (name, Vec::new()),
        Some(dot) => {
            let (stem, extension) = name.split_at(dot);
            (stem, extension.get(1..).unwrap_or_default().to_ascii_lowercase())
        }
    }
}

fn folded(name: &[u8]) -> Vec<u8> {
    let (stem, extension) = parts(name);
    [stem, b".", &extension].concat()
}

/// The stems of what Apple's cameras and programs write for one picture: the stem itself alone for all others.
fn family(stem: &[u8]) -> Vec<Vec<u8>> {
    let original = original(stem);
    let mut stems = vec![marked(&original, b'E'), marked(&original, b'O'), original];
    stems.dedup();
    stems
}

/// `IMG_0042` for `IMG_E0042` (edited) and `IMG_O0042` (notes of what was there before that); others as they are.
fn original(stem: &[u8]) -> Vec<u8> {
    match stem.strip_prefix(b"IMG_") {
        Some([b'E' | b'O', number @ ..]) if is_number(number) => [b"IMG_", number].concat(),
        _ => stem.to_vec(),
    }
}

/// `IMG_E0042` for `IMG_0042`; others as they are.
fn marked(stem: &[u8], mark: u8) -> Vec<u8> {
    match stem.strip_prefix(b"IMG_") {
        Some(number) if is_number(number) => [b"IMG_", &[mark][..], number].concat(),
        _ => stem.to_vec(),
    }
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
