//! Damaged files: no input may panic, hang, take more memory than it was allowed, or be taken for what it is not.
//!
//! `cargo test` tries a slice; `PIXTWIN_SOAK=1` tries 100,000 mutants of every format, `PIXTWIN_SOAK=20000` that many.
//! Each format prints one line that starts with `soak:`.

// This file is a test as a whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]
#![allow(clippy::cast_possible_truncation)] // Random numbers are cut on purpose.

use std::{
    cell::Cell,
    collections::HashMap,
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use pixtwin_decode::{Error, Format, InMemory, Limits, Sniffed, is_decoding, sniff};
use pixtwin_pixel::{Alpha, Depth, Digester, Fingerprint, PixelDigest};
use pixtwin_testkit::{
    draw::Seeded,
    held::{Counting, by_thread},
};

const LIMITS: Limits = Limits { memory_bytes: 64 << 20 };

/// What may be held beside the memory that a codec charges: small tables, messages, stacks of libraries.
const SLACK_BYTES: usize = 2 << 20;

/// What a decode may hold beyond the promise of its header, which budgets are made of: messages, and in the sink a row.
const NOISE_BYTES: u64 = 256 << 10;

/// The longest that one step with one mutant may take.
const LONGEST: Duration = Duration::from_secs(10);

/// Mutants of each format in `cargo test`.
const SLICE: u64 = 10_000;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One damage of eight kinds to a file.
fn mutate(seed: &[u8], random: &mut Seeded) -> Vec<u8> {
    let mut file = seed.to_vec();
    let len = file.len();
    let head = len.min(64);
    match random.below(8) {
        0 => file.truncate(random.at(len)),
        1 => (0..=random.below(4)).for_each(|_| file[random.at(head)] = random.byte()),
        2 => {
            let at = random.at(head);
            let end = (at + 4).min(len);
            file[at..end].fill(random.of(&[0x00, 0xff, 0x7f, 0x80]));
        }
        3 => (0..=random.below(16)).for_each(|_| file[random.at(len)] ^= 1 << random.below(8)),
        4 => {
            let start = random.at(len);
            let end = (start + 1 + random.at(64)).min(len);
            file.drain(start..end);
        }
        5 => {
            let start = random.at(len);
            let piece = file[start..(start + 1 + random.at(64)).min(len)].to_vec();
            let at = random.at(len + 1);
            file.splice(at..at, piece);
        }
        6 => file[random.at(len)] = random.of(&[0x00, 0x01, 0x7f, 0x80, 0xfe, 0xff]),
        _ => (0..=random.at(64)).for_each(|_| file[random.at(len)] = random.byte()),
    }
    file
}

/// Makes the checksums of PNG chunks right again, also inside an icon, so that damage gets behind them.
fn repair_checksums(file: &mut [u8]) {
    let Some(start) = file.windows(8).position(|bytes| bytes == b"\x89PNG\r\n\x1a\n") else { return };
    let mut at = start + 8;
    while let Some(head) = file.get(at..at + 8) {
        let len = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let end = at + 8 + len;
        if end + 4 > file.len() {
            return;
        }
        let mut crc = crc32fast::Hasher::new();
        crc.update(&file[at + 4..end]);
        file[end..end + 4].copy_from_slice(&crc.finalize().to_be_bytes());
        at = end + 4;
    }
}

/// What one format did.
#[derive(Default)]
struct Counts {
    mutants: u64,
    /// Mutants that no format claims any more.
    unclaimed: u64,
    decoded: u64,
    refused: u64,
    /// Those decoded that have the payload of their seed, and so must have its pixels.
    twins: u64,
    /// Panics that became an error, in code that is not this crate's.
    foreign_panics: u64,
    peak_bytes: usize,
    longest: Duration,
}

thread_local! {
    /// The file of the last panic.
    static PANICKED_IN: Cell<Option<String>> = const { Cell::new(None) };
}

/// One decode of one mutant.
struct Trial<'a> {
    file: &'a [u8],
    /// How to find it again.
    label: String,
    counts: &'a mut Counts,
    /// What the last step held at most.
    held_bytes: usize,
}

impl Trial<'_> {
    /// Runs one step, under the demands on time, memory and panics.
    fn step<T>(&mut self, step: &str, run: impl FnOnce(&mut InMemory<'_>) -> Result<T, Error>) -> Option<T> {
        let began = Instant::now();
        PANICKED_IN.take();
        let (result, peak) = by_thread(|| run(&mut InMemory::new(self.file)));
        let elapsed = began.elapsed();
        let label = &self.label;
        assert!(elapsed < LONGEST, "{label}: {step} took {elapsed:?}");
        let allowed = LIMITS.memory_bytes as usize + SLACK_BYTES;
        assert!(peak <= allowed, "{label}: {step} held {peak} bytes");
        self.held_bytes = peak;
        self.counts.peak_bytes = self.counts.peak_bytes.max(peak);
        self.counts.longest = self.counts.longest.max(elapsed);
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.judge(step, &error);
                None
            }
        }
    }

    fn judge(&mut self, step: &str, error: &Error) {
        let label = &self.label;
        assert!(!matches!(error, Error::Io(_)), "{label}: {step}: {error}");
        if error.to_string().starts_with("the decoder gave up: ") {
            let place = PANICKED_IN.take().unwrap_or_default();
            assert!(place.contains("libjpeg-turbo-rs"), "{label}: {step} panicked in `{place}`: {error}");
            self.counts.foreign_panics += 1;
        }
    }
}

fn fingerprint(format: Format, source: &mut InMemory<'_>, depth: Depth) -> Result<Fingerprint, Error> {
    let mut digester = Digester::new(Alpha::Exact, depth);
    format.rows(source, depth, LIMITS, &mut digester)?;
    Ok(digester.finish())
}

/// A whole picture that the mutants are made from.
struct Seed {
    name: String,
    bytes: Vec<u8>,
    payload: [u8; 32],
    pixels: Fingerprint,
}

impl Seed {
    fn new(name: String, bytes: Vec<u8>) -> (Format, Self) {
        let source = &mut InMemory::new(&bytes);
        let extension = name.rsplit('.').next().map(str::as_bytes);
        let Sniffed::Picture(format) = sniff(source, extension).unwrap() else { panic!("{name} is no picture") };
        let payload = format.payload(source, LIMITS).unwrap();
        let pixels = fingerprint(format, source, Depth::Whole).unwrap();
        (format, Self { name, bytes, payload, pixels })
    }
}

fn seeds() -> Vec<(Format, Seed)> {
    let files = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/files");
    let mut paths: Vec<PathBuf> = fs::read_dir(files).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let drawn = paths.iter().map(|path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Seed::new(name, fs::read(path).unwrap())
    });
    let written = JXL.iter().zip(1..);
    let written = written.map(|(digits, number)| Seed::new(format!("{number}.jxl"), from_hexadecimal(digits)));
    let typed = XPM.iter().zip(1..).map(|(text, number)| Seed::new(format!("{number}.xpm"), text.to_vec()));
    let apart = apng_with_a_picture_apart();
    let icon = icon_of(&apart);
    let apart = [Seed::new("apart.png".to_owned(), apart), Seed::new("apart.ico".to_owned(), icon)];
    drawn.chain(written).chain(typed).chain(apart).collect()
}

/// An APNG of two frames whose image data is none of them.
fn apng_with_a_picture_apart() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 3, 2);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(2, 0).unwrap();
    encoder.set_sep_def_img(true).unwrap();
    let mut writer = encoder.write_header().unwrap();
    for sample in [9, 99, 199] {
        writer.write_image_data(&[sample; 24]).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

/// An icon of that one entry.
fn icon_of(entry: &[u8]) -> Vec<u8> {
    let len = u32::try_from(entry.len()).unwrap().to_le_bytes();
    [&[0, 0, 1, 0, 1, 0, 3, 2, 0, 0, 1, 0, 32, 0][..], &len, &22_u32.to_le_bytes(), entry].concat()
}

/// Names, keys and a hot spot as GIMP and the editors of X11 write them, and a file of ImageMagick 6.9.
const XPM: [&[u8]; 2] = [
    b"/* XPM */\nstatic char *icon[] = {\n/* columns rows colors chars-per-pixel */\n\"6 4 5 2 1 1\",\n\
\"   c None\",\n\".  c #102030\",\n\"X  c light slate gray\",\n\"o  s edge m white c red\",\n\"O  c #12345678ffff\",\n\
/* pixels */\n\". X o O . . \",\n\"    . . X o \",\n\"O O O O O O \",\n\". X o     o \"\n};\n",
    b"/* XPM */\nstatic char *rose[] = {\n/* columns rows colors chars-per-pixel */\n\"9 5 5 1 \",\n\
      \"  c #50493F\",\n\". c #BE423B\",\n\"X c #709162\",\n\"o c #C3B6B5\",\n\"O c #A47383\",\n/* pixels */\n\
      \"    ..  X\",\n\"  .....Oo\",\n\" OO.....X\",\n\" X..... X\",\n\"OooO.    \"\n};\n",
];

/// Written by cjxl 0.7.0: without loss, sixteen bits in a container, an animation, and with loss (`-d 3`).
const JXL: [&str; 4] = [
    "ff0a0840b0a0b8100808100064004b188b15c241c3193e802324e4ba90146004cc86849c341b04",
    "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a000000336a786c63ff0a0840fc00 \
     1417020802010070004b188b154202542f3880f50770ce591959194f4c9b0dcd050246ee00",
    "ff0a08404100161497040808a08200003c004b188b15c249411e400480fea03f00080832911902003c004b188b15c249411ec001fa03a0 \
     3f00080832910701003c004b188b15c249411e4004fa03a03f00",
    "ff0a0341427121011403a1720e00800a9551c60d5ecef57cf9a1c362dac67586b6dab6b084b1d95e1824a4d031e8694db8c09b8f2e6b6f \
     bc74b5b4687aaa610277f08e28224c4f0c5912212615522003402b1e19798c518c77208b388024635a0c6c583ceb422ab0909f15498a0d \
     8a68d1cb1fa48bea52803ea291933a4a33f8440383da8709e3071ae159d86150f97fe9e440daabd3e8b9b938993e67bb2d1e67930cdb80 \
     16a1b8fd121c7c1f42a25c601c0b6eded73370e1e3c286756268db2deeb02a669c771cdc5f298ac010ba",
];

fn from_hexadecimal(digits: &str) -> Vec<u8> {
    let digits: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn count() -> u64 {
    match env::var("PIXTWIN_SOAK") {
        Ok(number) if number == "1" => 100_000,
        Ok(number) => number.parse().unwrap(),
        Err(_) => SLICE,
    }
}

/// The digest that goes with every payload seen, by format.
type Known = HashMap<(&'static str, [u8; 32]), Option<PixelDigest>>;

fn try_one(seed: &Seed, mutant: &[u8], label: String, counts: &mut Counts, known: &mut Known) {
    counts.mutants += 1;
    let mut trial = Trial { file: mutant, label, counts, held_bytes: 0 };
    let extension = seed.name.rsplit('.').next().map(str::as_bytes);
    let Some(Sniffed::Picture(format)) = trial.step("sniff", |source| sniff(source, extension)) else {
        trial.counts.unclaimed += 1;
        return;
    };
    let header = trial.step("header", |source| format.header(source));
    trial.step("metadata", |source| format.metadata(source));
    let head = trial.step("corner", |source| fingerprint(format, source, Depth::Corner));
    let rows = trial.step("16 rows", |source| fingerprint(format, source, Depth::Rows(16)));
    let whole = trial.step("rows", |source| fingerprint(format, source, Depth::Whole));
    if let (Some(header), Some(_)) = (header, &whole) {
        let (promised, held) = (header.whole_bytes, trial.held_bytes as u64);
        assert!(held <= promised + NOISE_BYTES, "{}: {held} bytes held, {promised} promised", trial.label);
    }
    let payload = trial.step("payload", |source| format.payload(source, LIMITS));
    let label = &trial.label;
    for head in [&head, &rows].into_iter().flatten() {
        // A decoder that was told of so many rows may end in a margin; then there is no key yet.
        let agrees = |whole: &Fingerprint| head.heads[0].is_none() || head.heads[0] == whole.heads[0];
        assert!(whole.as_ref().is_none_or(agrees), "{label}: the first rows");
    }
    if let Some(whole) = &whole {
        trial.counts.decoded += 1;
        assert!(whole.digest.is_some(), "{label}: rows are missing and nothing was said");
        let are_taken = head.is_some() && rows.is_some();
        assert!(are_taken, "{label}: its first rows are refused, and all of them are not");
        if let Some(payload) = payload {
            let digest = known.entry((format.name(), payload)).or_insert(whole.digest);
            assert_eq!(whole.digest, *digest, "{label}: the payload of an earlier file, other pixels");
        }
        if payload == Some(seed.payload) {
            trial.counts.twins += 1;
            assert_eq!(whole.digest, seed.pixels.digest, "{label}: equal payload, other pixels");
        }
    } else {
        trial.counts.refused += 1;
    }
}

fn soak(format: Format, seeds: &[Seed], mutants: u64) {
    let began = Instant::now();
    let mut counts = Counts::default();
    let mut known: Known = seeds.iter().map(|seed| ((format.name(), seed.payload), seed.pixels.digest)).collect();
    for number in 0..mutants {
        let mut random = Seeded(number);
        let seed = &seeds[random.at(seeds.len())];
        let mut mutant = mutate(&seed.bytes, &mut random);
        // Some checksums are left wrong, to see that they are looked at.
        if random.below(8) != 0 {
            repair_checksums(&mut mutant);
        }
        try_one(seed, &mutant, format!("mutant {number} of {}", seed.name), &mut counts, &mut known);
    }
    println!(
        "soak: {:8} {:6} mutants of {:2} files, {:6} decoded ({:5} with the payload of the file), {:6} refused, \
         {:5} unclaimed, {} foreign panics, peak {:5} KiB, longest {:4} ms, {:3} s",
        format.name(),
        counts.mutants,
        seeds.len(),
        counts.decoded,
        counts.twins,
        counts.refused,
        counts.unclaimed,
        counts.foreign_panics,
        counts.peak_bytes >> 10,
        counts.longest.as_millis(),
        began.elapsed().as_secs(),
    );
}

#[test]
fn mutants_neither_panic_nor_hang_nor_lie() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |cause| {
        if is_decoding() {
            PANICKED_IN.set(cause.location().map(|place| place.file().to_owned()));
        } else {
            usual(cause);
        }
    }));
    let mut formats: Vec<(Format, Vec<Seed>)> = Vec::new();
    for (format, seed) in seeds() {
        match formats.iter_mut().find(|(known, _)| *known == format) {
            Some((_, seeds)) => seeds.push(seed),
            None => formats.push((format, vec![seed])),
        }
    }
    assert_eq!(formats.len(), 12, "a format has no seed");
    for (format, seeds) in &formats {
        soak(*format, seeds, count());
    }
}
