//! The thread of a rank that carries messages. It never waits for another rank, so it always answers; and it notices
//! when another does not.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    time::{Duration, Instant},
};

use pixtwin_engine::{Progress, Shelf, Taken};

use super::{
    Desk,
    frame::Frame,
    link::Link,
    post::{Order, Post},
    sharing::Sharing,
    state::State,
};

/// How a run keeps time.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How often a rank shows the root that it is alive.
    pub beat: Duration,
    /// How often the root answers: rarely, for a library can be held up by sending to a process that is gone.
    pub answer: Duration,
    /// A rank that was not heard for so long is lost.
    pub silence: Duration,
    /// How long all may take to come together at the start.
    pub greeting: Duration,
    /// How long after an interruption a rank may take to be heard: launchers kill soon after they have warned
    /// (measured: Open MPI 4 after 1 s, Open MPI 5 after 0.25 s).
    pub call: Duration,
}

impl Default for Timing {
    /// A rank silent for five seconds is lost, so that a loss is named within ten.
    fn default() -> Self {
        Self {
            beat: Duration::from_millis(100),
            answer: Duration::from_secs(1),
            silence: Duration::from_secs(5),
            greeting: Duration::from_secs(60),
            call: Duration::from_millis(120),
        }
    }
}

/// How long the carrier sleeps when there is nothing to carry: shortly at first, for answers come soon.
const PAUSES: (Duration, Duration) = (Duration::from_micros(20), Duration::from_millis(1));

/// How long while the search waits for no letter: each look at the link takes time from the decoders.
const LONG_PAUSE: Duration = Duration::from_millis(4);

/// How long the last words to others may take to leave.
const FAREWELL: Duration = Duration::from_millis(500);

/// Batches of files that a rank keeps ready beyond one for each of its threads.
const BATCHES_AHEAD: usize = 6;

/// The carrier of one rank, before the search begins.
pub struct Carrier<L: Link> {
    link: L,
    timing: Timing,
    orders: Receiver<Order>,
    letters: Sender<(usize, Vec<u8>)>,
    state: Arc<State>,
    peers: Vec<Peer>,
    supply: Supply,
    sharing: Sharing,
    pause: Duration,
    beaten: Instant,
    has_shown_up: bool,
    /// When the link failed first.
    failed: Option<Instant>,
}

/// What is known of another rank.
#[derive(Clone, Copy, Debug)]
struct Peer {
    answered: Instant,
    pulse: [u64; 4],
    is_leaving: bool,
    is_lost: bool,
}

/// Files between the rank that walks and those that look.
#[derive(Default)]
struct Supply {
    walker: usize,
    shelf: Option<Arc<Shelf>>,
    readers: usize,
    /// Batches asked for and not answered.
    wanted: usize,
    has_ended: bool,
    /// Who waits for a batch of this rank, in their order.
    waiting: VecDeque<usize>,
}

impl<L: Link> Carrier<L> {
    /// Brings all ranks together: none begins before all are there and run the same version.
    ///
    /// # Errors
    /// What a user should know: another version, a rank that does not answer, a link that fails.
    pub fn greet(mut link: L, version: &str, timing: Timing) -> Result<(Self, Post), String> {
        let (rank, size) = (link.rank(), link.size());
        let deadline = Instant::now() + timing.greeting;
        let send = |link: &mut L, to: usize, frame: Frame| {
            link.send(to, frame.into_bytes()).map_err(|cause| cause.to_string())
        };
        if rank > 0 {
            send(&mut link, 0, Frame::Hello(version.to_owned()))?;
        }
        let mut missing: BTreeSet<usize> = if rank == 0 { (1..size).collect() } else { BTreeSet::from([0]) };
        let mut refusal = None;
        while !missing.is_empty() {
            let Some((from, message)) = link.receive().map_err(|cause| cause.to_string())? else {
                if Instant::now() > deadline {
                    let ranks: Vec<String> = missing.iter().map(usize::to_string).collect();
                    return Err(format!("no answer from rank {} within {:?}", ranks.join(", "), timing.greeting));
                }
                std::thread::sleep(PAUSES.1);
                continue;
            };
            match Frame::of(message) {
                Some(Frame::Hello(theirs)) if rank == 0 => {
                    missing.remove(&from);
                    if theirs != version && refusal.is_none() {
                        let theirs = theirs.escape_default();
                        refusal = Some(format!("rank {from} runs version {theirs}, and rank 0 version {version}"));
                    }
                }
                Some(Frame::Go) if from == 0 => missing.clear(),
                Some(Frame::Refused(reason)) if from == 0 => return Err(reason),
                _ => return Err(format!("rank {from} does not speak as version {version} does")),
            }
        }
        if rank == 0 {
            for to in 1..size {
                send(&mut link, to, refusal.clone().map_or(Frame::Go, Frame::Refused))?;
            }
        }
        let mut carrier = Self::new(link, timing);
        if let Some(refusal) = refusal {
            carrier.drain();
            return Err(refusal);
        }
        Ok(carrier.with_post())
    }

    fn new(link: L, timing: Timing) -> Self {
        let now = Instant::now();
        let peer = Peer { answered: now, pulse: [0; 4], is_leaving: false, is_lost: false };
        let peers = vec![peer; link.size()];
        Self {
            timing,
            // Replaced when the post is opened.
            orders: channel().1,
            letters: channel().0,
            state: Arc::new(State::new(link.size())),
            peers,
            supply: Supply::default(),
            sharing: Sharing::default(),
            pause: PAUSES.0,
            beaten: now,
            link,
            has_shown_up: false,
            failed: None,
        }
    }

    fn with_post(mut self) -> (Self, Post) {
        let (give_order, orders) = channel();
        let (give_letter, letters) = channel();
        (self.orders, self.letters) = (orders, give_letter);
        let post = Post {
            rank: self.link.rank(),
            nodes: vec![String::new(); self.link.size()],
            orders: give_order,
            letters,
            state: Arc::clone(&self.state),
            desk: Desk::default(),
        };
        (self, post)
    }

    /// Carries until the post is closed, which ends the search of this rank, and every rank knows how it ended. Gives the
    /// link back.
    ///
    /// # Cost
    /// Blocks. A rank that is lost is noticed within the silence of the timing.
    pub fn carry(mut self, progress: &Progress) -> L {
        let mut is_open = true;
        while is_open {
            is_open = self.take_orders();
            self.turn(progress);
        }
        if self.state.is_over() {
            self.say_written(progress);
        } else if self.state.is_done() {
            self.leave(progress);
        }
        // Else the search has panicked: this process ends, and the others must notice.
        self.link
    }

    /// Serves all that is to be done now.
    fn turn(&mut self, progress: &Progress) {
        let mut is_busy = self.link.unsent() > 0;
        loop {
            self.state.turn();
            match self.link.receive() {
                Ok(Some((from, message))) => {
                    is_busy = true;
                    self.hear(from, message);
                }
                Ok(None) => break,
                Err(cause) => {
                    self.fail(cause.to_string());
                    break;
                }
            }
        }
        self.supply();
        self.sharing.turn().into_iter().for_each(|(to, frame)| self.send(to, frame));
        self.beat(progress);
        self.watch();
        if self.state.is_over() {
            progress.give_up();
            self.supply.shelf.iter().for_each(|shelf| shelf.abandon());
            self.sharing.abandon();
        }
        let longest = if self.state.is_waiting() { PAUSES.1 } else { LONG_PAUSE };
        self.pause = if is_busy { PAUSES.0 } else { (self.pause * 2).min(longest) };
    }

    /// Takes what the search wants carried, waiting a moment for the first; says whether more can come.
    fn take_orders(&mut self) -> bool {
        let mut next = match self.orders.recv_timeout(self.pause) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        while let Some(order) = next {
            self.pause = PAUSES.0;
            match order {
                Order::Letter { to, letter } => self.send(to, Frame::Letter(letter)),
                Order::Share { offers, beside } => self.sharing.begin(offers, beside),
                Order::Fill { walker, shelf, readers } => {
                    let waiting = std::mem::take(&mut self.supply.waiting);
                    self.supply = Supply { walker, shelf: Some(shelf), readers, waiting, ..Supply::default() };
                }
            }
            next = self.orders.try_recv().ok();
        }
        true
    }

    fn send(&mut self, to: usize, frame: Frame) {
        if self.peers.get(to).is_some_and(|peer| peer.is_lost) {
            return;
        }
        self.state.turn();
        self.state.set_sending(Some(to));
        if let Err(cause) = self.link.send(to, frame.into_bytes()) {
            self.fail(cause.to_string());
        }
        self.state.set_sending(None);
    }

    /// Something is wrong with the link. Most often a rank is gone: the root waits a moment to see which is silent.
    fn fail(&mut self, reason: String) {
        self.state.note_fault(reason);
        self.failed.get_or_insert_with(Instant::now);
        if self.link.rank() > 0 {
            self.state.end(&[]);
        }
    }

    fn send_others(&mut self, frame: &Frame) {
        (0..self.link.size()).filter(|to| *to != self.link.rank()).collect::<Vec<_>>().into_iter().for_each(|to| {
            self.send(to, frame.clone());
        });
    }

    fn hear(&mut self, from: usize, message: Vec<u8>) {
        let is_root = self.link.rank() == 0;
        let Some(peer) = self.peers.get_mut(from) else { return };
        self.state.hear(from);
        match Frame::of(message) {
            Some(Frame::Beat(pulse)) => {
                peer.pulse = pulse;
                let is_due = peer.answered.elapsed() > self.timing.answer;
                if is_root && is_due {
                    peer.answered = Instant::now();
                    self.send(from, Frame::Beat([0; 4]));
                }
            }
            // A search that has ended takes no more letters.
            Some(Frame::Letter(letter)) => drop(self.letters.send((from, letter))),
            Some(Frame::Want) => self.supply.waiting.push_back(from),
            Some(Frame::Batch(files)) => {
                self.supply.wanted = self.supply.wanted.saturating_sub(1);
                self.supply.shelf.iter().for_each(|shelf| shelf.put_now(files.clone()));
            }
            Some(Frame::NoMore) => {
                self.supply.wanted = self.supply.wanted.saturating_sub(1);
                self.supply.has_ended = true;
            }
            Some(Frame::Idle(round)) => self.sharing.ask(from, round),
            Some(Frame::Jobs(records)) if self.sharing.take(from, &records) => {}
            Some(Frame::Done(records)) if self.sharing.take_done(&records) => {}
            Some(Frame::Lost(ranks)) if from == 0 => {
                let ranks: Vec<usize> = ranks.into_iter().filter_map(|rank| usize::try_from(rank).ok()).collect();
                self.state.end(&ranks);
            }
            // What one rank was told holds for all.
            Some(Frame::Interrupted) if is_root && !self.state.is_interrupted() => {
                self.state.interrupt();
                self.send_others(&Frame::Interrupted);
            }
            Some(Frame::Interrupted) => self.state.interrupt(),
            Some(Frame::Leaving) => peer.is_leaving = true,
            Some(Frame::Written) if from == 0 => self.state.set_written(),
            Some(Frame::Fault(reason)) => self.fail(format!("rank {from}: {}", reason.escape_default())),
            _ => self.state.set_fault(format!("rank {from} sent a message that makes no sense")),
        }
    }

    /// Moves batches of files to where they are wanted.
    fn supply(&mut self) {
        let Some(shelf) = self.supply.shelf.clone() else { return };
        if self.supply.walker != self.link.rank() {
            if self.supply.has_ended {
                if self.supply.wanted == 0 {
                    shelf.complete();
                }
                return;
            }
            while shelf.waiting() + self.supply.wanted < self.supply.readers + BATCHES_AHEAD {
                self.supply.wanted += 1;
                self.send(self.supply.walker, Frame::Want);
            }
            return;
        }
        while let Some(to) = self.supply.waiting.front().copied() {
            let frame = match shelf.try_take() {
                Taken::Batch(files) => Frame::Batch(files),
                Taken::NotYet => return,
                Taken::Never => Frame::NoMore,
            };
            self.supply.waiting.pop_front();
            self.send(to, frame);
        }
    }

    /// Shows the root that this rank is alive, or at the root how far all are; at once where it was interrupted, for then
    /// the root counts who is left.
    fn beat(&mut self, progress: &Progress) {
        let shows_up = self.state.is_interrupted() && !self.has_shown_up;
        self.has_shown_up |= shows_up;
        if self.beaten.elapsed() < self.timing.beat && (!shows_up || self.link.rank() == 0) {
            return;
        }
        self.beaten = Instant::now();
        if self.link.rank() == 0 {
            // Not on every beat that arrives: that would grow with the square of the ranks.
            let pulses: Vec<[u64; 4]> = self.peers.iter().skip(1).map(|peer| peer.pulse).collect();
            progress.set_others(&pulses);
            return;
        }
        if shows_up {
            self.send(0, Frame::Interrupted);
        }
        let (stage, done, total, bytes) = progress.own();
        self.send(0, Frame::Beat([stage as u64, done, total, bytes]));
    }

    /// Looks for ranks that are silent; the root looks after all, the others after the root.
    fn watch(&mut self) {
        if self.state.is_over() {
            return;
        }
        let is_root = self.link.rank() == 0;
        let mut is_counted = false;
        let mut lost = Vec::new();
        let watched = if is_root { 1..self.peers.len() } else { 0..1 };
        if let (true, Some(time)) = (is_root, self.state.interrupted_for()) {
            is_counted = time > self.timing.call || watched.clone().all(|rank| self.state.has_answered(rank));
        }
        let has_failed = self.failed.is_some_and(|failed| failed.elapsed() > 3 * self.timing.beat);
        let longest =
            watched.clone().filter(|rank| self.is_watched(*rank)).map(|rank| self.state.silence_of(rank)).max();
        // Ranks that are lost together fall silent within a beat of each other.
        let limit = match longest {
            _ if has_failed => 3 * self.timing.beat,
            Some(longest) if longest > self.timing.silence => self.timing.silence / 2,
            _ => Duration::MAX,
        };
        for rank in watched {
            let is_silent = self.state.silence_of(rank) > limit;
            let is_gone = is_counted && !self.state.has_answered(rank);
            if (is_silent || is_gone) && self.is_watched(rank) {
                self.peers.get_mut(rank).into_iter().for_each(|peer| peer.is_lost = true);
                lost.push(rank);
            }
        }
        if !lost.is_empty() || is_counted || has_failed {
            // The search first: the library can be held up by a rank that is gone.
            self.state.end(&lost);
            if is_root {
                let ranks = lost.iter().filter_map(|rank| u32::try_from(*rank).ok()).collect();
                self.send_others(&Frame::Lost(ranks));
            }
        }
    }

    /// Whether silence of a rank would be a loss.
    fn is_watched(&self, rank: usize) -> bool {
        self.peers.get(rank).is_some_and(|peer| !peer.is_leaving && !peer.is_lost)
    }

    /// The end of a run that went well: nobody takes the silence of those that end for a loss.
    fn leave(&mut self, progress: &Progress) {
        if self.link.rank() > 0 {
            self.send(0, Frame::Leaving);
            self.drain();
            return;
        }
        while !self.state.is_over() && self.peers.iter().skip(1).any(|peer| !peer.is_leaving) {
            std::thread::sleep(self.pause);
            self.turn(progress);
        }
        self.drain();
    }

    /// The end of a run that was cut short: the root has written what there is. The others wait for that, for many
    /// launchers end all ranks when the first ends.
    fn say_written(&mut self, progress: &Progress) {
        if self.link.rank() == 0 {
            self.send_others(&Frame::Written);
            self.drain();
            return;
        }
        let patience = if self.state.lost().contains(&0) { Duration::ZERO } else { self.timing.silence };
        let deadline = Instant::now() + patience;
        if let Some(fault) = self.state.fault() {
            self.send(0, Frame::Fault(fault));
        }
        while !self.state.is_written() && Instant::now() < deadline {
            std::thread::sleep(self.pause);
            self.turn(progress);
        }
    }

    /// Waits a moment until all that was sent has left.
    fn drain(&mut self) {
        let deadline = Instant::now() + FAREWELL;
        while self.link.unsent() > 0 && Instant::now() < deadline {
            if self.link.receive().is_err() {
                return;
            }
            std::thread::sleep(PAUSES.0);
        }
    }
}
