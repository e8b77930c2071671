use std::io::Cursor;

use pixtwin_pixel::{Samples, Turn};

use super::*;
use crate::{Format, checks::InPieces};

type Fixture = (&'static str, usize, usize, &'static [u8], &'static [u8]);

/// Each fixture, the bytes of a row, its frames and the pixels that libwebp gives for it: `fixtures/README.md` says
/// how they were made.
const FIXTURES: [Fixture; 5] = [
    ("lossy", 36, 1, include_bytes!("fixtures/lossy.webp"), include_bytes!("fixtures/lossy.pixels")),
    ("alpha", 48, 1, include_bytes!("fixtures/lossy-alpha.webp"), include_bytes!("fixtures/lossy-alpha.pixels")),
    ("lossless", 36, 1, include_bytes!("fixtures/lossless.webp"), include_bytes!("fixtures/lossless.pixels")),
    (
        "lossless with alpha",
        48,
        1,
        include_bytes!("fixtures/lossless-alpha.webp"),
        include_bytes!("fixtures/lossless-alpha.pixels"),
    ),
    ("animation", 48, 7, include_bytes!("fixtures/animation.webp"), include_bytes!("fixtures/animation.pixels")),
];

const PLENTY: Limits = Limits { memory_bytes: 1 << 30 };

/// Collects up to `most` rows.
struct Rows {
    most: usize,
    told: u32,
    delays: Vec<Delay>,
    rows: Vec<Vec<u8>>,
}

impl RowSink for Rows {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        self.told = frames;
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.delays.push(frame.delay);
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let Samples::Eight(samples) = row.samples else { panic!("16-bit rows of a WebP") };
        self.rows.push(samples.to_vec());
        if self.rows.len() == self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn decoded(bytes: &[u8], depth: Depth, limits: Limits) -> Result<Rows, Error> {
    let most = depth.rows().map_or(usize::MAX, |rows| rows as usize);
    let mut sink = Rows { most, told: 0, delays: Vec::new(), rows: Vec::new() };
    Format::WebP.rows(&mut Cursor::new(bytes), depth, limits, &mut sink)?;
    Ok(sink)
}

fn pixels_of(bytes: &[u8], depth: Depth) -> Result<Vec<u8>, Error> {
    decoded(bytes, depth, PLENTY).map(|sink| sink.rows.concat())
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::WebP.payload(&mut Cursor::new(bytes), PLENTY)
}

/// The file with chunks put at its end.
fn with_chunks(webp: &[u8], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = webp.to_vec();
    for (name, body) in chunks {
        bytes.extend_from_slice(*name);
        bytes.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(body);
        bytes.extend(vec![0; body.len() % 2]);
    }
    let len = u32::try_from(bytes.len() - 8).unwrap();
    bytes[4..8].copy_from_slice(&len.to_le_bytes());
    bytes
}

#[test]
fn pixels_are_those_of_libwebp() {
    for (name, _, frames, webp, pixels) in FIXTURES {
        let sink = decoded(webp, Depth::Whole, PLENTY).unwrap();
        assert_eq!((sink.told as usize, sink.delays.len()), (frames, frames), "{name}");
        assert!(sink.rows.concat() == pixels, "{name}");
    }
}

#[test]
fn delays_are_milliseconds_and_a_still_has_none() {
    let (_, _, _, animation, _) = FIXTURES[4];
    let delays = decoded(animation, Depth::Whole, PLENTY).unwrap().delays;
    assert_eq!(delays, (1..=7).map(|tens| Delay::seconds(tens, 100)).collect::<Vec<_>>());
    let (_, _, _, still, _) = FIXTURES[0];
    assert_eq!(decoded(still, Depth::Whole, PLENTY).unwrap().delays, [Delay::NONE]);
}

#[test]
fn first_rows_are_those_of_the_whole() {
    for (name, row_bytes, _, webp, pixels) in FIXTURES {
        for count in [1, 8, 9, 16, 17, 31, 32, 33, 48, 49, 70, 71] {
            let bytes = (count * row_bytes).min(pixels.len());
            let depth = Depth::Rows(u32::try_from(count).unwrap());
            assert!(pixels_of(webp, depth).unwrap() == pixels[..bytes], "{name}, {count} rows");
        }
    }
}

/// Each way to store alpha, made of the plane of the fixture: a part of the picture has it as the whole has.
#[test]
fn first_rows_of_alpha_are_those_of_the_whole_however_it_is_stored() {
    let (_, _, _, webp, _) = FIXTURES[1];
    let at = webp.windows(4).position(|name| name == b"ALPH").unwrap();
    let len = u32::from_le_bytes(webp[at + 4..at + 8].try_into().unwrap()) as usize;
    let height = Format::WebP.header(&mut Cursor::new(webp)).unwrap().height;
    let plain: Vec<u8> = (0..12 * height).map(|place| (place * place / 7 % 256).to_le_bytes()[0]).collect();
    let coded = &webp[at + 9..at + 8 + len];
    assert_eq!(webp[at + 8] & 3, 1, "the fixture has a coded plane");
    for filter in 0..4 {
        for (compression, data) in [(0, &plain[..]), (1, coded)] {
            let chunk = [&[filter << 2 | compression], data].concat();
            let rest = &webp[at + 8 + len + len % 2..];
            let mut file = [&webp[..at + 4], &u32::try_from(chunk.len()).unwrap().to_le_bytes(), &chunk].concat();
            file.extend(vec![0; chunk.len() % 2]);
            file.extend_from_slice(rest);
            let file = with_chunks(&file, &[]);
            let whole = pixels_of(&file, Depth::Whole).unwrap();
            for count in [4, 8, 9, 24, 40] {
                let part = pixels_of(&file, Depth::Rows(count)).unwrap();
                assert!(part == whole[..count as usize * 48], "filter {filter}, compression {compression}, {count}");
            }
        }
    }
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    for (name, _, _, webp, _) in FIXTURES {
        for len in 0..webp.len() {
            let cut = &webp[..len];
            assert!(matches!(pixels_of(cut, Depth::Whole), Err(Error::Corrupt(_))), "{name} cut to {len}");
            assert!(matches!(payload(cut), Err(Error::Corrupt(_))), "{name} cut to {len}");
            assert!(pixels_of(cut, Depth::Rows(8)).is_err(), "{name} cut to {len}");
            assert!(Format::WebP.metadata(&mut Cursor::new(cut)).is_err(), "{name} cut to {len}");
        }
    }
}

#[test]
fn a_bitstream_cut_within_whole_chunks_is_corrupt() {
    for (name, _, _, webp, _) in [FIXTURES[0], FIXTURES[2]] {
        let end = 20 + u32::from_le_bytes(webp[16..20].try_into().unwrap()) as usize;
        for len in 12..end - 20 - 8 {
            let cut = with_chunks(&webp[..12], &[(webp[12..16].try_into().unwrap(), &webp[20..20 + len])]);
            assert!(matches!(pixels_of(&cut, Depth::Whole), Err(Error::Corrupt(_))), "{name} cut to {len}");
        }
    }
}

#[test]
fn a_chunk_that_goes_beyond_the_end_is_corrupt() {
    let (_, _, _, webp, _) = FIXTURES[0];
    let mut long = webp.to_vec();
    long[16] = long[16].wrapping_add(2);
    let error = pixels_of(&long, Depth::Whole).unwrap_err();
    assert_eq!(error.to_string(), "the chunk `VP8 ` goes beyond the end of the file");
}

#[test]
fn metadata_changes_neither_payload_nor_pixels() {
    for (name, _, _, webp, pixels) in FIXTURES {
        let tagged = with_chunks(webp, &[(b"EXIF", b"MM\0*\0\0\0\x08\0\0"), (b"abcd", b"odd")]);
        let tagged = [&tagged[..], webp].concat();
        assert_eq!(payload(&tagged).unwrap(), payload(webp).unwrap(), "{name}");
        assert!(pixels_of(&tagged, Depth::Whole).unwrap() == pixels, "{name}");
    }
}

#[test]
fn what_changes_the_pixels_changes_the_payload() {
    let all = FIXTURES.map(|(_, _, _, webp, _)| payload(webp).unwrap());
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{}", FIXTURES[at].0);
    }
    // The time of the first frame, and how it is put on the canvas.
    let (_, _, _, animation, _) = FIXTURES[4];
    let frame = animation.windows(4).position(|name| name == b"ANMF").unwrap() + 8;
    for at in [12, 15] {
        let mut other = animation.to_vec();
        other[frame + at] ^= 1;
        assert_ne!(payload(&other).unwrap(), payload(animation).unwrap());
    }
    // How often it loops changes no pixel.
    let loops = animation.windows(4).position(|name| name == b"ANIM").unwrap() + 12;
    let mut other = animation.to_vec();
    other[loops] ^= 1;
    assert_eq!(payload(&other).unwrap(), payload(animation).unwrap());
}

#[test]
fn a_huge_claim_is_refused_at_once() {
    let limits = Limits { memory_bytes: 100 << 20 };
    let (_, _, _, webp, _) = FIXTURES[0];
    let mut claim = webp.to_vec();
    claim[26..30].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    assert!(matches!(decoded(&claim, Depth::Whole, limits), Err(Error::TooLarge { .. })));
    let (_, _, _, animation, _) = FIXTURES[4];
    let mut claim = animation.to_vec();
    claim[24..30].fill(0xff);
    assert!(matches!(decoded(&claim, Depth::Whole, limits), Err(Error::TooLarge { .. })));
}

#[test]
fn the_header_says_the_size_and_what_is_right_to_charge() {
    for (name, row_bytes, frames, webp, pixels) in FIXTURES {
        let header = Format::WebP.header(&mut Cursor::new(webp)).unwrap();
        assert_eq!((header.width, header.height as usize), (12, pixels.len() / row_bytes / frames), "{name}");
        assert_eq!(header.stops_early(), ["lossy", "alpha"].contains(&name), "{name}");
        let enough = Limits { memory_bytes: header.whole_bytes };
        assert!(decoded(webp, Depth::Whole, enough).is_ok(), "{name}");
        let less = Limits { memory_bytes: header.whole_bytes - 1 };
        assert!(matches!(decoded(webp, Depth::Whole, less), Err(Error::TooLarge { .. })), "{name}");
    }
}

#[test]
fn metadata_is_listed() {
    let (_, _, _, animation, _) = FIXTURES[4];
    // One IFD entry: orientation 6.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let tagged = with_chunks(animation, &[(b"ICCP", b"profile"), (b"EXIF", exif), (b"XMP ", b"<x/>"), (b"abcd", b"e")]);
    let tagged = [&tagged[..], b"tail"].concat();
    let metadata = Format::WebP.metadata(&mut Cursor::new(&tagged[..])).unwrap();
    assert_eq!(metadata.orientation, Turn::from_exif(6).unwrap());
    let listed = metadata.items.iter().map(|item| (item.name, item.content)).collect::<Vec<_>>();
    let expected = [
        ("background colour", Key::of(&[10, 20, 30, 255])),
        ("loop count", Key::of(&[3, 0, 0, 0])),
        ("ICC profile", Key::of(b"profile")),
        ("EXIF", Key::of(&exif[6..])),
        ("XMP", Key::of(b"<x/>")),
        ("unknown chunk", Key::of(b"abcd\x01\0\0\0e")),
        ("trailing bytes", Key::of(b"tail")),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn long_metadata_is_not_held_in_memory() {
    let (_, _, _, still, _) = FIXTURES[2];
    let long = [&b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"[..], &[9; 3 << 20]].concat();
    for (name, item) in [(b"ICCP", "ICC profile"), (b"XMP ", "XMP"), (b"EXIF", "EXIF"), (b"abcd", "unknown chunk")] {
        let tagged = with_chunks(still, &[(name, &long)]);
        let found = Format::WebP.metadata(&mut InPieces::new(&tagged)).unwrap();
        let listed = found.items.iter().map(|item| (item.name, item.content)).collect::<Vec<_>>();
        let len = u32::try_from(long.len()).unwrap();
        let head = [&name[..], &len.to_le_bytes()].concat();
        let content = if item == "unknown chunk" { [&head, &long[..]].concat() } else { long.clone() };
        assert_eq!(listed, [(item, Key::of(&content))]);
        // So long an EXIF is not looked into.
        assert_eq!(found.orientation, Turn::None);
    }
}
