//! What was once wrong, and must not be again.

use pixtwin_testkit::{
    Dir, Drawing,
    draw::{landscape, noise},
    encode::{Jpeg, Subsampling, chunk, png, ppm, qoi, tga},
};

use crate::{pixtwin, ran};

/// A PNG whose checksums are all right, and whose row 250 has a filter that does not exist.
fn undecodable(text: &str) -> Vec<u8> {
    let (width, height) = (300_u32, 300_u32);
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(if y == 250 { 9 } else { 0 });
        rows.extend((0..width).map(|x| (x * 7 + y) as u8));
    }
    let mut zlib = vec![0x78, 0x01];
    for (at, block) in rows.chunks(65535).enumerate() {
        let is_last = (at + 1) * 65535 >= rows.len();
        let len = block.len() as u16;
        zlib.extend([
            u8::from(is_last),
            len.to_le_bytes()[0],
            len.to_le_bytes()[1],
            !len.to_le_bytes()[0],
            !len.to_le_bytes()[1],
        ]);
        zlib.extend(block);
    }
    let (a, b) = rows.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    zlib.extend((b << 16 | a).to_be_bytes());
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 0, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(*b"IHDR", &header[..]), (*b"tEXt", text.as_bytes()), (*b"IDAT", &zlib), (*b"IEND", b"")] {
        png.extend(chunk(name, content));
    }
    png
}

/// Whether a file is decoded at the first look depends on what was met before it; what is said of it may not.
#[test]
fn damaged_pictures_of_one_size_are_all_listed_whichever_is_looked_at_first() {
    let dir = Dir::new();
    for (name, side) in [("small", 20), ("large", 300)] {
        for number in 0..3 {
            let whole = png(&noise(side, side, number));
            dir.write(format!("{name}-{number}.png"), &whole[..60]);
        }
    }
    for threads in ["1", "2", "5"] {
        let run = ran(&dir, &["scan", ".", "--threads", threads]);
        assert_eq!((run.code, run.out()), (3, ""));
        let listed = run.err().lines().filter(|line| line.starts_with("not compared: ")).count();
        assert_eq!(listed, 6, "{}", run.err());
        assert!(run.err().contains("\n6 files, 6 pictures: no twins\n6 files were not compared\n"), "{}", run.err());
    }
}

#[test]
fn a_picture_that_cannot_be_decoded_is_no_twin() {
    let dir = Dir::new();
    dir.write("a.png", undecodable("a\0a")).write("b.png", undecodable("b\0b"));
    for format in ["text", "null"] {
        let ran = ran(&dir, &["scan", "a.png", "b.png", "--format", format]);
        assert_eq!((ran.code, ran.out()), (3, ""));
        assert_eq!(ran.err().matches("not compared: ").count(), 2, "{}", ran.err());
    }
}

#[test]
fn one_file_is_judged_by_the_name_that_tells_most() {
    let dir = Dir::new();
    let picture = tga(&noise(9, 7, 1), false);
    let without_footer = picture.strip_suffix(b"\0\0\0\0\0\0\0\0TRUEVISION-XFILE.\0").unwrap_or(&picture);
    dir.write("1.dat", without_footer).link("1.dat", "2.tga").write("3.tga", without_footer);
    let names = ran(&dir, &["scan", "-q", "--format", "null", "."]);
    names.assert(0, "./2.tga\0./3.tga\0\0", "");
    assert_eq!(ran(&dir, &["find", "-q", "3.tga", "--in", "."]).code, 0);
}

#[test]
fn a_folder_may_be_named_dash() {
    let dir = Dir::new();
    dir.mkdir("-").write("-/a.png", png(&noise(3, 3, 1))).write("-/b.qoi", qoi(&noise(3, 3, 1)));
    ran(&dir, &["scan", "-q", "--format", "null", "--", "-"]).assert(0, "./-/a.png\0./-/b.qoi\0\0", "");
}

#[test]
fn globs_mean_what_they_say_at_their_start() {
    let dir = Dir::new();
    for name in ["#a.png", "!b.png", "c.png"] {
        dir.write(name, png(&noise(3, 3, 1)));
    }
    let pictures = |flags: &[&str]| {
        let ran = ran(&dir, &[&["scan", ".", "--format", "json", "-q"], flags].concat()).only_out();
        ran.rsplit("\"pictures\":").next().unwrap().split(',').next().unwrap().to_owned()
    };
    assert_eq!(pictures(&["-g", "#*"]), "1");
    assert_eq!(pictures(&["-g", "!*"]), "1");
    assert_eq!(pictures(&["-E", "!*"]), "2");
    assert_eq!(pictures(&["-E", "#*"]), "2");
    ran(&dir, &["scan", ".", "-g", ""]).assert(2, "", "error: cannot use a glob: it is empty\n");
}

#[test]
fn overlapping_folders_count_once() {
    let dir = Dir::new();
    dir.mkdir("a/b").fifo("a/b/pipe").write("a/b/.hidden", "").write("a/b/c.png", png(&noise(2, 2, 1)));
    let expected = "not compared: a/b/pipe: a named pipe, not a file\n1 file, 1 picture: no twins\n\
                    passed over: 1 hidden entry (--hidden)\n1 file was not compared\n";
    ran(&dir, &["scan", "a", "a/b"]).assert(3, "", expected);
}

#[test]
fn what_is_no_picture_cannot_be_asked_about() {
    let dir = Dir::new();
    dir.write("a.txt", "words").write("b.txt", "words");
    ran(&dir, &["find", "a.txt", "--in", ".", "--tier", "bytes"]).assert(
        2,
        "",
        "error: cannot read `a.txt`: not a picture in any known format\n",
    );
}

#[test]
fn a_file_larger_than_the_memory_is_streamed() {
    let dir = Dir::new();
    let picture = ppm(&noise(1800, 1700, 1));
    dir.write("a.ppm", &picture).write("b.ppm", &picture);
    let ran = ran(&dir, &["scan", "-q", "--format", "null", "--memory", "8M", "."]);
    ran.assert(0, "./a.ppm\0./b.ppm\0\0", "");
}

#[test]
fn no_option_writes_over_a_picture() {
    let dir = Dir::new();
    let (a, b) = (png(&noise(4, 4, 1)), png(&noise(4, 4, 2)));
    dir.write("a.png", &a).write("b.png", &b).link("b.png", "c.png");
    let over = ran(&dir, &["compare", "a.png", "b.png", "--diff", "c.png"]);
    over.assert(2, "", "error: cannot draw over `c.png`: it is one of the pictures\n");
    for command in [&["hash", "a.png"][..], &["scan", "a.png"], &["find", "a.png", "--in", "a.png"]] {
        let over = ran(&dir, &[command, &["--unread", "b.png"]].concat());
        over.assert(2, "", "error: cannot write over `b.png`: it is a picture\n");
    }
    assert_eq!((dir.read("a.png"), dir.read("b.png")), (a, b));
}

#[test]
fn options_without_effect_are_refused() {
    let dir = Dir::new();
    dir.write("list", "");
    assert_eq!(ran(&dir, &["hash", "--check", "list", "--format", "json"]).code, 2);
    assert_eq!(ran(&dir, &["hash", "--check", "list", "--unread", "u"]).code, 2);
}

#[test]
fn a_closed_pipe_does_not_hide_unread_files() {
    let dir = Dir::new();
    for number in 0..2000 {
        dir.write(format!("{number:0100}.png"), png(&noise(2, 2, 1)));
    }
    dir.write("bad.png", "no picture");
    assert_eq!(pixtwin(&dir, &["scan", "-q", "."]).end_reading_only(10).code, 3);
}

/// A white top tells no two pictures apart: the first look goes on below it, in every format alike.
#[test]
fn a_margin_at_the_top_hides_neither_a_twin_nor_a_difference() {
    for margin in [0, 7, 8, 15, 16, 17, 150, 400] {
        let below = landscape(64, 500, 9);
        let drawn = Drawing::new(64, 500, |x, y| {
            let at = (y * 64 + x) as usize * 4;
            let pixel = below.rgba.get(at..at + 4).and_then(|pixel| pixel.first_chunk()).copied().unwrap_or_default();
            if y < margin { [255; 4] } else { pixel }
        });
        // Each of two kinds of files at once: a wrong key in one of them would part the twins.
        let dir = Dir::new();
        let baseline = Jpeg::new(Subsampling::S420);
        dir.write("a.png", png(&drawn)).write("a.qoi", qoi(&drawn)).write("a.tga", tga(&drawn, true));
        dir.write("b.jpg", baseline.write(&drawn));
        dir.write("b-progressive.jpg", Jpeg { is_progressive: true, ..baseline.clone() }.write(&drawn));
        let other = drawn.clone().with_sample_changed(3, margin + 4, 1);
        dir.write("c.png", png(&other)).write("c.tga", tga(&other, false));
        let expected = "./a.png\0./a.qoi\0./a.tga\0\0./b-progressive.jpg\0./b.jpg\0\0./c.png\0./c.tga\0\0";
        ran(&dir, &["scan", "-q", "--format", "null", "."]).assert(0, expected, "");
    }
}

#[test]
fn a_group_of_equal_files_has_their_hash_and_any_other_the_pixel_digest() {
    let dir = Dir::new();
    let picture = noise(200, 200, 1);
    dir.write("a.png", png(&picture)).write("b.png", png(&picture));
    let json = || ran(&dir, &["scan", "-q", "--format", "json", "."]).only_out();
    let equal = json();
    assert!(equal.contains("\"digest\":null,\"blake3\":\""), "{equal}");
    let digest = ran(&dir, &["hash", "-q", "a.png"]).only_out();
    dir.write("c.qoi", qoi(&picture));
    let mixed = json();
    let digest = format!("\"digest\":\"{}\"", digest.split_whitespace().next().unwrap());
    assert!(mixed.contains(&digest) && !mixed.contains("blake3"), "{mixed}");
}
