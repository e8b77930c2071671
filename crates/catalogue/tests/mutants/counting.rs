//! Counts what is held, by this program and by SQLite, which allocates past it.

use pixtwin_testkit::held::{Counting, by_process};
use rusqlite::ffi;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `work` and says how much memory it held at most beyond what there was before, in all threads: the catalogue writes on
/// one of its own. SQLite's own is counted from nothing. One at a time.
pub(crate) fn measured<T>(work: impl FnOnce() -> T) -> (T, usize) {
    // SAFETY: both only read and set counters, under a lock of SQLite's own.
    unsafe { ffi::sqlite3_memory_highwater(1) };
    let (done, ours) = by_process(work);
    // SAFETY: as above.
    let in_sqlite = unsafe { ffi::sqlite3_memory_highwater(0) };
    (done, ours + usize::try_from(in_sqlite).unwrap())
}
