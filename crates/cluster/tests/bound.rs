//! What is under way between ranks stays within its bound, however much is moved and however slow a rank is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

use std::sync::{Arc, Mutex};

use pixtwin_cluster::{
    Seat, Storage, Terms, run,
    world::{
        carrier::Timing,
        link::{Link, LinkError},
        threads::{ThreadLink, links},
    },
};
use pixtwin_engine::{Progress, Team};

const RANKS: usize = 3;

/// Pieces under way, as docs/scale.md has it.
const WINDOW: usize = 2;

/// A letter begins with its frame and its round; then it says what it is.
const LETTER: u8 = 4;
const KIND_AT: usize = 5;
const PIECE: u8 = 0;
const TAKEN: u8 = 1;

/// For each rank and each other: pieces under way, the most there were, and pieces in all.
type Lanes = [[(usize, usize, usize); RANKS]; RANKS];

/// A link that counts the pieces that were sent and not yet acknowledged.
struct Counting {
    link: ThreadLink,
    lanes: Arc<Mutex<Lanes>>,
}

impl Link for Counting {
    fn rank(&self) -> usize {
        self.link.rank()
    }

    fn size(&self) -> usize {
        self.link.size()
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        let mut lanes = self.lanes.lock().unwrap();
        match (message[0], message.get(KIND_AT)) {
            (LETTER, Some(&PIECE)) => {
                let (under_way, most, all) = &mut lanes[self.link.rank()][to];
                *under_way += 1;
                *all += 1;
                *most = (*most).max(*under_way);
            }
            (LETTER, Some(&TAKEN)) => lanes[to][self.link.rank()].0 -= 1,
            _ => {}
        }
        drop(lanes);
        self.link.send(to, message)
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        self.link.receive()
    }

    fn unsent(&self) -> usize {
        0
    }
}

#[test]
fn no_more_than_the_window_is_under_way_to_a_rank() {
    let lanes = Arc::new(Mutex::new(Lanes::default()));
    let timing = Timing::default();
    let terms = Terms { storage: Storage::Local, settings: Vec::new(), roots: Vec::new() };
    let seat = &Seat { version: "1", host: "h".to_owned(), terms, timing };
    std::thread::scope(|scope| {
        for link in links(RANKS) {
            let link = Counting { link, lanes: Arc::clone(&lanes) };
            scope.spawn(move || {
                let work = |team: &mut pixtwin_cluster::Ranks<_>| {
                    // 12 MB to each rank, and as much to the root, in pieces of 1 MiB.
                    let records = || vec![vec![u8::try_from(team.rank()).unwrap(); 4000]; 3000];
                    let (swapped, mine) = ((0..RANKS).map(|_| records()).collect(), records());
                    let swapped = team.swap_all(swapped).unwrap();
                    assert!(swapped.iter().all(|records| records.len() == 3000));
                    let mut merged = 0;
                    team.merge_all(mine, Vec::cmp, &mut |_| merged += 1).unwrap();
                    assert_eq!(merged, if team.rank() == 0 { 3000 * RANKS } else { 0 });
                };
                run(link, seat, &Progress::default(), |_| {}, || {}, work).unwrap().result.unwrap().unwrap();
            });
        }
    });
    for (from, lanes) in lanes.lock().unwrap().iter().enumerate() {
        for (to, (under_way, most, all)) in lanes.iter().enumerate().filter(|(to, _)| *to != from) {
            let pieces = if to == 0 { 20 } else { 10 };
            assert!(*all > pieces, "{all} pieces from {from} to {to}");
            assert_eq!((*under_way, *most), (0, WINDOW), "from {from} to {to}");
        }
    }
}
