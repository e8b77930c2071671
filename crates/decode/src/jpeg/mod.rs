//! JPEG: baseline, progressive and arithmetic-coded, 8 bits a sample, with the pixels of libjpeg-turbo.

mod frame;

mod markers;

mod metadata;

mod planes;

mod stream;

#[cfg(test)]
mod tests;

use std::io::Read;
use std::ops::ControlFlow;

use libjpeg_turbo_rs::{DecodeLimits, DecodeWarning, Decoder, JpegError, PixelFormat};
use pixtwin_pixel::{Channels, Delay, Depth, Row, RowSink};

use self::frame::{Frame, Way};
use self::markers::Markers;
use self::planes::RowMaker;
use self::stream::Lead;
use crate::codec::{Codec, charge, fenced};
use crate::{Error, Header, Limits, Metadata, Source};

pub(crate) struct Jpeg;

/// Rows that the estimate for a look at the first rows counts with.
const HEAD_ROWS: u32 = 128;

/// The least that is read of a file for its first rows.
const PREFIX_BYTES: u64 = 32 * 1024;

/// Scans of a progressive file: real ones have some ten, hostile ones would cost minutes.
const MAX_SCANS: usize = 1000;

impl Codec for Jpeg {
    fn header(&self, source: &mut dyn Source) -> Result<Header, Error> {
        let file_bytes = source.byte_len();
        let frame = Lead::read(&mut Markers::open(source)?)?.frame;
        let whole_bytes = file_bytes + frame.bytes(frame.height, frame.least_way());
        let head_bytes = frame
            .height_for(HEAD_ROWS)
            .map_or(whole_bytes, |height| whole_bytes.min(file_bytes + frame.bytes(height, Way::Picture)));
        Ok(Header { width: frame.width, height: frame.height, whole_bytes, head_bytes, stops_early: true })
    }

    fn rows(&self, source: &mut dyn Source, depth: Depth, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
        if let Depth::Rows(rows) = depth
            && let Some(head) = Head::decode(source, rows, limits)?
        {
            // Nothing is wrong when the sink breaks.
            let _ = head.give(rows, sink);
            return Ok(());
        }
        whole(source, limits, sink)
    }

    fn payload(&self, source: &mut dyn Source, _: Limits, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let mut markers = Markers::open(source)?;
        let lead = Lead::read(&mut markers)?;
        take(&lead.bytes);
        lead.rest(&mut markers, take)
    }

    fn metadata(&self, source: &mut dyn Source) -> Result<Metadata, Error> {
        metadata::read(source)
    }
}

/// The first rows, decoded as a picture of a smaller height.
struct Head {
    frame: Frame,
    pixels: Vec<u8>,
}

impl Head {
    /// Decodes only as much as that many rows need. `None` if that is everything, or did not work: the whole decode
    /// then finds out why.
    fn decode(source: &mut dyn Source, rows: u32, limits: Limits) -> Result<Option<Self>, Error> {
        let file_bytes = source.byte_len();
        let mut markers = Markers::open(source)?;
        let mut lead = Lead::read(&mut markers)?;
        let frame = lead.frame;
        let Some(height) = frame.height_for(rows) else {
            return Ok(None);
        };
        let needed = frame.bytes(height, Way::Picture);
        lead.set_height(height);
        if !lead.single_scan {
            charge(file_bytes + needed, limits)?;
            let mut bytes = std::mem::take(&mut lead.bytes);
            bytes.reserve_exact(usize::try_from(file_bytes - markers.offset()).unwrap_or(0) + 2);
            lead.rest(&mut markers, &mut |piece| bytes.extend_from_slice(piece))?;
            return Ok(picture(&bytes, &frame, height).ok().map(|pixels| Self { frame, pixels }));
        }
        let rest = file_bytes.saturating_sub(markers.offset());
        // The share of the rows, and half as much again, is mostly enough at once.
        let share = rest * u64::from(height) / u64::from(frame.height);
        let mut want = (share + share / 2).max(PREFIX_BYTES);
        let (mut bytes, mut held) = (lead.bytes, 0);
        loop {
            charge(want.min(rest) + needed, limits)?;
            bytes.reserve_exact(usize::try_from(want.min(rest) - held).unwrap_or(0));
            held += (&mut *markers.source).take(want.min(rest) - held).read_to_end(&mut bytes)? as u64;
            match picture(&bytes, &frame, height) {
                Ok(pixels) => return Ok(Some(Self { frame, pixels })),
                Err(_) if held < want.min(rest) || held >= rest => return Ok(None),
                Err(_) => want = want.saturating_mul(4),
            }
        }
    }

    fn give(&self, rows: u32, sink: &mut dyn RowSink) -> ControlFlow<()> {
        begin(&self.frame, sink)?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        give_rows(&self.frame, &self.pixels, rows, sink)
    }
}

/// Decodes all of it, the fast way if that fits in the limit.
fn whole(source: &mut dyn Source, limits: Limits, sink: &mut dyn RowSink) -> Result<(), Error> {
    let file_bytes = source.byte_len();
    let mut markers = Markers::open(source)?;
    let mut lead = Lead::read(&mut markers)?;
    let frame = lead.frame;
    let fast = file_bytes + frame.bytes(frame.height, Way::Picture);
    let way = if fast <= limits.memory_bytes { Way::Picture } else { frame.least_way() };
    charge(file_bytes + frame.bytes(frame.height, way), limits)?;
    let mut bytes = std::mem::take(&mut lead.bytes);
    bytes.reserve_exact(usize::try_from(file_bytes.saturating_sub(markers.offset())).unwrap_or(0) + 2);
    lead.rest(&mut markers, &mut |piece| bytes.extend_from_slice(piece))?;
    match way {
        Way::Picture => {
            let pixels = picture(&bytes, &frame, frame.height)?;
            drop(bytes);
            if begin(&frame, sink).is_continue() {
                let _ = give_rows(&frame, &pixels, usize::MAX, sink);
            }
            Ok(())
        }
        Way::Planes => {
            let (planes, strides) = planes(&bytes, &frame)?;
            drop(bytes);
            let Some(mut maker) = RowMaker::new(&frame, lead.colour, &planes, &strides) else {
                return Err(Error::corrupt("the decoder gave planes of another size"));
            };
            let _ = give_made_rows(&frame, &mut maker, sink);
            Ok(())
        }
    }
}

fn begin(frame: &Frame, sink: &mut dyn RowSink) -> ControlFlow<()> {
    sink.picture(1)?;
    sink.frame(pixtwin_pixel::Frame { width: frame.width, height: frame.height, delay: Delay::NONE })
}

fn give_made_rows(frame: &Frame, maker: &mut RowMaker<'_>, sink: &mut dyn RowSink) -> ControlFlow<()> {
    begin(frame, sink)?;
    for y in 0..frame.height as usize {
        sink.row(Row::eight(frame.channels(), maker.row(y)))?;
    }
    ControlFlow::Continue(())
}

fn give_rows(frame: &Frame, pixels: &[u8], rows: usize, sink: &mut dyn RowSink) -> ControlFlow<()> {
    let channels = frame.channels();
    let mut ink = Vec::new();
    for row in pixels.chunks_exact(frame.width as usize * channels.count()).take(rows) {
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

/// Pixels of a stream whose frame header says `height`, as libjpeg gives them out.
fn picture(bytes: &[u8], frame: &Frame, height: u32) -> Result<Vec<u8>, Error> {
    fenced(|| {
        let mut decoder = decoder(bytes, frame, height)?;
        decoder.set_output_format(match frame.channels() {
            Channels::Grey => PixelFormat::Grayscale,
            Channels::Cmyk => PixelFormat::Cmyk,
            _ => PixelFormat::Rgb,
        });
        let image = decoder.decode_image().map_err(reason)?;
        check(&image.warnings)?;
        let samples = u64::from(frame.width) * u64::from(height) * frame.channels().count() as u64;
        if image.data.len() as u64 != samples {
            return Err(Error::corrupt("the decoder gave a picture of another size"));
        }
        Ok(image.data)
    })
}

/// Component planes, and the bytes from row to row of each.
fn planes(bytes: &[u8], frame: &Frame) -> Result<(Vec<Vec<u8>>, Vec<usize>), Error> {
    fenced(|| {
        let (raw, warnings) = decoder(bytes, frame, frame.height)?.decode_raw_with_warnings().map_err(reason)?;
        check(&warnings)?;
        Ok((raw.planes, raw.plane_widths))
    })
}

fn decoder<'b>(bytes: &'b [u8], frame: &Frame, height: u32) -> Result<Decoder<'b>, Error> {
    let limits = DecodeLimits {
        max_width: usize::from(u16::MAX),
        max_height: usize::from(u16::MAX),
        max_pixels: u64::from(frame.width) * u64::from(height),
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
