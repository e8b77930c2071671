//! What the pixels of a PNG depend on.
//!
//! Fed are: the body of IHDR, the number of frames, the length and content of the palette and of tRNS as far as they
//! count, and for each frame its control and its compressed data, followed by the length of that data. The lengths
//! come behind because the data is cut into chunks anyhow; with the number of frames known, they can be read from the
//! end, so no two sequences of parts feed the same bytes.

use super::{
    animation::next_frame,
    chunk::{Chunk, Chunks, ImageData, Skip},
    parts::{FrameControl, Parts},
    rows::{Motion, to_end},
};
use crate::{Error, Source};

/// Feeds what the pixels depend on of all frames, or of the image data that is shown where no animation counts.
pub(super) fn feed(source: &mut dyn Source, motion: Motion, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    let mut chunks = Chunks::open(source, Skip::Checked)?;
    let parts = Parts::read(&mut chunks)?;
    let mut sequence = parts.sequence;
    let is_still = motion == Motion::Still || parts.is_still();
    let frames = if is_still { 1 } else { parts.frames.unwrap_or(1) };
    take(&parts.ihdr.bytes);
    take(&frames.to_le_bytes());
    for part in [&parts.palette, &parts.transparency] {
        take(&(part.len() as u64).to_le_bytes());
        take(part);
    }
    if is_still {
        feed_control(FrameControl::still(&parts.ihdr), take);
        let next = feed_data(&mut chunks, parts.data, &mut sequence, take)?;
        return to_end(&mut chunks, next);
    }
    let (mut control, mut first) = (parts.control, parts.data);
    if control.is_none() {
        let next = ImageData::new(&mut chunks, first, &mut sequence)?.finish()?;
        (control, first) = next_frame(&mut chunks, next, &mut sequence, &parts.ihdr)?;
    }
    for number in 0..frames {
        let Some(mut current) = control else {
            return Err(Error::corrupt(format!("the animation ends after frame {number} of {frames}")));
        };
        if number == 0 {
            current.blend = 0;
        }
        if frames == 1 {
            (current.delay, current.dispose) = ((0, 1), 0);
        }
        feed_control(current, take);
        let next = feed_data(&mut chunks, first, &mut sequence, take)?;
        (control, first) = next_frame(&mut chunks, next, &mut sequence, &parts.ihdr)?;
    }
    if control.is_some() {
        return Err(Error::corrupt(format!("the animation goes on after its {frames} frames")));
    }
    to_end(&mut chunks, first)
}

fn feed_control(control: FrameControl, take: &mut dyn FnMut(&[u8])) {
    for side in [control.width, control.height, control.x, control.y] {
        take(&side.to_le_bytes());
    }
    take(&control.delay.0.to_le_bytes());
    take(&control.delay.1.to_le_bytes());
    take(&[control.dispose, control.blend]);
}

fn feed_data(
    chunks: &mut Chunks<'_>,
    first: Chunk,
    sequence: &mut u32,
    take: &mut dyn FnMut(&[u8]),
) -> Result<Chunk, Error> {
    let mut data = ImageData::new(chunks, first, sequence)?;
    let mut len = 0_u64;
    while let Some(piece) = data.peek()? {
        take(piece);
        let taken = piece.len();
        len += taken as u64;
        data.advance(taken);
    }
    take(&len.to_le_bytes());
    data.finish()
}
