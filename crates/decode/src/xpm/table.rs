//! The table of colours.

use pixtwin_pixel::scale_to_sixteen;

use super::{
    colours,
    head::{Head, read_line},
    scan::Scan,
};
use crate::Error;

/// Red, green, blue, alpha, sixteen bits each.
type Colour = [u16; 4];

/// What the characters of a pixel stand for, sorted by [`key`].
pub(super) struct Table {
    entries: Vec<(u64, Colour)>,
}

/// The characters of a pixel, at most eight and in one file always as many, as a number.
pub(super) fn key(pixel: &[u8]) -> u64 {
    pixel.iter().fold(0, |key, &byte| key << 8 | u64::from(byte))
}

impl Table {
    pub(super) fn read(head: &Head, scan: &mut Scan<'_>) -> Result<Self, Error> {
        let mut entries = Vec::with_capacity(head.colours as usize);
        let mut line = Vec::new();
        for number in 0..head.colours {
            if !read_line(scan, &mut line)? {
                let colours = head.colours;
                return Err(Error::corrupt(format!("the list of strings ends after colour {number} of {colours}")));
            }
            let Some((pixel, rest)) = line.split_at_checked(head.characters) else {
                return Err(Error::corrupt(format!("colour {} has no characters", number + 1)));
            };
            entries.push((key(pixel), colour(rest, number + 1)?));
        }
        entries.sort_unstable();
        entries.dedup();
        if let Some(key) = twice(&entries) {
            let bytes = key.to_be_bytes();
            let pixel = bytes.get(8 - head.characters..).unwrap_or_default().escape_ascii();
            return Err(Error::corrupt(format!("`{pixel}` stands for two colours")));
        }
        Ok(Self { entries })
    }

    pub(super) fn get(&self, key: u64) -> Option<Colour> {
        let at = self.entries.binary_search_by_key(&key, |entry| entry.0).ok()?;
        self.entries.get(at).map(|entry| entry.1)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, Colour)> + '_ {
        self.entries.iter().copied()
    }

    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_opaque(&self) -> bool {
        self.entries.iter().all(|(_, [.., alpha])| *alpha == u16::MAX)
    }

    /// Whether eight bits hold every sample.
    pub(super) fn is_eight_bit(&self) -> bool {
        self.entries.iter().flat_map(|(_, colour)| colour).all(|sample| sample.is_multiple_of(257))
    }
}

/// A key that two entries have.
fn twice(sorted: &[(u64, Colour)]) -> Option<u64> {
    let next = sorted.iter().skip(1);
    sorted.iter().zip(next).find(|(one, next)| one.0 == next.0).map(|(one, _)| one.0)
}

/// For which screens a colour is meant, the better first.
const CONTEXTS: [&[u8]; 4] = [b"c", b"g", b"g4", b"m"];

/// The colour of a line behind its characters: words in pairs of context and colour, where a name may have several.
fn colour(text: &[u8], number: u32) -> Result<Colour, Error> {
    let mut best: Option<(usize, Vec<u8>)> = None;
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).peekable();
    while let Some(context) = words.next() {
        if !is_context(context) {
            let word = context.escape_ascii();
            return Err(Error::corrupt(format!("colour {number} has `{word}` where `c` or the like must be")));
        }
        let mut name = words.next().unwrap_or_default().to_ascii_lowercase();
        while let Some(more) = words.next_if(|word| !is_context(word)) {
            name.extend_from_slice(&more.to_ascii_lowercase());
        }
        if let Some(rank) = CONTEXTS.iter().position(|known| *known == context)
            && best.as_ref().is_none_or(|(other, _)| rank < *other)
        {
            best = Some((rank, name));
        }
    }
    match best {
        Some((_, name)) => value(&name, number),
        None if text.trim_ascii().is_empty() => Err(Error::corrupt(format!("colour {number} has no value"))),
        None => Err(Error::unsupported(format!("XPM with a symbolic colour, number {number}, that has no value"))),
    }
}

fn is_context(word: &[u8]) -> bool {
    word == b"s" || CONTEXTS.contains(&word)
}

/// The colour of a name in lower case without spaces.
fn value(name: &[u8], number: u32) -> Result<Colour, Error> {
    if name == b"none" {
        return Ok([0; 4]);
    }
    if let Some(digits) = name.strip_prefix(b"#") {
        return hexadecimal(digits)
            .ok_or_else(|| Error::corrupt(format!("colour {number} is `{}`", name.escape_ascii())));
    }
    if name.starts_with(b"%") {
        return Err(Error::unsupported("XPM colours by hue and saturation"));
    }
    match str::from_utf8(name).ok().and_then(colours::by_name) {
        Some([red, green, blue]) => {
            let [red, green, blue] = [red, green, blue].map(|sample| u16::from(sample) * 257);
            Ok([red, green, blue, u16::MAX])
        }
        None if name.is_empty() => Err(Error::corrupt(format!("colour {number} has no value"))),
        None => Err(Error::unsupported(format!("the XPM colour `{}`", name.escape_ascii()))),
    }
}

/// Three numbers of one to four digits each. One or three digits are widened as everywhere else in this crate, so
/// `#fff` is white, as in GTK, Qt and ImageMagick; X11 itself would fill up with zeros.
fn hexadecimal(digits: &[u8]) -> Option<Colour> {
    let each = digits.len() / 3;
    if !matches!(digits.len(), 3 | 6 | 9 | 12) {
        return None;
    }
    let max = (1 << (4 * each)) - 1;
    let mut colour = [u16::MAX; 4];
    for (sample, text) in colour.iter_mut().zip(digits.chunks_exact(each)) {
        let value = text.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))?;
        *sample = scale_to_sixteen(value, max);
    }
    Some(colour)
}
