//! The bytes of one strip or tile, unpacked as they are asked for.

use std::io::{self, BufRead, BufReader, Read, SeekFrom};

use flate2::bufread::ZlibDecoder;
use weezl::{BitOrder, LzwStatus, decode::Decoder};

use super::{
    fax::Fax,
    jpeg,
    page::{Packing, Page},
};
use crate::{Error, Source};

type Input<'a> = Box<dyn BufRead + 'a>;

/// One strip or tile.
pub(super) enum Unpacker<'a> {
    Plain(Input<'a>),
    Deflate(ZlibDecoder<Input<'a>>),
    Lzw(Input<'a>, Box<Decoder>),
    PackBits(Input<'a>, Packet),
    Fax(Fax<Input<'a>>),
    Jpeg(io::Cursor<Vec<u8>>),
}

/// What is left of a PackBits packet.
#[derive(Clone, Copy)]
pub(super) enum Packet {
    Literal(usize),
    Run(usize, u8),
}

impl<'a> Unpacker<'a> {
    /// Begins at the first byte of a chunk.
    pub(super) fn open(
        page: &Page,
        source: &'a mut dyn Source,
        (at, len): (u64, u64),
        rows: u32,
    ) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(at))?;
        if page.packing == Packing::Jpeg {
            if len > page.longest_jpeg() {
                return Err(Error::corrupt(format!("a JPEG stream of {len} bytes is longer than its pixels")));
            }
            let mut stream = Vec::new();
            source.take(len).read_to_end(&mut stream)?;
            let size = jpeg::Size { width: page.chunk_width, height: rows, full_height: page.chunk_height };
            let rows = jpeg::unpack(&page.jpeg, &stream, page.chunk_samples(), size)?;
            return Ok(Self::Jpeg(io::Cursor::new(rows)));
        }
        let bytes = source.take(len);
        let mut input: Input<'a> =
            if page.low_bit_first { Box::new(BufReader::new(Reversed(bytes))) } else { Box::new(bytes) };
        Ok(match page.packing {
            Packing::None | Packing::Jpeg => Self::Plain(input),
            Packing::Deflate => Self::Deflate(ZlibDecoder::new(input)),
            Packing::PackBits => Self::PackBits(input, Packet::Literal(0)),
            Packing::Lzw => {
                // libtiff tells the bit-reversed LZW of before 1990 by these two bytes.
                if matches!(input.fill_buf()?, [0, second, ..] if second & 1 == 1) {
                    return Err(Error::unsupported("old LZW in TIFF"));
                }
                Self::Lzw(input, Box::new(Decoder::with_tiff_size_switch(BitOrder::Msb, 8)))
            }
            Packing::FaxRows | Packing::FaxGroup3 | Packing::FaxGroup4 => Self::Fax(Fax::new(page, input)),
        })
    }

    /// Fills `row` with the next bytes, which are one row.
    pub(super) fn fill(&mut self, row: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Plain(input) => input.read_exact(row),
            Self::Deflate(input) => input.read_exact(row),
            Self::Lzw(input, decoder) => unpack_lzw(input, decoder, row),
            Self::PackBits(input, packet) => unpack_packbits(input, packet, row),
            Self::Fax(fax) => fax.fill(row),
            Self::Jpeg(rows) => rows.read_exact(row),
        }
    }
}

fn unpack_lzw(input: &mut Input<'_>, decoder: &mut Decoder, row: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while let Some(left) = row.get_mut(filled..).filter(|left| !left.is_empty()) {
        let bytes = input.fill_buf()?;
        let is_end = bytes.is_empty();
        let step = decoder.decode_bytes(bytes, left);
        input.consume(step.consumed_in);
        filled += step.consumed_out;
        let status = step.status.map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))?;
        let is_over = matches!(status, LzwStatus::Done | LzwStatus::NoProgress) || is_end && step.consumed_out == 0;
        if filled < row.len() && is_over {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

fn unpack_packbits(input: &mut Input<'_>, packet: &mut Packet, row: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < row.len() {
        let left = row.get_mut(filled..).unwrap_or_default();
        match packet {
            Packet::Literal(0) | Packet::Run(0, _) => {
                let mut code = [0];
                input.read_exact(&mut code)?;
                let [code] = code;
                match code {
                    0..=127 => *packet = Packet::Literal(usize::from(code) + 1),
                    128 => {}
                    129..=255 => {
                        let mut value = [0];
                        input.read_exact(&mut value)?;
                        *packet = Packet::Run(257 - usize::from(code), value[0]);
                    }
                }
            }
            Packet::Literal(count) => {
                let taken = left.len().min(*count);
                input.read_exact(left.get_mut(..taken).unwrap_or_default())?;
                *count -= taken;
                filled += taken;
            }
            Packet::Run(count, value) => {
                let taken = left.len().min(*count);
                left.get_mut(..taken).unwrap_or_default().fill(*value);
                *count -= taken;
                filled += taken;
            }
        }
    }
    Ok(())
}

/// Bytes with their lowest bit first.
struct Reversed<R>(R);

impl<R: Read> Read for Reversed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.0.read(into)?;
        into.iter_mut().take(len).for_each(|byte| *byte = byte.reverse_bits());
        Ok(len)
    }
}
