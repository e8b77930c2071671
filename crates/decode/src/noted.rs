//! What the owner of a picture would miss most of its metadata: when and where it was taken, and how it was rated.

use exif::{Context, In, Tag, Value};
use pixtwin_pixel::Key;

use crate::metadata::LONGEST_EXIF;

/// XMP of more bytes is compared but not searched, where it need not be held in memory to be compared.
pub(crate) const LONGEST_XMP: u64 = 1 << 20;

/// A value of more bytes is kept as its hash: a date has 19, a position some 60.
const LONGEST_VALUE: usize = 256;

/// How Microsoft's programs note stars in EXIF.
const RATING: Tag = Tag(Context::Tiff, 0x4746);

/// When a picture was taken, the first that is there: by the camera, by the scanner, or the change of the file.
const DATES: [Tag; 3] = [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime];

/// Where a picture was taken.
const POSITION: [Tag; 6] = [
    Tag::GPSLatitudeRef,
    Tag::GPSLatitude,
    Tag::GPSLongitudeRef,
    Tag::GPSLongitude,
    Tag::GPSAltitudeRef,
    Tag::GPSAltitude,
];

/// What EXIF and XMP say that the owner of a picture would miss. Equal values are equal content; EXIF goes before XMP, and
/// the first of several before the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// When it was taken, as EXIF writes it: `2024:05:17 10:31:00`. Blanks and zeros are no date.
    pub date: Option<String>,
    /// Where it was taken: latitude, longitude and altitude in the numbers of the file.
    pub position: Option<String>,
    /// Its stars.
    pub rating: Option<String>,
    /// A hash of the EXIF or XMP data that could not be looked through: damaged, packed, or too long. What it says is not
    /// known, and may be any of the above.
    pub unreadable: Option<String>,
}

impl Noted {
    /// Takes what EXIF data says that is not known yet: a TIFF structure without the `Exif\0\0` before it.
    pub(crate) fn add_exif(&mut self, parsed: &exif::Exif) {
        let primary = |tag| parsed.get_field(tag, In::PRIMARY).map(|field| &field.value);
        let date = || DATES.into_iter().filter_map(primary).find_map(date_of);
        self.date = self.date.take().or_else(date);
        self.position = self.position.take().or_else(|| position_of(&POSITION.map(primary)));
        let rating = || primary(RATING).and_then(|value| value.get_uint(0)).map(|stars| stars.to_string());
        self.rating = self.rating.take().or_else(rating);
    }

    /// Takes what an XMP packet says that is not known yet.
    pub(crate) fn add_xmp(&mut self, packet: &[u8]) {
        let value = |name: &str| value_in(packet, name.as_bytes());
        self.date = self.date.take().or_else(|| value("exif:DateTimeOriginal"));
        self.rating = self.rating.take().or_else(|| value("xmp:Rating"));
        if let (None, Some(north), Some(east)) = (&self.position, value("exif:GPSLatitude"), value("exif:GPSLongitude"))
        {
            self.position = Some(format!("{north} {east}"));
        }
    }

    /// Notes data that could not be looked through.
    pub(crate) fn add_unreadable(&mut self, content: Key) {
        let both = [self.unreadable.take().unwrap_or_default().as_bytes(), &content.0].concat();
        self.unreadable = Some(hex(Key::of(&both)));
    }
}

/// EXIF data, if it is whole.
pub(crate) fn parse(tiff: &[u8]) -> Option<exif::Exif> {
    if tiff.len() as u64 > LONGEST_EXIF {
        return None;
    }
    exif::Reader::new().read_raw(tiff.to_vec()).ok()
}

/// A key in hexadecimal digits.
fn hex(key: Key) -> String {
    key.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn date_of(value: &Value) -> Option<String> {
    let Value::Ascii(parts) = value else { return None };
    let text: String = kept(parts.first()?);
    let is_any = text.bytes().any(|byte| byte.is_ascii_digit() && byte != b'0') || text.bytes().any(|byte| byte > b':');
    is_any.then_some(text)
}

/// Text of a file as it can be kept: printable, and not long.
fn kept(bytes: &[u8]) -> String {
    if bytes.len() > LONGEST_VALUE {
        return hex(Key::of(bytes));
    }
    bytes.trim_ascii().escape_ascii().to_string()
}

/// Latitude and longitude must be there and be numbers: cameras without reception write none, or `0/0`.
fn position_of(values: &[Option<&Value>; 6]) -> Option<String> {
    let [_, latitude, _, longitude, ..] = values;
    let is_place = |value: &Option<&Value>| match value {
        Some(Value::Rational(parts)) => !parts.is_empty() && parts.iter().all(|part| part.denom > 0),
        _ => false,
    };
    if !is_place(latitude) || !is_place(longitude) {
        return None;
    }
    let text: Vec<String> = values.iter().copied().flatten().filter_map(number_text).collect();
    Some(kept(text.join(" ").as_bytes()))
}

fn number_text(value: &Value) -> Option<String> {
    match value {
        Value::Ascii(parts) => parts.first().map(|part| kept(part)),
        Value::Byte(bytes) => bytes.first().map(u8::to_string),
        Value::Rational(parts) => {
            let text: Vec<String> = parts.iter().take(4).map(|part| format!("{}/{}", part.num, part.denom)).collect();
            Some(text.join(","))
        }
        _ => None,
    }
}

/// The value of a property in an XMP packet, as an attribute (`xmp:Rating="4"`) or as an element (`<xmp:Rating>4<`).
fn value_in(packet: &[u8], name: &[u8]) -> Option<String> {
    let mut rest = packet;
    while let Some(at) = find(rest, name) {
        let is_begun =
            at.checked_sub(1).and_then(|before| rest.get(before)).is_some_and(|byte| b" \t\r\n<".contains(byte));
        rest = rest.get(at + name.len()..)?;
        let value = if is_begun { value_after_name(rest) } else { None };
        if let Some(value) = value.map(<[u8]>::trim_ascii).filter(|value| !value.is_empty()) {
            return Some(kept(value));
        }
    }
    None
}

/// What follows the name of a property, up to its end.
fn value_after_name(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.trim_ascii_start();
    if let Some(element) = rest.strip_prefix(b">") {
        return element.get(..find(element, b"<")?);
    }
    let quoted = rest.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = quoted.split_first()?;
    matches!(quote, b'"' | b'\'').then_some(())?;
    value.get(..value.iter().position(|byte| byte == quote)?)
}

/// Where `part` begins first.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    let first = *part.first()?;
    let mut from = 0;
    loop {
        from += bytes.get(from..)?.iter().position(|byte| *byte == first)?;
        if bytes.get(from..)?.starts_with(part) {
            return Some(from);
        }
        from += 1;
    }
}

#[cfg(test)]
mod tests;
