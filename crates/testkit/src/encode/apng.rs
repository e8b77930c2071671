//! Animated PNG.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use super::chunk;
use crate::Drawing;

/// Frames of one size, each shown for `delay` of a second (numerator, denominator), the first also the still picture.
#[must_use]
pub fn apng(frames: &[Drawing], delay: (u16, u16)) -> Vec<u8> {
    let (width, height) = (frames[0].width, frames[0].height);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    file.extend(chunk(*b"IHDR", &[&sides[..], &[8, 6, 0, 0, 0]].concat()));
    file.extend(chunk(*b"acTL", &[(frames.len() as u32).to_be_bytes(), [0; 4]].concat()));
    let mut sequence = 0_u32;
    let mut next = || {
        sequence += 1;
        (sequence - 1).to_be_bytes()
    };
    for (number, frame) in frames.iter().enumerate() {
        assert_eq!((frame.width, frame.height), (width, height), "frame {number}");
        let delays = [delay.0.to_be_bytes(), delay.1.to_be_bytes()].concat();
        file.extend(chunk(*b"fcTL", &[&next()[..], &sides, &[0; 8], &delays, &[0, 0]].concat()));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
        for row in frame.rgba.chunks(width as usize * 4) {
            zlib.write_all(&[&[0], row].concat()).unwrap();
        }
        let packed = zlib.finish().unwrap();
        file.extend(match number {
            0 => chunk(*b"IDAT", &packed),
            _ => chunk(*b"fdAT", &[&next()[..], &packed].concat()),
        });
    }
    file.extend(chunk(*b"IEND", &[]));
    file
}
