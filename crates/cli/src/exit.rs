//! How the program ends.

use std::{io, process::ExitCode};

use pixtwin_engine::{Failure, words_of};

use crate::names::shown;

/// The exit codes, one table for all commands. Where several fit, the worst wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Done; `find`: found.
    Done = 0,
    /// The answer is no: `find` found nothing, `scan --check` found twins, two pictures are not the same.
    No = 1,
    /// Wrong use, or nothing could be done at all.
    Fatal = 2,
    /// Done, but some inputs could not be read.
    Unread = 3,
    /// Some steps were refused or failed; each is listed, and nothing is lost.
    Refused = 4,
    /// Another rank of the cluster was lost: what was printed is true, but not all.
    Incomplete = 5,
    /// Ended by Ctrl-C.
    Interrupted = 130,
}

/// The table as help and manual show it.
pub(crate) const TABLE: &str = "\
Exit codes:
    0  done; find: a twin was found; compare: the same picture
    1  the answer is no: find found no twin, scan --check found twins,
       compare: not the same, hash --check: a digest does not match
    2  wrong use, or nothing could be done at all
    3  done, but some inputs could not be read (each is listed)
    4  apply, undo, recover, purge: some steps were refused or failed (each is
       listed; nothing is lost)
    5  not complete: a rank or a host of the cluster was lost, or the parts that
       merge was given did not meet the same tree
  130  interrupted";

impl Exit {
    /// The end that another rank has told.
    pub(crate) fn of(code: u8) -> Self {
        let all = [Self::Done, Self::No, Self::Fatal, Self::Unread, Self::Refused, Self::Incomplete, Self::Interrupted];
        all.into_iter().find(|exit| *exit as u8 == code).unwrap_or(Self::Fatal)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command ended before its result.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The reader of standard output went away.
    ClosedPipe,
    /// The message for the user, without the word `error`.
    Fatal(String),
    /// Another rank has told the user.
    Silent,
}

/// Goes on where the reader of standard output went away: it has seen enough, and the exit code is still true.
pub(crate) fn unless_closed(printed: Result<(), Stop>) -> Result<(), Stop> {
    match printed {
        Err(Stop::ClosedPipe) => Ok(()),
        printed => printed,
    }
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Fatal(format!("cannot write to standard output: {}", words_of(&cause)))
    }
}

impl From<csv::Error> for Stop {
    fn from(cause: csv::Error) -> Self {
        match cause.into_kind() {
            csv::ErrorKind::Io(cause) => cause.into(),
            other => Self::Fatal(format!("cannot write CSV: {other:?}")),
        }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Impossible { step, path: Some(path), reason } => {
                Self::Fatal(format!("cannot {step} `{}`: {reason}", shown(&path)))
            }
            other => Self::Fatal(other.to_string()),
        }
    }
}
