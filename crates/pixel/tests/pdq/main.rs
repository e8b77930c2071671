//! PDQ against the reference: `expected.tsv` has what the Python package pdqhash 0.2.8, a binding of the C++ reference,
//! says of pictures that are drawn by one formula here and in `expected.py`, which wrote it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::ops::ControlFlow;

use pixtwin_pixel::{Channels, Code, Delay, Frame, Ground, PdqSink, Row, RowSink, Turn};

const EXPECTED: &str = include_str!("expected.tsv");

/// The order of `compute_dihedral`, as turns.
const TURNS: [Turn; 8] = [
    Turn::None,
    Turn::Anticlockwise,
    Turn::Half,
    Turn::Clockwise,
    Turn::FlipVertical,
    Turn::FlipHorizontal,
    Turn::Transpose,
    Turn::Transverse,
];

fn mix(n: u32) -> u32 {
    let n = (n ^ (n >> 16)).wrapping_mul(0x7feb_352d);
    let n = (n ^ (n >> 15)).wrapping_mul(0x846c_a68b);
    n ^ (n >> 16)
}

fn sample(seed: u32, (width, height): (u32, u32), [x, y, c]: [u32; 3]) -> u8 {
    let block = 1 + seed % 97;
    let place = (x / block).wrapping_add((y / block).wrapping_mul(65599)).wrapping_add(seed * 7919);
    let place = mix(place);
    let value = match seed % 4 {
        0 => mix(place.wrapping_add(c)),
        1 => x * (seed % 13 + 1) + y * (seed % 7 + 1) + x * y / (seed % 29 + 1) + c * 40,
        2 => {
            let noise = x.wrapping_add(y.wrapping_mul(65599)).wrapping_add(c.wrapping_mul(16_777_213));
            x * 120 / width + y * 120 / height + mix(noise.wrapping_add(seed)) % 16
        }
        _ if place.is_multiple_of(8) => mix(place.wrapping_add(c)),
        _ => 255,
    };
    value.to_le_bytes()[0]
}

/// Row `y` of a drawn picture with so many channels.
fn row(seed: u32, size: (u32, u32), y: u32, channels: u32) -> Vec<u8> {
    (0..size.0).flat_map(|x| (0..channels).map(move |c| sample(seed, size, [x, y, c]))).collect()
}

fn sink_of(layout: &str, seed: u32, size: (u32, u32)) -> PdqSink {
    let mut sink = PdqSink::new(Ground::White);
    assert_eq!(sink.picture(1), ControlFlow::Continue(()));
    assert_eq!(sink.frame(Frame { width: size.0, height: size.1, delay: Delay::NONE }), ControlFlow::Continue(()));
    for y in 0..size.1 {
        let row = |channels| row(seed, size, y, channels);
        let flow = match layout {
            "grey" => sink.row(Row::eight(Channels::Grey, &row(1))),
            "grey-alpha" => sink.row(Row::eight(Channels::GreyAlpha, &row(2))),
            "rgb" => sink.row(Row::eight(Channels::Rgb, &row(3))),
            "rgba" => sink.row(Row::eight(Channels::Rgba, &row(4))),
            "cmyk" => sink.row(Row::eight(Channels::Cmyk, &row(4))),
            "rgb-16" => {
                let low = self::row(seed + 1, size, y, 3);
                let wide: Vec<u16> =
                    row(3).iter().zip(low).map(|(high, low)| u16::from_be_bytes([*high, low])).collect();
                sink.row(Row::sixteen(Channels::Rgb, &wide))
            }
            _ => panic!("{layout}"),
        };
        assert_eq!(flow, ControlFlow::Continue(()), "row {y}");
    }
    sink
}

#[test]
fn codes_and_qualities_are_those_of_the_reference() {
    let mut lines = 0;
    for line in EXPECTED.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let numbers: Vec<u32> = fields[1..5].iter().map(|field| field.parse().unwrap()).collect();
        let (seed, size) = (numbers[0], (numbers[1], numbers[2]));
        let codes: Vec<Code> = fields[5..].iter().filter_map(|code| code.parse().ok()).collect();
        if fields[0] == "turned" {
            let (ours, quality) = sink_of(fields[13], seed, size).finish_turned().unwrap();
            assert_eq!(u32::from(quality), numbers[3], "{line}");
            for (turn, code) in TURNS.into_iter().zip(codes) {
                assert_eq!(ours[usize::from(turn.exif()) - 1], code, "{turn:?} {line}");
            }
        } else {
            let ours = sink_of(fields[0], seed, size).finish().unwrap();
            assert_eq!((ours.code.to_string().as_str(), u32::from(ours.quality)), (fields[5], numbers[3]), "{line}");
        }
        lines += 1;
    }
    assert_eq!(lines, EXPECTED.lines().count() - 1);
}
