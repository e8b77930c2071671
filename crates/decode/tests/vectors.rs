//! Every row of `docs/vectors/digests.tsv`, whose digests a second implementation computed, against the decoders.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // This file is a test as a whole.

use std::{fs, path::PathBuf};

use pixtwin_decode::{Format, InMemory, Limits, Sniffed, sniff};
use pixtwin_pixel::{Alpha, Depth, Digester};

const LIMITS: Limits = Limits { memory_bytes: 64 << 20 };

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors")
}

/// One row of the table.
struct Vector {
    digest: String,
    alpha: Alpha,
    file: String,
    note: String,
}

fn table() -> Vec<Vector> {
    let table = fs::read_to_string(vectors().join("digests.tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [digest, alpha, file, note] = columns[..] else { panic!("not four columns: {line}") };
        let alpha = match alpha {
            "exact" => Alpha::Exact,
            "ignore-hidden" => Alpha::IgnoreHidden,
            other => panic!("no such alpha rule: {other}"),
        };
        Vector { digest: digest.to_owned(), alpha, file: file.to_owned(), note: note.to_owned() }
    });
    rows.collect()
}

fn format_of(name: &str, bytes: &[u8]) -> Format {
    let extension = name.rsplit('.').next().map(str::as_bytes);
    match sniff(&mut InMemory::new(bytes), extension).unwrap() {
        Sniffed::Picture(format) => format,
        other => panic!("{name} is {other:?}"),
    }
}

fn digest_of(name: &str, bytes: &[u8], alpha: Alpha) -> String {
    let mut digester = Digester::new(alpha, Depth::Whole);
    match format_of(name, bytes).rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut digester) {
        Ok(()) => digester.finish().digest.map_or_else(|| "rows are missing".to_owned(), |digest| digest.to_string()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_vector_has_its_digest() {
    let mut wrong = Vec::new();
    for vector in table() {
        let bytes = fs::read(vectors().join("files").join(&vector.file)).unwrap();
        let found = digest_of(&vector.file, &bytes, vector.alpha);
        if found != vector.digest {
            wrong.push(format!("{} ({:?}; {}): {found}", vector.file, vector.alpha, vector.note));
        }
    }
    assert!(wrong.is_empty(), "{} vectors are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_vector_is_in_the_table() {
    let table = table();
    let files: Vec<String> = fs::read_dir(vectors().join("files"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(files.len() > 80, "{} files", files.len());
    for file in files {
        assert!(table.iter().any(|vector| vector.file == file), "{file}");
    }
}

#[test]
fn equal_payloads_have_equal_digests() {
    let mut seen: Vec<([u8; 32], String, String)> = Vec::new();
    for vector in table().into_iter().filter(|vector| vector.alpha == Alpha::Exact) {
        let bytes = fs::read(vectors().join("files").join(&vector.file)).unwrap();
        let format = format_of(&vector.file, &bytes);
        let payload = format
            .payload(&mut InMemory::new(&bytes), LIMITS)
            .unwrap_or_else(|error| panic!("{}: {error}", vector.file));
        if let Some((_, digest, other)) = seen.iter().find(|(known, _, _)| *known == payload) {
            assert_eq!(*digest, vector.digest, "{other} and {}", vector.file);
        }
        seen.push((payload, vector.digest, vector.file));
    }
}
