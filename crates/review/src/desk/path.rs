//! Paths for the page: text that a person can read, and nothing that a program obeys.

use std::path::{Component, Path};

use pixtwin_planning::names::{bytes_of, escaped, is_unsafe};
use serde::Serialize;

/// A path as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PathShown {
    text: String,
    /// Its folders and its name.
    parts: Vec<String>,
}

impl PathShown {
    pub(crate) fn of(path: &Path) -> Self {
        let parts: Vec<String> = path.components().map(|part| shown_part(part.as_os_str().as_ref())).collect();
        let is_root = matches!(path.components().next(), Some(Component::RootDir));
        let text = match (is_root, parts.as_slice()) {
            (true, [_, rest @ ..]) => format!("/{}", rest.join("/")),
            (_, all) => all.join("/"),
        };
        Self { text, parts }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The last part.
    pub(crate) fn name(&self) -> &str {
        self.parts.last().map_or("", String::as_str)
    }

    pub(crate) fn parts(&self) -> &[String] {
        &self.parts
    }
}

/// As it is, or with what is no text or not to be shown escaped: `a\nb`.
fn shown_part(part: &Path) -> String {
    match part.to_str() {
        Some(text) if !text.chars().any(is_unsafe) => text.to_owned(),
        _ => escaped(bytes_of(part)),
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::*;

    #[test]
    fn what_a_terminal_or_a_reader_could_be_misled_by_is_escaped() {
        let path = Path::new(OsStr::from_bytes(b"/a b/<b>\n\x1b[1m/\xffx\xe2\x80\xaegpj.exe"));
        let shown = PathShown::of(path);
        assert_eq!(shown.text, "/a b/<b>\\n\\033[1m/\\377x\\342\\200\\256gpj.exe");
        assert_eq!(shown.parts, ["/", "a b", "<b>\\n\\033[1m", "\\377x\\342\\200\\256gpj.exe"]);
        assert_eq!(PathShown::of(Path::new("a/b")).text, "a/b");
    }
}
