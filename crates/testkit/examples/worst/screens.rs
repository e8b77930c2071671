//! Screenshots of one window: the upper halves are equal, and one line in the lower half differs.

use std::io;

use pixtwin_testkit::{draw::Seeded, encode::PngColour};

use crate::{
    canvas::{Canvas, words},
    library::{Coding, Library},
    png_rows::Look,
};

const WIDTH: usize = 1280;
const HEIGHT: usize = 800;
/// Height of a line of text, with the space below it.
const LINE: usize = 20;

pub(crate) fn write(library: Library) -> io::Result<()> {
    let window = window();
    library.for_each(|number| {
        let (shown, coding) = library.planted(number);
        let screen = with_line_of(&window, shown);
        let look = Look {
            width: WIDTH,
            height: HEIGHT,
            colour: PngColour::Rgb,
            palette: &[],
            level: if coding == Coding::Anew { 6 } else { 1 },
            is_interlaced: false,
            comment: if coding == Coding::Commented { "a copy" } else { "" },
        };
        library.put(number, "png", &look.file(&screen.samples)?)
    })?;
    let (files, groups) = (library.count, library.planted_count());
    library.close(files, groups)
}

/// A desktop with a window: title bar, a list at the left, text.
fn window() -> Canvas {
    let mut random = Seeded(1);
    let mut screen = Canvas::white(WIDTH, HEIGHT, 3);
    for y in 0..HEIGHT {
        screen.fill((0, y), (WIDTH, 1), [40, 60 + (y / 10) as u8, 120 + (y / 8) as u8]);
    }
    screen.fill((20, 24), (WIDTH - 40, HEIGHT - 48), [252, 252, 250]);
    screen.fill((20, 24), (WIDTH - 40, 32), [58, 62, 70]);
    screen.text((40, 33), &words(&mut random, 40), 2, [230, 230, 230]);
    screen.fill((20, 56), (220, HEIGHT - 80), [236, 238, 241]);
    for y in (70..HEIGHT - 40).step_by(LINE) {
        screen.text((32, y), &words(&mut random, 16), 2, [70, 80, 96]);
        let len = 50 + random.below(35) as usize;
        screen.text((256, y), &words(&mut random, len), 2, [30, 30, 34]);
    }
    screen
}

/// The window with one line of the lower half written anew: the number stands in it.
fn with_line_of(window: &Canvas, number: u64) -> Canvas {
    let mut random = Seeded(number);
    let mut screen = window.clone();
    let lines = (HEIGHT / 2 - 60) / LINE;
    let y = HEIGHT / 2 + 10 + random.below(lines as u32) as usize * LINE;
    screen.fill((256, y), (240, LINE), [252, 252, 250]);
    let digits: Vec<u32> = (0..4).map(|place| 1 + (number >> (4 * place) & 15) as u32).collect();
    screen.text((256, y), &[digits, words(&mut random, 12)].concat(), 2, [30, 30, 34]);
    screen
}
