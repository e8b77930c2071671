//! What a test needs to read bytes as every kind of message.

use pixtwin_engine::{Counts, Failure, Group, Job, JobDone, Match, Record, Unread};

use crate::{
    crew::Crew,
    records::{Reader, read_all},
    world::frame::Frame,
};

/// Reads a message as a frame, and what it holds as records of every type. Says how many of these readings made sense.
#[must_use]
pub fn read_as_anything(message: &[u8]) -> usize {
    let frame = Frame::of(message.to_vec());
    let content = match &frame {
        Some(Frame::Letter(letter)) => letter.get(5..).unwrap_or_default(),
        Some(Frame::Jobs(records) | Frame::Done(records)) => records,
        _ => message.get(1..).unwrap_or_default(),
    };
    usize::from(frame.is_some())
        + read::<Group>(content)
        + read::<(usize, Match)>(content)
        + read::<Unread>(content)
        + read::<Counts>(content)
        + read::<Job>(content)
        + read::<JobDone>(content)
        + read::<Result<Crew, String>>(content)
        + read::<Result<Vec<Vec<u8>>, Failure>>(content)
}

/// Reads records in one piece, and in two.
fn read<R: Record>(content: &[u8]) -> usize {
    let (begin, end) = content.split_at(content.len() / 2);
    let mut reader = Reader::<R>::new();
    for piece in [begin, end] {
        reader.add(piece);
        while let Ok(Some(_)) = reader.next_record() {}
    }
    usize::from(read_all::<R>(content).is_ok())
}
