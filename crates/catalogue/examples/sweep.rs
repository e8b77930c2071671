//! Fills a catalogue with what near search keeps of a million pictures, and measures writing, size, recalling and sweeping.
//!
//! `cargo run --release -p pixtwin-catalogue --example sweep [PICTURES [FILE]]`. The codes are random; photos and their rows
//! are otherwise those of the example `million`. With FILE it only fills a catalogue there, which
//! `pixtwin find PICTURE --tier similar --catalogue FILE` can be asked.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]
#![allow(clippy::cast_possible_truncation)] // Nothing here is that long.

use std::{
    env, fs,
    num::NonZeroU64,
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use pixtwin_catalogue::{Catalogue, Entry, Facts, Header, Maker, Near, Place, Stamp, Want};
use pixtwin_testkit::draw::Seeded;

/// Files of one folder.
const IN_FOLDER: u64 = 1000;

/// What is opaque beside the codes: a signature of colours.
const REST_BYTES: usize = 103;

fn main() {
    let pictures: u64 = env::args().nth(1).map_or(1_000_000, |count| count.parse().unwrap());
    let home = tempfile::tempdir_in(".").unwrap();
    let kept = env::args().nth(2).map(PathBuf::from);
    let file = kept.clone().unwrap_or_else(|| home.path().join("catalogue.sqlite"));
    let folders: Vec<PathBuf> =
        (0..pictures.div_ceil(IN_FOLDER)).map(|number| home.path().join(format!("photos/2024/{number:04}"))).collect();
    folders.iter().for_each(|folder| fs::create_dir_all(folder).unwrap());
    let open = |near: bool| {
        let maker = Maker {
            rules: "similar 3, alpha exact, as stored".to_owned(),
            decoder: |format| format!("decoder of {}", format.unwrap_or("-")),
            near,
        };
        Catalogue::open(&file, Want::Write, maker).unwrap()
    };
    let catalogue = open(true);
    let began = Instant::now();
    let writer = catalogue.writer().unwrap();
    for (folder, first) in folders.iter().zip((0..).step_by(IN_FOLDER as usize)) {
        let known = catalogue.folder(folder).unwrap();
        for number in first..(first + IN_FOLDER).min(pictures) {
            writer.learn(&known, name_of(number).as_bytes(), entry(number));
        }
    }
    assert_eq!(writer.finish().unwrap(), pictures);
    let took = began.elapsed().as_secs_f64();
    println!("written in {took:.1} s, {:.1} s of processors: {:.0} pictures/s", processors_s(), pictures as f64 / took);
    let paths: u64 = (0..pictures).map(|number| path_of(&folders, number).as_os_str().len() as u64).sum();
    let bytes = file.metadata().unwrap().len();
    println!(
        "{:.1} MB: {:.1} bytes a picture beyond its path",
        bytes as f64 / 1e6,
        (bytes - paths) as f64 / pictures as f64
    );
    println!("peak after writing: {:.1} MB", peak_mb());
    if kept.is_some() {
        return;
    }
    for near in [false, true] {
        recall(&open(near), &folders, pictures, near);
    }
    for positions in [0..Near::CODES, 0..2] {
        sweep(&catalogue, positions.clone());
        copied(&file, pictures as usize * 16 * positions.len());
    }
    holders(&catalogue, pictures);
    let began = Instant::now();
    let others = Catalogue::open(
        &file,
        Want::Read,
        Maker { rules: "others".to_owned(), decoder: |_| String::new(), near: false },
    );
    assert_eq!(others.unwrap().count_without_near().unwrap(), pictures);
    println!("counted what has no codes in {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    println!("peak at the end: {:.1} MB", peak_mb());
}

fn recall(catalogue: &Catalogue, folders: &[PathBuf], pictures: u64, near: bool) {
    let device = folders[0].metadata().unwrap().dev();
    let mut reader = catalogue.reader().unwrap();
    let mut took = Duration::ZERO;
    for number in 0..pictures {
        let known = entry(number);
        let began = Instant::now();
        let folder = &folders[(number / IN_FOLDER) as usize];
        let found = reader.recall(folder, name_of(number).as_bytes(), device, &known.stamp).unwrap().unwrap();
        took += began.elapsed();
        assert_eq!(found.facts.near, known.facts.near.filter(|_| near), "{number}");
    }
    let with = if near { "with" } else { "without" };
    println!("recalled in order {with} codes: {:.0} entries/s", pictures as f64 / took.as_secs_f64());
}

/// Nothing is done with the planes but to look at one word of each: reading is what is measured.
fn sweep(catalogue: &Catalogue, positions: Range<usize>) {
    let mut times = Vec::new();
    let (mut bytes, mut blocks) = (0, 0);
    for _ in 0..21 {
        let before = processor_ms();
        let mut sweep = catalogue.sweep().unwrap();
        (bytes, blocks) = (0, 0);
        let mut seen = 0;
        let take = &mut |block: pixtwin_catalogue::BlockView<'_>| {
            for position in positions.clone() {
                for word in 0..2 {
                    let plane = block.plane(position, word);
                    seen ^= plane[0];
                    bytes += 8 * plane.len();
                }
            }
            blocks += 1;
        };
        sweep.each(positions.clone(), take).unwrap();
        times.push(processor_ms() - before);
        assert!(!sweep.has_met_damage() && seen != 0);
    }
    times.sort_unstable_by(f64::total_cmp);
    println!(
        "swept codes {positions:?}, {:.0} MB in {blocks} blocks: median {:.1} ms of processor, {:.1} - {:.1} ms",
        bytes as f64 / 1e6,
        times[10],
        times[0],
        times[20]
    );
}

/// What the system alone takes to hand over so many bytes of the same file, 64 KiB at a time.
fn copied(file: &Path, bytes: usize) {
    let opened = fs::File::open(file).unwrap();
    let mut buffer = vec![0; 64 << 10];
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let before = processor_ms();
            (0..bytes as u64).step_by(buffer.len()).for_each(|at| _ = opened.read_at(&mut buffer, at).unwrap());
            processor_ms() - before
        })
        .collect();
    times.sort_unstable_by(f64::total_cmp);
    println!("the system alone: median {:.1} ms, {:.1} - {:.1} ms", times[10], times[0], times[20]);
}

fn holders(catalogue: &Catalogue, pictures: u64) {
    for count in [1, 10, 100] {
        let mut random = Seeded(count);
        let mut sweep = catalogue.sweep().unwrap();
        let mut blocks = Vec::new();
        sweep.each(0..0, &mut |block| blocks.push((block.id(), block.places()))).unwrap();
        let places: Vec<Place> = (0..count)
            .map(|_| {
                let (block, places) = blocks[random.below(blocks.len() as u32) as usize];
                Place { block, at: random.below(places as u32) }
            })
            .collect();
        let before = processor_ms();
        let holders = sweep.holders_at(&places).unwrap();
        assert!(holders.len() as u64 == count.min(pictures) || count > 10);
        println!("holders of {count} places: {:.2} ms of processor", processor_ms() - before);
    }
}

fn name_of(number: u64) -> String {
    format!("IMG_{number:07}.jpg")
}

fn path_of(folders: &[PathBuf], number: u64) -> PathBuf {
    folders[(number / IN_FOLDER) as usize].join(Path::new(&name_of(number)))
}

fn entry(number: u64) -> Entry {
    let mut random = Seeded(number);
    let mut hash = || std::array::from_fn(|_| random.number() as u8);
    let (payload, content, digest) = (hash(), hash(), hash());
    let changed_ns = 1_700_000_000_000_000_000 + (random.number() >> 12).cast_signed();
    let codes = std::array::from_fn(|_| std::array::from_fn(|_| random.number()));
    let near = Near { codes, usable: 0x0fff_ffff, quality: 100, rest: [number as u8; REST_BYTES].into() };
    Entry {
        stamp: Stamp {
            inode: 20_000_000 + number,
            size: 3_000_000 + random.number() % 4_000_000,
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
            keys: (0..7).map(|_| NonZeroU64::new(random.number())).collect(),
            payload: Some(payload),
            content: Some(content),
            digest: Some(digest),
            size_key: Some(4032 << 32 | 3024),
            near: Some(Box::new(near)),
            ..Facts::default()
        },
    }
}

/// How long this thread has had a processor.
fn processor_ms() -> f64 {
    let time = |file: &str| -> f64 {
        let text = fs::read_to_string(file).unwrap();
        text.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e6
    };
    time("/proc/self/schedstat")
}

/// How long all threads of this process have had processors.
fn processors_s() -> f64 {
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
