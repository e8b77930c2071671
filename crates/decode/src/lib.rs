//! Files of every format as rows of pixels, as the hash of what those pixels depend on, and as a list of their metadata.
//!
//! This crate never judges whether two pictures are the same, and never opens a file: it reads the bytes it is given.

mod sniff;

mod codec;

mod source;

mod error;

mod metadata;

mod noted;

mod png;

mod jpeg;

mod gif;

mod webp;

mod tiff;

mod bmp;

mod ico;

mod tga;

mod pnm;

mod qoi;

mod jxl;

mod xpm;

mod compose;

mod bits;

#[cfg(test)]
mod checks;

pub use codec::{FirstRows, Header, Limits, is_decoding};
pub use error::Error;
pub use metadata::{Item, Metadata};
pub use noted::Noted;
pub use sniff::{Format, Sniffed, is_picture_name, sniff};
pub use source::{InMemory, Source};

/// What decodes each format, with its version: what the pixels of a lossy file depend on. Formats that are not named
/// are decoded by this crate alone.
pub const DECODERS: [(&str, &str); 6] = [
    ("PNG", "fdeflate 0.3.7"),
    ("JPEG", "libjpeg-turbo-rs 0.9.0"),
    ("WebP", "image-webp 0.2.4"),
    ("GIF, TIFF LZW", "weezl 0.1.12"),
    ("TIFF deflate, G3 and G4", "flate2 1.1.11, fax 0.2.7"),
    ("JPEG XL", "jxl 0.8.0"),
];

/// Counts the changes of this crate after which some file has other pixels, other costs, or another reason why it cannot
/// be read: what was kept of files before is not used any more.
const REVISION: u32 = 1;

/// What decodes a format, with versions, in one line; of nothing, what tells that a file is no picture.
#[must_use]
pub fn decoders_of(format: Option<&str>) -> String {
    let used: &[&str] = match format {
        Some("PNG" | "ICO") => &["PNG"],
        Some("JPEG") => &["JPEG"],
        Some("WebP") => &["WebP"],
        Some("GIF") => &["GIF, TIFF LZW"],
        Some("TIFF") => &["JPEG", "GIF, TIFF LZW", "TIFF deflate, G3 and G4"],
        Some("JPEG XL") => &["JPEG XL"],
        _ => &[],
    };
    let used = DECODERS.iter().filter(|(formats, _)| used.contains(formats)).map(|(_, decoders)| *decoders);
    std::iter::once(format!("pixtwin-decode {REVISION}").as_str()).chain(used).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{DECODERS, decoders_of};

    #[test]
    fn each_format_depends_on_its_own_decoders() {
        assert_eq!(decoders_of(None), "pixtwin-decode 1");
        assert_eq!(decoders_of(Some("BMP")), "pixtwin-decode 1");
        assert_eq!(decoders_of(Some("PNG")), "pixtwin-decode 1, fdeflate 0.3.7");
        assert_eq!(decoders_of(Some("ICO")), decoders_of(Some("PNG")));
        assert_eq!(decoders_of(Some("JPEG")), "pixtwin-decode 1, libjpeg-turbo-rs 0.9.0");
        assert_eq!(decoders_of(Some("JPEG XL")), "pixtwin-decode 1, jxl 0.8.0");
        let tiff = "pixtwin-decode 1, libjpeg-turbo-rs 0.9.0, weezl 0.1.12, flate2 1.1.11, fax 0.2.7";
        assert_eq!(decoders_of(Some("TIFF")), tiff);
    }

    #[test]
    fn the_named_decoders_are_the_ones_in_use() {
        let lock = include_str!("../../../Cargo.lock");
        for decoder in DECODERS.iter().flat_map(|(_, decoders)| decoders.split(", ")) {
            let (name, version) = decoder.split_once(' ').unwrap();
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")), "{decoder}");
        }
    }
}
