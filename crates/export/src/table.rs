//! Parquet: a table whose footer tells where everything lies. Written by the crate parquet of arrow-rs; read behind
//! footers and pages of our own, for that crate believes the sizes they claim.

mod footer;

mod pages;

mod read;

mod thrift;

mod write;

pub(crate) use read::Rows;
pub(crate) use write::Table;

use crate::column::{Column, Kind};

/// What a file begins and ends with.
const MAGIC: &[u8; 4] = b"PAR1";

/// The key of the footer that says which schema the columns have.
const SCHEMA_KEY: &str = "pixtwin.schema";

/// How Parquet stores what a column holds.
///
/// # Source
/// `Type` in parquet.thrift of the Parquet format 2.11.
fn physical(column: Column) -> parquet::basic::Type {
    match column.kind() {
        Kind::Text | Kind::Bytes => parquet::basic::Type::BYTE_ARRAY,
        Kind::Unsigned | Kind::Signed => parquet::basic::Type::INT64,
        Kind::Short => parquet::basic::Type::INT32,
    }
}
