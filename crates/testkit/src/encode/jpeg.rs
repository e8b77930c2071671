//! JPEG.

use libjpeg_turbo_rs::{Encoder, PixelFormat, Subsampling};

use crate::Drawing;

/// How a JPEG is written. Those of one quality, subsampling and kind hold the same picture, however they are coded.
#[derive(Clone, Debug)]
pub struct Jpeg {
    /// 1 to 100.
    pub quality: u8,
    /// Of the colours.
    pub subsampling: Subsampling,
    /// Coarse first, then finer.
    pub is_progressive: bool,
    /// Arithmetic instead of Huffman coding.
    pub is_arithmetic: bool,
    /// Huffman tables made for this picture.
    pub is_optimised: bool,
    /// Blocks between restart markers, 0 for none.
    pub restart_blocks: u16,
    /// One component instead of three.
    pub is_grey: bool,
}

impl Jpeg {
    /// Baseline of quality 85.
    #[must_use]
    pub fn new(subsampling: Subsampling) -> Self {
        Self {
            quality: 85,
            subsampling,
            is_progressive: false,
            is_arithmetic: false,
            is_optimised: false,
            restart_blocks: 0,
            is_grey: false,
        }
    }

    /// The file. Alpha is dropped.
    #[must_use]
    pub fn write(&self, drawing: &Drawing) -> Vec<u8> {
        let grey: Vec<u8> = drawing.pixels().map(|pixel| pixel[0]).collect();
        let rgb = drawing.rgb();
        let samples = if self.is_grey { &grey } else { &rgb };
        self.write_rows(drawing.width as usize, drawing.height as usize, samples)
    }

    /// The file of samples row by row without padding: one a pixel if it is grey, else red, green and blue.
    #[must_use]
    pub fn write_rows(&self, width: usize, height: usize, samples: &[u8]) -> Vec<u8> {
        let format = if self.is_grey { PixelFormat::Grayscale } else { PixelFormat::Rgb };
        self.encoder(samples, (width, height), format).encode().unwrap()
    }

    /// A file of four inks, each of the drawing's channels one, with Adobe's marker that says so.
    #[must_use]
    pub fn write_inks(&self, drawing: &Drawing) -> Vec<u8> {
        self.encoder(&drawing.rgba, (drawing.width as usize, drawing.height as usize), PixelFormat::Cmyk)
            .encode()
            .unwrap()
    }

    fn encoder<'a>(&self, pixels: &'a [u8], (width, height): (usize, usize), format: PixelFormat) -> Encoder<'a> {
        Encoder::new(pixels, width, height, format)
            .quality(self.quality)
            .subsampling(self.subsampling)
            .progressive(self.is_progressive)
            .arithmetic(self.is_arithmetic)
            .optimize_huffman(self.is_optimised)
            .restart_blocks(self.restart_blocks)
    }
}

/// What a JPEG shows, as a program that saves it anew sees it.
#[must_use]
pub fn jpeg_pixels(jpeg: &[u8]) -> Drawing {
    let image = libjpeg_turbo_rs::decompress_to(jpeg, PixelFormat::Rgba).unwrap();
    Drawing { width: image.width as u32, height: image.height as u32, rgba: image.data }
}

/// A JPEG with one more segment behind its first marker: `marker` is 0xe0 to 0xef for APP0 to APP15, 0xfe a comment.
#[must_use]
pub fn jpeg_with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

/// EXIF data that says an orientation of 1 to 8 and nothing else, as it stands in PNG's eXIf chunk; in JPEG's APP1
/// segment `Exif` and two zeros come first.
#[must_use]
pub fn exif(orientation: u8) -> Vec<u8> {
    let entry = [0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [&b"MM\0*\0\0\0\x08\0\x01"[..], &entry, &[0; 4]].concat()
}
