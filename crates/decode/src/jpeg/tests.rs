use std::io::Cursor;

use libjpeg_turbo_rs::{Encoder, Subsampling};
use pixtwin_pixel::{Frame, Samples};

use super::*;
use crate::Format;

/// Each fixture and the pixels that libjpeg-turbo gives for it: `fixtures/README.md` says how they were made.
const FIXTURES: [(&str, &[u8], &[u8]); 12] = [
    ("420", include_bytes!("fixtures/420.jpg"), include_bytes!("fixtures/420.pixels")),
    ("422-restart", include_bytes!("fixtures/422-restart.jpg"), include_bytes!("fixtures/422-restart.pixels")),
    ("440", include_bytes!("fixtures/440.jpg"), include_bytes!("fixtures/440.pixels")),
    ("411-arithmetic", include_bytes!("fixtures/411-arithmetic.jpg"), include_bytes!("fixtures/411-arithmetic.pixels")),
    ("rgb", include_bytes!("fixtures/rgb.jpg"), include_bytes!("fixtures/rgb.pixels")),
    ("grey", include_bytes!("fixtures/grey.jpg"), include_bytes!("fixtures/grey.pixels")),
    ("fine-chroma", include_bytes!("fixtures/fine-chroma.jpg"), include_bytes!("fixtures/fine-chroma.pixels")),
    ("progressive", include_bytes!("fixtures/420-progressive.jpg"), include_bytes!("fixtures/420-progressive.pixels")),
    ("three-scans", include_bytes!("fixtures/420-three-scans.jpg"), include_bytes!("fixtures/420-three-scans.pixels")),
    ("missing", include_bytes!("fixtures/420-missing-scans.jpg"), include_bytes!("fixtures/420-missing-scans.pixels")),
    ("cmyk", include_bytes!("fixtures/cmyk.jpg"), include_bytes!("fixtures/cmyk.pixels")),
    ("ycck", include_bytes!("fixtures/ycck.jpg"), include_bytes!("fixtures/ycck.pixels")),
];

const PLENTY: Limits = Limits { memory_bytes: 1 << 30 };

/// Collects up to `most` rows.
struct Rows {
    most: usize,
    rows: Vec<Vec<u8>>,
}

impl RowSink for Rows {
    fn picture(&mut self, frames: u32) -> ControlFlow<()> {
        assert_eq!(frames, 1);
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        assert_eq!(frame.delay, Delay::NONE);
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        let Samples::Eight(samples) = row.samples else { panic!("16-bit rows of a JPEG") };
        self.rows.push(samples.to_vec());
        if self.rows.len() == self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn rows(bytes: &[u8], depth: Depth, limits: Limits) -> Result<Vec<u8>, Error> {
    let most = depth.rows().map_or(usize::MAX, |rows| rows as usize);
    let mut sink = Rows { most, rows: Vec::new() };
    Format::Jpeg.rows(&mut Cursor::new(bytes), depth, limits, &mut sink)?;
    Ok(sink.rows.concat())
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::Jpeg.payload(&mut Cursor::new(bytes), PLENTY)
}

/// The file with segments put in after the start-of-image marker.
fn with_segments(jpeg: &[u8], segments: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = jpeg[..2].to_vec();
    for (code, body) in segments {
        bytes.extend([0xff, *code]);
        bytes.extend(u16::try_from(body.len() + 2).unwrap().to_be_bytes());
        bytes.extend_from_slice(body);
    }
    bytes.extend_from_slice(&jpeg[2..]);
    bytes
}

#[test]
fn pixels_are_those_of_libjpeg_turbo() {
    for (name, jpeg, pixels) in FIXTURES {
        assert!(rows(jpeg, Depth::Whole, PLENTY).unwrap() == pixels, "{name}");
    }
}

#[test]
fn least_memory_gives_the_same_pixels() {
    for (name, jpeg, pixels) in FIXTURES {
        let header = Format::Jpeg.header(&mut Cursor::new(jpeg)).unwrap();
        let least = Limits { memory_bytes: header.whole_bytes };
        assert!(rows(jpeg, Depth::Whole, least).unwrap() == pixels, "{name}");
        let less = Limits { memory_bytes: header.whole_bytes - 1 };
        assert!(matches!(rows(jpeg, Depth::Whole, less), Err(Error::TooLarge { .. })), "{name}");
    }
}

#[test]
fn every_way_gives_the_same_pixels() {
    for (name, jpeg, pixels) in FIXTURES {
        for way in [Way::Picture, Way::Planes, Way::Coefficients] {
            let mut source = Cursor::new(jpeg);
            let mut markers = Markers::open(&mut source).unwrap();
            let mut lead = Lead::read(&mut markers).unwrap();
            let bytes = lead.read_rest(&mut markers, jpeg.len() as u64).unwrap();
            let is_right = match way {
                Way::Picture => lead.frame.has_right_picture(),
                Way::Planes => !lead.is_smoothed(),
                Way::Coefficients => lead.frame.progressive && !lead.frame.arithmetic && !lead.is_smoothed(),
            };
            if is_right {
                let decoded = decode(&bytes, &lead.frame, way, PLENTY).unwrap();
                let mut sink = Rows { most: usize::MAX, rows: Vec::new() };
                assert!(give(&lead, decoded, usize::MAX, &mut sink).unwrap().is_continue());
                assert!(sink.rows.concat() == pixels, "{name}, {way:?}");
            }
        }
    }
}

/// A progressive JPEG large enough that its coefficients alone are the least.
fn large_progressive(sampling: Subsampling) -> Vec<u8> {
    large(1300, 860, |encoder| encoder.subsampling(sampling).progressive(true))
}

/// A picture whose every part differs, encoded as `set` says.
fn large(width: usize, height: usize, set: impl for<'e> Fn(Encoder<'e>) -> Encoder<'e>) -> Vec<u8> {
    let pixels = (0..width * height)
        .flat_map(|at| [at % 251, at / width, at * at / 977].map(|value| usize::to_le_bytes(value)[0]));
    let pixels = pixels.collect::<Vec<_>>();
    set(Encoder::new(&pixels, width, height, PixelFormat::Rgb)).encode().unwrap()
}

#[test]
fn the_corner_is_that_of_the_whole() {
    let samplings = [Subsampling::S444, Subsampling::S422, Subsampling::S420, Subsampling::S440, Subsampling::S411];
    // Sizes around those from which on less is decoded.
    for (width, height) in [(255, 40), (273, 9), (289, 17), (305, 33), (1000, 100), (1001, 99)] {
        for (sampling, progressive) in samplings.into_iter().flat_map(|sampling| [(sampling, false), (sampling, true)])
        {
            let jpeg = large(width, height, |encoder| {
                encoder.subsampling(sampling).progressive(progressive).restart_blocks(7).quality(90)
            });
            let left_ends = |row: &Vec<u8>| row[..row.len().min(CORNER_COLUMNS as usize * 3)].to_vec();
            let rows_of = |depth: Depth, most| {
                let mut sink = Rows { most, rows: Vec::new() };
                Format::Jpeg.rows(&mut Cursor::new(&jpeg[..]), depth, PLENTY, &mut sink).unwrap();
                sink.rows.iter().map(left_ends).collect::<Vec<_>>()
            };
            let what = format!("{width} x {height}, {sampling:?}, progressive {progressive}");
            let most = CORNER_ROWS as usize;
            assert!(rows_of(Depth::Corner, most) == rows_of(Depth::Whole, most), "{what}");
            if width > 400 {
                let mut source = Cursor::new(&jpeg[..]);
                let lead = corner(&mut source, PLENTY).unwrap().map(|(lead, _)| (lead.frame.width, lead.full_width));
                assert!(lead.is_some_and(|(width, full)| width < 320 && full >= 1000), "{what}: {lead:?}");
            }
        }
    }
}

#[test]
fn the_corner_needs_only_the_start_of_the_file() {
    let jpeg = large(2000, 1000, |encoder| encoder.subsampling(Subsampling::S420).quality(95));
    let mut sink = Rows { most: CORNER_ROWS as usize, rows: Vec::new() };
    let start = &jpeg[..usize::try_from(CORNER_BYTES).unwrap() * 2];
    Format::Jpeg.rows(&mut Cursor::new(start), Depth::Corner, PLENTY, &mut sink).unwrap();
    assert_eq!(sink.rows.len(), CORNER_ROWS as usize);
}

#[test]
fn large_progressive_needs_little_more_than_its_coefficients() {
    for sampling in [Subsampling::S444, Subsampling::S422, Subsampling::S420] {
        let jpeg = large_progressive(sampling);
        let frame = Lead::read(&mut Markers::open(&mut Cursor::new(&jpeg[..])).unwrap()).unwrap().frame;
        assert_eq!(frame.least_way(frame.height), Way::Coefficients);
        let header = Format::Jpeg.header(&mut Cursor::new(&jpeg[..])).unwrap();
        let least = Limits { memory_bytes: header.whole_bytes };
        let whole = rows(&jpeg, Depth::Whole, PLENTY).unwrap();
        assert!(rows(&jpeg, Depth::Whole, least).unwrap() == whole);
        assert!(rows(&jpeg, Depth::Rows(700), least).unwrap() == whole[..700 * 1300 * 3]);
        let less = Limits { memory_bytes: header.whole_bytes - 1 };
        assert!(matches!(rows(&jpeg, Depth::Whole, less), Err(Error::TooLarge { .. })));
        for len in (0..jpeg.len()).step_by(9973) {
            assert!(matches!(rows(&jpeg[..len], Depth::Whole, least), Err(Error::Corrupt(_))), "cut to {len}");
        }
        let holed = [&jpeg[..jpeg.len() - 42], b"\xff\xd9"].concat();
        assert!(matches!(rows(&holed, Depth::Whole, least), Err(Error::Corrupt(_))));
    }
}

#[test]
fn the_eighteen_scans_of_a_progressive_cmyk_are_within_its_promise() {
    let (name, jpeg, _) = FIXTURES.into_iter().find(|(name, ..)| name.contains("cmyk")).unwrap();
    let frame = Lead::read(&mut Markers::open(&mut Cursor::new(jpeg)).unwrap()).unwrap().frame;
    assert_eq!(frame.count, 4, "{name}");
    assert!(frame.scan_bytes() >= 18 * frame::TABLES_BYTES);
}

#[test]
fn smoothing_is_not_left_out_for_want_of_memory() {
    let jpeg = large_progressive(Subsampling::S420);
    // Without the last scan, some last bits of the brightness stay unknown.
    let last = jpeg.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let cut = [&jpeg[..last], b"\xff\xd9"].concat();
    let header = Format::Jpeg.header(&mut Cursor::new(&cut[..])).unwrap();
    assert!(rows(&cut, Depth::Whole, PLENTY).is_ok());
    let least = Limits { memory_bytes: header.whole_bytes };
    assert!(matches!(rows(&cut, Depth::Whole, least), Err(Error::TooLarge { .. })));
}

#[test]
fn first_rows_are_those_of_the_whole() {
    for (name, jpeg, pixels) in FIXTURES {
        for count in [1, 7, 8, 9, 16, 17, 40, 69, 70, 71, 1000] {
            let bytes = pixels.len() / 70 * count.min(70);
            let depth = Depth::Rows(u32::try_from(count).unwrap());
            assert!(rows(jpeg, depth, PLENTY).unwrap() == pixels[..bytes], "{name}, {count} rows");
        }
    }
}

#[test]
fn a_look_at_the_first_rows_needs_only_the_start_of_the_file() {
    let (_, jpeg, pixels) = FIXTURES[5];
    let cut = &jpeg[..jpeg.len() - 100];
    assert_eq!(rows(cut, Depth::Rows(8), PLENTY).unwrap(), pixels[..12 * 8]);
}

#[test]
fn a_file_cut_anywhere_is_corrupt() {
    for (name, jpeg, pixels) in FIXTURES {
        for len in 0..jpeg.len() {
            let cut = &jpeg[..len];
            assert!(matches!(rows(cut, Depth::Whole, PLENTY), Err(Error::Corrupt(_))), "{name} cut to {len}");
            assert!(matches!(payload(cut), Err(Error::Corrupt(_))), "{name} cut to {len}");
            if let Ok(head) = rows(cut, Depth::Rows(8), PLENTY) {
                assert!(pixels.starts_with(&head), "{name} cut to {len}");
            }
        }
    }
}

#[test]
fn a_hole_in_the_data_is_corrupt() {
    for (name, jpeg, _) in FIXTURES {
        // Arithmetic coding leaves out zeros at the end of its data, so that a lack of data is no sign of damage.
        if name.ends_with("arithmetic") {
            continue;
        }
        let holed = [&jpeg[..jpeg.len() - 42], b"\xff\xd9"].concat();
        assert!(matches!(rows(&holed, Depth::Whole, PLENTY), Err(Error::Corrupt(_))), "{name}");
    }
}

#[test]
fn metadata_changes_neither_payload_nor_pixels() {
    for (name, jpeg, pixels) in FIXTURES {
        let thumbnail = [b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", jpeg].concat();
        let tagged =
            with_segments(jpeg, &[(0xe1, &thumbnail), (0xfe, b"a comment"), (0xe2, b"ICC_PROFILE\0\x01\x01x")]);
        let tagged = [&tagged, jpeg].concat();
        assert_eq!(payload(&tagged).unwrap(), payload(jpeg).unwrap(), "{name}");
        assert!(rows(&tagged, Depth::Whole, PLENTY).unwrap() == pixels, "{name}");
    }
}

#[test]
fn what_changes_the_pixels_changes_the_payload() {
    let all = FIXTURES.map(|(_, jpeg, _)| payload(jpeg).unwrap());
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{}", FIXTURES[at].0);
    }
    // The same data, once as YCbCr and once as RGB.
    let (_, jpeg, _) = FIXTURES[4];
    let as_ycbcr = with_segments(jpeg, &[(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")]);
    assert_ne!(payload(&as_ycbcr).unwrap(), payload(jpeg).unwrap());
    assert_ne!(rows(&as_ycbcr, Depth::Whole, PLENTY).unwrap(), rows(jpeg, Depth::Whole, PLENTY).unwrap());
}

#[test]
fn a_huge_claim_is_refused_at_once() {
    let (_, jpeg, _) = FIXTURES[0];
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let mut claim = jpeg.to_vec();
    claim[frame + 5..frame + 9].fill(0xff);
    let limits = Limits { memory_bytes: 100 << 20 };
    assert!(matches!(rows(&claim, Depth::Whole, limits), Err(Error::TooLarge { .. })));
    assert!(rows(&claim, Depth::Rows(16), limits).is_err());
    assert_eq!(Format::Jpeg.header(&mut Cursor::new(&claim[..])).unwrap().width, 65535);
}

#[test]
fn kinds_that_are_not_read_say_so() {
    let (_, jpeg, _) = FIXTURES[0];
    let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let changed = |at: usize, bytes: &[u8]| {
        let mut jpeg = jpeg.to_vec();
        jpeg[frame + at..frame + at + bytes.len()].copy_from_slice(bytes);
        Format::Jpeg.header(&mut Cursor::new(&jpeg[..])).unwrap_err().to_string()
    };
    assert_eq!(changed(4, &[12]), "not supported: 12-bit JPEG");
    assert_eq!(changed(1, &[0xc3]), "not supported: lossless JPEG");
    assert_eq!(changed(1, &[0xc5]), "not supported: hierarchical JPEG");
    assert_eq!(changed(5, &[0, 0]), "not supported: JPEG that tells its height after the picture (DNL)");
    assert_eq!(changed(9, &[2]), "not supported: JPEG of 2 components");
    assert_eq!(changed(14, &[0x13]), "not supported: JPEG whose sampling factors do not divide each other");
}

#[test]
fn metadata_is_listed() {
    let (_, jpeg, _) = FIXTURES[0];
    // One IFD entry: orientation 6.
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let photoshop = b"Photoshop 3.0\08BIM\x04\x04\0\0\0\0\0\x03abc\08BIM\x03\xed\0\0\0\0\0\x02xy";
    let extension =
        [b"http://ns.adobe.com/xmp/extension/\0".as_slice(), &[b'0'; 32], &[0, 0, 0, 4, 0, 0, 0, 0], b"more"];
    let tagged = with_segments(
        jpeg,
        &[
            (0xe1, exif),
            (0xe1, &extension.concat()),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            (0xe2, b"ICC_PROFILE\0\x02\x02file"),
            (0xe2, b"ICC_PROFILE\0\x01\x02pro"),
            (0xed, photoshop),
            (0xe5, b"other"),
            (0xfe, b"hello"),
        ],
    );
    let with_tail = [&tagged[..], b"tail"].concat();
    let metadata = Format::Jpeg.metadata(&mut Cursor::new(&with_tail[..])).unwrap();
    assert_eq!(metadata.orientation, Turn::from_exif(6).unwrap());
    let listed = metadata.items.iter().map(|item| (item.name, item.content)).collect::<Vec<_>>();
    let key = pixtwin_pixel::Key::of;
    let expected = [
        ("EXIF", key(&exif[6..])),
        ("IPTC", key(b"abc")),
        ("Photoshop resources", key(b"8BIM\x03\xed\0\0\0\0\0\x02xy")),
        ("APP5", key(b"other")),
        ("comment", key(b"hello")),
        ("resolution", key(&[0, 0, 1, 0, 1])),
        ("ICC profile", key(b"profile")),
        ("XMP", key(b"<x/>more")),
        ("trailing bytes", key(b"tail")),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn the_orientation_is_read_without_the_picture() {
    let (_, jpeg, _) = FIXTURES[8];
    let exif = |number| {
        [&b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..], &[number, 0, 0, 0, 0, 0, 0]].concat()
    };
    let both = |jpeg: &[u8]| {
        let turn = Format::Jpeg.orientation(&mut Cursor::new(jpeg)).unwrap();
        assert_eq!(Format::Jpeg.metadata(&mut Cursor::new(jpeg)).unwrap().orientation, turn);
        turn
    };
    assert_eq!(both(jpeg), Turn::None);
    // Viewers go by the first.
    let tagged = with_segments(jpeg, &[(0xe0, b"x"), (0xe1, b"other"), (0xe1, &exif(6)), (0xe1, &exif(3))]);
    assert_eq!(both(&tagged), Turn::Clockwise);
    let scans: Vec<usize> = (0..tagged.len() - 1).filter(|&at| tagged[at..at + 2] == [0xff, 0xda]).collect();
    let cut = &tagged[..scans[0] + 20];
    assert_eq!(Format::Jpeg.orientation(&mut Cursor::new(cut)).unwrap(), Turn::Clockwise);
    assert!(Format::Jpeg.metadata(&mut Cursor::new(cut)).is_err());
    assert!(Format::Jpeg.orientation(&mut Cursor::new(&jpeg[..20])).is_err());
    // EXIF between two scans turns nothing.
    let second = (0..jpeg.len() - 1).filter(|&at| jpeg[at..at + 2] == [0xff, 0xda]).nth(1).unwrap();
    let body = exif(6);
    let len = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    let between = [&jpeg[..second], &[0xff, 0xe1], &len, &body, &jpeg[second..]].concat();
    assert_eq!(both(&between), Turn::None);
}
