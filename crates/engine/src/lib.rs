//! Searches folders for twins: walks, asks the decoders, and climbs the ladder of ever dearer looks.
//!
//! This crate only reads: it never changes, moves or deletes a file.
