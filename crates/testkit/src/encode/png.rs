//! PNG with every freedom the format gives.

use std::io::Write;

use flate2::{Compression, write::ZlibEncoder};

use crate::Drawing;

/// How PNG says a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PngColour {
    /// One sample: red, which must equal green and blue.
    Grey,
    /// Red and alpha.
    GreyAlpha,
    /// Three samples.
    Rgb,
    /// Four samples.
    Rgba,
    /// An index into a table of at most 256 colours, alpha in a tRNS chunk.
    Palette,
}

/// How rows are prepared for compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// One of None 0, Sub 1, Up 2, Average 3, Paeth 4 in all rows.
    All(u8),
    /// Another one in every row.
    Mixed,
}

/// How a PNG is written. The pixels are the same in every one of these ways.
#[derive(Clone, Debug)]
pub struct Png {
    /// Kind of colour.
    pub colour: PngColour,
    /// Bits a sample: 1, 2, 4, 8 or 16.
    pub depth: u8,
    /// Filter.
    pub filter: Filter,
    /// Effort of zlib, 0 (stored) to 9.
    pub level: u32,
    /// Whether rows come in the seven passes of Adam7.
    pub is_interlaced: bool,
    /// The longest IDAT chunk in bytes.
    pub idat_bytes: usize,
    /// The one colour that means transparent, without a channel for alpha (Grey and Rgb).
    pub transparent: Option<[u8; 3]>,
    /// Palette entries turned round, and their indices with them.
    pub has_palette_reversed: bool,
    /// Further chunks in front of PLTE, each a type and content.
    pub chunks: Vec<([u8; 4], Vec<u8>)>,
}

impl Png {
    /// The plain way: 8 bits, no filter, level 6, one IDAT.
    #[must_use]
    pub fn new(colour: PngColour) -> Self {
        Self {
            colour,
            depth: 8,
            filter: Filter::All(0),
            level: 6,
            is_interlaced: false,
            idat_bytes: usize::MAX,
            transparent: None,
            has_palette_reversed: false,
            chunks: Vec::new(),
        }
    }

    /// The file.
    #[must_use]
    pub fn write(&self, drawing: &Drawing) -> Vec<u8> {
        let palette = (self.colour == PngColour::Palette).then(|| self.palette(drawing));
        let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
        file.extend(chunk(*b"IHDR", &self.ihdr(drawing)));
        for (name, content) in &self.chunks {
            file.extend(chunk(*name, content));
        }
        let mut transparency = self.transparent.map(|colour| {
            let samples = if self.colour == PngColour::Grey { &colour[..1] } else { &colour[..] };
            samples.iter().flat_map(|sample| self.scaled(*sample).to_be_bytes()).collect::<Vec<u8>>()
        });
        if let Some((colours, _)) = &palette {
            file.extend(chunk(*b"PLTE", &colours.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<u8>>()));
            if colours.iter().any(|colour| colour[3] < 255) {
                transparency = Some(colours.iter().map(|colour| colour[3]).collect());
            }
        }
        if let Some(transparency) = transparency {
            file.extend(chunk(*b"tRNS", &transparency));
        }
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(self.level));
        zlib.write_all(&self.filtered(drawing, palette.as_ref().map(|(_, indices)| indices.as_slice()))).unwrap();
        for piece in zlib.finish().unwrap().chunks(self.idat_bytes) {
            file.extend(chunk(*b"IDAT", piece));
        }
        file.extend(chunk(*b"IEND", &[]));
        file
    }

    fn ihdr(&self, drawing: &Drawing) -> Vec<u8> {
        let colour = match self.colour {
            PngColour::Grey => 0,
            PngColour::Rgb => 2,
            PngColour::Palette => 3,
            PngColour::GreyAlpha => 4,
            PngColour::Rgba => 6,
        };
        let mut ihdr = [drawing.width.to_be_bytes(), drawing.height.to_be_bytes()].concat();
        ihdr.extend([self.depth, colour, 0, 0, u8::from(self.is_interlaced)]);
        ihdr
    }

    fn palette(&self, drawing: &Drawing) -> (Vec<[u8; 4]>, Vec<u8>) {
        let (mut colours, mut indices) = drawing.palette().expect("a palette has no more than 256 colours");
        assert!(colours.len() <= 1 << self.depth, "a palette of {} bits has fewer colours", self.depth);
        if self.has_palette_reversed {
            colours.reverse();
            indices.iter_mut().for_each(|index| *index = (colours.len() - 1 - usize::from(*index)) as u8);
        }
        (colours, indices)
    }

    /// A sample of eight bits in the depth of the file, which must be able to say it.
    fn scaled(&self, sample: u8) -> u16 {
        if self.depth == 16 {
            return u16::from(sample) * 257;
        }
        let step = 255 / ((1_u16 << self.depth) - 1);
        assert_eq!(u16::from(sample) % step, 0, "{sample} cannot be said in {} bits", self.depth);
        u16::from(sample) / step
    }

    fn samples(&self, pixel: [u8; 4]) -> Vec<u16> {
        let [red, green, blue, alpha] = pixel;
        let is_grey = || assert!(red == green && green == blue, "{pixel:?} is no grey");
        let must_be_opaque = || match self.transparent {
            Some(colour) => assert_eq!(alpha == 0, colour == [red, green, blue], "alpha of {pixel:?}"),
            None => assert_eq!(alpha, 255, "alpha of {pixel:?}"),
        };
        let kept: &[u8] = match self.colour {
            PngColour::Grey => {
                is_grey();
                must_be_opaque();
                &[red]
            }
            PngColour::GreyAlpha => {
                is_grey();
                &[red, alpha]
            }
            PngColour::Rgb => {
                must_be_opaque();
                &[red, green, blue]
            }
            PngColour::Rgba | PngColour::Palette => &pixel,
        };
        kept.iter().map(|sample| self.scaled(*sample)).collect()
    }

    fn filtered(&self, drawing: &Drawing, indices: Option<&[u8]>) -> Vec<u8> {
        // First x and y, and the steps between, of each pass.
        const ADAM7: [[u32; 4]; 7] =
            [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];
        let passes = if self.is_interlaced { &ADAM7[..] } else { &[[0, 0, 1, 1]] };
        let sample_of = |x: u32, y: u32| match indices {
            Some(indices) => vec![u16::from(indices[(y * drawing.width + x) as usize])],
            None => self.samples(drawing.pixel(x, y)),
        };
        let samples = if indices.is_some() { 1 } else { self.samples_in_a_pixel() };
        let step_bytes = (samples * usize::from(self.depth)).div_ceil(8);
        let mut out = Vec::new();
        for [x0, y0, dx, dy] in passes {
            let mut above: Option<Vec<u8>> = None;
            for (number, y) in (*y0..drawing.height).step_by(*dy as usize).enumerate() {
                let row: Vec<u16> = (*x0..drawing.width).step_by(*dx as usize).flat_map(|x| sample_of(x, y)).collect();
                if row.is_empty() {
                    continue;
                }
                let bytes = self.packed(&row);
                let kind = match self.filter {
                    Filter::All(kind) => kind,
                    Filter::Mixed => (number % 5) as u8,
                };
                out.push(kind);
                let zeros = vec![0; bytes.len()];
                out.extend(filter(kind, &bytes, above.as_ref().unwrap_or(&zeros), step_bytes));
                above = Some(bytes);
            }
        }
        out
    }

    fn samples_in_a_pixel(&self) -> usize {
        match self.colour {
            PngColour::Grey | PngColour::Palette => 1,
            PngColour::GreyAlpha => 2,
            PngColour::Rgb => 3,
            PngColour::Rgba => 4,
        }
    }

    fn packed(&self, samples: &[u16]) -> Vec<u8> {
        match self.depth {
            16 => samples.iter().flat_map(|sample| sample.to_be_bytes()).collect(),
            8 => samples.iter().map(|sample| *sample as u8).collect(),
            depth => samples
                .chunks(usize::from(8 / depth))
                .map(|byte| {
                    let places = byte.iter().enumerate();
                    places.fold(0, |bits, (at, sample)| bits | (*sample as u8) << (8 - depth * (at as u8 + 1)))
                })
                .collect(),
        }
    }
}

/// The plain PNG of four channels.
#[must_use]
pub fn png(drawing: &Drawing) -> Vec<u8> {
    Png::new(PngColour::Rgba).write(drawing)
}

/// A chunk with its length and checksum.
#[must_use]
pub fn chunk(name: [u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [&name[..], content].concat();
    [&(content.len() as u32).to_be_bytes()[..], &named, &crc32fast::hash(&named).to_be_bytes()].concat()
}

/// # Source
/// PNG specification, third edition, section 9.
fn filter(kind: u8, row: &[u8], above: &[u8], step: usize) -> Vec<u8> {
    let left = |line: &[u8], at: usize| if at < step { 0 } else { line[at - step] };
    row.iter()
        .enumerate()
        .map(|(at, byte)| {
            let (a, b, c) = (left(row, at), above[at], left(above, at));
            let guess = match kind {
                0 => 0,
                1 => a,
                2 => b,
                3 => u16::midpoint(a.into(), b.into()) as u8,
                _ => paeth(a, b, c),
            };
            byte.wrapping_sub(guess)
        })
        .collect()
}

fn paeth(a: u8, b: u8, c: u8) -> u8 {
    let [wide_a, wide_b, wide_c] = [a, b, c].map(i16::from);
    let guess = wide_a + wide_b - wide_c;
    let [far_a, far_b, far_c] = [wide_a, wide_b, wide_c].map(|side| (guess - side).abs());
    if far_a <= far_b && far_a <= far_c {
        a
    } else if far_b <= far_c {
        b
    } else {
        c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::{chart, icon, noise};

    /// What the `png` crate sees, as eight-bit RGBA.
    fn decoded(file: &[u8]) -> Vec<u8> {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(::png::Transformations::normalize_to_color8() | ::png::Transformations::ALPHA);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        match info.color_type {
            ::png::ColorType::Rgba => pixels,
            ::png::ColorType::GrayscaleAlpha => {
                pixels.as_chunks().0.iter().flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn another_decoder_sees_what_was_drawn() {
        let drawn = noise(13, 9, 1);
        for filter in (0..5).map(Filter::All).chain([Filter::Mixed]) {
            for (depth, is_interlaced, level) in [(8, false, 0), (16, true, 9), (8, true, 1)] {
                let png = Png { depth, is_interlaced, level, filter, idat_bytes: 100, ..Png::new(PngColour::Rgba) };
                assert_eq!(decoded(&png.write(&drawn)), drawn.rgba, "{png:?}");
            }
        }
        for depth in [1, 2, 4, 8, 16] {
            let grey = noise(13, 9, 2).grey().opaque().with_levels_of(depth.min(8));
            let depth = depth as u8;
            let png = Png { depth, is_interlaced: depth == 2, ..Png::new(PngColour::Grey) };
            assert_eq!(decoded(&png.write(&grey)), grey.rgba);
        }
        for drawn in [icon(16, 3), chart(20, 10, 4)] {
            for (depth, has_palette_reversed) in [(8, false), (4, true)] {
                let png = Png { depth, has_palette_reversed, ..Png::new(PngColour::Palette) };
                assert_eq!(decoded(&png.write(&drawn)), drawn.rgba);
            }
        }
        let keyed = chart(20, 10, 4).map(|[r, g, b, _]| [r, g, b, if [r, g, b] == [255; 3] { 0 } else { 255 }]);
        let png = Png { transparent: Some([255; 3]), ..Png::new(PngColour::Rgb) };
        assert_eq!(decoded(&png.write(&keyed)), keyed.rgba);
    }
}
