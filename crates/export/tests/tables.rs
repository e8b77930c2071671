//! Tables that other programs wrote: read, or refused by name.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod foreign;

use std::{fs::File, io::Seek, os::unix::fs::FileExt};

use foreign::{SCHEMA, properties, properties_of};
use parquet::{
    basic::{Compression, Encoding, GzipLevel},
    file::properties::{WriterPropertiesBuilder, WriterVersion},
};
use pixtwin_export::{Entry, Reader};

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.rewind().unwrap();
    file
}

/// All entries, or what is wrong.
fn read(bytes: &[u8]) -> Result<Vec<Entry>, String> {
    let entries = Reader::open(file_of(bytes)).and_then(Iterator::collect);
    entries.map_err(|error| error.to_string())
}

fn table(schema: &str, properties: WriterPropertiesBuilder) -> Vec<u8> {
    foreign::table(schema, properties, |row| format!("/a/{}", row % 3))
}

#[test]
fn every_packing_is_read_that_others_use() {
    let gzip = Compression::GZIP(GzipLevel::default());
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY, gzip] {
        for is_in_dictionary in [false, true] {
            let properties = properties().set_compression(compression).set_dictionary_enabled(is_in_dictionary);
            let entries = read(&table(SCHEMA, properties.set_data_page_row_count_limit(7).set_write_batch_size(7)));
            let entries = entries.unwrap();
            assert_eq!(entries.len(), 40);
            for (row, entry) in entries.iter().enumerate() {
                let text = format!("/a/{}", row % 3);
                let expected = Entry {
                    rules: text.clone(),
                    volume: text.clone(),
                    path: text.clone().into_bytes(),
                    format: text,
                    size: 7,
                    modified_ns: 7,
                    changed_ns: 7,
                    inode: 7,
                    width: 7,
                    height: 7,
                    frames: Some(7),
                    ..Entry::default()
                };
                assert_eq!(*entry, expected);
            }
        }
    }
}

#[test]
fn what_is_not_read_is_named() {
    let with = |from: &str, to: &str| table(&SCHEMA.replace(from, to), properties());
    let delta =
        properties().set_dictionary_enabled(false).set_column_encoding("path".into(), Encoding::DELTA_BYTE_ARRAY);
    let cases = [
        (table(SCHEMA, properties_of(&[])), "not an export of pixtwin: the footer has no key `pixtwin.schema`"),
        (
            table(SCHEMA, properties_of(&[("pixtwin.schema", "2")])),
            "the export has schema 2, and this program reads schema 1",
        ),
        (table(SCHEMA, properties_of(&[("pixtwin.schema", "1a")])), "footer: `pixtwin.schema` is not a number"),
        (with(" rules", " rule"), "footer: there is no column `rules`"),
        (with(" new", " rules"), "footer: there are two columns `rules`"),
        (with("INT32 width", "INT64 width"), "footer: `width` is of another type"),
        (
            with("OPTIONAL BYTE_ARRAY new;", "REQUIRED GROUP g { OPTIONAL BYTE_ARRAY b; }"),
            "footer: it has a column of columns",
        ),
        (with(" path", " digest"), "row 1: `digest` is not 64 hexadecimal digits"),
        (
            table(SCHEMA, properties().set_writer_version(WriterVersion::PARQUET_2_0)),
            "row 1: `rules`: a page is of version 2, and only version 1 is read",
        ),
        (table(SCHEMA, delta), "row 1: `path`: a page is in an encoding that is not read"),
    ];
    for (table, error) in cases {
        assert_eq!(read(&table), Err(error.to_owned()));
    }
}

#[test]
fn a_pipe_is_told_from_a_table() {
    let (pipe, mut end) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut end, b"PAR1PAR1PAR1").unwrap();
    drop(end);
    let error = Reader::open(File::from(std::os::fd::OwnedFd::from(pipe))).err().unwrap();
    assert_eq!(error.to_string(), "footer: it is not at the end of the file: the export was cut short, or is a pipe");
}
