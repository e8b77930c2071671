//! How much and how long: what one who connects may cost.

use std::time::Duration;

/// Headers arrive within this, from the beginning of a connection and after each answer; who sends nothing is let go.
pub(super) const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// A body arrives within this.
pub(super) const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Whoever takes nothing of an answer for so long is let go.
pub(super) const TAKEN_WITHIN: Duration = Duration::from_secs(20);

/// All headers of a request, in bytes.
pub(super) const HEADER_BYTES: usize = 16 << 10;

/// The headers of a request, in number.
pub(super) const HEADERS: usize = 64;

/// A body, in bytes.
pub(super) const BODY_BYTES: usize = 1 << 20;

/// Those who are connected at once, where the system lets it.
pub(super) const MOST_CONNECTIONS: usize = 4096;

/// Files that are open beside connections.
const OTHER_FILES: usize = 256;

/// Those who are told of progress at once.
pub(super) const MOST_LISTENERS: usize = 16;

/// Threads that answer what takes a while.
pub(super) const THREADS: usize = 32;

/// How many may be connected at once: as many files as the user may open, less some.
pub(super) fn connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = (MOST_CONNECTIONS + OTHER_FILES) as u64;
    let allowed = limit.maximum.unwrap_or(wanted).min(wanted);
    if limit.current.is_some_and(|current| current < allowed) {
        // Where it is refused, fewer are let in.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum: limit.maximum });
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(wanted).min(wanted);
    usize::try_from(files).unwrap_or(OTHER_FILES).saturating_sub(OTHER_FILES).max(16)
}
