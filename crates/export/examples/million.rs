//! What an export of a million pictures costs in each form: `cargo run --release -p pixtwin-export --example million
//! [ENTRIES]`. Seconds, bytes, and the most memory held, for writing and for reading back; the files lie in the folder for
//! temporary files and are removed.

#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    fs,
    io::{Seek, Write},
    time::Instant,
};

use pixtwin_export::{Entry, Form, Reader, Writer};

/// Random numbers that are the same every time (SplitMix64).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

fn hash(state: &mut u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&random(state).to_le_bytes());
    }
    bytes
}

/// A photo in a folder of a thousand; every tenth is a twin of its neighbour.
fn entry(number: u64) -> Entry {
    let mut pixels = number - u64::from(number % 10 == 9);
    let mut file = number << 32;
    let (width, height) = if pixels.is_multiple_of(3) { (4032, 3024) } else { (1920, 1080) };
    Entry {
        rules: "pixtwin pixels 1".to_owned(),
        host: Some("archive-1".to_owned()),
        volume: "7f0c1c52-90a4-4b53-8a55-5d5f7e5b0a11".to_owned(),
        path: format!("/srv/photos/{:04}/holiday in the mountains/IMG_{number:08}.jpg", number / 1000).into_bytes(),
        size: 100_000 + random(&mut file) % 5_000_000,
        modified_ns: 1_600_000_000_000_000_000 + (random(&mut file) >> 8).cast_signed(),
        changed_ns: 1_600_000_000_000_000_000 + (random(&mut file) >> 8).cast_signed(),
        inode: 1_000_000 + number,
        format: "JPEG".to_owned(),
        width,
        height,
        frames: Some(1),
        digest: Some(hash(&mut pixels)),
        payload: Some(hash(&mut pixels)),
        blake3: Some(hash(&mut file)),
        first_rows: Some(random(&mut pixels).to_le_bytes()),
        pdq: Some(hash(&mut pixels)),
        pdq_quality: Some(100),
    }
}

/// The most memory held since the last call, in MiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    fs::write("/proc/self/clear_refs", "5")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? >> 10)
}

fn main() -> Result<(), Box<dyn Error>> {
    let entries: u64 = std::env::args().nth(1).map_or(Ok(1_000_000), |number| number.parse())?;
    println!("{entries} entries");
    println!("form        write s  peak MiB       bytes  a row   read s  peak MiB");
    for form in Form::ALL {
        peak()?;
        let began = Instant::now();
        let mut writer = Writer::new(form, tempfile::tempfile()?)?;
        for number in 0..entries {
            writer.write(&entry(number))?;
        }
        let mut file = writer.finish()?;
        let (written, write_peak) = (began.elapsed(), peak()?);
        file.flush()?;
        let bytes = file.metadata()?.len();
        file.rewind()?;
        let began = Instant::now();
        let mut number = 0;
        for found in Reader::open(file)? {
            // Spot checks, for making an entry takes as long as reading one.
            if found?.inode != 1_000_000 + number {
                return Err(format!("entry {number} is another").into());
            }
            number += 1;
        }
        if number != entries {
            return Err(format!("{number} entries came back").into());
        }
        let (read, read_peak) = (began.elapsed(), peak()?);
        println!(
            "{:10} {:8.2} {write_peak:9} {bytes:11} {:6} {:8.2} {read_peak:9}",
            form.extension(),
            written.as_secs_f64(),
            bytes / entries.max(1),
            read.as_secs_f64(),
        );
    }
    Ok(())
}
