//! PNM: PBM, PGM and PPM in plain and raw form, and PAM.
//!
//! Several raw pictures in one file are its frames, as Netpbm reads them. A sample above the file's own maximum is an
//! error, as in Netpbm (Pillow clamps it).

mod header;

use std::io::SeekFrom;

use pixtwin_pixel::{Delay, Depth, Frame, Row, RowSink, scale_to_sixteen};

use self::header::{Coding, Picture, Scan, at_white_space, next_byte, next_number};
use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    bits::{exact_eight, packed},
    codec::{Codec, charge},
    source::feed,
};

/// The codec of PBM, PGM, PPM and PAM.
pub(crate) struct Pnm;

impl Codec for Pnm {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let picture = Picture::first(source)?;
        let head_bytes = picture.memory_bytes();
        // Later frames may have longer rows. One that cannot be read is what decoding stops at.
        let (width, height) = (picture.width, picture.height);
        let mut whole_bytes = head_bytes;
        let mut last = picture;
        while let Ok(Some(next)) = last.next(source) {
            whole_bytes = whole_bytes.max(next.memory_bytes());
            last = next;
        }
        Ok(Header { width, height, whole_bytes, head_bytes, first_rows: FirstRows::Cheap })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let first = Picture::first(source)?;
        let mut frames = 1;
        let mut last = first.clone();
        while let Some(next) = last.next(source)? {
            frames += 1;
            last = next;
        }
        if sink.picture(frames).is_break() {
            return Ok(());
        }
        let mut frame = Some(first);
        while let Some(picture) = frame {
            charge(picture.memory_bytes(), limits)?;
            if !give_frame(&picture, source, sink)? {
                return Ok(());
            }
            frame = picture.next(source)?;
        }
        Ok(())
    }

    fn payload(&self, source: &mut dyn Source, limits: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut frame = Some(Picture::first(source)?);
        while let Some(picture) = frame {
            take(&[picture.coding as u8, picture.channels as u8]);
            for number in [picture.width, picture.height, picture.max] {
                take(&number.to_le_bytes());
            }
            if let Some(len) = picture.raster_bytes() {
                feed(source, picture.raster_at, len, "the raster", take)?;
            } else {
                charge(picture.memory_bytes(), limits)?;
                feed_plain(&picture, source, take)?;
            }
            frame = picture.next(source)?;
        }
        Ok(())
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        let mut frame = Some(Picture::first(source)?);
        let mut end = 0;
        while let Some(picture) = frame {
            for comment in &picture.comments {
                metadata.add("comment", comment);
            }
            end = picture.end(source);
            frame = picture.next(source)?;
        }
        metadata.add_trailing(source, end)?;
        Ok(metadata)
    }
}

/// Gives one frame to the sink; false if the sink wants no more.
fn give_frame(picture: &Picture, source: &mut dyn Source, sink: &mut dyn RowSink) -> Result<bool, Error> {
    let frame = Frame { width: picture.width, height: picture.height, delay: Delay::NONE };
    if sink.frame(frame).is_break() {
        return Ok(false);
    }
    source.seek(SeekFrom::Start(picture.raster_at))?;
    let mut raw = Vec::new();
    let mut values = Vec::new();
    let mut narrow = Vec::new();
    let eight = exact_eight(picture.max);
    for y in 0..picture.height {
        read_row(picture, source, y, &mut raw, &mut values)?;
        let given = if let Some(factor) = eight {
            narrow.clear();
            narrow.extend(values.iter().map(|value| value.to_le_bytes()[0].wrapping_mul(factor)));
            sink.row(Row::eight(picture.channels, &narrow))
        } else {
            if picture.max != 65535 {
                values.iter_mut().for_each(|value| *value = scale_to_sixteen(u32::from(*value), picture.max));
            }
            sink.row(Row::sixteen(picture.channels, &values))
        };
        if given.is_break() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The next row as the numbers of the file, white for the greatest, also where the file has 1 for black.
fn read_row(
    picture: &Picture,
    source: &mut dyn Source,
    y: u32,
    raw: &mut Vec<u8>,
    values: &mut Vec<u16>,
) -> Result<(), Error> {
    let count = picture.width as usize * picture.channels.count();
    let ends = || Error::corrupt(format!("the raster ends after row {y} of {}", picture.height));
    values.clear();
    match picture.coding {
        Coding::PlainBits => {
            for _ in 0..count {
                values.push(1 - u16::from(next_bit(source)?.ok_or_else(ends)?));
            }
        }
        Coding::PlainNumbers => {
            for _ in 0..count {
                let value = next_number(source, &mut Scan::default())?.ok_or_else(ends)?;
                values.push(u16::try_from(value).unwrap_or(u16::MAX));
                if value > picture.max {
                    return Err(above(value, picture, y));
                }
            }
        }
        Coding::RawBits | Coding::RawSamples => {
            raw.resize(picture.raw_row_bytes(), 0);
            source.read_exact(raw).map_err(|cause| match cause.kind() {
                std::io::ErrorKind::UnexpectedEof => ends(),
                _ => Error::Io(cause),
            })?;
            match (picture.coding, picture.max) {
                (Coding::RawBits, _) => values.extend(packed(raw, 1).take(count).map(|bit| u16::from(1 - bit))),
                (_, 0..=255) => values.extend(raw.iter().map(|&byte| u16::from(byte))),
                _ => values.extend(raw.as_chunks().0.iter().map(|&pair| u16::from_be_bytes(pair))),
            }
            let greatest = values.iter().copied().max().map_or(0, u32::from);
            if greatest > picture.max {
                return Err(above(greatest, picture, y));
            }
        }
    }
    Ok(())
}

fn above(value: u32, picture: &Picture, y: u32) -> Error {
    Error::corrupt(format!("row {} has a sample of {value}, above the file's own maximum of {}", y + 1, picture.max))
}

/// The next `0` or `1`; bits need no white space between them.
fn next_bit(source: &mut dyn Source) -> Result<Option<u8>, Error> {
    let mut scan = Scan::default();
    loop {
        match next_byte(source, &mut scan)? {
            None => return Ok(None),
            Some(digit @ (b'0' | b'1')) => return Ok(Some(digit - b'0')),
            Some(byte) if at_white_space(byte) => {}
            Some(byte) => return Err(Error::corrupt(format!("the bits contain the byte {byte:#04x}"))),
        }
    }
}

fn feed_plain(picture: &Picture, source: &mut dyn Source, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    source.seek(SeekFrom::Start(picture.raster_at))?;
    let (mut raw, mut values, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for y in 0..picture.height {
        read_row(picture, source, y, &mut raw, &mut values)?;
        bytes.clear();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        take(&bytes);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
