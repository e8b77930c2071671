//! Small copies of pictures to look at, made from open files within the memory and the time that are given.

use std::{
    fs::File,
    io::{self, BufRead, Read, Seek, SeekFrom},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use pixtwin_decode::{Error, Format, Header, Limits, Sniffed, Source, sniff};
use pixtwin_pixel::{Depth, Frame, Reduced, ReducedSink, Row, RowSink, Turn, fitted};

pub use compared::{Compared, NotCompared};
pub use metadata::{Beside, BesideRow, beside_table};

use crate::{
    budget::{Budget, Charge},
    file::words_of,
    look::{HEADER_WINDOW_BYTES, WHOLE_WINDOW_BYTES, extension_of, still_unchanged},
    open_files::OpenFile,
    opened::Opened,
    progress::Progress,
};

/// The longest side of a copy.
pub const LONGEST_SIDE: u32 = 16_384;

/// How many times its least a decoder is given where there is room: JPEG is 1.8 times as fast with 2.7 times as much.
const GENEROSITY: u64 = 3;

/// What the caller may hold beside a copy while it uses it, as a multiple of its bytes.
const COPIES_HELD: u64 = 4;

/// A picture of more pixels than this is not shown: it would take minutes.
const MOST_PIXELS: u64 = 2_000_000_000;

/// Why a picture is not shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotShown {
    /// It is in a format, or uses a part of one, that is not read: `HEIC pictures are not supported`.
    #[error("{0}")]
    Unsupported(String),
    /// The file is damaged or cut short, and why, as a clause.
    #[error("{0}")]
    Corrupt(String),
    /// It needs more memory than there is for all pictures.
    #[error("{0}")]
    TooLarge(String),
    /// It took longer than it may.
    #[error("it took longer than {} s", .0.as_secs_f32())]
    TooSlow(Duration),
    /// The content is that of no picture.
    #[error("not a picture in any known format")]
    NoPicture,
    /// The system could not read it, or it changed meanwhile, and why, as a clause.
    #[error("{0}")]
    Unreadable(String),
}

/// Which way up a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// As a viewer shows it, which goes by the orientation in the metadata; the first page's, if there are several.
    AsShown,
    /// The stored picture after this turn.
    Turned(Turn),
}

/// A copy of a picture, to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The copy: the first frame, reduced by taking means, turned as asked. A picture smaller than asked for is as it is.
    pub copy: Reduced,
    /// Width and height of the whole picture, turned in the same way.
    pub whole: (u32, u32),
    /// The name of its format.
    pub format: &'static str,
}

/// Makes copies of pictures, from several threads at once: all decoders together stay within one budget of memory, and each
/// picture has the same time.
///
/// # Cost
/// Most pictures are reduced row by row as they are decoded; those whose decoder holds them whole are held by it.
pub struct Previews {
    pub(crate) budget: Budget,
    pub(crate) time: Duration,
    pub(crate) progress: Progress,
}

impl Previews {
    /// Copies made with so much memory, and so much time a picture, once there is room for it.
    #[must_use]
    pub fn new(memory_bytes: u64, time: Duration) -> Self {
        Self { budget: Budget::new(memory_bytes, 1), time, progress: Progress::default() }
    }

    /// Makes a copy of the picture with no side longer than `side` pixels, and uses it: the memory of the copy, and three times as
    /// much for what is made of it, is charged until `with` is done. `side` counts as 1 to [`LONGEST_SIDE`].
    ///
    /// Colours are those stored: no profile is applied; inks are shown as light in the plainest way. A picture whose end is
    /// missing or damaged is not shown at all; of several frames only the first is looked at.
    ///
    /// # Errors
    /// Why there is no copy.
    ///
    /// # Cost
    /// Decodes one frame; waits for memory that others hold. The time is looked at with every row and every read: a decoder
    /// that does neither for long is not broken off.
    pub fn with<T>(&self, file: &File, side: u32, up: Up, with: impl FnOnce(Preview) -> T) -> Result<T, NotShown> {
        let side = side.clamp(1, LONGEST_SIDE);
        let open = OpenFile::new(file).map_err(|refusal| NotShown::Unreadable(refusal.into()))?;
        let (format, header) = self.identify(&open)?;
        let size = fitted((header.width, header.height), side);
        let copy_bytes = u64::from(size.0) * u64::from(size.1) * 4 * COPIES_HELD;
        let mut sink = ReducedSink::new(side);
        let (charge, limits) = self.charge(header.whole_bytes, copy_bytes)?;
        self.decode(&open, format, limits, &mut sink)?;
        let turn = match up {
            Up::Turned(turn) => turn,
            Up::AsShown => self.orientation(&open, format),
        };
        let promised = |whole: &(u32, u32)| *whole == (header.width, header.height);
        let (copy, whole) = sink.finish().filter(|(_, whole)| promised(whole)).ok_or_else(other_rows)?;
        let (copy, whole) = (copy.turned(turn), turn.size(whole));
        let done = with(Preview { copy, whole, format: format.name() });
        drop(charge);
        Ok(done)
    }

    /// Which format it has, and what its header promises.
    pub(crate) fn identify(&self, open: &OpenFile<'_>) -> Result<(Format, Header), NotShown> {
        let mut source = self.source(open, HEADER_WINDOW_BYTES, Instant::now());
        let format = match sniff(&mut source, extension_of(&open.name)).map_err(|cause| self.not_shown(&cause))? {
            Sniffed::Picture(format) => format,
            Sniffed::Unsupported(name) => {
                return Err(NotShown::Unsupported(format!("{name} pictures are not supported")));
            }
            Sniffed::Other => return Err(NotShown::NoPicture),
        };
        let header = format.header(&mut source).map_err(|cause| self.not_shown(&cause))?;
        if u64::from(header.width) * u64::from(header.height) > MOST_PIXELS {
            let most = MOST_PIXELS / 1_000_000;
            return Err(NotShown::TooLarge(format!("it has more than {most} million pixels")));
        }
        Ok((format, header))
    }

    /// Memory for decoders that hold at most so much at once, and for what is held beside them; more, if there is much.
    pub(crate) fn charge(&self, decoder_bytes: u64, beside_bytes: u64) -> Result<(Charge<'_>, Limits), NotShown> {
        let least = decoder_bytes.saturating_add(beside_bytes);
        let ample = decoder_bytes.saturating_mul(GENEROSITY).saturating_add(beside_bytes);
        let charge = self.budget.take(ample.min(self.budget.share()).max(least));
        let too_large = || self.not_shown(&Error::TooLarge { needed: least, budget: self.budget.most() });
        let charge = charge.ok_or_else(too_large)?;
        let limits = Limits { memory_bytes: charge.bytes().saturating_sub(beside_bytes) };
        Ok((charge, limits))
    }

    /// Decodes the first frame into a sink.
    pub(crate) fn decode(
        &self,
        open: &OpenFile<'_>,
        format: Format,
        limits: Limits,
        sink: &mut dyn RowSink,
    ) -> Result<(), NotShown> {
        let begun = Instant::now();
        let mut first = FirstFrame { sink, frames: 0, ends: begun + self.time, is_late: false };
        let mut source = self.source(open, WHOLE_WINDOW_BYTES, begun);
        let decoded = format.rows(&mut source, Depth::Whole, limits, &mut first);
        // Whatever the decoder made of it.
        if first.is_late || source.is_late {
            return Err(NotShown::TooSlow(self.time));
        }
        decoded.map_err(|cause| self.not_shown(&cause))?;
        unchanged(open)
    }

    /// How a viewer turns it; not at all where that cannot be read, for the pixels could.
    fn orientation(&self, open: &OpenFile<'_>, format: Format) -> Turn {
        let mut source = self.source(open, HEADER_WINDOW_BYTES, Instant::now());
        let first_of_several = |_| format.metadata(&mut source).map(|metadata| metadata.orientation);
        let turn = format.orientation(&mut self.source(open, HEADER_WINDOW_BYTES, Instant::now()));
        turn.or_else(first_of_several).unwrap_or_default()
    }

    pub(crate) fn source<'b>(&'b self, open: &OpenFile<'b>, window_bytes: usize, begun: Instant) -> Timed<'b> {
        let opened = Opened::new(open.file, open.identity.bytes, window_bytes, &self.progress);
        Timed { opened, ends: begun + self.time, is_late: false }
    }

    pub(crate) fn not_shown(&self, cause: &Error) -> NotShown {
        match cause {
            Error::Corrupt(_) => NotShown::Corrupt(cause.to_string()),
            Error::Unsupported(_) => NotShown::Unsupported(cause.to_string()),
            Error::TooLarge { .. } => NotShown::TooLarge(cause.to_string()),
            Error::Io(cause) if cause.kind() == io::ErrorKind::TimedOut => NotShown::TooSlow(self.time),
            // An error of reading that the system has not made is a decoder's.
            Error::Io(cause) if cause.raw_os_error().is_none() => NotShown::Corrupt(words_of(cause)),
            Error::Io(cause) => NotShown::Unreadable(words_of(cause)),
            other => NotShown::Corrupt(other.to_string()),
        }
    }
}

fn unchanged(open: &OpenFile<'_>) -> Result<(), NotShown> {
    still_unchanged(open.file, &open.identity).map_err(|refusal| NotShown::Unreadable(refusal.into()))
}

pub(crate) fn other_rows() -> NotShown {
    NotShown::Corrupt("the decoder gave other rows than its header promised".to_owned())
}

/// Passes the first frame on as long as there is time. A picture of one frame is decoded to its end, so that what is checked
/// there is checked.
struct FirstFrame<'a> {
    sink: &'a mut dyn RowSink,
    frames: u32,
    ends: Instant,
    is_late: bool,
}

impl RowSink for FirstFrame<'_> {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.sink.picture(frames)
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.frames += 1;
        if self.frames > 1 { ControlFlow::Break(()) } else { self.sink.frame(frame) }
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        self.is_late = Instant::now() >= self.ends;
        if self.is_late { ControlFlow::Break(()) } else { self.sink.row(row) }
    }
}

/// A file that cannot be read any more once the time is over.
pub(crate) struct Timed<'a> {
    opened: Opened<'a>,
    ends: Instant,
    is_late: bool,
}

impl Timed<'_> {
    fn in_time(&mut self) -> io::Result<()> {
        self.is_late = Instant::now() >= self.ends;
        if self.is_late { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.in_time()?;
        self.opened.read(into)
    }
}

impl BufRead for Timed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.in_time()?;
        self.opened.fill_buf()
    }

    fn consume(&mut self, taken: usize) {
        self.opened.consume(taken);
    }
}

impl Seek for Timed<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.opened.seek(to)
    }
}

impl Source for Timed<'_> {
    fn byte_len(&self) -> u64 {
        self.opened.byte_len()
    }
}

mod compared;

mod metadata;

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "pictures of tests are small")]
mod tests;
