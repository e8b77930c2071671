//! The ranks of a run, and how messages get from one to another.
//!
//! A [`World`] waits for messages and moves bulk data between all ranks in bounded pieces. It is built on a
//! [`Link`](link::Link), which never waits: one thread of each rank, the [carrier], serves the link, so that a
//! rank which computes still answers, and one that is silent is noticed.

pub mod link;

pub mod threads;

pub mod carrier;

pub mod mpi;

pub(crate) mod exchange;

pub(crate) mod frame;

mod post;

mod sharing;

mod state;

mod watch;

use pixtwin_engine::Loss;

pub use exchange::Desk;
pub use post::Post;
pub use state::State;
pub(crate) use watch::watch;

/// What a rank can do with the others. All ranks make the same calls to [`World::all_to_all`], [`World::broadcast`] and
/// [`World::gather`] in the same order.
///
/// # Errors
/// Every call gives [`Loss`] from the moment that a rank is lost or sends what makes no sense.
pub trait World {
    /// Which rank this is, from 0, the root.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// The name of the node that a rank runs on; empty for a rank that does not exist.
    fn node(&self, rank: usize) -> &str;

    /// Sends a letter to another rank. Letters to one rank arrive in the order they were sent.
    ///
    /// # Errors
    /// [`Loss`].
    fn send(&mut self, to: usize, letter: Vec<u8>) -> Result<(), Loss>;

    /// Waits for the next letter from any other rank, and gives that rank with it.
    ///
    /// # Errors
    /// [`Loss`].
    fn receive(&mut self) -> Result<(usize, Vec<u8>), Loss>;

    /// Ends the run, for a reason that the user is told.
    fn fail(&mut self, reason: String) -> Loss;

    /// What this rank remembers between the calls below.
    fn desk(&mut self) -> &mut Desk;

    /// Bulk data from every rank to every rank: `next` gives the next piece for a rank, of at most
    /// [`World::piece_bytes`], until it has none; `take` gets the pieces of each rank in their order.
    ///
    /// # Errors
    /// [`Loss`].
    ///
    /// # Cost
    /// Holds at most two pieces a rank on their way out, and as many on their way in: some 32 MiB, however much is
    /// moved.
    fn all_to_all(
        &mut self,
        next: &mut dyn FnMut(usize) -> Option<Vec<u8>>,
        take: &mut dyn FnMut(usize, Vec<u8>),
    ) -> Result<(), Loss>
    where
        Self: Sized,
    {
        let everyone: Vec<usize> = (0..self.size()).collect();
        exchange::exchange(self, &everyone, &everyone, next, take)
    }

    /// The bytes that the root called with.
    ///
    /// # Errors
    /// [`Loss`].
    ///
    /// # Cost
    /// Goes down a tree: a rank passes the bytes on to at most log2(size) others.
    fn broadcast(&mut self, bytes: Vec<u8>) -> Result<Vec<u8>, Loss>
    where
        Self: Sized,
    {
        exchange::broadcast(self, bytes)
    }

    /// What every rank called with, in their order, at the root; nothing elsewhere.
    ///
    /// # Errors
    /// [`Loss`].
    fn gather(&mut self, bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, Loss>
    where
        Self: Sized,
    {
        exchange::gather(self, bytes)
    }

    /// The longest piece: short enough that a piece for every rank fits into a few MiB.
    fn piece_bytes(&self) -> usize {
        (exchange::PIECES_BYTES / self.size().max(1)).clamp(exchange::LEAST_PIECE_BYTES, exchange::MOST_PIECE_BYTES)
    }
}

/// Runs `work` on `size` ranks that are threads, and gives what each came to.
#[cfg(test)]
pub(crate) fn simulate<T: Send>(size: usize, work: impl Fn(&mut Post) -> T + Sync) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let ranks: Vec<_> = threads::links(size)
            .into_iter()
            .map(|link| {
                scope.spawn(move || {
                    let (carrier, mut post) =
                        carrier::Carrier::greet(link, "test", carrier::Timing::default()).unwrap();
                    let working = scope.spawn(move || {
                        let done = work(&mut post);
                        post.state().set_done();
                        done
                    });
                    carrier.carry(&pixtwin_engine::Progress::default());
                    working.join().unwrap()
                })
            })
            .collect();
        ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
    })
}

#[cfg(test)]
#[allow(clippy::cast_possible_truncation, reason = "the numbers are small")]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_length_reach_all() {
        for size in 1..=9 {
            let heard = simulate(size, |world| {
                let rank = world.rank();
                let told = world.broadcast(if rank == 0 { vec![7; 3_000_000] } else { vec![1] }).unwrap();
                let nothing = world.broadcast(Vec::new()).unwrap();
                let gathered = world.gather(vec![rank as u8; rank * 700_000]).unwrap();
                (told, nothing, gathered)
            });
            for (rank, (told, nothing, gathered)) in heard.into_iter().enumerate() {
                assert!(told == [7; 3_000_000] && nothing.is_empty());
                let expected = (0..size).filter(|_| rank == 0).map(|from| vec![from as u8; from * 700_000]);
                assert_eq!(gathered, expected.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn every_rank_gets_the_pieces_of_every_other_in_their_order() {
        let heard = simulate(4, |world| {
            let rank = world.rank();
            let mut left = [40, 0, 7, 300];
            let mut heard = vec![Vec::new(); 4];
            let mut next = |to: usize| {
                left[to] -= 1;
                (left[to] >= 0).then(|| vec![rank as u8, to as u8, left[to] as u8])
            };
            world.all_to_all(&mut next, &mut |from, piece| heard[from].push(piece)).unwrap();
            heard
        });
        for (rank, heard) in heard.into_iter().enumerate() {
            for (from, pieces) in heard.into_iter().enumerate() {
                let expected = (0..[40, 0, 7, 300][rank]).rev().map(|left| vec![from as u8, rank as u8, left as u8]);
                assert_eq!(pieces, expected.collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn ranks_of_two_versions_do_not_begin() {
        let timing = carrier::Timing::default();
        let met: Vec<_> = std::thread::scope(|scope| {
            let ranks: Vec<_> = threads::links(3)
                .into_iter()
                .zip(["1.0", "1.0", "1.1"])
                .map(|(link, version)| scope.spawn(move || carrier::Carrier::greet(link, version, timing).map(drop)))
                .collect();
            ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
        });
        let refusal = Err("rank 2 runs version 1.1, and rank 0 version 1.0".to_owned());
        assert_eq!(met, [refusal.clone(), refusal.clone(), refusal]);
    }

    #[test]
    fn a_rank_that_does_not_come_is_named() {
        let timing = carrier::Timing { greeting: std::time::Duration::from_millis(50), ..Default::default() };
        let root = threads::links(2).swap_remove(0);
        let met = carrier::Carrier::greet(root, "1.0", timing).map(drop);
        assert_eq!(met, Err("no answer from rank 1 within 50ms".to_owned()));
    }
}
