//! The fence round code that is not ours.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use parquet::errors::ParquetError;

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside code that reads an export and is not ours. A panic there becomes an error, so a panic
/// hook that prints can stay silent.
#[must_use]
pub fn is_reading() -> bool {
    READING.get()
}

/// Runs code that is not ours; a panic inside costs this one export.
pub(crate) fn fenced<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    let was_reading = READING.replace(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    READING.set(was_reading);
    read.unwrap_or_else(|cause| {
        let what = cause
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| cause.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".to_owned());
        Err(ParquetError::General(format!("the decoder gave up: {what}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(fenced(|| Ok(is_reading())).ok(), Some(true));
        let error = fenced::<()>(|| panic!("no such page")).unwrap_err();
        assert_eq!(error.to_string(), "Parquet error: the decoder gave up: no such page");
        assert!(!is_reading());
    }
}
