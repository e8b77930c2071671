//! Fills a catalogue as a search of a million photos does, and measures writing, size and reading.
//!
//! `cargo run --release -p pixtwin-catalogue --example million [ENTRIES [PROGRAM]]`: a million unless said otherwise; with
//! `target/release/pixtwin` for PROGRAM that is asked for one picture more, whose twin it has seen. The folders are real
//! and empty, for a catalogue knows folders by their numbers.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

use std::{
    env, fs,
    num::NonZeroU64,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use pixtwin_catalogue::{Catalogue, Entry, Facts, Header, Maker, Stamp, Want};
use pixtwin_testkit::{
    Dir,
    draw::noise,
    encode::{png, qoi},
};

/// Files of one folder.
const IN_FOLDER: u64 = 1000;

/// Recalls and questions that are measured.
const ASKED: u64 = 100_000;

fn main() {
    let mut arguments = env::args().skip(1);
    let entries: u64 = arguments.next().map_or(1_000_000, |count| count.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let program = arguments.next().map(|program| fs::canonicalize(program).unwrap());
    let file = home.path().join("catalogue.sqlite");
    let folders: Vec<PathBuf> =
        (0..entries.div_ceil(IN_FOLDER)).map(|number| home.path().join(format!("photos/2024/{number:04}"))).collect();
    folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    let device = home.path().metadata().unwrap().dev();
    // As the program says it, so that it finds the entries of this file.
    let rules = "pixels 1, keys 1, alpha exact, as stored".to_owned();
    let maker =
        Maker { rules, decoder: |format| format!("decoder of {} 1.0", format.unwrap_or("nothing")), near: false };
    let catalogue = Catalogue::open(&file, Want::Write, maker).unwrap();

    let took = write(&catalogue, &folders, entries);
    let processor = processor_s();
    let paths: u64 = (0..entries).map(|number| path_of(&folders, number).as_os_str().len() as u64).sum();
    let bytes = file.metadata().unwrap().len();
    let each = |bytes: u64| bytes as f64 / entries as f64;
    println!("{entries} entries in {} folders", folders.len());
    let seconds = took.as_secs_f64();
    println!("written in {seconds:.2} s, {processor:.2} s of processors: {:.0} entries/s", entries as f64 / seconds);
    println!(
        "{:.1} MB: {:.0} bytes an entry, of which {:.0} are its path; {:.0} beyond it",
        bytes as f64 / 1e6,
        each(bytes),
        each(paths),
        each(bytes.saturating_sub(paths))
    );
    println!("peak after writing: {:.1} MB", peak_mb());
    read(&catalogue, &folders, device, entries);
    println!("peak at the end: {:.1} MB", peak_mb());
    program.iter().for_each(|program| ask(program, &file));
}

/// Asks the program for a picture, each time in a new process.
fn ask(program: &Path, file: &Path) {
    let dir = Dir::new();
    let picture = noise(400, 300, 1);
    dir.write("asked.png", png(&picture)).write("seen/twin.qoi", qoi(&picture));
    // Nothing is kept of what has just changed.
    thread::sleep(Duration::from_secs(4));
    let run = |words: &[&str]| dir.run(program, [words, &["--catalogue", file.to_str().unwrap()]].concat()).end();
    assert_eq!(run(&["scan", "seen"]).code, 0);
    let mut times = Vec::new();
    let mut peak_bytes = 0;
    for _ in 0..21 {
        let began = Instant::now();
        let ran = run(&["find", "asked.png"]);
        times.push(began.elapsed());
        assert!(ran.code == 0 && ran.out().contains("twin.qoi"), "{}{}", ran.out(), ran.err());
        peak_bytes = peak_bytes.max(ran.peak_bytes);
    }
    times.sort_unstable();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    let peak = peak_bytes as f64 / 1e6;
    println!(
        "find: median {:.1} ms, {:.1} - {:.1} ms; peak {peak:.1} MB",
        ms(times.len() / 2),
        ms(0),
        ms(times.len() - 1)
    );
}

fn write(catalogue: &Catalogue, folders: &[PathBuf], entries: u64) -> Duration {
    let began = Instant::now();
    let writer = catalogue.writer().unwrap();
    for (folder, first) in folders.iter().zip((0..).step_by(usize::try_from(IN_FOLDER).unwrap())) {
        let known = catalogue.folder(folder).unwrap();
        for number in first..(first + IN_FOLDER).min(entries) {
            writer.learn(&known, name_of(number).as_bytes(), entry(number));
        }
    }
    assert_eq!(writer.finish().unwrap(), entries);
    began.elapsed()
}

fn read(catalogue: &Catalogue, folders: &[PathBuf], device: u64, entries: u64) {
    // As a search does it: folder by folder.
    let mut reader = catalogue.reader().unwrap();
    let began = Instant::now();
    for number in 0..entries {
        let known = entry(number);
        let folder = &folders[usize::try_from(number / IN_FOLDER).unwrap()];
        let found = reader.recall(folder, name_of(number).as_bytes(), device, &known.stamp).unwrap();
        assert_eq!(found.map(|found| found.facts.digest), Some(known.facts.digest), "{number}");
    }
    println!("recalled in order: {:.0} entries/s", entries as f64 / began.elapsed().as_secs_f64());

    let asked = ASKED.min(entries);
    let mut reader = catalogue.reader().unwrap();
    let began = Instant::now();
    for number in (0..asked).map(|number| scattered(number) % entries) {
        let known = entry(number);
        let folder = &folders[usize::try_from(number / IN_FOLDER).unwrap()];
        let found = reader.recall_one(folder, name_of(number).as_bytes(), device, &known.stamp).unwrap();
        assert!(found.is_some(), "{number}");
    }
    println!("recalled one by one: {:.0} entries/s", asked as f64 / began.elapsed().as_secs_f64());

    let mut reader = catalogue.reader().unwrap();
    let mut times: Vec<Duration> = Vec::new();
    for number in (0..asked / 100).map(|number| scattered(number) % entries) {
        let probe = entry(number).facts.probe().unwrap();
        let began = Instant::now();
        let holders = reader.holders(&[probe]).unwrap();
        times.push(began.elapsed());
        assert!(holders.iter().any(|holder| holder.path == path_of(folders, number)), "{number}");
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e6;
    println!("holders of a picture: median {:.0} us, 99 % {:.0} us, longest {:.0} us", at(50), at(99), at(100));
}

fn name_of(number: u64) -> String {
    format!("IMG_{number:07}.jpg")
}

fn path_of(folders: &[PathBuf], number: u64) -> PathBuf {
    folders[usize::try_from(number / IN_FOLDER).unwrap()].join(Path::new(&name_of(number)))
}

/// A number that looks random (SplitMix64).
fn scattered(number: u64) -> u64 {
    let number = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// What a photo of twelve megapixels leaves behind that had to be told from others.
fn entry(number: u64) -> Entry {
    let hash = |which: u64| {
        let mut hash = [0; 32];
        hash.as_chunks_mut().0.iter_mut().zip(0..).for_each(|(word, part)| {
            *word = scattered(number << 5 | which << 2 | part).to_le_bytes();
        });
        hash
    };
    let changed_ns = 1_700_000_000_000_000_000 + (scattered(number) >> 12).cast_signed();
    Entry {
        stamp: Stamp {
            inode: 20_000_000 + number,
            size: 3_000_000 + scattered(number) % 4_000_000,
            modified_ns: changed_ns - 1,
            changed_ns,
        },
        facts: Facts {
            format: Some("JPEG".to_owned()),
            header: Some(Header {
                width: 4032,
                height: 3024,
                head_bytes: 400_000,
                whole_bytes: 50_000_000,
                first_rows: 0,
            }),
            frames: Some(1),
            keys: (0..7).map(|key| NonZeroU64::new(scattered(number << 3 | key))).collect(),
            payload: Some(hash(1)),
            content: Some(hash(2)),
            digest: Some(hash(3)),
            size_key: Some(4032 << 32 | 3024),
            ..Facts::default()
        },
    }
}

/// How long this process has had a processor.
fn processor_s() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    // Ticks of a hundredth of a second, its own and those of the system on its behalf.
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// The most memory that this process was seen to hold.
fn peak_mb() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}
