//! Times of the past, as people say them.

use std::time::{SystemTime, UNIX_EPOCH};

/// How long ago something was, by this machine's clock.
pub(crate) fn days_ago(then_s: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs()).cast_signed();
    match now.saturating_sub(then_s) / 86_400 {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
