//! Files and folders that mean harm.

use pixtwin_testkit::{
    Dir,
    draw::{chart, noise},
    encode::{Bmp, Jpeg, Subsampling, TiffCompression, chunk, gif, icon_of_bmp, png, qoi, tga, tiff, webp},
};

use crate::{pixtwin, ran};

#[test]
fn what_may_not_be_read_is_listed() {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(3, 3, 1))).write("locked/b.png", png(&noise(3, 3, 1)));
    dir.write("secret.png", png(&noise(3, 3, 1))).chmod("secret.png", 0).chmod("locked", 0);
    let run = |arguments: &[&str]| pixtwin(&dir, arguments).bound_by_permissions().end();
    run(&["scan", "."]).assert(
        3,
        "",
        "not compared: ./locked: permission denied\nnot compared: ./secret.png: permission denied\n\
         2 files, 1 picture: no twins\n2 files were not compared\n",
    );
    run(&["find", "secret.png", "--in", "."]).assert(2, "", "error: cannot read `secret.png`: permission denied\n");
    dir.chmod("locked", 0o700);
}

#[test]
fn links_that_lead_in_circles_or_nowhere_are_listed() {
    let dir = Dir::new();
    dir.write("a/one.png", png(&noise(3, 3, 1))).symlink("..", "a/up").symlink("gone", "a/dangling.png");
    let ran = ran(&dir, &["scan", "--follow", "a"]);
    assert_eq!((ran.code, ran.out()), (3, ""));
    assert!(ran.err().contains("not compared: a/dangling.png: no such file or directory\n"), "{}", ran.err());
    assert!(ran.err().contains("a link that leads back to "), "{}", ran.err());
}

#[test]
fn pipes_and_devices_are_never_opened() {
    let dir = Dir::new();
    dir.fifo("pipe.png").write("a.png", png(&noise(3, 3, 1)));
    ran(&dir, &["find", "pipe.png", "--in", "."]).assert(
        2,
        "",
        "error: cannot read `pipe.png`: a named pipe, not a file\n",
    );
    ran(&dir, &["find", "/dev/zero", "--in", "."]).assert(
        2,
        "",
        "error: cannot read `/dev/zero`: a device, not a file\n",
    );
    ran(&dir, &["scan", "/dev/null", "a.png"]).assert(
        3,
        "",
        "not compared: /dev/null: a device, not a file\n1 file, 1 picture: no twins\n1 file was not compared\n",
    );
}

/// Small files whose headers promise 60000 x 60000 pixels.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let tiny = chart(16, 16, 1);
    let patched = |mut file: Vec<u8>, places: &[(usize, &[u8])]| {
        for (at, bytes) in places {
            file[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        file
    };
    let (big, little) = (60000_u16.to_be_bytes(), 60000_u16.to_le_bytes());
    let (big4, little4) = (60000_u32.to_be_bytes(), 60000_u32.to_le_bytes());
    let ihdr = [&big4[..], &big4, &[8, 6, 0, 0, 1]].concat();
    let plain = png(&tiny);
    let interlaced = [&plain[..8], &chunk(*b"IHDR", &ihdr), &plain[33..]].concat();
    let jpeg = Jpeg { is_progressive: true, ..Jpeg::new(Subsampling::S444) }.write(&tiny);
    let sof = jpeg.windows(2).position(|marker| marker == [0xff, 0xc2]).unwrap();
    let one_pixel = gif(std::slice::from_ref(&tiny), 0);
    let strips = tiff(&tiny, TiffCompression::Lzw, 60000);
    let sides = strips.windows(12).position(|tag| tag[..4] == [0, 1, 4, 0]).unwrap();
    vec![
        ("a.bmp", patched(Bmp::Rgb.write(&tiny), &[(18, &little4), (22, &little4)])),
        ("a.gif", patched(one_pixel, &[(6, &little), (8, &little)])),
        ("a.ico", patched(icon_of_bmp(&tiny), &[(26, &little4), (30, &120_000_u32.to_le_bytes())])),
        ("a.jpg", patched(jpeg, &[(sof + 5, &big), (sof + 7, &big)])),
        ("a.png", interlaced),
        ("a.qoi", patched(qoi(&tiny), &[(4, &big4), (8, &big4)])),
        ("a.tga", patched(tga(&tiny, true), &[(12, &little), (14, &little)])),
        ("a.tif", patched(strips, &[(sides + 8, &little4), (sides + 20, &little4)])),
        ("a.webp", patched(webp(&tiny, &[]), &[(21, &[0xff, 0xff, 0xff, 0x0f])])),
        ("a.pam", b"P7\nWIDTH 60000\nHEIGHT 60000\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n".to_vec()),
    ]
}

#[test]
fn a_bomb_costs_a_line_and_not_the_machine() {
    for (name, bomb) in bombs() {
        let dir = Dir::new();
        // Two, so that none is let go because it is alone.
        let mut other = [&bomb[..], b"!"].concat();
        if name == "a.gif" {
            // A GIF is whole, so that equal payloads would be proof enough: an unused colour sets them apart.
            other[36] = 1;
        }
        dir.write(name, &bomb).write(format!("b/{name}"), &other);
        for arguments in [&["scan", "--memory", "50M", "."][..], &["scan", "-j2", "."]] {
            let ran = pixtwin(&dir, arguments).within_address_space(3 << 30).end();
            assert_eq!((ran.code, ran.out()), (3, ""), "{name}: {}", ran.err());
            let lines: Vec<&str> = ran.err().lines().collect();
            assert_eq!(lines.len(), 4, "{name}: {}", ran.err());
            assert!(lines[0].starts_with(&format!("not compared: ./{name}: ")), "{}", ran.err());
            assert_eq!(lines[3], "2 files were not compared");
            if arguments.contains(&"50M") {
                assert!(ran.peak_bytes < 100 << 20, "{name}: {} bytes", ran.peak_bytes);
            }
        }
    }
}

#[test]
fn a_small_picture_is_read_within_little_memory() {
    let dir = Dir::new();
    let (a, b) = (noise(1200, 900, 1), noise(1200, 900, 2));
    dir.write("a.png", png(&a)).write("b.qoi", qoi(&a)).write("c.png", png(&b));
    let ran = pixtwin(&dir, &["scan", "-q", "--format", "null", "--memory", "50M", "."]).end();
    ran.assert(0, "./a.png\0./b.qoi\0\0", "");
    assert!(ran.peak_bytes < 100 << 20, "{}", ran.peak_bytes);
}

#[test]
fn a_changed_byte_anywhere_neither_ends_the_program_nor_makes_a_wrong_twin() {
    let drawn = chart(12, 10, 1);
    let files = [
        ("a.png", png(&drawn)),
        ("a.gif", gif(std::slice::from_ref(&drawn), 0)),
        ("a.qoi", qoi(&drawn)),
        ("a.tif", tiff(&drawn, TiffCompression::Lzw, 4)),
        ("a.webp", webp(&drawn, &[])),
        ("a.jpg", Jpeg::new(Subsampling::S420).write(&drawn)),
    ];
    for (name, file) in files {
        let dir = Dir::new();
        let (stem, extension) = name.split_once('.').unwrap();
        let count = pixtwin_testkit::cases(150, 3000) as usize;
        let step = (file.len() / count).max(1);
        for at in (0..file.len()).step_by(step) {
            let mut changed = file.clone();
            changed[at] ^= 1 << (at % 8);
            dir.write(format!("{stem}-{at}.{extension}"), changed);
        }
        let ran = ran(&dir, &["scan", "-q", "."]);
        assert!(matches!(ran.code, 0 | 3), "{name}: {} {}", ran.code, ran.err());
        assert_eq!(ran.err(), "", "{name}");
    }
}
