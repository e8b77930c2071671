//! Ranks that are threads of one process: for tests and simulations.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use super::link::{Link, LinkError, MOST_MESSAGE_BYTES};

/// One end of a link between threads.
#[derive(Debug)]
pub struct ThreadLink {
    rank: usize,
    to: Vec<Sender<(usize, Vec<u8>)>>,
    arrived: Receiver<(usize, Vec<u8>)>,
}

/// The links of `size` ranks, in their order.
#[must_use]
pub fn links(size: usize) -> Vec<ThreadLink> {
    let (to, arrived): (Vec<_>, Vec<_>) = (0..size).map(|_| channel()).unzip();
    let link = |(rank, arrived)| ThreadLink { rank, to: to.clone(), arrived };
    arrived.into_iter().enumerate().map(link).collect()
}

impl Link for ThreadLink {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        let failed = |reason: &str| LinkError::Failed { call: "send", reason: reason.to_owned() };
        match self.to.get(to) {
            // One that has ended hears nothing, as a process that has ended.
            Some(sender) if to != self.rank => {
                drop(sender.send((self.rank, message)));
                Ok(())
            }
            _ => Err(failed("no such rank")),
        }
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        match self.arrived.try_recv() {
            Ok((from, message)) if message.len() > MOST_MESSAGE_BYTES => {
                Err(LinkError::TooLong { from, bytes: message.len() })
            }
            Ok(arrived) => Ok(Some(arrived)),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(None),
        }
    }

    fn unsent(&self) -> usize {
        0
    }
}
