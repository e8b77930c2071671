//! What the tags of a page say of its pixels.

use pixtwin_pixel::Channels;

use super::{ifd::Directory, jpeg::Jpeg};
use crate::{Error, Source};

/// All tables that a JPEG stream can have take less than this.
const MOST_TABLES_BYTES: u64 = 16 << 10;

/// How the bytes of a strip or tile are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    /// CCITT run lengths: each row begins at a byte.
    FaxRows,
    /// CCITT T.4.
    FaxGroup3,
    /// CCITT T.6.
    FaxGroup4,
    Lzw,
    Deflate,
    PackBits,
    /// JPEG streams.
    Jpeg,
}

/// What a sample means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Greatest is black.
    WhiteIsZero,
    /// As its channel says.
    Direct,
    /// An index into the palette.
    Palette,
}

/// One page before its pixels.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits a sample, 1 to 16.
    pub(super) bits: u8,
    /// Samples a pixel.
    pub(super) samples: u16,
    pub(super) packing: Packing,
    pub(super) meaning: Meaning,
    pub(super) channels: Channels,
    /// Red, green and blue of each index, 16 bits each.
    pub(super) palette: Vec<[u16; 3]>,
    pub(super) is_planar: bool,
    pub(super) has_differences: bool,
    pub(super) low_bit_first: bool,
    pub(super) is_big_endian: bool,
    pub(super) is_two_dimensional: bool,
    pub(super) is_tiled: bool,
    pub(super) jpeg: Jpeg,
    /// Bytes of the file, more than which no strip has.
    file_bytes: u64,
    /// Size of a strip or tile in pixels.
    pub(super) chunk_width: u32,
    pub(super) chunk_height: u32,
}

pub(super) mod tag {
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const T4_OPTIONS: u16 = 292;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const COLOR_MAP: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const SUB_DIRECTORIES: u16 = 330;
    pub(crate) const INK_SET: u16 = 332;
    pub(crate) const EXTRA_SAMPLES: u16 = 338;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const NEW_SUBFILE: u16 = 254;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const DNG_VERSION: u16 = 50706;
}

impl Page {
    /// Reads what the pixels depend on, but not where they lie.
    pub(super) fn read(source: &mut dyn Source, tags: &Directory, is_first: bool) -> Result<Self, Error> {
        let mut number = |tag: u16, default: u64| tags.number(source, tag).map(|found| found.unwrap_or(default));
        let is_reduced = number(tag::NEW_SUBFILE, 0)? & 1 == 1;
        if is_first && (tags.has(tag::DNG_VERSION) || is_reduced && tags.has(tag::SUB_DIRECTORIES)) {
            return Err(Error::unsupported("camera raw"));
        }
        let side = |value: u64, what: &str| match u32::try_from(value) {
            Ok(side) if side > 0 => Ok(side),
            _ => Err(Error::corrupt(format!("the page has no usable {what}: {value}"))),
        };
        let width = side(number(tag::WIDTH, 0)?, "width")?;
        let height = side(number(tag::HEIGHT, 0)?, "height")?;
        let packing = packing(number(tag::COMPRESSION, 1)?)?;
        let samples = u16::try_from(number(tag::SAMPLES, 1)?).unwrap_or(0);
        let is_tiled = tags.has(tag::TILE_WIDTH);
        let (chunk_width, chunk_height) = if is_tiled {
            (side(number(tag::TILE_WIDTH, 0)?, "tile width")?, side(number(tag::TILE_HEIGHT, 0)?, "tile height")?)
        } else {
            let rows = number(tag::ROWS_PER_STRIP, u64::from(height))?.min(u64::from(height));
            (width, side(rows, "number of rows a strip")?)
        };
        let mut page = Self {
            width,
            height,
            bits: 0,
            samples,
            packing,
            meaning: Meaning::Direct,
            channels: Channels::Grey,
            palette: Vec::new(),
            is_planar: number(tag::PLANAR, 1)? == 2 && samples > 1,
            has_differences: has_differences(number(tag::PREDICTOR, 1)?, packing)?,
            low_bit_first: number(tag::FILL_ORDER, 1)? == 2,
            is_big_endian: tags.layout.is_big_endian,
            is_two_dimensional: number(tag::T4_OPTIONS, 0)? & 1 == 1,
            is_tiled,
            jpeg: Jpeg::default(),
            file_bytes: source.byte_len(),
            chunk_width,
            chunk_height,
        };
        page.read_samples(source, tags)?;
        Ok(page)
    }

    fn read_samples(&mut self, source: &mut dyn Source, tags: &Directory) -> Result<(), Error> {
        // Pages of more are refused below; the values of thousands would be read for nothing.
        let samples = u64::from(self.samples.min(8));
        let bits = tags.numbers(source, tag::BITS, samples)?;
        let first_bits = bits.first().copied().unwrap_or(1);
        self.bits = match u8::try_from(first_bits) {
            Ok(bits @ 1..=16) => bits,
            _ => return Err(Error::unsupported(format!("TIFF of {first_bits} bits a sample"))),
        };
        if bits.iter().any(|&other| other != first_bits) {
            return Err(Error::unsupported("TIFF with samples of different widths"));
        }
        let formats = tags.numbers(source, tag::SAMPLE_FORMAT, samples)?;
        if formats.iter().any(|&format| format != 1 && format != 4) {
            return Err(Error::unsupported("TIFF with signed or floating-point samples"));
        }
        let photometric = tags.number(source, tag::PHOTOMETRIC)?;
        let photometric = photometric.ok_or_else(|| Error::corrupt("the page does not say what its samples mean"))?;
        let colours = match photometric {
            0 | 1 | 3 => 1,
            2 => 3,
            5 => 4,
            4 => return Err(Error::unsupported("TIFF transparency mask")),
            6 if self.packing == Packing::Jpeg => 3,
            6 => return Err(Error::unsupported("TIFF of luma and chroma")),
            8..=10 => return Err(Error::unsupported("TIFF of CIE L*a*b*")),
            32803 | 34892 => return Err(Error::unsupported("camera raw")),
            other => return Err(Error::unsupported(format!("TIFF of photometric interpretation {other}"))),
        };
        let extra = self.samples.checked_sub(colours).ok_or_else(|| {
            Error::corrupt(format!("{} samples a pixel are too few for the kind of picture", self.samples))
        })?;
        if photometric == 5 && tags.number(source, tag::INK_SET)?.unwrap_or(1) != 1 {
            return Err(Error::unsupported("TIFF of other inks than CMYK"));
        }
        self.channels = match (photometric, extra) {
            (3, 0) => Channels::Rgb,
            (5, 0) => Channels::Cmyk,
            (2 | 6, 0) => Channels::Rgb,
            (2, 1) => Channels::Rgba,
            (0 | 1, 0) => Channels::Grey,
            (0 | 1, 1) => Channels::GreyAlpha,
            _ => return Err(Error::unsupported(format!("TIFF with {extra} extra samples"))),
        };
        self.meaning = match photometric {
            0 => Meaning::WhiteIsZero,
            3 => Meaning::Palette,
            _ => Meaning::Direct,
        };
        let is_fax = matches!(self.packing, Packing::FaxRows | Packing::FaxGroup3 | Packing::FaxGroup4);
        if is_fax && (self.bits, self.samples) != (1, 1) {
            return Err(Error::corrupt("CCITT compression is for one bit a pixel"));
        }
        if self.packing == Packing::Jpeg {
            self.read_jpeg(source, tags, photometric == 6)?;
        }
        if self.has_differences && !matches!(self.bits, 8 | 16) {
            return Err(Error::unsupported(format!("TIFF differences of {} bits", self.bits)));
        }
        if self.meaning == Meaning::Palette {
            self.read_palette(source, tags)?;
        }
        Ok(())
    }

    /// What the page says of its JPEG streams.
    fn read_jpeg(&mut self, source: &mut dyn Source, tags: &Directory, is_luma_chroma: bool) -> Result<(), Error> {
        let fits = matches!(self.channels, Channels::Grey | Channels::Rgb) && self.meaning != Meaning::Palette;
        if !fits || self.bits != 8 || is_luma_chroma && self.is_planar {
            return Err(Error::unsupported("JPEG-in-TIFF of this kind of picture"));
        }
        if tags.count(tag::JPEG_TABLES) > MOST_TABLES_BYTES {
            return Err(Error::corrupt("the JPEG tables are too long"));
        }
        self.jpeg = Jpeg { tables: tags.bytes(source, tag::JPEG_TABLES)?, is_luma_chroma };
        Ok(())
    }

    /// The palette. Entries that are eight bits in disguise, as most writers store them, become eight bits again.
    fn read_palette(&mut self, source: &mut dyn Source, tags: &Directory) -> Result<(), Error> {
        let colours = 1usize << self.bits;
        if self.bits > 8 {
            return Err(Error::unsupported(format!("TIFF palette of {} bits", self.bits)));
        }
        let map = tags.numbers(source, tag::COLOR_MAP, 3 * colours as u64)?;
        if map.len() != 3 * colours {
            return Err(Error::corrupt(format!("the palette has {} values instead of {}", map.len(), 3 * colours)));
        }
        // Old writers store 0 to 255; libtiff tells them by the same sign.
        let is_narrow = map.iter().all(|&value| value < 256);
        // v * 256 and v * 257 both stand for the eight-bit v.
        let is_eight = map.iter().all(|&value| value & 255 == 0 || value & 255 == value >> 8);
        let sample = |value: u64| match value {
            value if is_narrow => value * 257,
            value if is_eight => (value >> 8) * 257,
            value => value,
        };
        let at = |index: usize| u16::try_from(sample(map.get(index).copied().unwrap_or(0))).unwrap_or(u16::MAX);
        self.palette = (0..colours).map(|index| [at(index), at(colours + index), at(2 * colours + index)]).collect();
        Ok(())
    }

    /// Strips or tiles side by side.
    pub(super) fn chunks_across(&self) -> u64 {
        u64::from(self.width.div_ceil(self.chunk_width))
    }

    /// Rows of strips or tiles.
    pub(super) fn chunks_down(&self) -> u64 {
        u64::from(self.height.div_ceil(self.chunk_height))
    }

    /// Samples a pixel in one chunk.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.is_planar { 1 } else { usize::from(self.samples) }
    }

    /// Bytes of one row of a chunk.
    pub(super) fn chunk_row_bytes(&self) -> u64 {
        (u64::from(self.chunk_width) * self.chunk_samples() as u64 * u64::from(self.bits)).div_ceil(8)
    }

    /// Whether rows can be given as they are unpacked, without a whole row of chunks in memory.
    pub(super) fn is_streamed(&self) -> bool {
        !self.is_planar && self.chunk_width >= self.width && (!self.is_tiled || self.chunk_width == self.width)
    }

    /// Strips or tiles of the whole page.
    fn chunk_count(&self) -> u64 {
        let planes = if self.is_planar { u64::from(self.samples) } else { 1 };
        self.chunks_across().saturating_mul(self.chunks_down()).saturating_mul(planes)
    }

    /// What decoding holds at once: the places of the chunks, the samples of a row of chunks, a row of each stage.
    pub(super) fn memory_bytes(&self) -> u64 {
        let row_samples =
            u64::from(self.width).max(u64::from(self.chunk_width)).saturating_mul(u64::from(self.samples));
        let rows = if self.is_streamed() { 1 } else { u64::from(self.chunk_height.min(self.height)) };
        let band = row_samples.saturating_mul(2).saturating_mul(rows);
        let places = self.chunk_count().saturating_mul(48);
        // A JPEG stream is unpacked whole, with its file bytes twice in memory.
        let jpeg = if self.packing == Packing::Jpeg {
            self.chunk_jpeg_samples().saturating_mul(6).saturating_add(self.longest_jpeg().saturating_mul(2))
        } else {
            0
        };
        band.saturating_add(jpeg)
            .saturating_add(places)
            .saturating_add(row_samples.saturating_mul(20))
            .saturating_add(256 << 10)
    }

    /// Bytes that no JPEG stream of a strip or tile exceeds: four for each sample would be no compression.
    pub(super) fn longest_jpeg(&self) -> u64 {
        self.chunk_jpeg_samples().saturating_mul(4).saturating_add(64 << 10).min(self.file_bytes)
    }

    /// Samples that the decoder of a JPEG stream holds, with the rest of the last blocks.
    fn chunk_jpeg_samples(&self) -> u64 {
        let (width, height) = (u64::from(self.chunk_width) + 16, u64::from(self.chunk_height) + 16);
        width.saturating_mul(height).saturating_mul(self.chunk_samples() as u64)
    }

    /// Where each strip or tile lies, and its length; each is within the file.
    pub(super) fn chunks(&self, source: &mut dyn Source, tags: &Directory) -> Result<Vec<(u64, u64)>, Error> {
        let count = self.chunk_count();
        let by_strips = !tags.has(tag::TILE_OFFSETS);
        let (offsets, lengths) =
            if by_strips { (tag::STRIP_OFFSETS, tag::STRIP_BYTES) } else { (tag::TILE_OFFSETS, tag::TILE_BYTES) };
        for list in [offsets, lengths] {
            if tags.count(list) < count {
                let found = tags.count(list);
                return Err(Error::corrupt(format!("tag {list} lists {found} strips or tiles of {count}")));
            }
        }
        let offsets = tags.numbers(source, offsets, count)?;
        let lengths = tags.numbers(source, lengths, count)?;
        let chunks: Vec<_> = offsets.into_iter().zip(lengths).collect();
        for (index, (at, len)) in chunks.iter().enumerate() {
            if at.saturating_add(*len) > source.byte_len() {
                return Err(Error::corrupt(format!("the file ends within strip or tile {} of {count}", index + 1)));
            }
        }
        Ok(chunks)
    }

    /// Feeds what the pixels depend on beside the bytes of the strips.
    pub(super) fn feed(&self, take: &mut dyn FnMut(&[u8])) {
        for number in [self.width, self.height, self.chunk_width, self.chunk_height] {
            take(&number.to_le_bytes());
        }
        take(&self.samples.to_le_bytes());
        take(&[self.bits, self.packing as u8, self.meaning as u8, self.channels as u8]);
        let flags = [self.is_planar, self.has_differences, self.low_bit_first, self.is_two_dimensional, self.is_tiled];
        take(&flags.map(u8::from));
        take(&[u8::from(self.is_big_endian && self.bits == 16)]);
        take(&[u8::from(self.jpeg.is_luma_chroma)]);
        take(&(self.jpeg.tables.len() as u64).to_le_bytes());
        take(&self.jpeg.tables);
        take(&(self.palette.len() as u64).to_le_bytes());
        for colour in &self.palette {
            for sample in colour {
                take(&sample.to_le_bytes());
            }
        }
    }
}

fn packing(compression: u64) -> Result<Packing, Error> {
    Ok(match compression {
        1 => Packing::None,
        2 => Packing::FaxRows,
        3 => Packing::FaxGroup3,
        4 => Packing::FaxGroup4,
        5 => Packing::Lzw,
        8 | 32946 => Packing::Deflate,
        32773 => Packing::PackBits,
        6 => return Err(Error::unsupported("old JPEG-in-TIFF")),
        7 => Packing::Jpeg,
        34712 => return Err(Error::unsupported("JPEG 2000 in TIFF")),
        34925 => return Err(Error::unsupported("LZMA in TIFF")),
        50000 => return Err(Error::unsupported("Zstandard in TIFF")),
        50001 => return Err(Error::unsupported("WebP in TIFF")),
        other => return Err(Error::unsupported(format!("TIFF compression {other}"))),
    })
}

fn has_differences(predictor: u64, packing: Packing) -> Result<bool, Error> {
    match (predictor, packing) {
        // Only these codings have a predictor; elsewhere the tag means nothing, as in libtiff.
        (1, _)
        | (
            2,
            Packing::None
            | Packing::PackBits
            | Packing::Jpeg
            | Packing::FaxRows
            | Packing::FaxGroup3
            | Packing::FaxGroup4,
        ) => Ok(false),
        (2, _) => Ok(true),
        (other, _) => Err(Error::unsupported(format!("TIFF predictor {other}"))),
    }
}
