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

mod bmp;

mod ico;

mod tga;

mod pnm;
mod tiff;

mod qoi;

mod compose;

mod bits;

#[cfg(test)]
mod checks;

pub use codec::{Header, Limits, is_decoding};
mod webp;
mod jxl;

pub use codec::{Header, Limits};
pub use error::Error;
pub use metadata::{Item, Metadata};
pub use sniff::{Format, Sniffed, is_picture_name, sniff};
pub use source::{InMemory, Source};

/// The decoder behind each format and its version: what the pixels of a lossy file depend on.
pub const DECODERS: [(&str, &str); 2] = [("PNG, ICO", "png 0.18.1"), ("JPEG", "libjpeg-turbo-rs 0.9.0")];
