//! The text header of a PNM file.

use std::io::{Read, SeekFrom};

use pixtwin_pixel::Channels;

use crate::{Error, Source};

/// How the raster is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// `P1`: digits, 1 for black.
    PlainBits,
    /// `P2`, `P3`: decimal numbers.
    PlainNumbers,
    /// `P4`: eight pixels a byte, 1 for black.
    RawBits,
    /// `P5`, `P6`, `P7`: one byte a sample, or two, the high one first, if the maximum is above 255.
    RawSamples,
}

/// What is known of one picture of the file before its raster.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) coding: Coding,
    pub(super) channels: Channels,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The sample that stands for full intensity.
    pub(super) max: u32,
    /// Where the raster begins, in bytes.
    pub(super) raster_at: u64,
    /// The comments of the header.
    pub(super) comments: Vec<Vec<u8>>,
}

/// Longest header comment that is kept, in bytes: more is no comment a person wrote.
const COMMENT_BYTES: usize = 64 << 10;

/// Comments that were passed over, if they are wanted.
#[derive(Default)]
pub(super) struct Scan {
    comments: Option<Vec<Vec<u8>>>,
}

impl Picture {
    /// The picture at the start of the file.
    pub(super) fn first(source: &mut dyn Source) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let picture = Self::read(source)?;
        picture.check_len(source)?;
        Ok(picture)
    }

    /// The picture that follows in the same file, if one does. Only raw pictures can be followed; bytes that are no
    /// header are no picture.
    pub(super) fn next(&self, source: &mut dyn Source) -> Result<Option<Self>, Error> {
        if self.raster_bytes().is_none() {
            return Ok(None);
        }
        let end = self.end(source);
        if end >= source.byte_len() {
            return Ok(None);
        }
        source.seek(SeekFrom::Start(end))?;
        while source.fill_buf()?.first().is_some_and(|&byte| at_white_space(byte)) {
            source.consume(1);
        }
        let start = source.stream_position()?;
        let mut signature = Vec::with_capacity(3);
        (&mut *source).take(3).read_to_end(&mut signature)?;
        // What begins as a picture and is none that can be read is a lost picture; any other bytes are none. A
        // signature that the end of the file cuts off is taken for one.
        match *signature.as_slice() {
            [b'P', b'1'..=b'7', end] if at_white_space(end) || end == b'#' => {}
            [b'P'] | [b'P', b'1'..=b'7'] => {}
            _ => return Ok(None),
        }
        source.seek(SeekFrom::Start(start))?;
        let picture = Self::read(source)?;
        picture.check_len(source)?;
        Ok(Some(picture))
    }

    /// Where the raster ends. For a plain picture, the end of the file without white space is not searched: plain
    /// pictures end with the file.
    pub(super) fn end(&self, source: &dyn Source) -> u64 {
        self.raster_bytes().map_or(source.byte_len(), |len| self.raster_at.saturating_add(len))
    }

    /// Length of a raw raster.
    pub(super) fn raster_bytes(&self) -> Option<u64> {
        let is_raw = matches!(self.coding, Coding::RawBits | Coding::RawSamples);
        is_raw.then(|| (self.raw_row_bytes() as u64).saturating_mul(u64::from(self.height)))
    }

    /// Bytes of one row of a raw raster.
    pub(super) fn raw_row_bytes(&self) -> usize {
        let samples = (self.width as usize).saturating_mul(self.channels.count());
        match (self.coding, self.max) {
            (Coding::RawBits | Coding::PlainBits, _) => samples.div_ceil(8),
            (_, 0..=255) => samples,
            _ => samples.saturating_mul(2),
        }
    }

    /// The buffers of one row: as in the file, as numbers, as eight-bit samples.
    pub(super) fn memory_bytes(&self) -> u64 {
        let samples = u64::from(self.width) * self.channels.count() as u64;
        self.raw_row_bytes() as u64 + 3 * samples + 4096
    }

    /// Refuses a file that is too short for its raster, before anything is allocated for it.
    fn check_len(&self, source: &dyn Source) -> Result<(), Error> {
        let samples = u64::from(self.width) * u64::from(self.height);
        let least = match self.coding {
            Coding::PlainBits => samples,
            // A digit and a blank each, but no blank after the last.
            Coding::PlainNumbers => samples.saturating_mul(2 * self.channels.count() as u64).saturating_sub(1),
            Coding::RawBits | Coding::RawSamples => self.raster_bytes().unwrap_or(0),
        };
        let left = source.byte_len().saturating_sub(self.raster_at);
        if self.width == 0 || self.height == 0 {
            return Err(Error::corrupt(format!("the header says {} x {} pixels", self.width, self.height)));
        }
        if left < least {
            return Err(Error::corrupt(format!(
                "the file has {left} bytes for a raster of {} x {} that needs {least}",
                self.width, self.height
            )));
        }
        Ok(())
    }

    fn read(source: &mut dyn Source) -> Result<Self, Error> {
        let mut scan = Scan { comments: Some(Vec::new()) };
        let magic = [required(source)?, required(source)?];
        if magic == *b"P7" {
            return read_pam(source);
        }
        let (coding, channels) = match &magic {
            b"P1" => (Coding::PlainBits, Channels::Grey),
            b"P2" => (Coding::PlainNumbers, Channels::Grey),
            b"P3" => (Coding::PlainNumbers, Channels::Rgb),
            b"P4" => (Coding::RawBits, Channels::Grey),
            b"P5" => (Coding::RawSamples, Channels::Grey),
            b"P6" => (Coding::RawSamples, Channels::Rgb),
            _ => return Err(Error::corrupt("no PNM signature")),
        };
        let mut number = || next_number(source, &mut scan)?.ok_or_else(|| Error::corrupt(format!("{ENDS} the header")));
        let (width, height) = (number()?, number()?);
        let max = if matches!(coding, Coding::PlainBits | Coding::RawBits) { 1 } else { number()? };
        check_max(max)?;
        let raster_at = source.stream_position()?;
        let comments = scan.comments.unwrap_or_default();
        Ok(Self { coding, channels, width, height, max, raster_at, comments })
    }
}

/// What a cut header is told by.
const ENDS: &str = "the file ends within";

fn check_max(max: u32) -> Result<(), Error> {
    if max == 0 || max > 65535 {
        return Err(Error::corrupt(format!("the maximum of a sample must be 1 to 65535: {max}")));
    }
    Ok(())
}

/// The header of a PAM file after its magic number: lines of a word and a value, up to `ENDHDR`.
fn read_pam(source: &mut dyn Source) -> Result<Picture, Error> {
    let (mut width, mut height, mut depth, mut max) = (None, None, None, None);
    let mut tuple_type: Vec<u8> = Vec::new();
    let mut comments = Vec::new();
    if !read_line(source)?.is_empty() {
        return Err(Error::corrupt("the PAM signature does not end its line"));
    }
    loop {
        let line = read_line(source)?;
        let line = line.trim_ascii();
        if let Some(comment) = line.strip_prefix(b"#") {
            comments.push(comment.to_vec());
            continue;
        }
        let split = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        let (word, value) = line.split_at_checked(split).unwrap_or((line, b""));
        let value = value.trim_ascii();
        let number = || {
            let text = std::str::from_utf8(value).ok().and_then(|text| text.parse::<u32>().ok());
            text.ok_or_else(|| Error::corrupt("a size in the PAM header is no number"))
        };
        match word {
            b"" => {}
            b"ENDHDR" => break,
            b"WIDTH" => width = Some(number()?),
            b"HEIGHT" => height = Some(number()?),
            b"DEPTH" => depth = Some(number()?),
            b"MAXVAL" => max = Some(number()?),
            b"TUPLTYPE" if tuple_type.is_empty() => tuple_type.extend_from_slice(value),
            b"TUPLTYPE" => tuple_type = [&tuple_type, value].join(&b' '),
            _ => return Err(Error::corrupt("the PAM header has a line of an unknown kind")),
        }
    }
    let (Some(width), Some(height), Some(depth), Some(max)) = (width, height, depth, max) else {
        return Err(Error::corrupt("the PAM header lacks a size, the depth or the maximum"));
    };
    check_max(max)?;
    let channels = match (tuple_type.as_slice(), depth) {
        (b"BLACKANDWHITE" | b"GRAYSCALE" | b"", 1) => Channels::Grey,
        (b"BLACKANDWHITE_ALPHA" | b"GRAYSCALE_ALPHA", 2) => Channels::GreyAlpha,
        (b"RGB" | b"", 3) => Channels::Rgb,
        (b"RGB_ALPHA", 4) => Channels::Rgba,
        _ => {
            let name: String = tuple_type.escape_ascii().to_string().chars().take(40).collect();
            return Err(Error::unsupported(format!("PAM of {depth} planes and tuple type `{name}`")));
        }
    };
    let raster_at = source.stream_position()?;
    Ok(Picture { coding: Coding::RawSamples, channels, width, height, max, raster_at, comments })
}

/// One line without its end.
fn read_line(source: &mut dyn Source) -> Result<Vec<u8>, Error> {
    let mut line = Vec::new();
    loop {
        match required(source)? {
            b'\n' => return Ok(line),
            byte => line.push(byte),
        }
        if line.len() > COMMENT_BYTES {
            return Err(Error::corrupt("the PAM header has a line without end"));
        }
    }
}

fn required(source: &mut dyn Source) -> Result<u8, Error> {
    raw_byte(source)?.ok_or_else(|| Error::corrupt(format!("{ENDS} the header")))
}

fn raw_byte(source: &mut dyn Source) -> Result<Option<u8>, Error> {
    let byte = source.fill_buf()?.first().copied();
    if byte.is_some() {
        source.consume(1);
    }
    Ok(byte)
}

/// The next byte; a comment counts as the end of line that ends it.
pub(super) fn next_byte(source: &mut dyn Source, scan: &mut Scan) -> Result<Option<u8>, Error> {
    let byte = raw_byte(source)?;
    if byte != Some(b'#') {
        return Ok(byte);
    }
    let mut comment = Vec::new();
    loop {
        match raw_byte(source)? {
            None => return Ok(None),
            Some(end @ (b'\n' | b'\r')) => {
                if let Some(comments) = &mut scan.comments {
                    comments.push(comment);
                }
                return Ok(Some(end));
            }
            Some(byte) if scan.comments.is_some() && comment.len() < COMMENT_BYTES => comment.push(byte),
            Some(_) => {}
        }
    }
}

/// The next decimal number, and one byte after it taken away; none at the end of the file.
pub(super) fn next_number(source: &mut dyn Source, scan: &mut Scan) -> Result<Option<u32>, Error> {
    let mut byte = next_byte(source, scan)?;
    while byte.is_some_and(at_white_space) {
        byte = next_byte(source, scan)?;
    }
    let mut number: Option<u32> = None;
    loop {
        match byte {
            Some(digit @ b'0'..=b'9') => {
                let sum = number.unwrap_or(0).checked_mul(10).and_then(|ten| ten.checked_add(u32::from(digit - b'0')));
                number = Some(sum.ok_or_else(|| Error::corrupt("a number is too large"))?);
            }
            None => return Ok(number),
            Some(end) if number.is_some() && at_white_space(end) => return Ok(number),
            Some(other) => return Err(Error::corrupt(format!("a number is expected, not the byte {other:#04x}"))),
        }
        byte = next_byte(source, scan)?;
    }
}

/// White space as C's `isspace` has it, which Netpbm uses.
pub(super) const fn at_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}
