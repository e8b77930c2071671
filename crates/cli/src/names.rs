//! File names, which are bytes, as text that is safe on a terminal and in a line.

use std::{
    borrow::Cow,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use pixtwin_planning::names::{escaped, is_unsafe};

pub(crate) use pixtwin_planning::names::{PathJson, bytes_of, from_bytes, shown, shown_text};

/// A path and the host it lies on, as copying programs take them: `host:path`.
pub(crate) fn shown_at<'a>(path: &'a Path, host: Option<&str>) -> Cow<'a, str> {
    match host {
        Some(host) => format!("{host}:{}", shown(path)).into(),
        None => shown(path),
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
    let bytes = bytes_of(path);
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

#[cfg(test)]
mod tests {
    use super::*;

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
