//! What the searches of several test programs have in common.

use std::path::{Path, PathBuf};

use pixtwin_engine::{Alpha, Orientation, Settings, Tier};

/// The pictures that are searched.
pub(crate) fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/gallery")
}

/// A search for equal pixels by one thread.
pub(crate) fn settings() -> Settings {
    Settings {
        tier: Tier::Pixels,
        alpha: Alpha::Exact,
        orientation: Orientation::AsStored,
        threads: 1,
        memory_bytes: 1 << 30,
        sharers: 1,
    }
}
