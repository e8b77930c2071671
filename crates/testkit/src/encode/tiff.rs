//! TIFF in strips.

use std::io::Cursor;

use tiff::encoder::{Compression, DeflateLevel, TiffEncoder, colortype};

use crate::Drawing;

/// How the strips of a TIFF are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TiffCompression {
    /// Not.
    None,
    /// LZW.
    Lzw,
    /// Zlib.
    Deflate,
    /// Runs of bytes, row by row.
    PackBits,
}

/// The file: of three channels if the drawing is opaque, else of four with straight alpha.
#[must_use]
pub fn tiff(drawing: &Drawing, compression: TiffCompression, rows_a_strip: u32) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let packing = match compression {
        TiffCompression::None => Compression::Uncompressed,
        TiffCompression::Lzw => Compression::Lzw,
        TiffCompression::Deflate => Compression::Deflate(DeflateLevel::Balanced),
        TiffCompression::PackBits => Compression::Packbits,
    };
    // The encoder packs PackBits row by row, whatever it is told.
    let rows_a_strip = (compression != TiffCompression::PackBits).then_some(rows_a_strip);
    let mut encoder = TiffEncoder::new(&mut file).unwrap().with_compression(packing);
    if drawing.pixels().all(|pixel| pixel[3] == 255) {
        let mut image = encoder.new_image::<colortype::RGB8>(drawing.width, drawing.height).unwrap();
        rows_a_strip.into_iter().for_each(|rows| image.rows_per_strip(rows).unwrap());
        image.write_data(&drawing.rgb()).unwrap();
    } else {
        let mut image = encoder.new_image::<colortype::RGBA8>(drawing.width, drawing.height).unwrap();
        rows_a_strip.into_iter().for_each(|rows| image.rows_per_strip(rows).unwrap());
        // Straight alpha: without this tag the fourth channel has no meaning.
        image.encoder().write_tag(tiff::tags::Tag::ExtraSamples, &[2_u16][..]).unwrap();
        image.write_data(&drawing.rgba).unwrap();
    }
    file.into_inner()
}
