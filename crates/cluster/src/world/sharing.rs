//! The carrier's part in sharing looks: it asks the ranks beside this one for work, and gives to those that ask.

use std::{collections::VecDeque, sync::Arc};

use pixtwin_engine::{Job, JobDone, Offers};

use super::frame::Frame;
use crate::records;

/// How many ranks in a row may have nothing before no other is asked: with thousands of ranks the last would wait for
/// all to be asked.
const MOST_ASKED: usize = 16;

/// Looks shared with other ranks.
#[derive(Default)]
pub(super) struct Sharing {
    offers: Option<Arc<Offers>>,
    /// The ranks that share, without this one.
    beside: Vec<usize>,
    /// Whom to ask next.
    next: usize,
    /// How many in a row had nothing to give.
    empty: usize,
    is_asking: bool,
    /// Ranks that ask for work, and of which round: one that is ahead waits until this rank has come there.
    askers: VecDeque<(usize, u32)>,
}

impl Sharing {
    /// Begins to share these looks with the ranks `beside`, of which some may have asked already.
    pub(super) fn begin(&mut self, offers: Arc<Offers>, beside: Vec<usize>) {
        (self.offers, self.beside) = (Some(offers), beside);
    }

    /// What is to be sent now, and to whom.
    pub(super) fn turn(&mut self) -> Vec<(usize, Frame)> {
        let Some(offers) = &self.offers else { return Vec::new() };
        let done = offers.take_returned().into_iter();
        let mut frames: Vec<_> = done.map(|(rank, done)| (rank, Frame::Done(records::write_all(vec![done])))).collect();
        self.askers.retain(|(asker, round)| match offers.give(*round, self.beside.len()) {
            Some(jobs) => {
                frames.push((*asker, Frame::Jobs(records::write_all(jobs))));
                false
            }
            None => true,
        });
        if offers.is_wanting() && !self.is_asking {
            match self.beside.get(self.next) {
                Some(rank) if self.empty < self.beside.len().min(MOST_ASKED) => {
                    self.is_asking = true;
                    frames.push((*rank, Frame::Idle(offers.round())));
                }
                _ => {
                    self.empty = 0;
                    offers.set_dry();
                }
            }
        }
        frames
    }

    /// Takes note of one that has nothing left to do in this round.
    pub(super) fn ask(&mut self, asker: usize, round: u32) {
        // One question of each at a time.
        self.askers.retain(|(other, _)| *other != asker);
        self.askers.push_back((asker, round));
    }

    /// Takes looks to be done for another rank. Says whether they make sense.
    pub(super) fn take(&mut self, from: usize, bytes: &[u8]) -> bool {
        let Ok(jobs) = records::read_all::<Job>(bytes) else { return false };
        self.is_asking = false;
        if jobs.is_empty() {
            self.empty += 1;
            self.next = (self.next + 1) % self.beside.len().max(1);
        } else {
            self.empty = 0;
        }
        self.offers.iter().for_each(|offers| offers.add_foreign(from, jobs.clone()));
        true
    }

    /// Takes what looks came to that another rank did. Says whether it makes sense.
    pub(super) fn take_done(&self, bytes: &[u8]) -> bool {
        let Ok(done) = records::read_all::<JobDone>(bytes) else { return false };
        if let Some(offers) = &self.offers {
            done.into_iter().for_each(|done| offers.give_back(done));
        }
        true
    }

    pub(super) fn abandon(&self) {
        self.offers.iter().for_each(|offers| offers.abandon());
    }
}
