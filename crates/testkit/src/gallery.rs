//! The pictures of examples/gallery: a small photo library with twins and traps.

use crate::{
    Drawing,
    draw::{chart, icon, landscape},
    encode::{
        Bmp, Filter, Jpeg, Png, PngColour, Subsampling, TiffCompression, exif, gif, icon_of_png, jpeg_pixels,
        jpeg_with_segment, png, qoi, tga, tiff, webp,
    },
};

/// Every file: its path in the gallery with `/` between folders, and its content.
#[must_use]
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = photos();
    files.extend(charts());
    files.extend(icons());
    files.extend(traps());
    files
}

/// JPEG photos, their copies, and copies that only look as if they were changed.
fn photos() -> Vec<(&'static str, Vec<u8>)> {
    let camera = Jpeg { quality: 80, ..Jpeg::new(Subsampling::S420) };
    let beach = camera.write(&landscape(320, 240, 11));
    let lake = camera.write(&landscape(320, 240, 12));
    let hills = camera.write(&landscape(240, 320, 13));
    let repacked = Jpeg { is_progressive: true, ..camera.clone() }.write(&landscape(320, 240, 12));
    let saved = Png { filter: Filter::All(4), level: 9, ..Png::new(PngColour::Rgb) }.write(&jpeg_pixels(&lake));
    let upright = jpeg_with_segment(&hills, 0xe1, &[b"Exif\0\0", &exif(1)[..]].concat());
    let turned = jpeg_with_segment(&hills, 0xe1, &[b"Exif\0\0", &exif(6)[..]].concat());
    vec![
        ("backup/2024/beach.jpg", beach.clone()),
        ("backup/2024/lake (1).jpg", jpeg_with_segment(&lake, 0xfe, b"A lake in summer")),
        ("holiday/beach.jpg", beach),
        ("holiday/hills.jpg", upright),
        ("holiday/lake.jpg", lake),
        ("phone/IMG_0042.jpg", turned),
        ("web/lake-progressive.jpg", repacked),
        ("web/lake-saved.png", saved),
    ]
}

/// A picture without loss in every format that has none.
fn charts() -> Vec<(&'static str, Vec<u8>)> {
    let sales = chart(160, 100, 21);
    let squeezed = Png { depth: 4, level: 9, ..Png::new(PngColour::Palette) };
    let roomy = Png { level: 1, filter: Filter::Mixed, is_interlaced: true, ..Png::new(PngColour::Rgb) };
    vec![
        ("backup/2024/sales.bmp", Bmp::Palette.write(&sales)),
        ("backup/2024/sales.tif", tiff(&sales, TiffCompression::Lzw, 32)),
        ("backup/2024/sales.tga", tga(&sales, true)),
        ("web/sales.gif", gif(std::slice::from_ref(&sales), 0)),
        ("web/sales.png", squeezed.write(&sales)),
        ("web/sales.webp", webp(&sales, &[])),
        ("work/sales.png", roomy.write(&sales)),
        ("work/sales.qoi", qoi(&sales)),
    ]
}

fn icons() -> Vec<(&'static str, Vec<u8>)> {
    let star = icon(32, 31);
    let palette = Png { level: 9, ..Png::new(PngColour::Palette) };
    vec![
        ("icons/star-palette.png", palette.write(&star)),
        ("icons/star.ico", icon_of_png(&star)),
        ("icons/star.png", png(&star)),
    ]
}

/// Pictures that other programs take for the same, or leave out without a word.
fn traps() -> Vec<(&'static str, Vec<u8>)> {
    let pond = landscape(96, 64, 41);
    let photo = |drawing: &Drawing| Png { filter: Filter::All(4), ..Png::new(PngColour::Rgb) }.write(drawing);
    let badge = icon(24, 42);
    let clear = badge.clone().with_sample_changed(12, 2, 3);
    let run = Drawing::new(2, 8, |x, y| [x as u8 * 60, y as u8 * 30, 90, 255]);
    let flag = |colours: [[u8; 4]; 3]| Drawing::new(36, 24, move |x, _| colours[(x / 12) as usize]);
    let (blue, white, red) = ([0, 51, 153, 255], [255; 4], [204, 0, 0, 255]);
    let steps = [flag([blue, white, red]), flag([white, red, blue])];
    let indexed = Png { depth: 2, ..Png::new(PngColour::Palette) };
    let jpeg = Jpeg::new(Subsampling::S420).write(&pond);
    vec![
        ("traps/badge-alpha-254.png", png(&clear)),
        ("traps/badge.png", png(&badge)),
        ("traps/cut-off.jpg", jpeg[..jpeg.len() / 2].to_vec()),
        ("traps/flag-animated.gif", gif(&steps, 50)),
        ("traps/flag-other-palette.png", indexed.write(&flag([red, white, blue]))),
        ("traps/flag.gif", gif(&steps[..1], 0)),
        ("traps/from-phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec()),
        ("traps/pond-mirrored.png", photo(&pond.mirrored())),
        ("traps/pond-one-pixel.png", photo(&pond.clone().with_sample_changed(95, 63, 2))),
        ("traps/pond.jpg", jpeg),
        ("traps/pond.png", photo(&pond)),
        ("traps/tiles-2x8.png", png(&run)),
        ("traps/tiles-4x4.png", png(&run.reflowed(4))),
    ]
}
