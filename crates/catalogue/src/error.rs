//! Why a catalogue cannot be used.

use rusqlite::ErrorCode;

/// Why a catalogue cannot be used, as a clause; sorted by who must act.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It holds what it cannot hold.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Its pages lead into each other.
    #[error("it is damaged: reading it comes to no end")]
    Endless,
    /// It is a file of another kind.
    #[error("it is no catalogue of pixtwin")]
    Foreign,
    /// An earlier version of the program made it, and this one has not written to it yet.
    #[error("it is of version {0}: the next scan brings it up to date")]
    Older(i64),
    /// A later version of the program made it.
    #[error("it is of version {0}, and this program knows up to {known}", known = crate::schema::VERSION)]
    Newer(i64),
    /// Nothing was kept by the rules that were asked for.
    #[error(
        "nothing is known by these rules yet: scan first, with the same --tier, --alpha and --orient; files that changed less \
         than two seconds before a scan are not kept"
    )]
    Ignorant,
    /// Another program holds it locked.
    #[error("another program has had it locked for too long")]
    Busy,
    /// It, or the folder it lies in, may only be read.
    #[error("it may only be read")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// It does not exist, or may not be opened.
    #[error("it cannot be opened: {0}")]
    Unopened(String),
    /// The system could not read or write it.
    #[error("{0}")]
    Disk(String),
}

impl From<rusqlite::Error> for Error {
    fn from(cause: rusqlite::Error) -> Self {
        let words = |cause: &rusqlite::Error| match cause {
            rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
            other => other.to_string(),
        };
        match cause.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            Some(ErrorCode::OperationInterrupted) => Self::Endless,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::Unopened(words(&cause)),
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed | ErrorCode::OutOfMemory) => {
                Self::Disk(words(&cause))
            }
            _ => Self::Damaged(words(&cause)),
        }
    }
}
