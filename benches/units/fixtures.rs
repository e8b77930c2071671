//! The picture files: drawn and encoded, the same on every machine, or written by a program that is named.

use std::{fs, path::Path, sync::Arc};

use pixtwin_pixel::Depth;
use pixtwin_testkit::{
    Drawing,
    draw::{Seeded, chart, icon, landscape},
    encode::{
        Bmp, Filter, Jpeg, Png, PngColour, Subsampling, TiffCompression, apng, gif, icon_of_bmp, icon_of_png, ppm,
        ppm16, qoi, tga, tiff, webp, xpm,
    },
};

use crate::pictures::{format_of, look};

/// A picture file.
pub(crate) struct Fixture {
    /// Its format, and what is special about it.
    pub(crate) name: &'static str,
    /// Gives its bytes.
    file: fn() -> Vec<u8>,
}

/// Photos are 1024 x 768 where their format is one of photos, else 320 x 240; icons have a side of 32 or 48.
pub(crate) const FIXTURES: &[Fixture] = &[
    Fixture { name: "png-icon-palette", file: || Png::new(PngColour::Palette).write(&icon(32, 1)) },
    Fixture { name: "png-icon-rgba", file: || Png::new(PngColour::Rgba).write(&icon(48, 2)) },
    Fixture { name: "png-photo", file: || filtered(PngColour::Rgb, 8).write(&photo()) },
    Fixture { name: "png-photo-16", file: || filtered(PngColour::Rgb, 16).write(&small_photo()) },
    Fixture { name: "png-chart", file: || Png::new(PngColour::Rgba).write(&chart(1024, 768, 3)) },
    Fixture {
        name: "png-interlaced",
        file: || Png { is_interlaced: true, ..filtered(PngColour::Rgb, 8) }.write(&small_photo()),
    },
    Fixture { name: "png-animation", file: || apng(&frames(), (1, 10)) },
    Fixture { name: "jpeg-baseline", file: || Jpeg::new(Subsampling::S420).write(&photo()) },
    Fixture {
        name: "jpeg-progressive",
        file: || Jpeg { is_progressive: true, ..Jpeg::new(Subsampling::S420) }.write(&photo()),
    },
    Fixture { name: "jpeg-444", file: || Jpeg::new(Subsampling::S444).write(&small_photo()) },
    Fixture { name: "gif", file: || gif(&[few_colours()], 0) },
    Fixture { name: "gif-animation", file: || gif(&frames(), 10) },
    Fixture { name: "webp-lossless", file: || webp(&small_photo(), &[]) },
    Fixture { name: "webp-lossy", file: || include_bytes!("../fixtures/lossy.webp").to_vec() },
    Fixture { name: "webp-lossy-alpha", file: || include_bytes!("../fixtures/lossy-alpha.webp").to_vec() },
    Fixture { name: "bmp-rgb", file: || Bmp::Rgb.write(&small_photo()) },
    Fixture { name: "bmp-palette", file: || Bmp::Palette.write(&few_colours()) },
    Fixture { name: "tiff", file: || tiff(&small_photo(), TiffCompression::None, 16) },
    Fixture { name: "tiff-lzw", file: || tiff(&small_photo(), TiffCompression::Lzw, 16) },
    Fixture { name: "tiff-deflate", file: || tiff(&small_photo(), TiffCompression::Deflate, 16) },
    Fixture { name: "tiff-packbits", file: || tiff(&few_colours(), TiffCompression::PackBits, 16) },
    Fixture { name: "ico-png", file: || icon_of_png(&icon(48, 2)) },
    Fixture { name: "ico-bmp", file: || icon_of_bmp(&icon(32, 1)) },
    Fixture { name: "tga", file: || tga(&small_photo(), false) },
    Fixture { name: "tga-packed", file: || tga(&few_colours(), true) },
    Fixture { name: "pnm", file: || ppm(&small_photo()) },
    Fixture { name: "pnm-16", file: || ppm16(&small_photo()) },
    Fixture { name: "qoi", file: || qoi(&small_photo()) },
    Fixture { name: "jxl", file: || include_bytes!("../fixtures/photo.jxl").to_vec() },
    Fixture { name: "xpm", file: || xpm(&few_colours()) },
];

/// Writes every file, having looked that it decodes.
pub(crate) fn draw(drawn: &Path) {
    for fixture in FIXTURES {
        let file = (fixture.file)();
        let whole = look(format_of(&file), &file, Depth::Whole);
        assert!(whole.digest.is_some(), "{}: not all of its rows came", fixture.name);
        fs::write(drawn.join(fixture.name), file).unwrap();
    }
}

/// The file with this name.
pub(crate) fn read(drawn: &Path, name: &str) -> Arc<[u8]> {
    fs::read(drawn.join(name)).unwrap().into()
}

fn photo() -> Drawing {
    landscape(1024, 768, 1)
}

fn small_photo() -> Drawing {
    landscape(320, 240, 1)
}

/// Up to 64 colours, dithered: no long runs.
fn few_colours() -> Drawing {
    let photo = small_photo();
    let mut grain = Seeded(5);
    let dithered = Drawing::new(photo.width, photo.height, |x, y| {
        let grain = grain.below(85) as u8;
        photo.pixel(x, y).map(|sample| sample.saturating_add(grain))
    });
    dithered.with_levels_of(2)
}

/// An animation of four frames.
fn frames() -> Vec<Drawing> {
    (0..4).map(|seed| icon(64, seed).opaque()).collect()
}

/// All filters in turn, as an encoder that chooses mixes them.
fn filtered(colour: PngColour, depth: u8) -> Png {
    Png { depth, filter: Filter::Mixed, ..Png::new(colour) }
}
