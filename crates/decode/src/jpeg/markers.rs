//! The walk from marker to marker through a JPEG: it follows lengths and never searches for a marker by its bytes, since
//! the thumbnails inside EXIF are JPEGs of their own.

use std::io::{self, SeekFrom};

use crate::{Error, Source};

pub(super) const DHT: u8 = 0xc4;
pub(super) const DAC: u8 = 0xcc;
pub(super) const EOI: u8 = 0xd9;
pub(super) const SOS: u8 = 0xda;
pub(super) const DQT: u8 = 0xdb;
pub(super) const DRI: u8 = 0xdd;
pub(super) const DHP: u8 = 0xde;
pub(super) const APP0: u8 = 0xe0;
pub(super) const APP14: u8 = 0xee;
pub(super) const APP15: u8 = 0xef;
pub(super) const COM: u8 = 0xfe;
const TEM: u8 = 0x01;
const DNL: u8 = 0xdc;
const SOI: u8 = 0xd8;

/// Stray bytes between two segments that are passed over, as libjpeg passes over any number of them.
const STRAY_BYTES: u64 = 64 * 1024;

/// A position in a JPEG: between two segments, or at the start of a body or of entropy-coded data.
pub(super) struct Markers<'s> {
    pub(super) source: &'s mut dyn Source,
    offset: u64,
    pending: Option<u8>,
}

/// A marker, and how many bytes its segment has after the length.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) code: u8,
    pub(super) len: usize,
}

impl Segment {
    pub(super) const fn is_frame_header(self) -> bool {
        matches!(self.code, 0xc0..=0xcf) && self.code != DHT && self.code != 0xc8 && self.code != DAC
    }

    /// Whether it changes how a decoder reads what follows.
    pub(super) const fn is_table(self) -> bool {
        matches!(self.code, DHT | DAC | DQT | DRI)
    }
}

impl<'s> Markers<'s> {
    /// Starts after the start-of-image marker.
    pub(super) fn open(source: &'s mut dyn Source) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let mut markers = Self { source, offset: 0, pending: None };
        let mut start = [0; 2];
        markers.read(&mut start)?;
        if start != [0xff, SOI] {
            return Err(Error::corrupt("the file does not begin with a start-of-image marker"));
        }
        Ok(markers)
    }

    /// Bytes from the start of the file to here.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes to the next segment, whose body must then be read or skipped.
    pub(super) fn next(&mut self) -> Result<Segment, Error> {
        loop {
            let code = match self.pending.take() {
                Some(code) => code,
                None => self.find()?,
            };
            match code {
                // Restart markers mean nothing outside of entropy-coded data.
                TEM | 0xd0..=0xd7 => {}
                EOI => return Ok(Segment { code, len: 0 }),
                0xc0..=0xcf | SOS | DQT | DRI | DHP | DNL | APP0..=APP15 | COM => {
                    let mut len = [0; 2];
                    self.read(&mut len)?;
                    let Some(len) = usize::from(u16::from_be_bytes(len)).checked_sub(2) else {
                        return Err(Error::corrupt(format!("marker FF{code:02X} has a length below 2")));
                    };
                    return Ok(Segment { code, len });
                }
                SOI => return Err(Error::corrupt("a second picture begins before the end-of-image marker")),
                _ => return Err(Error::corrupt(format!("there is an unknown marker FF{code:02X}"))),
            }
        }
    }

    /// The body of the segment.
    pub(super) fn body(&mut self, segment: Segment) -> Result<Vec<u8>, Error> {
        let mut body = vec![0; segment.len];
        self.read(&mut body)?;
        Ok(body)
    }

    /// Up to `N` bytes from the start of the body, and how many there were; the rest is passed over.
    pub(super) fn start<const N: usize>(&mut self, segment: Segment) -> Result<([u8; N], usize), Error> {
        let mut start = [0; N];
        let had = segment.len.min(N);
        self.read(start.get_mut(..had).unwrap_or_default())?;
        self.skip(Segment { code: segment.code, len: segment.len - had })?;
        Ok((start, had))
    }

    /// Appends marker, length and body of the segment.
    pub(super) fn append(&mut self, segment: Segment, to: &mut Vec<u8>) -> Result<(), Error> {
        let len = u16::try_from(segment.len + 2).unwrap_or(u16::MAX);
        to.extend([0xff, segment.code]);
        to.extend(len.to_be_bytes());
        let body = to.len();
        to.resize(body + segment.len, 0);
        self.read(to.get_mut(body..).unwrap_or_default())
    }

    /// Passes over the body of the segment.
    pub(super) fn skip(&mut self, segment: Segment) -> Result<(), Error> {
        if segment.len == 0 {
            return Ok(());
        }
        // Lengths have 16 bits, so this never fails.
        self.source.seek_relative(i64::try_from(segment.len).unwrap_or(0))?;
        self.offset += segment.len as u64;
        Ok(())
    }

    /// Passes over entropy-coded data up to the next real marker and feeds it to `take`, without the fill bytes before
    /// its restart markers.
    pub(super) fn entropy(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        loop {
            let ready = self.source.fill_buf()?;
            if ready.is_empty() {
                return Err(no_end());
            }
            let plain = plain_run(ready);
            if plain > 0 {
                take(ready.get(..plain).unwrap_or_default());
                self.source.consume(plain);
                self.offset += plain as u64;
                continue;
            }
            let mut first = [0];
            self.read(&mut first)?;
            match self.code()? {
                code @ (0 | 0xd0..=0xd7) => take(&[0xff, code]),
                code => {
                    self.pending = Some(code);
                    return Ok(());
                }
            }
        }
    }

    /// The next marker, wherever it is.
    fn find(&mut self) -> Result<u8, Error> {
        let start = self.offset;
        loop {
            let mut byte = [0];
            self.read(&mut byte)?;
            if byte == [0xff] {
                let code = self.code()?;
                if code != 0 {
                    return Ok(code);
                }
            }
            if self.offset - start > STRAY_BYTES {
                return Err(Error::corrupt("there is no marker after a segment"));
            }
        }
    }

    /// The byte after any number of FF.
    fn code(&mut self) -> Result<u8, Error> {
        loop {
            let mut byte = [0];
            self.read(&mut byte)?;
            let [code] = byte;
            if code != 0xff {
                return Ok(code);
            }
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.source
            .read_exact(bytes)
            .map_err(|cause| if cause.kind() == io::ErrorKind::UnexpectedEof { no_end() } else { Error::Io(cause) })?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

fn no_end() -> Error {
    Error::corrupt("the file ends before its end-of-image marker")
}

/// How many bytes at the start are sure to be entropy-coded data: every FF among them has its 00 or restart code.
fn plain_run(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = first_ff(bytes, at) {
        match bytes.get(found + 1) {
            Some(0 | 0xd0..=0xd7) => at = found + 2,
            _ => return found,
        }
    }
    bytes.len()
}

fn first_ff(bytes: &[u8], from: usize) -> Option<usize> {
    // `contains` compares whole words, `position` single bytes.
    let mut at = from;
    for chunk in bytes.get(from..)?.chunks(64) {
        if chunk.contains(&0xff) {
            return chunk.iter().position(|byte| *byte == 0xff).map(|within| at + within);
        }
        at += chunk.len();
    }
    None
}
