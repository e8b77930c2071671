//! From image data to the rows of a still picture.

use std::ops::ControlFlow;

use pixtwin_pixel::{Delay, Depth, Frame, RowSink};

use super::{
    animation,
    chunk::{Chunk, Chunks, ImageData, Skip},
    expand::{self, Expander},
    ihdr::{Ihdr, PASSES, Pass},
    parts::{Parts, unknown},
    scanline::{self, Scanlines},
};
use crate::{Error, Limits, Source, codec::charge};

/// Whether an animation in the file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Animated,
    /// The image data for programs that know no animation is the picture.
    Still,
}

/// The palette, the buffer for small chunks and the like.
const FIXED_BYTES: u64 = 16 << 10;

/// Memory for one image of that size.
pub(super) fn cost(ihdr: &Ihdr) -> u64 {
    let row_bytes = ihdr.row_bytes(ihdr.width);
    let assembled = if ihdr.is_interlaced { row_bytes.saturating_mul(u64::from(ihdr.height)) } else { 0 };
    assembled
        .saturating_add(scanline::cost(row_bytes))
        .saturating_add(expand::cost(ihdr.width))
        .saturating_add(FIXED_BYTES)
}

pub(super) fn decode(
    source: &mut dyn Source,
    depth: Depth,
    limits: Limits,
    motion: Motion,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    let skip = match depth {
        Depth::Whole => Skip::Checked,
        _ => Skip::Unchecked,
    };
    let mut chunks = Chunks::open(source, skip)?;
    let parts = Parts::read(&mut chunks)?;
    if motion == Motion::Animated && !parts.is_still() {
        return animation::decode(&mut chunks, parts, depth, limits, sink);
    }
    charge(cost(&parts.ihdr), limits)?;
    let Ihdr { width, height, .. } = parts.ihdr;
    if sink.picture(1).is_break() || sink.frame(Frame { width, height, delay: Delay::NONE }).is_break() {
        return Ok(());
    }
    let mut sequence = parts.sequence;
    let mut expander = Expander::new(parts.ihdr, parts.colors());
    let mut data = ImageData::new(&mut chunks, parts.data, &mut sequence)?;
    let flow = stored_rows(&parts.ihdr, &mut data, depth.rows(), &mut |row| sink.row(expander.row(row, width)))?;
    if flow.is_break() {
        return Ok(());
    }
    let next = data.finish()?;
    to_end(&mut chunks, next)
}

/// Reads the chunks after the last image data, down to IEND.
pub(super) fn to_end(chunks: &mut Chunks<'_>, mut chunk: Chunk) -> Result<(), Error> {
    loop {
        match &chunk.kind {
            b"IEND" => {
                let [] = chunks.exact::<0>(chunk)?;
                return Ok(());
            }
            b"IDAT" => return Err(Error::corrupt("other chunks lie between the IDAT chunks")),
            b"IHDR" => return Err(Error::corrupt("there are two IHDR chunks")),
            b"PLTE" => chunks.skip(chunk)?,
            _ if chunk.is_critical() => return Err(unknown(chunk)),
            _ => chunks.skip(chunk)?,
        }
        chunk = chunks.next()?;
    }
}

/// Gives the rows of one image as stored, filters and interlace undone, as far as they are taken; then reads the zlib
/// stream to its end. `rows` is how many are likely to be taken. The caller has charged [`cost`].
pub(super) fn stored_rows(
    ihdr: &Ihdr,
    data: &mut ImageData<'_, '_>,
    rows: Option<u32>,
    take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let row_bytes = addressable(ihdr.row_bytes(ihdr.width))?;
    if row_bytes as u64 > most_inflated(data.chunks)? {
        return Err(Error::corrupt(format!("{} ends after row 0 of {}", data.name(), ihdr.height)));
    }
    let rows = rows.filter(|_| !ihdr.is_interlaced);
    let mut lines = Scanlines::new(row_bytes, ihdr.raw_bytes(), ihdr.pixel_bytes(), rows);
    if ihdr.is_interlaced {
        check_plausible(ihdr, data.chunks)?;
        let image = assemble(ihdr, data, &mut lines, row_bytes)?;
        lines.finish(data)?;
        for row in image.chunks_exact(row_bytes) {
            if take(row).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        return Ok(ControlFlow::Continue(()));
    }
    for y in 0..ihdr.height {
        let Some(row) = lines.next(data, row_bytes)? else {
            return Err(Error::corrupt(format!("{} ends after row {y} of {}", data.name(), ihdr.height)));
        };
        if take(row).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    lines.finish(data)?;
    Ok(ControlFlow::Continue(()))
}

/// No claim of the header is believed with memory unless the rest of the file could hold so much.
fn most_inflated(chunks: &mut Chunks<'_>) -> Result<u64, Error> {
    // The most that RFC 1951 can say: 258 bytes in two bits.
    Ok(chunks.bytes_left()?.saturating_add(1).saturating_mul(1032))
}

/// Refuses a file that is too short for an image of that size, before memory is taken for all of it.
pub(super) fn check_plausible(ihdr: &Ihdr, chunks: &mut Chunks<'_>) -> Result<(), Error> {
    if ihdr.raw_bytes() > most_inflated(chunks)? {
        let Ihdr { width, height, .. } = ihdr;
        return Err(Error::corrupt(format!("the file is too short to hold {width} x {height} pixels")));
    }
    Ok(())
}

fn addressable(bytes: u64) -> Result<usize, Error> {
    usize::try_from(bytes).map_err(|_| Error::TooLarge { needed: bytes, budget: usize::MAX as u64 })
}

/// Puts the seven passes of Adam7 together: the whole image, rows as stored without interlace.
fn assemble(
    ihdr: &Ihdr,
    data: &mut ImageData<'_, '_>,
    lines: &mut Scanlines,
    row_bytes: usize,
) -> Result<Vec<u8>, Error> {
    let bytes = addressable(ihdr.row_bytes(ihdr.width).saturating_mul(u64::from(ihdr.height)))?;
    let mut image = vec![0; bytes];
    for (number, pass) in PASSES.iter().enumerate() {
        let (width, height) = pass.size(ihdr);
        if width == 0 {
            continue;
        }
        lines.begin_pass();
        for y in 0..height {
            let Some(row) = lines.next(data, addressable(ihdr.row_bytes(width))?)? else {
                let name = data.name();
                let number = number + 1;
                return Err(Error::corrupt(format!("{name} ends after row {y} of {height} of pass {number} of 7")));
            };
            let start = (pass.y + y * pass.step_y) as usize * row_bytes;
            if let Some(line) = image.get_mut(start..start + row_bytes) {
                spread(row, width, *pass, ihdr, line);
            }
        }
    }
    Ok(image)
}

/// Copies the pixels of a row of a pass to their places in a row of the image.
fn spread(row: &[u8], width: u32, pass: Pass, ihdr: &Ihdr, line: &mut [u8]) {
    if ihdr.pixel_bits() >= 8 {
        let size = ihdr.pixel_bytes();
        let places = line.chunks_exact_mut(size).skip(pass.x as usize).step_by(pass.step_x as usize);
        for (place, pixel) in places.zip(row.chunks_exact(size)) {
            place.copy_from_slice(pixel);
        }
        return;
    }
    let bits = u32::from(ihdr.depth);
    let mask = (1_u8 << bits) - 1;
    // The first pixel of a byte lies in its high bits.
    let place = |x: u32| (x as usize * bits as usize / 8, 8 - bits - x % 8 * bits % 8);
    for x in 0..width {
        let (from, shift) = place(x);
        let (to, to_shift) = place(pass.x + x * pass.step_x);
        if let (Some(from), Some(to)) = (row.get(from), line.get_mut(to)) {
            *to |= (from >> shift & mask) << to_shift;
        }
    }
}
