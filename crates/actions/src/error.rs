//! Why something could not be begun, or had to be given up as a whole.

use std::{io, path::PathBuf};

/// Why a command of this crate ended. What it had done until then is in the journal, and `recover` finds it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system said no to something about the state folder, a journal or a quarantine.
    #[error("cannot {step} `{}`", path.display())]
    Disk {
        /// What was being done, as a verb.
        step: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process acts at this moment.
    #[error("another pixtwin is at work with the state folder `{}`", .0.display())]
    Busy(PathBuf),
    /// There is no such run.
    #[error("there is no run `{0}`")]
    NoRun(String),
    /// The run was done on another host that shares the state folder.
    #[error("run `{run}` was done on the host `{host}`")]
    OtherHost {
        /// Which run.
        run: String,
        /// Where.
        host: String,
    },
    /// A journal holds something that no pixtwin wrote.
    #[error("the journal of run `{run}` is damaged: {reason}")]
    Damaged {
        /// Which run.
        run: String,
        /// What is wrong, as a clause.
        reason: String,
    },
}

impl Error {
    /// For `map_err`: the system said no to this step.
    pub(crate) fn disk(step: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Disk { step, path, source }
    }
}

/// An error of the system as a clause: its words without the number, in lower case.
pub(crate) fn words_of(cause: &io::Error) -> String {
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
