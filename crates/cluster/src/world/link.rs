//! What a world is built on: messages from rank to rank that nobody waits for.

/// The longest message a link carries. A longer one that arrives is refused before memory is taken for it.
pub const MOST_MESSAGE_BYTES: usize = (1 << 20) + 64;

/// Carries messages between ranks without ever waiting: one thread can serve all ranks, and notice when one is silent.
pub trait Link {
    /// Which rank this is, from 0.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Hands a message over, at most [`MOST_MESSAGE_BYTES`] long. Messages from one rank to another arrive in the order
    /// they were sent. A message to this rank itself is a mistake of the caller and an error.
    ///
    /// # Errors
    /// If the library below refuses it.
    fn send(&mut self, to: usize, message: Vec<u8>) -> Result<(), LinkError>;

    /// Moves what is under way, and gives the next message that has arrived, with the rank it came from.
    ///
    /// # Errors
    /// If the library below fails, or a message is too long.
    fn receive(&mut self) -> Result<Option<(usize, Vec<u8>)>, LinkError>;

    /// How many messages were handed over and have not left yet. Moving them is done by `receive`.
    fn unsent(&self) -> usize;
}

/// Why a message could not be carried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A call of the library below failed.
    #[error("{call}: {reason}")]
    Failed {
        /// The call: `MPI_Isend`.
        call: &'static str,
        /// What the library says of it, in one line.
        reason: String,
    },
    /// A message is longer than any that is ever sent.
    #[error("rank {from} sent a message of {bytes} bytes, more than {MOST_MESSAGE_BYTES}")]
    TooLong {
        /// The rank it came from.
        from: usize,
        /// Its length.
        bytes: usize,
    },
}
