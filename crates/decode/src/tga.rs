//! Truevision TGA: colour mapped, true colour and grey, plain and run-length coded, all four orders of pixels.
//!
//! The fourth byte of a 32-bit pixel is alpha whatever the header says of attribute bits, as Pillow has it; the top
//! bit of a 16-bit pixel is alpha (1 is opaque) if the header claims one attribute bit, as ImageMagick has it.

use std::io::SeekFrom;

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink, scale_to_sixteen};

use crate::{
    Error, FirstRows, Header, Limits, Metadata, Source,
    codec::{Codec, charge},
    source::{feed, hash_of, read_at},
};

/// The codec of TGA.
pub(crate) struct Tga;

impl Codec for Tga {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let head = Head::read(source)?;
        let bytes = head.memory_bytes();
        Ok(Header {
            width: head.width,
            height: head.height,
            whole_bytes: bytes,
            head_bytes: bytes,
            // Runs have to be counted through to find the top row where the bottom row comes first.
            first_rows: FirstRows::cheap_if(!head.is_packed || head.is_top_down),
        })
    }

    fn rows(&self, source: &mut dyn Source, _: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let head = Head::read(source)?;
        charge(head.memory_bytes(), limits)?;
        let frame = Frame { width: head.width, height: head.height, delay: Delay::NONE };
        if sink.picture(1).is_break() || sink.frame(frame).is_break() {
            return Ok(());
        }
        let palette = head.palette(source)?;
        let starts = if head.is_packed && !head.is_top_down { head.row_starts(source)? } else { Vec::new() };
        let mut place = Place::at(head.data_at);
        source.seek(SeekFrom::Start(head.data_at))?;
        let mut line = vec![0; head.row_bytes()];
        let mut out = Vec::new();
        for y in 0..head.height {
            let stored = if head.is_top_down { y } else { head.height - 1 - y };
            if head.is_packed {
                if let Some(&start) = starts.get(stored as usize) {
                    place = start;
                    source.seek(SeekFrom::Start(start.at))?;
                }
                head.unpack(source, &mut place, &mut line).map_err(|cause| head.ends_after(cause, stored))?;
            } else {
                source.seek(SeekFrom::Start(head.data_at + u64::from(stored) * line.len() as u64))?;
                source.read_exact(&mut line).map_err(|cause| Error::reading(cause, "the pixels"))?;
            }
            if head.is_right_to_left {
                flip(&mut line, head.pixel_bytes());
            }
            if !head.give(&line, &palette, &mut out, sink)? {
                return Ok(());
            }
        }
        if place.left > 0 && head.is_top_down {
            return Err(Error::corrupt("the last run is longer than the picture"));
        }
        Ok(())
    }

    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let head = Head::read(source)?;
        take(&[u8::from(head.is_packed), u8::from(head.is_top_down), u8::from(head.is_right_to_left)]);
        take(&[head.kind as u8, head.bits, u8::from(head.has_alpha_bit), head.map_bits]);
        for number in [head.width, head.height, head.map_first, head.map_len] {
            take(&number.to_le_bytes());
        }
        if head.kind == Kind::Mapped {
            feed(source, head.map_at, head.map_bytes(), "the colour map", take)?;
        }
        let end = head.end(source)?;
        feed(source, head.data_at, end - head.data_at, "the pixels", take)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        let mut metadata = Metadata::default();
        let head = Head::read(source)?;
        if head.id_bytes > 0 {
            metadata.add("comment", hash_of(source, HEADER_BYTES, head.id_bytes, "the metadata")?.as_bytes());
        }
        let end = head.end(source)?;
        if has_footer(source)? {
            let left = source.byte_len().saturating_sub(end);
            metadata.add("TGA extension", hash_of(source, end, left, "the metadata")?.as_bytes());
        } else {
            metadata.add_trailing(source, end)?;
        }
        Ok(metadata)
    }
}

const HEADER_LEN: usize = 18;

const HEADER_BYTES: u64 = HEADER_LEN as u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mapped,
    Colour,
    Grey,
}

struct Head {
    kind: Kind,
    is_packed: bool,
    width: u32,
    height: u32,
    /// Bits a pixel: 8, 15, 16, 24 or 32.
    bits: u8,
    has_alpha_bit: bool,
    is_top_down: bool,
    is_right_to_left: bool,
    id_bytes: u64,
    /// The index of the first colour of the map.
    map_first: u32,
    map_len: u32,
    map_bits: u8,
    map_at: u64,
    data_at: u64,
}

/// Where a row begins among the packets.
#[derive(Clone, Copy)]
struct Place {
    at: u64,
    /// Pixels that the packet begun before still has.
    left: u32,
    /// Whether that packet repeats one pixel, which is at `at`, or lists its pixels from `at` on.
    is_run: bool,
}

impl Place {
    const fn at(at: u64) -> Self {
        Self { at, left: 0, is_run: false }
    }
}

impl Head {
    fn read(source: &mut dyn Source) -> Result<Self, Error> {
        let bytes: [u8; HEADER_LEN] = read_at(source, 0, "the header")?;
        let [id, map_kind, kind, f0, f1, l0, l1, map_bits, _, _, _, _, w0, w1, h0, h1, bits, flags] = bytes;
        let word = |low, high| u32::from(u16::from_le_bytes([low, high]));
        let has_map = map_kind == 1;
        let fits = match kind & 7 {
            1 => has_map && matches!(bits, 8 | 15 | 16),
            2 => matches!(bits, 15 | 16 | 24 | 32),
            3 => matches!(bits, 8 | 16),
            _ => false,
        };
        if !matches!(kind, 1..=3 | 9..=11) || map_kind > 1 || !fits {
            return Err(Error::unsupported(format!("TGA of type {kind} with {bits} bits a pixel")));
        }
        if has_map && !matches!(map_bits, 15 | 16 | 24 | 32) {
            return Err(Error::unsupported(format!("a TGA colour map of {map_bits} bits")));
        }
        if flags & 0xc0 != 0 {
            return Err(Error::unsupported("interleaved TGA"));
        }
        let mut head = Self {
            kind: [Kind::Mapped, Kind::Mapped, Kind::Colour, Kind::Grey]
                .get(usize::from(kind & 3))
                .copied()
                .unwrap_or(Kind::Grey),
            is_packed: kind >= 9,
            width: word(w0, w1),
            height: word(h0, h1),
            bits,
            has_alpha_bit: flags & 15 == 1 && bits == 16,
            is_top_down: flags & 0x20 != 0,
            is_right_to_left: flags & 0x10 != 0,
            id_bytes: u64::from(id),
            map_first: word(f0, f1),
            map_len: if has_map { word(l0, l1) } else { 0 },
            map_bits: if has_map { map_bits } else { 0 },
            map_at: HEADER_BYTES + u64::from(id),
            data_at: 0,
        };
        head.data_at = head.map_at + head.map_bytes();
        if head.width == 0 || head.height == 0 {
            return Err(Error::corrupt(format!("the header says {} x {} pixels", head.width, head.height)));
        }
        let left = source.byte_len().saturating_sub(head.data_at);
        let row_bytes = head.row_bytes() as u64;
        if !head.is_packed && left < row_bytes * u64::from(head.height) {
            let rows = left / row_bytes;
            return Err(Error::corrupt(format!("the pixels end after row {rows} of {}", head.height)));
        }
        Ok(head)
    }

    fn pixel_bytes(&self) -> usize {
        usize::from(self.bits.div_ceil(8))
    }

    fn row_bytes(&self) -> usize {
        self.width as usize * self.pixel_bytes()
    }

    fn map_bytes(&self) -> u64 {
        u64::from(self.map_len) * u64::from(self.map_bits.div_ceil(8))
    }

    /// A row as stored and as samples, the palette, and the places of the rows where they are needed.
    fn memory_bytes(&self) -> u64 {
        let places =
            if self.is_packed && !self.is_top_down { u64::from(self.height) * size_of::<Place>() as u64 } else { 0 };
        u64::from(self.width) * 12 + u64::from(self.map_len) * 8 + places + 8192
    }

    fn ends_after(&self, cause: Error, y: u32) -> Error {
        match cause {
            Error::Corrupt(_) => {
                Error::corrupt(format!("the pixels end within stored row {} of {}", y + 1, self.height))
            }
            other => other,
        }
    }

    /// Fills `line` with the next row; its packets may begin in the row before.
    fn unpack(&self, source: &mut dyn Source, place: &mut Place, line: &mut [u8]) -> Result<(), Error> {
        let mut run_pixel = [0; 4];
        let size = self.pixel_bytes();
        let run = run_pixel.get_mut(..size).unwrap_or_default();
        let read = |source: &mut dyn Source, into: &mut [u8]| {
            source.read_exact(into).map_err(|cause| Error::reading(cause, "the pixels"))
        };
        if place.left > 0 && place.is_run {
            source.seek(SeekFrom::Start(place.at))?;
            read(source, run)?;
        }
        for pixel in line.chunks_exact_mut(size) {
            if place.left == 0 {
                let mut packet = [0];
                read(source, &mut packet)?;
                let [packet] = packet;
                place.left = u32::from(packet & 0x7f) + 1;
                place.is_run = packet & 0x80 != 0;
                if place.is_run {
                    place.at = source.stream_position()?;
                    read(source, run)?;
                }
            }
            if place.is_run {
                pixel.copy_from_slice(run);
            } else {
                read(source, pixel)?;
            }
            place.left -= 1;
        }
        Ok(())
    }

    /// Where each stored row begins.
    fn row_starts(&self, source: &mut dyn Source) -> Result<Vec<Place>, Error> {
        let mut starts = Vec::with_capacity(self.height as usize);
        self.walk(source, &mut |start| starts.push(start))?;
        Ok(starts)
    }

    /// Goes over the packets without looking at the pixels, and gives back where they end.
    fn walk(&self, source: &mut dyn Source, row: &mut dyn FnMut(Place)) -> Result<u64, Error> {
        let size = self.pixel_bytes() as u64;
        source.seek(SeekFrom::Start(self.data_at))?;
        let mut place = Place::at(self.data_at);
        for y in 0..self.height {
            row(place);
            let mut missing = self.width;
            while missing > 0 {
                if place.left == 0 {
                    let packet = source.fill_buf()?.first().copied();
                    let packet = packet.ok_or_else(|| self.ends_after(Error::corrupt(""), y))?;
                    source.consume(1);
                    place = Place { at: place.at + 1, left: u32::from(packet & 0x7f) + 1, is_run: packet & 0x80 != 0 };
                    let bytes = if place.is_run { size } else { size * u64::from(place.left) };
                    skip(source, bytes).map_err(|cause| self.ends_after(cause, y))?;
                }
                let taken = missing.min(place.left);
                place.left -= taken;
                missing -= taken;
                if !place.is_run {
                    place.at += size * u64::from(taken);
                } else if place.left == 0 {
                    place.at += size;
                }
            }
        }
        if place.left > 0 {
            return Err(Error::corrupt("the last run is longer than the picture"));
        }
        Ok(place.at)
    }

    /// Where the pixels end.
    fn end(&self, source: &mut dyn Source) -> Result<u64, Error> {
        if self.is_packed {
            return self.walk(source, &mut |_| ());
        }
        Ok(self.data_at + self.row_bytes() as u64 * u64::from(self.height))
    }

    /// The samples of every colour of the map, or none if the picture does not use it.
    fn palette(&self, source: &mut dyn Source) -> Result<Vec<u16>, Error> {
        let mut colours = Vec::new();
        if self.kind != Kind::Mapped {
            return Ok(colours);
        }
        source.seek(SeekFrom::Start(self.map_at))?;
        let mut entry = [0; 4];
        let entry = entry.get_mut(..usize::from(self.map_bits.div_ceil(8))).unwrap_or_default();
        for _ in 0..self.map_len {
            source.read_exact(entry).map_err(|cause| Error::reading(cause, "the colour map"))?;
            match *entry {
                [low, high] => colours.extend(five_bits([low, high])),
                [b, g, r] => colours.extend([r, g, b].map(wide)),
                [b, g, r, a] => colours.extend([r, g, b, a].map(wide)),
                _ => {}
            }
        }
        Ok(colours)
    }

    /// Gives a row to the sink; false if it wants no more.
    fn give(&self, line: &[u8], palette: &[u16], out: &mut Vec<u16>, sink: &mut dyn RowSink) -> Result<bool, Error> {
        out.clear();
        let mut eight = Vec::new();
        let row = match (self.kind, self.bits) {
            (Kind::Grey, 8) => Row::eight(Channels::Grey, line),
            (Kind::Grey, _) => Row::eight(Channels::GreyAlpha, line),
            (Kind::Mapped, _) => {
                let channels = if self.map_bits == 32 { Channels::Rgba } else { Channels::Rgb };
                for pixel in line.chunks_exact(self.pixel_bytes()) {
                    let index = pixel.iter().rev().fold(0, |index, &byte| index << 8 | u32::from(byte));
                    let at = index.checked_sub(self.map_first).map(|at| at as usize * channels.count());
                    let colour = at.and_then(|at| palette.get(at..at + channels.count()));
                    out.extend_from_slice(colour.ok_or_else(|| {
                        Error::corrupt(format!("a pixel has the colour {index}, which the map does not hold"))
                    })?);
                }
                Row::sixteen(channels, out)
            }
            (Kind::Colour, 24) => {
                eight.resize(line.len(), 0);
                let pixels = eight.as_chunks_mut::<3>().0.iter_mut().zip(line.as_chunks::<3>().0);
                pixels.for_each(|(rgb, &[b, g, r])| *rgb = [r, g, b]);
                Row::eight(Channels::Rgb, &eight)
            }
            (Kind::Colour, 32) => {
                eight.resize(line.len(), 0);
                let pixels = eight.as_chunks_mut::<4>().0.iter_mut().zip(line.as_chunks::<4>().0);
                pixels.for_each(|(rgba, &[b, g, r, a])| *rgba = [r, g, b, a]);
                Row::eight(Channels::Rgba, &eight)
            }
            (Kind::Colour, _) => {
                for &pixel in line.as_chunks::<2>().0 {
                    out.extend(five_bits(pixel));
                    if self.has_alpha_bit {
                        out.push(if pixel[1] & 0x80 == 0 { 0 } else { u16::MAX });
                    }
                }
                Row::sixteen(if self.has_alpha_bit { Channels::Rgba } else { Channels::Rgb }, out)
            }
        };
        Ok(sink.row(row).is_continue())
    }
}

fn wide(sample: u8) -> u16 {
    u16::from(sample) * 257
}

/// Red, green and blue of a pixel of two bytes.
fn five_bits(pixel: [u8; 2]) -> [u16; 3] {
    let pixel = u32::from(u16::from_le_bytes(pixel));
    [10, 5, 0].map(|shift| scale_to_sixteen(pixel >> shift & 31, 31))
}

/// Reverses the order of the pixels of a row.
fn flip(line: &mut [u8], pixel_bytes: usize) {
    line.reverse();
    line.chunks_exact_mut(pixel_bytes).for_each(<[u8]>::reverse);
}

fn skip(source: &mut dyn Source, bytes: u64) -> Result<(), Error> {
    let mut left = usize::try_from(bytes).unwrap_or(usize::MAX);
    while left > 0 {
        let held = source.fill_buf()?.len();
        if held == 0 {
            return Err(Error::corrupt("the file ends within the pixels"));
        }
        source.consume(held.min(left));
        left -= held.min(left);
    }
    Ok(())
}

fn has_footer(source: &mut dyn Source) -> Result<bool, Error> {
    const FOOTER: &[u8; 18] = b"TRUEVISION-XFILE.\0";
    let at = source.byte_len().saturating_sub(FOOTER.len() as u64);
    Ok(&read_at(source, at, "the footer")? == FOOTER)
}

#[cfg(test)]
mod tests {
    use crate::{
        Format,
        checks::{
            assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb,
            rgba,
        },
    };

    fn tga(kind: u8, size: (u8, u8), bits: u8, flags: u8, pixels: &[u8]) -> Vec<u8> {
        let head = [0, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, size.0, 0, size.1, 0, bits, flags];
        [&head[..], pixels].concat()
    }

    fn seen(file: &[u8]) -> Vec<[u16; 4]> {
        pixels(Format::Tga, file)
    }

    fn grey(levels: [u8; 6]) -> Vec<[u16; 4]> {
        levels.map(|level| rgb(level, level, level)).to_vec()
    }

    #[test]
    fn the_order_of_pixels_is_honoured() {
        let stored = [1, 2, 3, 4, 5, 6];
        for (flags, expected) in [
            (0x00, [4, 5, 6, 1, 2, 3]),
            (0x10, [6, 5, 4, 3, 2, 1]),
            (0x20, [1, 2, 3, 4, 5, 6]),
            (0x30, [3, 2, 1, 6, 5, 4]),
        ] {
            assert_eq!(seen(&tga(3, (3, 2), 8, flags, &stored)), grey(expected));
            // The same, in a literal packet over both rows.
            assert_eq!(seen(&tga(11, (3, 2), 8, flags, &[5, 1, 2, 3, 4, 5, 6])), grey(expected));
        }
    }

    #[test]
    fn runs_go_over_the_ends_of_rows() {
        let packets = [0x00, 1, 0x83, 2, 0x00, 3];
        assert_eq!(seen(&tga(11, (3, 2), 8, 0x20, &packets)), grey([1, 2, 2, 2, 2, 3]));
        assert_eq!(seen(&tga(11, (3, 2), 8, 0x00, &packets)), grey([2, 2, 3, 1, 2, 2]));
        let long = tga(11, (3, 2), 8, 0x20, &[0x00, 1, 0x85, 2]);
        assert!(decode(Format::Tga, &long).is_err() && payload(Format::Tga, &long).is_err());
    }

    #[test]
    fn every_width_of_pixel() {
        assert_eq!(seen(&tga(2, (1, 1), 24, 0, &[1, 2, 3])), [rgb(3, 2, 1)]);
        assert_eq!(seen(&tga(2, (1, 1), 32, 0, &[1, 2, 3, 4])), [rgba(3, 2, 1, 4)]);
        assert_eq!(seen(&tga(2, (1, 1), 32, 8, &[1, 2, 3, 4])), [rgba(3, 2, 1, 4)]);
        assert_eq!(seen(&tga(3, (1, 1), 16, 0, &[7, 9])), [rgba(7, 7, 7, 9)]);
        // 1, 31 and 16 of 31.
        assert_eq!(seen(&tga(2, (1, 1), 16, 0, &[0xf0, 0x07])), [[2114, 65535, 33825, 65535]]);
        assert_eq!(seen(&tga(2, (1, 1), 15, 0, &[0xf0, 0x87])), [[2114, 65535, 33825, 65535]]);
        assert_eq!(seen(&tga(2, (2, 1), 16, 1, &[0, 0, 0, 0x80])), [[0; 4], rgb(0, 0, 0)]);
        let run = tga(10, (2, 1), 24, 0x20, &[0x81, 1, 2, 3]);
        assert_eq!(seen(&run), [rgb(3, 2, 1); 2]);
    }

    /// Two colours, the first of them index 5; an image identification of two bytes.
    fn mapped() -> Vec<u8> {
        let head = [2, 1, 1, 5, 0, 2, 0, 24, 0, 0, 0, 0, 2, 0, 1, 0, 8, 0];
        [&head[..], b"id", &[1, 2, 3, 4, 5, 6], &[6, 5]].concat()
    }

    #[test]
    fn the_map_begins_at_its_first_index() {
        assert_eq!(seen(&mapped()), [rgb(6, 5, 4), rgb(3, 2, 1)]);
        let mut outside = mapped();
        *outside.last_mut().unwrap() = 4;
        assert!(decode(Format::Tga, &outside).is_err());
        *outside.last_mut().unwrap() = 7;
        assert!(decode(Format::Tga, &outside).is_err());
    }

    #[test]
    fn cut_stopped_and_too_large_files() {
        for file in [
            mapped(),
            tga(3, (2, 3), 8, 0, &[1, 2, 3, 4, 5, 6]),
            tga(11, (2, 3), 8, 0, &[0x84, 1, 0, 2]),
            tga(10, (2, 3), 32, 0x20, &[0x84, 1, 2, 3, 4, 0, 1, 2, 3, 4]),
        ] {
            assert_cuts_are_refused(Format::Tga, &file);
            assert_stops_anywhere(Format::Tga, &file);
        }
        for kind in [2, 10] {
            let mut large = tga(kind, (1, 1), 32, 0, &[0x85; 1000]);
            large[12..16].fill(255);
            assert_is_refused(Format::Tga, &large);
        }
    }

    #[test]
    fn identification_and_extension_are_metadata() {
        let plain = tga(3, (1, 1), 8, 0, &[7]);
        let mut named = plain.clone();
        named[0] = 2;
        named.splice(18..18, *b"id");
        named.extend_from_slice(b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0");
        let key = |file: &[u8]| payload(Format::Tga, file).unwrap();
        assert_eq!(key(&plain), key(&named));
        assert_ne!(key(&plain), key(&tga(3, (1, 1), 8, 0, &[8])));
        assert_ne!(key(&plain), key(&tga(3, (1, 1), 8, 0x20, &[7])));
        let names: Vec<_> = metadata(Format::Tga, &named).items.iter().map(|item| item.name).collect();
        assert_eq!(names, ["comment", "TGA extension"]);
    }
}
