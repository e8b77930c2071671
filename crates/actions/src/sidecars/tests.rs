use std::{fs, os::unix::fs::symlink};

use super::*;
use crate::disk::RealDisk;

/// The sidecars of the first name in a folder with all names, if those marked with `-` go.
fn of_first(names: &[&str]) -> Vec<String> {
    let plain = |name: &&str| OsString::from(name.trim_start_matches('-'));
    let goes: Vec<_> = names.iter().filter(|name| name.starts_with('-')).map(plain).collect();
    let picture = plain(&names[0]);
    let found = Neighbours::new(names.iter().map(plain)).sidecars(&picture, |name| goes.contains(&name.to_owned()));
    found.into_iter().map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn all_kinds_travel_with_their_picture() {
    assert_eq!(
        of_first(&["-a.jpg", "a.jpg.xmp", "a.xmp", "a.aae", "a.mov", "b.xmp", "a.txt.xmp"]),
        ["a.aae", "a.jpg.xmp", "a.mov", "a.xmp"]
    );
    assert_eq!(of_first(&["-a.JPG", "a.jpg.XMP", "a.Xmp", "a.AAE", "a.MOV"]), ["a.AAE", "a.MOV", "a.Xmp", "a.jpg.XMP"]);
    assert_eq!(of_first(&["-a.jpg", "A.xmp", "A.jpg.xmp", "ab.xmp", "a.xmp.bak", "xmp", ".xmp", "a.xmp.jpg"]), [""; 0]);
}

#[test]
fn the_picture_is_taken_to_go_and_others_are_asked_about() {
    assert_eq!(of_first(&["a.jpg", "a.xmp"]), ["a.xmp"]);
    assert_eq!(of_first(&["a.jpg", "a.png", "a.xmp"]), [""; 0]);
}

#[test]
fn what_several_pictures_share_goes_with_the_last() {
    for shared in ["a.xmp", "a.aae"] {
        assert_eq!(of_first(&["-a.jpg", "a.cr2", shared]), [""; 0]);
        assert_eq!(of_first(&["-a.jpg", "-a.cr2", shared]), [shared]);
        assert_eq!(of_first(&["-a.jpg", "-a.cr2", "a.mp4", shared]), [""; 0]);
    }
    assert_eq!(of_first(&["-a.jpg", "a.cr2", "a.jpg.xmp", "a.cr2.xmp"]), ["a.jpg.xmp"]);
}

#[test]
fn only_live_photos_have_a_film() {
    for live in ["-a.heic", "-a.HEIF", "-a.jpg", "-a.jpeg"] {
        assert_eq!(of_first(&[live, "a.mov"]), ["a.mov"]);
    }
    assert_eq!(of_first(&["-a.png", "a.mov"]), [""; 0]);
    // The film of the JPEG is no owner of what is noted about both, that of nobody is.
    assert_eq!(of_first(&["-a.heic", "a.mov", "a.xmp"]), ["a.mov", "a.xmp"]);
    assert_eq!(of_first(&["-a.png", "a.mov", "a.xmp"]), [""; 0]);
    assert_eq!(of_first(&["-a.heic", "a.jpg", "a.mov"]), [""; 0]);
    assert_eq!(of_first(&["-a.heic", "-a.jpg", "a.mov"]), ["a.mov"]);
    assert_eq!(of_first(&["-a.jpg", "a.dng", "a.mov"]), ["a.mov"]);
    assert_eq!(of_first(&["-a.dng", "-a.jpg", "a.mov"]), [""; 0]);
}

#[test]
fn two_spellings_of_an_extension_are_two_pictures() {
    assert_eq!(of_first(&["-a.jpg", "a.JPG", "a.jpg.xmp"]), ["a.jpg.xmp"]);
    assert_eq!(of_first(&["-a.JPG", "a.jpg", "a.jpg.xmp"]), [""; 0]);
    assert_eq!(of_first(&["-a.JPG", "a.jpg", "a.Jpg.xmp"]), [""; 0]);
    assert_eq!(of_first(&["-a.JPG", "-a.jpg", "a.Jpg.xmp"]), ["a.Jpg.xmp"]);
    assert_eq!(of_first(&["-a.JPG", "a.Jpg.xmp"]), ["a.Jpg.xmp"]);
}

#[test]
fn a_file_that_is_named_after_the_whole_picture_is_an_owner() {
    assert_eq!(of_first(&["-a.jpg", "a.jpg.png", "a.jpg.xmp"]), [""; 0]);
    assert_eq!(of_first(&["-a.jpg", "-a.jpg.png", "a.jpg.xmp"]), ["a.jpg.xmp"]);
    assert_eq!(of_first(&["-a.jpg.png", "-a.jpg", "a.jpg.xmp"]), ["a.jpg.xmp"]);
}

#[test]
fn notes_about_edits_belong_to_both_pictures_of_them() {
    let (before, after) = ("IMG_0042.HEIC", "IMG_E0042.HEIC");
    let notes = ["IMG_0042.AAE", "IMG_O0042.aae"];
    assert_eq!(of_first(&["-IMG_0042.HEIC", notes[0], notes[1], "IMG_O0043.aae"]), notes);
    assert_eq!(of_first(&["-IMG_0042.HEIC", after, notes[0], notes[1]]), [""; 0]);
    assert_eq!(of_first(&["-IMG_E0042.HEIC", before, notes[0], notes[1]]), [""; 0]);
    assert_eq!(of_first(&["-IMG_E0042.HEIC", "-IMG_0042.HEIC", notes[0], notes[1]]), notes);
    assert_eq!(of_first(&["-IMG_E0042.HEIC", before, "IMG_E0042.aae", "IMG_E0042.mov"]), ["IMG_E0042.mov"]);
    assert_eq!(of_first(&["-IMG_E.jpg", "IMG_.aae", "IMG_O.aae", "IMG_E.aae"]), ["IMG_E.aae"]);
    assert_eq!(of_first(&["-IMG_0042.HEIC", "IMG_E0042.xmp"]), [""; 0]);
    assert_eq!(of_first(&["-IMG_0042.HEIC", "-IMG_E0042.HEIC", "IMG_E0042.xmp"]), [""; 0]);
}

#[test]
fn names_are_bytes() {
    let bytes = |name: &[u8]| OsStr::from_bytes(name).to_owned();
    let known = Neighbours::new([bytes(b"\xff.jpg"), bytes(b"\xff.xmp"), bytes(b"\xfe.xmp"), bytes(b"\xff.jpg.xmp")]);
    let found = known.sidecars(&bytes(b"\xff.jpg"), |_| false);
    assert_eq!(found, [bytes(b"\xff.jpg.xmp"), bytes(b"\xff.xmp")]);
}

#[test]
fn a_keeper_has_an_equal_one_only_as_another_file_with_the_same_bytes() {
    let kept = tempfile::TempDir::new().unwrap();
    let path = kept.path().canonicalize().unwrap();
    for (name, text) in [("v.xmp", "rating 5"), ("k.XMP", "rating 5"), ("k.jpg.xmp", "rating 4"), ("k.aae", "rating 5")]
    {
        fs::write(path.join(name), text).unwrap();
    }
    fs::hard_link(path.join("v.xmp"), path.join("same.xmp")).unwrap();
    symlink("k.XMP", path.join("link.xmp")).unwrap();
    let folder = RealDisk.folder(&path).unwrap();
    let has = |keepers: &[&str]| {
        let names: Vec<_> = keepers.iter().map(OsString::from).collect();
        has_equal(&RealDisk, (&folder, "v.xmp".as_ref()), (&folder, &names))
    };
    assert!(has(&["k.XMP"]).unwrap());
    assert!(has(&["k.jpg.xmp", "k.XMP"]).unwrap());
    for others in [&[][..], &["k.jpg.xmp"], &["k.aae"], &["same.xmp"]] {
        assert!(!has(others).unwrap(), "{others:?}");
    }
    assert!(has(&["link.xmp"]).is_err());
    assert!(has(&["none.xmp"]).is_err());
}
