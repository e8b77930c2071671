//! Writes drawings as files, by encoders that share nothing with the decoders they test.

mod apng;

mod bmp;

mod gif;

mod ico;

mod jpeg;

mod png;

mod pnm;

mod qoi;

mod tga;

mod tiff;

mod webp;

mod xpm;

pub use apng::apng;
pub use bmp::Bmp;
pub use gif::gif;
pub use ico::{cursor, icon_of_bmp, icon_of_png};
pub use jpeg::{Jpeg, exif, jpeg_pixels, jpeg_with_segment};
pub use libjpeg_turbo_rs::Subsampling;
pub use png::{Filter, Png, PngColour, chunk, png};
pub use pnm::{pam, pgm, ppm, ppm16};
pub use qoi::qoi;
pub use tga::tga;
pub use tiff::{TiffCompression, tiff};
pub use webp::webp;
pub use xpm::xpm;
