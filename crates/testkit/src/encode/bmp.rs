//! Windows bitmaps.

use crate::Drawing;

/// How a bitmap is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bmp {
    /// Blue, green, red; from the bottom.
    Rgb,
    /// Blue, green, red; from the top.
    RgbFromTop,
    /// Blue, green, red, and a byte that means nothing.
    Rgbx,
    /// With masks for four channels, in a header of version 4.
    Rgba,
    /// Indices of eight bits into a palette.
    Palette,
}

impl Bmp {
    /// The file. Alpha is kept by [`Bmp::Rgba`] alone; the others want it opaque.
    #[must_use]
    pub fn write(self, drawing: &Drawing) -> Vec<u8> {
        let mut header = self.header(drawing);
        let palette = (self == Self::Palette).then(|| drawing.palette().expect("a bitmap has up to 256 colours"));
        if let Some((colours, _)) = &palette {
            header.extend(colours.iter().flat_map(|[red, green, blue, _]| [*blue, *green, *red, 0]));
        }
        if self != Self::Rgba {
            assert!(drawing.pixels().all(|pixel| pixel[3] == 255), "{self:?} has no alpha");
        }
        let rows: Vec<u32> = match self {
            Self::RgbFromTop => (0..drawing.height).collect(),
            _ => (0..drawing.height).rev().collect(),
        };
        let mut pixels = Vec::new();
        for y in rows {
            for x in 0..drawing.width {
                let [red, green, blue, alpha] = drawing.pixel(x, y);
                match (self, &palette) {
                    (_, Some((_, indices))) => pixels.push(indices[(y * drawing.width + x) as usize]),
                    (Self::Rgba, _) => pixels.extend([blue, green, red, alpha]),
                    (Self::Rgbx, _) => pixels.extend([blue, green, red, 0x5a]),
                    _ => pixels.extend([blue, green, red]),
                }
            }
            pixels.resize(pixels.len().next_multiple_of(4), 0);
        }
        let start = 14 + header.len() as u32;
        let length = start + pixels.len() as u32;
        [b"BM", &length.to_le_bytes()[..], &[0; 4], &start.to_le_bytes(), &header, &pixels].concat()
    }

    fn header(self, drawing: &Drawing) -> Vec<u8> {
        let height = if self == Self::RgbFromTop { -(drawing.height as i32) } else { drawing.height as i32 };
        let (bytes, bits, method): (u32, u16, u32) = match self {
            Self::Rgb | Self::RgbFromTop => (40, 24, 0),
            Self::Rgbx => (40, 32, 0),
            Self::Rgba => (108, 32, 3),
            Self::Palette => (40, 8, 0),
        };
        let colours = if self == Self::Palette { drawing.palette().map_or(0, |(colours, _)| colours.len()) } else { 0 };
        let mut header = [bytes.to_le_bytes(), drawing.width.to_le_bytes(), height.to_le_bytes()].concat();
        header.extend([1_u16.to_le_bytes(), bits.to_le_bytes()].concat());
        for field in [method, 0, 2835, 2835, colours as u32, 0] {
            header.extend(field.to_le_bytes());
        }
        if self == Self::Rgba {
            for mask in [0x00ff_0000_u32, 0x0000_ff00, 0x0000_00ff, 0xff00_0000] {
                header.extend(mask.to_le_bytes());
            }
            header.extend(b"BGRs");
            header.resize(bytes as usize, 0);
        }
        header
    }
}
