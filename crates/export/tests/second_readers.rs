//! Exports as Python and DuckDB read them, and what DuckDB makes of them read back.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{fmt::Write, fs::File, path::Path};

use pixtwin_export::{Entry, Form, Reader, Writer};
use pixtwin_testkit::Dir;

/// The Python that has DuckDB.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/duckdb/bin/python3");

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/second_readers.py");

/// Entries that are hard on quotes, lines, numbers and nulls.
fn entries() -> Vec<Entry> {
    let paths: [&[u8]; 9] = [
        b"/a/b.png",
        b"/a/\"c\", 'd'\\x41 ;\t=1.png",
        b"/a/\n\r\n\r\x1b[31m\x7f.png",
        "/å/日本\u{202e}\u{feff}.png".as_bytes(),
        b"/a/\xff\xfe\n\".png",
        b" /a ",
        b"NULL",
        b"/a/\xed\xa0\x80",
        b"/a,b",
    ];
    let entry = |(number, path): (u8, &[u8])| Entry {
        rules: "pixtwin pixels 1".to_owned(),
        host: [None, Some("archive, \"1\"".to_owned())][usize::from(number % 2)].clone(),
        volume: "7f0c".to_owned(),
        path: path.to_vec(),
        size: [0, u64::MAX][usize::from(number % 2)],
        modified_ns: [i64::MIN, 1_700_000_000_123_456_789][usize::from(number % 2)],
        changed_ns: i64::from(number),
        inode: u64::MAX - u64::from(number),
        format: "PNG".to_owned(),
        width: u32::MAX,
        height: u32::from(number),
        frames: [None, Some(1)][usize::from(number % 2)],
        // The first four are two pairs of twins.
        digest: (number < 4).then_some([number / 2; 32]),
        payload: Some([0xa0 | number; 32]),
        blake3: None,
        first_rows: [None, Some([number; 8])][usize::from(number % 2)],
        pdq: [None, Some([0xb0 | number; 32])][usize::from(number % 2)],
        pdq_quality: [None, Some(number.into())][usize::from(number % 2)],
    };
    (0..9).zip(paths).map(entry).collect()
}

/// A row as the script shows it.
fn shown(reader: &str, entry: &Entry) -> String {
    let digits = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").unwrap();
            digits
        })
    };
    let text = |text: &str| if text.is_empty() { "\"\"".to_owned() } else { digits(text.as_bytes()) };
    let hash = |hash: Option<&[u8]>| hash.map_or("null".to_owned(), |hash| text(&digits(hash)));
    let values = [
        text(&entry.rules),
        entry.host.as_deref().map_or("null".to_owned(), text),
        text(&entry.volume),
        digits(&entry.path),
        text(&entry.size.to_string()),
        text(&entry.modified_ns.to_string()),
        text(&entry.changed_ns.to_string()),
        text(&entry.inode.to_string()),
        text(&entry.format),
        text(&entry.width.to_string()),
        text(&entry.height.to_string()),
        entry.frames.map_or("null".to_owned(), |frames| text(&frames.to_string())),
        hash(entry.digest.as_ref().map(|hash| &hash[..])),
        hash(entry.payload.as_ref().map(|hash| &hash[..])),
        hash(entry.blake3.as_ref().map(|hash| &hash[..])),
        hash(entry.first_rows.as_ref().map(|hash| &hash[..])),
        hash(entry.pdq.as_ref().map(|hash| &hash[..])),
        entry.pdq_quality.map_or("null".to_owned(), |quality| text(&quality.to_string())),
    ];
    format!("{reader} {}\n", values.join(" "))
}

#[test]
fn others_read_what_was_written_and_write_what_is_read() {
    assert!(Path::new(PYTHON).exists(), "DuckDB is missing\nhint: install with: cargo xtask setup");
    let (dir, entries) = (Dir::new(), entries());
    for form in Form::ALL {
        let mut writer = Writer::new(form, Vec::new()).unwrap();
        entries.iter().for_each(|entry| writer.write(entry).unwrap());
        dir.write(format!("a.{}", form.extension()), writer.finish().unwrap());
    }
    let ran = dir.run(PYTHON, [SCRIPT]).end();
    assert_eq!((ran.code, ran.err()), (0, ""));
    let readers = ["json", "csv", "duckdb-parquet", "duckdb-csv", "duckdb-json"];
    let mut expected: String =
        readers.iter().flat_map(|reader| entries.iter().map(|entry| shown(reader, entry))).collect();
    // Each pair of twins in one form meets the same pair in the two others.
    expected += "joined 16\n";
    assert_eq!(ran.out(), expected);
    for name in ["b.csv", "b.parquet"] {
        let reader = Reader::open(File::open(dir.join(name)).unwrap()).unwrap();
        assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), entries, "{name}");
    }
}
