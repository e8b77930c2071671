//! Decides what of a result is to stay and what is to go: reads results, looks at the files as they are now, and makes plans.
//!
//! This crate never changes a file of the user: it gives plans, and `actions` carries them out.
