//! What a JPEG holds beside its pixels.

use super::markers::{APP0, APP14, APP15, COM, EOI, Markers, SOS};
use crate::{Error, Metadata, Source};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const XMP_EXTENSION: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Photoshop's number for the IPTC record among its resources.
const IPTC: u16 = 0x0404;

const APP_NAMES: [&str; 16] = [
    "APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10", "APP11", "APP12", "APP13",
    "APP14", "APP15",
];

/// Walks the whole file and lists what decoding passes over.
pub(super) fn read(source: &mut dyn Source) -> Result<Metadata, Error> {
    let mut markers = Markers::open(source)?;
    let mut found = Found::default();
    loop {
        let segment = markers.next()?;
        match segment.code {
            EOI => break,
            SOS => {
                markers.skip(segment)?;
                markers.entropy(&mut |_| {})?;
            }
            APP0..=APP15 => {
                let body = markers.body(segment)?;
                found.application(segment.code, &body);
            }
            COM => {
                let body = markers.body(segment)?;
                found.metadata.add("comment", &body);
            }
            _ => markers.skip(segment)?,
        }
    }
    let mut metadata = found.finish();
    let end = markers.offset();
    metadata.add_trailing(markers.source, end)?;
    Ok(metadata)
}

/// What was found so far; profiles and packets that come in parts wait for the end.
#[derive(Default)]
struct Found {
    metadata: Metadata,
    exif: bool,
    profile: Vec<(u8, Vec<u8>)>,
    xmp: Vec<u8>,
    xmp_parts: Vec<(u32, Vec<u8>)>,
}

impl Found {
    fn application(&mut self, code: u8, body: &[u8]) {
        match code {
            APP0 if body.starts_with(b"JFIF\0") => self.jfif(body),
            APP0 if body.starts_with(b"JFXX\0") => self.metadata.add("thumbnail", body),
            0xe1 if body.starts_with(b"Exif\0") => self.exif(body.get(6..).unwrap_or_default()),
            0xe1 if body.starts_with(XMP) => self.xmp.extend(body.get(XMP.len()..).unwrap_or_default()),
            0xe1 if body.starts_with(XMP_EXTENSION) => self.xmp_extension(body),
            0xe2 if body.starts_with(b"ICC_PROFILE\0") => {
                if let Some(([number, _], part)) = body.get(12..).and_then(<[u8]>::split_first_chunk) {
                    self.profile.push((*number, part.to_vec()));
                }
            }
            0xe2 if body.starts_with(b"MPF\0") => self.metadata.add("MPF", body),
            0xed if body.starts_with(PHOTOSHOP) => self.photoshop(body.get(PHOTOSHOP.len()..).unwrap_or_default()),
            APP14 if body.starts_with(b"Adobe") => {
                let transform = body.get(11).map_or_else(String::new, |transform| format!("transform {transform}"));
                self.metadata.add_value("Adobe marker", body, transform);
            }
            _ => {
                let name = APP_NAMES.get(usize::from(code & 15)).copied().unwrap_or("APP0");
                self.metadata.add(name, body);
            }
        }
    }

    fn jfif(&mut self, body: &[u8]) {
        let Some([unit, x1, x0, y1, y0]) = body.get(7..12).and_then(<[u8]>::first_chunk) else {
            return self.metadata.add("APP0", body);
        };
        let (x, y) = (u16::from_be_bytes([*x1, *x0]), u16::from_be_bytes([*y1, *y0]));
        let value = match unit {
            1 => format!("{x} x {y} dpi"),
            2 => format!("{x} x {y} dots per cm"),
            _ => format!("{x} : {y}"),
        };
        self.metadata.add_value("resolution", &[*unit, *x1, *x0, *y1, *y0], value);
        if let Some(thumbnail @ [width, height, ..]) = body.get(12..)
            && (*width, *height) != (0, 0)
        {
            self.metadata.add("thumbnail", thumbnail);
        }
    }

    /// Viewers go by the first EXIF segment.
    fn exif(&mut self, tiff: &[u8]) {
        if self.exif {
            self.metadata.add("EXIF", tiff);
        } else {
            self.metadata.add_exif(tiff);
        }
        self.exif = true;
    }

    /// A part of a long packet: its digest in 32 characters, the length of all, where this part belongs, the part.
    fn xmp_extension(&mut self, body: &[u8]) {
        let rest = body.get(XMP_EXTENSION.len() + 36..).unwrap_or_default();
        if let Some((place, part)) = rest.split_first_chunk() {
            self.xmp_parts.push((u32::from_be_bytes(*place), part.to_vec()));
        }
    }

    /// Splits Photoshop's resources: IPTC goes by its own name.
    fn photoshop(&mut self, resources: &[u8]) {
        let (mut rest, mut others) = (resources, Vec::new());
        while let Some((number, data, whole)) = resource(rest) {
            if number == IPTC {
                self.metadata.add("IPTC", data);
            } else {
                others.extend_from_slice(rest.get(..whole).unwrap_or(rest));
            }
            rest = rest.get(whole..).unwrap_or_default();
        }
        others.extend_from_slice(rest);
        if !others.is_empty() {
            self.metadata.add("Photoshop resources", &others);
        }
    }

    fn finish(mut self) -> Metadata {
        if !self.profile.is_empty() {
            self.profile.sort_by_key(|(number, _)| *number);
            let whole = self.profile.into_iter().flat_map(|(_, part)| part).collect::<Vec<_>>();
            self.metadata.add("ICC profile", &whole);
        }
        if !self.xmp.is_empty() || !self.xmp_parts.is_empty() {
            self.xmp_parts.sort_by_key(|(place, _)| *place);
            self.xmp.extend(self.xmp_parts.into_iter().flat_map(|(_, part)| part));
            self.metadata.add("XMP", &self.xmp);
        }
        self.metadata
    }
}

/// The first Photoshop resource: its number, its data, and the bytes it takes with its padding.
fn resource(bytes: &[u8]) -> Option<(u16, &[u8], usize)> {
    let rest = bytes.strip_prefix(b"8BIM")?;
    let (number, rest) = rest.split_first_chunk()?;
    // A name with its length before it, padded to an even number.
    let name = (usize::from(*rest.first()?) + 2) & !1;
    let (len, rest) = rest.get(name..)?.split_first_chunk()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let data = rest.get(..len)?;
    Some((u16::from_be_bytes(*number), data, 4 + 2 + name + 4 + len + (len & 1)))
}
