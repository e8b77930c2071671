//! QOI, the Quite OK Image format.
//!
//! # Source
//! The specification of qoiformat.org, version 1.0 of 2022-01-05.

use std::io::SeekFrom;

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink};

use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    codec::{Codec, charge},
    source::{feed, read_at},
};

/// The codec of QOI.
pub(crate) struct Qoi;

const HEADER_LEN: usize = 14;

const HEADER_BYTES: u64 = HEADER_LEN as u64;

const END_MARK: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 1];

/// The longest run that one byte stands for.
const LONGEST_RUN: u64 = 62;

impl Codec for Qoi {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let head = Head::read(source)?;
        let bytes = head.memory_bytes();
        Ok(Header {
            width: head.width,
            height: head.height,
            whole_bytes: bytes,
            head_bytes: bytes,
            first_rows: FirstRows::Cheap,
        })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let head = Head::read(source)?;
        charge(head.memory_bytes(), limits)?;
        let frame = Frame { width: head.width, height: head.height, delay: Delay::NONE };
        if sink.picture(1).is_break() || sink.frame(frame).is_break() {
            return Ok(());
        }
        source.seek(SeekFrom::Start(HEADER_BYTES))?;
        let mut pixels = Pixels::default();
        let mut row = vec![0; head.width as usize * head.channels.count()];
        for y in 0..head.height {
            for sample in row.chunks_exact_mut(head.channels.count()) {
                let pixel = pixels.next(source).map_err(|cause| head.ends_after(cause, y))?;
                sample.copy_from_slice(pixel.get(..sample.len()).unwrap_or_default());
            }
            if sink.row(Row::eight(head.channels, &row)).is_break() {
                return Ok(());
            }
        }
        if pixels.run > 0 {
            return Err(Error::corrupt("the last run is longer than the picture"));
        }
        read_end(source)
    }

    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let head = Head::read(source)?;
        take(&head.width.to_le_bytes());
        take(&head.height.to_le_bytes());
        take(&[head.channels as u8]);
        let end = head.walk(source)?;
        feed(source, HEADER_BYTES, end - HEADER_BYTES, "the pixels", take)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        let head = Head::read(source)?;
        let space = if head.colour_space == 0 { "sRGB with linear alpha" } else { "all channels linear" };
        metadata.add_value("colour space", &[head.colour_space], space.to_owned());
        let end = head.walk(source)?;
        metadata.add_trailing(source, end)?;
        Ok(metadata)
    }
}

struct Head {
    width: u32,
    height: u32,
    channels: Channels,
    colour_space: u8,
}

impl Head {
    fn read(source: &mut dyn Source) -> Result<Self, Error> {
        let bytes: [u8; HEADER_LEN] = read_at(source, 0, "the header")?;
        let [b'q', b'o', b'i', b'f', w0, w1, w2, w3, h0, h1, h2, h3, channels, colour_space] = bytes else {
            return Err(Error::corrupt("no QOI signature"));
        };
        let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
        let channels = match channels {
            3 => Channels::Rgb,
            4 => Channels::Rgba,
            other => return Err(Error::corrupt(format!("the number of channels must be 3 or 4: {other}"))),
        };
        if colour_space > 1 {
            return Err(Error::corrupt(format!("the colour space must be 0 or 1: {colour_space}")));
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels.div_ceil(LONGEST_RUN) > source.byte_len() {
            let len = source.byte_len();
            return Err(Error::corrupt(format!("{len} bytes cannot be a picture of {width} x {height}")));
        }
        Ok(Self { width, height, channels, colour_space })
    }

    fn memory_bytes(&self) -> u64 {
        u64::from(self.width) * self.channels.count() as u64 + 4096
    }

    fn ends_after(&self, cause: Error, y: u32) -> Error {
        match cause {
            Error::Corrupt(_) => Error::corrupt(format!("the pixels end after row {y} of {}", self.height)),
            other => other,
        }
    }

    /// The end of the end mark, found without computing a colour.
    fn walk(&self, source: &mut dyn Source) -> Result<u64, Error> {
        source.seek(SeekFrom::Start(HEADER_BYTES))?;
        let mut left = u64::from(self.width) * u64::from(self.height);
        while left > 0 {
            let tag = byte(source)?;
            let more = match tag {
                0xfe => 3,
                0xff => 4,
                0x80..=0xbf => 1,
                _ => 0,
            };
            for _ in 0..more {
                byte(source)?;
            }
            let run = if (0xc0..=0xfd).contains(&tag) { u64::from(tag & 0x3f) + 1 } else { 1 };
            left = left.checked_sub(run).ok_or_else(|| Error::corrupt("the last run is longer than the picture"))?;
        }
        read_end(source)?;
        Ok(source.stream_position()?)
    }
}

fn read_end(source: &mut dyn Source) -> Result<(), Error> {
    let mut mark = [0; END_MARK.len()];
    source.read_exact(&mut mark).map_err(|cause| Error::reading(cause, "the end mark"))?;
    if mark != END_MARK {
        return Err(Error::corrupt("the end mark is not where the pixels end"));
    }
    Ok(())
}

fn byte(source: &mut dyn Source) -> Result<u8, Error> {
    let byte = source.fill_buf()?.first().copied().ok_or_else(|| Error::corrupt("the file ends within the pixels"))?;
    source.consume(1);
    Ok(byte)
}

/// What the decoder remembers from pixel to pixel.
struct Pixels {
    last: [u8; 4],
    /// Pixels seen before, by the hash of their colour.
    seen: [[u8; 4]; 64],
    /// How many more times the last pixel comes.
    run: u8,
}

impl Default for Pixels {
    fn default() -> Self {
        Self { last: [0, 0, 0, 255], seen: [[0; 4]; 64], run: 0 }
    }
}

impl Pixels {
    fn next(&mut self, source: &mut dyn Source) -> Result<[u8; 4], Error> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(self.last);
        }
        let tag = byte(source)?;
        let [r, g, b, a] = self.last;
        self.last = match tag {
            0xfe => [byte(source)?, byte(source)?, byte(source)?, a],
            0xff => [byte(source)?, byte(source)?, byte(source)?, byte(source)?],
            0x00..=0x3f => self.seen.get(usize::from(tag)).copied().unwrap_or_default(),
            0x40..=0x7f => {
                let step = |shift: u8| (tag >> shift & 3).wrapping_sub(2);
                [r.wrapping_add(step(4)), g.wrapping_add(step(2)), b.wrapping_add(step(0)), a]
            }
            0x80..=0xbf => {
                let second = byte(source)?;
                let green = (tag & 0x3f).wrapping_sub(32);
                let red = green.wrapping_add(second >> 4).wrapping_sub(8);
                let blue = green.wrapping_add(second & 15).wrapping_sub(8);
                [r.wrapping_add(red), g.wrapping_add(green), b.wrapping_add(blue), a]
            }
            _ => {
                self.run = tag & 0x3f;
                self.last
            }
        };
        let [r, g, b, a] = self.last.map(usize::from);
        if let Some(place) = self.seen.get_mut((r * 3 + g * 5 + b * 7 + a * 11) % 64) {
            *place = self.last;
        }
        Ok(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Format,
        checks::{
            assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb,
            rgba,
        },
    };

    fn file(width: u8, height: u8, channels: u8, ops: &[u8]) -> Vec<u8> {
        let head = [b'q', b'o', b'i', b'f', 0, 0, 0, width, 0, 0, 0, height, channels, 0];
        [&head[..], ops, &END_MARK].concat()
    }

    /// One of each operation: RGB, index, difference, luma, run, RGBA. Colours worked out by hand from the text of
    /// the specification.
    fn every_operation() -> Vec<u8> {
        let ops = [
            &[0xfe, 10, 20, 30][..],     // r 10, g 20, b 30
            &[0b01_11_10_01],            // +1, 0, -1
            &[0b10_100011, 0b1010_0101], // green +3, red +3 + 2, blue +3 - 3
            &[0b11_000001],              // twice more
            &[9],                        // the first colour again: (10*3 + 20*5 + 30*7 + 255*11) % 64
            &[0xff, 1, 2, 3, 4],
            &[0b11_000000],
        ];
        file(4, 2, 4, &ops.concat())
    }

    #[test]
    fn every_operation_gives_the_pixels_of_the_specification() {
        let expected = [
            rgb(10, 20, 30),
            rgb(11, 20, 29),
            rgb(16, 23, 29),
            rgb(16, 23, 29),
            rgb(16, 23, 29),
            rgb(10, 20, 30),
            rgba(1, 2, 3, 4),
            rgba(1, 2, 3, 4),
        ];
        assert_eq!(pixels(Format::Qoi, &every_operation()), expected);
    }

    #[test]
    fn three_channels_have_no_alpha() {
        assert_eq!(pixels(Format::Qoi, &file(2, 1, 3, &[0xff, 1, 2, 3, 0, 0xc0])), [rgb(1, 2, 3), rgb(1, 2, 3)]);
    }

    #[test]
    fn every_cut_is_refused() {
        assert_cuts_are_refused(Format::Qoi, &every_operation());
    }

    #[test]
    fn a_run_over_the_end_is_refused() {
        let long = file(2, 1, 3, &[0xc2]);
        assert!(matches!(decode(Format::Qoi, &long), Err(Error::Corrupt(_))));
        assert!(payload(Format::Qoi, &long).is_err());
    }

    #[test]
    fn a_promise_that_the_file_cannot_keep_costs_nothing() {
        let mut large = every_operation();
        large[4..12].fill(255);
        assert_is_refused(Format::Qoi, &large);
    }

    #[test]
    fn stopping_gives_the_same_rows() {
        assert_stops_anywhere(Format::Qoi, &every_operation());
    }

    #[test]
    fn colour_space_and_tail_are_metadata() {
        let plain = every_operation();
        let mut tagged = [&plain[..], b"tail"].concat();
        tagged[13] = 1;
        assert_eq!(payload(Format::Qoi, &plain).unwrap(), payload(Format::Qoi, &tagged).unwrap());
        let names: Vec<_> = metadata(Format::Qoi, &tagged).items.iter().map(|item| item.name).collect();
        assert_eq!(names, ["colour space", "trailing bytes"]);
        let mut other = every_operation();
        other[15] ^= 1;
        assert_ne!(payload(Format::Qoi, &plain).unwrap(), payload(Format::Qoi, &other).unwrap());
    }
}
