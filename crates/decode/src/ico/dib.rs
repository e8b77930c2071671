//! The bitmaps of icons: colours, and below them a mask of what is transparent.

use std::io::{Read, Seek, SeekFrom};

use pixtwin_pixel::{Channels, Row, RowSink, scale_to_sixteen};

use super::window::Window;
use crate::{
    Error, Source,
    source::{feed, read_at},
};

/// A device-independent bitmap without file header, of an icon: rows bottom-up, the mask after the colours.
#[derive(Clone, Debug)]
pub(super) struct Dib {
    pub(super) width: u32,
    pub(super) height: u32,
    bits: u16,
    /// Where the palette begins.
    palette_at: u64,
    /// Entries of the palette that are stored.
    palette_len: u64,
}

impl Dib {
    pub(super) fn read(window: &mut Window<'_>) -> Result<Self, Error> {
        let bytes = read_at::<40>(window, 0, "the header of an icon")?;
        let mut words = bytes.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word));
        let mut word = || words.next().unwrap_or_default();
        let (header_bytes, width, both_heights, planes_and_bits, compression) =
            (word(), word(), word(), word(), word());
        let (_size, _x, _y, used) = (word(), word(), word(), word());
        if !matches!(header_bytes, 40 | 52 | 56 | 64 | 108 | 124) {
            return Err(Error::corrupt(format!("an icon has a bitmap header of {header_bytes} bytes")));
        }
        // The height counts the rows of the colours and those of the mask.
        let height = both_heights / 2;
        let is_sound = |side: u32| (1..=i32::MAX as u32).contains(&side);
        if !is_sound(width) || !is_sound(both_heights) || height == 0 {
            return Err(Error::corrupt(format!("an icon claims {width} x {height} pixels")));
        }
        let bits = u16::try_from(planes_and_bits >> 16).unwrap_or_default();
        if compression != 0 {
            return Err(Error::unsupported(format!("icon with bitmap compression {compression}")));
        }
        let palette_len = match bits {
            1 | 4 | 8 => match u64::from(used) {
                0 => 1 << bits,
                some if some <= 1 << bits => some,
                many => return Err(Error::corrupt(format!("an icon of {bits} bits has a palette of {many}"))),
            },
            // A palette beside true colours is a suggestion, and stands in the file all the same.
            16 | 24 | 32 => u64::from(used),
            _ => return Err(Error::unsupported(format!("icon of {bits} bits a pixel"))),
        };
        Ok(Self { width, height, bits, palette_at: u64::from(header_bytes), palette_len })
    }

    /// Bytes of a row of colours: whole groups of four.
    fn color_stride(&self) -> u64 {
        (u64::from(self.width) * u64::from(self.bits)).div_ceil(32) * 4
    }

    fn mask_stride(&self) -> u64 {
        u64::from(self.width).div_ceil(32) * 4
    }

    fn colors_at(&self) -> u64 {
        self.palette_at + self.palette_len * 4
    }

    fn mask_at(&self) -> u64 {
        self.colors_at().saturating_add(self.color_stride().saturating_mul(u64::from(self.height)))
    }

    /// Bytes of header, palette, colours and mask.
    fn byte_len(&self) -> u64 {
        self.mask_at().saturating_add(self.mask_stride().saturating_mul(u64::from(self.height)))
    }

    /// Memory that [`Self::rows`] holds.
    pub(super) fn cost(&self) -> u64 {
        // A stored row of colours, one of the mask, one of samples; the palette.
        self.color_stride() + self.mask_stride() + u64::from(self.width) * 8 + 4096
    }

    /// Feeds size, depth, palette, colours and mask.
    pub(super) fn feed(&self, window: &mut Window<'_>, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let len = window.byte_len().min(self.byte_len());
        if len < self.mask_at() || self.bits != 32 && len < self.byte_len() {
            return Err(self.too_short());
        }
        take(&self.width.to_le_bytes());
        take(&self.height.to_le_bytes());
        take(&self.bits.to_le_bytes());
        let start = if self.bits <= 8 { self.palette_at } else { self.colors_at() };
        take(&(self.colors_at() - start).to_le_bytes());
        take(&(len - start).to_le_bytes());
        feed(window, start, len - start, "an icon", take)
    }

    fn too_short(&self) -> Error {
        Error::corrupt(format!("the data of an icon of {} x {} pixels ends early", self.width, self.height))
    }

    /// Gives the rows, top to bottom. The caller has charged [`Self::cost`].
    ///
    /// Of 32 bits a pixel the fourth byte is alpha. If that is 0 everywhere the bitmap was made by a program that
    /// knew no alpha, and the mask counts as in every other depth: 1 is transparent, and the colour stays.
    pub(super) fn rows(&self, window: &mut Window<'_>, sink: &mut dyn RowSink) -> Result<(), Error> {
        if self.mask_at() > window.byte_len() {
            return Err(self.too_short());
        }
        let has_alpha = self.bits == 32 && self.has_alpha(window)?;
        // Some programs leave the mask out where nobody needs it.
        if !has_alpha && self.byte_len() > window.byte_len() {
            return Err(self.too_short());
        }
        let palette = self.palette(window)?;
        let mut stored = vec![0; usize::try_from(self.color_stride()).unwrap_or(usize::MAX)];
        let mut mask = vec![0; usize::try_from(self.mask_stride()).unwrap_or(usize::MAX)];
        let (mut eight, mut sixteen) = (Vec::new(), Vec::new());
        for y in (0..u64::from(self.height)).rev() {
            read_row(window, self.colors_at() + y * self.color_stride(), &mut stored)?;
            if !has_alpha {
                read_row(window, self.mask_at() + y * self.mask_stride(), &mut mask)?;
            }
            let row = if self.bits == 16 {
                fifteen_bits(&stored, &mut sixteen);
                sixteen.truncate(self.width as usize);
                apply(&mask, &mut sixteen, 0, u16::MAX);
                Row::sixteen(Channels::Rgba, sixteen.as_flattened())
            } else {
                self.colors(&stored, &palette, &mut eight);
                if !has_alpha {
                    apply(&mask, &mut eight, 0, u8::MAX);
                }
                Row::eight(Channels::Rgba, eight.as_flattened())
            };
            if sink.row(row).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn has_alpha(&self, window: &mut Window<'_>) -> Result<bool, Error> {
        let mut row = vec![0; usize::try_from(self.color_stride()).unwrap_or(usize::MAX)];
        for y in 0..u64::from(self.height) {
            read_row(window, self.colors_at() + y * self.color_stride(), &mut row)?;
            if row.as_chunks::<4>().0.iter().any(|&[_, _, _, alpha]| alpha != 0) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The palette as red, green, blue; black beyond its end.
    fn palette(&self, window: &mut Window<'_>) -> Result<[[u8; 3]; 256], Error> {
        let mut palette = [[0; 3]; 256];
        if self.bits <= 8 {
            window.seek(SeekFrom::Start(self.palette_at))?;
            for entry in palette.iter_mut().take(usize::try_from(self.palette_len).unwrap_or(256)) {
                let mut stored = [0; 4];
                window.read_exact(&mut stored).map_err(|cause| Error::reading(cause, "the palette of an icon"))?;
                let [b, g, r, _] = stored;
                *entry = [r, g, b];
            }
        }
        Ok(palette)
    }

    /// The pixels of a stored row; alpha as stored where there is one, else 255.
    fn colors(&self, stored: &[u8], palette: &[[u8; 3]; 256], out: &mut Vec<[u8; 4]>) {
        out.clear();
        let look_up = |index: u8| {
            let [r, g, b] = palette.get(usize::from(index)).copied().unwrap_or_default();
            [r, g, b, u8::MAX]
        };
        match self.bits {
            1 => out.extend(stored.iter().flat_map(|&byte| (0..8).map(move |bit| byte >> (7 - bit) & 1)).map(look_up)),
            4 => out.extend(stored.iter().flat_map(|&byte| [byte >> 4, byte & 15]).map(look_up)),
            8 => out.extend(stored.iter().copied().map(look_up)),
            24 => out.extend(stored.as_chunks::<3>().0.iter().map(|&[b, g, r]| [r, g, b, u8::MAX])),
            _ => out.extend(stored.as_chunks::<4>().0.iter().map(|&[b, g, r, alpha]| [r, g, b, alpha])),
        }
        out.truncate(self.width as usize);
    }
}

/// The pixels of a row of 16 bits a pixel: five bits a sample, the highest unused.
fn fifteen_bits(stored: &[u8], out: &mut Vec<[u16; 4]>) {
    out.clear();
    out.extend(stored.as_chunks::<2>().0.iter().map(|&pair| {
        let word = u16::from_le_bytes(pair);
        let [r, g, b] = [word >> 10, word >> 5, word].map(|field| scale_to_sixteen(u32::from(field & 31), 31));
        [r, g, b, u16::MAX]
    }));
}

/// Makes the pixels transparent that the mask says are, and all others opaque.
fn apply<S: Copy>(mask: &[u8], samples: &mut [[S; 4]], clear: S, opaque: S) {
    let bits = mask.iter().flat_map(|&byte| (0..8).map(move |bit| byte << bit & 0x80 != 0));
    for ([_, _, _, alpha], is_clear) in samples.iter_mut().zip(bits) {
        *alpha = if is_clear { clear } else { opaque };
    }
}

fn read_row(window: &mut Window<'_>, at: u64, row: &mut [u8]) -> Result<(), Error> {
    window.seek(SeekFrom::Start(at))?;
    window.read_exact(row).map_err(|cause| Error::reading(cause, "the rows of an icon"))
}
