//! Quite OK Image.

use crate::Drawing;

/// The file, of four channels.
///
/// # Source
/// The QOI specification, version 1.0, of 2022-01-05.
#[must_use]
pub fn qoi(drawing: &Drawing) -> Vec<u8> {
    let mut file = b"qoif".to_vec();
    file.extend([drawing.width.to_be_bytes(), drawing.height.to_be_bytes()].concat());
    file.extend([4, 0]);
    let (mut seen, mut last, mut run) = ([[0_u8; 4]; 64], [0, 0, 0, 255], 0_u8);
    for pixel in drawing.pixels() {
        if pixel == last {
            run += 1;
            if run == 62 {
                file.push(0xc0 | (run - 1));
                run = 0;
            }
            continue;
        }
        if run > 0 {
            file.push(0xc0 | (run - 1));
            run = 0;
        }
        let place = (0..4).map(|at| usize::from(pixel[at]) * [3, 5, 7, 11][at]).sum::<usize>() % 64;
        if seen[place] == pixel {
            file.push(place as u8);
        } else if pixel[3] != last[3] {
            file.push(0xff);
            file.extend(pixel);
        } else {
            file.extend(opaque_step(pixel, last));
        }
        (seen[place], last) = (pixel, pixel);
    }
    if run > 0 {
        file.push(0xc0 | (run - 1));
    }
    file.extend([0, 0, 0, 0, 0, 0, 0, 1]);
    file
}

fn opaque_step(pixel: [u8; 4], last: [u8; 4]) -> Vec<u8> {
    let [red, green, blue] = [0, 1, 2].map(|at| i16::from(pixel[at].wrapping_sub(last[at]) as i8));
    let (red_more, blue_more) = (red - green, blue - green);
    if [red, green, blue].iter().all(|step| (-2..2).contains(step)) {
        vec![0x40 | ((red + 2) << 4 | (green + 2) << 2 | (blue + 2)) as u8]
    } else if (-32..32).contains(&green) && [red_more, blue_more].iter().all(|step| (-8..8).contains(step)) {
        vec![0x80 | (green + 32) as u8, ((red_more + 8) << 4 | (blue_more + 8)) as u8]
    } else {
        vec![0xfe, pixel[0], pixel[1], pixel[2]]
    }
}
