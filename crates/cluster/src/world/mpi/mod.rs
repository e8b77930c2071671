//! Ranks that a launcher of MPI started: the library is found when the program runs, never when it is built.
//!
//! Only messages from one rank to another are used. An operation of all ranks would wait for ever for one that is gone.

mod error;
mod family;
mod launcher;
mod library;
mod link;

pub use error::StartError;
pub use launcher::{Launched, Launcher, launched};
pub use link::MpiLink;

/// The text with every control character written out, so that it stays one line wherever it is shown.
fn one_line(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut line = String::with_capacity(text.len());
    for mark in text.trim_end_matches(['\0', '\n', ' ']).chars() {
        if mark.is_control() {
            line.extend(mark.escape_default());
        } else {
            line.push(mark);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn what_a_library_says_becomes_one_line() {
        assert_eq!(
            one_line(b"Other error, stack:\nPMPI_Isend(161)\t..\n\0"),
            r"Other error, stack:\nPMPI_Isend(161)\t.."
        );
        assert_eq!(one_line("Größe \u{1b}[1m\u{9b}1m".as_bytes()), r"Größe \u{1b}[1m\u{9b}1m");
        assert_eq!(one_line(b"h1\xff"), "h1\u{fffd}");
        assert_eq!(one_line(b""), "");
    }
}
