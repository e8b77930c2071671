//! File names, which are bytes, as text that is safe on a terminal and in a line.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fmt::Write,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use base64::Engine;

/// A path for people: as it is, or, where it has control characters, bidirectional marks or bytes that are no UTF-8,
/// in the quotes that shells read back: `$'a\nb'`.
#[must_use]
pub fn shown(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) if !text.chars().any(is_unsafe) => Cow::Borrowed(text),
        _ => Cow::Owned(quoted(path.as_os_str().as_bytes())),
    }
}

/// Words that came from a file, for people, as [`shown`] does it for paths.
#[must_use]
pub fn shown_text(text: &str) -> Cow<'_, str> {
    shown(Path::new(text))
}

/// Characters that move the cursor, change the terminal, end a line, or turn the direction of text.
#[must_use]
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn quoted(bytes: &[u8]) -> String {
    format!("$'{}'", escaped(bytes).replace('\'', "\\'"))
}

/// Bytes as text without anything that a terminal obeys, and without a line feed: `\\`, `\n`, `\r`, or octal.
#[must_use]
pub fn escaped(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => escaped.push_str("\\n"),
                '\r' => escaped.push_str("\\r"),
                '\\' => escaped.push_str("\\\\"),
                character if is_unsafe(character) => {
                    let mut utf8 = [0; 4];
                    push_bytes(&mut escaped, character.encode_utf8(&mut utf8).as_bytes());
                }
                character => escaped.push(character),
            }
        }
        push_bytes(&mut escaped, chunk.invalid());
    }
    escaped
}

/// Octal, which shells end after three digits: a hexadecimal escape would take in a digit that follows.
fn push_bytes(quoted: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(quoted, "\\{byte:03o}");
    }
}

/// A path in JSON: `{"text": ...}`, or `{"bytes": ...}` in base64 where it is no UTF-8.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathJson {
    /// A path that is UTF-8.
    Text(String),
    /// The base64 of one that is none.
    Bytes(String),
}

impl From<&Path> for PathJson {
    fn from(path: &Path) -> Self {
        match path.to_str() {
            Some(text) => Self::Text(text.to_owned()),
            None => Self::Bytes(base64::engine::general_purpose::STANDARD.encode(path.as_os_str().as_bytes())),
        }
    }
}

impl PathJson {
    /// The path; nothing if it is not coded as it should be.
    #[must_use]
    pub fn into_path(self) -> Option<PathBuf> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Bytes(coded) => base64::engine::general_purpose::STANDARD.decode(coded).ok().map(from_bytes),
        }
    }
}

/// A path of these bytes.
#[must_use]
pub fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    std::ffi::OsString::from_vec(bytes).into()
}

/// The bytes of a path.
#[must_use]
pub fn bytes_of(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_os_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let name = from_bytes(b"a\nb\x1b]0;t\x07\xff\xc2\x9b'\\1\xe2\x80\xae.png".to_vec());
        assert_eq!(shown(&name), r"$'a\nb\033]0;t\007\377\302\233\'\\1\342\200\256.png'");
        assert_eq!(shown(Path::new("Ålesund \\ it's.png")), "Ålesund \\ it's.png");
    }
}
