//! Runs the units under callgrind, and reads what it counted.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use serde_json::Value;

use crate::command::{cargo, output, root, run};

/// The function that callgrind counts in; see `benches/units/main.rs`.
const COUNTED: &str = "units::counted";

/// Those whose work is done by threads that the unit starts. Callgrind enters no function of ours there, so the whole
/// process is counted: its start is some thousandths of such a unit.
const THREADED: [&str; 1] = ["scan"];

/// Units that share what they work on and one process.
struct Batch {
    name: String,
    units: Vec<String>,
}

/// Builds the units, and counts the instructions of every one.
///
/// # Errors
/// If they cannot be built, or one of them fails.
///
/// # Cost
/// A process for each batch, as many at a time as the machine has processors.
pub(super) fn count_all() -> Result<BTreeMap<String, u64>, String> {
    let program = build()?;
    // Paths below are given relative to this folder, so that it does not matter where the project lies.
    let folder = root().join("target/instructions");
    empty(&folder).map_err(|cause| format!("cannot make `{}`: {cause}", folder.display()))?;
    run(Command::new(&program).args(["draw", "drawn"]).current_dir(&folder))?;
    let batches = batches(&String::from_utf8_lossy(&output(Command::new(&program).arg("list"))?));
    let waiting = Mutex::new(batches.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut counts = BTreeMap::new();
        while let Some(batch) = next() {
            counts.extend(count(batch, &program, &folder)?);
        }
        Ok::<_, String>(counts)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(batches.len());
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = BTreeMap::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a count was broken off")??);
        }
        Ok(all)
    })
}

/// Builds the units as `cargo bench` does: with the settings of a release.
fn build() -> Result<PathBuf, String> {
    let arguments =
        ["bench", "--quiet", "--package", "pixtwin-benches", "--no-run", "--message-format", "json-render-diagnostics"];
    // What cargo complains about goes to the terminal.
    let messages = output(cargo(&arguments).stderr(Stdio::inherit()))?;
    let is_units = |message: &Value| message.pointer("/target/name").and_then(Value::as_str) == Some("units");
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(is_units)
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo built no program with the units".to_owned())
}

fn empty(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder.join("drawn"))
}

/// Reads lines of a batch and its units.
fn batches(text: &str) -> Vec<Batch> {
    let batch = |line: &str| {
        let (name, units) = line.split_once(' ')?;
        Some(Batch { name: name.to_owned(), units: units.split(' ').map(str::to_owned).collect() })
    };
    text.lines().filter_map(batch).collect()
}

/// The instructions of each unit of a batch.
fn count(batch: &Batch, program: &Path, folder: &Path) -> Result<Vec<(String, u64)>, String> {
    let is_threaded = THREADED.contains(&batch.name.as_str());
    let out = format!("{}.out", batch.name);
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--tool=callgrind", &format!("--callgrind-out-file={out}")]);
    if !is_threaded {
        command.arg("--collect-atstart=no");
        command.args([format!("--toggle-collect={COUNTED}"), format!("--dump-after={COUNTED}")]);
    }
    command.arg(program).args(["count", &batch.name, "drawn"]).current_dir(folder);
    // The environment lies on the stack, and the program may heed it.
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default());
    output(&mut command)?;
    let count_of = |(number, unit): (usize, &String)| {
        // Callgrind numbers what it writes down before the end from 1.
        let name = if is_threaded { out.clone() } else { format!("{out}.{}", number + 1) };
        let profile =
            fs::read_to_string(folder.join(&name)).map_err(|cause| format!("cannot read `{name}`: {cause}"))?;
        let total = total(&profile).filter(|total| *total > 0);
        let total = total.ok_or_else(|| format!("callgrind counted nothing in {}/{unit}", batch.name))?;
        Ok((format!("{}/{unit}", batch.name), total))
    };
    batch.units.iter().enumerate().map(count_of).collect()
}

/// The sum of a profile.
///
/// # Source
/// Callgrind format specification: `totals:` is the cost of all entries, instructions if nothing else is asked for.
fn total(profile: &str) -> Option<u64> {
    profile.lines().rev().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_stands_at_the_end_of_a_profile() {
        assert_eq!(total("events: Ir\nfn=(1) f\n3 12\n\ntotals: 12\n"), Some(12));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn a_batch_is_a_line() {
        let batches = batches("gif header decode\nscan small\n");
        let units: Vec<_> = batches.iter().map(|batch| (batch.name.as_str(), batch.units.len())).collect();
        assert_eq!(units, [("gif", 2), ("scan", 1)]);
    }
}
