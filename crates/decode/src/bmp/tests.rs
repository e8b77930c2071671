use super::*;
use crate::{
    Format,
    checks::{
        assert_cuts_are_refused, assert_is_refused, assert_stops_anywhere, decode, metadata, payload, pixels, rgb, rgba,
    },
};

/// A file of a 40-byte header, `extra` (masks, palette) and pixels.
fn bmp(width: i32, height: i32, bits: u16, method: u32, colours: u32, extra: &[u8], rows: &[u8]) -> Vec<u8> {
    let mut dib = [&40u32.to_le_bytes()[..], &width.to_le_bytes(), &height.to_le_bytes(), &1u16.to_le_bytes()].concat();
    dib.extend_from_slice(&bits.to_le_bytes());
    for field in [method, 0, 2835, 2835, colours, 0] {
        dib.extend_from_slice(&field.to_le_bytes());
    }
    file(&[&dib, extra].concat(), rows)
}

fn file(header: &[u8], rows: &[u8]) -> Vec<u8> {
    let data_at = u32::try_from(14 + header.len()).unwrap();
    let len = data_at + u32::try_from(rows.len()).unwrap();
    [b"BM", &len.to_le_bytes()[..], &[0; 4], &data_at.to_le_bytes(), header, rows].concat()
}

fn seen(file: &[u8]) -> Vec<[u16; 4]> {
    pixels(Format::Bmp, file)
}

/// Red, green, blue, white.
const PALETTE: [u8; 16] = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 255, 255, 255, 0];

fn colour(index: usize) -> [u16; 4] {
    [rgb(255, 0, 0), rgb(0, 255, 0), rgb(0, 0, 255), rgb(255, 255, 255)][index]
}

#[test]
fn the_bottom_row_comes_first_unless_the_height_is_negative() {
    let rows = [1, 2, 3, 0, 4, 5, 6, 0];
    assert_eq!(seen(&bmp(1, 2, 24, 0, 0, &[], &rows)), [rgb(6, 5, 4), rgb(3, 2, 1)]);
    assert_eq!(seen(&bmp(1, -2, 24, 0, 0, &[], &rows)), [rgb(3, 2, 1), rgb(6, 5, 4)]);
}

#[test]
fn palette_indices_of_every_width() {
    assert_eq!(seen(&bmp(3, 1, 1, 0, 2, &PALETTE[..8], &[0b0100_0000, 0, 0, 0])), [colour(0), colour(1), colour(0)]);
    assert_eq!(seen(&bmp(3, 1, 2, 0, 4, &PALETTE, &[0b11_01_10_00, 0, 0, 0])), [colour(3), colour(1), colour(2)]);
    assert_eq!(seen(&bmp(3, 1, 4, 0, 4, &PALETTE, &[0x12, 0x30, 0, 0])), [colour(1), colour(2), colour(3)]);
    assert_eq!(seen(&bmp(2, 1, 8, 0, 4, &PALETTE, &[3, 2, 0, 0])), [colour(3), colour(2)]);
    assert!(matches!(decode(Format::Bmp, &bmp(2, 1, 8, 0, 4, &PALETTE, &[4, 2, 0, 0])), Err(Error::Corrupt(_))));
}

#[test]
fn an_os2_header_has_short_fields_and_a_palette_of_three_bytes() {
    let header = [12, 0, 0, 0, 2, 0, 1, 0, 1, 0, 1, 0, 0, 0, 255, 7, 8, 9];
    assert_eq!(seen(&file(&header, &[0b0100_0000, 0, 0, 0])), [rgb(255, 0, 0), rgb(9, 8, 7)]);
}

#[test]
fn the_fourth_byte_is_alpha_only_under_a_mask() {
    assert_eq!(seen(&bmp(1, 1, 32, 0, 0, &[], &[1, 2, 3, 9])), [rgb(3, 2, 1)]);
    let masks = [0x00ff_0000u32, 0xff00, 0xff, 0xff00_0000].map(u32::to_le_bytes).concat();
    assert_eq!(seen(&bmp(1, 1, 32, 6, 0, &masks, &[1, 2, 3, 9])), [rgba(3, 2, 1, 9)]);
    assert_eq!(seen(&bmp(1, 1, 32, 3, 0, &masks[..12], &[1, 2, 3, 9])), [rgb(3, 2, 1)]);
}

#[test]
fn masks_of_any_width_are_scaled_exactly() {
    // 1 of 31, 31 of 31, 16 of 31.
    let five = [2114, 65535, 33825, 65535];
    assert_eq!(seen(&bmp(1, 1, 16, 0, 0, &[], &[0xf0, 0x07, 0, 0])), [five]);
    let masks = [0xf800u32, 0x07e0, 0x001f].map(u32::to_le_bytes).concat();
    // 1 of 31, 63 of 63, 16 of 31.
    assert_eq!(seen(&bmp(1, 1, 16, 3, 0, &masks, &[0xf0, 0x0f, 0, 0])), [five]);
    let masks = [0xf000u32, 0x0f00, 0x00f0].map(u32::to_le_bytes).concat();
    assert_eq!(seen(&bmp(1, 1, 16, 3, 0, &masks, &[0x20, 0x1f, 0, 0])), [rgb(17, 255, 34)]);
    let masks = [0x3ff0_0000u32, 0x000f_fc00, 0x3ff].map(u32::to_le_bytes).concat();
    assert_eq!(seen(&bmp(1, 1, 32, 3, 0, &masks, &[0xff, 0x03, 0, 0])), [[0, 0, 65535, 65535]]);
    let gap = [0xf0f0u32, 0x0f00, 0x000f].map(u32::to_le_bytes).concat();
    assert!(decode(Format::Bmp, &bmp(1, 1, 16, 3, 0, &gap, &[0; 4])).is_err());
}

#[test]
fn runs_literals_and_jumps() {
    // Bottom row: two of 1, then literally 2 3 1 (padded). Next: jump over 3, one of 2. The top is left out.
    let runs = [2, 1, 0, 3, 2, 3, 1, 0, 0, 0, 0, 2, 3, 0, 1, 2, 0, 0, 0, 1];
    let rows = [[0; 5], [0, 0, 0, 2, 0], [1, 1, 2, 3, 1]];
    let expected: Vec<_> = rows.iter().flatten().map(|&index| colour(index)).collect();
    let eight = bmp(5, 3, 8, 1, 4, &PALETTE, &runs);
    assert_eq!(seen(&eight), expected);
    let runs = [2, 0x11, 0, 3, 0x23, 0x10, 0, 0, 0, 2, 3, 0, 1, 0x20, 0, 1];
    let four = bmp(5, 3, 4, 2, 4, &PALETTE, &runs);
    assert_eq!(seen(&four), expected);
    assert_cuts_are_refused(Format::Bmp, &eight);
    assert_cuts_are_refused(Format::Bmp, &four);
    assert_stops_anywhere(Format::Bmp, &eight);
    assert!(decode(Format::Bmp, &bmp(1, 1, 8, 1, 4, &PALETTE, &[0, 0, 1, 1, 0, 1])).is_err());
}

#[test]
fn cut_stopped_and_too_large_files() {
    let rows: Vec<u8> = (0..32).collect();
    let whole = bmp(2, 4, 24, 0, 0, &[], &rows[..30]);
    assert_cuts_are_refused(Format::Bmp, &whole);
    assert_stops_anywhere(Format::Bmp, &whole);
    assert_stops_anywhere(Format::Bmp, &bmp(2, -4, 24, 0, 0, &[], &rows));
    for method in [0, 1] {
        assert_is_refused(Format::Bmp, &bmp(65535, 65535, 8, method, 4, &PALETTE, &[0; 900]));
        assert_is_refused(Format::Bmp, &bmp(i32::MAX, i32::MIN, 8, method, 4, &PALETTE, &[0; 900]));
        assert_is_refused(Format::Bmp, &bmp(i32::MAX, i32::MAX, 8, method, 4, &PALETTE, &[0; 900]));
    }
}

#[test]
fn padding_and_resolution_are_no_payload() {
    let one = bmp(1, 1, 24, 0, 0, &[], &[1, 2, 3, 0]);
    let mut other = bmp(1, 1, 24, 0, 0, &[], &[1, 2, 3, 77, 1]);
    other[14 + 24] ^= 1;
    let key = |file: &[u8]| payload(Format::Bmp, file).unwrap();
    assert_eq!(key(&one), key(&other));
    assert_ne!(key(&one), key(&bmp(1, 1, 24, 0, 0, &[], &[1, 2, 4, 0])));
    let names: Vec<_> = metadata(Format::Bmp, &other).items.iter().map(|item| item.name).collect();
    assert_eq!(names, ["resolution", "trailing bytes"]);
}
