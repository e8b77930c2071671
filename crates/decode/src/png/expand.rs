//! Stored rows to samples: palette looked up, narrow samples widened, tRNS applied.

use pixtwin_pixel::{Channels, Row};

use super::ihdr::{Color, Ihdr};

/// The one colour that tRNS makes transparent, samples as stored; grey has it three times.
pub(super) type ColorKey = [u16; 3];

/// What makes colours of stored samples beside the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    /// Nothing: the samples are the colours.
    Stored,
    /// Pixels of exactly this colour are transparent.
    Key(ColorKey),
    /// Colours of the indices. An index beyond the palette is opaque black, as libpng decodes it.
    Palette(Box<[[u8; 4]; 256]>),
    /// The same, and one of them at least is not opaque.
    PaletteAlpha(Box<[[u8; 4]; 256]>),
}

/// Memory that [`Expander`] holds for a row of that many pixels.
pub(super) fn cost(pixels: u32) -> u64 {
    // Four samples of two bytes, one byte for an index.
    u64::from(pixels) * 9
}

/// Makes rows of samples of stored rows.
pub(super) struct Expander {
    ihdr: Ihdr,
    colors: Colors,
    indices: Vec<u8>,
    eight: Vec<u8>,
    sixteen: Vec<u16>,
}

impl Expander {
    pub(super) const fn new(ihdr: Ihdr, colors: Colors) -> Self {
        Self { ihdr, colors, indices: Vec::new(), eight: Vec::new(), sixteen: Vec::new() }
    }

    /// The samples of a stored row of `width` pixels.
    pub(super) fn row<'s>(&'s mut self, stored: &'s [u8], width: u32) -> Row<'s> {
        let channels = match self.ihdr.color {
            Color::Palette => return self.palette_row(stored, width as usize),
            Color::Direct(channels) => channels,
        };
        match (self.ihdr.depth, &self.colors) {
            (16, Colors::Key(key)) => {
                sixteen_with_key(stored, channels, *key, &mut self.sixteen);
                Row::sixteen(with_alpha(channels), &self.sixteen)
            }
            (16, _) => {
                self.sixteen.clear();
                self.sixteen.extend(stored.as_chunks::<2>().0.iter().map(|&pair| u16::from_be_bytes(pair)));
                Row::sixteen(channels, &self.sixteen)
            }
            (8, Colors::Key(key)) => {
                eight_with_key(stored, channels, *key, &mut self.eight);
                Row::eight(with_alpha(channels), &self.eight)
            }
            (8, _) => Row::eight(channels, stored),
            (depth, colors) => {
                unpack(stored, depth, width as usize, &mut self.indices);
                // Exact: the highest value of 1, 2 and 4 bits divides 255.
                let factor = 255 / ((1_u8 << depth) - 1);
                self.eight.clear();
                if let Colors::Key([key, ..]) = *colors {
                    let pixels = self.indices.iter().map(|&v| [v * factor, opaque_unless(u16::from(v) == key)]);
                    self.eight.extend(pixels.flatten());
                    Row::eight(Channels::GreyAlpha, &self.eight)
                } else {
                    self.eight.extend(self.indices.iter().map(|&v| v * factor));
                    Row::eight(Channels::Grey, &self.eight)
                }
            }
        }
    }

    fn palette_row(&mut self, stored: &[u8], width: usize) -> Row<'_> {
        let indices = if self.ihdr.depth == 8 {
            stored
        } else {
            unpack(stored, self.ihdr.depth, width, &mut self.indices);
            &self.indices
        };
        self.eight.clear();
        let look_up = |table: &[[u8; 4]; 256], index: &u8| table.get(usize::from(*index)).copied().unwrap_or_default();
        match &self.colors {
            Colors::PaletteAlpha(table) => {
                self.eight.extend(indices.iter().flat_map(|index| look_up(table, index)));
                Row::eight(Channels::Rgba, &self.eight)
            }
            Colors::Palette(table) => {
                self.eight.extend(indices.iter().flat_map(|index| {
                    let [r, g, b, _] = look_up(table, index);
                    [r, g, b]
                }));
                Row::eight(Channels::Rgb, &self.eight)
            }
            Colors::Stored | Colors::Key(_) => Row::eight(Channels::Rgb, &self.eight),
        }
    }
}

const fn with_alpha(channels: Channels) -> Channels {
    match channels {
        Channels::Grey | Channels::GreyAlpha => Channels::GreyAlpha,
        _ => Channels::Rgba,
    }
}

const fn opaque_unless(is_key: bool) -> u8 {
    if is_key { 0 } else { u8::MAX }
}

fn eight_with_key(stored: &[u8], channels: Channels, key: ColorKey, out: &mut Vec<u8>) {
    out.clear();
    let [red, green, blue] = key;
    if channels == Channels::Grey {
        out.extend(stored.iter().flat_map(|&grey| [grey, opaque_unless(u16::from(grey) == red)]));
    } else {
        out.extend(stored.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| {
            let is_key = [u16::from(r), u16::from(g), u16::from(b)] == [red, green, blue];
            [r, g, b, opaque_unless(is_key)]
        }));
    }
}

fn sixteen_with_key(stored: &[u8], channels: Channels, key: ColorKey, out: &mut Vec<u16>) {
    out.clear();
    let alpha = |is_key| if is_key { 0 } else { u16::MAX };
    let word = |high, low| u16::from_be_bytes([high, low]);
    if channels == Channels::Grey {
        out.extend(stored.as_chunks::<2>().0.iter().flat_map(|&[high, low]| {
            let grey = word(high, low);
            [grey, alpha([grey; 3] == key)]
        }));
    } else {
        out.extend(stored.as_chunks::<6>().0.iter().flat_map(|&[r0, r1, g0, g1, b0, b1]| {
            let color = [word(r0, r1), word(g0, g1), word(b0, b1)];
            let [r, g, b] = color;
            [r, g, b, alpha(color == key)]
        }));
    }
}

/// Samples of 1, 2 or 4 bits, one to a byte, the high bits of a byte first.
fn unpack(stored: &[u8], depth: u8, width: usize, out: &mut Vec<u8>) {
    out.clear();
    match depth {
        1 => out.extend(stored.iter().flat_map(|&b| [7, 6, 5, 4, 3, 2, 1, 0].map(|shift| b >> shift & 1))),
        2 => out.extend(stored.iter().flat_map(|&b| [6, 4, 2, 0].map(|shift| b >> shift & 3))),
        _ => out.extend(stored.iter().flat_map(|&b| [b >> 4, b & 15])),
    }
    out.truncate(width);
}
