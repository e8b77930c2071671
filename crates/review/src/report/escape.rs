//! Text that came from anywhere, as text of a page. Everything that is not written by this program goes through here.

use std::{
    fmt::{self, Display, Formatter, Write},
    path::Path,
};

use pixtwin_planning::names::{shown, shown_text};

/// Text of a page, or the value of an attribute in double quotes: control characters, bidirectional marks and bytes that are
/// no UTF-8 are spelt out as on a terminal, and what HTML reads as markup is escaped.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        for character in shown_text(self.0).chars() {
            match character {
                '&' => to.write_str("&amp;")?,
                '<' => to.write_str("&lt;")?,
                '>' => to.write_str("&gt;")?,
                '"' => to.write_str("&quot;")?,
                '\'' => to.write_str("&#39;")?,
                '`' => to.write_str("&#96;")?,
                other => to.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// A path, set apart from the direction of the text around it: `host:path` if it lies on a host, its folder fainter than its
/// name.
pub(super) struct PathOf<'a>(pub(super) &'a Path, pub(super) Option<&'a str>);

impl Display for PathOf<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self(path, host) = self;
        to.write_str("<bdi class=\"path\">")?;
        if let Some(host) = host {
            write!(to, "<span class=\"folder\">{}:</span>", Escaped(host))?;
        }
        let text = shown(path);
        // In the quotes of what had to be spelt out, a slash parts nothing.
        let is_plain = path.to_str() == Some(&*text);
        match text.rfind('/').filter(|_| is_plain).and_then(|slash| text.split_at_checked(slash + 1)) {
            Some((folder, name)) => write!(to, "<span class=\"folder\">{}</span>{}", Escaped(folder), Escaped(name))?,
            None => write!(to, "{}", Escaped(&text))?,
        }
        to.write_str("</bdi>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup() {
        let text = Escaped("<img src=x onerror=\"alert('1')\"> & `b`\u{202e}").to_string();
        assert!(!text.contains(['<', '>', '"', '\'', '`', '\u{202e}']), "{text}");
        assert!(
            text.starts_with("$&#39;&lt;img src=x onerror=&quot;alert(") && text.contains("\\342\\200\\256"),
            "{text}"
        );
        let path = PathOf(Path::new("/a b/<c>.png"), Some("n&s")).to_string();
        let folder = "<span class=\"folder\">n&amp;s:</span><span class=\"folder\">/a b/</span>";
        assert_eq!(path, format!("<bdi class=\"path\">{folder}&lt;c&gt;.png</bdi>"));
    }
}
