//! From strips and tiles to rows.

use std::io;

use pixtwin_pixel::{Channels, Row, RowSink, scale_to_sixteen};

use super::{
    page::{Meaning, Page},
    unpack::Unpacker,
};
use crate::{
    Error, Source,
    bits::{exact_eight, packed},
};

/// Gives the rows of a page to the sink; false if it wants no more.
pub(super) fn give(
    page: &Page,
    chunks: &[(u64, u64)],
    source: &mut dyn Source,
    sink: &mut dyn RowSink,
) -> Result<bool, Error> {
    let mut out = Output::default();
    let mut y = 0;
    let row_bytes = usize::try_from(page.chunk_row_bytes()).map_err(|_| Error::corrupt("a row is too long"))?;
    let mut bytes = vec![0; row_bytes];
    let mut values = Vec::new();
    let mut band = Vec::new();
    for down in 0..page.chunks_down() {
        let rows = page.chunk_height.min(page.height - y);
        if page.is_streamed() {
            let mut chunk = Chunk::open(page, chunks, down, rows, source)?;
            for _ in 0..rows {
                // The usual photograph needs nothing but its bytes.
                let go_on = if page.bits == 8 && page.meaning == Meaning::Direct && !page.has_differences {
                    chunk.fill(&mut bytes)?;
                    sink.row(Row::eight(page.channels, &bytes)).is_continue()
                } else {
                    chunk.row(page, &mut bytes, &mut values)?;
                    out.give(page, &mut values, sink)
                };
                if !go_on {
                    return Ok(false);
                }
            }
        } else {
            fill_band(page, chunks, down, rows, source, &mut bytes, &mut band)?;
            for row in band.chunks_exact(page.width as usize * usize::from(page.samples)) {
                values.clear();
                values.extend_from_slice(row);
                if !out.give(page, &mut values, sink) {
                    return Ok(false);
                }
            }
        }
        y += rows;
    }
    Ok(true)
}

/// Unpacks one row of chunks, of every plane.
fn fill_band(
    page: &Page,
    chunks: &[(u64, u64)],
    down: u64,
    rows: u32,
    source: &mut dyn Source,
    bytes: &mut [u8],
    band: &mut Vec<u16>,
) -> Result<(), Error> {
    let (width, samples) = (page.width as usize, usize::from(page.samples));
    let held = page.chunk_samples();
    band.clear();
    band.resize(width * samples * rows as usize, 0);
    let planes = if page.is_planar { u64::from(page.samples) } else { 1 };
    let mut values = Vec::new();
    for (plane, first_sample) in (0..planes).zip(0..) {
        for across in 0..page.chunks_across() {
            let index = (plane * page.chunks_down() + down) * page.chunks_across() + across;
            let mut chunk = Chunk::open(page, chunks, index, rows, source)?;
            let left = usize::try_from(across).unwrap_or(0) * page.chunk_width as usize;
            for row in band.chunks_exact_mut(width * samples) {
                chunk.row(page, bytes, &mut values)?;
                let pixels = row.chunks_exact_mut(samples).skip(left);
                for (pixel, from) in pixels.zip(values.chunks_exact(held)) {
                    let into = pixel.get_mut(first_sample..first_sample + held).unwrap_or_default();
                    into.copy_from_slice(from);
                }
            }
        }
    }
    Ok(())
}

/// A strip or tile that is being unpacked.
struct Chunk<'a> {
    unpacker: Unpacker<'a>,
    index: u64,
    rows_done: u32,
}

impl<'a> Chunk<'a> {
    fn open(
        page: &Page,
        chunks: &[(u64, u64)],
        index: u64,
        rows: u32,
        source: &'a mut dyn Source,
    ) -> Result<Self, Error> {
        let place = usize::try_from(index).ok().and_then(|index| chunks.get(index)).copied();
        let place = place.ok_or_else(|| Error::corrupt(format!("strip or tile {} is missing", index + 1)))?;
        Ok(Self { unpacker: Unpacker::open(page, source, place, rows)?, index, rows_done: 0 })
    }

    /// The next row as bytes.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.unpacker.fill(bytes).map_err(|cause| self.failed(&cause))?;
        self.rows_done += 1;
        Ok(())
    }

    /// The next row as numbers.
    fn row(&mut self, page: &Page, bytes: &mut [u8], values: &mut Vec<u16>) -> Result<(), Error> {
        self.fill(bytes)?;
        let samples = page.chunk_samples();
        let count = page.chunk_width as usize * samples;
        values.clear();
        match page.bits {
            bits @ (1 | 2 | 4 | 8) => values.extend(packed(bytes, bits).take(count).map(u16::from)),
            16 if page.is_big_endian => values.extend(bytes.as_chunks().0.iter().map(|&pair| u16::from_be_bytes(pair))),
            16 => values.extend(bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair))),
            bits => unpack_odd(bytes, bits, count, values),
        }
        if page.has_differences {
            let mask = if page.bits == 8 { 0xff } else { 0xffff };
            for at in samples..values.len() {
                let before = values.get(at - samples).copied().unwrap_or(0);
                if let Some(value) = values.get_mut(at) {
                    *value = value.wrapping_add(before) & mask;
                }
            }
        }
        Ok(())
    }

    fn failed(&self, cause: &io::Error) -> Error {
        let (index, row) = (self.index + 1, self.rows_done);
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => Error::corrupt(format!("strip or tile {index} ends after its row {row}")),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Error::corrupt(format!("strip or tile {index} is damaged after its row {row}: {cause}"))
            }
            kind => Error::Io(io::Error::new(kind, cause.to_string())),
        }
    }
}

/// Samples of a width that is no power of two.
fn unpack_odd(bytes: &[u8], bits: u8, count: usize, values: &mut Vec<u16>) {
    let (mut held, mut held_bits) = (0u32, 0);
    let mut bytes = bytes.iter();
    for _ in 0..count {
        while held_bits < u32::from(bits) {
            held = held << 8 | u32::from(bytes.next().copied().unwrap_or(0));
            held_bits += 8;
        }
        held_bits -= u32::from(bits);
        values.push(u16::try_from(held >> held_bits & ((1 << bits) - 1)).unwrap_or(0));
    }
}

/// The row that is given to the sink.
#[derive(Default)]
struct Output {
    eight: Vec<u8>,
    colours: Vec<u16>,
}

impl Output {
    /// Gives a row of numbers; false if the sink wants no more.
    fn give(&mut self, page: &Page, values: &mut [u16], sink: &mut dyn RowSink) -> bool {
        let max = u16::MAX >> (16 - page.bits);
        if page.meaning == Meaning::Palette {
            self.colours.clear();
            let colours = values.iter().map(|&index| page.palette.get(usize::from(index)).copied().unwrap_or_default());
            self.colours.extend(colours.flatten());
            return sink.row(Row::sixteen(Channels::Rgb, &self.colours)).is_continue();
        }
        if page.meaning == Meaning::WhiteIsZero {
            values.iter_mut().step_by(page.channels.count()).for_each(|value| *value = max - *value);
        }
        if let Some(factor) = exact_eight(u32::from(max)) {
            self.eight.clear();
            self.eight.extend(values.iter().map(|value| value.to_le_bytes()[0].wrapping_mul(factor)));
            return sink.row(Row::eight(page.channels, &self.eight)).is_continue();
        }
        if page.bits < 16 {
            values.iter_mut().for_each(|value| *value = scale_to_sixteen(u32::from(*value), u32::from(max)));
        }
        sink.row(Row::sixteen(page.channels, values)).is_continue()
    }
}
