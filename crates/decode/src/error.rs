//! Why a picture could not be read.

use std::io;

/// Why a picture could not be read, by who has to act. The text names the step and the cause, never the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file breaks the rules of its format or ends too early: nothing of it was guessed.
    #[error("{0}")]
    Corrupt(String),
    /// The file follows a part of its format that is not read here.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// Decoding would need more memory than the budget allows.
    #[error("decoding needs {needed} bytes of memory and the budget is {budget}")]
    TooLarge {
        /// Bytes that decoding would hold at once.
        needed: u64,
        /// Bytes that were allowed.
        budget: u64,
    },
    /// The operating system could not deliver the bytes.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Error {
    /// A broken file: what was wrong, as a whole clause such as `IDAT ends after row 311 of 480`.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    /// A part of a format that is not read, such as `12-bit JPEG`.
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported(what.into())
    }

    /// An error of reading: the end of the file is the file's fault, all else the system's.
    pub(crate) fn reading(cause: io::Error, what: &str) -> Self {
        if cause.kind() == io::ErrorKind::UnexpectedEof {
            Self::Corrupt(format!("the file ends within {what}"))
        } else {
            Self::Io(cause)
        }
    }
}
