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
