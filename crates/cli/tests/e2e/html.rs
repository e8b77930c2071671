//! The report as a page.

use pixtwin_testkit::{
    Dir,
    draw::{landscape, noise},
    encode::{png, qoi},
};

use crate::ran;

/// Twins with names that would be markup, a twin that is turned by its metadata, and what is not read.
fn library() -> Dir {
    let dir = Dir::new();
    let photo = landscape(300, 200, 1).opaque();
    dir.mkdir("a <b>")
        .write("a <b>/<script>alert(1)<!--.png", png(&photo))
        .write("\"><img src=x onerror=alert(1)>.qoi", qoi(&photo))
        .write(b"c\xe2\x80\xae'&\n.png", png(&noise(6, 4, 1)))
        .write(b"d\xff.qoi", qoi(&noise(6, 4, 1)))
        .write("e.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    dir
}

#[test]
fn scan_writes_one_page_with_thumbnails_and_no_markup_of_names() {
    let dir = library();
    let ran_html = ran(&dir, &["scan", "--format", "html", "."]);
    let page = ran_html.out().to_owned();
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">") && page.ends_with("</html>\n"));
    assert_eq!(page.matches("<img ").count(), 2, "one for each group");
    assert!(page.contains("data:image/jpeg;base64,"));
    assert!(!page.contains("<script") && !page.contains("<!--") && !page.contains("onerror=alert(1)>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;!--.png") && page.contains("&quot;&gt;&lt;img src=x"));
    assert!(page.contains("HEIC pictures are not supported") && page.contains("Not compared: 1 file"));
    assert!(page.contains("<p>5 files, 4 pictures: 2 groups of twins with 4 files, "), "{page}");
    assert!(!page.contains("id=\"cut\""));
    assert!(ran_html.err().contains("2 groups of twins"), "the summary for people is where it always is");
}

#[test]
fn the_page_is_the_same_for_any_number_of_threads_and_from_a_merge() {
    let dir = library();
    let page = |threads: &str| ran(&dir, &["scan", "-q", "-j", threads, "--format", "html", "."]).out().to_owned();
    let one = page("1");
    assert!(one == page("4"));
    let records = Dir::new();
    for part in ["1/2", "2/2"] {
        records.write(&part[..1], ran(&dir, &["scan", "-q", ".", "--shard", part]).stdout);
    }
    let [first, second] = ["1", "2"].map(|name| records.join(name).into_os_string().into_string().unwrap());
    let merged = ran(&dir, &["merge", "-q", "--format", "html", &first, &second]);
    assert!(one == merged.out(), "{one}\n{}", merged.out());
}

#[test]
fn the_number_of_thumbnails_is_bounded() {
    let dir = library();
    let page = ran(&dir, &["scan", "-q", "--format", "html", "--thumbnails", "1", "."]).out().to_owned();
    assert_eq!(page.matches("<img ").count(), 1);
    assert!(page.contains("1 picture more would have a thumbnail; there are 1 at most (--thumbnails)."));
    let page = ran(&dir, &["scan", "-q", "--format", "html", "--thumbnails", "0", "."]).out().to_owned();
    assert_eq!(page.matches("<img ").count(), 0);
}

#[test]
fn only_groups_make_a_page() {
    let dir = library();
    dir.write("f.png", png(&noise(6, 4, 2)));
    for command in [&["find", "f.png", "--in", "."][..], &["hash", "f.png"], &["pdq", "f.png"]] {
        let refused = "error: --format html is for the groups that scan and merge report\n";
        ran(&dir, &[command, &["--format", "html"]].concat()).assert(2, "", refused);
    }
}
