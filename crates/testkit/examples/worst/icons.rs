//! Tiny icons without end, and pictures of 600 megapixels.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
    thread,
};

use pixtwin_testkit::{draw::Seeded, encode::PngColour};

use crate::{
    library::{Coding, Library},
    png_rows::{Look, Rows},
};

const ICONS_IN_A_FOLDER: u64 = 1000;
const SIDES: [usize; 5] = [16, 22, 24, 32, 48];
const COLOURS: u8 = 16;

const GIANT_WIDTH: usize = 20_000;
const GIANT_HEIGHT: usize = 30_000;
/// So many rows of a giant are equal.
const BAND_ROWS: usize = 50;

/// Icons alone.
pub(crate) fn write_growth(library: Library) -> io::Result<()> {
    write_icons(&library, &library.folder)?;
    let (files, groups) = (library.count, library.planted_count());
    library.close(files, groups)
}

/// One giant beside a folder of icons.
pub(crate) fn write_giant(library: Library) -> io::Result<()> {
    write_icons(&library, &library.folder.join("icons"))?;
    write_large(&library.folder.join("giant.png"), 0)?;
    let (files, groups) = (library.count + 1, library.planted_count());
    library.close(files, groups)
}

/// Giants alone, equal but for their last rows.
pub(crate) fn write_giants(library: Library) -> io::Result<()> {
    thread::scope(|scope| {
        let path = |number: u64| library.folder.join(format!("giant-{number}.png"));
        let writers: Vec<_> = (0..library.count)
            .map(|number| {
                let path = path(number);
                scope.spawn(move || write_large(&path, number))
            })
            .collect();
        writers.into_iter().try_for_each(|writer| {
            writer.join().unwrap_or_else(|_| Err(io::Error::other("a giant could not be drawn")))
        })
    })?;
    let files = library.count;
    library.close(files, 0)
}

fn write_icons(library: &Library, folder: &Path) -> io::Result<()> {
    let parent_of = |number: u64| folder.join(format!("{:04}", number / ICONS_IN_A_FOLDER));
    for first in (0..library.count).step_by(ICONS_IN_A_FOLDER as usize) {
        fs::create_dir_all(parent_of(first))?;
    }
    library.for_each(|number| {
        let (shown, coding) = library.planted(number);
        fs::write(parent_of(number).join(format!("icon-{number:07}.png")), icon(shown, coding)?)
    })
}

/// A round badge, no two alike: the number stands in its middle.
fn icon(number: u64, coding: Coding) -> io::Result<Vec<u8>> {
    let mut random = Seeded(number ^ 0x1c04);
    let side = SIDES[random.below(SIDES.len() as u32) as usize];
    let (rim, face) = (1 + random.below(15) as u8, 1 + random.below(15) as u8);
    let tint = random.number().to_le_bytes();
    // Red tells the colours of a palette apart.
    let palette: Vec<[u8; 3]> = (0..COLOURS).map(|at| [at * 17, tint[0] ^ (at * 7), tint[1] ^ (at * 11)]).collect();
    let mut indices = Vec::with_capacity(side * side);
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let from_middle = (2 * x + 1).abs_diff(side).pow(2) + (2 * y + 1).abs_diff(side).pow(2);
        indices.push(match from_middle * 8 / (side * side) {
            0..5 => face,
            5..8 => rim,
            _ => 0,
        });
    }
    let middle = side / 2 * side + side / 2;
    for (place, index) in indices[middle - 4..middle + 4].iter_mut().enumerate() {
        *index = (number >> (4 * place) & 15) as u8;
    }
    let is_palette = number.is_multiple_of(2);
    let pixel = |index: &u8| {
        let [red, green, blue] = palette[usize::from(*index)];
        [red, green, blue, if *index == 0 { 128 } else { 255 }]
    };
    let samples = if is_palette { indices } else { indices.iter().flat_map(pixel).collect() };
    let look = Look {
        width: side,
        height: side,
        colour: if is_palette { PngColour::Palette } else { PngColour::Rgba },
        palette: if is_palette { &palette } else { &[] },
        level: if coding == Coding::Anew { 0 } else { 3 },
        is_interlaced: false,
        comment: if coding == Coding::Commented { "a copy" } else { "" },
    };
    look.file(&samples)
}

/// A picture of 600 megapixels in bands, drawn row by row; the last row says which one it is.
fn write_large(path: &Path, number: u64) -> io::Result<()> {
    let look = Look {
        width: GIANT_WIDTH,
        height: GIANT_HEIGHT,
        colour: PngColour::Rgb,
        palette: &[],
        level: 3,
        is_interlaced: false,
        comment: "",
    };
    let mut rows = Rows::begin(BufWriter::new(File::create(path)?), &look)?;
    let mut row = vec![0; GIANT_WIDTH * 3];
    for y in 0..GIANT_HEIGHT {
        if y % BAND_ROWS == 0 {
            let mut random = Seeded(y as u64);
            for block in row.chunks_mut(3 * 100) {
                let colour = random.number().to_le_bytes();
                block.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour[..3]));
            }
        }
        if y == GIANT_HEIGHT - 1 {
            row[..8].copy_from_slice(&number.to_le_bytes());
        }
        rows.put(&row)?;
    }
    rows.end()?.flush()
}
