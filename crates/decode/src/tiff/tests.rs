use std::io::Write;

use super::*;
use crate::{
    Format, InMemory,
    checks::{
        assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb, rgba,
    },
};

/// A file that is put together from the tags of its pages.
struct Writer {
    is_big_endian: bool,
    is_big_tiff: bool,
    file: Vec<u8>,
    /// Where the place of the next directory is to be written.
    link: usize,
}

impl Writer {
    fn new(is_big_endian: bool, is_big_tiff: bool) -> Self {
        let mut writer = Self { is_big_endian, is_big_tiff, file: Vec::new(), link: 0 };
        writer.file.extend_from_slice(if is_big_endian { b"MM" } else { b"II" });
        writer.put(if is_big_tiff { 43 } else { 42 }, 2);
        if is_big_tiff {
            writer.put(8, 2);
            writer.put(0, 2);
        }
        writer.link = writer.file.len();
        writer.put(0, writer.word());
        writer
    }

    fn word(&self) -> usize {
        if self.is_big_tiff { 8 } else { 4 }
    }

    fn bytes(&self, number: u64, len: usize) -> Vec<u8> {
        if self.is_big_endian { number.to_be_bytes()[8 - len..].to_vec() } else { number.to_le_bytes()[..len].to_vec() }
    }

    fn put(&mut self, number: u64, len: usize) {
        let bytes = self.bytes(number, len);
        self.file.extend(bytes);
    }

    /// Adds a page: its strips or tiles lie in the file first, then long values, then the directory.
    fn page(mut self, tags: &[(u16, &[u64])], chunks: &[&[u8]]) -> Self {
        let mut places = Vec::new();
        for chunk in chunks {
            places.push(self.file.len() as u64);
            self.file.extend_from_slice(chunk);
        }
        let lengths: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
        let is_tiled = tags.iter().any(|(tag, _)| *tag == 322);
        let (at_tag, len_tag) = if is_tiled { (324, 325) } else { (273, 279) };
        let mut all: Vec<(u16, Vec<u64>)> = tags.iter().map(|(tag, values)| (*tag, values.to_vec())).collect();
        all.push((at_tag, places));
        all.push((len_tag, lengths));
        all.sort();
        let mut entries = Vec::new();
        for (tag, values) in &all {
            let is_short = *tag != at_tag && *tag != len_tag;
            let size = if is_short { 2 } else { 4 };
            let mut value: Vec<u8> = values.iter().flat_map(|&value| self.bytes(value, size)).collect();
            if value.len() > self.word() {
                let at = self.file.len() as u64;
                self.file.extend_from_slice(&value);
                value = self.bytes(at, self.word());
            }
            value.resize(self.word(), 0);
            let kind = if is_short { 3 } else { 4 };
            let head = [self.bytes(u64::from(*tag), 2), self.bytes(kind, 2)].concat();
            entries.extend([head, self.bytes(values.len() as u64, self.word()), value].concat());
        }
        let at = self.bytes(self.file.len() as u64, self.word());
        let link = self.link;
        self.file.splice(link..link + at.len(), at);
        self.put(all.len() as u64, if self.is_big_tiff { 8 } else { 2 });
        self.file.extend(entries);
        self.link = self.file.len();
        self.put(0, self.word());
        self
    }
}

/// A page of strips in the little-endian order.
fn tiff(tags: &[(u16, &[u64])], chunks: &[&[u8]]) -> Vec<u8> {
    Writer::new(false, false).page(tags, chunks).file
}

/// Width, height, compression, photometric interpretation, bits.
macro_rules! tags {
    ($width:expr, $height:expr, $packing:expr, $meaning:expr, $bits:expr $(, $tag:expr => $values:expr)*) => {
        &[(256, &[$width][..]), (257, &[$height]), (258, &$bits), (259, &[$packing]), (262, &[$meaning]),
          (277, &[$bits.len() as u64]) $(, ($tag, &$values[..]))*]
    };
}

fn seen(file: &[u8]) -> Vec<[u16; 4]> {
    pixels(Format::Tiff, file)
}

fn grey(levels: &[u8]) -> Vec<[u16; 4]> {
    levels.iter().map(|&level| rgb(level, level, level)).collect()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn both_byte_orders_and_both_sizes_of_offset() {
    for is_big_endian in [false, true] {
        for is_big_tiff in [false, true] {
            let sample = if is_big_endian { [0x12, 0x34] } else { [0x34, 0x12] };
            let file = Writer::new(is_big_endian, is_big_tiff).page(tags!(1, 1, 1, 1, [16]), &[&sample]).file;
            assert_eq!(seen(&file), [[0x1234, 0x1234, 0x1234, 65535]]);
            assert_cuts_are_refused(Format::Tiff, &file);
        }
    }
}

#[test]
fn grey_of_every_width_and_both_polarities() {
    assert_eq!(seen(&tiff(tags!(3, 1, 1, 1, [1]), &[&[0b1010_0000]])), grey(&[255, 0, 255]));
    assert_eq!(seen(&tiff(tags!(3, 1, 1, 0, [1]), &[&[0b1010_0000]])), grey(&[0, 255, 0]));
    assert_eq!(seen(&tiff(tags!(3, 1, 1, 1, [1], 266 => [2]), &[&[0b0000_0101]])), grey(&[255, 0, 255]));
    assert_eq!(seen(&tiff(tags!(3, 1, 1, 1, [2]), &[&[0b01_10_11_00]])), grey(&[85, 170, 255]));
    assert_eq!(seen(&tiff(tags!(3, 1, 1, 1, [4]), &[&[0x01, 0xf0]])), grey(&[0, 17, 255]));
    assert_eq!(seen(&tiff(tags!(2, 1, 1, 0, [8]), &[&[0, 5]])), grey(&[255, 250]));
    let twelve = seen(&tiff(tags!(2, 1, 1, 1, [12]), &[&[0xff, 0xf0, 0x01]]));
    assert_eq!(twelve, [[65535; 4], [16, 16, 16, 65535]]);
}

#[test]
fn colours_alpha_and_inks() {
    assert_eq!(seen(&tiff(tags!(1, 1, 1, 2, [8, 8, 8]), &[&[1, 2, 3]])), [rgb(1, 2, 3)]);
    for kind in [0, 1, 2] {
        let file = tiff(tags!(1, 1, 1, 2, [8, 8, 8, 8], 338 => [kind]), &[&[1, 2, 3, 4]]);
        assert_eq!(seen(&file), [rgba(1, 2, 3, 4)]);
        let premultiplied = metadata(Format::Tiff, &file).items.iter().any(|item| item.name == "associated alpha");
        assert_eq!(premultiplied, kind == 1);
    }
    assert_eq!(seen(&tiff(tags!(1, 1, 1, 0, [8, 8], 338 => [2]), &[&[1, 2]])), [rgba(254, 254, 254, 2)]);
    let inks = decode(Format::Tiff, &tiff(tags!(1, 1, 1, 5, [8, 8, 8, 8]), &[&[1, 2, 3, 4]])).unwrap();
    assert!(inks[0].is_cmyk());
    assert_eq!(inks[0].pixel(0, 0), rgba(1, 2, 3, 4));
}

#[test]
fn the_palette_is_eight_bits_in_any_disguise() {
    let map = |factor: u64| [0, 1, 2, 255, 10, 20, 30, 40, 50, 60, 70, 80].map(|value| value * factor);
    for factor in [1, 256, 257] {
        let file = tiff(tags!(3, 1, 1, 3, [2], 320 => map(factor)), &[&[0b11_01_00_00]]);
        assert_eq!(seen(&file), [rgb(255, 40, 80), rgb(1, 20, 60), rgb(0, 10, 50)]);
    }
    let deep = [0, 1, 2, 65535, 5, 6, 7, 8, 9, 10, 11, 12];
    assert_eq!(seen(&tiff(tags!(1, 1, 1, 3, [2], 320 => deep), &[&[0b11_000000]])), [[65535, 8, 12, 65535]]);
    assert!(decode(Format::Tiff, &tiff(tags!(1, 1, 1, 3, [2], 320 => [1, 2, 3]), &[&[0]])).is_err());
}

#[test]
fn every_packing_gives_the_same_rows() {
    let raster: Vec<u8> = (0..24).map(|index| index / 5 * 40).collect();
    let lzw = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&raster).unwrap();
    let packbits = [&[11][..], &raster[..12], &[128, 11], &raster[12..]].concat();
    let plain = seen(&tiff(tags!(6, 4, 1, 1, [8]), &[&raster]));
    assert_eq!(plain, grey(&raster));
    for (packing, chunk) in [(5, lzw), (8, deflated(&raster)), (32946, deflated(&raster)), (32773, packbits)] {
        let file = tiff(tags!(6, 4, packing, 1, [8]), &[&chunk]);
        assert_eq!(seen(&file), plain, "compression {packing}");
        assert_stops_anywhere(Format::Tiff, &file);
        let cut = tiff(tags!(6, 4, packing, 1, [8]), &[&chunk[..chunk.len() / 2]]);
        assert!(matches!(decode(Format::Tiff, &cut), Err(Error::Corrupt(_))), "compression {packing}");
    }
    let runs = tiff(tags!(6, 1, 32773, 1, [8]), &[&[253, 7, 1, 8, 9]]);
    assert_eq!(seen(&runs), grey(&[7, 7, 7, 7, 8, 9]));
}

#[test]
fn differences_are_summed_within_a_row() {
    let chunk = deflated(&[250, 10, 1, 1, 2, 3, 9, 9]);
    let file = tiff(tags!(2, 2, 8, 1, [8, 8], 338 => [2], 317 => [2]), &[&chunk]);
    assert_eq!(seen(&file), [rgba(250, 250, 250, 10), rgba(251, 251, 251, 11), rgba(2, 2, 2, 3), rgba(11, 11, 11, 12)]);
    let chunk = deflated(&[0xff, 0x00, 0x02, 0x01]);
    let sixteen = tiff(tags!(2, 1, 8, 1, [16], 317 => [2]), &[&chunk]);
    assert_eq!(seen(&sixteen), [[0x00ff, 0x00ff, 0x00ff, 65535], [0x0201, 0x0201, 0x0201, 65535]]);
}

#[test]
fn strips_tiles_and_planes() {
    let strips = tiff(tags!(2, 3, 1, 1, [8], 278 => [2]), &[&[1, 2, 3, 4], &[5, 6]]);
    assert_eq!(seen(&strips), grey(&[1, 2, 3, 4, 5, 6]));
    assert_stops_anywhere(Format::Tiff, &strips);
    let [a, b, c, d] = [1, 2, 3, 4].map(|level| [level; 16 * 16]);
    let tiles = tiff(tags!(17, 17, 1, 1, [8], 322 => [16], 323 => [16]), &[&a, &b, &c, &d]);
    let found = seen(&tiles);
    assert_eq!([found[0], found[15], found[16], found[17 * 16], found[17 * 17 - 1]].to_vec(), grey(&[1, 1, 2, 3, 4]));
    assert_stops_anywhere(Format::Tiff, &tiles);
    let planes = tiff(tags!(1, 2, 1, 2, [8, 8, 8], 284 => [2], 278 => [1]), &[&[1], &[2], &[3], &[4], &[5], &[6]]);
    assert_eq!(seen(&planes), [rgb(1, 3, 5), rgb(2, 4, 6)]);
}

#[test]
fn fax_rows_follow_the_recommendations() {
    // T.6: row 1 is 4 white, 2 black, 2 white (horizontal 4 2, then vertical 0); row 2 the same one pixel to the
    // right (vertical right 1 twice, vertical 0).
    //   001 1011 11 1 | 011 011 1 | EOFB
    let t6 = [0b0011_0111, 0b1101_1011, 0b1000_0000, 0b0000_1000, 0b0000_0000, 0b1000_0000];
    let expected = grey(&[255, 255, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255, 255, 0, 0, 255]);
    let file = tiff(tags!(8, 2, 4, 0, [1]), &[&t6]);
    assert_eq!(seen(&file), expected);
    // Modified Huffman, rows at bytes: white 4, black 2, white 2: 1011 11 0111.
    let rows = [0b1011_1101, 0b1100_0000, 0b1011_1101, 0b1100_0000];
    let twice = grey(&[255, 255, 255, 255, 0, 0, 255, 255].repeat(2));
    assert_eq!(seen(&tiff(tags!(8, 2, 2, 0, [1]), &[&rows])), twice);
    // T.4 of two dimensions: EOL 1, the same row; EOL 0, three times vertical 0.
    let t4 = [0x00, 0b0001_1101, 0b1110_1110, 0x00, 0b0000_1011, 0b1000_0000];
    assert_eq!(seen(&tiff(tags!(8, 2, 3, 0, [1], 292 => [1]), &[&t4])), twice);
    // A row that ends beyond its width is damage, and is not repaired.
    assert!(decode(Format::Tiff, &tiff(tags!(5, 1, 2, 0, [1]), &[&rows])).is_err());
    assert!(decode(Format::Tiff, &tiff(tags!(8, 3, 4, 0, [1]), &[&t6])).is_err());
}

#[test]
fn the_page_says_what_jpeg_components_mean() {
    use libjpeg_turbo_rs::{Encoder, PixelFormat};
    let stream = |pixels: &[u8], width, height, format| {
        Encoder::new(pixels, width, height, format).quality(100).encode().unwrap()
    };
    // At quality 100 a flat block is exact: its one coefficient is 8 * (level - 128), quantised by 1.
    let flat = stream(&[77; 64], 8, 8, PixelFormat::Grayscale);
    let file = tiff(tags!(8, 8, 7, 1, [8]), &[&flat]);
    assert_eq!(seen(&file), grey(&[77; 64]));
    assert_cuts_are_refused(Format::Tiff, &file);
    // A flat colour: luma alone if the components are luma and chroma, else the luma is taken for red.
    let colour = stream(&[90; 16 * 16 * 3], 16, 16, PixelFormat::Rgb);
    assert_eq!(seen(&tiff(tags!(16, 16, 7, 6, [8, 8, 8]), &[&colour])), [rgb(90, 90, 90); 256]);
    assert_eq!(seen(&tiff(tags!(16, 16, 7, 2, [8, 8, 8]), &[&colour])), [rgb(90, 128, 128); 256]);
    // Two strips, the second of them whole though the page needs one row of it.
    let strips = tiff(tags!(8, 9, 7, 1, [8], 278 => [8]), &[&flat, &flat]);
    assert_eq!(seen(&strips), grey(&[77; 72]));
    // Cut within its stream, of another size, of other components, no JPEG.
    for (width, planes, chunk) in [
        (8, 1, &flat[..flat.len() - 2]),
        (8, 1, &flat[..flat.len() - 9]),
        (9, 1, &flat),
        (8, 3, &flat),
        (8, 1, &[0; 9]),
    ] {
        let bits = vec![8; planes];
        let meaning = if planes == 1 { 1 } else { 2 };
        assert!(decode(Format::Tiff, &tiff(tags!(width, 8, 7, meaning, bits), &[chunk])).is_err());
    }
}

#[test]
fn every_page_is_a_frame_and_a_loop_is_refused() {
    let two = Writer::new(false, false)
        .page(tags!(1, 1, 1, 1, [8]), &[&[7]])
        .page(tags!(2, 1, 1, 1, [8], 254 => [1]), &[&[8, 9]]);
    let frames = decode(Format::Tiff, &two.file).unwrap();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[1].pixel(1, 0), rgb(9, 9, 9));
    let mut endless = two.file.clone();
    let first: [u8; 4] = endless[4..8].try_into().unwrap();
    endless.splice(two.link..two.link + 4, first);
    assert!(matches!(decode(Format::Tiff, &endless), Err(Error::Corrupt(_))));
}

#[test]
fn what_is_not_read_is_named() {
    for (file, name) in [
        (tiff(tags!(1, 1, 1, 8, [8, 8, 8]), &[&[1, 2, 3]]), "L*a*b*"),
        (tiff(tags!(1, 1, 1, 32803, [8]), &[&[1]]), "camera raw"),
        (tiff(tags!(1, 1, 1, 1, [8], 50706 => [1]), &[&[1]]), "camera raw"),
        (tiff(tags!(1, 1, 1, 1, [32], 339 => [3]), &[&[0; 4]]), "32 bits"),
        (tiff(tags!(1, 1, 1, 1, [16], 339 => [3]), &[&[0; 2]]), "floating"),
    ] {
        let cause = decode(Format::Tiff, &file).unwrap_err();
        assert!(matches!(&cause, Error::Unsupported(what) if what.contains(name)), "{cause}");
    }
}

#[test]
fn cuts_and_large_promises_are_refused() {
    let file = tiff(tags!(3, 3, 8, 2, [8, 8, 8], 278 => [2]), &[&deflated(&[1; 18]), &deflated(&[2; 9])]);
    assert_cuts_are_refused(Format::Tiff, &file);
    for packing in [1, 2, 3, 4, 5, 8, 32773] {
        for size in [(65535, 65535), (65535, 1), (1, 65535)] {
            let bits = [1];
            let large = tiff(tags!(size.0, size.1, packing, 1, bits, 322 => [65520], 323 => [65520]), &[&[0; 40]]);
            assert_is_refused(Format::Tiff, &large);
            if packing != 1 || size != (65535, 1) {
                let large = tiff(tags!(size.0, size.1, packing, 1, bits), &[&[0; 40]]);
                assert_is_refused(Format::Tiff, &large);
            }
        }
    }
}

#[test]
fn payload_is_what_pixels_depend_on() {
    let key = |file: &[u8]| payload(Format::Tiff, file).unwrap();
    let plain = tiff(tags!(2, 1, 1, 1, [8]), &[&[1, 2]]);
    let tagged = Writer::new(false, true).page(tags!(2, 1, 1, 1, [8], 274 => [6], 296 => [2]), &[&[1, 2]]).file;
    assert_eq!(key(&plain), key(&tagged));
    for other in [
        tiff(tags!(2, 1, 1, 0, [8]), &[&[1, 2]]),
        tiff(tags!(2, 1, 1, 1, [8]), &[&[1, 3]]),
        tiff(tags!(2, 1, 1, 1, [8], 266 => [2]), &[&[1, 2]]),
    ] {
        assert_ne!(key(&plain), key(&other));
        assert_ne!(seen(&plain), seen(&other));
    }
    assert_ne!(key(&plain), key(&tiff(tags!(1, 2, 1, 1, [8]), &[&[1, 2]])));
    let found = metadata(Format::Tiff, &tagged);
    assert_eq!(found.orientation, Turn::Clockwise);
    assert_eq!(found.items.iter().map(|item| item.name).collect::<Vec<_>>(), ["resolution"]);
}

/// A page of one pixel whose EXIF directory, at byte 10, has entries with values of those places and lengths.
fn with_exif(values: &[(u32, u32)], rest: &[u8]) -> Vec<u8> {
    let mut exif = u16::try_from(values.len()).unwrap().to_le_bytes().to_vec();
    for (tag, (at, len)) in (1u16..).zip(values) {
        exif.extend([tag.to_le_bytes(), 7u16.to_le_bytes()].concat());
        exif.extend([len.to_le_bytes(), at.to_le_bytes()].concat());
    }
    exif.extend([0; 4]);
    tiff(tags!(1, 1, 1, 1, [8], 34665 => [10]), &[&[7, 0], &exif, rest])
}

#[test]
fn exif_values_that_overlap_are_refused() {
    let rest = [5; 4000];
    let staggered: Vec<_> = (0..100).map(|index| (index, 3000)).collect();
    let cause = Format::Tiff.metadata(&mut InMemory::new(&with_exif(&staggered, &rest))).unwrap_err();
    assert!(matches!(&cause, Error::Corrupt(what) if what == "its directories overlap"), "{cause}");
    // One value that many entries share costs once, and the key is of what it holds, not of where it lies.
    let shared = |at| metadata(Format::Tiff, &with_exif(&[(at, 3000); 100], &rest)).items;
    let names: Vec<_> = shared(2000).iter().map(|item| item.name).collect();
    assert_eq!(names, ["EXIF"]);
    assert_eq!(shared(2000), shared(2001));
    assert_ne!(shared(2000), shared(0));
}

#[test]
fn directories_that_overlap_are_refused() {
    // One of 10 entries at byte 8; from its first entry's last two bytes on, one of 12.
    let mut file = [&b"II*\0\x08\0\0\0"[..], &[0; 162]].concat();
    file[8] = 10;
    file[20] = 12;
    file[130] = 20;
    let source = &mut InMemory::new(&file);
    let mut walk = Directories::open(source).unwrap().walk();
    assert!(walk.next(source).unwrap().is_some());
    let cause = walk.next(source).map(|_| ()).unwrap_err();
    assert!(matches!(&cause, Error::Corrupt(what) if what == "its directories overlap"), "{cause}");
}

#[test]
fn pages_that_are_turned_differently_are_told() {
    let pages = |orientations: &[u64]| {
        let writer = orientations.iter().fold(Writer::new(false, false), |writer, &orientation| {
            writer.page(tags!(1, 1, 1, 1, [8], 274 => [orientation]), &[&[7]])
        });
        let found = metadata(Format::Tiff, &writer.file);
        match Format::Tiff.orientation(&mut InMemory::new(&writer.file)) {
            Ok(turn) => assert!(!found.mixed_orientation && turn == found.orientation),
            Err(cause) => assert!(found.mixed_orientation && matches!(cause, Error::Unsupported(_))),
        }
        found
    };
    let values = |found: &Metadata| -> Vec<_> {
        assert!(found.items.iter().all(|item| item.name == "page orientation"));
        found.items.iter().filter_map(|item| item.value.clone()).collect()
    };
    let mixed = pages(&[1, 6, 1]);
    assert!(mixed.mixed_orientation && mixed.orientation == Turn::None);
    assert_eq!(values(&mixed), ["page 2: 6"]);
    assert_ne!(mixed.items, pages(&[1, 8, 1]).items);
    let alike = pages(&[6, 6]);
    assert!(!alike.mixed_orientation && alike.orientation == Turn::Clockwise);
    assert_eq!(values(&alike), ["page 2: 6"]);
    assert!(pages(&[6, 1]).mixed_orientation);
    assert!(!pages(&[1, 1]).mixed_orientation);
}
