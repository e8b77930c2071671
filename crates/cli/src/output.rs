//! Where results and messages go: results alone to standard output, everything else to standard error.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use crate::{
    args::{Common, When},
    ranks,
};

/// Standard output, buffered.
pub(crate) fn results() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(64 << 10, io::stdout().lock())
}

/// A message on standard error. Where that is closed there is nobody to tell.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error on standard error.
pub(crate) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// How a piece of text is set off. Its meaning never depends on it.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    Strong,
    Faint,
}

/// Whether results are coloured.
#[derive(Clone, Copy)]
pub(crate) struct Palette {
    is_on: bool,
}

impl Palette {
    /// Follows `--color`, `NO_COLOR`, `TERM`, and whether standard output is a terminal.
    pub(crate) fn of(common: &Common) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            is_on: match common.color {
                When::Always => true,
                When::Never => false,
                // What a launcher calls a terminal ends in a pipe or a file as often as not.
                When::Auto => io::stdout().is_terminal() && !set("NO_COLOR") && !is_dumb && !ranks::is_launched(),
            },
        }
    }

    /// The text, set off if colours are on.
    pub(crate) fn paint(self, mark: Mark, text: &str) -> String {
        if !self.is_on {
            return text.to_owned();
        }
        let code = match mark {
            Mark::Strong => 1,
            Mark::Faint => 2,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
