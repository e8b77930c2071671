//! The blocks of a GIF file, read one after the other without decoding.

use std::io::SeekFrom;

use super::no_picture;
use crate::{Error, Limits, Source, codec::charge, source::read_at};

/// Label of the extension that says how the next picture is drawn.
pub(super) const CONTROL: u8 = 0xf9;

/// What the file says before its first block.
pub(super) struct Screen {
    width: u16,
    height: u16,
    /// The global palette, three bytes a colour; empty if there is none.
    pub(super) palette: Vec<u8>,
}

impl Screen {
    /// Width and height of the canvas: the logical screen, grown to hold the first picture.
    pub(super) fn canvas(&self, first: &Image) -> (u32, u32) {
        let right = u32::from(first.left) + u32::from(first.width);
        let bottom = u32::from(first.top) + u32::from(first.height);
        (u32::from(self.width).max(right), u32::from(self.height).max(bottom))
    }
}

/// What becomes of a picture's place after it was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposal {
    Keep,
    Clear,
    Previous,
}

/// A graphic control extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct Control {
    pub(super) transparent: Option<u8>,
    pub(super) disposal: Disposal,
    /// In hundredths of a second.
    pub(super) delay: u16,
}

/// One picture and where its parts are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Image {
    pub(super) control: Control,
    pub(super) left: u16,
    pub(super) top: u16,
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) is_interlaced: bool,
    palette_at: u64,
    palette_colours: u16,
    /// Bits of the smallest LZW code.
    pub(super) code_bits: u8,
    /// Offset of the first sub-block of LZW codes.
    pub(super) codes_at: u64,
}

impl Image {
    /// Its own palette, three bytes a colour; empty if it has none.
    pub(super) fn local_palette(&self, source: &mut dyn Source) -> Result<Vec<u8>, Error> {
        let mut palette = vec![0; usize::from(self.palette_colours) * 3];
        if self.palette_colours > 0 {
            source.seek(SeekFrom::Start(self.palette_at))?;
            source.read_exact(&mut palette).map_err(|cause| Error::reading(cause, "a palette"))?;
        }
        Ok(palette)
    }
}

/// Everything about a whole file but its pixels.
pub(super) struct Survey {
    pub(super) screen: Screen,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) images: Vec<Image>,
}

/// Memory for one picture in the survey: a vector that grows holds up to twice what it uses, and the old one while it
/// moves.
const LISTED_BYTES: u64 = 3 * size_of::<Image>() as u64;

/// Bytes of the shortest picture: introducer, header, size of codes, and the end of its codes.
const LEAST_IMAGE_BYTES: u64 = 12;

/// The most memory that the survey of a file of that length holds.
pub(super) const fn survey_bytes(file_bytes: u64) -> u64 {
    (file_bytes / LEAST_IMAGE_BYTES + 1).saturating_mul(LISTED_BYTES)
}

/// Reads a file from its first to its last block; every length must hold and the trailer must be there.
pub(super) fn survey(source: &mut dyn Source, limits: Limits) -> Result<Survey, Error> {
    let (screen, mut blocks) = Blocks::open(source)?;
    let mut images = Vec::new();
    loop {
        match blocks.next()? {
            Introducer::Trailer => break,
            Introducer::Extension(_) => blocks.skip_sub_blocks("an extension")?,
            Introducer::Image => {
                images.push(blocks.image()?);
                blocks.skip_sub_blocks("a picture")?;
                charge(images.len() as u64 * LISTED_BYTES, limits)?;
            }
        }
    }
    let (width, height) = images.first().map(|first| screen.canvas(first)).ok_or_else(no_picture)?;
    Ok(Survey { screen, width, height, images })
}

/// What kind of block follows.
pub(super) enum Introducer {
    Image,
    /// An extension with this label; its sub-blocks come next. Control extensions are already taken.
    Extension(u8),
    Trailer,
}

/// Goes through the blocks of a file. Nothing else may move the source meanwhile.
pub(super) struct Blocks<'s> {
    source: &'s mut dyn Source,
    at: u64,
    has_global_palette: bool,
    control: Control,
}

const NO_CONTROL: Control = Control { transparent: None, disposal: Disposal::Keep, delay: 0 };

impl<'s> Blocks<'s> {
    /// Reads what comes before the first block.
    pub(super) fn open(source: &'s mut dyn Source) -> Result<(Screen, Self), Error> {
        let [_, _, _, _, _, _, w0, w1, h0, h1, flags, _, _] = read_at::<13>(source, 0, "the header")?;
        let mut palette = vec![0; palette_colours(flags) * 3];
        source.read_exact(&mut palette).map_err(|cause| Error::reading(cause, "the palette"))?;
        let (width, height) = (u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
        let at = 13 + palette.len() as u64;
        let blocks = Self { source, at, has_global_palette: !palette.is_empty(), control: NO_CONTROL };
        Ok((Screen { width, height, palette }, blocks))
    }

    /// Goes on at the sub-blocks that begin at `offset`.
    pub(super) fn at(source: &'s mut dyn Source, offset: u64) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(offset))?;
        Ok(Self { source, at: offset, has_global_palette: true, control: NO_CONTROL })
    }

    fn bytes<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.source.read_exact(&mut bytes).map_err(|cause| Error::reading(cause, what))?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// The next block that is not a control extension. Single zeros between blocks are passed over: some writers end
    /// a block twice.
    pub(super) fn next(&mut self) -> Result<Introducer, Error> {
        loop {
            let [kind] = self.bytes("the blocks: the trailer is missing")?;
            match kind {
                0 => {}
                0x3b => return Ok(Introducer::Trailer),
                0x2c => return Ok(Introducer::Image),
                0x21 => match self.bytes("an extension")? {
                    [CONTROL] => self.control = self.control()?,
                    [label] => return Ok(Introducer::Extension(label)),
                },
                other => {
                    return Err(Error::corrupt(format!(
                        "no block begins with byte {other:#04x} (offset {})",
                        self.at - 1
                    )));
                }
            }
        }
    }

    fn control(&mut self) -> Result<Control, Error> {
        let [len, flags, d0, d1, index] = self.bytes("a control extension")?;
        if len != 4 {
            return Err(Error::corrupt(format!("a control extension has {len} bytes, not 4")));
        }
        self.skip_sub_blocks("a control extension")?;
        let disposal = match flags >> 2 & 7 {
            2 => Disposal::Clear,
            // Some old writers mean the same by 4.
            3 | 4 => Disposal::Previous,
            _ => Disposal::Keep,
        };
        let transparent = (flags & 1 == 1).then_some(index);
        Ok(Control { transparent, disposal, delay: u16::from_le_bytes([d0, d1]) })
    }

    /// The picture whose introducer was just read; its LZW sub-blocks come next.
    pub(super) fn image(&mut self) -> Result<Image, Error> {
        let [l0, l1, t0, t1, w0, w1, h0, h1, flags] = self.bytes("a picture's header")?;
        let palette_at = self.at;
        let colours = palette_colours(flags);
        for _ in 0..colours {
            self.bytes::<3>("a palette")?;
        }
        let [code_bits] = self.bytes("a picture's header")?;
        let image = Image {
            control: std::mem::replace(&mut self.control, NO_CONTROL),
            left: u16::from_le_bytes([l0, l1]),
            top: u16::from_le_bytes([t0, t1]),
            width: u16::from_le_bytes([w0, w1]),
            height: u16::from_le_bytes([h0, h1]),
            is_interlaced: flags & 0x40 != 0,
            palette_at,
            palette_colours: u16::try_from(colours).unwrap_or(0),
            code_bits,
            codes_at: self.at,
        };
        if image.width == 0 || image.height == 0 {
            return Err(Error::corrupt(format!("a picture of {} x {} pixels", image.width, image.height)));
        }
        if !(1..=8).contains(&code_bits) {
            return Err(Error::corrupt(format!("LZW codes of {code_bits} bits")));
        }
        if colours == 0 && !self.has_global_palette {
            return Err(Error::unsupported("GIF without a palette"));
        }
        Ok(image)
    }

    /// Feeds the sub-blocks that come next as they are stored: each with its length byte, and the zero at the end.
    pub(super) fn sub_blocks(&mut self, what: &str, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        loop {
            let [len] = self.bytes(what)?;
            take(&[len]);
            if len == 0 {
                return Ok(());
            }
            let mut left = usize::from(len);
            while left > 0 {
                let piece = self.source.fill_buf()?;
                let piece = piece.get(..left.min(piece.len())).unwrap_or_default();
                if piece.is_empty() {
                    return Err(Error::corrupt(format!("the file ends within {what}")));
                }
                take(piece);
                let taken = piece.len();
                self.source.consume(taken);
                self.at += taken as u64;
                left -= taken;
            }
        }
    }

    /// Passes over the sub-blocks that come next.
    pub(super) fn skip_sub_blocks(&mut self, what: &str) -> Result<(), Error> {
        self.sub_blocks(what, &mut |_| {})
    }
}

fn palette_colours(flags: u8) -> usize {
    if flags & 0x80 == 0 { 0 } else { 2 << (flags & 7) }
}
