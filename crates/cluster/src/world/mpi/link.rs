//! Messages over MPI, none of which anybody waits for.

use super::StartError;
use super::family::candidates;
use super::launcher::{Launched, Launcher};
use super::library::{Envelope, Library, Session, Transfer};
use crate::world::link::{Link, LinkError, MOST_MESSAGE_BYTES};
use std::collections::VecDeque;

/// How many messages to one rank the library is given at once; the others wait here. A library that was given more
/// than it can buffer may wait in the call, and the call for a rank that is stopped would not come back.
const MOST_SENDS_TO_ONE: usize = 8;
/// How many messages of one rank are taken in at once: its share of memory, about a message each.
const MOST_RECEIVES_FROM_ONE: usize = 4;
/// How many ranks a single call of `receive` looks at for each of its steps, so that its time does not grow with
/// their number. The next call looks at the next ones.
const MOST_LOOKS: usize = 32;

/// The ranks of one MPI job, seen from one of them. It stays on the thread that started it.
///
/// Dropped without [`MpiLink::finish`], it leaves MPI running: the process can end at once, and its launcher ends the
/// others.
pub struct MpiLink {
    session: Session,
    rank: usize,
    size: usize,
    library_version: String,
    processor_name: String,
    outgoing: Outgoing,
    incoming: Incoming,
}

impl std::fmt::Debug for MpiLink {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rank, size, library_version, .. } = self;
        write!(formatter, "rank {rank} of {size} over {library_version}")
    }
}

impl MpiLink {
    /// Loads the MPI that fits the launcher and joins the other ranks, which it waits for.
    ///
    /// To be called before the program starts threads, for MPI may change the environment, and once in its life. It
    /// costs a tenth of a second and more. Some libraries end the process themselves, with a message, if they cannot
    /// start.
    ///
    /// # Errors
    /// [`StartError`], each with what the user can do. The process should then end without more calls.
    pub fn start(launched: &Launched) -> Result<Self, StartError> {
        let library = Library::load(&candidates(launched))?;
        let name = library.name().to_owned();
        if launched.launcher == Launcher::OpenMpi && library.is_mpich() {
            // It would end the process by itself, and not say what to do.
            return Err(StartError::NotOfLauncher { library: name });
        }
        let session = library.start()?;
        let failed = |cause| StartError::Call { library: name.clone(), cause };
        let (rank, size) = (session.rank().map_err(failed)?, session.size().map_err(failed)?);
        if let Some(started) = other_than(launched, size) {
            return Err(StartError::OtherMpi { launched: started, seen: size, library: name });
        }
        Ok(Self {
            rank,
            size,
            library_version: session.library_version().map_err(failed)?,
            processor_name: session.processor_name().map_err(failed)?,
            outgoing: Outgoing { lanes: lanes(size), busy: VecDeque::new(), unsent: 0 },
            incoming: Incoming { lanes: lanes(size), busy: VecDeque::new(), next_probed: 0 },
            session,
        })
    }

    /// What the library says of itself, its first line: `Open MPI v4.1.4, ...`.
    pub fn library_version(&self) -> &str {
        &self.library_version
    }

    /// The host of this rank, as MPI calls it.
    pub fn processor_name(&self) -> &str {
        &self.processor_name
    }

    /// Ends MPI. It waits for the other ranks to do the same, and cannot be told to wait no longer: a caller who
    /// fears for one of them needs a watch that ends the process.
    ///
    /// # Errors
    /// If messages are still under way, then nothing is ended: call `receive` until [`Link::unsent`] is 0 and all that
    /// is expected has arrived. And if the library fails.
    pub fn finish(self) -> Result<(), LinkError> {
        let under_way = self.unsent() + self.incoming.under_way();
        if under_way > 0 {
            let reason = format!("{under_way} messages are under way");
            return Err(LinkError::Failed { call: "MPI_Finalize", reason });
        }
        self.session.finish()
    }

    /// Ends all ranks at once, each with this exit code where the launcher hands it on. It comes back only if it could
    /// not, and where the launcher has lost a host it may never come back.
    pub fn abort(&self, exit_code: u8) -> LinkError {
        self.session.abort(exit_code.into())
    }

    /// Sends as [`Link::send`] does, however long the message: for tests of what its receiver does.
    #[doc(hidden)]
    pub fn send_of_any_length(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        let refused = |reason| Err(LinkError::Failed { call: "MPI_Isend", reason });
        if to == self.rank {
            return refused(format!("rank {to} sends to itself"));
        }
        let Some(lane) = self.outgoing.lanes.get_mut(to) else {
            return refused(format!("there is no rank {to} among {}", self.size));
        };
        let was_busy = !lane.is_empty();
        self.outgoing.unsent += 1;
        lane.waiting.push_back(message);
        self.outgoing.unsent -= lane.advance(&self.session, to)?;
        if !was_busy && !lane.is_empty() {
            self.outgoing.busy.push_back(to);
        }
        Ok(())
    }
}

impl Link for MpiLink {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError> {
        if message.len() > MOST_MESSAGE_BYTES {
            return Err(LinkError::TooLong { from: self.rank, bytes: message.len() });
        }
        self.send_of_any_length(to, message)
    }

    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        self.outgoing.advance(&self.session)?;
        self.incoming.take_in(&self.session)?;
        self.incoming.next(&self.session)
    }

    fn unsent(&self) -> usize {
        self.outgoing.unsent
    }
}

/// How many processes the launcher started, if that is not what MPI sees.
fn other_than(launched: &Launched, seen: usize) -> Option<String> {
    match (launched.size, launched.rank) {
        (Some(size), _) => (size != seen).then(|| size.to_string()),
        (None, Some(rank)) => (rank >= seen).then(|| format!("more than {rank}")),
        (None, None) => None,
    }
}

fn lanes<Lane: Default>(size: usize) -> Vec<Lane> {
    std::iter::repeat_with(Lane::default).take(size).collect()
}

/// The messages to all ranks that have not left.
struct Outgoing {
    lanes: Vec<SendLane>,
    /// The ranks whose lane is not empty, the one not looked at longest first; each once.
    busy: VecDeque<usize>,
    unsent: usize,
}

/// The messages to one rank, oldest first: those the library has, then those that wait.
#[derive(Default)]
struct SendLane {
    under_way: VecDeque<Transfer>,
    waiting: VecDeque<Vec<u8>>,
}

impl Outgoing {
    fn advance(&mut self, session: &Session) -> Result<(), LinkError> {
        for _ in 0..self.busy.len().min(MOST_LOOKS) {
            let Some(to) = self.busy.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(to) else { continue };
            // An empty lane is busy no more, once it is looked at.
            self.unsent -= lane.advance(session, to)?;
            if !lane.is_empty() {
                self.busy.push_back(to);
            }
        }
        Ok(())
    }
}

impl SendLane {
    fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.waiting.is_empty()
    }

    /// Gives the library what it may have, and says how many messages have left.
    fn advance(&mut self, session: &Session, to: usize) -> Result<usize, LinkError> {
        let mut left = 0;
        loop {
            while self.under_way.len() < MOST_SENDS_TO_ONE {
                let Some(message) = self.waiting.pop_front() else { break };
                self.under_way.push_back(session.send(to, message)?);
            }
            // In the order they were given: a later one that is done first is seen when its turn comes.
            let Some(oldest) = self.under_way.front_mut() else { return Ok(left) };
            if oldest.poll(session)?.is_none() {
                return Ok(left);
            }
            self.under_way.pop_front();
            left += 1;
        }
    }
}

/// The messages from all ranks that the library is filling, or has filled.
struct Incoming {
    /// For each rank its messages, oldest first.
    lanes: Vec<VecDeque<Transfer>>,
    /// The ranks whose lane is not empty, the one not looked at longest first; each once.
    busy: VecDeque<usize>,
    /// Where to go on asking rank by rank.
    next_probed: usize,
}

impl Incoming {
    fn under_way(&self) -> usize {
        self.lanes.iter().map(VecDeque::len).sum()
    }

    /// Gives a buffer to each message that has come, up to what its sender may have of them.
    fn take_in(&mut self, session: &Session) -> Result<(), LinkError> {
        for _ in 0..MOST_LOOKS {
            let Some(envelope) = session.probe(None)? else { return Ok(()) };
            if self.is_full(envelope.from) {
                return self.take_in_of_others(session);
            }
            self.receive(session, envelope)?;
        }
        Ok(())
    }

    /// As `take_in` where one rank has sent more than it may: it must not hide the others.
    fn take_in_of_others(&mut self, session: &Session) -> Result<(), LinkError> {
        for _ in 0..self.lanes.len().min(MOST_LOOKS) {
            let from = self.next_probed;
            self.next_probed = (from + 1) % self.lanes.len().max(1);
            if self.is_full(from) {
                continue;
            }
            if let Some(envelope) = session.probe(Some(from))? {
                self.receive(session, envelope)?;
            }
        }
        Ok(())
    }

    fn is_full(&self, from: usize) -> bool {
        self.lanes.get(from).is_some_and(|lane| lane.len() >= MOST_RECEIVES_FROM_ONE)
    }

    fn receive(&mut self, session: &Session, envelope: Envelope) -> Result<(), LinkError> {
        let Envelope { from, bytes } = envelope;
        if bytes > MOST_MESSAGE_BYTES {
            return Err(LinkError::TooLong { from, bytes });
        }
        let Some(lane) = self.lanes.get_mut(from) else {
            return Err(LinkError::Failed { call: "MPI_Iprobe", reason: format!("a message from rank {from}") });
        };
        let transfer = session.receive(envelope)?;
        if lane.is_empty() {
            self.busy.push_back(from);
        }
        lane.push_back(transfer);
        Ok(())
    }

    /// The oldest message of a rank that is whole, ranks in turn.
    fn next(&mut self, session: &Session) -> Result<Option<(usize, Vec<u8>)>, LinkError> {
        for _ in 0..self.busy.len().min(MOST_LOOKS) {
            let Some(from) = self.busy.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(from) else { continue };
            let Some(oldest) = lane.front_mut() else { continue };
            let message = oldest.poll(session)?;
            if message.is_some() {
                lane.pop_front();
            }
            if !lane.is_empty() {
                self.busy.push_back(from);
            }
            if let Some(message) = message {
                return Ok(Some((from, message)));
            }
        }
        Ok(None)
    }
}
