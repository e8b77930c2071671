//! PNG of eight bits a sample, written row by row: fast, and for pictures that do not fit into memory.

use std::io::{self, Write};

use flate2::{Compression, write::ZlibEncoder};
use pixtwin_testkit::encode::{PngColour, chunk};

/// The longest IDAT chunk.
const IDAT_BYTES: usize = 64 << 10;

/// First x and y, and the steps between, of each pass of Adam7.
const ADAM7: [[usize; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// What a file is, beside its samples.
#[derive(Clone, Copy)]
pub(crate) struct Look<'a> {
    /// Width in pixels.
    pub(crate) width: usize,
    /// Height in pixels.
    pub(crate) height: usize,
    /// Kind of colour.
    pub(crate) colour: PngColour,
    /// Entries of the palette: red, green, blue; empty without one.
    pub(crate) palette: &'a [[u8; 3]],
    /// Effort of zlib, 0 to 9.
    pub(crate) level: u32,
    /// Whether rows come in the seven passes of Adam7.
    pub(crate) is_interlaced: bool,
    /// A comment, if it is not empty.
    pub(crate) comment: &'a str,
}

impl Look<'_> {
    fn pixel_bytes(&self) -> usize {
        match self.colour {
            PngColour::Grey | PngColour::Palette => 1,
            PngColour::GreyAlpha => 2,
            PngColour::Rgb => 3,
            PngColour::Rgba => 4,
        }
    }

    /// The file with these samples, row by row without padding.
    pub(crate) fn file(&self, samples: &[u8]) -> io::Result<Vec<u8>> {
        let (step, row_bytes) = (self.pixel_bytes(), self.pixel_bytes() * self.width);
        let mut rows = Rows::begin(Vec::new(), self)?;
        if !self.is_interlaced {
            samples.chunks_exact(row_bytes).try_for_each(|row| rows.put(row))?;
            return rows.end();
        }
        let mut row = Vec::with_capacity(row_bytes);
        for [x0, y0, dx, dy] in ADAM7 {
            rows.begin_pass();
            for y in (y0..self.height).step_by(dy) {
                let whole = &samples[y * row_bytes..][..row_bytes];
                row.clear();
                (x0..self.width).step_by(dx).for_each(|x| row.extend_from_slice(&whole[x * step..][..step]));
                if !row.is_empty() {
                    rows.put(&row)?;
                }
            }
        }
        rows.end()
    }
}

/// A file that is being written.
pub(crate) struct Rows<W: Write> {
    zlib: ZlibEncoder<Idat<W>>,
    pixel_bytes: usize,
    above: Vec<u8>,
    /// The row under each filter: none, left, above.
    tried: [Vec<u8>; 3],
}

impl<W: Write> Rows<W> {
    /// Writes all that comes before the rows.
    pub(crate) fn begin(mut out: W, look: &Look<'_>) -> io::Result<Self> {
        let colour = match look.colour {
            PngColour::Grey => 0,
            PngColour::Rgb => 2,
            PngColour::Palette => 3,
            PngColour::GreyAlpha => 4,
            PngColour::Rgba => 6,
        };
        let sides = [(look.width as u32).to_be_bytes(), (look.height as u32).to_be_bytes()].concat();
        out.write_all(b"\x89PNG\r\n\x1a\n")?;
        out.write_all(&chunk(*b"IHDR", &[&sides[..], &[8, colour, 0, 0, u8::from(look.is_interlaced)]].concat()))?;
        if !look.comment.is_empty() {
            out.write_all(&chunk(*b"tEXt", &[b"Comment\0", look.comment.as_bytes()].concat()))?;
        }
        if !look.palette.is_empty() {
            out.write_all(&chunk(*b"PLTE", look.palette.as_flattened()))?;
        }
        let zlib = ZlibEncoder::new(Idat { out, held: Vec::new() }, Compression::new(look.level));
        Ok(Self { zlib, pixel_bytes: look.pixel_bytes(), above: Vec::new(), tried: Default::default() })
    }

    /// The next row is the first of a pass.
    fn begin_pass(&mut self) {
        self.above.clear();
    }

    /// Writes a row under the filter that makes its bytes smallest, as libpng chooses.
    ///
    /// # Source
    /// PNG specification, third edition, sections 9 and 12.7.
    pub(crate) fn put(&mut self, row: &[u8]) -> io::Result<()> {
        self.above.resize(row.len(), 0);
        let [plain, left, up] = &mut self.tried;
        let (first, rest) = row.split_at(self.pixel_bytes.min(row.len()));
        begin_with(plain, 0, row.iter().copied());
        begin_with(left, 1, first.iter().copied().chain(rest.iter().zip(row).map(|(x, a)| x.wrapping_sub(*a))));
        begin_with(up, 2, row.iter().zip(&self.above).map(|(x, b)| x.wrapping_sub(*b)));
        let cost =
            |tried: &&mut Vec<u8>| tried.iter().map(|byte| u32::from(byte.cast_signed().unsigned_abs())).sum::<u32>();
        if let Some(best) = [plain, left, up].into_iter().min_by_key(cost) {
            self.zlib.write_all(best)?;
        }
        self.above.copy_from_slice(row);
        Ok(())
    }

    /// Writes all that comes behind the rows.
    pub(crate) fn end(self) -> io::Result<W> {
        let mut idat = self.zlib.finish()?;
        idat.put_up()?;
        idat.out.write_all(&chunk(*b"IEND", &[]))?;
        Ok(idat.out)
    }
}

fn begin_with(tried: &mut Vec<u8>, kind: u8, filtered: impl Iterator<Item = u8>) {
    tried.clear();
    tried.push(kind);
    tried.extend(filtered);
}

/// Cuts what is compressed into chunks.
struct Idat<W: Write> {
    out: W,
    held: Vec<u8>,
}

impl<W: Write> Idat<W> {
    fn put_up(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            self.out.write_all(&chunk(*b"IDAT", &self.held))?;
            self.held.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for Idat<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= IDAT_BYTES {
            self.put_up()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
