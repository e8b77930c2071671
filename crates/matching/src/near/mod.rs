//! Pictures that are near each other: search, second look and groups.

mod second_look;

pub use second_look::{Label, Meeting, second_look};
