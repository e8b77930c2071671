//! Damaged exports: no input may panic, hang, or take more memory than it was allowed, and what is read of one before the
//! damage is an entry like any other.
//!
//! `cargo test` tries a slice; `PIXTWIN_SOAK=1` tries 100,000 mutants in all, `PIXTWIN_SOAK=20000` that many. Each form
//! prints one line that starts with `soak:`.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::cast_possible_truncation)] // Random numbers are cut on purpose.

mod foreign;

use std::{
    cell::Cell,
    env,
    fs::File,
    io::Seek,
    os::unix::fs::FileExt,
    time::{Duration, Instant},
};

use foreign::SCHEMA;
use parquet::basic::Compression;
use pixtwin_export::{Entry, Error, Form, Reader, Writer, is_reading};
use pixtwin_testkit::{
    draw::Seeded,
    held::{Counting, by_thread},
};

/// What may be held of text: a line of 1 MiB, once as bytes and once taken apart, and buffers that double.
const MOST_TEXT_BYTES: usize = 6 << 20;

/// What may be held of Parquet: a page of 16 MiB, packed and unpacked, of one column; a mutant has not enough content
/// for more.
const MOST_TABLE_BYTES: usize = 40 << 20;

/// The longest that one mutant may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Mutants in `cargo test`.
const SLICE: u64 = 30_000;

thread_local! {
    /// The file of the last panic.
    static PANICKED_IN: Cell<Option<String>> = const { Cell::new(None) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One damage of eight kinds to a file, half of them at its end, where Parquet says what lies where.
fn mutate(seed: &[u8], random: &mut Seeded) -> Vec<u8> {
    let mut file = seed.to_vec();
    let len = file.len();
    let first = random.of(&[0, len.saturating_sub(2000)]);
    let mut at = || first + random.at(len - first);
    let (place, other) = (at(), at());
    match random.below(8) {
        0 => file.truncate(place),
        1 => (0..=random.below(4)).for_each(|_| file[first + random.at(len - first)] = random.byte()),
        2 => {
            let end = (place + 1 + random.at(5)).min(len);
            file[place..end].fill(random.of(&[0x00, 0xff, 0x7f, 0x80]));
        }
        3 => (0..=random.below(16)).for_each(|_| file[first + random.at(len - first)] ^= 1 << random.below(8)),
        4 => drop(file.drain(place..(place + 1 + random.at(64)).min(len))),
        5 => {
            let piece = file[place..(place + 1 + random.at(64)).min(len)].to_vec();
            file.splice(other..other, piece);
        }
        6 => file[place] = random.of(b"\x00\x01\x7f\x80\xfe\xff\"{[,\n\r\\9-e"),
        _ => {
            let number = [0xff, 0xff, 0xff, 0xff, 0x0f];
            file.splice(place..(place + random.at(3)).min(len), number[..=random.at(5)].iter().copied());
        }
    }
    file
}

fn entry(number: u8) -> Entry {
    Entry {
        rules: "pixtwin pixels 1".to_owned(),
        host: (!number.is_multiple_of(3)).then(|| "a,\"b\"".to_owned()),
        volume: "7f0c".to_owned(),
        path: [b"/a/\n\xff.png".to_vec(), format!("/b/{number}.png").into_bytes()][usize::from(number % 2)].clone(),
        size: u64::from(number),
        modified_ns: -1,
        format: "PNG".to_owned(),
        width: 4,
        height: 3,
        frames: Some(1),
        digest: Some([number / 2; 32]),
        first_rows: Some([number / 2; 8]),
        pdq: Some([number / 2; 32]),
        pdq_quality: Some(100),
        ..Entry::default()
    }
}

/// A whole export that the mutants are made from.
fn written(form: Form, entries: u8) -> Vec<u8> {
    let mut writer = Writer::new(form, Vec::new()).unwrap();
    (0..entries).for_each(|number| writer.write(&entry(number)).unwrap());
    writer.finish().unwrap()
}

fn seeds(form: Form) -> Vec<Vec<u8>> {
    let mut seeds: Vec<_> = [0, 1, 20].map(|entries| written(form, entries)).to_vec();
    if form == Form::Parquet {
        for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
            for is_in_dictionary in [false, true] {
                let properties = foreign::properties().set_compression(compression);
                seeds.push(foreign::table(SCHEMA, properties.set_dictionary_enabled(is_in_dictionary), |row| {
                    ["one", "two", "three"][row / 7 % 3].to_owned()
                }));
            }
        }
    }
    seeds
}

/// What one form did.
#[derive(Default)]
struct Counts {
    mutants: u64,
    /// Read to their ends.
    whole: u64,
    refused: u64,
    entries: u64,
    /// Panics that became an error, in code that is not this crate's.
    foreign_panics: u64,
    peak_bytes: usize,
    longest: Duration,
}

/// Reads the file to its end or to its first error.
fn read(file: &File) -> (Vec<Entry>, Option<Error>) {
    let mut reader = match Reader::open(file.try_clone().unwrap()) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut entries = Vec::new();
    for entry in &mut reader {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                assert!(reader.next().is_none());
                return (entries, Some(error));
            }
        }
        // Few bytes can stand for many rows; these are enough.
        if entries.len() == 1000 {
            break;
        }
    }
    (entries, None)
}

fn try_one(file: &mut File, mutant: &[u8], label: &str, counts: &mut Counts) {
    file.set_len(0).unwrap();
    file.write_all_at(mutant, 0).unwrap();
    file.rewind().unwrap();
    PANICKED_IN.take();
    let began = Instant::now();
    let ((entries, error), peak) = by_thread(|| read(file));
    let elapsed = began.elapsed();
    let most = if mutant.starts_with(b"PAR1") { MOST_TABLE_BYTES } else { MOST_TEXT_BYTES };
    assert!(elapsed < LONGEST, "{label} took {elapsed:?}");
    assert!(peak <= most, "{label} held {peak} bytes");
    counts.mutants += 1;
    counts.entries += entries.len() as u64;
    counts.peak_bytes = counts.peak_bytes.max(peak);
    counts.longest = counts.longest.max(elapsed);
    match &error {
        None => counts.whole += 1,
        Some(Error::Io(cause)) => panic!("{label}: {cause}"),
        Some(error) => {
            counts.refused += 1;
            let text = error.to_string();
            assert!(text.chars().all(|shown| !shown.is_control()) && text.len() < 400, "{label}: {text:?}");
            if text.contains("the decoder gave up: ") {
                let place = PANICKED_IN.take().unwrap_or_default();
                assert!(
                    place.contains("parquet-") || place.contains("bytes-"),
                    "{label} panicked in `{place}`: {text}"
                );
                counts.foreign_panics += 1;
            }
        }
    }
    let mut writer = Writer::new(Form::Csv, Vec::new()).unwrap();
    entries.iter().for_each(|entry| writer.write(entry).unwrap_or_else(|error| panic!("{label}: {error}")));
}

#[test]
fn no_table_takes_more_than_its_pages_may() {
    const ROWS: usize = 40;
    // All pages as long as they may be, and of what packs best, so that the file is small.
    let properties = foreign::properties().set_compression(Compression::SNAPPY).set_dictionary_enabled(false);
    let properties = properties.set_data_page_size_limit(1 << 30);
    let table = foreign::table(SCHEMA, properties, |_| "0".repeat((16 << 20) / ROWS - 8));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all_at(&table, 0).unwrap();
    file.rewind().unwrap();
    let ((entries, error), peak) = by_thread(|| read(&file));
    println!("soak: a table of {} KiB with pages of 16 MiB held {} MiB", table.len() >> 10, peak >> 20);
    assert_eq!(entries, []);
    assert_eq!(error.unwrap().to_string(), "row 1: the rules has 419422 bytes, and an export takes 1024");
    // Five columns of text, and one page packed beside them.
    assert!(peak < 100 << 20, "{peak} bytes held");
}

fn count() -> u64 {
    match env::var("PIXTWIN_SOAK") {
        Ok(number) if number == "1" => 100_000,
        Ok(number) => number.parse().unwrap(),
        Err(_) => SLICE,
    }
}

#[test]
fn mutants_neither_panic_nor_hang_nor_grow() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |cause| {
        if is_reading() {
            PANICKED_IN.set(cause.location().map(|place| place.file().to_owned()));
        } else {
            usual(cause);
        }
    }));
    let mut file = tempfile::tempfile().unwrap();
    for form in Form::ALL {
        let (seeds, began, mut counts) = (seeds(form), Instant::now(), Counts::default());
        for seed in &seeds {
            let mut whole = Counts::default();
            try_one(&mut file, seed, "a seed", &mut whole);
            assert_eq!(whole.whole, 1, "a seed of {form:?} is refused");
        }
        for number in 0..count().div_ceil(3) {
            let mut random = Seeded(number);
            let seed = random.at(seeds.len());
            let mutant = mutate(&seeds[seed], &mut random);
            try_one(&mut file, &mutant, &format!("mutant {number} of {form:?} {seed}"), &mut counts);
        }
        println!(
            "soak: {:8} {:6} mutants of {} exports, {:6} refused, {:6} read whole, {:7} entries, {} foreign panics, peak \
             {:5} KiB, longest {:4} ms, {:3} s",
            form.extension(),
            counts.mutants,
            seeds.len(),
            counts.refused,
            counts.whole,
            counts.entries,
            counts.foreign_panics,
            counts.peak_bytes >> 10,
            counts.longest.as_millis(),
            began.elapsed().as_secs(),
        );
    }
}
