//! The header chunk, and what follows from it.

use pixtwin_pixel::Channels;

use crate::Error;

/// What IHDR says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ihdr {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits of a sample: 1, 2, 4, 8 or 16.
    pub(super) depth: u8,
    pub(super) color: Color,
    pub(super) is_interlaced: bool,
    /// The chunk itself.
    pub(super) bytes: [u8; 13],
}

/// What a stored pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    /// An index into the palette.
    Palette,
    /// Samples.
    Direct(Channels),
}

impl Color {
    pub(super) const fn samples(self) -> u64 {
        match self {
            Self::Palette => 1,
            Self::Direct(channels) => channels.count() as u64,
        }
    }
}

impl Ihdr {
    pub(super) fn parse(bytes: [u8; 13]) -> Result<Self, Error> {
        let [w0, w1, w2, w3, h0, h1, h2, h3, depth, kind, compression, filter, interlace] = bytes;
        let (width, height) = (u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3]));
        if width == 0 || height == 0 || width > i32::MAX as u32 || height > i32::MAX as u32 {
            return Err(Error::corrupt(format!("the header says {width} x {height} pixels")));
        }
        let color = match (kind, depth) {
            (0, 1 | 2 | 4 | 8 | 16) => Color::Direct(Channels::Grey),
            (2, 8 | 16) => Color::Direct(Channels::Rgb),
            (3, 1 | 2 | 4 | 8) => Color::Palette,
            (4, 8 | 16) => Color::Direct(Channels::GreyAlpha),
            (6, 8 | 16) => Color::Direct(Channels::Rgba),
            _ => return Err(Error::corrupt(format!("there is no colour type {kind} of {depth} bits"))),
        };
        if (compression, filter) != (0, 0) || interlace > 1 {
            let methods = format!("PNG compression {compression}, filter {filter}, interlace {interlace}");
            return Err(Error::unsupported(methods));
        }
        Ok(Self { width, height, depth, color, is_interlaced: interlace == 1, bytes })
    }

    /// The same picture in another size: how the frames of an animation are stored.
    pub(super) const fn resized(self, width: u32, height: u32) -> Self {
        Self { width, height, ..self }
    }

    pub(super) const fn pixel_bits(&self) -> u64 {
        self.color.samples() * self.depth as u64
    }

    /// How far back the filters look: a pixel, at least one byte.
    pub(super) fn pixel_bytes(&self) -> usize {
        usize::try_from(self.pixel_bits() / 8).unwrap_or(8).max(1)
    }

    /// Bytes of that many pixels in a row, without the filter byte.
    pub(super) const fn row_bytes(&self, pixels: u32) -> u64 {
        (pixels as u64 * self.pixel_bits()).div_ceil(8)
    }

    /// Bytes of the whole image, inflated, with the filter bytes.
    pub(super) fn raw_bytes(&self) -> u64 {
        if self.is_interlaced {
            let passes = PASSES.iter().map(|pass| {
                let (width, height) = pass.size(self);
                if width == 0 { 0 } else { (self.row_bytes(width) + 1).saturating_mul(u64::from(height)) }
            });
            passes.fold(0, u64::saturating_add)
        } else {
            (self.row_bytes(self.width) + 1).saturating_mul(u64::from(self.height))
        }
    }
}

/// One pass of Adam7: where its pixels begin, and how far apart they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) step_x: u32,
    pub(super) step_y: u32,
}

/// Source: PNG specification, section 8.1.
pub(super) const PASSES: [Pass; 7] = [
    Pass { x: 0, y: 0, step_x: 8, step_y: 8 },
    Pass { x: 4, y: 0, step_x: 8, step_y: 8 },
    Pass { x: 0, y: 4, step_x: 4, step_y: 8 },
    Pass { x: 2, y: 0, step_x: 4, step_y: 4 },
    Pass { x: 0, y: 2, step_x: 2, step_y: 4 },
    Pass { x: 1, y: 0, step_x: 2, step_y: 2 },
    Pass { x: 0, y: 1, step_x: 1, step_y: 2 },
];

impl Pass {
    /// Width and height of the pass; either may be 0.
    pub(super) const fn size(&self, ihdr: &Ihdr) -> (u32, u32) {
        (
            ihdr.width.saturating_sub(self.x).div_ceil(self.step_x),
            ihdr.height.saturating_sub(self.y).div_ceil(self.step_y),
        )
    }
}
