//! The side of a rank that searches: it hands letters to the carrier and waits for those that arrive.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use pixtwin_engine::{Loss, Shelf};

use super::{Desk, World};

/// How often one that waits for a letter looks whether the run is over.
const LOOK_UP: Duration = Duration::from_millis(20);

/// What the search asks of the carrier.
pub(super) enum Order {
    /// Carry a letter.
    Letter { to: usize, letter: Vec<u8> },
    /// Fill the shelf with files from the rank that walks, or, where that is this rank, give to those that ask.
    Fill { walker: usize, shelf: Arc<Shelf>, readers: usize },
}

/// What the two sides of a rank, and those that watch it, know of the run.
#[derive(Debug, Default)]
pub struct State {
    is_over: AtomicBool,
    is_interrupted: AtomicBool,
    is_written: AtomicBool,
    is_done: AtomicBool,
    lost: Mutex<Vec<usize>>,
    fault: Mutex<Option<String>>,
}

impl State {
    /// Asks for the end of the run, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.is_interrupted.store(true, Ordering::Relaxed);
    }

    /// Whether the run was interrupted.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.is_interrupted.load(Ordering::Relaxed)
    }

    /// Whether the run is over before its time.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Whether the root has written what there is.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.is_written.load(Ordering::Relaxed)
    }

    /// The ranks that were lost, ascending.
    #[must_use]
    pub fn lost(&self) -> Vec<usize> {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone();
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    /// What went wrong, where it was no silence.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_fault(&self, fault: String) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        self.end(&[]);
    }

    pub(super) fn end(&self, lost: &[usize]) {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).extend(lost);
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// The search of this rank has come to its end, well or not.
    pub(crate) fn set_done(&self) {
        self.is_done.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Relaxed)
    }

    pub(super) fn set_written(&self) {
        self.is_written.store(true, Ordering::Relaxed);
    }
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
        loop {
            if self.state.is_over() {
                return Err(Loss);
            }
            match self.letters.recv_timeout(LOOK_UP) {
                Ok(letter) => return Ok(letter),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(Loss),
            }
        }
    }

    fn fail(&mut self, reason: String) -> Loss {
        self.state.set_fault(reason);
        Loss
    }

    fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}
