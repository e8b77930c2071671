//! `pixtwin pdq`. The hashes are those that the Python package pdqhash 0.2.8 gives for the same pixels.

use pixtwin_testkit::{
    Dir,
    draw::{Drawing, noise},
    encode::{apng, exif, pgm, png, qoi, webp},
};

use crate::{pixtwin, ran};

const HASH: &str = "6c6ba561ba9f6d88e9b68a695617a8ac955368373968c24b98d3b6b655b494a4";
const HASH_ON_WHITE: &str = "3095a5619a8c4daaadb78a695696aaacb5536ab53129524a88d3b6b755b5b6a5";
const HASH_AFTER_HALF_A_TURN: &str = "ffff0fcbefdae722bce370c303422206d006c29d6c7d68e1dd861c1c04e13e0e";
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// 20 by 16 pixels: squares of the place, modulo 256; in `alpha` 13 times the column.
fn drawn(has_alpha: bool) -> Drawing {
    Drawing::new(20, 16, |x, y| {
        let [grey, ..] = (x * x + 3 * y * y).to_le_bytes();
        let [alpha, ..] = if has_alpha { x * 13 } else { 255 }.to_le_bytes();
        [grey, grey, grey, alpha]
    })
}

#[test]
fn lines_are_those_of_the_reference() {
    let dir = Dir::new();
    dir.write("a.png", png(&drawn(false))).write("b.pgm", pgm(&drawn(false))).write("c.qoi", qoi(&drawn(true)));
    dir.write("small.png", png(&noise(4, 300, 1)));
    let lines = format!("{HASH},100,b.pgm\n{NO_HASH},0,small.png\n{HASH},100,a.png\n{HASH},100,c.qoi\n");
    ran(&dir, &["pdq", "b.pgm", "small.png", "a.png", "c.qoi"]).assert(0, &lines, "");
    pixtwin(&dir, &["pdq", "-"]).input("b.pgm\nsmall.png\na.png\nc.qoi\n").end().assert(0, &lines, "");
    ran(&dir, &["pdq", "--ground", "white", "a.png", "c.qoi"]).assert(
        0,
        &format!("{HASH},100,a.png\n{HASH_ON_WHITE},100,c.qoi\n"),
        "",
    );
}

#[test]
fn every_form_has_hash_and_quality() {
    let dir = Dir::new();
    dir.write("a\n.png", png(&drawn(false)));
    ran(&dir, &["pdq", "a\n.png"]).assert(0, &format!("{HASH},100,$'a\\n.png'\n"), "");
    ran(&dir, &["pdq", "--format", "null", "a\n.png"]).assert(0, &format!("{HASH},100,a\n.png\0"), "");
    ran(&dir, &["pdq", "--format", "csv", "a\n.png"]).assert(
        0,
        &format!("hash,quality,path,width,height,format\n{HASH},100,\"a\n.png\",20,16,PNG\n"),
        "",
    );
    let json = ran(&dir, &["pdq", "--format", "json", "a\n.png"]).only_out();
    let line = format!(
        "{{\"type\":\"pdq\",\"path\":{{\"text\":\"a\\n.png\"}},\"host\":null,\"hash\":\"{HASH}\",\"quality\":100,\
         \"width\":20,\"height\":16,\"format\":\"PNG\"}}\n"
    );
    assert!(json.starts_with(&line), "{json}");
    assert_eq!(json.lines().count(), 2, "{json}");
}

#[test]
fn the_first_frame_counts_and_the_orientation_only_when_asked() {
    let dir = Dir::new();
    dir.write("a.png", apng(&[drawn(false), noise(20, 16, 1)], (1, 10)));
    dir.write("b.webp", webp(&drawn(false), &exif(3)));
    ran(&dir, &["pdq", "a.png", "b.webp"]).assert(0, &format!("{HASH},100,a.png\n{HASH},100,b.webp\n"), "");
    ran(&dir, &["pdq", "--orient", "a.png", "b.webp"]).assert(
        0,
        &format!("{HASH},100,a.png\n{HASH_AFTER_HALF_A_TURN},100,b.webp\n"),
        "",
    );
}

#[test]
fn a_file_without_hash_is_an_error_and_the_others_are_told() {
    let dir = Dir::new();
    let whole = png(&drawn(false));
    dir.write("cut.png", &whole[..whole.len() / 2]).write("a.png", whole).write("text", "hello");
    let ran = ran(&dir, &["pdq", "--unread", "unread", "cut.png", "a.png", "missing", "text"]);
    assert_eq!((ran.code, ran.out()), (3, format!("{HASH},100,a.png\n").as_str()));
    let errors: Vec<&str> = ran.err().lines().collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("error: cannot read `cut.png`: "), "{errors:?}");
    assert_eq!(errors[1], "error: cannot read `missing`: no such file or directory");
    assert_eq!(errors[2], "error: cannot read `text`: not a picture in any known format");
    let unread = String::from_utf8(dir.read("unread")).unwrap();
    assert!(["cut.png", "missing", "text"].iter().all(|name| unread.contains(name)), "{unread}");
}
