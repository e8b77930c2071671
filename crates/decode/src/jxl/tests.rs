use std::ops::ControlFlow;

use pixtwin_pixel::{Alpha, Delay, Digester, Frame, Row, Samples};

use super::*;
use crate::{Format, InMemory};

const LIMITS: Limits = Limits { memory_bytes: 64 << 20 };

// Written by cjxl 0.7.0 (`-d 0`) from pictures of 3 x 2 pixels whose samples the tests below repeat.
const RGBA8: &str = "ff0a0840b0a0b8100808100064004b188b15c241c3193e802324e4ba90146004cc86849c341b04";
const GREY8: &str = "ff0a0840101417020802010034004b188b150a1d27834f08728728";
const RGB16: &str = "0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20000000096a786c6c0a000000336a786c63\
                     ff0a0840fc001417020802010070004b188b154202542f3880f50770ce591959194f4c9b0dcd050246ee00";
/// Frames all red, all green, all blue, shown for 100, 250 and 70 milliseconds.
const ANIMATION: &str = "ff0a08404100161497040808a08200003c004b188b15c249411e400480fea03f00080832911902003c004b188b15c249\
                         411ec001fa03a03f00080832910701003c004b188b15c249411e4004fa03a03f00";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

/// All samples as 16 bits, and the frames they belong to.
#[derive(Default)]
struct Seen {
    frames: Vec<Frame>,
    samples: Vec<u16>,
}

impl RowSink for Seen {
    fn picture(&mut self, _: u32) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn frame(&mut self, frame: Frame) -> ControlFlow<()> {
        self.frames.push(frame);
        ControlFlow::Continue(())
    }

    fn row(&mut self, row: Row<'_>) -> ControlFlow<()> {
        match row.samples {
            Samples::Eight(samples) => self.samples.extend(samples.iter().map(|&sample| u16::from(sample) * 257)),
            Samples::Sixteen(samples) => self.samples.extend(samples),
        }
        ControlFlow::Continue(())
    }
}

fn decode(bytes: &[u8]) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    Format::Jxl.rows(&mut InMemory::new(bytes), Depth::Whole, LIMITS, &mut seen)?;
    Ok(seen)
}

fn payload(bytes: &[u8]) -> Result<[u8; 32], Error> {
    Format::Jxl.payload(&mut InMemory::new(bytes), LIMITS)
}

#[test]
fn lossless_integers_come_back() {
    let rgba: Vec<u16> = (0..24).map(|at| at * 9 * 257).collect();
    assert_eq!(decode(&bytes(RGBA8)).unwrap().samples, rgba);
    let grey: Vec<u16> = (0..6).map(|at| at * 36 * 257).collect();
    assert_eq!(decode(&bytes(GREY8)).unwrap().samples, grey);
    let rgb: Vec<u16> = (0..18).map(|at| at * 3001 + 7).collect();
    assert_eq!(decode(&bytes(RGB16)).unwrap().samples, rgb);
}

#[test]
fn every_frame_has_its_delay() {
    let seen = decode(&bytes(ANIMATION)).unwrap();
    let delays: Vec<Delay> = seen.frames.iter().map(|frame| frame.delay).collect();
    assert_eq!(delays, [Delay::seconds(1, 10), Delay::seconds(1, 4), Delay::seconds(7, 100)]);
    // cjxl gives every animation of a GIF an alpha channel.
    let colour =
        |at| (0..6).flat_map(move |_| (0..4).map(move |channel| if channel == at || channel == 3 { 65535 } else { 0 }));
    assert_eq!(seen.samples, (0..3).flat_map(colour).collect::<Vec<u16>>());
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    for whole in [RGBA8, GREY8, RGB16, ANIMATION].map(bytes) {
        for len in 0..whole.len() {
            let mut digester = Digester::new(Alpha::Exact, Depth::Whole);
            let rows = Format::Jxl.rows(&mut InMemory::new(&whole[..len]), Depth::Whole, LIMITS, &mut digester);
            assert!(rows.is_err(), "rows of {len} bytes of {}", whole.len());
            assert_eq!(digester.finish().digest, None);
            assert!(payload(&whole[..len]).is_err(), "payload of {len} bytes of {}", whole.len());
        }
    }
}

#[test]
fn every_changed_byte_is_read_without_panic() {
    for whole in [RGBA8, RGB16, ANIMATION].map(bytes) {
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                let mut seen = Digester::new(Alpha::Exact, Depth::Whole);
                let limits = Limits { memory_bytes: 24 << 20 };
                let _ = Jxl.header(&mut InMemory::new(&changed));
                let _ = Jxl.rows(&mut InMemory::new(&changed), Depth::Whole, limits, &mut seen);
            }
        }
    }
}

#[test]
fn the_payload_is_the_codestream_in_whatever_boxes() {
    let still = bytes(RGBA8);
    let own = payload(&still).unwrap();
    assert_ne!(own, payload(&bytes(GREY8)).unwrap());
    assert_eq!(own, payload(&[&still[..], b"trailing"].concat()).unwrap());
    let boxed = |parts: &[(&[u8; 4], &[u8])]| {
        let start = bytes("0000000c4a584c200d0a870a00000014667479706a786c20000000006a786c20");
        parts.iter().fold(start, |mut file, (name, content)| {
            file.extend(u32::try_from(content.len() + 8).unwrap().to_be_bytes());
            file.extend_from_slice(&name[..]);
            file.extend_from_slice(content);
            file
        })
    };
    let split = [[&[0, 0, 0, 0][..], &still[..20]].concat(), [&[0x80, 0, 0, 1][..], &still[20..]].concat()];
    let files = [
        boxed(&[(b"jxlc", &still)]),
        boxed(&[(b"xml ", b"<x/>"), (b"jxlc", &still), (b"Exif", b"\0\0\0\0II*\0\x08\0\0\0\0\0")]),
        boxed(&[(b"jxlp", &split[0]), (b"xml ", b"<y/>"), (b"jxlp", &split[1])]),
    ];
    for file in &files {
        assert_eq!(own, payload(file).unwrap());
        assert_eq!(decode(file).unwrap().samples, decode(&still).unwrap().samples);
    }
    let names = |file: &[u8]| {
        let metadata = Format::Jxl.metadata(&mut InMemory::new(file)).unwrap();
        metadata.items.iter().map(|item| item.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&files[1]), ["XMP", "EXIF"]);
    assert_eq!(names(&[&still[..], b"trailing"].concat()), ["trailing bytes"]);
    let unfinished = boxed(&[(b"jxlp", &split[0])]);
    assert!(matches!(payload(&unfinished), Err(Error::Corrupt(_))));
}

#[test]
fn a_small_budget_is_kept() {
    let limits = Limits { memory_bytes: 1 << 20 };
    let still = bytes(RGBA8);
    let refused = Jxl.rows(&mut InMemory::new(&still), Depth::Whole, limits, &mut Seen::default());
    assert!(matches!(refused, Err(Error::TooLarge { .. })));
    let header = Format::Jxl.header(&mut InMemory::new(&still)).unwrap();
    assert_eq!((header.width, header.height, header.stops_early()), (3, 2, false));
}
