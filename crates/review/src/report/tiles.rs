//! Which files of a group are seen in a report, and their thumbnails.

use std::{
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use pixtwin_engine::{Group, Member};

use crate::picture::{Encoded, Named, Pictures};

/// What is seen of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tile {
    /// Its thumbnail.
    Shown(Encoded),
    /// Why there is none, as a clause.
    Hidden(String),
    /// It would show what the tile of another file of its group shows.
    AsAnother,
    /// As many thumbnails as were asked for are there already.
    Beyond,
}

/// Makes the thumbnails of a report: so many, and no more.
pub(super) struct Tiles {
    pub(super) pictures: Pictures,
    pub(super) threads: NonZeroUsize,
    /// The host on which the report is written, where files have hosts.
    pub(super) host: Option<String>,
    pub(super) left: usize,
    /// How many tiles were not made because there were enough.
    pub(super) beyond: u64,
}

impl Tiles {
    /// A tile for each file of a group. Of files that show the same, the first that lies here has it.
    pub(super) fn of(&mut self, group: &Group) -> Vec<Tile> {
        let is_here = |file: &Member| file.host.is_none() || file.host == self.host;
        let shared = group.files.iter().position(|file| shows_what_the_first_shows(file) && is_here(file)).unwrap_or(0);
        let mut tiles: Vec<Tile> = Vec::with_capacity(group.files.len());
        let mut asked: Vec<(usize, &Member)> = Vec::new();
        for (at, file) in group.files.iter().enumerate() {
            let is_another = at != shared && shows_what_the_first_shows(file);
            tiles.push(if is_another {
                Tile::AsAnother
            } else if !is_here(file) {
                Tile::Hidden(format!("it lies on {}", file.host.as_deref().unwrap_or("another host")))
            } else {
                if self.left > 0 {
                    self.left -= 1;
                    asked.push((at, file));
                }
                Tile::Beyond
            });
        }
        let made = self.make(&asked);
        for ((at, _), made) in asked.iter().zip(made) {
            tiles.get_mut(*at).into_iter().for_each(|tile| *tile = made.clone());
        }
        self.beyond += tiles.iter().filter(|tile| **tile == Tile::Beyond).count() as u64;
        tiles
    }

    /// The thumbnails of these files, in their order, some at once.
    fn make(&self, asked: &[(usize, &Member)]) -> Vec<Tile> {
        let made = Mutex::new(vec![Tile::Beyond; asked.len()]);
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some((_, file)) = asked.get(at) else { break };
                let shown = self.pictures.thumbnail(Named { path: &file.path, bytes: file.bytes });
                let tile = shown.map_or_else(|cause| Tile::Hidden(cause.to_string()), Tile::Shown);
                let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
                made.get_mut(at).into_iter().for_each(|place| *place = tile.clone());
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.threads.get().min(asked.len()) {
                scope.spawn(work);
            }
            work();
        });
        made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether it has the pixels of the first file, and is turned in the same way by its metadata.
fn shows_what_the_first_shows(file: &Member) -> bool {
    let is_equal = file.near.as_ref().is_none_or(|near| near.nearness.is_none());
    is_equal && !file.differs.iter().any(|differs| differs.starts_with("orientation") || differs.starts_with("unknown"))
}
