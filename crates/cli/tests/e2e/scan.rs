//! `pixtwin scan`.

use pixtwin_testkit::{
    Dir,
    draw::{icon, noise},
    encode::{Png, PngColour, png, qoi},
};

use crate::{ran, sorted};

/// Two groups, a picture alone, and what is passed over.
fn library() -> Dir {
    let (a, b) = (noise(6, 4, 1), noise(7, 4, 2));
    let dir = Dir::new();
    dir.write("a.png", png(&a)).write("x/a.png", png(&a)).write("x/a.qoi", qoi(&a));
    dir.write("b.png", Png { chunks: vec![(*b"gAMA", vec![0, 0, 177, 143])], ..Png::new(PngColour::Rgba) }.write(&b));
    dir.write("y/b.png", png(&b)).write("alone.png", png(&noise(6, 4, 3))).write("notes.txt", "no picture");
    dir
}

const GROUPS: &str = "\
3 files, 6 x 4, 344 B can be freed
  172 B  a.png  PNG
  172 B  x/a.png  PNG, same bytes
  144 B  x/a.qoi  QOI, same pixels

2 files, 7 x 4, 188 B can be freed
  204 B  b.png  PNG
  188 B  y/b.png  PNG, same payload; gamma missing
";

#[test]
fn groups_are_sorted_and_say_what_proves_them() {
    let dir = library();
    let sizes = ["a.png", "x/a.qoi", "b.png", "y/b.png"].map(|name| dir.read(name).len());
    let [a, a_qoi, b, b_plain] = sizes;
    let freed = a * 2 + a_qoi - a.max(a_qoi);
    let expected = GROUPS
        .replace("344 B", &format!("{freed} B"))
        .replace("172 B", &format!("{a} B"))
        .replace("144 B", &format!("{a_qoi} B"))
        .replace("204 B", &format!("{b} B"))
        .replace("188 B", &format!("{b_plain} B"));
    ran(&dir, &["scan", "a.png", "b.png", "x", "y", "alone.png", "notes.txt"]).assert(
        0,
        &expected,
        &format!("7 files, 6 pictures: 2 groups of twins with 5 files, {} B can be freed\n", freed + b_plain),
    );
}

#[test]
fn with_check_twins_are_the_answer_no() {
    let dir = library();
    assert_eq!(ran(&dir, &["scan", "--check", "."]).code, 1);
    assert_eq!(ran(&dir, &["scan", "."]).code, 0);
    ran(&dir, &["scan", "--check", "alone.png", "b.png"]).assert(0, "", "2 files, 2 pictures: no twins\n");
}

#[test]
fn the_order_of_folders_and_threads_changes_nothing() {
    let dir = library();
    for number in 0..30 {
        dir.write(format!("many/{number}.png"), png(&icon(16, number % 7)));
    }
    let report = |arguments: &[&str]| {
        let ran = ran(&dir, &[&["scan", "--format", "json"], arguments].concat());
        assert_eq!(ran.code, 0, "{}", ran.err());
        (ran.stdout, ran.stderr)
    };
    let one = report(&["-j1", "a.png", "b.png", "many", "x", "y"]);
    for threads in ["-j2", "-j7"] {
        assert_eq!(report(&[threads, "y", "x", "many", "b.png", "a.png"]), one);
        assert_eq!(report(&[threads, "many", "many", "y", "b.png", "x", "a.png", "a.png"]), one);
    }
}

#[test]
fn files_are_chosen_by_name_size_and_kind() {
    let dir = Dir::new();
    let file = png(&noise(5, 5, 1));
    for name in ["a.png", "b.png", "sub/c.png", ".hidden.png", ".folder/d.png", "sub/.gitignore"] {
        dir.write(name, if name.ends_with("ignore") { b"*.png".as_slice() } else { &file });
    }
    dir.write("large.png", Png { level: 0, ..Png::new(PngColour::Rgba) }.write(&noise(5, 5, 1)));
    dir.symlink("a.png", "soft.png").symlink("sub", "folder");
    let names = |arguments: &[&str]| {
        let ran = ran(&dir, &[&["scan", "-q", "--format", "null", "."], arguments].concat());
        assert_eq!((ran.code, ran.err()), (0, ""));
        ran.out().replace("./", "").split('\0').filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&[]), "a.png b.png large.png sub/c.png");
    assert_eq!(names(&["--hidden"]), ".folder/d.png .hidden.png a.png b.png large.png sub/c.png");
    assert_eq!(names(&["--exclude", "b.*"]), "a.png large.png sub/c.png");
    assert_eq!(names(&["--exclude", "sub"]), "a.png b.png large.png");
    assert_eq!(names(&["--include", "[ab].png"]), "a.png b.png");
    assert_eq!(names(&["-g", "*.png", "-E", "sub/*"]), "a.png b.png large.png");
    assert_eq!(names(&["--min-size", &(file.len() + 1).to_string()]), "");
    assert_eq!(names(&["--min-size", &file.len().to_string()]), "a.png b.png large.png sub/c.png");
    // A link is another name of the file it leads to, so it makes no twin.
    assert_eq!(names(&["--follow"]), "a.png b.png folder/c.png large.png");
    ran(&dir, &["scan", "--check", "--min-size", "1M", "."]).assert(
        0,
        "",
        "4 files, 0 pictures: no twins\npassed over: 3 hidden entries (--hidden), 2 symbolic links (--follow), \
         4 files that are too small\n",
    );
}

#[test]
fn equal_bytes_of_any_file_with_the_tier_of_bytes() {
    let dir = library();
    dir.write("x/notes.txt", "no picture")
        .write("z.heic", b"\0\0\0\x18ftypheic")
        .write("z2.heic", b"\0\0\0\x18ftypheic");
    let ran = ran(&dir, &["scan", "-q", "--tier", "bytes", "--format", "null", "."]);
    assert_eq!(ran.code, 0, "{}", ran.err());
    assert!(ran.out().starts_with("./a.png\0./x/a.png\0\0"), "{:?}", ran.out());
    assert!(ran.out().ends_with("./z.heic\0./z2.heic\0\0"), "{:?}", ran.out());
    assert!(!ran.out().contains("qoi"));
}

#[test]
fn unread_files_are_saved_where_asked() {
    let dir = library();
    dir.write("cut.png", &dir.read("a.png")[..50]).write("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    let scanned = ran(&dir, &["scan", "-q", "--unread", "list", "."]);
    assert_eq!((scanned.code, scanned.err()), (3, ""));
    let list = String::from_utf8(dir.read("list")).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2, "{list}");
    assert!(lines[0].starts_with("./cut.png: "), "{list}");
    assert_eq!(lines[1], "./photo.heic: HEIC pictures are not supported");
    ran(&dir, &["scan", "--unread", "no/such/folder", "."]).assert(
        2,
        "",
        "error: cannot write `no/such/folder`: no such file or directory\n",
    );
}

#[test]
fn the_gallery_shows_its_twins_and_none_of_its_traps() {
    let dir = Dir::new();
    let files = pixtwin_testkit::gallery::files();
    for (name, content) in &files {
        dir.write(name, content);
    }
    let scanned = ran(&dir, &["scan", "-q", "--format", "null", "."]);
    assert_eq!((scanned.code, scanned.err()), (3, ""));
    let groups: Vec<Vec<&str>> = scanned
        .out()
        .trim_end_matches('\0')
        .split("\0\0")
        .map(|group| group.split('\0').map(|name| name.trim_start_matches("./")).collect())
        .collect();
    assert_eq!(
        groups,
        [
            vec!["backup/2024/beach.jpg", "holiday/beach.jpg"],
            vec!["backup/2024/lake (1).jpg", "holiday/lake.jpg", "web/lake-progressive.jpg", "web/lake-saved.png"],
            vec![
                "backup/2024/sales.bmp",
                "backup/2024/sales.tga",
                "backup/2024/sales.tif",
                "web/sales.gif",
                "web/sales.png",
                "web/sales.webp",
                "work/sales.png",
                "work/sales.qoi",
            ],
            vec!["holiday/hills.jpg", "phone/IMG_0042.jpg"],
            vec!["icons/star-palette.png", "icons/star.ico", "icons/star.png"],
        ]
    );
    let unread = ran(&dir, &["scan", "."]).err().to_owned();
    let named = |name: &&str| unread.contains(&format!("not compared: ./{name}: "));
    assert_eq!(
        sorted(&files).into_iter().filter(named).collect::<Vec<_>>(),
        ["traps/cut-off.jpg", "traps/from-phone.heic"]
    );
}
