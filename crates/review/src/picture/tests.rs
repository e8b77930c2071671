use std::{fs, sync::atomic::AtomicUsize, sync::atomic::Ordering};

use pixtwin_testkit::{
    draw::{icon, landscape, noise},
    encode::{Jpeg, Subsampling, exif, jpeg_pixels, jpeg_with_segment, png, webp},
};

use super::*;

fn pictures() -> Pictures {
    Pictures::new(Means::new(1 << 30, 2))
}

fn write(dir: &Path, name: &str, bytes: &[u8]) -> (PathBuf, u64) {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    (path, bytes.len() as u64)
}

fn named((path, bytes): &(PathBuf, u64)) -> Named<'_> {
    Named { path, bytes: *bytes }
}

fn decoded(shown: &Encoded) -> Vec<u8> {
    let mut reader = png::Decoder::new(io::Cursor::new(&shown.bytes)).read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut rgba).unwrap();
    rgba
}

#[test]
fn nothing_of_the_file_but_its_pixels_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let secret = b"Exif\0\0 and the address of a house";
    let photo = jpeg_with_segment(&Jpeg::new(Subsampling::S444).write(&landscape(600, 400, 1).opaque()), 0xe1, secret);
    let photo = jpeg_with_segment(&photo, 0xfe, b"<script>alert(1)</script>");
    let file = write(dir.path(), "a.jpg", &[&photo[..], b"PK\x03\x04 trailing"].concat());
    let shown = pictures().thumbnail(named(&file)).unwrap();
    assert_eq!((shown.media_type, shown.size, shown.whole), ("image/jpeg", (256, 171), (600, 400)));
    for hidden in [&b"address"[..], b"script", b"trailing"] {
        assert!(!shown.bytes.windows(hidden.len()).any(|window| window == hidden));
    }
    assert!(shown.bytes.starts_with(b"\xff\xd8\xff") && shown.bytes.len() < 40_000);
    let seen = jpeg_pixels(&shown.bytes);
    assert_eq!((seen.width, seen.height), shown.size);
}

#[test]
fn what_shines_through_stays_so_and_a_whole_picture_is_exact() {
    let dir = tempfile::tempdir().unwrap();
    let drawing = icon(64, 1);
    let file = write(dir.path(), "a.png", &png(&drawing));
    let shown = pictures().thumbnail(named(&file)).unwrap();
    assert_eq!(shown.media_type, "image/png");
    let photo = noise(100, 80, 1).opaque();
    let file = write(dir.path(), "b.webp", &webp(&photo, &exif(6)));
    let shown = pictures().picture(named(&file), 2048, None).unwrap();
    assert_eq!((shown.media_type, shown.whole), ("image/png", (80, 100)));
    assert!(decoded(&shown) == photo.shown_under(6).rgba);
    let stored = pictures().picture(named(&file), 2048, Some(Turn::None)).unwrap();
    assert!(decoded(&stored) == photo.rgba);
    let reduced = pictures().picture(named(&file), 50, None).unwrap();
    assert_eq!((reduced.media_type, reduced.size, reduced.whole), ("image/jpeg", (40, 50), (80, 100)));
}

#[test]
fn a_file_that_is_not_the_one_of_the_result_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.png", &png(&icon(16, 1)));
    assert!(pictures().thumbnail(named(&file)).is_ok());
    let other = Named { path: &file.0, bytes: file.1 + 1 };
    let refused = pictures().thumbnail(other).unwrap_err();
    assert_eq!((refused.kind(), &*refused.to_string()), ("gone", "the file has changed since the scan"));
    fs::remove_file(&file.0).unwrap();
    let refused = pictures().thumbnail(named(&file)).unwrap_err();
    assert_eq!((refused.kind(), &*refused.to_string()), ("gone", "no such file or directory"));
    let folder = pictures().thumbnail(Named { path: dir.path(), bytes: 0 }).unwrap_err();
    assert_eq!((folder.kind(), &*folder.to_string()), ("gone", "a folder, not a file"));
}

#[test]
fn what_cannot_be_shown_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let whole = png(&noise(64, 64, 1));
    let kind = |name: &str, bytes: &[u8], means: Means| {
        let file = write(dir.path(), name, bytes);
        Pictures::new(means).thumbnail(named(&file)).unwrap_err().kind()
    };
    let means = || Means::new(1 << 30, 2);
    assert_eq!(kind("a.heic", b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", means()), "unsupported");
    assert_eq!(kind("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", means()), "unsupported");
    assert_eq!(kind("cut.png", &whole[..900], means()), "corrupt");
    assert_eq!(kind("a.png", &whole, Means::new(1000, 2)), "large");
    assert_eq!(kind("a.png", &whole, Means { time: Duration::ZERO, ..means() }), "slow");
}

#[test]
fn a_thumbnail_is_made_once_and_anew_when_its_file_changes() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("thumbnails");
    let keeping = Pictures::new(Means::new(1 << 30, 2).keeping(folder.clone()));
    let file = write(dir.path(), "a.png", &png(&landscape(300, 300, 1)));
    let first = keeping.thumbnail(named(&file)).unwrap();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // A second program finds it, though it has no memory to decode anything.
    let poor = Pictures::new(Means::new(0, 1).keeping(folder.clone()));
    assert_eq!(poor.thumbnail(named(&file)), Ok(first.clone()));
    let other = write(dir.path(), "b.png", &png(&landscape(300, 300, 2)));
    fs::rename(&other.0, &file.0).unwrap();
    let file = (file.0, other.1);
    assert_ne!(keeping.thumbnail(named(&file)).unwrap(), first);
}

#[test]
fn many_ask_at_once_and_few_are_decoded_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.png", &png(&noise(200, 200, 1)));
    let pictures = Pictures::new(Means::new(4 << 20, 2));
    let shown = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                assert!(pictures.thumbnail(named(&file)).is_ok());
                shown.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(shown.into_inner(), 16);
}

#[test]
fn a_difference_is_exact_and_amplified() {
    let dir = tempfile::tempdir().unwrap();
    let drawing = noise(40, 30, 1).opaque();
    let a = write(dir.path(), "a.png", &png(&drawing));
    let b = write(dir.path(), "b.webp", &webp(&drawing.clone().with_sample_changed(7, 5, 1), &[]));
    let between = |a, b| pictures().difference((named(a), named(b)), Turn::None, (2048, 255));
    let (shown, difference) = between(&a, &b).unwrap();
    assert_eq!((shown.media_type, shown.whole, difference.pixels), ("image/png", (40, 30), 1));
    let lit: Vec<usize> = decoded(&shown).chunks(4).enumerate().filter(|(_, p)| p[1] > 0).map(|(at, _)| at).collect();
    assert_eq!(lit, [5 * 40 + 7]);
    let other = write(dir.path(), "c.png", &png(&icon(16, 1)));
    let refused = between(&a, &other).unwrap_err();
    assert_eq!((refused.kind(), &*refused.to_string()), ("other", "they have other sides: 40x30 and 16x16"));
}

#[test]
fn metadata_of_what_is_gone_are_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.webp", &webp(&icon(16, 1), &exif(6)));
    let gone = (dir.path().join("b.webp"), 5);
    let (rows, errors) = pictures().beside(&[named(&a), named(&gone)]);
    assert!(rows.iter().any(|row| row.name == "orientation" && row.values == [Some("6".to_owned()), None]));
    assert!(errors[0].is_none() && errors[1].as_ref().is_some_and(|error| error.kind() == "gone"));
}
