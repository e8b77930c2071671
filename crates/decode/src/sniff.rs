//! Which format a file has, by its content.

use std::io::{Read, SeekFrom};

use crate::{Error, Source, codec::Codec};

/// A format that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// PNG and APNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// WebP: lossy, lossless, animated.
    WebP,
    /// TIFF and BigTIFF.
    Tiff,
    /// Windows icon or cursor.
    Ico,
    /// Truevision TGA.
    Tga,
    /// PBM, PGM, PPM and PAM.
    Pnm,
    /// Quite OK Image.
    Qoi,
    /// JPEG XL.
    Jxl,
    /// X pixmap.
    Xpm,
}

impl Format {
    /// All formats that are read.
    pub const ALL: [Self; 12] = [
        Self::Png,
        Self::Jpeg,
        Self::Gif,
        Self::Bmp,
        Self::WebP,
        Self::Tiff,
        Self::Ico,
        Self::Tga,
        Self::Pnm,
        Self::Qoi,
        Self::Jxl,
        Self::Xpm,
    ];

    /// The format with this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name people know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Bmp => "BMP",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Ico => "ICO",
            Self::Tga => "TGA",
            Self::Pnm => "PNM",
            Self::Qoi => "QOI",
            Self::Jxl => "JPEG XL",
            Self::Xpm => "XPM",
        }
    }

    /// Whether a picture that is written in it and read again can have the same pixels, as far as the format tells: it has no
    /// loss, or also a form without, and no palette that may be too small.
    #[must_use]
    pub const fn can_keep_every_pixel(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Gif)
    }

    pub(crate) fn codec(self) -> &'static dyn Codec {
        match self {
            Self::Png => &crate::png::Png,
            Self::Jpeg => &crate::jpeg::Jpeg,
            Self::Gif => &crate::gif::Gif,
            Self::Bmp => &crate::bmp::Bmp,
            Self::WebP => &crate::webp::WebP,
            Self::Tiff => &crate::tiff::Tiff,
            Self::Ico => &crate::ico::Ico,
            Self::Tga => &crate::tga::Tga,
            Self::Pnm => &crate::pnm::Pnm,
            Self::Qoi => &crate::qoi::Qoi,
            Self::Jxl => &crate::jxl::Jxl,
            Self::Xpm => &crate::xpm::Xpm,
        }
    }
}

/// What the first bytes of a file say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sniffed {
    /// A picture in a format that is read here.
    Picture(Format),
    /// A picture in a format that is not read; its name.
    Unsupported(&'static str),
    /// No picture made of pixels, as far as the content tells: text, video, a vector drawing ...
    Other,
}

/// How much of the file's start the signatures need.
const HEAD_BYTES: usize = 64;

/// Tells the format of a file from its content.
///
/// The extension, without its dot, decides nothing but this: TGA files of the first version have no signature, and are
/// believed only if they are named so and their header makes sense.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read.
///
/// # Cost
/// Reads 64 bytes, and of a file without a known signature the last 18.
pub fn sniff(source: &mut dyn Source, extension: Option<&[u8]>) -> Result<Sniffed, Error> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.seek(SeekFrom::Start(0))?;
    source.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    if let Some(known) = by_signature(&head) {
        return Ok(known);
    }
    let named_tga = extension.is_some_and(|name| TGA_NAMES.iter().any(|tga| name.eq_ignore_ascii_case(tga)));
    if is_plausible_tga(&head) && (named_tga || has_tga_footer(source)?) {
        return Ok(Sniffed::Picture(Format::Tga));
    }
    Ok(Sniffed::Other)
}

/// Whether a file of that name, going by its extension without the dot, is meant to be a picture: if its content is
/// none, that is worth a line in the report.
#[must_use]
pub fn is_picture_name(extension: &[u8]) -> bool {
    PICTURE_NAMES.iter().any(|name| extension.eq_ignore_ascii_case(name))
}

const TGA_NAMES: [&[u8]; 5] = [b"tga", b"icb", b"vda", b"vst", b"tpic"];

const PICTURE_NAMES: [&[u8]; 50] = [
    b"png", b"apng", b"jpg", b"jpeg", b"jpe", b"jfif", b"gif", b"bmp", b"dib", b"webp", b"tif", b"tiff", b"ico",
    b"cur", b"tga", b"icb", b"vda", b"vst", b"tpic", b"pbm", b"pgm", b"ppm", b"pnm", b"pam", b"qoi", b"jxl", b"xpm",
    b"heic", b"heif", b"hif", b"avif", b"jp2", b"j2k", b"jpx", b"psd", b"exr", b"hdr", b"dds", b"pcx", b"icns", b"pfm",
    b"ff", b"cr2", b"cr3", b"nef", b"arw", b"dng", b"orf", b"raf", b"rw2",
];

fn by_signature(head: &[u8]) -> Option<Sniffed> {
    let starts = |signature: &[u8]| head.starts_with(signature);
    let picture = |format| Some(Sniffed::Picture(format));
    if starts(b"\x89PNG\r\n\x1a\n") {
        return picture(Format::Png);
    }
    if starts(b"\xff\xd8\xff") {
        return picture(Format::Jpeg);
    }
    if starts(b"GIF87a") || starts(b"GIF89a") {
        return picture(Format::Gif);
    }
    if starts(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return picture(Format::WebP);
    }
    if starts(b"qoif") {
        return picture(Format::Qoi);
    }
    if starts(b"\xff\x0a") || starts(b"\0\0\0\x0cJXL \r\n\x87\n") {
        return picture(Format::Jxl);
    }
    if is_bmp(head) {
        return picture(Format::Bmp);
    }
    if is_ico(head) {
        return picture(Format::Ico);
    }
    if is_pnm(head) {
        return picture(Format::Pnm);
    }
    if head.trim_ascii_start().starts_with(b"/* XPM */") {
        return picture(Format::Xpm);
    }
    if let Some(name) = unsupported(head) {
        return Some(Sniffed::Unsupported(name));
    }
    if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0\x08\0") || starts(b"MM\0+\0\x08") {
        return picture(Format::Tiff);
    }
    None
}

/// Pictures that are known and not read, with the bytes they start with.
fn unsupported(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 23] = [
        (b"8BPS", "Photoshop PSD"),
        (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE", "Radiance HDR"),
        (b"#?RGBE", "Radiance HDR"),
        (b"DDS |", "DirectDraw Surface"),
        (b"icns", "Apple icon"),
        (b"farbfeld", "farbfeld"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"FUJIFILMCCD-RAW", "Fujifilm raw"),
        (b"IIRO", "Olympus raw"),
        (b"IIU\0", "Panasonic raw"),
        (b"II\xbc\x01", "JPEG XR"),
        (b"\x01\xda\0", "SGI"),
        (b"\x01\xda\x01", "SGI"),
        (b"\x59\xa6\x6a\x95", "Sun raster"),
        (b"gimp xcf", "GIMP XCF"),
        (b"\x8aMNG\r\n\x1a\n", "MNG"),
        (b"\x8bJNG\r\n\x1a\n", "JNG"),
        (b"! XPM2", "XPM of version 2"),
        (b"FLIF", "FLIF"),
        (b"BPG\xfb", "BPG"),
        (b"AT&TFORM", "DjVu"),
    ];
    if let Some((_, name)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
        return Some(name);
    }
    match (head.get(4..8), head.get(8..12)) {
        (Some(b"ftyp"), Some(b"avif" | b"avis")) => return Some("AVIF"),
        (Some(b"ftyp"), Some(b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1")) => {
            return Some("HEIC");
        }
        (Some(b"ftyp"), Some(b"crx ")) => return Some("Canon raw"),
        _ => {}
    }
    if head.starts_with(b"II*\0") && head.get(8..10) == Some(b"CR") {
        return Some("Canon raw");
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"ACON") {
        return Some("animated cursor");
    }
    let pfm = matches!(head, [b'P', b'F' | b'f', b'\n' | b'\r' | b' ', b'0'..=b'9', ..]);
    if pfm {
        return Some("PFM");
    }
    let pcx = matches!(head, [0x0a, 0 | 2 | 3 | 4 | 5, 1, 1 | 2 | 4 | 8, ..]) && head.len() >= HEAD_BYTES;
    pcx.then_some("PCX")
}

fn is_bmp(head: &[u8]) -> bool {
    let header_bytes = head.get(14..18).map(|bytes| [bytes.first(), bytes.get(1), bytes.get(2), bytes.get(3)]);
    let known =
        matches!(header_bytes, Some([Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124), Some(0), Some(0), Some(0)]));
    head.starts_with(b"BM") && known
}

fn is_ico(head: &[u8]) -> bool {
    match head {
        // Reserved 0, type 1 or 2, at least one entry; then the entry's own reserved byte.
        [0, 0, 1 | 2, 0, low, high, _, _, _, 0, ..] => (*low, *high) != (0, 0) && *high < 4 && head.len() >= 22,
        _ => false,
    }
}

fn is_pnm(head: &[u8]) -> bool {
    match head {
        [b'P', b'7', b'\n', ..] => true,
        [b'P', b'1'..=b'6', b' ' | b'\t' | b'\n' | b'\r', next, ..] => {
            next.is_ascii_digit() || next.is_ascii_whitespace() || *next == b'#'
        }
        [b'P', b'1'..=b'6', b'#', ..] => true,
        _ => false,
    }
}

/// Whether the 18 bytes of a TGA header make sense together.
fn is_plausible_tga(head: &[u8]) -> bool {
    let Some([_, map_kind, kind, _, _, map_low, map_high, map_bits, _, _, _, _, w0, w1, h0, h1, bits, flags]) =
        head.first_chunk::<18>()
    else {
        return false;
    };
    let has_map = *map_kind == 1 && (*map_low, *map_high) != (0, 0) && matches!(map_bits, 15 | 16 | 24 | 32);
    let fits = match kind {
        1 | 9 => has_map && matches!(bits, 8 | 16),
        2 | 10 => *map_kind <= 1 && matches!(bits, 15 | 16 | 24 | 32),
        3 | 11 => *map_kind <= 1 && matches!(bits, 8 | 16),
        _ => false,
    };
    fits && (*w0, *w1) != (0, 0) && (*h0, *h1) != (0, 0) && *flags & 0xc0 == 0
}

fn has_tga_footer(source: &mut dyn Source) -> Result<bool, Error> {
    const FOOTER: &[u8; 18] = b"TRUEVISION-XFILE.\0";
    let mut tail = [0; FOOTER.len()];
    if source.byte_len() < tail.len() as u64 {
        return Ok(false);
    }
    source.seek(SeekFrom::End(-(tail.len() as i64)))?;
    source.read_exact(&mut tail)?;
    Ok(&tail == FOOTER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::InMemory;

    fn sniffed(bytes: &[u8], extension: &str) -> Sniffed {
        sniff(&mut InMemory::new(bytes), Some(extension.as_bytes())).unwrap()
    }

    #[test]
    fn text_that_begins_like_a_picture_is_none() {
        for text in
            ["BMW is a car maker of Munich, and this is a text of some length.", "P5 is a vitamin", "GIF", "", "P"]
        {
            assert_eq!(sniffed(text.as_bytes(), "jpg"), Sniffed::Other, "{text}");
        }
    }

    #[test]
    fn a_tga_without_footer_needs_its_name() {
        let mut header = [0; 40];
        header[2] = 2;
        (header[12], header[14], header[16]) = (2, 3, 24);
        assert_eq!(sniffed(&header, "tga"), Sniffed::Picture(Format::Tga));
        assert_eq!(sniffed(&header, "bin"), Sniffed::Other);
        let with_footer = [&header[..], b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0"].concat();
        assert_eq!(sniffed(&with_footer, "bin"), Sniffed::Picture(Format::Tga));
    }

    #[test]
    fn pictures_that_are_not_read_have_a_name() {
        assert_eq!(sniffed(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "jpg"), Sniffed::Unsupported("HEIC"));
        assert_eq!(sniffed(b"\0\0\0\x1cftypavif\0\0\0\0", "png"), Sniffed::Unsupported("AVIF"));
    }
}
