//! What a PNG holds beside its pixels.

use fdeflate::Decompressor;
use pixtwin_pixel::Key;

use super::chunk::{Chunk, Chunks, Skip};
use crate::{Error, Metadata, Source};

/// Metadata of more bytes is not kept in memory, and compared as it is stored.
const MAX_BODY_BYTES: u32 = 8 << 20;

/// An inflated profile or text of more bytes is compared as it is stored.
const MAX_INFLATED_BYTES: usize = 4 << 20;

pub(super) fn read(source: &mut dyn Source) -> Result<Metadata, Error> {
    let mut found = Metadata::default();
    let mut chunks = Chunks::open(source, Skip::Unchecked)?;
    super::parts::check_first(peek_first(&mut chunks)?)?;
    let end = loop {
        let chunk = chunks.next()?;
        match &chunk.kind {
            b"IEND" => {
                chunks.skip(chunk)?;
                break chunks.position()?;
            }
            b"IHDR" | b"PLTE" | b"IDAT" | b"tRNS" | b"fdAT" | b"fcTL" => chunks.skip(chunk)?,
            _ if chunk.len > MAX_BODY_BYTES => {
                let hash = hash_of(chunk, &mut chunks)?;
                if matches!(&chunk.kind, b"eXIf" | b"iTXt") {
                    found.noted.add_unreadable(Key::from(&hash));
                }
                found.add_value(other_name(chunk), hash.as_bytes(), format!("{} bytes", chunk.len));
            }
            _ => {
                let body = chunks.body(chunk, MAX_BODY_BYTES)?;
                add(chunk, &body, &mut found);
            }
        }
    };
    found.add_trailing(source, end)?;
    Ok(found)
}

fn peek_first(chunks: &mut Chunks<'_>) -> Result<Chunk, Error> {
    let first = chunks.next()?;
    chunks.skip(first)?;
    Ok(first)
}

fn hash_of(chunk: Chunk, chunks: &mut Chunks<'_>) -> Result<blake3::Hash, Error> {
    let mut hasher = blake3::Hasher::new();
    let mut left = chunk.len;
    while left > 0 {
        let piece = chunks.peek(chunk, left)?;
        hasher.update(piece);
        let len = piece.len();
        chunks.advance(len);
        left = left.saturating_sub(u32::try_from(len).unwrap_or(u32::MAX));
    }
    chunks.end(chunk)?;
    Ok(hasher.finalize())
}

fn add(chunk: Chunk, body: &[u8], found: &mut Metadata) {
    match &chunk.kind {
        b"eXIf" => found.add_exif(body.strip_prefix(b"Exif\0\0").unwrap_or(body)),
        b"iCCP" => add_profile(body, found),
        b"sRGB" => found.add("sRGB", body),
        b"gAMA" => {
            let gamma = body.first_chunk().map_or(0, |&bytes| u32::from_be_bytes(bytes));
            found.add_value("gamma", body, gamma_text(gamma));
        }
        b"cHRM" => found.add("chromaticities", body),
        b"pHYs" => found.add_value("resolution", body, resolution_text(body)),
        b"tIME" => found.add_value("time", body, time_text(body)),
        b"tEXt" | b"zTXt" | b"iTXt" => add_text(chunk, body, found),
        b"acTL" => {
            if let [_, _, _, _, plays @ ..] = body {
                let count = plays.first_chunk().map_or(0, |&bytes| u32::from_be_bytes(bytes));
                let value = if count == 0 { "for ever".to_owned() } else { count.to_string() };
                found.add_value("loop count", &count.to_le_bytes(), value);
            }
        }
        _ => {
            let content = [&chunk.kind[..], body].concat();
            found.add_value(other_name(chunk), &content, chunk.name());
        }
    }
}

fn other_name(chunk: Chunk) -> &'static str {
    match &chunk.kind {
        b"eXIf" => "EXIF",
        b"iCCP" => "ICC profile",
        b"tEXt" | b"zTXt" | b"iTXt" => "text",
        b"bKGD" => "background",
        b"sBIT" => "significant bits",
        b"hIST" => "histogram",
        b"sPLT" => "suggested palette",
        b"cICP" => "coding-independent code points",
        b"mDCV" => "mastering display",
        b"cLLI" => "light level",
        b"oFFs" => "offset",
        _ => "private chunk",
    }
}

/// The profile itself, so that neither its name in the file nor how it is compressed matters.
fn add_profile(body: &[u8], found: &mut Metadata) {
    let (_, rest) = split_at_nul(body);
    let stored = rest.get(1..).unwrap_or_default();
    match inflate(stored) {
        Some(profile) => found.add("ICC profile", &profile),
        None => found.add("ICC profile", stored),
    }
}

fn add_text(chunk: Chunk, body: &[u8], found: &mut Metadata) {
    let (keyword, rest) = split_at_nul(body);
    let (is_compressed, text) = match &chunk.kind {
        b"tEXt" => (false, rest),
        b"zTXt" => (true, rest.get(1..).unwrap_or_default()),
        _ => {
            // Compression flag and method, language tag, translated keyword.
            let (_, after_language) = split_at_nul(rest.get(2..).unwrap_or_default());
            (rest.first() == Some(&1), split_at_nul(after_language).1)
        }
    };
    let inflated = if is_compressed { inflate(text) } else { None };
    let is_closed = is_compressed && inflated.is_none();
    let text = inflated.as_deref().unwrap_or(text);
    if keyword == b"XML:com.adobe.xmp" {
        return if is_closed { found.add_closed("XMP", Key::of(text)) } else { found.add_xmp(text) };
    }
    let content = [keyword, b"\0", text].concat();
    let shown: String =
        keyword.iter().copied().map(char::from).filter(|letter| !letter.is_control()).take(79).collect();
    found.add_value("text", &content, shown);
}

fn split_at_nul(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == 0) {
        Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..).unwrap_or_default()),
        None => (bytes, &[]),
    }
}

/// The content of a zlib stream, if it is whole and not too large.
fn inflate(stored: &[u8]) -> Option<Vec<u8>> {
    let mut inflater = Decompressor::new();
    let mut content = vec![0; stored.len().saturating_mul(4).clamp(1 << 10, MAX_INFLATED_BYTES)];
    let (mut read, mut filled) = (0, 0);
    loop {
        let (consumed, produced) = inflater.read(stored.get(read..)?, &mut content, filled, true).ok()?;
        read += consumed;
        filled += produced;
        if inflater.is_done() {
            content.truncate(filled);
            return Some(content);
        }
        if filled < content.len() || content.len() >= MAX_INFLATED_BYTES {
            return None;
        }
        content.resize((content.len() * 2).min(MAX_INFLATED_BYTES), 0);
    }
}

/// The stored gamma as people write it: `45455` is `1/2.2`.
fn gamma_text(stored: u32) -> String {
    if stored == 0 {
        return "0".to_owned();
    }
    let tenths_of_thousandths = 1_000_000_000 / u64::from(stored);
    let rounded = (tenths_of_thousandths + 5) / 10;
    let text = format!("{}.{:03}", rounded / 1000, rounded % 1000);
    format!("1/{}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn resolution_text(body: &[u8]) -> String {
    match *body {
        [x0, x1, x2, x3, y0, y1, y2, y3, unit] => {
            let (x, y) = (u32::from_be_bytes([x0, x1, x2, x3]), u32::from_be_bytes([y0, y1, y2, y3]));
            if unit == 1 { format!("{x} x {y} pixels per metre") } else { format!("pixel aspect {x} : {y}") }
        }
        _ => "unreadable".to_owned(),
    }
}

fn time_text(body: &[u8]) -> String {
    match *body {
        [year_high, year_low, month, day, hour, minute, second] => {
            let year = u16::from_be_bytes([year_high, year_low]);
            format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        _ => "unreadable".to_owned(),
    }
}
