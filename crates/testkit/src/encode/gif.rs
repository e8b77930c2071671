//! GIF, still and animated.

use weezl::{BitOrder, encode::Encoder};

use crate::Drawing;

/// Frames of one size with up to 256 colours in all, each shown for `hundredths` of a second. A pixel is opaque or
/// of one transparent colour.
#[must_use]
pub fn gif(frames: &[Drawing], hundredths: u16) -> Vec<u8> {
    let (width, height) = (frames[0].width, frames[0].height);
    let all = Drawing {
        width,
        height: height * frames.len() as u32,
        rgba: frames.iter().flat_map(|frame| frame.rgba.clone()).collect(),
    };
    let (colours, indices) = all.palette().expect("a GIF has up to 256 colours");
    let transparent = colours.iter().position(|colour| colour[3] == 0);
    let is_faithful = |(at, colour): (usize, &[u8; 4])| colour[3] == 255 || Some(at) == transparent;
    assert!(colours.iter().enumerate().all(is_faithful), "a GIF has one transparent colour");
    let bits = (colours.len().next_power_of_two().ilog2() as u8).max(2);
    let mut file = b"GIF89a".to_vec();
    file.extend([width as u16, height as u16].iter().flat_map(|side| side.to_le_bytes()));
    file.extend([0xf0 | (bits - 1), 0, 0]);
    let mut table: Vec<u8> = colours.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
    table.resize(3 << bits, 0);
    file.extend(table);
    if frames.len() > 1 {
        file.extend(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0");
    }
    for frame in indices.chunks((width * height) as usize) {
        let [low, high] = if frames.len() > 1 { hundredths.to_le_bytes() } else { [0; 2] };
        // Disposal 2: what follows starts from nothing.
        let flags = 2 << 2 | u8::from(transparent.is_some());
        file.extend([0x21, 0xf9, 4, flags, low, high, transparent.unwrap_or(0) as u8, 0]);
        file.extend([0x2c, 0, 0, 0, 0]);
        file.extend([width as u16, height as u16].iter().flat_map(|side| side.to_le_bytes()));
        file.extend([0, bits]);
        for piece in Encoder::new(BitOrder::Lsb, bits).encode(frame).unwrap().chunks(255) {
            file.push(piece.len() as u8);
            file.extend(piece);
        }
        file.push(0);
    }
    file.push(0x3b);
    file
}
