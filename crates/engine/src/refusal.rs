//! Why a look at a file came to nothing.

use std::io::{self, ErrorKind};

use pixtwin_decode::Error;
use serde::{Deserialize, Serialize};

use crate::file::words_of;

/// Why a look came to nothing, as a clause for a report, and whether the same look would come to nothing again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    reason: String,
    lasts: bool,
}

impl Refusal {
    /// What is wrong with the content of the file: it will be as long as the file is the same.
    pub(crate) fn of_content(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), lasts: true }
    }

    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether it is worth remembering: what the system says now, and what the memory of this run allows, is not.
    pub(crate) fn lasts(&self) -> bool {
        self.lasts
    }
}

/// A reason of the moment.
impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, lasts: false }
    }
}

impl From<&str> for Refusal {
    fn from(reason: &str) -> Self {
        reason.to_owned().into()
    }
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        refusal.reason
    }
}

impl From<&Error> for Refusal {
    fn from(cause: &Error) -> Self {
        match cause {
            Error::Io(cause) => Self { reason: words_of(cause), lasts: is_of_content(cause) },
            other @ Error::TooLarge { .. } => other.to_string().into(),
            other => Self::of_content(other.to_string()),
        }
    }
}

/// Whether an error of reading was made by a decoder, and not by the system: those of a decoder have no number, and one
/// of few kinds.
fn is_of_content(cause: &io::Error) -> bool {
    let kinds = [ErrorKind::InvalidData, ErrorKind::InvalidInput, ErrorKind::UnexpectedEof, ErrorKind::Other];
    cause.raw_os_error().is_none() && kinds.contains(&cause.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_of_the_moment() {
        for number in [5, 12, 13, 116] {
            let cause = io::Error::from_raw_os_error(number);
            let again = io::Error::new(cause.kind(), cause.to_string());
            assert!(!Refusal::from(&Error::Io(cause)).lasts(), "{number}");
            assert!(!Refusal::from(&Error::Io(again)).lasts(), "{number}");
        }
        assert!(!Refusal::from(&Error::TooLarge { needed: 2, budget: 1 }).lasts());
        assert!(Refusal::from(&Error::Corrupt("cut".to_owned())).lasts());
        assert!(Refusal::from(&Error::Io(io::Error::other("cut"))).lasts());
    }
}
