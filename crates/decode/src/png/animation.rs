//! The frames of an APNG, composed.

use std::ops::ControlFlow;

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink, Samples};

use super::{
    chunk::{Chunk, Chunks, ImageData},
    expand::Expander,
    ihdr::Ihdr,
    parts::{FrameControl, Parts, unknown},
    rows,
};
use crate::{
    Error, Limits,
    codec::charge,
    compose::{self, Blend, Canvas, Disposal, Region, Sample},
};

/// Memory for the canvas, what it is restored from, and one stored frame.
pub(super) fn cost(ihdr: &Ihdr) -> u64 {
    let sample_bytes = if ihdr.depth == 16 { 2 } else { 1 };
    compose::cost(ihdr.width, ihdr.height, sample_bytes)
        .saturating_add(rows::cost(ihdr))
        // One row of the canvas in the layout of the sink, and of a frame in that of the canvas.
        .saturating_add(u64::from(ihdr.width) * 16)
}

pub(super) fn decode(
    chunks: &mut Chunks<'_>,
    parts: Parts,
    depth: Depth,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    if depth != Depth::Whole && parts.control.is_some() {
        return first_frame(chunks, parts, depth, limits, sink);
    }
    charge(cost(&parts.ihdr), limits)?;
    if parts.ihdr.depth == 16 { compose::<u16>(chunks, parts, sink) } else { compose::<u8>(chunks, parts, sink) }
}

/// The first frame alone, where it is the image data that every PNG has: its rows are stored as they are shown.
fn first_frame(
    chunks: &mut Chunks<'_>,
    parts: Parts,
    depth: Depth,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    charge(rows::cost(&parts.ihdr), limits)?;
    let frames = parts.frames.unwrap_or(1);
    let control = parts.control.unwrap_or(FrameControl::still(&parts.ihdr));
    if sink.picture(frames).is_break() || sink.frame(shown(&parts.ihdr, control, frames)).is_break() {
        return Ok(());
    }
    let mut sequence = parts.sequence;
    let mut expander = Expander::new(parts.ihdr, parts.colors());
    let mut data = ImageData::new(chunks, parts.data, &mut sequence)?;
    let width = parts.ihdr.width;
    // A sink that asks for some rows takes none of a second frame.
    let mut take = |row: &[u8]| sink.row(expander.row(row, width));
    let _stopped = rows::stored_rows(&parts.ihdr, &mut data, depth.rows(), &mut take)?;
    Ok(())
}

fn shown(canvas: &Ihdr, control: FrameControl, frames: u32) -> Frame {
    let (numerator, denominator) = control.delay;
    let delay = if frames == 1 { Delay::NONE } else { Delay::seconds(u32::from(numerator), u32::from(denominator)) };
    Frame { width: canvas.width, height: canvas.height, delay }
}

/// Samples that a canvas of an animation has.
trait Shown: Sample {
    /// The pixels of a row of any layout.
    fn pixels(row: Row<'_>, out: &mut Vec<[Self; 4]>);
    fn row(samples: &[Self]) -> Row<'_>;
}

impl Shown for u8 {
    fn pixels(row: Row<'_>, out: &mut Vec<[Self; 4]>) {
        if let Samples::Eight(samples) = row.samples {
            spread(row.channels, samples, Self::MAX, out);
        }
    }

    fn row(samples: &[Self]) -> Row<'_> {
        Row::eight(Channels::Rgba, samples)
    }
}

impl Shown for u16 {
    fn pixels(row: Row<'_>, out: &mut Vec<[Self; 4]>) {
        if let Samples::Sixteen(samples) = row.samples {
            spread(row.channels, samples, Self::MAX, out);
        }
    }

    fn row(samples: &[Self]) -> Row<'_> {
        Row::sixteen(Channels::Rgba, samples)
    }
}

fn spread<S: Sample>(channels: Channels, samples: &[S], opaque: S, out: &mut Vec<[S; 4]>) {
    out.clear();
    match channels {
        Channels::Grey => out.extend(samples.iter().map(|&grey| [grey, grey, grey, opaque])),
        Channels::GreyAlpha => out.extend(samples.as_chunks::<2>().0.iter().map(|&[grey, a]| [grey, grey, grey, a])),
        Channels::Rgb => out.extend(samples.as_chunks::<3>().0.iter().map(|&[r, g, b]| [r, g, b, opaque])),
        Channels::Rgba | Channels::Cmyk => out.extend_from_slice(samples.as_chunks::<4>().0),
    }
}

fn compose<S: Shown>(chunks: &mut Chunks<'_>, parts: Parts, sink: &mut dyn RowSink) -> Result<(), Error> {
    let canvas_ihdr = parts.ihdr;
    let frames = parts.frames.unwrap_or(1);
    if sink.picture(frames).is_break() {
        return Ok(());
    }
    rows::check_plausible(&canvas_ihdr, chunks)?;
    let mut sequence = parts.sequence;
    let mut canvas = Canvas::<S>::new(canvas_ihdr.width, canvas_ihdr.height);
    let mut expander = Expander::new(canvas_ihdr, parts.colors());
    let mut pixels = Vec::new();
    let mut control = parts.control;
    let mut first_data = parts.data;
    if control.is_none() {
        // The picture for programs that know no animation: no frame, but it has to be whole.
        let mut data = ImageData::new(chunks, parts.data, &mut sequence)?;
        let _all = rows::stored_rows(&canvas_ihdr, &mut data, None, &mut |_| ControlFlow::Continue(()))?;
        let next = data.finish()?;
        (control, first_data) = next_frame(chunks, next, &mut sequence, &canvas_ihdr)?;
    }
    for number in 0..frames {
        let Some(current) = control else {
            return Err(Error::corrupt(format!("the animation ends after frame {number} of {frames}")));
        };
        let region = Region { x: current.x, y: current.y, width: current.width, height: current.height };
        let (disposal, blend) = (disposal_of(current), blend_of(current, number));
        canvas.begin(disposal);
        let ihdr = canvas_ihdr.resized(current.width, current.height);
        let mut data = ImageData::new(chunks, first_data, &mut sequence)?;
        let mut y = 0;
        let _all = rows::stored_rows(&ihdr, &mut data, None, &mut |row| {
            S::pixels(expander.row(row, current.width), &mut pixels);
            canvas.lay(region, y, pixels.iter().copied(), blend);
            y += 1;
            ControlFlow::Continue(())
        })?;
        let next = data.finish()?;
        if sink.frame(shown(&canvas_ihdr, current, frames)).is_break()
            || canvas.rows().any(|row| sink.row(S::row(row)).is_break())
        {
            return Ok(());
        }
        canvas.dispose(region, disposal);
        (control, first_data) = next_frame(chunks, next, &mut sequence, &canvas_ihdr)?;
    }
    if control.is_some() {
        return Err(Error::corrupt(format!("the animation goes on after its {frames} frames")));
    }
    let [] = chunks.exact::<0>(first_data)?;
    Ok(())
}

const fn disposal_of(control: FrameControl) -> Disposal {
    match control.dispose {
        0 => Disposal::Keep,
        1 => Disposal::Clear,
        _ => Disposal::Restore,
    }
}

/// The first frame lies on a canvas that nothing was laid on, where both ways give the frame itself: so its colours
/// under alpha 0 stay, as they do in a still picture.
const fn blend_of(control: FrameControl, number: u32) -> Blend {
    if control.blend == 0 || number == 0 { Blend::Source } else { Blend::Over }
}

/// Reads from `chunk` on to the data of the next frame: its control and the head of its first chunk; or to IEND,
/// whose head it gives then.
pub(super) fn next_frame(
    chunks: &mut Chunks<'_>,
    mut chunk: Chunk,
    sequence: &mut u32,
    canvas: &Ihdr,
) -> Result<(Option<FrameControl>, Chunk), Error> {
    let mut control = None;
    loop {
        match &chunk.kind {
            b"fcTL" if control.is_none() => control = Some(FrameControl::read(chunk, chunks, sequence, canvas)?),
            b"fdAT" if control.is_some() => return Ok((control, chunk)),
            b"IEND" if control.is_none() => return Ok((None, chunk)),
            b"fcTL" | b"IEND" => return Err(Error::corrupt("a frame of the animation has no image data")),
            b"fdAT" => return Err(Error::corrupt("the animation has image data without its fcTL chunk")),
            b"IDAT" => return Err(Error::corrupt("other chunks lie between the IDAT chunks")),
            b"PLTE" => chunks.skip(chunk)?,
            _ if chunk.is_critical() => return Err(unknown(chunk)),
            _ => chunks.skip(chunk)?,
        }
        chunk = chunks.next()?;
    }
}
