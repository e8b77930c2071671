//! The messages that carriers exchange. What arrives is read with its length in hand: no byte of it is believed.

use std::{
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
};

use pixtwin_engine::{Mark, Waiting};

use super::link::MOST_MESSAGE_BYTES;

/// How far a rank has come: stage, files done and in all, bytes read.
pub(crate) type Pulse = [u64; 4];

/// A message from carrier to carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// Who calls: the version of the program. The same in all versions, so that others are recognised.
    Hello(String),
    /// All ranks are here and alike.
    Go,
    /// The run cannot begin, and why.
    Refused(String),
    /// The sender is alive, and has come so far.
    Beat(Pulse),
    /// A letter from the search of one rank to that of another.
    Letter(Vec<u8>),
    /// The sender has room for a batch of files.
    Want,
    /// A batch of files.
    Batch(Vec<Waiting>),
    /// There are no more batches.
    NoMore,
    /// The sender has nothing left to look at in this round, and would help.
    Idle(u32),
    /// Looks for one that is idle, as records; none if there are none to give.
    Jobs(Vec<u8>),
    /// What looks came to that the sender did for the receiver, as records.
    Done(Vec<u8>),
    /// These ranks are lost; the run is over.
    Lost(Vec<u32>),
    /// The sender's search has ended well; silence is no loss from here on.
    Leaving,
    /// Something went wrong at the sender, and what.
    Fault(String),
    /// The root has written what there is: the others may end.
    Written,
    /// The sender was told to end.
    Interrupted,
}

impl Frame {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let text = |kind: u8, text: String| [&[kind][..], text.as_bytes()].concat();
        match self {
            Self::Hello(version) => text(b'P', version),
            Self::Go => vec![1],
            Self::Refused(reason) => text(2, reason),
            Self::Beat(pulse) => [3].into_iter().chain(pulse.iter().flat_map(|figure| figure.to_le_bytes())).collect(),
            Self::Letter(letter) => [&[4][..], &letter].concat(),
            Self::Want => vec![5],
            Self::Batch(files) => batch(&files),
            Self::NoMore => vec![7],
            Self::Lost(ranks) => [8].into_iter().chain(ranks.iter().flat_map(|rank| rank.to_le_bytes())).collect(),
            Self::Leaving => vec![9],
            Self::Written => vec![10],
            Self::Interrupted => vec![15],
            Self::Fault(reason) => text(11, reason),
            Self::Idle(round) => [12].into_iter().chain(round.to_le_bytes()).collect(),
            Self::Jobs(records) => [&[13][..], &records].concat(),
            Self::Done(records) => [&[14][..], &records].concat(),
        }
    }

    /// The frame in these bytes; nothing if they are none.
    pub(crate) fn of(mut bytes: Vec<u8>) -> Option<Self> {
        if bytes.len() > MOST_MESSAGE_BYTES {
            return None;
        }
        let (kind, rest) = bytes.split_first()?;
        let is_bare = rest.is_empty();
        let frame = match kind {
            b'P' => Self::Hello(String::from_utf8(rest.to_vec()).ok()?),
            1 if is_bare => Self::Go,
            2 => Self::Refused(String::from_utf8(rest.to_vec()).ok()?),
            3 => Self::Beat(figures(rest)?.try_into().ok()?),
            4 => {
                bytes.remove(0);
                Self::Letter(bytes)
            }
            5 if is_bare => Self::Want,
            6 => Self::Batch(files(rest)?),
            7 if is_bare => Self::NoMore,
            8 => Self::Lost(ranks(rest)?),
            9 if is_bare => Self::Leaving,
            10 if is_bare => Self::Written,
            15 if is_bare => Self::Interrupted,
            12 => Self::Idle(u32::from_le_bytes(rest.try_into().ok()?)),
            13 => Self::Jobs(rest.to_vec()),
            14 => Self::Done(rest.to_vec()),
            11 => Self::Fault(String::from_utf8(rest.to_vec()).ok()?),
            _ => return None,
        };
        Some(frame)
    }
}

/// Each path behind its length, and its mark behind a one; or a zero.
fn batch(files: &[Waiting]) -> Vec<u8> {
    let mut bytes = vec![6];
    for Waiting { path, mark } in files {
        let path = path.as_os_str().as_bytes();
        bytes.extend(u32::try_from(path.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(path);
        bytes.push(u8::from(mark.is_some()));
        if let Some(Mark { bytes: length, modified, changed }) = mark {
            bytes.extend(length.to_le_bytes());
            let times = [modified.0, modified.1, changed.0, changed.1];
            bytes.extend(times.iter().flat_map(|figure| figure.to_le_bytes()));
        }
    }
    bytes
}

fn files(mut bytes: &[u8]) -> Option<Vec<Waiting>> {
    let mut files = Vec::new();
    while !bytes.is_empty() {
        let (len, rest) = bytes.split_first_chunk()?;
        let (path, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
        let (is_marked, mut rest) = rest.split_first()?;
        let mut figure = || {
            let (figure, behind) = rest.split_first_chunk()?;
            rest = behind;
            Some(*figure)
        };
        let mark = match is_marked {
            0 => None,
            1 => Some(Mark {
                bytes: u64::from_le_bytes(figure()?),
                modified: (i64::from_le_bytes(figure()?), i64::from_le_bytes(figure()?)),
                changed: (i64::from_le_bytes(figure()?), i64::from_le_bytes(figure()?)),
            }),
            _ => return None,
        };
        files.push(Waiting { path: OsString::from_vec(path.to_vec()).into(), mark });
        bytes = rest;
    }
    Some(files)
}

fn figures(bytes: &[u8]) -> Option<Vec<u64>> {
    let (figures, rest) = bytes.as_chunks();
    rest.is_empty().then(|| figures.iter().map(|figure| u64::from_le_bytes(*figure)).collect())
}

fn ranks(bytes: &[u8]) -> Option<Vec<u32>> {
    let (ranks, rest) = bytes.as_chunks();
    rest.is_empty().then(|| ranks.iter().map(|rank| u32::from_le_bytes(*rank)).collect())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_frame_is_read_back() {
        let mark = Some(Mark { bytes: u64::MAX, modified: (-1, 999_999_999), changed: (7, 8) });
        let files = vec![
            Waiting { path: PathBuf::from("a/b\n.png"), mark },
            Waiting { path: OsString::from_vec(vec![0xff, 0]).into(), mark: None },
            Waiting { path: PathBuf::new(), mark },
        ];
        let frames = [
            Frame::Hello("0.1.0".to_owned()),
            Frame::Go,
            Frame::Refused("no".to_owned()),
            Frame::Beat([1, 2, u64::MAX, 4]),
            Frame::Letter(vec![]),
            Frame::Letter(vec![7; 100]),
            Frame::Want,
            Frame::Batch(vec![]),
            Frame::Batch(files),
            Frame::NoMore,
            Frame::Lost(vec![1, u32::MAX]),
            Frame::Leaving,
            Frame::Written,
            Frame::Interrupted,
            Frame::Idle(7),
            Frame::Jobs(vec![1, 2]),
            Frame::Done(vec![]),
            Frame::Fault("MPI_Isend: no".to_owned()),
        ];
        for frame in frames {
            assert_eq!(Frame::of(frame.clone().into_bytes()), Some(frame));
        }
    }

    proptest! {
        /// A frame holds no more than its bytes, whatever they say.
        #[test]
        fn no_bytes_make_trouble(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(frame) = Frame::of(bytes.clone()) {
                prop_assert_eq!(frame.into_bytes(), bytes);
            }
        }
    }
}
