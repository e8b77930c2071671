//! Opens every file below a folder and reads its first 512 bytes, on several threads, and nothing more: the yardstick for
//! a search that has to look at every file once.
//!
//! ```text
//! cargo build --release -p pixtwin-decode --example bare_walk
//! target/release/examples/bare_walk FOLDER [THREADS]
//! ```
//!
//! Prints one line: the files, the bytes read, the files that could not be read, and the time. Hidden files and links are
//! passed over, as by the program itself.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::{
    env,
    ffi::{CStr, CString},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::ffi::OsStringExt,
    },
    process::ExitCode,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::Instant,
};

use rustix::{
    fs::{CWD, Dir, FileType, Mode, OFlags, openat},
    io::pread,
};

/// What is read of each file.
const START_BYTES: usize = 512;

/// How many files a thread takes at once: the threads share a large folder, too.
const BATCH_FILES: usize = 64;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(root) = arguments.next().and_then(|root| CString::new(root.into_vec()).ok()) else {
        eprintln!("usage: bare_walk FOLDER [THREADS]");
        return ExitCode::from(2);
    };
    let all = thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.next().and_then(|number| number.to_str()?.parse().ok()).unwrap_or(all);
    let start = Instant::now();
    let walk = Walk::default();
    walk.put(vec![Work::Folder(root)]);
    let counts = thread::scope(|scope| {
        let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(|| walk.work())).collect();
        started.into_iter().filter_map(|thread| thread.join().ok()).fold(Counts::default(), Counts::plus)
    });
    let Counts { files, bytes, failed } = counts;
    println!("{files} files, {bytes} bytes, {failed} failed, {} us", start.elapsed().as_micros());
    ExitCode::SUCCESS
}

/// A folder to list, or some of its files to read.
enum Work {
    Folder(CString),
    Files(Arc<OwnedFd>, Vec<CString>),
}

/// What is left to do.
#[derive(Default)]
struct Walk {
    left: Mutex<Left>,
    has_changed: Condvar,
}

#[derive(Default)]
struct Left {
    work: Vec<Work>,
    /// Threads at work, which may find more.
    busy: usize,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    files: u64,
    bytes: u64,
    failed: u64,
}

impl Counts {
    fn plus(self, other: Self) -> Self {
        Self { files: self.files + other.files, bytes: self.bytes + other.bytes, failed: self.failed + other.failed }
    }
}

impl Walk {
    fn put(&self, mut work: Vec<Work>) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).work.append(&mut work);
        self.has_changed.notify_all();
    }

    /// Works until nothing is left and nobody can find more.
    fn work(&self) -> Counts {
        let mut counts = Counts::default();
        let mut is_busy = false;
        loop {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.busy -= usize::from(is_busy);
            let work = loop {
                match left.work.pop() {
                    Some(work) => break work,
                    None if left.busy == 0 => {
                        self.has_changed.notify_all();
                        return counts;
                    }
                    None => left = self.has_changed.wait(left).unwrap_or_else(PoisonError::into_inner),
                }
            };
            left.busy += 1;
            is_busy = true;
            drop(left);
            match work {
                Work::Folder(path) => counts.failed += u64::from(self.list(&path).is_err()),
                Work::Files(folder, names) => {
                    counts = names.iter().map(|name| read_start(&folder, name)).fold(counts, Counts::plus);
                }
            }
        }
    }

    /// Lists a folder, and puts what is in it among the work.
    fn list(&self, path: &CStr) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = Arc::new(openat(CWD, path, flags, Mode::empty())?);
        let mut names = Vec::new();
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.file_type() {
                _ if name.to_bytes().starts_with(b".") => {}
                FileType::Directory => {
                    let below = [path.to_bytes(), b"/", name.to_bytes()].concat();
                    self.put(vec![Work::Folder(CString::new(below)?)]);
                }
                FileType::RegularFile => names.push(name.to_owned()),
                _ => {}
            }
            if names.len() == BATCH_FILES {
                self.put(vec![Work::Files(Arc::clone(&folder), std::mem::take(&mut names))]);
            }
        }
        if !names.is_empty() {
            self.put(vec![Work::Files(folder, names)]);
        }
        Ok(())
    }
}

fn read_start(folder: &OwnedFd, name: &CStr) -> Counts {
    let read = || -> rustix::io::Result<usize> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let file = openat(folder.as_fd(), name, flags, Mode::empty())?;
        let mut start = [0; START_BYTES];
        pread(&file, &mut start[..], 0)
    };
    match read() {
        Ok(bytes) => Counts { files: 1, bytes: bytes as u64, failed: 0 },
        Err(_) => Counts { files: 1, bytes: 0, failed: 1 },
    }
}
