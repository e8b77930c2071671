//! Pictures that other programs wrote, held against what other programs read in them.

use pixtwin_testkit::{
    Dir,
    draw::{chart, icon, landscape},
    encode::{Png, PngColour, pam, ppm},
};

use crate::ran;

/// Runs another program, which must end well.
#[track_caller]
fn run(dir: &Dir, words: &[&str]) {
    let ran = dir.run(words[0], &words[1..]).end();
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.err());
}

/// Holds two files for the same picture.
#[track_caller]
fn assert_same(dir: &Dir, a: &str, b: &str) {
    let ran = ran(dir, &["compare", a, b]);
    assert_eq!(ran.code, 0, "{a}, {b}: {}{}", ran.out(), ran.err());
}

fn photo() -> Dir {
    let dir = Dir::new();
    dir.write("photo.ppm", ppm(&landscape(157, 101, 5)));
    dir
}

#[test]
fn jpeg_as_djpeg_reads_it() {
    let dir = photo();
    let samplings = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2"];
    let ways: [&[&str]; 5] =
        [&["-baseline"], &["-progressive"], &["-restart", "1"], &["-arithmetic"], &["-arithmetic", "-progressive"]];
    for sampling in samplings {
        for way in ways {
            for quality in ["30", "95"] {
                let options = [&["cjpeg", "-quality", quality, "-sample", sampling][..], way].concat();
                run(&dir, &[&options[..], &["-outfile", "a.jpg", "photo.ppm"]].concat());
                run(&dir, &["djpeg", "-pnm", "-outfile", "a.ppm", "a.jpg"]);
                assert_same(&dir, "a.jpg", "a.ppm");
            }
        }
    }
    run(&dir, &["cjpeg", "-grayscale", "-outfile", "a.jpg", "photo.ppm"]);
    run(&dir, &["djpeg", "-pnm", "-outfile", "a.pgm", "a.jpg"]);
    assert_same(&dir, "a.jpg", "a.pgm");
    run(&dir, &["cjpeg", "-rgb", "-outfile", "a.jpg", "photo.ppm"]);
    run(&dir, &["djpeg", "-pnm", "-outfile", "a.ppm", "a.jpg"]);
    assert_same(&dir, "a.jpg", "a.ppm");
}

#[test]
fn jpeg_rewritten_by_jpegtran() {
    let dir = photo();
    run(&dir, &["cjpeg", "-sample", "2x2", "-outfile", "a.jpg", "photo.ppm"]);
    let ways: [&[&str]; 5] =
        [&["-optimize"], &["-progressive"], &["-arithmetic"], &["-restart", "1"], &["-copy", "none"]];
    for way in ways {
        run(&dir, &[&["jpegtran"], way, &["-outfile", "b.jpg", "a.jpg"]].concat());
        ran(&dir, &["find", "-q", "a.jpg", "--in", "b.jpg", "--format", "null"]).assert(0, "b.jpg\0", "");
    }
    run(&dir, &["jpegtran", "-flip", "horizontal", "-outfile", "b.jpg", "a.jpg"]);
    assert_eq!(ran(&dir, &["find", "-q", "a.jpg", "--in", "b.jpg"]).code, 1);
}

#[test]
fn webp_as_dwebp_reads_it() {
    let dir = photo();
    dir.write("icon.png", pixtwin_testkit::encode::png(&icon(48, 5)));
    for source in ["photo.ppm", "icon.png"] {
        let ways: [&[&str]; 6] = [
            &["-q", "20"],
            &["-q", "90", "-m", "6"],
            &["-q", "75", "-f", "0"],
            &["-q", "75", "-sharp_yuv"],
            &["-lossless", "-exact"],
            &["-lossless", "-m", "0", "-near_lossless", "40"],
        ];
        for way in ways {
            run(&dir, &[&["cwebp", "-quiet"], way, &["-o", "a.webp", source]].concat());
            run(&dir, &["dwebp", "-quiet", "-pam", "a.webp", "-o", "a.pam"]);
            assert_same(&dir, "a.webp", "a.pam");
        }
    }
}

#[test]
fn what_imagemagick_writes() {
    let dir = Dir::new();
    dir.write("flat.ppm", ppm(&chart(61, 43, 5))).write("clear.pam", pam(&icon(32, 5)));
    dir.write("grey.png", Png::new(PngColour::Grey).write(&landscape(61, 43, 5).grey()));
    // Not TGA: ImageMagick 6 writes the top row first under a header that says bottom first.
    let cases: [(&str, &[&str], &str); 15] = [
        ("flat.ppm", &[], "gif"),
        ("flat.ppm", &["-interlace", "GIF"], "gif"),
        ("flat.ppm", &[], "bmp"),
        ("flat.ppm", &["-type", "palette"], "bmp"),
        ("flat.ppm", &["-type", "palette", "-compress", "RLE"], "bmp"),
        ("clear.pam", &[], "bmp"),
        ("flat.ppm", &["-compress", "None"], "tif"),
        ("flat.ppm", &["-compress", "LZW"], "tif"),
        ("flat.ppm", &["-compress", "Zip"], "tif"),
        ("flat.ppm", &["-compress", "RLE"], "tif"),
        ("flat.ppm", &["-depth", "16"], "tif"),
        ("flat.ppm", &["-type", "palette"], "tif"),
        ("flat.ppm", &["-define", "tiff:tile-geometry=16x16"], "tif"),
        ("clear.pam", &["-compress", "LZW"], "tif"),
        ("grey.png", &["-interlace", "plane"], "png"),
    ];
    for (source, options, extension) in cases {
        let name = format!("a.{extension}");
        run(&dir, &[&["convert", source], options, &[&name]].concat());
        assert_same(&dir, source, &name);
    }
}
