//! What stands before the image data, and decides what it means.

use super::{
    chunk::{Chunk, Chunks, check_sequence},
    expand::Colors,
    ihdr::{Color, Ihdr},
};
use crate::Error;

/// What was read up to the first image data.
pub(super) struct Parts {
    pub(super) ihdr: Ihdr,
    /// The palette as stored, of a picture that uses one.
    pub(super) palette: Vec<u8>,
    /// The transparency as stored, if it counts.
    pub(super) transparency: Vec<u8>,
    /// Frames of an animation, if it is one.
    pub(super) frames: Option<u32>,
    /// How the image data is a frame of the animation; nothing if it is not.
    pub(super) control: Option<FrameControl>,
    /// The sequence number that comes next in an animation.
    pub(super) sequence: u32,
    /// The head of the first IDAT chunk, the last thing that was read.
    pub(super) data: Chunk,
}

impl Parts {
    /// Reads up to the head of the first IDAT chunk.
    pub(super) fn read(chunks: &mut Chunks<'_>) -> Result<Self, Error> {
        let ihdr = read_ihdr(chunks)?;
        let none = Chunk { kind: *b"IDAT", len: 0 };
        let mut parts = Self {
            ihdr,
            palette: Vec::new(),
            transparency: Vec::new(),
            frames: None,
            control: None,
            sequence: 0,
            data: none,
        };
        loop {
            let chunk = chunks.next()?;
            match &chunk.kind {
                b"IDAT" => {
                    parts.data = chunk;
                    return parts.checked();
                }
                b"IEND" => return Err(Error::corrupt("there is no IDAT chunk")),
                _ => parts.take(chunk, chunks)?,
            }
        }
    }

    fn take(&mut self, chunk: Chunk, chunks: &mut Chunks<'_>) -> Result<(), Error> {
        match &chunk.kind {
            // Beside a palette picture it is a suggestion for screens of few colours.
            b"PLTE" if self.ihdr.color == Color::Palette => {
                if !self.palette.is_empty() {
                    return Err(Error::corrupt("there are two palettes"));
                }
                let mut palette = chunks.body(chunk, 768)?;
                if palette.is_empty() || !palette.len().is_multiple_of(3) {
                    return Err(Error::corrupt(format!("the palette is {} bytes long", palette.len())));
                }
                palette.truncate(3 << self.ihdr.depth);
                self.palette = palette;
            }
            b"tRNS" => {
                let transparency = if chunk.len <= 256 { chunks.body(chunk, 256)? } else { Vec::new() };
                if transparency.is_empty() && chunk.len > 0 {
                    chunks.skip(chunk)?;
                } else if self.transparency.is_empty() && self.counts(transparency.len()) {
                    self.transparency = transparency;
                }
            }
            b"acTL" => {
                let [a, b, c, d, _plays @ ..] = chunks.exact::<8>(chunk)?;
                let frames = u32::from_be_bytes([a, b, c, d]);
                if frames == 0 || self.frames.is_some() {
                    return Err(Error::corrupt("the animation has no clear number of frames"));
                }
                self.frames = Some(frames);
            }
            // Without acTL before the image data it is a still picture, whatever else it holds.
            b"fcTL" if self.frames.is_some() => {
                if self.control.is_some() {
                    return Err(Error::corrupt("a frame of the animation has no image data"));
                }
                let control = FrameControl::read(chunk, chunks, &mut self.sequence, &self.ihdr)?;
                if !control.is_full(&self.ihdr) {
                    return Err(Error::corrupt("the first frame of the animation is smaller than the picture"));
                }
                self.control = Some(control);
            }
            b"IHDR" => return Err(Error::corrupt("there are two IHDR chunks")),
            b"PLTE" => chunks.skip(chunk)?,
            _ if chunk.is_critical() => return Err(unknown(chunk)),
            _ => chunks.skip(chunk)?,
        }
        Ok(())
    }

    /// Whether a tRNS chunk of that length counts here. libpng passes over one that does not fit the picture (before
    /// the palette, longer than it, of another length than the colour has, beside an alpha channel), and so do we.
    fn counts(&self, len: usize) -> bool {
        use pixtwin_pixel::Channels;
        match self.ihdr.color {
            Color::Palette => len > 0 && len <= self.palette.len() / 3,
            Color::Direct(Channels::Grey) => len == 2,
            Color::Direct(Channels::Rgb) => len == 6,
            Color::Direct(_) => false,
        }
    }

    fn checked(self) -> Result<Self, Error> {
        if self.ihdr.color == Color::Palette && self.palette.is_empty() {
            return Err(Error::corrupt("there is no palette before the image data"));
        }
        Ok(self)
    }

    pub(super) fn colors(&self) -> Colors {
        if self.ihdr.color == Color::Palette {
            let mut table = Box::new([[0, 0, 0, u8::MAX]; 256]);
            for (entry, &[r, g, b]) in table.iter_mut().zip(self.palette.as_chunks::<3>().0) {
                *entry = [r, g, b, u8::MAX];
            }
            for ([_, _, _, alpha], stored) in table.iter_mut().zip(&self.transparency) {
                *alpha = *stored;
            }
            return if self.transparency.iter().all(|&alpha| alpha == u8::MAX) {
                Colors::Palette(table)
            } else {
                Colors::PaletteAlpha(table)
            };
        }
        // The specification: of fewer than 16 bits a sample the high bits of the key are not used.
        let mask = u16::MAX >> (16 - u32::from(self.ihdr.depth));
        match *self.transparency {
            [high, low] => Colors::Key([u16::from_be_bytes([high, low]) & mask; 3]),
            [r0, r1, g0, g1, b0, b1] => {
                Colors::Key([[r0, r1], [g0, g1], [b0, b1]].map(|pair| u16::from_be_bytes(pair) & mask))
            }
            _ => Colors::Stored,
        }
    }

    /// Whether all there is to see is the image data of the IDAT chunks: no animation, or one of a single frame.
    pub(super) const fn is_still(&self) -> bool {
        match (self.frames, self.control) {
            (None, _) | (Some(1), Some(_)) => true,
            (Some(_), _) => false,
        }
    }
}

fn read_ihdr(chunks: &mut Chunks<'_>) -> Result<Ihdr, Error> {
    let chunk = chunks.next()?;
    check_first(chunk)?;
    Ihdr::parse(chunks.exact::<13>(chunk)?)
}

/// Refuses a file that does not begin with IHDR.
pub(super) fn check_first(chunk: Chunk) -> Result<(), Error> {
    match &chunk.kind {
        b"IHDR" => Ok(()),
        b"CgBI" => Err(Error::unsupported("PNG in Apple's CgBI variant")),
        _ => Err(Error::corrupt("the first chunk is not IHDR")),
    }
}

pub(super) fn unknown(chunk: Chunk) -> Error {
    Error::unsupported(format!("the critical PNG chunk {}", chunk.name()))
}

/// What fcTL says of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameControl {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) delay: (u16, u16),
    /// 0 leave, 1 clear, 2 restore.
    pub(super) dispose: u8,
    /// 0 replace, 1 over.
    pub(super) blend: u8,
}

impl FrameControl {
    pub(super) fn read(
        chunk: Chunk,
        chunks: &mut Chunks<'_>,
        sequence: &mut u32,
        canvas: &Ihdr,
    ) -> Result<Self, Error> {
        let body = chunks.exact::<26>(chunk)?;
        let mut words = body.as_chunks::<4>().0.iter().map(|&word| u32::from_be_bytes(word));
        let mut word = || words.next().unwrap_or_default();
        let (number, width, height, x, y) = (word(), word(), word(), word(), word());
        let [.., n0, n1, d0, d1, dispose, blend] = body;
        check_sequence(sequence, number)?;
        let fits = |start: u32, len: u32, whole: u32| len > 0 && start.checked_add(len).is_some_and(|end| end <= whole);
        if !fits(x, width, canvas.width) || !fits(y, height, canvas.height) {
            return Err(Error::corrupt(format!("a frame of {width} x {height} at {x}, {y} is not inside the picture")));
        }
        if dispose > 2 || blend > 1 {
            return Err(Error::corrupt(format!("a frame has dispose {dispose} and blend {blend}")));
        }
        let delay = (u16::from_be_bytes([n0, n1]), u16::from_be_bytes([d0, d1]));
        Ok(Self { width, height, x, y, delay, dispose, blend })
    }

    /// The whole picture at once: what a still counts as.
    pub(super) const fn still(ihdr: &Ihdr) -> Self {
        Self { width: ihdr.width, height: ihdr.height, x: 0, y: 0, delay: (0, 1), dispose: 0, blend: 0 }
    }

    /// Whether the frame covers the whole picture.
    pub(super) const fn is_full(&self, canvas: &Ihdr) -> bool {
        self.width == canvas.width && self.height == canvas.height
    }
}
