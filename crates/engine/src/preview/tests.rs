use std::io::Write;

use pixtwin_testkit::{
    Drawing,
    draw::{icon, landscape, noise},
    encode::{Jpeg, Subsampling, exif, gif, jpeg_with_segment, png, qoi, webp},
};

use super::*;

const TIME: Duration = Duration::from_secs(60);

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn shown(bytes: &[u8], side: u32, up: Up) -> Result<Preview, NotShown> {
    Previews::new(1 << 30, TIME).with(&file_of(bytes), side, up, |preview| preview)
}

#[test]
fn a_small_picture_is_shown_as_it_is_and_a_large_one_by_means() {
    let small = icon(32, 1);
    let preview = shown(&png(&small), 256, Up::AsShown).unwrap();
    let seen = |rgba: &[u8]| -> Vec<[u8; 4]> {
        rgba.as_chunks::<4>().0.iter().map(|pixel| if pixel[3] == 0 { [0; 4] } else { *pixel }).collect()
    };
    assert_eq!(seen(&preview.copy.rgba), seen(&small.rgba));
    assert_eq!((preview.whole, preview.format), ((32, 32), "PNG"));
    let large = landscape(400, 200, 3).opaque();
    let preview = shown(&qoi(&large), 100, Up::AsShown).unwrap();
    assert_eq!((preview.copy.width, preview.copy.height, preview.whole), (100, 50, (400, 200)));
    for (at, pixel) in preview.copy.rgba.chunks(4).enumerate() {
        let (x, y) = (at as u32 % 100 * 4, at as u32 / 100 * 4);
        let block = (0..16).map(|at| large.pixel(x + at % 4, y + at / 4));
        let sum = block.fold([0_u32; 3], |sum, [r, g, b, _]| {
            [sum[0] + u32::from(r), sum[1] + u32::from(g), sum[2] + u32::from(b)]
        });
        let means = sum.map(|sum| ((sum + 8) / 16) as u8);
        assert_eq!(pixel, [means[0], means[1], means[2], 255]);
    }
}

#[test]
fn it_is_shown_as_a_viewer_turns_it_or_as_asked() {
    let stored = landscape(60, 40, 1).opaque();
    for turn in Turn::ALL {
        let file = webp(&stored, &exif(turn.exif()));
        let turned = stored.shown_under(turn.exif());
        let preview = shown(&file, 256, Up::AsShown).unwrap();
        assert_eq!((preview.copy.width, preview.copy.height), (turned.width, turned.height));
        assert_eq!(preview.whole, (turned.width, turned.height));
        assert!(preview.copy.rgba == turned.rgba, "{turn:?}");
        let asked = shown(&file, 256, Up::Turned(turn)).unwrap();
        assert!(asked.copy.rgba == turned.rgba, "{turn:?}");
        let as_stored = shown(&file, 256, Up::Turned(Turn::None)).unwrap();
        assert!(as_stored.copy.rgba == stored.rgba, "{turn:?}");
    }
    let jpeg = Jpeg::new(Subsampling::S420).write(&stored);
    let turned = jpeg_with_segment(&jpeg, 0xe1, &[b"Exif\0\0", &exif(6)[..]].concat());
    assert_eq!(shown(&turned, 20, Up::AsShown).unwrap().whole, (40, 60));
}

#[test]
fn whoever_asks_can_tell_why_there_is_nothing_to_see() {
    let whole = png(&noise(64, 64, 1));
    let cut = shown(&whole[..whole.len() / 2], 256, Up::AsShown);
    assert!(matches!(&cut, Err(NotShown::Corrupt(reason)) if !reason.is_empty()), "{cut:?}");
    // All rows are there; what follows is not.
    assert!(matches!(shown(&whole[..whole.len() - 1], 256, Up::AsShown), Err(NotShown::Corrupt(_))));
    let heic = b"\0\0\0\x1cftypheic\0\0\0\0mif1heic";
    assert_eq!(shown(heic, 256, Up::AsShown), Err(NotShown::Unsupported("HEIC pictures are not supported".to_owned())));
    assert_eq!(shown(b"<svg onload=alert(1)>", 256, Up::AsShown), Err(NotShown::NoPicture));
    assert_eq!(shown(b"", 256, Up::AsShown), Err(NotShown::NoPicture));
    let little = Previews::new(1 << 10, TIME).with(&file_of(&whole), 256, Up::AsShown, |_| ());
    assert!(matches!(little, Err(NotShown::TooLarge(_))), "{little:?}");
    let folder = File::open("/").unwrap();
    let folder = Previews::new(1 << 30, TIME).with(&folder, 256, Up::AsShown, |_| ());
    assert_eq!(folder, Err(NotShown::Unreadable("not a regular file".to_owned())));
}

#[test]
fn what_takes_too_long_is_broken_off() {
    for file in [png(&noise(64, 64, 1)), Jpeg::new(Subsampling::S444).write(&noise(64, 64, 1)), webp(&icon(64, 1), &[])]
    {
        let previews = Previews::new(1 << 30, Duration::ZERO);
        let late = previews.with(&file_of(&file), 256, Up::AsShown, |_| ());
        assert_eq!(late, Err(NotShown::TooSlow(Duration::ZERO)));
        assert_eq!(previews.budget.take(1 << 30).map(|charge| charge.bytes()), Some(1 << 30), "all was given back");
    }
    assert_eq!(NotShown::TooSlow(Duration::from_secs(10)).to_string(), "it took longer than 10 s");
}

#[test]
fn of_an_animation_the_first_frame_is_shown() {
    let frame = |level: u8| Drawing { width: 4, height: 4, rgba: [level, level, level, 255].repeat(16) };
    let preview = shown(&gif(&[frame(8), frame(200)], 10), 256, Up::AsShown).unwrap();
    assert!(preview.copy.rgba == frame(8).rgba);
}

#[test]
fn a_picture_is_reduced_in_less_memory_than_it_has_pixels() {
    let picture = landscape(600, 2000, 1).opaque();
    let held = 600 * 2000 * 3 / 4;
    let previews = Previews::new(held, TIME);
    let done = previews.with(&file_of(&png(&picture)), 64, Up::Turned(Turn::Clockwise), |preview| {
        (preview.copy.width, preview.copy.height)
    });
    assert_eq!(done, Ok((64, 19)));
}

fn compared(a: &[u8], b: &[u8], turn: Turn) -> Result<Compared, NotCompared> {
    Previews::new(1 << 30, TIME).compare((&file_of(a), &file_of(b)), turn, (64, 1), |compared| compared)
}

#[test]
fn two_pictures_are_compared_to_the_last_bit() {
    let picture = landscape(300, 200, 1).opaque();
    let same = compared(&png(&picture), &qoi(&picture), Turn::None).unwrap();
    assert_eq!((same.difference.pixels, same.whole, same.difference.first), (0, (300, 200), None));
    assert!(same.shown.rgba.as_chunks::<4>().0.iter().all(|pixel| *pixel == [0, 0, 0, 255]));
    let other = picture.clone().with_sample_changed(123, 45, 2);
    let apart = compared(&png(&picture), &qoi(&other), Turn::None).unwrap();
    assert_eq!((apart.difference.pixels, apart.difference.first), (1, Some((123, 45))));
    assert_eq!((apart.shown.width, apart.shown.height), (64, 43));
    assert_eq!(apart.shown.rgba.as_chunks::<4>().0.iter().filter(|pixel| **pixel != [0, 0, 0, 255]).count(), 1);
    for turn in Turn::ALL {
        // The second is what the turn, taken back, makes of the first.
        let turned = picture.shown_under(turn.inverse().exif());
        let found = compared(&png(&picture), &png(&turned), turn).unwrap();
        assert_eq!(found.difference.pixels, 0, "{turn:?}");
    }
}

#[test]
fn what_cannot_be_compared_says_why_and_of_which() {
    let of_sides = |width, height| png(&noise(width, height, 1).opaque());
    let other = compared(&of_sides(8, 2), &of_sides(4, 4), Turn::None).unwrap_err();
    assert_eq!(other.to_string(), "they have other sides: 8x2 and 4x4");
    assert!(compared(&of_sides(8, 2), &of_sides(2, 8), Turn::Clockwise).is_ok());
    let inks = Jpeg::new(Subsampling::S444).write_inks(&noise(8, 8, 1));
    assert_eq!(compared(&of_sides(8, 8), &inks, Turn::None), Err(NotCompared::OtherSamples));
    assert!(compared(&inks, &inks, Turn::None).is_ok());
    let whole = of_sides(64, 64);
    let cut = &whole[..whole.len() / 2];
    assert!(matches!(compared(cut, &whole, Turn::None), Err(NotCompared::First(NotShown::Corrupt(_)))));
    assert!(matches!(compared(&whole, cut, Turn::None), Err(NotCompared::Second(NotShown::Corrupt(_)))));
    let little = Previews::new(1 << 14, TIME);
    let files = (&file_of(&whole), &file_of(&whole));
    let refused = little.compare(files, Turn::None, (64, 1), |_| ());
    assert!(matches!(refused, Err(NotCompared::First(NotShown::TooLarge(_)))), "{refused:?}");
}

#[test]
fn metadata_stand_side_by_side() {
    let picture = landscape(20, 10, 1).opaque();
    let jpeg = Jpeg::new(Subsampling::S444).write(&picture);
    let turned = jpeg_with_segment(&jpeg, 0xe1, &[b"Exif\0\0", &exif(6)[..]].concat());
    let said = jpeg_with_segment(&jpeg_with_segment(&jpeg, 0xfe, b"one"), 0xfe, b"two");
    let previews = Previews::new(1 << 30, TIME);
    let beside = |bytes: &[u8]| previews.beside(&file_of(bytes)).ok();
    let files = [beside(&turned), beside(b"none"), beside(&said), beside(&png(&picture))];
    let table = beside_table(&files);
    let row = |name: &str| table.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}: {table:?}"));
    let words = |text: &str| Some(text.to_owned());
    let orientation = row("orientation");
    assert_eq!(orientation.values, [words("6"), None, words("1"), words("1")]);
    assert!(orientation.differs);
    let comments = &row("comment").values;
    assert!(comments[0].is_none() && comments[2].as_ref().unwrap().starts_with("2 pieces, #"));
    assert!(row("EXIF").differs && row("EXIF").values[0].as_ref().unwrap().starts_with('#'));
    // Every JPEG has it, and no PNG can.
    assert!(!row("resolution").differs && row("resolution").values[3].is_none(), "{table:?}");
    assert!(!table.iter().any(|row| row.name == "rating"));
    assert!(beside_table(&[]).is_empty());
}
