//! The work on one file, with as few calls of the system as there can be: one to open it, one for its length, one that
//! reads all of a small file or the first page of a large one, one to close it.

use std::{
    ffi::CStr,
    hint::black_box,
    io,
    ops::ControlFlow,
    os::fd::{AsFd, OwnedFd},
};

use pixtwin_decode::{Error, Format, Header, InMemory, Limits, Sniffed, Source, sniff};
use pixtwin_pixel::{Alpha, CORNER_ROWS, Depth, Digester, Fingerprint, Frame, Row, RowSink};
use rustix::{
    fs::{CWD, Dir, Mode, OFlags, fstat, openat},
    io::pread,
};

use crate::{
    plan::{Job, Plan, Stage},
    tally::{Costs, Moment, Tally, Watch},
    window::Window,
};

/// A file up to this length is read whole at once if it is looked into.
const SMALL_FILE_BYTES: usize = 32 << 10;

/// What is read first of any other file.
const FIRST_BYTES: usize = 4 << 10;

/// How many times its least a decoder is given, as in the program itself: JPEG is faster so.
const GENEROSITY: u64 = 3;

/// What finding a payload may take at least.
const PAYLOAD_LIMIT_BYTES: u64 = 16 << 20;

/// The format of what is no picture.
const NO_PICTURE: &str = "-";

/// Which part of the plan is worked on.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// One stage, measured.
    Only(Stage),
    /// All stages of each file, without measuring any.
    Everything,
}

/// One thread at work.
pub(crate) struct Visitor<'a> {
    plan: &'a Plan,
    scope: Scope,
    watch: Watch,
    /// The folder of the last file, open.
    folder: Option<(usize, OwnedFd)>,
    first: Vec<u8>,
    whole: Vec<u8>,
    pub(crate) tally: Tally,
}

impl<'a> Visitor<'a> {
    /// A thread that works on this scope of a plan.
    pub(crate) fn new(plan: &'a Plan, scope: Scope) -> Self {
        let watch = match scope {
            Scope::Only(_) => Watch::running(),
            Scope::Everything => Watch::stopped(),
        };
        let first = vec![0; SMALL_FILE_BYTES];
        Self { plan, scope, watch, folder: None, first, whole: Vec::new(), tally: Tally::default() }
    }

    /// Does what the scope asks of one folder or file.
    pub(crate) fn visit(&mut self, job: &Job) {
        let Some(name) = &job.name else {
            let start = self.watch.now();
            let names = self.list(job.folder);
            let costs = Costs { files: 1, bytes: *names.as_ref().unwrap_or(&0), ..Costs::default() };
            return self.note(Stage::Folder, NO_PICTURE, start, costs, names.is_err());
        };
        // A folder that cannot be opened leaves its files to fail by themselves.
        let folder = self.enter(job.folder);
        let start = self.watch.now();
        let looked = folder.map_err(Error::from).and_then(|()| self.look(job, name));
        let first_stage = if job.stages.contains(&Stage::Header) { Stage::Header } else { Stage::Sniff };
        let (format, bytes) = looked.as_ref().map_or((NO_PICTURE, 0), |looked| (looked.format_name(), looked.read));
        let costs = Costs { files: 1, bytes: bytes as u64, ..Costs::default() };
        self.note(first_stage, format, start, costs, looked.is_err());
        let Ok(looked) = looked else { return };
        for stage in job.stages.iter().filter(|stage| **stage > Stage::Header) {
            if !matches!(self.scope, Scope::Only(only) if only != *stage) {
                let start = self.watch.now();
                let worked = self.work(*stage, &looked);
                let costs = *worked.as_ref().unwrap_or(&Costs::default());
                self.note(*stage, looked.format_name(), start, Costs { files: 1, ..costs }, worked.is_err());
            }
        }
    }

    fn note(&mut self, stage: Stage, format: &'static str, start: Option<Moment>, mut costs: Costs, has_failed: bool) {
        (costs.cpu, costs.busy) = self.watch.since(start);
        costs.failed = u64::from(has_failed);
        match self.scope {
            Scope::Only(only) if only != stage => {}
            Scope::Only(_) => self.tally.note(stage, format, costs),
            Scope::Everything if stage == Stage::Folder => {}
            Scope::Everything => {
                self.tally.opens += u64::from(matches!(stage, Stage::Sniff | Stage::Header));
                self.tally.bytes_read += costs.bytes;
            }
        }
    }

    fn list(&self, folder: usize) -> io::Result<u64> {
        let path = self.plan.folders.get(folder).ok_or(io::ErrorKind::NotFound)?;
        let folder = openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut names = 0;
        for name in Dir::new(folder)? {
            names += u64::from(!name?.file_name().to_bytes().starts_with(b"."));
        }
        Ok(names)
    }

    fn enter(&mut self, folder: usize) -> io::Result<()> {
        if self.folder.as_ref().is_none_or(|(open, _)| *open != folder) {
            let path = self.plan.folders.get(folder).ok_or(io::ErrorKind::NotFound)?;
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            self.folder = Some((folder, openat(CWD, path, flags, Mode::empty())?));
        }
        Ok(())
    }

    /// Opens a file, reads its start and learns what it is.
    fn look(&mut self, job: &Job, name: &CStr) -> Result<Looked, Error> {
        let folder = self.folder.as_ref().map_or(CWD, |(_, folder)| folder.as_fd());
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
        let fd = openat(folder, name, flags, Mode::empty()).map_err(io::Error::from)?;
        let file_bytes = u64::try_from(fstat(&fd).map_err(io::Error::from)?.st_size).unwrap_or_default();
        let is_small = job.goes_on() && file_bytes <= SMALL_FILE_BYTES as u64;
        let wanted = if is_small { SMALL_FILE_BYTES } else { FIRST_BYTES };
        let into = self.first.get_mut(..wanted).unwrap_or_default();
        let read = pread(&fd, into, 0).map_err(io::Error::from)?;
        let start = self.first.get(..read).unwrap_or_default();
        let mut looked = Looked { fd, file_bytes, start: read, read, picture: None };
        let extension = name.to_bytes().rsplit(|byte| *byte == b'.').next();
        if read as u64 == file_bytes {
            looked.picture = header_of(&mut InMemory::new(start), extension, job)?;
        } else {
            let mut window = Window::new(&looked.fd, file_bytes, start);
            let picture = header_of(&mut window, extension, job)?;
            let more = usize::try_from(window.bytes_read).unwrap_or_default();
            (looked.picture, looked.read) = (picture, read + more);
        }
        Ok(looked)
    }

    /// Does the work of one stage on a file that was looked at.
    fn work(&mut self, stage: Stage, looked: &Looked) -> Result<Costs, Error> {
        let (format, header) = looked.picture.ok_or(io::Error::from(io::ErrorKind::InvalidData))?;
        let start = self.first.get(..looked.start).unwrap_or_default();
        let is_in_memory = start.len() as u64 == looked.file_bytes;
        if stage == Stage::Head {
            let (rows, bytes) = if is_in_memory {
                (first_rows(format, &header, &mut InMemory::new(start))?, 0)
            } else {
                let mut window = Window::new(&looked.fd, looked.file_bytes, start);
                (first_rows(format, &header, &mut window)?, window.bytes_read)
            };
            match rows.learnt.heads.first().copied().flatten() {
                Some(key) if self.watch.now().is_some() => {
                    self.tally.heads.push((header.width, header.height, key));
                }
                Some(_) => {}
                None => self.tally.margins += 1,
            }
            return Ok(Costs { bytes, pixels: rows.pixels, ..Costs::default() });
        }
        let (whole, bytes) = if is_in_memory {
            (start, 0)
        } else {
            let read = read_whole(&looked.fd, looked.file_bytes, start, &mut self.whole)?;
            (self.whole.get(..read).unwrap_or_default(), (read - start.len()) as u64)
        };
        let costs = Costs { bytes, ..Costs::default() };
        match stage {
            Stage::Bytes => {
                black_box(blake3::hash(whole));
            }
            Stage::Payload => {
                let limits = Limits { memory_bytes: header.whole_bytes.max(PAYLOAD_LIMIT_BYTES) };
                black_box(format.payload(&mut InMemory::new(whole), limits)?);
            }
            _ => return Ok(Costs { pixels: whole_picture(format, &header, whole)?, ..costs }),
        }
        Ok(Costs { hashed: whole.len() as u64, ..costs })
    }
}

/// What was learnt by opening a file.
struct Looked {
    fd: OwnedFd,
    file_bytes: u64,
    /// How much of the start of the file is held.
    start: usize,
    /// How much was read so far, for its header too.
    read: usize,
    picture: Option<(Format, Header)>,
}

impl Looked {
    fn format_name(&self) -> &'static str {
        self.picture.map_or(NO_PICTURE, |(format, _)| format.name())
    }
}

fn header_of(source: &mut dyn Source, extension: Option<&[u8]>, job: &Job) -> Result<Option<(Format, Header)>, Error> {
    match sniff(source, extension)? {
        Sniffed::Picture(format) if job.stages != [Stage::Sniff] => Ok(Some((format, format.header(source)?))),
        _ => Ok(None),
    }
}

fn read_whole(fd: &OwnedFd, file_bytes: u64, start: &[u8], into: &mut Vec<u8>) -> io::Result<usize> {
    let len = usize::try_from(file_bytes).unwrap_or(usize::MAX);
    if into.len() < len {
        into.resize(len, 0);
    }
    let into = into.get_mut(..len).unwrap_or_default();
    let mut filled = start.len().min(len);
    if let (Some(head), Some(start)) = (into.get_mut(..filled), start.get(..filled)) {
        head.copy_from_slice(start);
    }
    while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match pread(fd, rest, filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// What decoding gave.
struct Decoded {
    learnt: Fingerprint,
    pixels: u64,
}

fn first_rows(format: Format, header: &Header, source: &mut dyn Source) -> Result<Decoded, Error> {
    // A decoder that would soon be at the end anyway is faster if it is not told to stop.
    let stops = header.stops_early() && header.height > CORNER_ROWS * 2;
    let depth = if stops { Depth::Corner } else { Depth::Whole };
    let memory_bytes = if stops { header.head_bytes } else { header.whole_bytes }.saturating_mul(GENEROSITY);
    let digester = Digester::new(Alpha::Exact, Depth::Corner);
    let mut sink = Counting { digester, rows_left: u64::from(CORNER_ROWS), pixels: 0 };
    format.rows(source, depth, Limits { memory_bytes }, &mut sink)?;
    Ok(Decoded { learnt: black_box(sink.digester.finish()), pixels: sink.pixels })
}

fn whole_picture(format: Format, header: &Header, bytes: &[u8]) -> Result<u64, Error> {
    let memory_bytes = header.whole_bytes.saturating_mul(GENEROSITY);
    let digester = Digester::new(Alpha::Exact, Depth::Whole);
    let mut sink = Counting { digester, rows_left: u64::MAX, pixels: 0 };
    format.rows(&mut InMemory::new(bytes), Depth::Whole, Limits { memory_bytes }, &mut sink)?;
    black_box(sink.digester.finish());
    Ok(sink.pixels)
}

/// Passes so many rows on, and counts their pixels.
struct Counting {
    digester: Digester,
    rows_left: u64,
    pixels: u64,
}

impl RowSink for Counting {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.digester.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.digester.frame(frame)
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.pixels += row.width() as u64;
        self.rows_left -= 1;
        let asked = self.digester.row(row);
        if self.rows_left == 0 { ControlFlow::Break(()) } else { asked }
    }
}
