//! Scanned pages: white margins of their own depth, then text of their own. PNG and JPEG, grey and in colour.

use std::io;

use pixtwin_testkit::{
    draw::Seeded,
    encode::{Jpeg, PngColour, Subsampling, jpeg_with_segment},
};

use crate::{
    canvas::{Canvas, words},
    library::{Coding, Library},
    png_rows::Look,
};

/// An A4 page at 150 dots an inch.
const WIDTH: usize = 1240;
const HEIGHT: usize = 1754;

pub(crate) fn write(library: Library) -> io::Result<()> {
    library.for_each(|number| {
        let (shown, coding) = library.planted(number);
        // Every second pair, so that both formats have twins of both codings.
        let (is_jpeg, is_grey) = (shown / 2 % 2 == 1, shown / 4 % 2 == 1);
        let page = page(shown, if is_grey { 1 } else { 3 });
        if is_jpeg {
            library.put(number, "jpg", &jpeg(&page, coding))
        } else {
            library.put(number, "png", &png(&page, coding)?)
        }
    })?;
    let (files, groups) = (library.count, library.planted_count());
    library.close(files, groups)
}

/// A page with margins of 5 to 15 % of its sides, and lines of text between them.
fn page(number: u64, channels: usize) -> Canvas {
    let mut random = Seeded(number ^ 0x5ca7);
    let mut page = Canvas::white(WIDTH, HEIGHT, channels);
    let mut margin = |side: usize| side * (50 + random.below(101) as usize) / 1000;
    let (left, right, top, bottom) = (margin(WIDTH), margin(WIDTH), margin(HEIGHT), margin(HEIGHT));
    let most_signs = (WIDTH - left - right) / 12;
    for y in (top..HEIGHT - bottom).step_by(24) {
        let ink = 20 + random.below(40) as u8;
        let len = if random.below(8) == 0 { most_signs / 2 } else { most_signs };
        page.text((left, y), &words(&mut random, len), 2, [ink, ink, ink + 20]);
    }
    roughen(&mut page, &mut random);
    page
}

/// Ink is nowhere even; paper stays white, as scanning programs make it.
fn roughen(page: &mut Canvas, random: &mut Seeded) {
    for samples in page.samples.chunks_mut(8).filter(|samples| samples.iter().any(|sample| *sample < 128)) {
        for (sample, grain) in samples.iter_mut().zip(random.number().to_le_bytes()) {
            if *sample < 128 {
                *sample += grain & 15;
            }
        }
    }
}

fn jpeg(page: &Canvas, coding: Coding) -> Vec<u8> {
    let jpeg =
        Jpeg { is_grey: page.channels == 1, is_progressive: coding == Coding::Anew, ..Jpeg::new(Subsampling::S420) };
    let file = jpeg.write_rows(page.width, page.height, &page.samples);
    if coding == Coding::Commented { jpeg_with_segment(&file, 0xfe, b"a copy") } else { file }
}

fn png(page: &Canvas, coding: Coding) -> io::Result<Vec<u8>> {
    let look = Look {
        width: page.width,
        height: page.height,
        colour: if page.channels == 1 { PngColour::Grey } else { PngColour::Rgb },
        palette: &[],
        level: if coding == Coding::Anew { 6 } else { 1 },
        is_interlaced: false,
        comment: if coding == Coding::Commented { "a copy" } else { "" },
    };
    look.file(&page.samples)
}
