//! Files built byte by byte; the `png` crate, which shares only the inflating with this codec, says what they hold.

use std::io::Cursor;

use pixtwin_pixel::{
    Alpha, Channels, Delay, Depth, Digester, Fingerprint, Frame, PixelDigest, Raster, RasterSink, Row,
};

use super::*;
use crate::{Format, InMemory, Item, checks};

const LIMITS: Limits = Limits { memory_bytes: 64 << 20 };

const LAYOUTS: [(u8, u8); 15] = [
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (0, 16),
    (2, 8),
    (2, 16),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (4, 16),
    (6, 8),
    (6, 16),
];

fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = crc32fast::Hasher::new();
    crc.update(kind);
    crc.update(body);
    [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], kind, body, &crc.finalize().to_be_bytes()].concat()
}

fn ihdr(width: u32, height: u32, color: u8, depth: u8, interlace: u8) -> Vec<u8> {
    let body = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, color, 0, 0, interlace]].concat();
    chunk(b"IHDR", &body)
}

fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE[..], &chunks.concat(), &chunk(b"IEND", b"")].concat()
}

/// Numbers that look like noise and are the same every time.
struct Noise(u32);

impl Noise {
    fn byte(&mut self) -> u8 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0.to_be_bytes()[0]
    }
}

/// Scanlines of noise under all five filters, for the header in `header`.
fn scanlines(header: &[u8], noise: &mut Noise) -> Vec<u8> {
    let ihdr = Ihdr::parse(header[8..21].try_into().unwrap()).unwrap();
    let sizes: Vec<(u32, u32)> = if ihdr.is_interlaced {
        ihdr::PASSES.iter().map(|pass| pass.size(&ihdr)).filter(|size| size.0 > 0).collect()
    } else {
        vec![(ihdr.width, ihdr.height)]
    };
    let mut raw = Vec::new();
    for (width, height) in sizes {
        for _ in 0..height {
            raw.push(noise.byte() % 5);
            raw.extend((0..ihdr.row_bytes(width)).map(|_| noise.byte()));
        }
    }
    raw
}

fn idat(raw: &[u8]) -> Vec<u8> {
    chunk(b"IDAT", &fdeflate::compress_to_vec(raw))
}

/// A picture of noise. `transparency` says whether it has a tRNS chunk, if its colour type may.
fn noise_file(size: (u32, u32), layout: (u8, u8), interlace: u8, transparency: bool) -> Vec<u8> {
    let mut noise = Noise(size.0 * 31 + size.1);
    let (color, depth) = layout;
    let mut chunks = vec![ihdr(size.0, size.1, color, depth, interlace)];
    if color == 3 {
        let palette: Vec<u8> = (0..3_u32 << depth).map(|_| noise.byte()).collect();
        chunks.push(chunk(b"PLTE", &palette));
    }
    if transparency {
        let key: &[u8] = match (color, depth) {
            (0, 16) => &[1, 2],
            (0, _) => &[0, 1],
            (2, 16) => &[1, 2, 3, 4, 5, 6],
            (2, _) => &[0, 1, 0, 2, 0, 3],
            _ => &[0, 100],
        };
        if color < 4 {
            chunks.push(chunk(b"tRNS", key));
        }
    }
    let mut raw = scanlines(&chunks[0], &mut noise);
    if transparency && color < 3 {
        // The key itself as the first pixel, behind a filter that leaves it.
        let stored = match (color, depth) {
            (0, 16) => vec![0, 1, 2],
            (0, 8) => vec![0, 1],
            (2, 16) => vec![0, 1, 2, 3, 4, 5, 6],
            (2, _) => vec![0, 1, 2, 3],
            _ => vec![0, 1 << (8 - depth)],
        };
        raw[..stored.len()].copy_from_slice(&stored);
    }
    chunks.push(idat(&raw));
    file(&chunks)
}

fn decoded(bytes: &[u8]) -> Result<Vec<Raster>, Error> {
    let mut sink = RasterSink::default();
    Format::Png.rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut sink)?;
    Ok(sink.finish().expect("every row came"))
}

fn fingerprint(bytes: &[u8], depth: Depth) -> Result<Fingerprint, Error> {
    let mut digester = Digester::new(Alpha::Exact, depth);
    Format::Png.rows(&mut InMemory::new(bytes), depth, LIMITS, &mut digester)?;
    Ok(digester.finish())
}

fn digest(bytes: &[u8]) -> PixelDigest {
    fingerprint(bytes, Depth::Whole).unwrap().digest.unwrap()
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::Png.payload(&mut InMemory::new(bytes), LIMITS)
}

/// The picture as the `png` crate decodes and expands it.
fn oracle(bytes: &[u8]) -> PixelDigest {
    let mut decoder = ::png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    let channels = match info.color_type {
        ::png::ColorType::Grayscale => Channels::Grey,
        ::png::ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ::png::ColorType::Rgb => Channels::Rgb,
        _ => Channels::Rgba,
    };
    let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
    let _ = digester.picture(1);
    let _ = digester.frame(Frame { width: info.width, height: info.height, delay: Delay::NONE });
    for line in buffer.chunks(info.line_size) {
        let wide: Vec<u16> = line.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)).collect();
        let _ = digester.row(match info.bit_depth {
            ::png::BitDepth::Sixteen => Row::sixteen(channels, &wide),
            _ => Row::eight(channels, line),
        });
    }
    digester.finish().digest.unwrap()
}

#[test]
fn every_layout_gives_what_the_png_crate_gives() {
    for layout in LAYOUTS {
        for interlace in [0, 1] {
            for transparency in [false, true] {
                for size in [(1, 1), (2, 3), (5, 1), (9, 8), (33, 17), (300, 120)] {
                    let bytes = noise_file(size, layout, interlace, transparency);
                    assert_eq!(digest(&bytes), oracle(&bytes), "{layout:?} {interlace} {transparency} {size:?}");
                    let header = Format::Png.header(&mut InMemory::new(&bytes)).unwrap();
                    assert_eq!((header.width, header.height, header.stops_early()), (size.0, size.1, interlace == 0));
                }
            }
        }
    }
}

#[test]
fn an_index_beyond_the_palette_is_black() {
    let bytes = file(&[ihdr(2, 1, 3, 8, 0), chunk(b"PLTE", &[9, 8, 7]), idat(&[0, 0, 200])]);
    let raster = decoded(&bytes).unwrap().remove(0);
    assert_eq!(raster.pixel(0, 0), [9 * 257, 8 * 257, 7 * 257, 65535]);
    assert_eq!(raster.pixel(1, 0), [0, 0, 0, 65535]);
}

#[test]
fn a_cut_file_is_no_picture() {
    for (layout, interlace) in [((6, 8), 0), ((3, 4), 1)] {
        let bytes = noise_file((13, 9), layout, interlace, true);
        for len in 0..bytes.len() {
            assert!(fingerprint(&bytes[..len], Depth::Whole).is_err(), "rows of {len} bytes");
            assert!(payload(&bytes[..len]).is_err(), "payload of {len} bytes");
        }
        assert!(Format::Png.metadata(&mut InMemory::new(&bytes[..bytes.len() - 1])).is_err());
    }
}

#[test]
fn one_wrong_byte_anywhere_but_in_a_text_is_an_error() {
    let mut bytes = noise_file((7, 5), (3, 8), 0, true);
    let text = chunk(b"tEXt", b"Comment\0hello");
    // Behind the length and the name of the chunk.
    let content = 33 + 8..33 + text.len();
    bytes.splice(33..33, text);
    assert!(fingerprint(&bytes, Depth::Whole).is_ok() && payload(&bytes).is_ok());
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0x10;
        if content.contains(&at) {
            assert_eq!(digest(&broken), digest(&bytes), "byte {at} wrong");
            assert_eq!(payload(&broken).unwrap(), payload(&bytes).unwrap(), "byte {at} wrong");
            continue;
        }
        assert!(fingerprint(&broken, Depth::Whole).is_err(), "rows with byte {at} wrong");
        assert!(payload(&broken).is_err(), "payload with byte {at} wrong");
    }
}

#[test]
fn the_checksum_and_the_end_of_the_zlib_stream_count() {
    let raw = [0, 1, 2, 3, 0, 4, 5, 6];
    let whole = fdeflate::compress_to_vec(&raw);
    let with = |stream: &[u8]| file(&[ihdr(3, 2, 0, 8, 0), chunk(b"IDAT", stream)]);
    assert!(fingerprint(&with(&whole), Depth::Whole).is_ok());
    let mut wrong = whole.clone();
    *wrong.last_mut().unwrap() ^= 1;
    let error = fingerprint(&with(&wrong), Depth::Whole).unwrap_err();
    assert_eq!(error.to_string(), "IDAT cannot be inflated: the checksum of its content is wrong");
    let error = fingerprint(&with(&whole[..whole.len() - 4]), Depth::Whole).unwrap_err();
    assert_eq!(error.to_string(), "IDAT ends before the end of its zlib stream");
    let error = fingerprint(&with(&fdeflate::compress_to_vec(&raw[..4])), Depth::Whole).unwrap_err();
    assert_eq!(error.to_string(), "IDAT ends after row 1 of 2");
    // More data than rows: libpng warns and shows the picture, and so does everything built on it.
    let longer = [&raw[..], &[7; 90_000]].concat();
    assert_eq!(digest(&with(&fdeflate::compress_to_vec(&longer))), digest(&with(&whole)));
}

#[test]
fn long_runs_at_the_end_of_the_window_keep_the_checksum() {
    // fdeflate leaves bytes out of the checksum where a run does not fit into the room it is given.
    for width in 1..700 {
        let mut encoded = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut encoded, width, 40);
        encoder.set_color(::png::ColorType::Rgba);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&vec![0; width as usize * 160]).unwrap();
        writer.finish().unwrap();
        assert!(fingerprint(&encoded, Depth::Whole).is_ok(), "{width}");
    }
}

#[test]
fn a_large_claim_costs_no_memory() {
    for (layout, interlace, side) in [((6, 16), 1, 65_535), ((6, 16), 0, i32::MAX as u32), ((0, 1), 1, 100_000)] {
        let bytes = file(&[ihdr(side, side, layout.0, layout.1, interlace), idat(&[0; 100])]);
        let error = fingerprint(&bytes, Depth::Whole).unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. } | Error::Corrupt(_)), "{error}");
    }
    let whole = Format::Png.header(&mut InMemory::new(&noise_file((300, 120), (6, 8), 0, false))).unwrap().whole_bytes;
    assert!(whole < 1 << 20);
    let bytes = file(&[ihdr(20_990, 29_700, 6, 8, 0), idat(&[0])]);
    assert!(Format::Png.header(&mut InMemory::new(&bytes)).unwrap().whole_bytes < 2 << 20);
}

#[test]
fn the_first_rows_are_those_of_the_whole() {
    for interlace in [0, 1] {
        let bytes = noise_file((20, 150), (2, 8), interlace, true);
        let whole = fingerprint(&bytes, Depth::Whole).unwrap();
        for at in [0, 1] {
            let head = fingerprint(&bytes, Depth::of_head(at)).unwrap();
            assert!(head.heads[at].is_some() && head.heads[at] == whole.heads[at]);
        }
    }
    // Rows that are there can be had even if later ones are not.
    let bytes = noise_file((20, 150), (2, 8), 0, false);
    assert!(fingerprint(&bytes[..bytes.len() / 2], Depth::Rows(16)).unwrap().heads[0].is_some());
}

#[test]
fn the_payload_is_what_the_pixels_depend_on() {
    let header = ihdr(3, 2, 3, 8, 0);
    let palette = chunk(b"PLTE", &[1, 2, 3, 4, 5, 6]);
    let stream = fdeflate::compress_to_vec(&[0, 0, 1, 0, 0, 1, 0, 1]);
    let (a, b) = stream.split_at(3);
    let plain = payload(&file(&[header.clone(), palette.clone(), chunk(b"IDAT", &stream)])).unwrap();
    let text = chunk(b"tEXt", b"Title\0x");
    let split = [header.clone(), palette.clone(), text.clone(), chunk(b"IDAT", a), chunk(b"IDAT", b), text];
    assert_eq!(payload(&file(&split)).unwrap(), plain);
    let other_palette = chunk(b"PLTE", &[1, 2, 3, 4, 5, 7]);
    assert_ne!(payload(&file(&[header.clone(), other_palette, chunk(b"IDAT", &stream)])).unwrap(), plain);
    let clear = chunk(b"tRNS", &[0]);
    assert_ne!(payload(&file(&[header, palette, clear, chunk(b"IDAT", &stream)])).unwrap(), plain);
    // Beside true colours a palette is only a suggestion, and tRNS beside alpha counts for nothing.
    let rgba = |extra: Vec<u8>| file(&[ihdr(1, 1, 6, 8, 0), extra, idat(&[0, 1, 2, 3, 4])]);
    let bare = payload(&rgba(Vec::new())).unwrap();
    assert_eq!(payload(&rgba(chunk(b"PLTE", &[1, 2, 3]))).unwrap(), bare);
    assert_eq!(payload(&rgba(chunk(b"tRNS", &[0, 1]))).unwrap(), bare);
    assert_eq!(digest(&rgba(chunk(b"tRNS", &[0, 1]))), digest(&rgba(Vec::new())));
}

fn fctl(number: u32, region: [u32; 4], delay: (u16, u16), dispose: u8, blend: u8) -> Vec<u8> {
    let [x, y, width, height] = region;
    let mut body: Vec<u8> = [number, width, height, x, y].iter().flat_map(|word| word.to_be_bytes()).collect();
    body.extend([delay.0.to_be_bytes(), delay.1.to_be_bytes()].concat());
    body.extend([dispose, blend]);
    chunk(b"fcTL", &body)
}

fn actl(frames: u32) -> Vec<u8> {
    chunk(b"acTL", &[frames.to_be_bytes(), [0; 4]].concat())
}

fn fdat(number: u32, raw: &[u8]) -> Vec<u8> {
    chunk(b"fdAT", &[&number.to_be_bytes()[..], &fdeflate::compress_to_vec(raw)].concat())
}

/// A row of grey and alpha as the 8-bit RGBA samples of a raster.
fn assert_row(raster: &Raster, expected: &[[u16; 2]]) {
    for (x, [grey, alpha]) in (0..).zip(expected) {
        let (grey, alpha) = (grey * 257, alpha * 257);
        assert_eq!(raster.pixel(x, 0), [grey, grey, grey, alpha], "pixel {x}");
    }
}

#[test]
fn frames_are_composed() {
    let bytes = file(&[
        ihdr(3, 1, 4, 8, 0),
        actl(4),
        fctl(0, [0, 0, 3, 1], (1, 10), 0, 1),
        idat(&[0, 10, 255, 20, 255, 30, 0]),
        fctl(1, [1, 0, 2, 1], (10, 100), 2, 1),
        fdat(2, &[0, 99, 0, 40, 128]),
        fctl(3, [0, 0, 2, 1], (0, 0), 1, 0),
        fdat(4, &[0, 50, 0, 60, 255]),
        fctl(5, [2, 0, 1, 1], (1, 0), 0, 1),
        fdat(6, &[0, 70, 255]),
    ]);
    let frames = decoded(&bytes).unwrap();
    assert_eq!(frames.len(), 4);
    // The first replaces whatever it asks for: its hidden 30 stays.
    assert_row(&frames[0], &[[10, 255], [20, 255], [30, 0]]);
    // Over: alpha 0 leaves the 20; onto alpha 0 it is taken as it is. Then all is restored.
    assert_row(&frames[1], &[[10, 255], [20, 255], [40, 128]]);
    // Source: alpha 0 too. Then the two become transparent black.
    assert_row(&frames[2], &[[50, 0], [60, 255], [30, 0]]);
    assert_row(&frames[3], &[[0, 0], [0, 0], [70, 255]]);
    let delays: Vec<Delay> = frames.iter().map(|raster| raster.frame().delay).collect();
    assert_eq!(delays, [Delay::seconds(1, 10), Delay::seconds(1, 10), Delay::NONE, Delay::seconds(1, 100)]);
    let (head, whole) = (fingerprint(&bytes, Depth::Corner).unwrap(), fingerprint(&bytes, Depth::Whole).unwrap());
    assert!(head.heads[0].is_some());
    assert_eq!((head.heads[0], head.frames), (whole.heads[0], 4));
    assert!(payload(&bytes).is_ok());
    for len in 0..bytes.len() {
        assert!(fingerprint(&bytes[..len], Depth::Whole).is_err() && payload(&bytes[..len]).is_err(), "{len} bytes");
    }
}

#[test]
fn an_animation_of_one_frame_is_a_still() {
    let raw = [0, 10, 255, 20, 0];
    let still = file(&[ihdr(2, 1, 4, 8, 0), idat(&raw)]);
    let first = file(&[ihdr(2, 1, 4, 8, 0), actl(1), fctl(0, [0, 0, 2, 1], (5, 1), 1, 1), idat(&raw)]);
    let hidden =
        file(&[ihdr(2, 1, 4, 8, 0), actl(1), idat(&[0; 5]), fctl(0, [0, 0, 2, 1], (5, 1), 1, 1), fdat(1, &raw)]);
    assert_eq!(digest(&first), digest(&still));
    assert_eq!(digest(&hidden), digest(&still));
    assert_eq!(payload(&first).unwrap(), payload(&still).unwrap());
    // Without acTL before the image data the other chunks mean nothing.
    let late = file(&[ihdr(2, 1, 4, 8, 0), idat(&raw), actl(2), fctl(0, [0, 0, 2, 1], (5, 1), 1, 1), fdat(1, &raw)]);
    assert_eq!(digest(&late), digest(&still));
}

#[test]
fn an_animation_that_contradicts_itself_is_an_error() {
    let start = |frames| vec![ihdr(2, 1, 0, 8, 0), actl(frames), fctl(0, [0, 0, 2, 1], (1, 1), 0, 0), idat(&[0, 1, 2])];
    let with = |frames, rest: &[Vec<u8>]| file(&[start(frames), rest.to_vec()].concat());
    let region = [0, 0, 1, 1];
    let sound = with(2, &[fctl(1, region, (1, 1), 0, 0), fdat(2, &[0, 7])]);
    assert!(fingerprint(&sound, Depth::Whole).is_ok() && payload(&sound).is_ok());
    let broken = [
        with(3, &[fctl(1, region, (1, 1), 0, 0), fdat(2, &[0, 7])]),
        with(2, &[]),
        with(2, &[fctl(1, region, (1, 1), 0, 0)]),
        with(2, &[fctl(1, region, (1, 1), 0, 0), fdat(3, &[0, 7])]),
        with(2, &[fctl(1, [1, 0, 2, 1], (1, 1), 0, 0), fdat(2, &[0, 7, 8])]),
        with(2, &[fctl(1, [0, 0, 0, 1], (1, 1), 0, 0), fdat(2, &[0])]),
        with(2, &[fctl(1, region, (1, 1), 3, 0), fdat(2, &[0, 7])]),
        with(2, &[fdat(1, &[0, 7])]),
        with(
            2,
            &[[fctl(1, region, (1, 1), 0, 0), fdat(2, &[0, 7])], [fctl(3, region, (1, 1), 0, 0), fdat(4, &[0, 7])]]
                .concat(),
        ),
        with(0, &[]),
    ];
    for (at, bytes) in broken.iter().enumerate() {
        assert!(fingerprint(bytes, Depth::Whole).is_err(), "rows of case {at}");
        assert!(payload(bytes).is_err(), "payload of case {at}");
    }
}

#[test]
fn the_header_promises_what_first_rows_cost_if_the_image_data_is_no_frame() {
    let header = ihdr(200, 200, 6, 8, 0);
    let raw = scanlines(&header, &mut Noise(7));
    let frame = fctl(0, [0, 0, 200, 200], (1, 10), 0, 0);
    let apart = file(&[header.clone(), actl(1), idat(&raw), frame.clone(), fdat(1, &raw)]);
    let within = file(&[header, actl(2), frame, idat(&raw), fctl(1, [0, 0, 200, 200], (1, 10), 0, 0), fdat(2, &raw)]);
    let first_rows = |bytes: &[u8]| {
        let promised = Format::Png.header(&mut InMemory::new(bytes)).unwrap();
        let limits = Limits { memory_bytes: promised.head_bytes };
        let mut digester = Digester::new(Alpha::Exact, Depth::Rows(16));
        Format::Png.rows(&mut InMemory::new(bytes), Depth::Rows(16), limits, &mut digester).unwrap();
        assert!(digester.finish().heads[0].is_some());
        promised
    };
    let promised = first_rows(&apart);
    assert_eq!((promised.head_bytes, promised.stops_early()), (promised.whole_bytes, false));
    let promised = first_rows(&within);
    assert!(promised.head_bytes < promised.whole_bytes && promised.stops_early());
}

#[test]
fn metadata_is_named_and_compared_by_content() {
    let profile =
        |name: &[u8], content: &[u8]| chunk(b"iCCP", &[name, b"\0\0", &fdeflate::compress_to_vec(content)].concat());
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let read = |extra: &[Vec<u8>]| {
        let mut chunks = vec![ihdr(1, 1, 0, 8, 0)];
        chunks.extend_from_slice(extra);
        chunks.push(idat(&[0, 1]));
        let mut bytes = file(&chunks);
        bytes.extend(b"behind");
        Format::Png.metadata(&mut InMemory::new(&bytes)).unwrap()
    };
    let found = read(&[
        profile(b"one", b"profile"),
        chunk(b"gAMA", &45455_u32.to_be_bytes()),
        chunk(b"eXIf", exif),
        chunk(b"tEXt", b"Title\0x"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>"),
        chunk(b"pHYs", &[0, 0, 0x0b, 0x13, 0, 0, 0x0b, 0x13, 1]),
        chunk(b"tIME", &[7, 233, 1, 2, 3, 4, 5]),
        chunk(b"prVt", b"?"),
    ]);
    assert_eq!(Some(found.orientation), pixtwin_pixel::Turn::from_exif(6));
    let named: Vec<(&str, Option<&str>)> =
        found.items.iter().map(|Item { name, value, .. }| (*name, value.as_deref())).collect();
    let expected = [
        ("ICC profile", None),
        ("gamma", Some("1/2.2")),
        ("EXIF", None),
        ("text", Some("Title")),
        ("XMP", None),
        ("resolution", Some("2835 x 2835 pixels per metre")),
        ("time", Some("2025-01-02 03:04:05")),
        ("private chunk", Some("prVt")),
        ("trailing bytes", Some("6 bytes")),
    ];
    assert_eq!(named, expected);
    assert_eq!(read(&[profile(b"two", b"profile")]).items[0].content, found.items[0].content);
    assert_ne!(read(&[profile(b"one", b"another")]).items[0].content, found.items[0].content);
}

/// A chunk with a wrong checksum.
fn damaged(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut chunk = chunk(kind, body);
    *chunk.last_mut().unwrap() ^= 1;
    chunk
}

#[test]
fn a_wrong_checksum_beside_the_pixels_does_not_refuse_them() {
    let (header, data) = (ihdr(1, 1, 0, 8, 0), idat(&[0, 7]));
    let plain = file(&[header.clone(), data.clone()]);
    let known: [&[u8; 4]; 5] = [b"iCCP", b"tEXt", b"eXIf", b"gAMA", b"pHYs"];
    for (kind, name) in known.into_iter().zip(["ICC profile", "text", "EXIF", "gamma", "resolution"]) {
        for chunks in [
            [header.clone(), damaged(kind, b"abc"), data.clone()],
            [header.clone(), data.clone(), damaged(kind, b"abc")],
        ] {
            let tagged = file(&chunks);
            assert_eq!(digest(&tagged), digest(&plain));
            assert_eq!(checks::payload(Format::Png, &tagged).unwrap(), checks::payload(Format::Png, &plain).unwrap());
            assert_eq!(checks::metadata(Format::Png, &tagged).items[0].name, name);
        }
    }
}

#[test]
fn a_wrong_checksum_of_anything_else_refuses_the_picture() {
    let (header, data) = (ihdr(1, 1, 0, 8, 0), idat(&[0, 7]));
    // A chunk of unknown name may have been tRNS before the damage.
    for part in [
        damaged(b"tRNS", &[0, 7]),
        damaged(b"tRNC", &[0, 7]),
        damaged(b"acTL", &[0, 0, 0, 1, 0, 0, 0, 0]),
        damaged(b"fcTL", &[0; 26]),
    ] {
        let file = file(&[header.clone(), part.clone(), data.clone()]);
        let kind = String::from_utf8_lossy(&part[4..8]);
        let error = format!("the checksum of the {kind} chunk is wrong");
        assert_eq!(decoded(&file).unwrap_err().to_string(), error);
        assert_eq!(checks::payload(Format::Png, &file).unwrap_err().to_string(), error);
    }
    let mut data = data;
    *data.last_mut().unwrap() ^= 1;
    assert!(decoded(&file(&[header, data])).is_err());
}
