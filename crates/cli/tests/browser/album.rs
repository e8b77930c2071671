//! A library whose names would harm a page that took them for anything but text.

use pixtwin_testkit::{
    Dir,
    draw::{icon, landscape},
    encode::{Jpeg, Png, PngColour, Subsampling, TiffCompression, exif, jpeg_with_segment, png, qoi, tiff, webp},
};

/// Names that are text to a page, and something else to one that is careless.
pub(crate) const HOSTILE: [&[u8]; 20] = [
    b"line\nbreak.png",
    b"escape\x1b[31mred\x07.png",
    b"<img src=x onerror=alert(1)>.png",
    b"\"><script>alert(2)<",
    b"'-alert(3)-'.png",
    b"javascript:alert(4).png",
    b"${alert(5)}{{alert(5)}}.png",
    b"<svg onload=alert(6)>.png",
    b"\xe2\x80\xaegnp.exe.png",
    b"\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf.png",
    b"%00%2e%2e%2f.png",
    b"not-\xff\xfe-utf8.png",
    b"-rf.png",
    b"&lt;b&gt;&#x3c;.png",
    b"__proto__",
    b"constructor",
    b" spaces \t.png",
    b"<!--.png",
    b"]]>\\u003cscript\\u003ealert(7).png",
    b"<a href=data:text",
];

/// What a folder can be called.
const FOLDER: &str = "<iframe srcdoc=alert(8)>";

/// Twins of every hostile name, in several formats, near ones, damaged ones, some of a format that is not read, and links.
pub(crate) fn album() -> Dir {
    let dir = Dir::new();
    for (number, name) in HOSTILE.iter().enumerate() {
        let picture = icon(48, 100 + number as u64);
        dir.write([FOLDER.as_bytes(), b"/", name].concat(), png(&picture));
        dir.write(format!("plain/{number:02}.qoi"), qoi(&picture));
    }
    // The longest name that there is.
    dir.write(["n".repeat(251), ".png".to_owned()].concat(), png(&icon(40, 7)))
        .write("plain/long.png", png(&icon(40, 7)));
    formats(&dir);
    near(&dir);
    let damaged = &png(&landscape(160, 120, 31))[..900];
    dir.write("broken/cut.png", damaged).write("broken/cut copy.png", damaged).write("broken/empty.jpg", "");
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1";
    dir.write("phone/IMG_1.heic", heic).write("phone/IMG_1 copy.heic", heic).write("notes.txt", "no picture");
    dir
}

/// One picture in many formats, with other metadata, and under a second name.
fn formats(dir: &Dir) {
    let lake = landscape(320, 200, 3);
    dir.write("trip/lake.png", png(&lake)).write("trip/lake.qoi", qoi(&lake)).write("trip/lake.webp", webp(&lake, &[]));
    dir.write("trip/lake.tif", tiff(&lake, TiffCompression::None, 32));
    dir.write("trip/lake best.png", Png { level: 9, ..Png::new(PngColour::Rgb) }.write(&lake));
    dir.link("trip/lake.qoi", "trip/lake second name.qoi");
    let hills = Jpeg::new(Subsampling::S420).write(&landscape(300, 400, 5));
    dir.write("trip/hills.jpg", jpeg_with_segment(&hills, 0xe1, &[b"Exif\0\0", &exif(1)[..]].concat()));
    dir.write("copy/hills.jpg", jpeg_with_segment(&hills, 0xfe, b"</script><img src=x onerror=alert(9)>"));
}

/// Pictures that are near each other: saved anew, made smaller in quality, one pixel apart.
fn near(dir: &Dir) {
    for number in 0..4_u64 {
        let picture = landscape(400, 300, 60 + number);
        let saved = |quality| Jpeg { quality, ..Jpeg::new(Subsampling::S420) }.write(&picture);
        dir.write(format!("near/{number}.png"), png(&picture)).write(format!("near/{number} saved.jpg"), saved(90));
        dir.write(format!("near/{number} small.jpg"), saved(55));
    }
}
