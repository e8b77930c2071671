//! Lists of pictures with their pixel digests, as JSON Lines, CSV and Parquet, for other machines and for DuckDB, Spark
//! and pandas.
//!
//! This crate never opens a picture, and never a database: it writes the entries it is given and gives those it reads.
//! `docs/export.md` is the specification of the three forms.

mod entry;

mod form;

mod writer;

mod reader;

mod error;

mod column;

mod json;

mod csv;

mod record;

mod table;

mod fence;

mod hex;

pub use entry::{Entry, MOST_PATH_BYTES, MOST_TEXT_BYTES};
pub use error::{Error, Place};
pub use fence::is_reading;
pub use form::Form;
pub use reader::Reader;
pub use writer::Writer;

/// The version of the columns and of what they mean. It changes when a name or a meaning does, not when something is
/// added.
pub const SCHEMA: u64 = 1;
