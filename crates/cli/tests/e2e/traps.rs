//! The traps that duplicate finders fall into, one test each.

use pixtwin_testkit::{
    Dir, Drawing,
    draw::{chart, icon, landscape, noise},
    encode::{
        Bmp, Filter, Jpeg, Png, PngColour, Subsampling, TiffCompression, apng, cursor, exif, gif, icon_of_bmp,
        icon_of_png, jpeg_with_segment, pam, pgm, png, ppm, ppm16, qoi, tga, tiff, webp,
    },
};

use crate::{assert_strangers, assert_strangers_with, assert_twins, assert_twins_with, folder, pixtwin, ran};

fn of(colour: PngColour) -> Png {
    Png::new(colour)
}

#[test]
fn trap_01_one_run_of_pixels_in_other_rows() {
    let tall = noise(2, 8, 1);
    assert_strangers(&[
        ("2x8.png", png(&tall)),
        ("4x4.png", png(&tall.reflowed(4))),
        ("8x2.png", png(&tall.reflowed(8))),
    ]);
    let dir = folder(&[("2x8.png", png(&tall)), ("4x4.png", png(&tall.reflowed(4)))]);
    ran(&dir, &["compare", "2x8.png", "4x4.png"]).assert(
        1,
        "not the same picture\n  2x8.png: PNG, 2 x 8\n  4x4.png: PNG, 4 x 4\n  the sizes differ\n",
        "",
    );
}

#[test]
fn trap_02_equal_indices_of_another_palette() {
    let stripes = |colours: [[u8; 4]; 2]| Drawing::new(8, 8, move |x, _| colours[(x % 2) as usize]);
    let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
    let palette = Png { depth: 1, ..of(PngColour::Palette) };
    let (a, b) = (palette.write(&stripes([red, blue])), palette.write(&stripes([blue, red])));
    let idat = |file: &[u8]| file[file.windows(4).position(|four| four == b"IDAT").unwrap()..].to_vec();
    assert_eq!(idat(&a), idat(&b), "the indices are equal");
    assert_strangers(&[("a.png", a.clone()), ("b.png", b)]);
    let reversed = Png { has_palette_reversed: true, ..palette }.write(&stripes([red, blue]));
    assert_ne!(idat(&a), idat(&reversed));
    assert_twins(&[("a.png", a), ("reversed.png", reversed)]);
}

#[test]
fn trap_03_palette_rgb_opaque_rgba_and_grey() {
    let colours = chart(24, 18, 3);
    let wide = |colour| Png { depth: 16, ..of(colour) };
    assert_twins(&[
        ("palette.png", of(PngColour::Palette).write(&colours)),
        ("rgb.png", of(PngColour::Rgb).write(&colours)),
        ("rgba.png", of(PngColour::Rgba).write(&colours)),
        ("rgb16.png", wide(PngColour::Rgb).write(&colours)),
    ]);
    let greys = colours.grey();
    assert_twins(&[
        ("grey.png", of(PngColour::Grey).write(&greys)),
        ("grey-alpha.png", of(PngColour::GreyAlpha).write(&greys)),
        ("palette.png", of(PngColour::Palette).write(&greys)),
        ("rgb.png", of(PngColour::Rgb).write(&greys)),
        ("rgba16.png", wide(PngColour::Rgba).write(&greys)),
        ("grey.pgm", pgm(&greys)),
    ]);
}

#[test]
fn trap_04_transparent_by_a_chunk_or_a_channel() {
    let drawn = chart(24, 18, 4).map(|[r, g, b, _]| [r, g, b, if [r, g, b] == [255; 3] { 0 } else { 255 }]);
    assert_twins(&[
        ("key.png", Png { transparent: Some([255; 3]), ..of(PngColour::Rgb) }.write(&drawn)),
        ("palette.png", of(PngColour::Palette).write(&drawn)),
        ("rgba.png", png(&drawn)),
    ]);
    let greys = drawn.map(|[_, g, _, _]| [g, g, g, if g == 255 { 0 } else { 255 }]);
    assert_twins(&[
        ("key.png", Png { transparent: Some([255; 3]), ..of(PngColour::Grey) }.write(&greys)),
        ("grey-alpha.png", of(PngColour::GreyAlpha).write(&greys)),
    ]);
    assert_strangers(&[("clear.png", png(&drawn)), ("opaque.png", png(&drawn.opaque()))]);
}

#[test]
fn trap_05_only_alpha_differs() {
    let drawn = icon(24, 5);
    let files = [("a.png", png(&drawn)), ("b.png", png(&drawn.clone().with_sample_changed(12, 12, 3)))];
    assert_strangers(&files);
    assert_strangers_with(&files, &["--alpha", "ignore-hidden"]);
    ran(&folder(&files), &["compare", "a.png", "b.png"]).assert(
        1,
        "not the same picture\n  a.png: PNG, 24 x 24\n  b.png: PNG, 24 x 24\n  \
         1 pixel of 576 differs, the first at x 12, y 12\n  \
         largest difference: red 0, green 0, blue 0, alpha 1 (of 255)\n",
        "",
    );
}

#[test]
fn trap_06_colour_under_full_transparency() {
    let drawn = icon(24, 6);
    let files = [("black.png", png(&drawn)), ("white.png", png(&drawn.with_hidden_colour([255; 3])))];
    assert_strangers(&files);
    assert_twins_with(&files, &["--alpha", "ignore-hidden"]);
}

#[test]
fn trap_07_equal_values_in_1_2_4_8_and_16_bits() {
    for bits in [1, 2, 4] {
        let drawn = noise(19, 7, 7).grey().opaque().with_levels_of(bits);
        let grey = |depth| Png { depth, ..of(PngColour::Grey) }.write(&drawn);
        assert_twins(&[
            ("few.png", grey(bits as u8)),
            ("8.png", grey(8)),
            ("16.png", grey(16)),
            ("8.pgm", pgm(&drawn)),
        ]);
    }
    let drawn = noise(19, 7, 8).opaque();
    let wide = ppm16(&drawn);
    let mut one_more = wide.clone();
    *one_more.last_mut().unwrap() ^= 1;
    assert_twins(&[("8.ppm", ppm(&drawn)), ("16.ppm", wide.clone())]);
    assert_strangers(&[("16.ppm", wide), ("one-more.ppm", one_more)]);
}

#[test]
fn trap_08_interlace_filters_levels_and_stored_blocks() {
    let drawn = landscape(67, 45, 8);
    let mut files = vec![("plain.png".to_owned(), of(PngColour::Rgb).write(&drawn))];
    for filter in (0..5).map(Filter::All).chain([Filter::Mixed]) {
        for is_interlaced in [false, true] {
            let file = Png { filter, is_interlaced, ..of(PngColour::Rgb) }.write(&drawn);
            files.push((format!("{filter:?}-{is_interlaced}.png"), file));
        }
    }
    for level in 0..10 {
        files.push((format!("level-{level}.png"), Png { level, ..of(PngColour::Rgb) }.write(&drawn)));
    }
    for idat_bytes in [1, 2, 100, 8192] {
        files.push((format!("idat-{idat_bytes}.png"), Png { idat_bytes, ..of(PngColour::Rgb) }.write(&drawn)));
    }
    let files: Vec<(&str, Vec<u8>)> = files.iter().map(|(name, file)| (name.as_str(), file.clone())).collect();
    assert_twins(&files);
}

#[test]
fn trap_09_one_raster_in_every_lossless_format() {
    let drawn = chart(40, 30, 9);
    assert_twins(&[
        ("a.bmp", Bmp::Rgb.write(&drawn)),
        ("from-top.bmp", Bmp::RgbFromTop.write(&drawn)),
        ("palette.bmp", Bmp::Palette.write(&drawn)),
        ("rgbx.bmp", Bmp::Rgbx.write(&drawn)),
        ("a.gif", gif(std::slice::from_ref(&drawn), 0)),
        ("a.ico", icon_of_bmp(&drawn)),
        ("png.ico", icon_of_png(&drawn)),
        ("a.cur", cursor(&drawn)),
        ("a.pam", pam(&drawn)),
        ("a.png", png(&drawn)),
        ("a.ppm", ppm(&drawn)),
        ("16.ppm", ppm16(&drawn)),
        ("a.qoi", qoi(&drawn)),
        ("a.tga", tga(&drawn, false)),
        ("packed.tga", tga(&drawn, true)),
    ]);
    let drawn = icon(32, 9);
    assert_twins(&[
        ("a.bmp", Bmp::Rgba.write(&drawn)),
        ("a.ico", icon_of_bmp(&drawn)),
        ("png.ico", icon_of_png(&drawn)),
        ("a.pam", pam(&drawn)),
        ("a.png", png(&drawn)),
        ("a.qoi", qoi(&drawn)),
        ("a.tga", tga(&drawn, true)),
    ]);
}

#[test]
fn trap_09_one_raster_in_webp_and_tiff() {
    for drawn in [chart(40, 30, 9), icon(32, 9), landscape(70, 50, 9), noise(17, 23, 9)] {
        assert_twins(&[
            ("a.png", png(&drawn)),
            ("a.webp", webp(&drawn, &[])),
            ("deflate.tif", tiff(&drawn, TiffCompression::Deflate, 7)),
            ("lzw.tif", tiff(&drawn, TiffCompression::Lzw, 1)),
            ("none.tif", tiff(&drawn, TiffCompression::None, 1000)),
            ("packbits.tif", tiff(&drawn, TiffCompression::PackBits, 1)),
        ]);
    }
}

#[test]
fn trap_10_exif_orientation() {
    let stored = landscape(48, 32, 10);
    let jpeg = Jpeg::new(Subsampling::S444).write(&stored);
    let tagged = |orientation| jpeg_with_segment(&jpeg, 0xe1, &[b"Exif\0\0", &exif(orientation)[..]].concat());
    for orientation in 2..=8 {
        let files = [("1.jpg", tagged(1)), ("other.jpg", tagged(orientation))];
        assert_twins(&files);
        assert_strangers_with(&files, &["--orient"]);
        // What is shown is the turned picture, also where another file stores it so.
        let shown = [
            ("stored.png", png(&stored.shown_under(orientation))),
            ("tagged.png", Png { chunks: vec![(*b"eXIf", exif(orientation))], ..of(PngColour::Rgb) }.write(&stored)),
        ];
        assert_strangers(&shown);
        assert_twins_with(&shown, &["--orient"]);
    }
    let dir = folder(&[("a.jpg", tagged(1)), ("b.jpg", tagged(6))]);
    ran(&dir, &["compare", "a.jpg", "b.jpg"]).assert(
        0,
        "the same picture: only metadata differs\n  a.jpg: JPEG, 48 x 32\n  b.jpg: JPEG, 48 x 32\n  \
         metadata of the second: orientation 6 instead of 1\n  metadata of the second: EXIF differs\n",
        "",
    );
}

#[test]
fn trap_11_colour_management_is_reported_and_not_applied() {
    let drawn = landscape(30, 20, 11);
    let with = |chunks: Vec<([u8; 4], Vec<u8>)>| Png { chunks, ..of(PngColour::Rgb) }.write(&drawn);
    let profile = b"made up\0\0\x78\x9c\x03\0\0\0\0\x01".to_vec();
    assert_twins(&[
        ("gamma.png", with(vec![(*b"gAMA", 45455_u32.to_be_bytes().to_vec())])),
        ("other-gamma.png", with(vec![(*b"gAMA", 100_000_u32.to_be_bytes().to_vec())])),
        ("icc.png", with(vec![(*b"iCCP", profile)])),
        ("plain.png", with(vec![])),
        ("srgb.png", with(vec![(*b"sRGB", vec![0])])),
    ]);
    let dir = folder(&[("a.png", with(vec![])), ("b.png", with(vec![(*b"sRGB", vec![0])]))]);
    let ran = ran(&dir, &["compare", "a.png", "b.png"]);
    assert_eq!(ran.code, 0);
    assert!(ran.out().contains("metadata of the second: sRGB added"), "{}", ran.out());
}

#[test]
fn trap_12_solid_pictures() {
    let solid = |colour| png(&Drawing::solid(64, 64, colour));
    assert_strangers(&[
        ("black.png", solid([0, 0, 0, 255])),
        ("clear-black.png", solid([0; 4])),
        ("clear-white.png", solid([255, 255, 255, 0])),
        ("grey.png", solid([1, 1, 1, 255])),
        ("larger.png", png(&Drawing::solid(64, 65, [0, 0, 0, 255]))),
        ("white.png", solid([255; 4])),
    ]);
    let white = Drawing::solid(64, 64, [255; 4]);
    let bit = Png { depth: 1, ..of(PngColour::Grey) };
    assert_twins(&[("bit.png", bit.write(&white)), ("full.png", png(&white)), ("a.qoi", qoi(&white))]);
}

#[test]
fn trap_13_a_single_pixel() {
    let dot = |colour| Drawing::solid(1, 1, colour);
    assert_strangers(&[
        ("a.png", png(&dot([1, 2, 3, 4]))),
        ("b.png", png(&dot([1, 2, 3, 5]))),
        ("c.png", png(&dot([1, 2, 4, 4]))),
    ]);
    let red = dot([255, 0, 0, 255]);
    assert_twins(&[
        ("a.bmp", Bmp::Rgb.write(&red)),
        ("a.gif", gif(std::slice::from_ref(&red), 0)),
        ("a.png", png(&red)),
        ("a.ppm", ppm(&red)),
        ("a.qoi", qoi(&red)),
        ("interlaced.png", Png { is_interlaced: true, ..of(PngColour::Rgb) }.write(&red)),
    ]);
}

#[test]
fn trap_14_one_sample_by_one_in_the_last_row_of_24_megapixels() {
    let large = Drawing::new(6000, 4000, |x, y| [(x / 24) as u8, (y / 16) as u8, 90, 255]);
    let changed = large.clone().with_sample_changed(5999, 3999, 2);
    let file = |drawing: &Drawing, level| Png { level, filter: Filter::All(1), ..of(PngColour::Rgb) }.write(drawing);
    let dir = folder(&[("a.png", file(&large, 1)), ("b.png", file(&changed, 1)), ("c.png", file(&large, 2))]);
    ran(&dir, &["scan", "-q", "--format", "null", "."]).assert(0, "./a.png\0./c.png\0\0", "");
    ran(&dir, &["find", "-q", "b.png", "--in", "."]).assert(1, "b.png\n  no twin\n", "");
}

#[test]
fn trap_15_a_difference_that_wraps_around() {
    let flat = |value| Drawing::solid(4, 4, [value, value, value, 255]);
    let files = [("10.png", png(&flat(10))), ("202.png", png(&flat(202)))];
    assert_strangers(&files);
    ran(&folder(&files), &["compare", "10.png", "202.png"]).assert(
        1,
        "not the same picture\n  10.png: PNG, 4 x 4\n  202.png: PNG, 4 x 4\n  \
         16 pixels of 16 differ, the first at x 0, y 0\n  \
         largest difference: red 192, green 192, blue 192, alpha 0 (of 255)\n",
        "",
    );
}

#[test]
fn trap_16_an_animation_is_not_its_first_frame() {
    let frames = [chart(20, 16, 1), chart(20, 16, 2)];
    let swapped = [frames[1].clone(), frames[0].clone()];
    assert_strangers(&[
        ("animated.gif", gif(&frames, 10)),
        ("slower.gif", gif(&frames, 20)),
        ("still.gif", gif(&frames[..1], 0)),
        ("swapped.gif", gif(&swapped, 10)),
    ]);
    assert_twins(&[("animated.gif", gif(&frames, 10)), ("animated.png", apng(&frames, (1, 10)))]);
    assert_twins(&[("one-frame.png", apng(&frames[..1], (1, 10))), ("still.png", png(&frames[0]))]);
}

#[test]
fn trap_17_what_is_cut_off_is_no_twin() {
    let drawn = landscape(64, 48, 17);
    let flat = chart(64, 48, 17);
    let files = [
        ("bmp", Bmp::Palette.write(&flat)),
        ("gif", gif(std::slice::from_ref(&flat), 0)),
        ("ico", icon_of_png(&drawn)),
        ("ppm", ppm(&drawn)),
        ("tif", tiff(&drawn, TiffCompression::Lzw, 8)),
        ("webp", webp(&drawn, &[])),
        ("jpg", Jpeg::new(Subsampling::S420).write(&drawn)),
        ("progressive.jpg", Jpeg { is_progressive: true, ..Jpeg::new(Subsampling::S420) }.write(&drawn)),
        ("png", png(&drawn)),
        ("qoi", qoi(&drawn)),
    ];
    for (extension, whole) in files {
        for kept in [whole.len() / 3, whole.len() / 2, whole.len() - 20, whole.len() - 1] {
            let (a, b) = (format!("cut.{extension}"), format!("whole.{extension}"));
            let dir = folder(&[(&a, whole[..kept].to_vec()), (&b, whole.clone())]);
            let scanned = ran(&dir, &["scan", "."]);
            assert_eq!((scanned.code, scanned.out()), (3, ""), "{extension} cut to {kept}");
            let lines: Vec<&str> = scanned.err().lines().collect();
            assert!(lines[0].starts_with(&format!("not compared: ./{a}: ")), "{}", lines[0]);
            assert_eq!(lines[lines.len() - 1], "1 file was not compared");
        }
    }
}

#[test]
fn trap_18_one_jpeg_coded_in_many_ways() {
    let drawn = landscape(123, 77, 18);
    for subsampling in [Subsampling::S444, Subsampling::S422, Subsampling::S420, Subsampling::S440, Subsampling::S411] {
        let baseline = Jpeg::new(subsampling);
        let write = |jpeg: Jpeg| jpeg.write(&drawn);
        assert_twins(&[
            ("arithmetic.jpg", write(Jpeg { is_arithmetic: true, ..baseline.clone() })),
            ("baseline.jpg", write(baseline.clone())),
            ("comment.jpg", jpeg_with_segment(&write(baseline.clone()), 0xfe, b"a comment")),
            ("optimised.jpg", write(Jpeg { is_optimised: true, ..baseline.clone() })),
            ("progressive.jpg", write(Jpeg { is_progressive: true, ..baseline.clone() })),
            ("restart.jpg", write(Jpeg { restart_blocks: 3, ..baseline.clone() })),
        ]);
        let other = Jpeg { quality: 84, ..baseline.clone() };
        assert_strangers(&[("84.jpg", write(other)), ("85.jpg", write(baseline))]);
    }
}

#[test]
fn trap_18_one_long_jpeg_coded_in_many_ways() {
    // Long enough for every look at first rows to stop early.
    let drawn = landscape(400, 2600, 18);
    let baseline = Jpeg::new(Subsampling::S420);
    let write = |jpeg: Jpeg| jpeg.write(&drawn);
    let files = [
        ("arithmetic.jpg", write(Jpeg { is_arithmetic: true, ..baseline.clone() })),
        ("baseline.jpg", write(baseline.clone())),
        ("progressive.jpg", write(Jpeg { is_progressive: true, ..baseline.clone() })),
        ("restart.jpg", write(Jpeg { restart_blocks: 7, ..baseline })),
    ];
    assert_twins(&files);
    assert_twins_with(&files, &["--memory", "20M"]);
}

#[test]
fn trap_19_four_inks() {
    let inks = landscape(40, 24, 19).map(|[c, m, y, _]| [c, m, y, c / 2]);
    let jpeg = Jpeg::new(Subsampling::S444);
    let file = jpeg.write_inks(&inks);
    let optimised = Jpeg { is_optimised: true, ..jpeg.clone() }.write_inks(&inks);
    assert_ne!(optimised, file);
    assert_twins(&[("cmyk.jpg", file.clone()), ("optimised.jpg", optimised)]);
    // The same bytes, but Adobe's marker says that three of the inks are coded as brightness and colour.
    let mut ycck = file.clone();
    let transform = file.windows(5).position(|name| name == b"Adobe").unwrap() + 11;
    assert_eq!(std::mem::replace(&mut ycck[transform], 2), 0);
    assert_strangers(&[("cmyk.jpg", file.clone()), ("rgb.jpg", jpeg.write(&inks)), ("ycck.jpg", ycck)]);
    let dir = folder(&[("cmyk.jpg", file), ("rgb.jpg", jpeg.write(&inks))]);
    let ran = ran(&dir, &["compare", "cmyk.jpg", "rgb.jpg"]);
    assert!(ran.out().contains("  one has inks (CMYK), the other colours (RGB)\n"), "{}", ran.out());
}

#[test]
fn trap_20_a_png_saved_from_a_jpeg() {
    let dir = Dir::new();
    for subsampling in [Subsampling::S444, Subsampling::S422, Subsampling::S420] {
        let jpeg = Jpeg::new(subsampling).write(&landscape(101, 67, 20));
        dir.write("photo.jpg", jpeg);
        let saved = dir.run("djpeg", ["-pnm", "photo.jpg"]).end();
        assert_eq!((saved.code, saved.err()), (0, ""));
        let pixels = &saved.stdout[saved.stdout.len() - 101 * 67 * 3..];
        let drawn = Drawing {
            width: 101,
            height: 67,
            rgba: pixels.as_chunks().0.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect(),
        };
        dir.write("saved.png", of(PngColour::Rgb).write(&drawn));
        ran(&dir, &["find", "photo.jpg", "--in", "."]).assert(
            0,
            "photo.jpg\n  ./saved.png  PNG, same pixels\n",
            "2 files, 2 pictures: 1 twin\n",
        );
    }
}

#[test]
fn trap_21_names_that_are_not_text() {
    let dir = Dir::new();
    let names: [&[u8]; 5] = [b"-rf.png", b"a\nb.png", b"c\x1b[2Jd.png", b"e\xff.png", b" f.png"];
    for name in names {
        dir.write(name, png(&noise(5, 5, 21)));
    }
    ran(&dir, &["scan", "-q", "."]).assert(
        0,
        "5 files, 5 x 5, 692 B can be freed\n  173 B  ./ f.png  PNG\n  173 B  ./-rf.png  PNG, same bytes\n  \
         173 B  $'./a\\nb.png'  PNG, same bytes\n  173 B  $'./c\\033[2Jd.png'  PNG, same bytes\n  \
         173 B  $'./e\\377.png'  PNG, same bytes\n",
        "",
    );
    let raw: Vec<u8> = [&b" f.png"[..], b"-rf.png", b"a\nb.png", b"c\x1b[2Jd.png", b"e\xff.png"]
        .iter()
        .flat_map(|name| [b"./", *name, b"\0"].concat())
        .chain([0])
        .collect();
    assert_eq!(ran(&dir, &["scan", "-q", "--format", "null", "."]).stdout, raw);
    let found =
        pixtwin(&dir, &["find", "-q", "--null", "-", "--in", ".", "--format", "null"]).input(b"-rf.png\0").end();
    assert_eq!(found.code, 0);
    assert_eq!(found.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()).count(), 4);
}

#[test]
fn trap_22_one_file_by_many_paths_and_things_that_are_no_files() {
    let dir = Dir::new();
    let file = png(&noise(5, 5, 22));
    dir.write("a/one.png", &file).link("a/one.png", "a/two.png").symlink("one.png", "a/soft.png");
    dir.symlink("..", "a/loop").fifo("a/pipe.png").write("a/empty.png", b"").write("a/text.txt", b"no picture");
    // A file with many names is one file, and no twin of itself.
    ran(&dir, &["scan", "a", "a", "./a"]).assert(
        3,
        "",
        "not compared: ./a/empty.png: the file is empty\nnot compared: ./a/pipe.png: a named pipe, not a file\n\
         not compared: a/pipe.png: a named pipe, not a file\n8 files, 1 picture: no twins\n\
         passed over: 4 symbolic links (--follow)\n3 files were not compared\n",
    );
}
