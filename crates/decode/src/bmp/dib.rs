//! The header of a device-independent bitmap: what BMP files and icons share.

use std::io::SeekFrom;

use crate::{
    Error, Metadata, Source,
    source::{hash_of, read_at},
};

/// How the pixels are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// As they are.
    None,
    /// As they are, under masks.
    Masks,
    /// RLE8 or RLE4.
    RunLength,
}

/// Where one channel lies in a pixel: `pixel >> shift & max`; a `max` of 0 is an absent channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mask {
    pub(super) shift: u32,
    pub(super) max: u32,
}

/// A bitmap before its pixels.
#[derive(Clone, Debug)]
pub(crate) struct Dib {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) is_top_down: bool,
    /// Bits a pixel: 1, 2, 4, 8, 16, 24 or 32.
    pub(crate) bits: u8,
    pub(crate) compression: Compression,
    /// Red, green, blue, alpha.
    pub(super) masks: [Mask; 4],
    /// Red, green, blue.
    pub(super) palette: Vec<[u8; 3]>,
    /// Where the pixels begin, in bytes from the start of the file.
    pub(crate) data_at: u64,
    header_at: u64,
    header_bytes: u32,
}

/// The longest header that is known, of version 5.
const HEADER_BYTES: usize = 124;

impl Dib {
    /// Reads the header at `at`. The pixels begin at `data_at`, or, where that is not known, behind the palette.
    pub(crate) fn read(source: &mut dyn Source, at: u64, data_at: Option<u64>) -> Result<Self, Error> {
        let mut header = [0; HEADER_BYTES];
        let size = read_at::<4>(source, at, "the header")?;
        let header_bytes = u32::from_le_bytes(size);
        let len = match header_bytes {
            12 | 16 | 40 | 52 | 56 | 64 | 108 | 124 => header_bytes as usize,
            _ => return Err(Error::unsupported(format!("a BMP header of {header_bytes} bytes"))),
        };
        source.seek(SeekFrom::Start(at))?;
        let fields = header.get_mut(..len).unwrap_or_default();
        source.read_exact(fields).map_err(|cause| Error::reading(cause, "the header"))?;
        let word =
            |at: usize| header.get(at..at + 2).map_or(0, |b| b.iter().rev().fold(0, |n, &x| n << 8 | u32::from(x)));
        let long = |at: usize| word(at) | word(at + 2) << 16;
        let is_core = header_bytes == 12;
        let (width, raw_height, bits) =
            if is_core { (word(4), word(6), word(10)) } else { (long(4), long(8), word(14)) };
        let is_top_down = !is_core && raw_height >> 31 == 1;
        let height = if is_top_down { raw_height.wrapping_neg() } else { raw_height };
        if width == 0 || width >> 31 == 1 || height == 0 || height >> 31 == 1 {
            return Err(Error::corrupt(format!(
                "the header says {} x {} pixels",
                width.cast_signed(),
                raw_height.cast_signed()
            )));
        }
        let method = if is_core { 0 } else { long(16) };
        let compression = compression(method, bits, header_bytes)?;
        let mut after = at + u64::from(header_bytes);
        let mut masks = [Mask::default(); 4];
        if compression == Compression::Masks {
            let stored = match (method, header_bytes) {
                (0, _) => [0x7c00, 0x03e0, 0x001f, 0],
                (_, 52) => [long(40), long(44), long(48), 0],
                (_, 56 | 108 | 124) => [long(40), long(44), long(48), long(52)],
                (6, _) => masks_at(source, &mut after, 4)?,
                _ => masks_at(source, &mut after, 3)?,
            };
            for (mask, bits_set) in masks.iter_mut().zip(stored) {
                *mask = Mask::from_bits(bits_set, bits)?;
            }
        }
        let mut dib = Self {
            width,
            height,
            is_top_down,
            bits: u8::try_from(bits).unwrap_or(0),
            compression,
            masks,
            palette: Vec::new(),
            data_at: data_at.unwrap_or(0),
            header_at: at,
            header_bytes,
        };
        let colours = if is_core { 0 } else { long(32) };
        dib.read_palette(source, after, colours, data_at)?;
        dib.check_len(source)?;
        Ok(dib)
    }

    fn read_palette(
        &mut self,
        source: &mut dyn Source,
        at: u64,
        colours: u32,
        data_at: Option<u64>,
    ) -> Result<(), Error> {
        let entry_bytes: u64 = if self.header_bytes == 12 { 3 } else { 4 };
        let most = if self.bits <= 8 { 1 << self.bits } else { 0 };
        let stored = if colours == 0 { most } else { u64::from(colours) };
        let behind = at.saturating_add(stored.saturating_mul(entry_bytes));
        if let Some(data_at) = data_at {
            if data_at < at {
                return Err(Error::corrupt(format!("the pixels begin at byte {data_at}, within the header")));
            }
        } else {
            self.data_at = behind;
        }
        // Some writers of OS/2 bitmaps leave colours out: the pixels then begin within the palette's full length.
        let kept = stored.min(most).min(self.data_at.saturating_sub(at) / entry_bytes);
        source.seek(SeekFrom::Start(at))?;
        for _ in 0..kept {
            let mut entry = [0; 4];
            let bytes = entry.get_mut(..if entry_bytes == 3 { 3 } else { 4 }).unwrap_or_default();
            source.read_exact(bytes).map_err(|cause| Error::reading(cause, "the palette"))?;
            let [blue, green, red, _] = entry;
            self.palette.push([red, green, blue]);
        }
        Ok(())
    }

    /// Refuses a file that is too short for its rows. The padding of the last one may be missing.
    fn check_len(&self, source: &dyn Source) -> Result<(), Error> {
        let left = source.byte_len().saturating_sub(self.data_at);
        let needed = (u64::from(self.height) - 1).saturating_mul(self.stride()).saturating_add(self.row_bytes());
        if self.compression != Compression::RunLength && left < needed {
            let rows = (left + self.stride() - self.row_bytes()) / self.stride();
            return Err(Error::corrupt(format!("the pixels end after row {rows} of {}", self.height)));
        }
        if self.compression == Compression::RunLength && left == 0 {
            return Err(Error::corrupt("the file ends before the pixels"));
        }
        Ok(())
    }

    /// Bytes from one stored row to the next.
    pub(crate) fn stride(&self) -> u64 {
        self.row_bytes().next_multiple_of(4)
    }

    /// Bytes of a row that hold pixels.
    pub(crate) fn row_bytes(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.bits)).div_ceil(8)
    }

    /// What decoding holds at once: the block of rows, or all indices of a run-length picture, and a row of samples.
    pub(crate) fn memory_bytes(&self) -> u64 {
        let pixels = u64::from(self.width) * u64::from(self.height);
        let stored =
            if self.compression == Compression::RunLength { pixels } else { self.stride() + super::BLOCK_BYTES };
        stored + u64::from(self.width) * 8 + 8192
    }

    /// Feeds what the pixels depend on beside their bytes.
    pub(super) fn feed_header(&self, take: &mut dyn FnMut(&[u8])) {
        take(&[self.bits, self.compression as u8, u8::from(self.is_top_down)]);
        take(&self.width.to_le_bytes());
        take(&self.height.to_le_bytes());
        for mask in self.masks {
            take(&mask.shift.to_le_bytes());
            take(&mask.max.to_le_bytes());
        }
        take(&(self.palette.len() as u64).to_le_bytes());
        take(self.palette.as_flattened());
    }

    pub(super) fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        if self.header_bytes >= 40 {
            let [x @ .., y0, y1, y2, y3]: [u8; 8] = read_at(source, self.header_at + 24, "the header")?;
            let (x, y) = (u32::from_le_bytes(x), u32::from_le_bytes([y0, y1, y2, y3]));
            if (x, y) != (0, 0) {
                let bytes = [x.to_le_bytes(), y.to_le_bytes()].concat();
                metadata.add_value("resolution", &bytes, format!("{x} x {y} pixels per metre"));
            }
        }
        let mut end = match self.compression {
            Compression::RunLength => source.byte_len(),
            _ => self.data_at + self.stride() * u64::from(self.height),
        };
        if self.header_bytes >= 108 {
            let space: [u8; 4] = read_at(source, self.header_at + 56, "the header")?;
            let calibration: [u8; 48] = read_at(source, self.header_at + 60, "the header")?;
            if space == [0; 4] && calibration != [0; 48] {
                metadata.add("chromaticities", &calibration);
            }
            if self.header_bytes == 124 && (&space == b"DEBM" || &space == b"KNIL") {
                let [a, b, c, d, len @ ..]: [u8; 8] = read_at(source, self.header_at + 112, "the header")?;
                let at = self.header_at + u64::from(u32::from_le_bytes([a, b, c, d]));
                let len = u64::from(u32::from_le_bytes(len));
                if at.saturating_add(len) <= source.byte_len() {
                    metadata.add("ICC profile", hash_of(source, at, len, "the metadata")?.as_bytes());
                    end = end.max(at + len);
                }
            }
        }
        metadata.add_trailing(source, end)?;
        Ok(metadata)
    }
}

fn compression(method: u32, bits: u32, header_bytes: u32) -> Result<Compression, Error> {
    let is_os2 = header_bytes == 64;
    match (method, bits) {
        (0, 1 | 2 | 4 | 8 | 24 | 32) => Ok(Compression::None),
        (0, 16) => Ok(Compression::Masks),
        (1, 8) | (2, 4) => Ok(Compression::RunLength),
        (3 | 6, 16 | 32) if !is_os2 => Ok(Compression::Masks),
        (3, _) if is_os2 => Err(Error::unsupported("BMP with Huffman compression")),
        (4, _) if is_os2 => Err(Error::unsupported("BMP with 24-bit run lengths")),
        (4, _) => Err(Error::unsupported("JPEG inside BMP")),
        (5, _) => Err(Error::unsupported("PNG inside BMP")),
        (11..=13, _) => Err(Error::unsupported("BMP of inks")),
        (0..=6, _) => Err(Error::corrupt(format!("{bits} bits a pixel do not go with compression {method}"))),
        _ => Err(Error::unsupported(format!("BMP compression {method}"))),
    }
}

/// The `count` masks behind an old header, and the place after them.
fn masks_at(source: &mut dyn Source, after: &mut u64, count: usize) -> Result<[u32; 4], Error> {
    let mut masks = [0; 4];
    for mask in masks.iter_mut().take(count) {
        *mask = u32::from_le_bytes(read_at(source, *after, "the masks")?);
        *after += 4;
    }
    Ok(masks)
}

impl Mask {
    fn from_bits(set: u32, pixel_bits: u32) -> Result<Self, Error> {
        if set == 0 {
            return Ok(Self::default());
        }
        let shift = set.trailing_zeros();
        let max = set >> shift;
        if max & max.wrapping_add(1) != 0 || 32 - set.leading_zeros() > pixel_bits {
            return Err(Error::corrupt(format!("the mask {set:#010x} is not one run of the pixel's bits")));
        }
        Ok(Self { shift, max })
    }
}
