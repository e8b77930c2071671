//! Windows icons and cursors.

use crate::{
    Drawing,
    encode::{Bmp, png},
};

/// An icon of one picture, held as PNG.
#[must_use]
pub fn icon_of_png(drawing: &Drawing) -> Vec<u8> {
    directory(1, [1, 0, 32, 0], drawing, &png(drawing))
}

/// An icon of one picture, held as a bitmap of 32 bits and an empty mask.
#[must_use]
pub fn icon_of_bmp(drawing: &Drawing) -> Vec<u8> {
    directory(1, [1, 0, 32, 0], drawing, &bitmap(drawing))
}

/// A cursor of one picture whose hot spot is at 3, 5.
#[must_use]
pub fn cursor(drawing: &Drawing) -> Vec<u8> {
    directory(2, [3, 0, 5, 0], drawing, &bitmap(drawing))
}

fn directory(kind: u8, planes_and_bits: [u8; 4], drawing: &Drawing, content: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, 0, 1, 0];
    // 256 is written as 0.
    file.extend([drawing.width as u8, drawing.height as u8, 0, 0]);
    file.extend(planes_and_bits);
    file.extend((content.len() as u32).to_le_bytes());
    file.extend(22_u32.to_le_bytes());
    file.extend(content);
    file
}

/// A header of twice the height, pixels from the bottom, then a mask of zeros.
fn bitmap(drawing: &Drawing) -> Vec<u8> {
    let file = Bmp::Rgba.write(drawing);
    let mut header = [40_u32.to_le_bytes(), drawing.width.to_le_bytes(), (2 * drawing.height).to_le_bytes()].concat();
    header.extend([1, 0, 32, 0]);
    header.resize(40, 0);
    let pixels = &file[14 + 108..];
    let mask = vec![0; (drawing.width.div_ceil(32) * 4 * drawing.height) as usize];
    [&header, pixels, &mask].concat()
}
