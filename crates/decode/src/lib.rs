//! Files of every format as rows of pixels, as the hash of what those pixels depend on, and as a list of their metadata.
//!
//! This crate never judges whether two pictures are the same, and never opens a file: it reads the bytes it is given.

mod error;

mod source;

mod codec;

mod sniff;

mod metadata;

pub use codec::{Header, Limits, is_decoding};
mod compose;

mod png;

mod ico;
mod jpeg;
mod bits;

mod bmp;

mod pnm;

mod tga;

mod qoi;

#[cfg(test)]
mod checks;
mod gif;

pub use codec::{Header, Limits};
pub use error::Error;
pub use metadata::{Item, Metadata};
pub use sniff::{Format, Sniffed, is_picture_name, sniff};
pub use source::{InMemory, Source};

/// The decoder behind each format and its version: what the pixels of a lossy file depend on.
pub const DECODERS: [(&str, &str); 2] = [("PNG, ICO", "png 0.18.1"), ("JPEG", "libjpeg-turbo-rs 0.9.0")];
