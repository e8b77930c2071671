//! What is measured: units, in batches that share what they work on.

use std::path::Path;

use crate::{
    codes,
    fixtures::{self, FIXTURES},
    folder, keys, pictures, rows,
};

/// A piece of work that can be done again and again.
pub(crate) struct Unit {
    /// Unlike all others of its batch.
    pub(crate) name: &'static str,
    /// How many pixels, keys or files it goes through.
    pub(crate) items: u64,
    /// Does it once.
    pub(crate) work: Box<dyn FnMut()>,
}

/// All batches: one for every picture file, then those without a file.
pub(crate) fn batches() -> Vec<&'static str> {
    FIXTURES
        .iter()
        .map(|fixture| fixture.name)
        .chain([rows::CANONICAL, rows::DIGEST, codes::BATCH, keys::BATCH, folder::BATCH])
        .collect()
}

/// The names of a batch's units, in the order they run.
pub(crate) fn names_of(batch: &str) -> &'static [&'static str] {
    match batch {
        rows::CANONICAL => &rows::LAYOUTS,
        rows::DIGEST => &rows::DEPTHS,
        codes::BATCH => &codes::NAMES,
        keys::BATCH => &keys::NAMES,
        folder::BATCH => &folder::NAMES,
        _ => &pictures::STEPS,
    }
}

/// The units of a batch, in the order of [`names_of`]. `drawn` has what [`crate::draw`] made.
pub(crate) fn units_of(batch: &str, drawn: &Path) -> Vec<Unit> {
    match batch {
        rows::CANONICAL => rows::canonical(),
        rows::DIGEST => rows::digest(),
        codes::BATCH => codes::units(),
        keys::BATCH => keys::units(),
        folder::BATCH => folder::units(drawn),
        fixture => pictures::units(&fixtures::read(drawn, fixture)),
    }
}
