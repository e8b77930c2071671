//! Screenshots of one window: the upper halves are equal, and one line below differs.

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

const WIDTH: usize = 1280;
const HEIGHT: usize = 800;
/// A little more than twice the 128 rows of the second look.
const LOW_HEIGHT: usize = 264;
/// Height of a line of text, with the space below it.
const LINE: usize = 20;

/// PNGs of usual screens.
pub(crate) fn write(library: Library) -> io::Result<()> {
    let window = window(HEIGHT);
    write_all(library, "png", |shown, coding| png(&with_line_of(&window, shown, HEIGHT / 2), coding))
}

/// PNGs of the height at which most rows are looked at in vain: just above twice the rows of a look.
pub(crate) fn write_low(library: Library) -> io::Result<()> {
    let window = window(LOW_HEIGHT);
    write_all(library, "png", |shown, coding| png(&with_line_of(&window, shown, LOW_HEIGHT - 2 * LINE), coding))
}

/// Progressive JPEGs of usual screens: every look reads the whole file.
pub(crate) fn write_progressive(library: Library) -> io::Result<()> {
    let window = window(HEIGHT);
    write_all(library, "jpg", |shown, coding| Ok(progressive(&with_line_of(&window, shown, HEIGHT / 2), coding)))
}

fn write_all(
    library: Library,
    extension: &str,
    file: impl Fn(u64, Coding) -> io::Result<Vec<u8>> + Sync,
) -> io::Result<()> {
    library.for_each(|number| {
        let (shown, coding) = library.planted(number);
        library.put(number, extension, &file(shown, coding)?)
    })?;
    let (files, groups) = (library.count, library.planted_count());
    library.close(files, groups)
}

fn png(screen: &Canvas, coding: Coding) -> io::Result<Vec<u8>> {
    let look = Look {
        width: screen.width,
        height: screen.height,
        colour: PngColour::Rgb,
        palette: &[],
        level: if coding == Coding::Anew { 6 } else { 1 },
        is_interlaced: false,
        comment: if coding == Coding::Commented { "a copy" } else { "" },
    };
    look.file(&screen.samples)
}

fn progressive(screen: &Canvas, coding: Coding) -> Vec<u8> {
    let restart_blocks = if coding == Coding::Anew { 64 } else { 0 };
    let jpeg = Jpeg { is_progressive: true, restart_blocks, ..Jpeg::new(Subsampling::S420) };
    let file = jpeg.write_rows(screen.width, screen.height, &screen.samples);
    if coding == Coding::Commented { jpeg_with_segment(&file, 0xfe, b"a copy") } else { file }
}

/// A desktop with a window: title bar, a list at the left, text.
fn window(height: usize) -> Canvas {
    let mut random = Seeded(1);
    let mut screen = Canvas::white(WIDTH, height, 3);
    for y in 0..height {
        screen.fill((0, y), (WIDTH, 1), [40, 60 + (y / 10) as u8, 120 + (y / 8) as u8]);
    }
    screen.fill((20, 24), (WIDTH - 40, height - 48), [252, 252, 250]);
    screen.fill((20, 24), (WIDTH - 40, 32), [58, 62, 70]);
    screen.text((40, 33), &words(&mut random, 40), 2, [230, 230, 230]);
    screen.fill((20, 56), (220, height - 80), [236, 238, 241]);
    for y in (70..height - 40).step_by(LINE) {
        screen.text((32, y), &words(&mut random, 16), 2, [70, 80, 96]);
        let len = 50 + random.below(35) as usize;
        screen.text((256, y), &words(&mut random, len), 2, [30, 30, 34]);
    }
    screen
}

/// The window with one line below the rows that stay as they are written anew: the number stands in it.
fn with_line_of(window: &Canvas, number: u64, rows_above: usize) -> Canvas {
    let mut random = Seeded(number);
    let mut screen = window.clone();
    let lines = ((window.height - rows_above) / LINE - 1).max(1);
    let y = rows_above + random.below(lines as u32) as usize * LINE;
    screen.fill((256, y), (240, LINE), [252, 252, 250]);
    let digits: Vec<u32> = (0..4).map(|place| 1 + (number >> (4 * place) & 15) as u32).collect();
    screen.text((256, y), &[digits, words(&mut random, 12)].concat(), 2, [30, 30, 34]);
    screen
}
