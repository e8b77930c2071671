//! Windows and OS/2 bitmaps.
//!
//! The fourth byte of a 32-bit picture without masks is no alpha, as Pillow, browsers and GDI have it. Pixels that a
//! run-length picture leaves out have the colour of palette index 0. An index without a colour is an error.

mod dib;
mod rle;

use std::io::SeekFrom;

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink, scale_to_sixteen};

pub(crate) use self::dib::Dib;
use self::dib::{Compression, Mask};
use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    bits::{exact_eight, packed},
    codec::{Codec, charge},
    source::{feed, read_at},
};

/// The codec of BMP.
pub(crate) struct Bmp;

impl Codec for Bmp {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let dib = open(source)?;
        let is_rle = dib.compression == Compression::RunLength;
        Ok(Header {
            width: dib.width,
            height: dib.height,
            whole_bytes: dib.memory_bytes(),
            head_bytes: dib.memory_bytes(),
            first_rows: FirstRows::cheap_if(!is_rle),
        })
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let dib = open(source)?;
        charge(dib.memory_bytes(), limits)?;
        let frame = Frame { width: dib.width, height: dib.height, delay: Delay::NONE };
        if sink.picture(1).is_break() || sink.frame(frame).is_break() {
            return Ok(());
        }
        let mut buffers = Buffers::default();
        dib.each_row(source, depth, &mut |line| {
            let row = dib.row(line, &mut buffers)?;
            Ok(sink.row(row).is_continue())
        })
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let dib = open(source)?;
        dib.feed_header(take);
        if dib.compression == Compression::RunLength {
            charge(dib.memory_bytes(), limits)?;
            rle::indices(&dib, source)?;
            let len = source.byte_len().saturating_sub(dib.data_at);
            return feed(source, dib.data_at, len, "the pixels", take);
        }
        for y in 0..u64::from(dib.height) {
            feed(source, dib.data_at + y * dib.stride(), dib.row_bytes(), "the pixels", take)?;
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        open(source)?.metadata(source)
    }
}

/// The header of a bitmap file, behind its file header.
fn open(source: &mut dyn Source) -> Result<Dib, Error> {
    let [b'B', b'M', _, _, _, _, _, _, _, _, at @ ..]: [u8; 14] = read_at(source, 0, "the file header")? else {
        return Err(Error::corrupt("no BMP signature"));
    };
    Dib::read(source, 14, Some(u64::from(u32::from_le_bytes(at))))
}

/// The samples of one row, in the two widths they may have.
#[derive(Default)]
pub(crate) struct Buffers {
    eight: Vec<u8>,
    sixteen: Vec<u16>,
}

/// Bytes of rows that are read at once where the last row of the picture comes first.
const BLOCK_BYTES: u64 = 64 << 10;

impl Dib {
    /// Calls `give` with the bytes (or, of a run-length picture, the indices) of each row from the top until it
    /// answers false.
    pub(crate) fn each_row(
        &self,
        source: &mut dyn Source,
        depth: Depth,
        give: &mut dyn FnMut(&[u8]) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        let row_bytes = usize::try_from(self.row_bytes()).map_err(|_| Error::corrupt("a row is too long"))?;
        if self.compression == Compression::RunLength {
            let indices = rle::indices(self, source)?;
            for row in indices.chunks_exact(self.width as usize).rev() {
                if !give(row)? {
                    break;
                }
            }
            return Ok(());
        }
        let wanted = depth.rows().unwrap_or(self.height).clamp(1, self.height);
        let block_rows = u32::try_from(BLOCK_BYTES / self.stride()).unwrap_or(u32::MAX).clamp(1, wanted);
        let stride = usize::try_from(self.stride()).map_err(|_| Error::corrupt("a row is too long"))?;
        let mut block = vec![0; stride * (block_rows as usize - 1) + row_bytes];
        let mut y = 0;
        while y < self.height {
            let rows = block_rows.min(self.height - y);
            let stored = if self.is_top_down { y } else { self.height - y - rows };
            let bytes = block.get_mut(..stride * (rows as usize - 1) + row_bytes).unwrap_or_default();
            source.seek(SeekFrom::Start(self.data_at + u64::from(stored) * self.stride()))?;
            source.read_exact(bytes).map_err(|cause| Error::reading(cause, "the pixels"))?;
            let lines = bytes.chunks(stride).map(|line| line.get(..row_bytes).unwrap_or_default());
            let go_on = if self.is_top_down { give_all(lines, give)? } else { give_all(lines.rev(), give)? };
            if !go_on {
                return Ok(());
            }
            y += rows;
        }
        Ok(())
    }

    /// The samples of one row.
    pub(crate) fn row<'a>(&self, line: &[u8], buffers: &'a mut Buffers) -> Result<Row<'a>, Error> {
        let width = self.width as usize;
        buffers.eight.clear();
        match (self.compression, self.bits) {
            (Compression::RunLength, _) => self.look_up(line.iter().copied(), &mut buffers.eight)?,
            (_, 1 | 2 | 4 | 8) => self.look_up(packed(line, self.bits).take(width), &mut buffers.eight)?,
            (Compression::None, 24) => {
                let stored = line.as_chunks::<3>().0;
                buffers.eight.resize(3 * stored.len().min(width), 0);
                let pixels = buffers.eight.as_chunks_mut::<3>().0.iter_mut().zip(stored);
                pixels.for_each(|(rgb, &[b, g, r])| *rgb = [r, g, b]);
            }
            (Compression::None, 32) => {
                let stored = line.as_chunks::<4>().0;
                buffers.eight.resize(3 * stored.len().min(width), 0);
                let pixels = buffers.eight.as_chunks_mut::<3>().0.iter_mut().zip(stored);
                pixels.for_each(|(rgb, &[b, g, r, _])| *rgb = [r, g, b]);
            }
            _ => return Ok(self.masked(line, buffers)),
        }
        Ok(Row::eight(Channels::Rgb, &buffers.eight))
    }

    fn look_up(&self, indices: impl Iterator<Item = u8>, samples: &mut Vec<u8>) -> Result<(), Error> {
        for index in indices {
            let colour = self.palette.get(usize::from(index)).ok_or_else(|| {
                Error::corrupt(format!("a pixel has the colour {index} of a palette of {}", self.palette.len()))
            })?;
            samples.extend_from_slice(colour);
        }
        Ok(())
    }

    /// A row whose samples lie under bit masks.
    fn masked<'a>(&self, line: &[u8], buffers: &'a mut Buffers) -> Row<'a> {
        let with_alpha = self.masks.last().is_some_and(|mask| mask.max > 0);
        let channels = if with_alpha { Channels::Rgba } else { Channels::Rgb };
        let masks = self.masks.get(..channels.count()).unwrap_or_default();
        let pixel_bytes = usize::from(self.bits / 8);
        let values = line.chunks_exact(pixel_bytes).map(|bytes| match *bytes {
            [a, b] => u32::from_le_bytes([a, b, 0, 0]),
            [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
            _ => 0,
        });
        let samples = values.flat_map(|value| masks.iter().map(move |mask| (mask.of(value), mask.max)));
        if masks.iter().all(|mask| mask.max == 0 || exact_eight(mask.max).is_some()) {
            buffers.eight.extend(samples.map(|(value, max)| {
                let factor = exact_eight(max).unwrap_or(0);
                value.to_le_bytes()[0].wrapping_mul(factor)
            }));
            return Row::eight(channels, &buffers.eight);
        }
        buffers.sixteen.clear();
        buffers.sixteen.extend(samples.map(|(value, max)| scale_to_sixteen(value, max)));
        Row::sixteen(channels, &buffers.sixteen)
    }
}

impl Mask {
    fn of(&self, pixel: u32) -> u32 {
        pixel >> self.shift & self.max
    }
}

fn give_all<'a>(
    mut lines: impl Iterator<Item = &'a [u8]>,
    give: &mut dyn FnMut(&[u8]) -> Result<bool, Error>,
) -> Result<bool, Error> {
    lines.try_fold(true, |go_on, line| if go_on { give(line) } else { Ok(false) })
}

#[cfg(test)]
mod tests;
