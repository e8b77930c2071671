//! `pixtwin compare`: are two pictures the same, and if not, why not?

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use pixtwin_engine::{
    Comparison, Difference, FrameDifference, Proof, Raster, Side, Tier, compare, is_same_file, words_of,
};

use crate::{
    args::{CompareArguments, CompareFormat},
    exit::{Exit, Stop, unless_closed},
    names::shown,
    output, progress_bar,
    report::json_compare,
    size::{count, counted},
};

pub(crate) fn run(arguments: &CompareArguments) -> Result<Exit, Stop> {
    let settings = arguments.common.settings(Tier::Pixels, &arguments.pixels);
    let over = |path: &Path| is_same_file(path, &arguments.a) || is_same_file(path, &arguments.b);
    if let Some(path) = arguments.diff.as_deref().filter(|path| over(path)) {
        return Err(Stop::Fatal(format!("cannot draw over `{}`: it is one of the pictures", shown(path))));
    }
    let comparison = progress_bar::beside(&arguments.common, |progress, _| {
        compare(&arguments.a, &arguments.b, &settings, progress)
    })?;
    unless_closed(print_as(&comparison, arguments.format))?;
    if let Some(path) = &arguments.diff {
        draw(path, &comparison)?;
    }
    Ok(if comparison.same.is_some() { Exit::Done } else { Exit::No })
}

fn print_as(comparison: &Comparison, format: CompareFormat) -> Result<(), Stop> {
    let mut out = output::results();
    match format {
        CompareFormat::Text => print(&mut out, comparison)?,
        CompareFormat::Json => json_compare::comparison(&mut out, comparison, reasons(comparison))?,
    }
    out.flush()?;
    Ok(())
}

fn print(out: &mut dyn Write, comparison: &Comparison) -> io::Result<()> {
    match comparison.same {
        Some(Proof::Bytes) => writeln!(out, "the same picture: the files have the same bytes")?,
        Some(Proof::Payload) => writeln!(out, "the same picture: only metadata differs")?,
        Some(_) => writeln!(out, "the same picture: every pixel is equal")?,
        None => writeln!(out, "not the same picture")?,
    }
    for side in [&comparison.a, &comparison.b] {
        let (width, height) = side.size;
        let frames = if side.frame_count == 1 { String::new() } else { format!(", {} frames", side.frame_count) };
        writeln!(out, "  {}: {}, {width} x {height}{frames}", shown(&side.path), side.format)?;
    }
    for difference in reasons(comparison) {
        writeln!(out, "  {difference}")?;
    }
    for difference in &comparison.metadata {
        writeln!(out, "  metadata of the second: {difference}")?;
    }
    Ok(())
}

/// Why the pictures are not the same, a line each.
fn reasons(comparison: &Comparison) -> Vec<String> {
    let (a, b) = (&comparison.a, &comparison.b);
    let mut lines = Vec::new();
    if comparison.same.is_some() {
        return lines;
    }
    if a.size != b.size {
        lines.push("the sizes differ".to_owned());
    }
    if a.frame_count != b.frame_count {
        lines.push("the numbers of frames differ".to_owned());
    }
    if a.is_cmyk() != b.is_cmyk() {
        lines.push("one has inks (CMYK), the other colours (RGB)".to_owned());
    }
    let total = u64::from(a.size.0) * u64::from(a.size.1);
    for frame in &comparison.differing {
        lines.extend(frame_reasons(frame, a, total));
    }
    if a.frames.is_none() || b.frames.is_none() {
        lines.push("the pixels were not looked at one by one: they do not fit into the memory (--memory)".to_owned());
    }
    if let Some(turn) = comparison.turn {
        lines.push(format!("the same after {} of the second", turn.describe()));
    }
    lines
}

fn frame_reasons(frame: &FrameDifference, a: &Side, total: u64) -> Vec<String> {
    let of_frame = if a.frame_count == 1 { String::new() } else { format!("frame {}: ", frame.frame + 1) };
    let mut lines = Vec::new();
    if let Some((x, y)) = frame.pixels.first {
        let differ = if frame.pixels.pixels == 1 { "differs" } else { "differ" };
        let pixels = counted(frame.pixels.pixels, "pixel");
        lines.push(format!("{of_frame}{pixels} of {} {differ}, the first at x {x}, y {y}", count(total)));
        lines.push(format!("{of_frame}largest difference: {}", channels(&frame.pixels, a.is_cmyk())));
    }
    if let Some((ours, theirs)) = frame.delays {
        let seconds = |delay: pixtwin_engine::Delay| format!("{}/{} s", delay.numerator(), delay.denominator());
        lines.push(format!("{of_frame}the delays differ: {} and {}", seconds(ours), seconds(theirs)));
    }
    lines
}

/// The largest difference in each channel, of 255; where it takes sixteen bits to say it, of 65535.
fn channels(difference: &Difference, is_cmyk: bool) -> String {
    let names = if is_cmyk { ["cyan", "magenta", "yellow", "black"] } else { ["red", "green", "blue", "alpha"] };
    let is_narrow = difference.largest.iter().all(|sample| sample % 257 == 0);
    let (scale, full) = if is_narrow { (257, 255) } else { (1, 65535) };
    let values: Vec<String> =
        names.iter().zip(difference.largest).map(|(name, sample)| format!("{name} {}", sample / scale)).collect();
    format!("{} (of {full})", values.join(", "))
}

/// Draws where the first frames that differ do, or says why that cannot be drawn.
fn draw(path: &Path, comparison: &Comparison) -> Result<(), Stop> {
    let failed = |cause: &dyn std::fmt::Display| Stop::Fatal(format!("cannot write `{}`: {cause}", shown(path)));
    let frame = comparison.differing.first().map_or(0, |frame| frame.frame);
    let of_side = |side: &Side| side.frames.as_ref().and_then(|frames| frames.get(frame).cloned());
    let (Some(a), Some(b)) = (of_side(&comparison.a), of_side(&comparison.b)) else {
        output::note(&format!("`{}` is not drawn: the pictures do not fit into the memory (--memory)", shown(path)));
        return Ok(());
    };
    let (width, height) = (a.frame().width, a.frame().height);
    if (width, height) != (b.frame().width, b.frame().height) || a.is_cmyk() != b.is_cmyk() {
        output::note(&format!("`{}` is not drawn: the pictures differ in size or kind", shown(path)));
        return Ok(());
    }
    let file = File::create(path).map_err(|cause| failed(&words_of(&cause)))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|cause| failed(&cause))?;
    let mut stream = writer.stream_writer().map_err(|cause| failed(&cause))?;
    let largest = comparison.differing.first().map_or([0; 4], |frame| frame.pixels.largest);
    for y in 0..height {
        let row: Vec<u8> = (0..width).flat_map(|x| differing_pixel(&a, &b, (x, y), largest)).collect();
        stream.write_all(&row).map_err(|cause| failed(&cause))?;
    }
    stream.finish().map_err(|cause| failed(&cause))?;
    writer.finish().map_err(|cause| failed(&cause))
}

/// The amplified difference of one pixel: the largest in the picture is white, the smallest still to be seen. A
/// difference in the fourth channel is shown in all three.
fn differing_pixel(a: &Raster, b: &Raster, (x, y): (u32, u32), largest: [u16; 4]) -> [u8; 3] {
    const DIMMEST: u32 = 64;
    let full = u32::from(largest.into_iter().max().unwrap_or(0)).max(1);
    let shade = |difference: u16| match u32::from(difference) {
        0 => 0,
        difference => u8::try_from(DIMMEST + difference * (255 - DIMMEST) / full).unwrap_or(255),
    };
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (a.pixel(x, y), b.pixel(x, y));
    let fourth = shade(a3.abs_diff(b3));
    [shade(a0.abs_diff(b0)).max(fourth), shade(a1.abs_diff(b1)).max(fourth), shade(a2.abs_diff(b2)).max(fourth)]
}
