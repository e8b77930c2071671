//! A library of drawn pictures with twins of every kind, for reports that are compared.

use crate::{
    Dir,
    draw::{icon, landscape, noise},
    encode::{Jpeg, Png, PngColour, Subsampling, TiffCompression, gif, jpeg_with_segment, png, qoi, tiff},
};

/// Several hundred files: twins across formats and folders, hard links, files that are broken or no pictures.
#[must_use]
pub fn library() -> Dir {
    let dir = Dir::new();
    dir.mkdir("links");
    for number in 0..60_u64 {
        let picture = icon(16 + 16 * (number % 3) as u32, number);
        dir.write(format!("icons/{number}.png"), png(&picture));
        if number % 2 == 0 {
            dir.write(format!("copies/{number}.qoi"), qoi(&picture));
        }
        if number % 3 == 0 {
            dir.write(
                format!("more/b/{number} (1).png"),
                Png { level: 9, ..Png::new(PngColour::Rgba) }.write(&picture),
            );
        }
        if number % 5 == 0 {
            dir.write(format!("more/{number}.gif"), gif(&[picture.opaque().with_levels_of(2)], 0));
        }
        if number % 7 == 0 {
            dir.link(format!("icons/{number}.png"), format!("links/{number}.png"));
        }
    }
    for number in 0..24_u64 {
        let photo = landscape(320, 200, number);
        let jpeg = Jpeg::new(Subsampling::S420).write(&photo);
        dir.write(format!("photos/{number:03}.jpg"), &jpeg);
        if number % 2 == 0 {
            dir.write(
                format!("backup/{number:03}.jpg"),
                jpeg_with_segment(&jpeg, 0xfe, format!("{number}").as_bytes()),
            );
        }
        if number % 4 == 0 {
            dir.write(format!("scans/{number}.tif"), tiff(&photo, TiffCompression::None, 16));
            dir.write(format!("scans/{number}.png"), png(&photo));
        }
    }
    // Equal in size and first rows, different below.
    for number in 0..6 {
        dir.write(format!("deep/{number}.png"), png(&landscape(64, 300, 9).with_sample_changed(3, 290 + number, 0)));
    }
    dir.write("broken/cut.png", &png(&noise(64, 300, 1))[..4000])
        .write("broken/twin-of-cut.png", png(&noise(64, 300, 1)));
    dir.write("broken/empty.jpg", "").write("notes.txt", "no picture").write("odd\nname\u{1b}.png", png(&icon(32, 4)));
    dir.write(b"not-\xff-utf8.png", png(&icon(32, 4))).symlink("icons", "soft");
    dir
}
