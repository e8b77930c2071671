//! JPEG: baseline, progressive and arithmetic-coded, 8 bits a sample, with the pixels of libjpeg-turbo.

mod coefficients;

mod frame;

mod markers;

mod metadata;

mod planes;

mod stream;

mod turned;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::ops::ControlFlow;

use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, JpegError, PixelFormat};
use pixtwin_pixel::{CORNER_COLUMNS, CORNER_ROWS, Channels, Delay, Depth, Row, RowSink, Turn, TurnClass};

use self::frame::{Frame, Way};
use self::markers::Markers;
use self::planes::{Plane, RowMaker};
use self::stream::Lead;
use crate::codec::{Codec, charge, fenced};
use crate::{Error, FirstRows, Header, Limits, Metadata, Source};

pub(crate) struct Jpeg;

/// Rows that the estimate for a look at the first rows counts with.
const HEAD_ROWS: u32 = 128;

/// The least that is read of a file for its first rows.
const PREFIX_BYTES: u64 = 32 * 1024;

/// The least that is read of the data for the left ends of the first rows.
const CORNER_BYTES: u64 = 4 * 1024;

/// Scans of a progressive file: real ones have some ten, hostile ones would cost minutes.
const MAX_SCANS: usize = 1000;

impl Codec for Jpeg {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let file_bytes = source.byte_len();
        let Lead { frame, single_scan, .. } = Lead::read(&mut Markers::open(source)?)?;
        let whole_bytes = file_bytes + frame.bytes(frame.height, frame.least_way(frame.height));
        let head_bytes = frame
            .height_for(HEAD_ROWS)
            .map_or(whole_bytes, |height| whole_bytes.min(file_bytes + frame.bytes(height, frame.fast_way())));
        let first_rows = if single_scan { FirstRows::Cheap } else { FirstRows::Dear };
        Ok(Header { width: frame.width, height: frame.height, whole_bytes, head_bytes, first_rows })
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        let rows = depth.rows().map_or(usize::MAX, |rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let part = match depth {
            Depth::Corner => match corner(source, limits)? {
                None => head(source, CORNER_ROWS, limits)?,
                found => found,
            },
            Depth::Rows(rows) => head(source, rows, limits)?,
            Depth::Whole => None,
        };
        let (lead, decoded) = match part {
            Some(part) => part,
            None => whole(source, limits)?,
        };
        // Nothing is wrong when the sink breaks.
        let _stopped = give(&lead, decoded, rows, sink)?;
        Ok(())
    }

    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut markers = Markers::open(source)?;
        let mut lead = Lead::read(&mut markers)?;
        take(&lead.bytes);
        lead.rest(&mut markers, take)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        metadata::read(source)
    }

    fn orientation(&self, source: &mut dyn Source) -> Result<Turn, Error> {
        metadata::orientation(source)
    }

    fn turn_class(&self, source: &mut dyn Source, limits: Limits) -> Result<Option<TurnClass>, Error> {
        turned::class(source, limits)
    }
}

/// What the decoder made of a stream.
enum Decoded {
    /// All pixels, in the order libjpeg gives them out.
    Picture(Vec<u8>),
    /// Component planes.
    Planes(Vec<Plane>),
}

/// Decodes only as much as that many rows need. `None` if that is everything, or did not work: the whole decode then
/// finds out why.
fn head(source: &mut dyn Source, rows: u32, limits: Limits) -> Result<Option<(Lead, Decoded)>, Error> {
    let file_bytes = source.byte_len();
    let mut markers = Markers::open(source)?;
    let mut lead = Lead::read(&mut markers)?;
    let Some(height) = lead.frame.height_for(rows) else {
        return Ok(None);
    };
    let way = lead.frame.way_within(height, limits.memory_bytes.saturating_sub(file_bytes));
    lead.set_size(lead.frame.width, height);
    // A decoder of arithmetic coding does not notice that data is missing: it goes on with zeros, as it must.
    if !lead.single_scan || lead.frame.arithmetic {
        charge(file_bytes + lead.frame.bytes(height, way), limits)?;
        let bytes = lead.read_rest(&mut markers, file_bytes)?;
        if way == Way::Coefficients && lead.is_smoothed() {
            return Ok(None);
        }
        return Ok(decode(&bytes, &lead.frame, way, limits).ok().map(|decoded| (lead, decoded)));
    }
    prefix(lead, &mut markers, PREFIX_BYTES, way, limits)
}

/// Decodes only the left ends of the first rows: the first MCUs of every scan are those of a picture that is only as wide
/// and as high as they are. `None` if that is no less than the first rows, or did not work.
fn corner(source: &mut dyn Source, limits: Limits) -> Result<Option<(Lead, Decoded)>, Error> {
    let file_bytes = source.byte_len();
    let mut markers = Markers::open(source)?;
    let mut lead = Lead::read(&mut markers)?;
    let Some((width, height)) = lead.frame.corner(lead.single_scan) else {
        return Ok(None);
    };
    let way = lead.frame.fast_way();
    lead.set_size(width, height);
    if lead.single_scan {
        return prefix(lead, &mut markers, CORNER_BYTES, way, limits);
    }
    charge(file_bytes + lead.frame.bytes(height, way), limits)?;
    let bytes = lead.read_rest(&mut markers, file_bytes)?;
    // Smoothing looks at blocks that were cut off.
    if lead.is_smoothed() {
        return Ok(None);
    }
    Ok(decode(&bytes, &lead.frame, way, limits).ok().map(|decoded| (lead, decoded)))
}

/// Decodes a picture of a single scan, whose size was made smaller, from the first part of the data; not less than
/// `least` bytes of it.
fn prefix(
    mut lead: Lead,
    markers: &mut Markers<'_>,
    least: u64,
    way: Way,
    limits: Limits,
) -> Result<Option<(Lead, Decoded)>, Error> {
    let needed = lead.frame.bytes(lead.frame.height, way);
    let rest = markers.source.byte_len().saturating_sub(markers.offset());
    // The share of its pixels, and half as much again, is mostly enough at once.
    let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
    let part = pixels(lead.frame.width, lead.frame.height);
    let share = u128::from(rest) * u128::from(part) / u128::from(pixels(lead.full_width, lead.full_height).max(1));
    let share = u64::try_from(share).unwrap_or(rest);
    let mut want = (share + share / 2).max(least);
    let (mut bytes, mut held) = (std::mem::take(&mut lead.bytes), 0);
    loop {
        charge(want.min(rest) + needed, limits)?;
        bytes.reserve_exact(usize::try_from(want.min(rest) - held).unwrap_or(0));
        held += (&mut *markers.source).take(want.min(rest) - held).read_to_end(&mut bytes)? as u64;
        match decode(&bytes, &lead.frame, way, limits) {
            Ok(decoded) => return Ok(Some((lead, decoded))),
            Err(_) if held < want.min(rest) || held >= rest => return Ok(None),
            Err(_) => want = want.saturating_mul(4),
        }
    }
}

/// Decodes all of it, the fast way if that fits in the limit.
fn whole(source: &mut dyn Source, limits: Limits) -> Result<(Lead, Decoded), Error> {
    let file_bytes = source.byte_len();
    let mut markers = Markers::open(source)?;
    let mut lead = Lead::read(&mut markers)?;
    let frame = lead.frame;
    let way = frame.way_within(frame.height, limits.memory_bytes.saturating_sub(file_bytes));
    charge(file_bytes + frame.bytes(frame.height, way), limits)?;
    let bytes = lead.read_rest(&mut markers, file_bytes)?;
    if way == Way::Coefficients && lead.is_smoothed() {
        // Only the other ways smooth; they were tried first.
        let needed = file_bytes + frame.bytes(frame.height, frame.fast_way());
        return Err(Error::TooLarge { needed, budget: limits.memory_bytes });
    }
    let decoded = decode(&bytes, &frame, way, limits)?;
    Ok((lead, decoded))
}

fn give(lead: &Lead, decoded: Decoded, rows: usize, sink: &mut dyn RowSink) -> Result<ControlFlow<()>, Error> {
    let frame = pixtwin_pixel::Frame { width: lead.full_width, height: lead.full_height, delay: Delay::NONE };
    // What was decoded to the right of the corner is not always the picture's.
    let is_cut = lead.frame.width < lead.full_width;
    let columns = if is_cut { lead.frame.width.min(CORNER_COLUMNS) } else { lead.full_width } as usize;
    match decoded {
        Decoded::Picture(pixels) => {
            if sink.picture(1).is_break() || sink.frame(frame).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            Ok(give_rows(&lead.frame, &pixels, (rows, columns), sink))
        }
        Decoded::Planes(planes) => {
            let Some(mut maker) = RowMaker::new(&lead.frame, lead.colour, planes) else {
                return Err(Error::corrupt("the decoder gave planes of another size"));
            };
            if sink.picture(1).is_break() || sink.frame(frame).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            Ok(give_made_rows(&lead.frame, &mut maker, (rows, columns), sink))
        }
    }
}

fn give_made_rows(
    frame: &Frame,
    maker: &mut RowMaker,
    (rows, columns): (usize, usize),
    sink: &mut dyn RowSink,
) -> ControlFlow<()> {
    let samples = columns * frame.channels().count();
    (0..frame.height as usize).take(rows).try_for_each(|y| {
        let row = maker.row(y);
        sink.row(Row::eight(frame.channels(), row.get(..samples).unwrap_or(row)))
    })
}

fn give_rows(frame: &Frame, pixels: &[u8], (rows, columns): (usize, usize), sink: &mut dyn RowSink) -> ControlFlow<()> {
    let channels = frame.channels();
    let mut ink = Vec::new();
    for row in pixels.chunks_exact(frame.width as usize * channels.count()).take(rows) {
        let row = row.get(..columns * channels.count()).unwrap_or(row);
        if channels == Channels::Cmyk {
            // Files hold the amount of light that each ink lets through, after Adobe's custom.
            ink.clear();
            ink.extend(row.iter().map(|sample| 255 - sample));
            sink.row(Row::eight(channels, &ink))?;
        } else {
            sink.row(Row::eight(channels, row))?;
        }
    }
    ControlFlow::Continue(())
}

fn decode(bytes: &[u8], frame: &Frame, way: Way, limits: Limits) -> Result<Decoded, Error> {
    // A fence of its own: where a few rows fail, the whole may not.
    fenced(|| match way {
        Way::Picture => {
            let mut decoder = decoder(bytes, frame)?;
            decoder.set_output_format(match frame.channels() {
                Channels::Grey => PixelFormat::Grayscale,
                Channels::Cmyk => PixelFormat::Cmyk,
                _ => PixelFormat::Rgb,
            });
            let image = decoder.decode_image().map_err(reason)?;
            check(&image.warnings)?;
            let samples = u64::from(frame.width) * u64::from(frame.height) * frame.channels().count() as u64;
            if image.data.len() as u64 != samples {
                return Err(Error::corrupt("the decoder gave a picture of another size"));
            }
            Ok(Decoded::Picture(image.data))
        }
        Way::Planes => {
            let (raw, warnings) = decoder(bytes, frame)?.decode_raw_with_warnings().map_err(reason)?;
            check(&warnings)?;
            let planes = raw.planes.into_iter().zip(raw.plane_widths);
            Ok(Decoded::Planes(planes.map(|(samples, stride)| Plane::Whole(samples, stride)).collect()))
        }
        Way::Coefficients => {
            let held_bytes = bytes.len() as u64 + frame.bytes(frame.height, way);
            let planes = coefficients::decode(bytes, frame, held_bytes, limits)?;
            Ok(Decoded::Planes(planes.into_iter().map(|plane| Plane::Lazy(Box::new(plane))).collect()))
        }
    })
}

fn decoder<'b>(bytes: &'b [u8], frame: &Frame) -> Result<Decoder<'b>, Error> {
    let limits = DecodeLimits {
        max_width: usize::from(u16::MAX),
        max_height: usize::from(u16::MAX),
        max_pixels: u64::from(frame.width) * u64::from(frame.height),
        max_scans: MAX_SCANS,
        // Its own estimate counts a picture also where only planes are made; the caller has charged the true cost.
        max_memory: None,
    };
    let mut decoder = Decoder::new_with_limits(bytes, limits).map_err(reason)?;
    // As libjpeg does without being asked; it shows in progressive files whose last scans were left out.
    decoder.set_block_smoothing(true);
    Ok(decoder)
}

fn check(warnings: &[DecodeWarning]) -> Result<(), Error> {
    // Stray bytes between segments change nothing.
    let told = warnings.iter().find(|warning| !matches!(warning, DecodeWarning::ExtraneousData { .. }));
    told.map_or(Ok(()), |warning| Err(Error::corrupt(warning.to_string())))
}

fn reason(cause: JpegError) -> Error {
    match cause {
        JpegError::UnexpectedEof => Error::corrupt("the entropy-coded data ends before the last row"),
        JpegError::Unsupported(what) => Error::unsupported(what),
        JpegError::AllocationFailed { bytes, .. } => Error::TooLarge { needed: bytes, budget: 0 },
        other => Error::corrupt(other.to_string()),
    }
}
