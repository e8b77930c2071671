//! Rust source without its comments and the insides of its literals, so that a rule sees code only.

/// The same lines; comments are blank, and text inside quotes is `_`.
pub(super) fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (length, kind) = piece(rest, code.chars().next_back());
        let (taken, left) = rest.split_at_checked(length.max(first.len_utf8())).unwrap_or((rest, ""));
        match kind {
            Kind::Code => code.push_str(taken),
            Kind::Comment => code.extend(taken.chars().filter(|mark| *mark == '\n')),
            Kind::Literal => code.extend(taken.chars().map(|mark| if mark == '\n' { '\n' } else { '_' })),
        }
        rest = left;
    }
    code
}

enum Kind {
    Code,
    Comment,
    Literal,
}

/// The length in bytes and kind of what `rest` starts with.
fn piece(rest: &str, before: Option<char>) -> (usize, Kind) {
    let in_word = before.is_some_and(|mark| mark.is_alphanumeric() || mark == '_');
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), Kind::Comment)
    } else if rest.starts_with("/*") {
        (block_comment(rest), Kind::Comment)
    } else if rest.starts_with('"') {
        (1 + quoted(rest.get(1..).unwrap_or_default(), '"'), Kind::Literal)
    } else if let Some(length) = raw_string(rest).filter(|_| !in_word) {
        (length, Kind::Literal)
    } else if let Some(length) = character(rest) {
        (length, Kind::Literal)
    } else {
        (0, Kind::Code)
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        let step = if here.starts_with("/*") {
            depth += 1;
            2
        } else if here.starts_with("*/") {
            depth -= 1;
            2
        } else {
            here.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length up to and with the closing quote.
fn quoted(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, mark) in inside.char_indices() {
        if !escaped && mark == quote {
            return at + 1;
        }
        escaped = !escaped && mark == '\\';
    }
    inside.len()
}

/// The length of `r"..."`, `r#"..."#`, `br"..."` and so on.
fn raw_string(rest: &str) -> Option<usize> {
    let start = ["r", "br", "cr"].into_iter().find(|start| {
        let after = rest.strip_prefix(start).unwrap_or_default();
        after.trim_start_matches('#').starts_with('"')
    })?;
    let after = rest.get(start.len()..)?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = start.len() + hashes + 1;
    let length = rest.get(inside..)?.find(&end).map_or(rest.len(), |at| inside + at + end.len());
    Some(length)
}

/// The length of a character in quotes; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut marks = inside.chars();
    let first = marks.next()?;
    if first == '\\' {
        return Some(1 + quoted(inside, '\''));
    }
    (marks.next() == Some('\'')).then(|| 2 + first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_lines_stay() {
        assert_eq!(code_only("a // b\nc /* d /* e\n */ f */ g\n"), "a \nc \n g\n");
        assert_eq!(code_only("/// unsafe\nfn f() {}"), "\nfn f() {}");
        assert_eq!(code_only("a /* never closed"), "a ");
    }

    #[test]
    fn insides_of_literals_are_blanked() {
        assert_eq!(code_only(r#"f("a\"b", 1)"#), "f(______, 1)");
        assert_eq!(code_only("f(r#\"a\"b\"#, 1)"), "f(________, 1)");
        assert_eq!(code_only("f(\"// a\") // b"), "f(______) ");
        assert_eq!(code_only("\"a\nb\"; c"), "__\n__; c");
    }

    #[test]
    fn a_lifetime_is_code_and_a_character_is_not() {
        assert_eq!(code_only("fn f<'a>(x: &'a u8)"), "fn f<'a>(x: &'a u8)");
        assert_eq!(code_only(r"['\'', '\\', 'ä', '\u{1f}']; x"), "[____, ____, ___, ________]; x");
        assert_eq!(code_only("b'\"'; x"), "b___; x");
    }

    #[test]
    fn a_name_that_ends_in_r_starts_no_raw_string() {
        assert_eq!(code_only("for\"x\""), "for___");
    }
}
