//! Absolute paths: how they are taken apart, and how they stand in plans and journals.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Component, Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// Folder and name of a path.
///
/// # Errors
/// If it has none: it is the root, or ends in `..`.
pub(crate) fn halves(path: &Path) -> io::Result<(&Path, &OsStr)> {
    path.parent().zip(path.file_name()).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// The way from a folder to a path, both absolute, with names only: `../2019/a.jpg`.
pub(crate) fn way(from: &Path, to: &Path) -> PathBuf {
    let shared = from.components().zip(to.components()).take_while(|(a, b)| a == b).count();
    let ups = from.components().skip(shared).map(|_| Component::ParentDir);
    ups.chain(to.components().skip(shared)).collect()
}

/// A path as JSON has it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Written {
    Text(String),
    Bytes(String),
}

/// For `#[serde(with)]`: `{"text": ...}`, or `{"bytes": ...}` in base64 where it is no UTF-8.
pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    let written = match path.to_str() {
        Some(text) => Written::Text(text.to_owned()),
        None => Written::Bytes(STANDARD.encode(path.as_os_str().as_bytes())),
    };
    written.serialize(serializer)
}

/// The other way.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    match Written::deserialize(deserializer)? {
        Written::Text(text) => Ok(text.into()),
        Written::Bytes(text) => Ok(OsString::from_vec(STANDARD.decode(text).map_err(D::Error::custom)?).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_leads_there() {
        for (from, to, expected) in [
            ("/p/b", "/p/a/x.jpg", "../a/x.jpg"),
            ("/p", "/p/x.jpg", "x.jpg"),
            ("/p/a/b", "/p/x.jpg", "../../x.jpg"),
            ("/", "/x", "x"),
            ("/a", "/b/c", "../b/c"),
        ] {
            assert_eq!(way(Path::new(from), Path::new(to)), Path::new(expected));
        }
    }
}
