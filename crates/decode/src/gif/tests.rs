#![allow(clippy::cast_possible_truncation)] // Small literals of tests.

use std::ops::ControlFlow;

use pixtwin_pixel::{Alpha, Delay, Digester, Frame, Row, Samples};
use weezl::{BitOrder, encode};

use super::*;
use crate::{Format, InMemory};

const LIMITS: Limits = Limits { memory_bytes: 1 << 20 };

/// Red, green, blue, grey.
const PALETTE: [u8; 12] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9];
const RED: [u8; 4] = [255, 0, 0, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const GREY: [u8; 4] = [9, 9, 9, 255];
const NOTHING: [u8; 4] = [0; 4];

fn start(width: u16, height: u16, palette: &[u8]) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend(width.to_le_bytes());
    file.extend(height.to_le_bytes());
    let depth = (palette.len() / 3).ilog2() as u8;
    file.extend([0x80 | (depth - 1), 0, 0]);
    file.extend(palette);
    file
}

fn control(disposal: u8, delay: u16, transparent: Option<u8>) -> Vec<u8> {
    let [low, high] = delay.to_le_bytes();
    let flags = disposal << 2 | u8::from(transparent.is_some());
    vec![0x21, 0xf9, 4, flags, low, high, transparent.unwrap_or(0), 0]
}

fn image(place: [u16; 4], flags: u8, palette: &[u8], code_bits: u8, indices: &[u8]) -> Vec<u8> {
    let mut block = vec![0x2c];
    block.extend(place.iter().flat_map(|side| side.to_le_bytes()));
    block.push(flags);
    block.extend(palette);
    block.push(code_bits);
    let codes = encode::Encoder::new(BitOrder::Lsb, code_bits).encode(indices).unwrap();
    for piece in codes.chunks(255) {
        block.push(piece.len() as u8);
        block.extend(piece);
    }
    block.push(0);
    block
}

fn plain(place: [u16; 4], indices: &[u8]) -> Vec<u8> {
    image(place, 0, &[], 2, indices)
}

fn file(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat()[..], &[0x3b]].concat()
}

/// Everything a decoder hands on, and when to stop it.
#[derive(Default)]
struct Seen {
    announced: u32,
    frames: Vec<(Frame, Vec<[u8; 4]>)>,
    rows_left: Option<u32>,
}

impl RowSink for Seen {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.announced = frames;
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.frames.push((frame, Vec::new()));
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let Samples::Eight(samples) = row.samples else { panic!("sixteen bits") };
        assert_eq!(row.channels, pixtwin_pixel::Channels::Rgba);
        self.frames.last_mut().unwrap().1.extend(samples.as_chunks::<4>().0);
        match &mut self.rows_left {
            Some(1) => ControlFlow::Break(()),
            Some(left) => {
                *left -= 1;
                ControlFlow::Continue(())
            }
            None => ControlFlow::Continue(()),
        }
    }
}

fn decode(bytes: &[u8]) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    Format::Gif.rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut seen)?;
    assert_eq!(seen.frames.len(), seen.announced as usize);
    Ok(seen)
}

fn canvases(bytes: &[u8]) -> Vec<Vec<[u8; 4]>> {
    decode(bytes).unwrap().frames.into_iter().map(|(_, pixels)| pixels).collect()
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::Gif.payload(&mut InMemory::new(bytes), LIMITS)
}

#[test]
fn a_still_is_its_palette_colours_and_a_transparent_index_keeps_its_own() {
    let still = file(&[start(4, 1, &PALETTE), control(0, 7, Some(2)), plain([0, 0, 4, 1], &[0, 1, 2, 3])]);
    let seen = decode(&still).unwrap();
    assert_eq!(seen.frames[0].1, [RED, GREEN, [0, 0, 255, 0], GREY]);
    assert_eq!(seen.frames[0].0, Frame { width: 4, height: 1, delay: Delay::NONE });
}

#[test]
fn what_no_picture_covers_is_transparent_black() {
    let still = file(&[start(3, 3, &PALETTE), plain([1, 1, 1, 1], &[1])]);
    let expected = [NOTHING, NOTHING, NOTHING, NOTHING, GREEN, NOTHING, NOTHING, NOTHING, NOTHING];
    assert_eq!(canvases(&still), [expected]);
    let two = file(&[start(3, 3, &PALETTE), plain([1, 1, 1, 1], &[1]), plain([1, 1, 1, 1], &[1])]);
    assert_eq!(canvases(&two), [expected, expected]);
}

#[test]
fn an_index_beyond_the_palette_is_black() {
    let still = file(&[start(3, 1, &PALETTE[..6]), plain([0, 0, 3, 1], &[1, 2, 3])]);
    assert_eq!(canvases(&still)[0], [GREEN, [0, 0, 0, 255], [0, 0, 0, 255]]);
}

#[test]
fn every_size_of_palette_and_a_local_one_are_looked_up() {
    for bits in 1..=8_u8 {
        let colours = 1_usize << bits;
        let palette: Vec<u8> = (0..colours).flat_map(|at| [at as u8, 1, 200]).collect();
        let indices: Vec<u8> = (0..colours).map(|at| at as u8).collect();
        let expected: Vec<[u8; 4]> = (0..colours).map(|at| [at as u8, 1, 200, 255]).collect();
        let place = [0, 0, colours as u16, 1];
        let global = file(&[start(colours as u16, 1, &palette), image(place, 0, &[], bits.max(2), &indices)]);
        let flags = 0x80 | (bits - 1);
        let local = file(&[start(1, 1, &PALETTE), image(place, flags, &palette, bits.max(2), &indices)]);
        assert_eq!(canvases(&global), [&expected[..]], "{bits} bits");
        assert_eq!(canvases(&local), [&expected[..]], "{bits} bits");
    }
}

#[test]
fn interlaced_rows_come_from_the_top() {
    // Appendix E of the GIF89a specification: rows 0, 8; 4; 2, 6; 1, 3, 5, 7, 9 of ten.
    let order = [0_u8, 8, 4, 2, 6, 1, 3, 5, 7, 9];
    let palette: Vec<u8> = (0..16).flat_map(|at| [at; 3]).collect();
    let stored = image([0, 0, 1, 10], 0x40, &[], 4, &order);
    let pixels = canvases(&file(&[start(1, 10, &palette), stored])).remove(0);
    let expected: Vec<[u8; 4]> = (0..10).map(|at| [at, at, at, 255]).collect();
    assert_eq!(pixels, expected);
    for height in 1..40_u16 {
        let indices = vec![1; usize::from(height)];
        let file = file(&[start(1, height, &PALETTE), image([0, 0, 1, height], 0x40, &[], 2, &indices)]);
        assert_eq!(canvases(&file), [vec![GREEN; usize::from(height)]], "{height}");
    }
}

#[test]
fn frames_are_composed_and_disposed_of() {
    let animation = file(&[
        start(2, 2, &PALETTE),
        control(1, 10, None),
        plain([0, 0, 2, 2], &[0, 0, 0, 0]),
        // Drawn where it is opaque, then undone.
        control(3, 0, Some(3)),
        plain([0, 0, 2, 1], &[1, 3]),
        // Cleared after it was shown.
        control(2, 50, None),
        plain([1, 0, 1, 2], &[2, 2]),
        control(0, 1, Some(0)),
        plain([0, 1, 1, 1], &[0]),
    ]);
    let seen = decode(&animation).unwrap();
    let pixels: Vec<_> = seen.frames.iter().map(|(_, pixels)| pixels.clone()).collect();
    assert_eq!(pixels[0], [RED; 4]);
    assert_eq!(pixels[1], [GREEN, RED, RED, RED]);
    assert_eq!(pixels[2], [RED, BLUE, RED, BLUE]);
    assert_eq!(pixels[3], [RED, NOTHING, RED, NOTHING]);
    let delays: Vec<Delay> = seen.frames.iter().map(|(frame, _)| frame.delay).collect();
    let expected = [(1, 10), (0, 1), (1, 2), (1, 100)].map(|(n, d)| Delay::seconds(n, d));
    assert_eq!(delays, expected);
}

#[test]
fn a_first_picture_outside_the_screen_grows_it_and_later_ones_are_clipped() {
    let seen =
        decode(&file(&[start(1, 1, &PALETTE), plain([1, 0, 2, 1], &[0, 1]), plain([2, 0, 2, 2], &[2, 2, 2, 2])]))
            .unwrap();
    assert_eq!((seen.frames[0].0.width, seen.frames[0].0.height), (3, 1));
    assert_eq!(seen.frames[0].1, [NOTHING, RED, GREEN]);
    assert_eq!(seen.frames[1].1, [NOTHING, RED, BLUE]);
    let header = Format::Gif.header(&mut InMemory::new(&file(&[start(0, 0, &PALETTE), plain([0, 0, 2, 1], &[0, 1])])));
    assert_eq!(header.map(|header| (header.width, header.height)).unwrap(), (2, 1));
}

#[test]
fn a_long_noisy_picture_is_the_one_another_encoder_drew() {
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let indices: Vec<u8> = (0..300 * 200).map(|_| noise()).collect();
    let palette: Vec<u8> = (0..768).map(|_| noise()).collect();
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, 300, 200, &palette).unwrap();
    encoder.write_frame(&gif::Frame::from_indexed_pixels(300, 200, &indices[..], None)).unwrap();
    drop(encoder);
    let expected: Vec<[u8; 4]> = indices
        .iter()
        .map(|&index| {
            let at = usize::from(index) * 3;
            [palette[at], palette[at + 1], palette[at + 2], 255]
        })
        .collect();
    assert_eq!(canvases(&bytes), [expected]);
}

fn animation() -> Vec<u8> {
    let indices: Vec<u8> = (0..30).map(|at| at * 7 % 4).collect();
    file(&[
        start(5, 6, &PALETTE),
        control(3, 10, Some(1)),
        plain([0, 0, 5, 6], &indices),
        control(2, 10, Some(1)),
        image([1, 1, 3, 4], 0x40, &[], 2, &indices[..12]),
        plain([0, 0, 5, 6], &indices),
    ])
}

#[test]
fn a_look_at_the_first_rows_sees_what_the_whole_decode_sees() {
    let indices: Vec<u8> = (0..30).map(|at| at * 7 % 4).collect();
    let still = |flags| file(&[start(6, 9, &PALETTE), image([1, 2, 5, 6], flags, &[], 2, &indices)]);
    for bytes in [still(0), still(0x40), animation()] {
        let whole = decode(&bytes).unwrap();
        for rows in 1..=whole.frames[0].0.height {
            for stops in [Some(rows), None] {
                let mut seen = Seen { rows_left: stops, ..Seen::default() };
                Format::Gif.rows(&mut InMemory::new(&bytes), Depth::Rows(rows), LIMITS, &mut seen).unwrap();
                let first = &whole.frames[0].1;
                let wanted = (rows * whole.frames[0].0.width) as usize;
                assert_eq!(seen.announced, whole.announced);
                assert_eq!(seen.frames[0].0, whole.frames[0].0);
                assert_eq!(seen.frames[0].1[..wanted], first[..wanted]);
                assert!(stops.is_none() || seen.frames[0].1.len() == wanted);
            }
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let whole = animation();
    for len in 0..whole.len() {
        let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
        let rows = Format::Gif.rows(&mut InMemory::new(&whole[..len]), Depth::Whole, LIMITS, &mut digester);
        assert!(matches!(rows, Err(Error::Corrupt(_))), "rows of {len} bytes");
        assert_eq!(digester.finish().digest, None);
        assert!(matches!(payload(&whole[..len]), Err(Error::Corrupt(_))), "payload of {len} bytes");
    }
}

#[test]
fn missing_pixels_are_never_made_up() {
    for flags in [0, 0x40] {
        let short = file(&[start(2, 3, &PALETTE), image([0, 0, 2, 3], flags, &[], 2, &[0, 1, 2])]);
        let told = decode(&short).err().map(|error| error.to_string()).unwrap();
        assert!(told.contains("the LZW codes end after row 1 of 3"), "{told}");
    }
    // More pixels than the picture has: the rest is ignored, as everywhere.
    assert_eq!(canvases(&file(&[start(1, 1, &PALETTE), plain([0, 0, 1, 1], &[0, 1, 2])])), [[RED]]);
}

#[test]
fn broken_files_are_told_apart() {
    let told = |bytes: &[u8]| decode(bytes).err().map(|error| error.to_string()).unwrap();
    assert_eq!(told(&file(&[start(1, 1, &PALETTE)])), "the trailer comes before any picture");
    assert_eq!(told(&file(&[start(1, 1, &PALETTE), plain([0, 0, 0, 1], &[])])), "a picture of 0 x 1 pixels");
    let without_palette = [b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), plain([0, 0, 1, 1], &[0])];
    assert_eq!(told(&file(&without_palette)), "not supported: GIF without a palette");
    assert_eq!(told(&file(&[start(1, 1, &PALETTE), vec![0x55]])), "no block begins with byte 0x55 (offset 25)");
    // After a clear code, code 7 of 3 bits is in no table yet.
    let mut meaningless = plain([0, 0, 1, 1], &[0]);
    let codes = meaningless.len() - 4;
    meaningless.truncate(codes);
    meaningless.extend([1, 0b0011_1100, 0]);
    assert_eq!(told(&file(&[start(1, 1, &PALETTE), meaningless])), "an LZW code has no meaning");
    let whole = animation();
    let cut = &whole[..whole.len() - 1];
    assert_eq!(told(cut), "the file ends within the blocks: the trailer is missing");
}

#[test]
fn a_huge_canvas_in_a_small_file_is_refused() {
    for flags in [0, 0x40] {
        let still = file(&[start(65535, 65535, &PALETTE), image([0, 0, 65535, 65535], flags, &[], 2, &[0])]);
        assert!(decode(&still).is_err());
        let moving = file(&[start(65535, 65535, &PALETTE), plain([0, 0, 1, 1], &[0]), plain([0, 0, 1, 1], &[0])]);
        assert!(matches!(decode(&moving), Err(Error::TooLarge { .. })));
        let header = Format::Gif.header(&mut InMemory::new(&moving)).unwrap();
        assert!(header.whole_bytes > 65535 * 65535 * 4);
    }
}

#[test]
fn a_few_bytes_do_not_ask_for_a_huge_empty_canvas() {
    let far = file(&[start(1, 1, &PALETTE), plain([65000, 65000, 1, 1], &[0])]);
    assert!(matches!(decode(&far), Err(Error::TooLarge { .. })));
    let wide = file(&[start(65535, 65535, &PALETTE), plain([0, 0, 1, 1], &[0])]);
    assert!(matches!(decode(&wide), Err(Error::TooLarge { .. })));
}

#[test]
fn every_changed_byte_is_read_without_panic() {
    let whole = animation();
    for at in 0..whole.len() {
        for value in [0, 1, 2, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let limits = Limits { memory_bytes: 1 << 16 };
            let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
            let rows = Gif.rows(&mut InMemory::new(&changed), Depth::Whole, limits, &mut digester);
            if rows.is_ok() && digester.finish().digest.is_some() {
                assert!(payload(&changed).is_ok(), "what decodes has a payload");
            }
        }
    }
}

#[test]
fn the_payload_is_what_the_pixels_depend_on() {
    let still = |delay, colour: u8, extension: &[u8]| {
        let mut palette = PALETTE;
        palette[0] = colour;
        file(&[start(2, 1, &palette), extension.to_vec(), control(0, delay, None), plain([0, 0, 2, 1], &[0, 1])])
    };
    let comment = b"\x21\xfe\x02hi\0";
    let own = payload(&still(0, 255, b"")).unwrap();
    assert_eq!(own, payload(&still(9, 255, comment)).unwrap());
    assert_ne!(own, payload(&still(0, 254, b"")).unwrap());
    let mut background = still(0, 255, b"");
    background[11] = 3;
    assert_eq!(own, payload(&background).unwrap());
    let trailing = [&still(0, 255, b"")[..], b"rest"].concat();
    assert_eq!(own, payload(&trailing).unwrap());
    let moving = |delay| {
        let frame = [control(0, delay, None), plain([0, 0, 2, 1], &[0, 1])].concat();
        file(&[start(2, 1, &PALETTE), frame.clone(), frame])
    };
    assert_ne!(payload(&moving(1)).unwrap(), payload(&moving(2)).unwrap());
    assert_ne!(own, payload(&moving(1)).unwrap());
}

#[test]
fn metadata_is_named() {
    let xmp = {
        let ramp: Vec<u8> = std::iter::once(1).chain((0..=255).rev()).chain([0]).collect();
        [&b"\x21\xff\x0bXMP DataXMP<x/>"[..], &ramp].concat()
    };
    let bytes = file(&[
        start(1, 1, &PALETTE),
        b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x05\0\0".to_vec(),
        b"\x21\xfe\x02ab\x01c\0".to_vec(),
        xmp,
        b"\x21\xff\x0bICCRGBG1012\x02pq\0".to_vec(),
        plain([0, 0, 1, 1], &[0]),
        b"\x21\xff\x0bSOMETHING12\x01z\0".to_vec(),
    ]);
    let metadata = Format::Gif.metadata(&mut InMemory::new(&[&bytes[..], b"more"].concat())).unwrap();
    let mut expected = Metadata::default();
    expected.add_value("loop count", &[5, 0, 0, 0], "5".to_owned());
    expected.add("comment", b"abc");
    expected.add("XMP", b"<x/>");
    expected.add("ICC profile", b"pq");
    expected.add("application data", b"\x0bSOMETHING12\x01z\0");
    expected.add_value("trailing bytes", b"more", "4 bytes".to_owned());
    assert_eq!(metadata, expected);
    assert_eq!(decode(&bytes).unwrap().frames[0].1, [RED]);
}

#[test]
fn long_extensions_are_listed_by_their_key() {
    let with = |introducer: &[u8], last: u8| {
        let mut blocks = [&[255][..], &[7; 255]].concat().repeat(263_000);
        blocks.extend([1, last, 0]);
        file(&[start(1, 1, &PALETTE), introducer.to_vec(), blocks, plain([0, 0, 1, 1], &[0])])
    };
    for (introducer, name) in [(&b"\x21\xfe"[..], "comment"), (b"\x21\xff\x0bICCRGBG1012", "ICC profile")] {
        let [one, other] = [3, 4].map(|last| {
            let file = with(introducer, last);
            let found = Format::Gif.metadata(&mut InMemory::new(&file)).unwrap().items;
            assert_eq!(found.iter().map(|item| item.name).collect::<Vec<_>>(), [name]);
            found
        });
        assert_ne!(one, other);
    }
}

#[test]
fn an_animation_of_many_small_pictures_is_decoded_within_its_promise() {
    let mut parts = vec![start(1, 1, &[1, 2, 3, 4, 5, 6])];
    parts.extend((0..8000).map(|_| plain([0, 0, 1, 1], &[1])));
    let bytes = file(&parts);
    let promised = Format::Gif.header(&mut InMemory::new(&bytes)).unwrap();
    for (depth, memory_bytes) in [(Depth::Whole, promised.whole_bytes), (Depth::Rows(1), promised.head_bytes)] {
        let mut sink = Digester::new(Alpha::Exact, depth);
        Format::Gif.rows(&mut InMemory::new(&bytes), depth, Limits { memory_bytes }, &mut sink).unwrap();
        assert_eq!(sink.finish().frames, 8000);
    }
}
