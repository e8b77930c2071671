//! `pixtwin hash`.

use pixtwin_testkit::{
    Dir,
    draw::noise,
    encode::{png, ppm, qoi},
};

use crate::{digest, pixtwin, ran};

fn folder() -> Dir {
    let dir = Dir::new();
    dir.write("a.png", png(&noise(6, 4, 1))).write("a.qoi", qoi(&noise(6, 4, 1))).write("b.png", png(&noise(6, 4, 2)));
    dir
}

#[test]
fn equal_pixels_have_equal_digests() {
    let dir = folder();
    let (a, b) = (digest(&dir, "a.png"), digest(&dir, "b.png"));
    assert_ne!(a, b);
    let lines = format!("{a}  a.qoi\n{b}  b.png\n{a}  a.png\n");
    ran(&dir, &["hash", "a.qoi", "b.png", "a.png"]).assert(0, &lines, "");
    pixtwin(&dir, &["hash", "-"]).input("a.qoi\nb.png\na.png\n").end().assert(0, &lines, "");
    ran(&dir, &["hash", "--format", "null", "b.png"]).assert(0, &format!("{b}  b.png\0"), "");
    ran(&dir, &["hash", "--format", "csv", "b.png"]).assert(
        0,
        &format!("digest,path,width,height,frames,format\n{b},b.png,6,4,1,PNG\n"),
        "",
    );
}

#[test]
fn a_file_without_digest_is_an_error_and_the_others_are_told() {
    let dir = folder();
    let b = digest(&dir, "b.png");
    ran(&dir, &["hash", "missing", "b.png"]).assert(
        3,
        &format!("{b}  b.png\n"),
        "error: cannot read `missing`: no such file or directory\n",
    );
}

#[test]
fn a_list_is_checked() {
    let dir = folder();
    dir.write("list", ran(&dir, &["hash", "a.png", "a.qoi", "b.png"]).stdout);
    ran(&dir, &["hash", "--check", "list"]).assert(0, "a.png: OK\na.qoi: OK\nb.png: OK\n", "");
    ran(&dir, &["hash", "--quiet", "--check", "list"]).assert(0, "", "");
    // The same picture in another format keeps its digest, as the promise is about pixels.
    dir.write("a.png", dir.read("a.qoi")).write("b.png", ppm(&noise(6, 4, 3)));
    ran(&dir, &["hash", "--check", "list"]).assert(1, "a.png: OK\na.qoi: OK\nb.png: FAILED\n", "");
    std::fs::remove_file(dir.join("a.qoi")).unwrap();
    pixtwin(&dir, &["hash", "--check", "-"]).input(dir.read("list")).end().assert(
        3,
        "a.png: OK\na.qoi: FAILED to read: no such file or directory\nb.png: FAILED\n",
        "",
    );
}

#[test]
fn a_list_that_makes_no_sense_is_refused() {
    let dir = folder();
    dir.write("list", "hello\n");
    ran(&dir, &["hash", "--check", "list"]).assert(
        2,
        "",
        "error: cannot understand line 1 of `list`: no digest and name\n",
    );
    dir.write("list", "");
    ran(&dir, &["hash", "--check", "list"]).assert(2, "", "error: `list` lists no digests\n");
}

#[test]
fn any_name_survives_a_list() {
    let dir = Dir::new();
    for name in [&b"a\nb"[..], b"c\\d", b"e\xff", b"\x1b[2J", b" ", b"-f"] {
        dir.write([name, b".png"].concat(), png(&noise(3, 3, 1)));
    }
    for format in ["text", "null"] {
        let arguments = ["hash", "--format", format, "--", "a\nb.png", "c\\d.png", "\x1b[2J.png", " .png", "-f.png"];
        let list = ran(&dir, &arguments).stdout;
        let checked = pixtwin(&dir, &["hash", "--check", "-"]).input(list).end();
        checked.assert(0, "$'a\\nb.png': OK\nc\\d.png: OK\n$'\\033[2J.png': OK\n .png: OK\n-f.png: OK\n", "");
    }
}
