//! The decoder crate behind one small interface: events in, rows out.

use std::{
    io::{self, IoSliceMut, SeekFrom},
    ops::ControlFlow,
};

use jxl::{
    api::{
        Endianness, Event, ExtraChannel, JxlBasicInfo, JxlBitDepth, JxlBitstreamInput, JxlColorProfile, JxlColorType,
        JxlDataFormat, JxlDecoder, JxlDecoderOptions, JxlOutputBuffer, JxlPixelFormat, ProfileLevel,
    },
    error::Error as JxlError,
};
use pixtwin_pixel::{Channels, Delay, Frame, Row, RowSink, scale_to_sixteen};

use crate::{Error, Limits, Source, codec::charge};

/// What a pass over the file is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// The headers of all frames, no pixel.
    Frames,
    Pixels,
}

/// What the header says, as far as it matters here.
#[derive(Clone)]
pub(super) struct Info {
    pub(super) width: u32,
    pub(super) height: u32,
    /// The number that EXIF has for it.
    pub(super) orientation: u32,
    pub(super) icc_profile: Option<Vec<u8>>,
    /// Of an animation: how often it is shown, 0 for ever.
    pub(super) loops: Option<u32>,
    /// Length of a tick of an animation in seconds, as numerator and denominator.
    tick: Option<(u64, u64)>,
    bits: u8,
    is_grey: bool,
    has_alpha: bool,
    channels: u64,
}

impl Info {
    fn of(info: &JxlBasicInfo, profile: &JxlColorProfile) -> Result<Self, Error> {
        let bits = match info.bit_depth {
            JxlBitDepth::Int { bits_per_sample: 8 } => 8,
            JxlBitDepth::Int { bits_per_sample: 16 } => 16,
            JxlBitDepth::Int { bits_per_sample: bits } => {
                return Err(Error::unsupported(format!("{bits}-bit JPEG XL")));
            }
            JxlBitDepth::Float { .. } => return Err(Error::unsupported("floating-point JPEG XL")),
        };
        for extra in &info.extra_channels {
            match extra.ec_type {
                ExtraChannel::Alpha if extra.alpha_associated => {
                    return Err(Error::unsupported("JPEG XL with premultiplied alpha"));
                }
                ExtraChannel::Black => return Err(Error::unsupported("CMYK JPEG XL")),
                ExtraChannel::SpotColor => return Err(Error::unsupported("JPEG XL with spot colours")),
                _ => {}
            }
        }
        let (width, height) = info.size;
        let too_wide = |_| Error::corrupt("the header says more than 4294967295 pixels a side");
        Ok(Self {
            width: u32::try_from(width).map_err(too_wide)?,
            height: u32::try_from(height).map_err(too_wide)?,
            orientation: info.orientation as u32,
            icc_profile: match profile {
                JxlColorProfile::Icc(bytes) => Some(bytes.clone()),
                JxlColorProfile::Simple(_) => None,
            },
            loops: info.animation.as_ref().map(|animation| animation.num_loops),
            tick: info.animation.as_ref().map(|animation| {
                // The header counts ticks a second.
                (u64::from(animation.tps_denominator), u64::from(animation.tps_numerator.max(1)))
            }),
            bits,
            is_grey: profile.channels() == 1,
            has_alpha: info.extra_channels.iter().any(|extra| extra.ec_type == ExtraChannel::Alpha),
            channels: 3 + info.extra_channels.len() as u64,
        })
    }

    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Memory that decoding holds at once, an upper estimate.
    pub(super) fn memory_bytes(&self, file_bytes: u64) -> u64 {
        self.pixels()
            .saturating_mul(self.channels * BYTES_A_SAMPLE)
            .saturating_add(file_bytes)
            .saturating_add(FIXED_BYTES)
    }

    fn colours(&self) -> usize {
        if self.is_grey { 1 } else { 3 }
    }

    fn pixel_format(&self, info: &JxlBasicInfo) -> JxlPixelFormat {
        let mut alpha = self.has_alpha.then_some(SIXTEEN);
        JxlPixelFormat {
            color_type: if self.is_grey { JxlColorType::Grayscale } else { JxlColorType::Rgb },
            color_data_format: Some(if self.bits == 8 { JxlDataFormat::U8 { bit_depth: 8 } } else { SIXTEEN }),
            extra_channel_format: info
                .extra_channels
                .iter()
                .map(|extra| if extra.ec_type == ExtraChannel::Alpha { alpha.take() } else { None })
                .collect(),
        }
    }
}

/// Alpha has a bit depth of its own, which the decoder does not tell; 16 bits hold each of them.
const SIXTEEN: JxlDataFormat = JxlDataFormat::U16 { endianness: Endianness::LittleEndian, bit_depth: 16 };

/// Bytes for each sample of the picture: four reference frames and two more of four bytes a sample. Measured on
/// stills of 6 megapixels with alpha, lossless, lossy and progressive: less than 5.
const BYTES_A_SAMPLE: u64 = 24;

/// Memory beside that: tables, and the buffers of groups of 256 x 256 pixels.
const FIXED_BYTES: u64 = 16 << 20;

/// One pass over the file.
pub(super) struct Reader<'s> {
    decoder: JxlDecoder,
    input: Input<'s>,
    info: Option<Info>,
}

impl<'s> Reader<'s> {
    pub(super) fn open(source: &'s mut dyn Source, scan: Scan, memory_bytes: u64) -> Result<Self, Error> {
        source.seek(SeekFrom::Start(0))?;
        let mut options = JxlDecoderOptions::default();
        options.adjust_orientation = false;
        options.scan_frames_only = scan == Scan::Frames;
        options.max_profile_level = ProfileLevel::Main10;
        options.sample_limit = usize::try_from(memory_bytes / 4).ok();
        let left = source.byte_len();
        Ok(Self { decoder: JxlDecoder::new(options), input: Input { source, left }, info: None })
    }

    fn step(&mut self, buffers: Option<&mut [JxlOutputBuffer<'_>]>) -> Result<Event, Error> {
        match self.decoder.process(&mut self.input, buffers, None) {
            Ok(Event::NeedMoreInput { .. }) => Err(Error::corrupt("the codestream ends early")),
            Ok(event) => Ok(event),
            Err(JxlError::IOError(cause)) => Err(Error::reading(cause, "the codestream")),
            Err(cause) => Err(Error::corrupt(format!("the codestream is broken: {cause}"))),
        }
    }

    /// Reads as far as the header goes.
    pub(super) fn info(&mut self) -> Result<Info, Error> {
        if let Some(info) = &self.info {
            return Ok(info.clone());
        }
        while self.step(None)? != Event::BasicInfo {}
        let (Some(basic), Some(profile)) = (self.decoder.basic_info(), self.decoder.embedded_color_profile()) else {
            return Err(Error::corrupt("the codestream has no header"));
        };
        let info = Info::of(basic, profile)?;
        let format = info.pixel_format(basic);
        self.decoder.set_pixel_format(format).map_err(|cause| Error::corrupt(cause.to_string()))?;
        self.info = Some(info.clone());
        Ok(info)
    }

    /// Reads the headers of all frames and gives their delays.
    pub(super) fn delays(&mut self, limits: Limits) -> Result<Vec<Delay>, Error> {
        let info = self.info()?;
        while self.step(None)? != Event::Complete {
            // What is kept of a frame, twice while the list of them grows.
            charge(self.decoder.scanned_frames().len() as u64 * FRAME_BYTES, limits)?;
        }
        let frames = self.decoder.scanned_frames();
        let is_animated = frames.len() > 1;
        let delays = frames.iter().map(|frame| match info.tick {
            Some((numerator, denominator)) if is_animated => {
                delay(u64::from(frame.duration_ticks), numerator, denominator)
            }
            _ => Ok(Delay::NONE),
        });
        let delays = delays.collect::<Result<Vec<_>, _>>()?;
        if delays.is_empty() { Err(Error::corrupt("the codestream has no frame")) } else { Ok(delays) }
    }

    /// Offset of the end of a bare codestream, known once all frames are read.
    pub(super) fn file_bytes(&self) -> u64 {
        self.decoder.file_length().unwrap_or(0)
    }

    /// Decodes the frames with these delays into `sink`.
    pub(super) fn rows(&mut self, delays: &[Delay], sink: &mut dyn RowSink) -> Result<(), Error> {
        let info = self.info()?;
        if sink.picture(u32::try_from(delays.len()).unwrap_or(u32::MAX)).is_break() {
            return Ok(());
        }
        let mut planes = Planes::new(&info);
        for delay in delays {
            self.decode_frame(&mut planes)?;
            let frame = Frame { width: info.width, height: info.height, delay: *delay };
            if sink.frame(frame).is_break() || planes.hand_on(&info, sink).is_break() {
                return Ok(());
            }
        }
        match self.step(None)? {
            Event::Complete => Ok(()),
            _ => Err(Error::corrupt(format!("the codestream has more than the {} frames it lists", delays.len()))),
        }
    }

    fn decode_frame(&mut self, planes: &mut Planes) -> Result<(), Error> {
        loop {
            let mut buffers = planes.buffers();
            match self.step(Some(&mut buffers))? {
                Event::FrameComplete { .. } => return Ok(()),
                Event::Complete => return Err(Error::corrupt("the codestream has fewer frames than it lists")),
                _ => {}
            }
        }
    }
}

const FRAME_BYTES: u64 = 2 * 512;

/// A frame's duration in lowest terms.
fn delay(ticks: u64, numerator: u64, denominator: u64) -> Result<Delay, Error> {
    let (mut a, mut b) = (ticks * numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let part = |value: u64| u32::try_from(value / a.max(1)).ok();
    match (part(ticks * numerator), part(denominator)) {
        (Some(numerator), Some(denominator)) => Ok(Delay::seconds(numerator, denominator)),
        _ => Err(Error::unsupported(format!("a frame of {ticks} times {numerator}/{denominator} seconds"))),
    }
}

/// The decoded frame: colours, and alpha apart from them.
struct Planes {
    colours: Aligned,
    alpha: Option<Aligned>,
}

impl Planes {
    fn new(info: &Info) -> Self {
        let (width, height) = (info.width as usize, info.height as usize);
        let sample_bytes = if info.bits == 8 { 1 } else { 2 };
        let colours = Aligned::new(height, width * info.colours() * sample_bytes);
        Self { colours, alpha: info.has_alpha.then(|| Aligned::new(height, width * 2)) }
    }

    fn buffers(&mut self) -> Vec<JxlOutputBuffer<'_>> {
        std::iter::once(&mut self.colours).chain(&mut self.alpha).map(Aligned::buffer).collect()
    }

    fn hand_on(&self, info: &Info, sink: &mut dyn RowSink) -> ControlFlow<()> {
        let channels = match (info.is_grey, info.has_alpha) {
            (true, false) => Channels::Grey,
            (true, true) => Channels::GreyAlpha,
            (false, false) => Channels::Rgb,
            (false, true) => Channels::Rgba,
        };
        let mut line = Vec::with_capacity(info.width as usize * channels.count());
        let mut alphas = self.alpha.as_ref().map(Aligned::rows).into_iter().flatten();
        for stored in self.colours.rows() {
            if info.bits == 8 && !info.has_alpha {
                sink.row(Row::eight(channels, stored))?;
                continue;
            }
            line.clear();
            let mut colours = samples(stored, info.bits);
            match alphas.next() {
                None => line.extend(colours),
                Some(alpha) => {
                    for alpha in samples(alpha, 16) {
                        line.extend(colours.by_ref().take(info.colours()));
                        line.push(alpha);
                    }
                }
            }
            sink.row(Row::sixteen(channels, &line))?;
        }
        ControlFlow::Continue(())
    }
}

/// Decoded samples of 8 or 16 bits, widened to 16.
fn samples(decoded: &[u8], bits: u8) -> impl Iterator<Item = u16> {
    decoded.chunks_exact(usize::from(bits / 8)).map(|sample| match *sample {
        [low, high] => u16::from_le_bytes([low, high]),
        [value] => scale_to_sixteen(value.into(), 255),
        _ => 0,
    })
}

/// Bytes that begin at an even address, as the decoder demands of 16-bit samples.
struct Aligned {
    bytes: Vec<u8>,
    row_bytes: usize,
}

impl Aligned {
    fn new(rows: usize, row_bytes: usize) -> Self {
        Self { bytes: vec![0; rows * row_bytes + 1], row_bytes }
    }

    /// Where the rows begin, and where they end.
    fn place(&self) -> std::ops::Range<usize> {
        let from = self.bytes.as_ptr().align_offset(2).min(1);
        from..from + self.bytes.len() - 1
    }

    fn buffer(&mut self) -> JxlOutputBuffer<'_> {
        let (place, row_bytes) = (self.place(), self.row_bytes);
        let bytes = self.bytes.get_mut(place).unwrap_or_default();
        let rows = bytes.len() / row_bytes;
        JxlOutputBuffer::new(bytes, rows, row_bytes)
    }

    fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.get(self.place()).unwrap_or_default().chunks_exact(self.row_bytes)
    }
}

/// The source as the decoder wants it.
struct Input<'s> {
    source: &'s mut dyn Source,
    left: u64,
}

impl JxlBitstreamInput for Input<'_> {
    fn available_bytes(&mut self) -> io::Result<usize> {
        Ok(usize::try_from(self.left).unwrap_or(usize::MAX))
    }

    fn read(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut total = 0;
        for buffer in buffers {
            let mut filled = 0;
            while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                match self.source.read(rest)? {
                    0 => break,
                    count => filled += count,
                }
            }
            total += filled;
            self.left = self.left.saturating_sub(filled as u64);
            if filled < buffer.len() {
                break;
            }
        }
        Ok(total)
    }

    fn skip(&mut self, bytes: usize) -> io::Result<usize> {
        let skipped = self.left.min(bytes as u64);
        self.source.seek_relative(i64::try_from(skipped).unwrap_or(i64::MAX))?;
        self.left -= skipped;
        Ok(usize::try_from(skipped).unwrap_or(bytes))
    }
}
