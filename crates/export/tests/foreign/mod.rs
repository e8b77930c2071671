//! Tables as other programs write them.

use std::sync::Arc;

use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterPropertiesBuilder},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};

/// A table with a column that is not ours, in which all can be null.
pub(crate) const SCHEMA: &str =
    "message m { OPTIONAL BYTE_ARRAY new; OPTIONAL BYTE_ARRAY rules; OPTIONAL BYTE_ARRAY volume;
    OPTIONAL BYTE_ARRAY path; OPTIONAL INT64 size; OPTIONAL INT64 modified_ns; OPTIONAL INT64 changed_ns;
    OPTIONAL INT64 inode; OPTIONAL BYTE_ARRAY format; OPTIONAL INT32 width; REQUIRED INT32 height;
    OPTIONAL INT32 frames; }";

const ROWS: usize = 40;

/// With the key of an export.
pub(crate) fn properties() -> WriterPropertiesBuilder {
    properties_of(&[("pixtwin.schema", "1")])
}

/// With these keys.
pub(crate) fn properties_of(keys: &[(&str, &str)]) -> WriterPropertiesBuilder {
    let key = |(key, value): &(&str, &str)| KeyValue::new((*key).to_owned(), (*value).to_owned());
    WriterProperties::builder().set_key_value_metadata(Some(keys.iter().map(key).collect()))
}

/// A table of 40 rows: numbers are 7, texts are made by `text` of the number of the row.
pub(crate) fn table(schema: &str, properties: WriterPropertiesBuilder, text: impl Fn(usize) -> String) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let (levels, texts) = ([1; ROWS], (0..ROWS).map(|row| ByteArray::from(text(row).into_bytes())));
    let texts: Vec<ByteArray> = texts.collect();
    while let Some(mut column) = group.next_column().unwrap() {
        // Of columns that cannot be null, or hold lists, the levels are not looked at, or are right as well.
        let levels = Some(&levels[..]);
        match column.untyped() {
            ColumnWriter::ByteArrayColumnWriter(writer) => writer.write_batch(&texts, levels, None).unwrap(),
            ColumnWriter::Int64ColumnWriter(writer) => writer.write_batch(&[7; ROWS], levels, None).unwrap(),
            ColumnWriter::Int32ColumnWriter(writer) => writer.write_batch(&[7; ROWS], levels, None).unwrap(),
            _ => panic!("no such column is written"),
        };
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}
