//! The part of a JPEG that its pixels depend on, as a JPEG of its own.
//!
//! The decoder is given this and nothing else, and the payload key is the hash of this: so equal payloads are equal
//! pixels, and no damage within EXIF or a colour profile reaches the decoder.

use super::frame::Frame;
use super::markers::{APP0, APP14, DHP, EOI, Markers, SOS};
use crate::Error;

/// Tables before the first scan: the largest set there can be has some 3 kB.
const LEAD_BYTES: usize = 1024 * 1024;

/// The start of the stream, up to the entropy-coded data of the first scan.
pub(super) struct Lead {
    /// From the start-of-image marker to the end of the first scan header.
    pub(super) bytes: Vec<u8>,
    /// The frame header, with the size that the stream says now.
    pub(super) frame: Frame,
    /// The width that the file says.
    pub(super) full_width: u32,
    /// The height that the file says.
    pub(super) full_height: u32,
    pub(super) colour: Colour,
    /// Whether the first scan holds the whole picture.
    pub(super) single_scan: bool,
    height_at: usize,
    sent: Sent,
}

/// How exactly the scans of a progressive file have told each component's first coefficients, as far as they were read.
struct Sent([[u8; Sent::COEFFICIENTS]; 4]);

/// What the components mean, as libjpeg decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Grey,
    YCbCr,
    Rgb,
    Cmyk,
    Ycck,
}

impl Lead {
    /// Reads up to the first scan.
    pub(super) fn read(markers: &mut Markers<'_>) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(1024);
        bytes.extend([0xff, 0xd8]);
        let (mut jfif, mut adobe) = (false, None);
        let mut found: Option<(Frame, usize)> = None;
        loop {
            let segment = markers.next()?;
            match segment.code {
                _ if segment.is_frame_header() => {
                    if found.is_some() {
                        return Err(Error::corrupt("there is more than one frame header"));
                    }
                    let body = bytes.len() + 4;
                    markers.append(segment, &mut bytes)?;
                    let frame = Frame::parse(segment, bytes.get(body..).unwrap_or_default())?;
                    found = Some((frame, body + 1));
                }
                _ if segment.is_table() => markers.append(segment, &mut bytes)?,
                APP0 => jfif |= matches!(markers.start::<14>(segment)?, (body, 14) if body.starts_with(b"JFIF\0")),
                APP14 => {
                    if let ([b'A', b'd', b'o', b'b', b'e', .., transform], 12) = markers.start::<12>(segment)? {
                        adobe = Some(transform);
                    }
                }
                SOS => {
                    let Some((frame, height_at)) = found else {
                        return Err(Error::corrupt("the first scan comes before the frame header"));
                    };
                    let colour = Colour::of(&frame, jfif, adobe);
                    bytes.extend_from_slice(colour.marker());
                    let body = bytes.len() + 4;
                    markers.append(segment, &mut bytes)?;
                    let scan = bytes.get(body..).unwrap_or_default();
                    let mut sent = Sent([[u8::MAX; Sent::COEFFICIENTS]; 4]);
                    sent.note(&frame, scan);
                    let scanned = scan.first().copied().map_or(0, usize::from);
                    let single_scan = !frame.progressive && scanned == frame.count;
                    let (full_width, full_height) = (frame.width, frame.height);
                    return Ok(Self { bytes, frame, full_width, full_height, colour, single_scan, height_at, sent });
                }
                EOI => return Err(Error::corrupt("the file ends before its first scan")),
                DHP => return Err(Error::unsupported("hierarchical JPEG")),
                _ => markers.skip(segment)?,
            }
            if bytes.len() > LEAD_BYTES {
                return Err(Error::corrupt("there is more than 1 MiB of tables before the first scan"));
            }
        }
    }

    /// Feeds everything after the lead that the pixels depend on, through to the end-of-image marker.
    ///
    /// # Errors
    /// Also for the few files that need block smoothing where the decoder has none: libjpeg smooths a progressive
    /// picture whose last scans are missing.
    pub(super) fn rest(&mut self, markers: &mut Markers<'_>, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        markers.entropy(take)?;
        let mut segment_bytes = Vec::new();
        loop {
            let segment = markers.next()?;
            match segment.code {
                EOI => {
                    take(&[0xff, EOI]);
                    let smoothed = self.is_smoothed();
                    if smoothed && (self.frame.arithmetic || !self.frame.has_right_picture()) {
                        return Err(Error::unsupported("unusual progressive JPEG whose last scans are missing"));
                    }
                    return Ok(());
                }
                _ if segment.is_frame_header() => {
                    return Err(Error::corrupt("there is more than one frame header"));
                }
                // What follows a scan that holds everything changes nothing: decoders stop there.
                SOS if self.single_scan => {
                    markers.skip(segment)?;
                    markers.entropy(&mut |_| {})?;
                }
                SOS => {
                    segment_bytes.clear();
                    markers.append(segment, &mut segment_bytes)?;
                    take(&segment_bytes);
                    self.sent.note(&self.frame, segment_bytes.get(4..).unwrap_or_default());
                    markers.entropy(take)?;
                }
                _ if segment.is_table() && !self.single_scan => {
                    segment_bytes.clear();
                    markers.append(segment, &mut segment_bytes)?;
                    take(&segment_bytes);
                }
                _ => markers.skip(segment)?,
            }
        }
    }

    /// Whether libjpeg smooths the picture, after the scans that were read: it does so where the last scans of a
    /// progressive one are missing.
    pub(super) fn is_smoothed(&self) -> bool {
        self.frame.progressive && !self.sent.is_exact(&self.frame)
    }

    /// The whole stream, taken out of here; for a file of that many bytes.
    pub(super) fn read_rest(&mut self, markers: &mut Markers<'_>, file_bytes: u64) -> Result<Vec<u8>, Error> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let rest = file_bytes.saturating_sub(markers.offset());
        bytes.reserve_exact(usize::try_from(rest).unwrap_or(0) + 2);
        self.rest(markers, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// Makes the frame header say another size.
    pub(super) fn set_size(&mut self, width: u32, height: u32) {
        (self.frame.width, self.frame.height) = (width, height);
        let sides = [height, width].map(|side| u16::try_from(side).unwrap_or(u16::MAX).to_be_bytes());
        if let Some(place) = self.bytes.get_mut(self.height_at..self.height_at + 4) {
            place.copy_from_slice(sides.as_flattened());
        }
    }
}

impl Sent {
    /// Those that block smoothing looks at.
    const COEFFICIENTS: usize = 10;

    /// Takes note of a scan header: components, first and last coefficient, and the bit it tells them to.
    fn note(&mut self, frame: &Frame, scan: &[u8]) {
        let Some((count, rest)) = scan.split_first() else { return };
        let Some((parts, [first, last, bits])) = rest.split_at_checked(usize::from(*count) * 2) else { return };
        for (component, told) in frame.components().iter().zip(&mut self.0) {
            if parts.chunks_exact(2).any(|part| part.first() == Some(&component.id)) {
                let range = usize::from(*first)..Self::COEFFICIENTS.min(usize::from(*last) + 1);
                told.get_mut(range).unwrap_or_default().fill(bits & 15);
            }
        }
    }

    fn is_exact(&self, frame: &Frame) -> bool {
        self.0.iter().take(frame.count).flatten().all(|bit| *bit == 0)
    }
}

impl Colour {
    fn of(frame: &Frame, jfif: bool, adobe: Option<u8>) -> Self {
        match (frame.count, adobe) {
            (1, _) => Self::Grey,
            (3, _) if jfif => Self::YCbCr,
            (3, Some(0)) => Self::Rgb,
            (3, Some(_)) => Self::YCbCr,
            (3, None) if frame.components.map(|part| part.id).starts_with(b"RGB") => Self::Rgb,
            (3, None) => Self::YCbCr,
            (_, None | Some(0)) => Self::Cmyk,
            (_, Some(_)) => Self::Ycck,
        }
    }

    /// A marker that makes every decoder decide the same.
    const fn marker(self) -> &'static [u8] {
        match self {
            Self::Grey => b"",
            Self::YCbCr => b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0",
            Self::Rgb | Self::Cmyk => b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0",
            Self::Ycck => b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x02",
        }
    }
}
