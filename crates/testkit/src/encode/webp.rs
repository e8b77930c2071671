//! Lossless WebP.

use image_webp::{ColorType, WebPEncoder};

use crate::Drawing;

/// The file, with EXIF data if that is not empty.
#[must_use]
pub fn webp(drawing: &Drawing, exif: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = WebPEncoder::new(&mut file);
    encoder.set_exif_metadata(exif.to_vec());
    encoder.encode(&drawing.rgba, drawing.width, drawing.height, ColorType::Rgba8).unwrap();
    file
}
