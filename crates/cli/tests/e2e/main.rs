//! The program from end to end: every test runs the real binary in a folder of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails, and pictures of tests are small"
)]

mod act;

mod act_kills;

mod act_paths;

mod act_races;

mod act_undo;

mod acts;

mod blocks;

mod catalogue;

mod catalogue_faults;

mod compare;

mod dismissed;

mod docs;

mod export;

mod find;

mod hash;

mod html;

mod hostile;

mod laws;

mod names;
mod near_catalogue;

mod order;

mod output;

mod pdq;

mod plan;

mod regressions;

mod scan;

mod second_decoders;

mod sets;

mod shard;

mod similar;

mod traps;

mod trash;

mod turned;

mod within;

use pixtwin_testkit::{Dir, Ran, Run};

/// The program about to run in `dir`.
fn pixtwin<'a>(dir: &'a Dir, arguments: &[&str]) -> Run<'a> {
    dir.run(env!("CARGO_BIN_EXE_pixtwin"), arguments)
}

/// The program run in `dir` to its end.
fn ran(dir: &Dir, arguments: &[&str]) -> Ran {
    pixtwin(dir, arguments).end()
}

/// The pixel digest of a file.
fn digest(dir: &Dir, name: &str) -> String {
    digest_with(dir, name, &[])
}

/// The pixel digest of a file under further flags.
fn digest_with(dir: &Dir, name: &str, flags: &[&str]) -> String {
    let line = ran(dir, &[&["hash"][..], flags, &["--", name]].concat()).only_out();
    let (digest, rest) = line.split_at(64);
    assert_eq!(rest, format!("  {name}\n"));
    digest.to_owned()
}

/// Writes files, and makes sure that `hash` and `scan` hold all of them for one picture.
#[track_caller]
fn assert_twins(files: &[(&str, Vec<u8>)]) {
    assert_twins_with(files, &[]);
}

/// As [`assert_twins`], under further flags.
#[track_caller]
fn assert_twins_with(files: &[(&str, Vec<u8>)], flags: &[&str]) {
    let dir = folder(files);
    let first = digest_with(&dir, files[0].0, flags);
    for (name, _) in files {
        assert_eq!(digest_with(&dir, name, flags), first, "{name}");
    }
    let names: String = sorted(files).iter().map(|name| format!("./{name}\0")).collect();
    let scanned = ran(&dir, &[&["scan", "-q", "--format", "null", "."][..], flags].concat());
    scanned.assert(0, &format!("{names}\0"), "");
}

/// Writes files, and makes sure that `hash` and `scan` hold each for another picture.
#[track_caller]
fn assert_strangers(files: &[(&str, Vec<u8>)]) {
    assert_strangers_with(files, &[]);
}

/// As [`assert_strangers`], under further flags.
#[track_caller]
fn assert_strangers_with(files: &[(&str, Vec<u8>)], flags: &[&str]) {
    let dir = folder(files);
    let mut digests: Vec<String> = files.iter().map(|(name, _)| digest_with(&dir, name, flags)).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), files.len());
    let count = files.len();
    let summary = format!("{count} files, {count} pictures: no twins\n");
    ran(&dir, &[&["scan", "--check", "."][..], flags].concat()).assert(0, "", &summary);
}

fn folder(files: &[(&str, Vec<u8>)]) -> Dir {
    let dir = Dir::new();
    for (name, content) in files {
        dir.write(name, content);
    }
    dir
}

fn sorted<'a>(files: &[(&'a str, Vec<u8>)]) -> Vec<&'a str> {
    let mut names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}
