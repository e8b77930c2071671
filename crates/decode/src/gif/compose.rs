//! Pictures drawn onto the canvas, and the canvas as rows.

use std::ops::ControlFlow::{self, Break};

use pixtwin_pixel::{Channels, Delay, Depth, Frame, Row, RowSink};

use super::{
    FIXED_BYTES,
    blocks::{Disposal, Image, Survey},
    lzw::Indices,
};
use crate::{Error, Limits, Source, codec::charge};

/// Indices decoded at once: LZW is faster with room.
const BATCH_PIXELS: usize = 64 << 10;

type Rgba = [u8; 4];

/// Decodes a surveyed file into `sink`.
pub(super) fn rows(
    source: &mut dyn Source,
    survey: &Survey,
    depth: Depth,
    limits: Limits,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    let Some(first) = survey.images.first() else { return Err(super::no_picture()) };
    let frames = u32::try_from(survey.images.len()).unwrap_or(u32::MAX);
    let needs_one_pass = frames == 1 || depth != Depth::Whole;
    if needs_one_pass && !first.is_interlaced {
        // Empty margins cost a file nothing: a few bytes could ask for minutes of work, so they count as if held.
        let is_covered = (survey.width, survey.height) == (first.width.into(), first.height.into());
        let counted_rows = if is_covered || depth != Depth::Whole { 1 } else { survey.height };
        charge(u64::from(survey.width) * u64::from(counted_rows) * 4 + FIXED_BYTES, limits)?;
        if sink.picture(frames).is_break() || sink.frame(frame(survey, first)).is_break() {
            return Ok(());
        }
        return stream(source, survey, first, depth.rows().unwrap_or(survey.height), sink);
    }
    let canvas_bytes = u64::from(survey.width) * u64::from(survey.height) * 4;
    let undoes = survey.images.iter().any(|image| image.control.disposal == Disposal::Previous);
    charge(canvas_bytes * if undoes { 2 } else { 1 } + FIXED_BYTES, limits)?;
    if sink.picture(frames).is_break() {
        return Ok(());
    }
    animate(source, survey, sink)
}

/// Size and delay of the frame that `image` makes.
fn frame(survey: &Survey, image: &Image) -> Frame {
    let is_animated = survey.images.len() > 1;
    let delay = if is_animated { Delay::seconds(image.control.delay.into(), 100) } else { Delay::NONE };
    Frame { width: survey.width, height: survey.height, delay }
}

/// Red, green, blue and alpha of all 256 indices of `image`.
fn colours(source: &mut dyn Source, survey: &Survey, image: &Image) -> Result<[Rgba; 256], Error> {
    let local = image.local_palette(source)?;
    let palette = if local.is_empty() { &survey.screen.palette } else { &local };
    let mut colours = [[0, 0, 0, 255]; 256];
    for (colour, stored) in colours.iter_mut().zip(palette.as_chunks::<3>().0) {
        let [r, g, b] = *stored;
        *colour = [r, g, b, 255];
    }
    if let Some([_, _, _, alpha]) = image.control.transparent.and_then(|index| colours.get_mut(usize::from(index))) {
        *alpha = 0;
    }
    Ok(colours)
}

/// Calls `draw` with each stored row of `image`, in stored order, and its number from the top, as far as `rows` go.
fn each_row(
    source: &mut dyn Source,
    image: &Image,
    rows: u32,
    draw: &mut dyn FnMut(u32, &[u8]) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, Error> {
    let width = usize::from(image.width);
    let height = u32::from(image.height);
    let rows = rows.min(height);
    let mut indices = Indices::of(source, image)?;
    let mut batch = vec![0; width * (BATCH_PIXELS / width).clamp(1, rows.max(1) as usize)];
    let mut order = row_order(height, image.is_interlaced).take(rows as usize);
    let mut done = 0;
    while done < rows {
        let rows_now = (batch.len() / width).min((rows - done) as usize);
        let wanted = batch.get_mut(..rows_now * width).unwrap_or_default();
        let filled = indices.fill(wanted)?;
        if filled < wanted.len() {
            let row = done as usize + filled / width;
            return Err(Error::corrupt(format!("the LZW codes end after row {row} of {height}")));
        }
        for (row, y) in wanted.chunks_exact(width).zip(order.by_ref()) {
            if draw(y, row).is_break() {
                return Ok(Break(()));
            }
        }
        done += u32::try_from(rows_now).unwrap_or(u32::MAX);
    }
    Ok(ControlFlow::Continue(()))
}

/// The numbers of the rows from the top, in the order they are stored.
///
/// # Source
/// GIF89a specification, appendix E: four passes, from row 0, 4, 2 and 1 on, every 8th, 8th, 4th and 2nd.
fn row_order(height: u32, is_interlaced: bool) -> Box<dyn Iterator<Item = u32>> {
    if is_interlaced {
        let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
        Box::new(passes.into_iter().flat_map(move |(from, every)| (from..height).step_by(every)))
    } else {
        Box::new(0..height)
    }
}

/// Hands on the first picture row by row, without a canvas.
fn stream(
    source: &mut dyn Source,
    survey: &Survey,
    first: &Image,
    rows_wanted: u32,
    sink: &mut dyn RowSink,
) -> Result<(), Error> {
    let colours = colours(source, survey, first)?;
    let (left, top) = (usize::from(first.left), u32::from(first.top));
    let mut line = vec![[0; 4]; survey.width as usize];
    for _ in 0..top.min(rows_wanted) {
        if sink.row(Row::eight(Channels::Rgba, line.as_flattened())).is_break() {
            return Ok(());
        }
    }
    let rows_drawn = rows_wanted.saturating_sub(top);
    let flow = each_row(source, first, rows_drawn, &mut |_, indices| {
        let place = line.get_mut(left..).unwrap_or_default();
        for (pixel, index) in place.iter_mut().zip(indices) {
            *pixel = colour(&colours, *index);
        }
        sink.row(Row::eight(Channels::Rgba, line.as_flattened()))
    })?;
    line.fill([0; 4]);
    let rows_below = rows_drawn.min(survey.height - top).saturating_sub(first.height.into());
    for _ in 0..rows_below {
        if flow.is_break() || sink.row(Row::eight(Channels::Rgba, line.as_flattened())).is_break() {
            break;
        }
    }
    Ok(())
}

fn colour(colours: &[Rgba; 256], index: u8) -> Rgba {
    colours.get(usize::from(index)).copied().unwrap_or_default()
}

/// Draws every picture and hands on the canvas after each.
fn animate(source: &mut dyn Source, survey: &Survey, sink: &mut dyn RowSink) -> Result<(), Error> {
    let mut canvas = Canvas::new(survey.width, survey.height);
    let mut saved = Vec::new();
    for (number, image) in survey.images.iter().enumerate() {
        let colours = colours(source, survey, image)?;
        if image.control.disposal == Disposal::Previous {
            saved.clone_from(&canvas.pixels);
        }
        let drawn = each_row(source, image, u32::MAX, &mut |y, indices| {
            for (pixel, index) in canvas.place(image, y).iter_mut().zip(indices) {
                let colour = colour(&colours, *index);
                if number == 0 || colour.last() != Some(&0) {
                    *pixel = colour;
                }
            }
            ControlFlow::Continue(())
        });
        if let Err(Error::Corrupt(what)) = drawn {
            return Err(Error::corrupt(format!("frame {} of {}: {what}", number + 1, survey.images.len())));
        }
        if drawn?.is_break() || canvas.hand_on(frame(survey, image), sink).is_break() {
            return Ok(());
        }
        match image.control.disposal {
            Disposal::Keep => {}
            Disposal::Previous => std::mem::swap(&mut canvas.pixels, &mut saved),
            Disposal::Clear => {
                for y in 0..u32::from(image.height) {
                    canvas.place(image, y).fill([0; 4]);
                }
            }
        }
    }
    Ok(())
}

/// What is on the screen.
struct Canvas {
    pixels: Vec<Rgba>,
    width: usize,
}

impl Canvas {
    fn new(width: u32, height: u32) -> Self {
        let width = width as usize;
        Self { pixels: vec![[0; 4]; width * height as usize], width }
    }

    /// The pixels that row `y` of `image` falls on, as far as they are on the canvas.
    fn place(&mut self, image: &Image, y: u32) -> &mut [Rgba] {
        let row = usize::from(image.top) + y as usize;
        let from = usize::from(image.left).min(self.width);
        let to = (usize::from(image.left) + usize::from(image.width)).min(self.width);
        let row = self.pixels.chunks_exact_mut(self.width).nth(row);
        row.and_then(|row| row.get_mut(from..to)).unwrap_or_default()
    }

    fn hand_on(&self, frame: Frame, sink: &mut dyn RowSink) -> ControlFlow<()> {
        sink.frame(frame)?;
        for row in self.pixels.chunks_exact(self.width) {
            sink.row(Row::eight(Channels::Rgba, row.as_flattened()))?;
        }
        ControlFlow::Continue(())
    }
}
