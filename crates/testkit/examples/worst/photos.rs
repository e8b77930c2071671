//! Photos: a scene of soft shapes under the grain of a sensor, which is another one in every shot.

use std::io;

use pixtwin_testkit::{
    draw::Seeded,
    encode::{Jpeg, PngColour, Subsampling, jpeg_with_segment},
};

use crate::{
    library::{Coding, Library},
    png_rows::Look,
};

/// By how many pixels a hand moves between two shots.
const SHAKE: u32 = 32;

/// Shots of one scene in a row, as a camera writes them.
pub(crate) fn write_burst(library: Library) -> io::Result<()> {
    let scene = Scene::new(1600, 1200, 2);
    write_all(library, "jpg", |shown, coding| Ok(camera(&scene, shown, false, coding)))
}

/// Progressive JPEGs of one size; those coded anew have restart markers.
pub(crate) fn write_progressive(library: Library) -> io::Result<()> {
    let scene = Scene::new(1024, 768, 3);
    write_all(library, "jpg", |shown, coding| Ok(camera(&scene, shown, true, coding)))
}

/// Interlaced PNGs of one size; those coded anew are compressed harder.
pub(crate) fn write_interlaced(library: Library) -> io::Result<()> {
    let scene = Scene::new(512, 512, 4);
    write_all(library, "png", |shown, coding| {
        let look = Look {
            width: scene.width,
            height: scene.height,
            colour: PngColour::Rgb,
            palette: &[],
            level: if coding == Coding::Anew { 6 } else { 1 },
            is_interlaced: true,
            comment: if coding == Coding::Commented { "a copy" } else { "" },
        };
        look.file(&scene.shot(shown))
    })
}

/// One photo of some 0.6 MB, again and again.
pub(crate) fn write_equal(library: Library) -> io::Result<()> {
    let scene = Scene::new(1840, 1380, 5);
    let jpeg = Jpeg { quality: 95, ..Jpeg::new(Subsampling::S420) };
    let file = jpeg.write_rows(scene.width, scene.height, &scene.shot(0));
    library.for_each(|number| library.put(number, "jpg", &file))?;
    let files = library.count;
    library.close(files, 1)
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

fn camera(scene: &Scene, shown: u64, is_progressive: bool, coding: Coding) -> Vec<u8> {
    let is_anew = coding == Coding::Anew;
    let jpeg = Jpeg {
        is_progressive: is_progressive || is_anew,
        restart_blocks: if is_progressive && is_anew { 64 } else { 0 },
        ..Jpeg::new(Subsampling::S420)
    };
    let file = jpeg.write_rows(scene.width, scene.height, &scene.shot(shown));
    if coding == Coding::Commented { jpeg_with_segment(&file, 0xfe, b"a copy") } else { file }
}

/// What the camera sees, larger than a shot by what the hand moves.
struct Scene {
    width: usize,
    height: usize,
    seen: Vec<u8>,
}

impl Scene {
    fn new(width: usize, height: usize, seed: u64) -> Self {
        let mut random = Seeded(seed);
        let (wide, high) = (width + SHAKE as usize, height + SHAKE as usize);
        // Values between the corners of a grid, on three grids: large shapes, leaves, texture.
        let grids: Vec<_> = [(160, 120), (24, 60), (5, 44)].map(|(cell, reach)| (cell, reach, random.number())).into();
        let mut seen = Vec::with_capacity(wide * high * 3);
        for y in 0..high {
            for x in 0..wide {
                let mut light = 16;
                for (cell, reach, seed) in &grids {
                    light += between(x, y, *cell, *seed) * reach / 255;
                }
                let hue = between(x, y, 200, seed) / 4;
                seen.extend([light + hue / 2, light, light + 30 - hue / 2].map(|sample| sample.min(255) as u8));
            }
        }
        Self { width, height, seen }
    }

    /// The picture with this number: red, green and blue, row by row.
    fn shot(&self, number: u64) -> Vec<u8> {
        let mut random = Seeded(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let (x, y) = (random.below(SHAKE) as usize, random.below(SHAKE) as usize);
        let row_bytes = (self.width + SHAKE as usize) * 3;
        let mut shot = Vec::with_capacity(self.width * self.height * 3);
        for row in self.seen.chunks_exact(row_bytes).skip(y).take(self.height) {
            shot.extend_from_slice(&row[x * 3..(x + self.width) * 3]);
        }
        for samples in shot.chunks_mut(8) {
            for (sample, grain) in samples.iter_mut().zip(random.number().to_le_bytes()) {
                // The sum of two even grains is denser in the middle, as noise is.
                *sample = (*sample).saturating_add((grain & 3) + (grain >> 2 & 3)).saturating_sub(3);
            }
        }
        shot
    }
}

/// A value of 0 to 255 between those of the four corners around, each drawn from its place and the seed.
fn between(x: usize, y: usize, cell: usize, seed: u64) -> usize {
    let corner =
        |column: usize, row: usize| (Seeded(seed ^ (column as u64) << 32 ^ row as u64).number() >> 56) as usize;
    let (column, row, right, down) = (x / cell, y / cell, x % cell, y % cell);
    let along = |row: usize| (corner(column, row) * (cell - right) + corner(column + 1, row) * right) / cell;
    (along(row) * (cell - down) + along(row + 1) * down) / cell
}
