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
pub(crate) fn shown(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) if !text.chars().any(is_unsafe) => Cow::Borrowed(text),
        _ => Cow::Owned(quoted(path.as_os_str().as_bytes())),
    }
}

/// Words that came from a file, for people, as [`shown`] does it for paths.
pub(crate) fn shown_text(text: &str) -> Cow<'_, str> {
    shown(Path::new(text))
}

/// A path and the host it lies on, as copying programs take them: `host:path`.
pub(crate) fn shown_at<'a>(path: &'a Path, host: Option<&str>) -> Cow<'a, str> {
    match host {
        Some(host) => format!("{host}:{}", shown(path)).into(),
        None => shown(path),
    }
}

/// Characters that move the cursor, change the terminal, end a line, or turn the direction of text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn quoted(bytes: &[u8]) -> String {
    format!("$'{}'", escaped(bytes).replace('\'', "\\'"))
}

/// Bytes as text without anything that a terminal obeys, and without a line feed: `\\`, `\n`, `\r`, or octal.
fn escaped(bytes: &[u8]) -> String {
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
pub(crate) enum PathJson {
    Text(String),
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
    pub(crate) fn into_path(self) -> Option<PathBuf> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Bytes(coded) => base64::engine::general_purpose::STANDARD.decode(coded).ok().map(from_bytes),
        }
    }
}

/// The name of a set in JSON: text, or what a path is where it is no UTF-8.
#[derive(serde::Serialize)]
#[serde(untagged)]
pub(crate) enum NameJson<'a> {
    Text(&'a str),
    Bytes(PathJson),
}

impl<'a> From<&'a OsStr> for NameJson<'a> {
    fn from(name: &'a OsStr) -> Self {
        name.to_str().map_or_else(|| Self::Bytes(Path::new(name).into()), Self::Text)
    }
}

/// A path in a checksum list, as GNU coreutils write it: a line with a backslash, a line feed or a carriage return in
/// its name begins with a backslash, and these are escaped. What a terminal would obey is escaped likewise, in octal.
pub(crate) fn listed(path: &Path) -> (&'static str, Vec<u8>) {
    let bytes = path.as_os_str().as_bytes();
    match path.to_str() {
        Some(text) if !text.chars().any(|character| is_unsafe(character) || character == '\\') => ("", bytes.to_vec()),
        _ => ("\\", escaped(bytes).into_bytes()),
    }
}

/// The path behind an escaped name of a checksum list; nothing if an escape makes no sense.
pub(crate) fn unlisted(escaped: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (kind, after) = rest.split_first()?;
        rest = after;
        match kind {
            b'\\' => bytes.push(b'\\'),
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b'0'..=b'3' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                let octal = format!("{}{}", char::from(*kind), std::str::from_utf8(digits).ok()?);
                bytes.push(u8::from_str_radix(&octal, 8).ok()?);
            }
            _ => return None,
        }
    }
    Some(from_bytes(bytes))
}

/// A path of these bytes.
pub(crate) fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    std::ffi::OsString::from_vec(bytes).into()
}

/// The bytes of a path.
pub(crate) fn bytes_of(path: &Path) -> &[u8] {
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

    #[test]
    fn every_name_of_a_list_is_read_back() {
        for name in
            [&b"plain"[..], b"a\\b", b"a\nb\r\x1b\x7f7\xff", b"\\", b"-", b" ", b"\xe2\x80\xae1", b"\xc2\x9b", b"\x9b"]
        {
            let path = from_bytes(name.to_vec());
            let (mark, escaped) = listed(&path);
            assert!(!std::str::from_utf8(&escaped).unwrap().chars().any(is_unsafe));
            let back = if mark.is_empty() { Some(from_bytes(escaped)) } else { unlisted(&escaped) };
            assert_eq!(back, Some(path));
        }
        assert_eq!(unlisted(b"a\\"), None);
        assert_eq!(unlisted(b"a\\x"), None);
    }
}
