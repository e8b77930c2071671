//! Files of every format as rows of pixels, as the hash of what those pixels depend on, and as a list of their metadata.
//!
//! This crate never judges whether two pictures are the same, and never opens a file: it reads the bytes it is given.

mod sniff;

mod codec;

mod source;

mod error;

mod metadata;

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

#[cfg(test)]
mod tests {
    use super::DECODERS;

    #[test]
    fn the_named_decoders_are_the_ones_in_use() {
        let lock = include_str!("../../../Cargo.lock");
        for decoder in DECODERS.iter().flat_map(|(_, decoders)| decoders.split(", ")) {
            let (name, version) = decoder.split_once(' ').unwrap();
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")), "{decoder}");
        }
    }
}
