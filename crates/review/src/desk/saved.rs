//! What was chosen by hand, kept from one time to the next: an hour of looking is not lost with the page.
//!
//! A line a choice, the last of a group counts. A group is known by its files, so that a choice is found again in every result that
//! has just this group. Whatever is wrong with the file, nothing but choices are lost.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use pixtwin_actions::plan::Task;
use pixtwin_engine::open_regular;
use pixtwin_planning::FoundGroup;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

/// A longer file is written anew, or not read to its end.
const MOST_BYTES: u64 = 16 << 20;

/// The file, and whether it has been opened.
#[derive(Default)]
pub(crate) struct Saved {
    file: Mutex<Option<File>>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    group: String,
    /// Of each file of the group; nothing where the choice was forgotten.
    tasks: Option<Vec<Task>>,
}

impl Saved {
    /// Keeps a choice.
    ///
    /// # Errors
    /// If the disk says no.
    pub(crate) fn keep(&self, folder: &Path, group: &FoundGroup, tasks: Option<&[Task]>) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut line = serde_json::to_vec(&Line { group: name_of(group), tasks: tasks.map(<[Task]>::to_vec) })?;
        line.push(b'\n');
        if file.is_none() {
            *file = Some(open_to_add(&path_in(folder))?);
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(&line))
    }
}

/// What was chosen before, by the names of groups.
pub(crate) struct Recalled(HashMap<String, Vec<Task>>);

impl Recalled {
    /// Reads what was kept in this folder; nothing where nothing can be read.
    pub(crate) fn from(folder: &Path) -> Self {
        let path = path_in(folder);
        let Ok(mut file) = open_regular(&path) else { return Self(HashMap::new()) };
        let bytes = file.metadata().map_or(0, |metadata| metadata.len());
        // The last ones count. A line that this begins in the middle of is none.
        let from = bytes.saturating_sub(2 * MOST_BYTES);
        if file.seek(SeekFrom::Start(from)).is_err() {
            return Self(HashMap::new());
        }
        let mut known = HashMap::new();
        for line in BufReader::new(file.take(2 * MOST_BYTES)).split(b'\n').map_while(Result::ok) {
            // Another process may have been cut off in the middle of one.
            let Ok(Line { group, tasks }) = serde_json::from_slice(&line) else { continue };
            match tasks {
                Some(tasks) => drop(known.insert(group, tasks)),
                None => drop(known.remove(&group)),
            }
        }
        if bytes > MOST_BYTES {
            // What is left is shorter; where that fails, it is tried again the next time.
            drop(write_anew(&path, &known));
        }
        Self(known)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was chosen for a group with just these files.
    pub(crate) fn of(&self, group: &FoundGroup) -> Option<&[Task]> {
        self.0.get(&name_of(group)).map(Vec::as_slice).filter(|tasks| tasks.len() == group.files.len())
    }
}

/// Opens the file to add to it, without waiting for the other end of a pipe.
fn open_to_add(path: &Path) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join("choices.jsonl")
}

fn write_anew(path: &Path, known: &HashMap<String, Vec<Task>>) -> io::Result<()> {
    let beside = path.with_extension(format!("{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    for (group, tasks) in known {
        serde_json::to_writer(&file, &Line { group: group.clone(), tasks: Some(tasks.clone()) })?;
        file.write_all(b"\n")?;
    }
    fs::rename(beside, path)
}

/// A hash of what a group is: its tier and digests, and the names and lengths of its files.
fn name_of(group: &FoundGroup) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[group.tier as u8]);
    // Another picture in files of the same names and lengths is another group.
    hasher.update(group.digest.map_or([0; 32], |digest| digest.0).as_slice());
    hasher.update(group.blake3.unwrap_or_default().as_slice());
    for file in &group.files {
        for path in &file.paths {
            // Relative paths mean something else in another folder.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            hasher.update(path.as_os_str().as_bytes()).update(&[0]);
        }
        hasher.update(&file.bytes.to_le_bytes());
        hasher.update(file.host.as_deref().unwrap_or_default().as_bytes()).update(&[0]);
        hasher.update(file.digest.map_or([0; 32], |digest| digest.0).as_slice());
    }
    hasher.finalize().to_hex().as_str().chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use pixtwin_actions::plan::Tier;
    use pixtwin_planning::FoundFile;

    use super::*;

    fn group(names: &[&str]) -> FoundGroup {
        let file = |name: &&str| FoundFile {
            paths: vec![name.into()],
            host: None,
            is_here: true,
            bytes: 7,
            format: "PNG".into(),
            proof: "pixels".into(),
            is_repeated: false,
            is_equal: true,
            size: None,
            digest: None,
            nearness: None,
            differs: Vec::new(),
        };
        let files = names.iter().map(file).collect();
        let (size, digest, blake3) = (None, None, None);
        FoundGroup { number: 1, tier: Tier::Pixels, digest, blake3, size, freed_bytes: 0, files }
    }

    #[test]
    fn choices_are_found_again_for_the_very_group_they_were_made_for() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (group(&["/a", "/b"]), group(&["/a", "/c"]));
        let keep =
            |group: &FoundGroup, tasks: Option<&[Task]>| Saved::default().keep(dir.path(), group, tasks).unwrap();
        keep(&one, Some(&[Task::Keep, Task::Remove]));
        OpenOptions::new()
            .append(true)
            .open(path_in(dir.path()))
            .unwrap()
            .write_all(b"{\"group\":\"cut\n\xff\n")
            .unwrap();
        keep(&one, Some(&[Task::Remove, Task::Keep]));
        keep(&other, Some(&[Task::Keep, Task::Leave]));
        keep(&other, None);
        let recalled = Recalled::from(dir.path());
        assert_eq!(recalled.of(&one), Some([Task::Remove, Task::Keep].as_slice()));
        assert_eq!(recalled.of(&other), None);
        assert_eq!(recalled.of(&group(&["/a", "/b", "/c"])), None);
        assert!(Recalled::from(&dir.path().join("none")).is_empty());
    }

    #[test]
    fn a_long_file_is_written_anew() {
        let dir = tempfile::tempdir().unwrap();
        let one = group(&["/a", "/b"]);
        Saved::default().keep(dir.path(), &one, Some(&[Task::Keep, Task::Remove])).unwrap();
        let line = fs::read(path_in(dir.path())).unwrap();
        fs::write(path_in(dir.path()), line.repeat(usize::try_from(MOST_BYTES).unwrap() / line.len() + 2)).unwrap();
        for _ in 0..2 {
            assert!(Recalled::from(dir.path()).of(&one).is_some());
            assert_eq!(fs::read(path_in(dir.path())).unwrap(), line);
        }
    }
}
