//! The side of a rank that searches: it hands letters to the carrier and waits for those that arrive.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use pixtwin_engine::{Loss, Offers, Shelf};

use super::{Desk, State, World};

/// How often one that waits for a letter looks whether the run is over.
const LOOK_UP: Duration = Duration::from_millis(20);

/// What the search asks of the carrier.
pub(super) enum Order {
    /// Carry a letter.
    Letter { to: usize, letter: Vec<u8> },
    /// Fill the shelf with files from the rank that walks, or, where that is this rank, give to those that ask.
    Fill { walker: usize, shelf: Arc<Shelf>, readers: usize },
    /// Let these ranks share looks with this one.
    Share { offers: Arc<Offers>, beside: Vec<usize> },
}

/// A world whose messages a carrier moves.
#[derive(Debug)]
pub struct Post {
    pub(super) rank: usize,
    pub(super) nodes: Vec<String>,
    pub(super) orders: Sender<Order>,
    pub(super) letters: Receiver<(usize, Vec<u8>)>,
    pub(super) state: Arc<State>,
    pub(super) desk: Desk,
}

impl Post {
    /// What is known of the run.
    #[must_use]
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// Gives the nodes their names.
    pub fn set_nodes(&mut self, nodes: Vec<String>) {
        self.nodes = nodes;
    }

    /// Lets the carrier fill the shelf from that of rank `walker`, for `readers` threads; if this is the walker itself,
    /// lets it give to those that ask.
    ///
    /// # Errors
    /// [`Loss`].
    pub fn fill(&mut self, walker: usize, shelf: Arc<Shelf>, readers: usize) -> Result<(), Loss> {
        self.orders.send(Order::Fill { walker, shelf, readers }).map_err(|_| Loss)
    }

    /// Lets the carrier share looks with the ranks `beside` this one, which see the same files.
    ///
    /// # Errors
    /// [`Loss`].
    pub fn share(&mut self, offers: Arc<Offers>, beside: Vec<usize>) -> Result<(), Loss> {
        self.orders.send(Order::Share { offers, beside }).map_err(|_| Loss)
    }
}

impl World for Post {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.nodes.len()
    }

    fn node(&self, rank: usize) -> &str {
        self.nodes.get(rank).map_or("", String::as_str)
    }

    fn send(&mut self, to: usize, letter: Vec<u8>) -> Result<(), Loss> {
        if self.state.is_over() {
            return Err(Loss);
        }
        self.orders.send(Order::Letter { to, letter }).map_err(|_| Loss)
    }

    fn receive(&mut self) -> Result<(usize, Vec<u8>), Loss> {
        self.state.set_waiting(true);
        let received = loop {
            if self.state.is_over() {
                break Err(Loss);
            }
            match self.letters.recv_timeout(LOOK_UP) {
                Ok(letter) => break Ok(letter),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Err(Loss),
            }
        };
        self.state.set_waiting(false);
        received
    }

    fn fail(&mut self, reason: String) -> Loss {
        self.state.set_fault(reason);
        Loss
    }

    fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}
