//! What a JPEG holds beside its pixels.

use pixtwin_pixel::{Key, Turn};

use super::markers::{APP0, APP14, APP15, COM, EOI, Markers, SOS};
use crate::{Error, Metadata, Source, metadata::exif_orientation};

/// The segment of EXIF and XMP.
const APP1: u8 = 0xe1;
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const XMP_EXTENSION: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// Photoshop's number for the IPTC record among its resources.
const IPTC: u16 = 0x0404;

const APP_NAMES: [&str; 16] = [
    "APP0", "APP1", "APP2", "APP3", "APP4", "APP5", "APP6", "APP7", "APP8", "APP9", "APP10", "APP11", "APP12", "APP13",
    "APP14", "APP15",
];

/// Parts of profiles, and of packets, of more bytes are not kept in memory, but compared in the order of the file.
const MOST_PART_BYTES: usize = 8 << 20;

/// What keeping a part costs beside its bytes.
const PART_BYTES: usize = 64;

/// How a viewer turns the picture: what the first EXIF segment before the picture says.
pub(super) fn orientation(source: &mut dyn Source) -> Result<Turn, Error> {
    let mut markers = Markers::open(source)?;
    loop {
        let segment = markers.next()?;
        match segment.code {
            EOI | SOS => return Ok(Turn::None),
            APP1 => {
                let body = markers.body(segment)?;
                if let Some(tiff) = exif_of(&body) {
                    return Ok(exif_orientation(tiff).unwrap_or_default());
                }
            }
            _ => markers.skip(segment)?,
        }
    }
}

/// Walks the whole file and lists what decoding passes over.
pub(super) fn read(source: &mut dyn Source) -> Result<Metadata, Error> {
    let mut markers = Markers::open(source)?;
    let mut found = Found::default();
    loop {
        let segment = markers.next()?;
        match segment.code {
            EOI => break,
            SOS => {
                // Viewers look for EXIF before the picture only.
                found.exif = true;
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
    profile: Parts,
    xmp: Parts,
}

/// What is cut into segments, and belongs together in the order of their numbers.
#[derive(Default)]
struct Parts {
    held: Vec<(u64, Vec<u8>)>,
    held_bytes: usize,
    /// Takes all parts as they come, once they are too many to put in order.
    unordered: Option<Box<blake3::Hasher>>,
}

impl Parts {
    fn add(&mut self, number: u64, part: &[u8]) {
        self.held_bytes = self.held_bytes.saturating_add(part.len() + PART_BYTES);
        if self.unordered.is_none() && self.held_bytes <= MOST_PART_BYTES {
            return self.held.push((number, part.to_vec()));
        }
        let hasher = self.unordered.get_or_insert_default();
        for (number, part) in self.held.drain(..) {
            feed_part(hasher, number, &part);
        }
        feed_part(hasher, number, part);
    }

    /// The whole, if there is any part; its key alone where that is too long.
    fn finish(mut self) -> Option<Result<Vec<u8>, Key>> {
        if let Some(hasher) = self.unordered {
            return Some(Err(Key::from(&hasher.finalize())));
        }
        self.held.sort_by_key(|(number, _)| *number);
        (!self.held.is_empty()).then(|| Ok(self.held.into_iter().flat_map(|(_, part)| part).collect()))
    }
}

fn feed_part(hasher: &mut blake3::Hasher, number: u64, part: &[u8]) {
    hasher.update(&number.to_le_bytes()).update(&(part.len() as u64).to_le_bytes()).update(part);
}

/// The TIFF structure of an EXIF segment.
fn exif_of(body: &[u8]) -> Option<&[u8]> {
    body.starts_with(b"Exif\0").then(|| body.get(6..).unwrap_or_default())
}

impl Found {
    fn application(&mut self, code: u8, body: &[u8]) {
        match code {
            APP0 if body.starts_with(b"JFIF\0") => self.jfif(body),
            APP0 if body.starts_with(b"JFXX\0") => self.metadata.add("thumbnail", body),
            APP1 if exif_of(body).is_some() => self.exif(exif_of(body).unwrap_or_default()),
            APP1 if body.starts_with(XMP) => self.xmp.add(0, body.get(XMP.len()..).unwrap_or_default()),
            APP1 if body.starts_with(XMP_EXTENSION) => self.xmp_extension(body),
            0xe2 if body.starts_with(b"ICC_PROFILE\0") => {
                if let Some(([number, _], part)) = body.get(12..).and_then(<[u8]>::split_first_chunk) {
                    self.profile.add(u64::from(*number), part);
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
            self.metadata.add_further_exif(tiff);
        } else {
            self.metadata.add_exif(tiff);
        }
        self.exif = true;
    }

    /// A part of a long packet: its digest in 32 characters, the length of all, where this part belongs, the part.
    fn xmp_extension(&mut self, body: &[u8]) {
        let rest = body.get(XMP_EXTENSION.len() + 36..).unwrap_or_default();
        if let Some((place, part)) = rest.split_first_chunk() {
            // The main packet comes before them.
            self.xmp.add(u64::from(u32::from_be_bytes(*place)) + 1, part);
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
        match self.profile.finish() {
            Some(Ok(profile)) => self.metadata.add("ICC profile", &profile),
            Some(Err(key)) => self.metadata.add_key("ICC profile", key),
            None => {}
        }
        match self.xmp.finish() {
            Some(Ok(packet)) => self.metadata.add_xmp(&packet),
            Some(Err(key)) => self.metadata.add_closed("XMP", key),
            None => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_held_up_to_a_limit() {
        let part = [7; 60_000];
        let key = |numbers: &[u64]| {
            let mut parts = Parts::default();
            for number in numbers {
                parts.add(*number, &part);
                let held: usize = parts.held.iter().map(|(_, part)| part.len()).sum();
                assert!(held <= MOST_PART_BYTES);
            }
            parts.finish().map(|whole| whole.map_or_else(|key| key, |whole| Key::of(&whole)))
        };
        assert_eq!(key(&[]), None);
        assert_eq!(key(&[2, 1]), Some(Key::of(&[7; 120_000])));
        let many: Vec<u64> = (0..255).collect();
        let other: Vec<u64> = (1..256).collect();
        assert_eq!(key(&many), key(&many));
        assert_ne!(key(&many), key(&other));
        assert_ne!(key(&many), key(&many[..254]));
    }
}
