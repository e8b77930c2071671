//! Why a look at a file came to nothing.

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
            Error::Io(cause) => words_of(cause).into(),
            other @ Error::TooLarge { .. } => other.to_string().into(),
            other => Self::of_content(other.to_string()),
        }
    }
}
