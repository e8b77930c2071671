//! A whole scan of a small folder, on one thread.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
};

use pixtwin_engine::{
    Alone, Alpha, Group, Match, Orientation, Progress, Report, Run, Selection, Settings, Tier, Unread, scan,
};
use pixtwin_testkit::{
    draw::{icon, landscape},
    encode::{Jpeg, Png, PngColour, Subsampling, jpeg_with_segment, png, qoi},
};

use crate::unit::Unit;

/// The batch.
pub(crate) const BATCH: &str = "scan";

/// Its one unit.
pub(crate) const NAMES: [&str; 1] = ["small"];

const ICONS: u64 = 160;
const PHOTOS: u64 = 32;

/// Writes the folder: icons and photos, some with copies in other formats, with other metadata, or equal byte for byte.
pub(crate) fn draw(drawn: &Path) {
    let write = |name: String, content: &[u8]| {
        let path = library(drawn).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    for number in 0..ICONS {
        let picture = icon(16 + 16 * (number % 3) as u32, number);
        write(format!("icons/{number}.png"), &png(&picture));
        match number % 4 {
            0 => write(format!("copies/{number}.qoi"), &qoi(&picture)),
            1 => write(format!("packed/{number}.png"), &Png { level: 9, ..Png::new(PngColour::Rgba) }.write(&picture)),
            2 => write(format!("copies/{number}.png"), &png(&picture)),
            _ => write(format!("notes/{number}.txt"), format!("about the picture {number}").as_bytes()),
        }
    }
    for number in 0..PHOTOS {
        let photo = landscape(160, 120, number);
        let jpeg = Jpeg::new(Subsampling::S420).write(&photo);
        write(format!("photos/{number}.jpg"), &jpeg);
        match number % 4 {
            0 => write(format!("told/{number}.jpg"), &jpeg_with_segment(&jpeg, 0xfe, b"a comment")),
            1 => write(format!("scans/{number}.png"), &png(&photo)),
            _ => {}
        }
    }
}

/// The scan of that folder.
pub(crate) fn units(drawn: &Path) -> Vec<Unit> {
    let roots = vec![library(drawn)];
    let work = Box::new(move || {
        let mut found = Found::default();
        let settings = Settings {
            tier: Tier::Pixels,
            alpha: Alpha::Exact,
            orientation: Orientation::AsStored,
            threads: 1,
            memory_bytes: 1 << 30,
            sharers: 1,
        };
        let progress = Progress::default();
        let run = Run { settings: &settings, memory: None, progress: &progress };
        let counts = scan(&mut Alone::default(), &roots, &Selection::default(), run, &mut found);
        assert!(counts.unwrap().pictures > ICONS && found.groups > 0 && found.unread == 0);
        black_box(found);
    });
    vec![Unit { name: NAMES[0], items: 2 * ICONS + PHOTOS + PHOTOS / 2, work }]
}

fn library(drawn: &Path) -> PathBuf {
    drawn.join("library")
}

#[derive(Default)]
struct Found {
    groups: u64,
    unread: u64,
}

impl Report for Found {
    fn group(&mut self, group: Group) {
        black_box(group);
        self.groups += 1;
    }

    fn found(&mut self, _query: usize, _found: Match) {}

    fn unread(&mut self, _unread: Unread) {
        self.unread += 1;
    }
}
