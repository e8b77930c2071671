//! Measures the search of codes: what `compare/search` runs beside another program.
//!
//! Files of codes have 32 bytes a code, the words in order, the lowest byte first. Prints one line of JSON.
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program of its own, not the library")]

use std::{
    error::Error,
    fs::File,
    io::{BufReader, BufWriter, Read, Seek, Write},
    time::Instant,
};

use pixtwin_matching::near::{Askers, Batch, Index, Planes, sweep};
use pixtwin_pixel::Code;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "search make FILE COUNT SEED | itself FILE DISTANCE SAMPLE | stream STORED ASKING DISTANCE BATCH | query FILE DISTANCE";

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["make", file, count, seed] => make(file, count.parse()?, seed.parse()?),
        ["itself", file, distance, sample] => itself(file, distance.parse()?, sample.parse()?),
        ["stream", stored, asking, distance, batch] => stream(stored, asking, distance.parse()?, batch.parse()?),
        ["query", file, distance] => query(file, distance.parse()?),
        _ => Err(USAGE.into()),
    }
}

/// Random codes; each hundredth is a copy of an earlier one with up to 40 bits turned.
fn make(file: &str, count: u64, seed: u64) -> Result<()> {
    let mut state = seed;
    let mut next = || {
        // SplitMix64, Steele, Lea and Flood 2014.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    };
    let mut out = BufWriter::new(File::create(file)?);
    let mut earlier = Code::default();
    for at in 0..count {
        let mut code = Code([0; 4].map(|_: u64| next()));
        if at % 100 == 99 {
            code = earlier;
            for _ in 0..next() % 41 {
                let bit = next() % 256;
                if let Some(word) = code.0.get_mut(bit as usize / 64) {
                    *word ^= 1 << (bit % 64);
                }
            }
        } else if at % 100 == 7 {
            earlier = code;
        }
        for word in code.0 {
            out.write_all(&word.to_le_bytes())?;
        }
    }
    out.flush()?;
    Ok(())
}

/// All pairs among the codes, and how many of them the first codes are in.
fn itself(file: &str, distance: u32, sample: u32) -> Result<()> {
    let index = index(file, distance)?;
    let (begun, cpu) = (Instant::now(), cpu_seconds()?);
    let (mut pairs, mut of_sample) = (0u64, 0u64);
    index.join_itself(|hit| {
        pairs += 1;
        of_sample += u64::from(hit.asker < sample) + u64::from(hit.stored < sample);
    });
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!(
        "{{\"codes\": {}, \"pairs\": {pairs}, \"of_sample\": {of_sample}, \"wall\": {wall:.4}, \"cpu\": {cpu:.2}, \"peak\": {}}}",
        index.len(),
        peak_bytes()?
    );
    Ok(())
}

/// Codes of a file against stored ones, the file read anew for each pass.
fn stream(stored: &str, asking: &str, distance: u32, batch: usize) -> Result<()> {
    let index = index(stored, distance)?;
    let mut askers = Spool { file: BufReader::with_capacity(1 << 20, File::open(asking)?), asked: 0, batch };
    let (begun, cpu) = (Instant::now(), cpu_seconds()?);
    let mut pairs = 0u64;
    index.join(&mut askers, |_| pairs += 1)?;
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    println!(
        "{{\"codes\": {}, \"asking\": {}, \"pairs\": {pairs}, \"wall\": {wall:.3}, \"cpu\": {cpu:.2}, \"peak\": {}}}",
        index.len(),
        askers.asked,
        peak_bytes()?
    );
    Ok(())
}

struct Spool {
    file: BufReader<File>,
    asked: u32,
    batch: usize,
}

impl Askers for Spool {
    type Error = std::io::Error;

    fn rewind(&mut self) -> std::io::Result<()> {
        self.asked = 0;
        self.file.rewind()
    }

    fn fill(&mut self, batch: &mut Batch) -> std::io::Result<()> {
        while batch.len() < self.batch
            && let Some(code) = read(&mut self.file)?
        {
            batch.push(code, self.asked);
            self.asked += 1;
        }
        Ok(())
    }
}

/// One code at a time against all.
fn query(file: &str, distance: u32) -> Result<()> {
    let mut planes: [Vec<u64>; 4] = Default::default();
    let mut input = BufReader::new(File::open(file)?);
    while let Some(code) = read(&mut input)? {
        planes.iter_mut().zip(code.0).for_each(|(plane, word)| plane.push(word));
    }
    let planes = Planes { words: planes.each_ref().map(Vec::as_slice) };
    let queries: Vec<_> = (0..200)
        .filter_map(|at| {
            Some(Code(
                planes
                    .words
                    .map(|plane| plane.get(at).copied())
                    .into_iter()
                    .collect::<Option<Vec<_>>>()?
                    .try_into()
                    .ok()?,
            ))
        })
        .collect();
    let mut found = 0u64;
    let mut seconds: Vec<_> = queries
        .iter()
        .map(|query| {
            let begun = Instant::now();
            sweep(&[*query], distance, planes, |_| found += 1);
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let begun = cpu_seconds()?;
    let mut again = 0u64;
    sweep(&queries, distance, planes, |_| again += 1);
    let together = (cpu_seconds()? - begun) / queries.len() as f64;
    println!(
        "{{\"queries\": {}, \"found\": {found}, \"again\": {again}, \"median\": {:.6}, \"least\": {:.6}, \"together\": {together:.6}}}",
        queries.len(),
        seconds.get(seconds.len() / 2).copied().unwrap_or_default(),
        seconds.first().copied().unwrap_or_default()
    );
    Ok(())
}

fn index(file: &str, distance: u32) -> Result<Index> {
    let codes = usize::try_from(std::fs::metadata(file)?.len() / 32)?;
    let mut index = Index::with_room(codes, distance);
    let mut input = BufReader::new(File::open(file)?);
    for number in 0.. {
        let Some(code) = read(&mut input)? else { break };
        index.push(code, number);
    }
    Ok(index)
}

fn read(input: &mut BufReader<File>) -> std::io::Result<Option<Code>> {
    let mut bytes = [0; 32];
    if let Err(error) = input.read_exact(&mut bytes) {
        return if error.kind() == std::io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut code = Code::default();
    for (word, bytes) in code.0.iter_mut().zip(bytes.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    Ok(Some(code))
}

/// Seconds of user and system time, by the system's hundredths.
fn cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks: Vec<f64> =
        stat.split_whitespace().skip(13).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// The most memory that was held at once.
fn peak_bytes() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
