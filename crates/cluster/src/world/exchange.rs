//! Bulk data between ranks, in pieces that are acknowledged: a slow rank slows those who send to it, and nobody's memory
//! fills up.

use std::collections::VecDeque;

use pixtwin_engine::Loss;

use super::World;

/// All pieces that may be under way from one rank take about this much, twice.
pub(crate) const PIECES_BYTES: usize = 8 << 20;
/// Smaller pieces would cost more in messages than they save in memory.
pub(crate) const LEAST_PIECE_BYTES: usize = 16 << 10;
/// Larger ones bring nothing (measured: 1 MiB and 64 MiB take the same time).
pub(crate) const MOST_PIECE_BYTES: usize = 1 << 20;

/// How many pieces to one rank may be under way: while one is taken, the next travels.
const WINDOW: u8 = 2;

/// One that only sends may be ahead by some rounds, until one in which it has to wait.
const MOST_ROUNDS_AHEAD: u32 = 64;

/// What a rank remembers between exchanges: their count, and letters that came early.
#[derive(Debug, Default)]
pub struct Desk {
    round: u32,
    early: VecDeque<(usize, Vec<u8>)>,
}

/// What a letter of an exchange says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Piece = 0,
    /// A piece was taken: another may be sent.
    Taken = 1,
    /// There are no more pieces.
    End = 2,
}

/// A letter: the round it belongs to, what it is, and the piece.
pub(crate) struct Letter {
    pub(crate) from: usize,
    pub(crate) kind: Kind,
    bytes: Vec<u8>,
}

const HEAD_BYTES: usize = 5;

impl Letter {
    /// The piece it carries.
    pub(crate) fn into_piece(mut self) -> Vec<u8> {
        self.bytes.drain(..HEAD_BYTES.min(self.bytes.len()));
        self.bytes
    }
}

/// Begins the next exchange: all ranks count alike.
pub(crate) fn begin<W: World>(world: &mut W) -> u32 {
    let desk = world.desk();
    desk.round = desk.round.wrapping_add(1);
    desk.round
}

pub(crate) fn post<W: World>(world: &mut W, to: usize, kind: Kind, piece: &[u8]) -> Result<(), Loss> {
    let mut letter = Vec::with_capacity(HEAD_BYTES + piece.len());
    letter.extend(world.desk().round.to_le_bytes());
    letter.push(kind as u8);
    letter.extend(piece);
    world.send(to, letter)
}

/// The next letter of this round. Letters of the next round are kept: others may be ahead by one.
pub(crate) fn next_letter<W: World>(world: &mut W) -> Result<Letter, Loss> {
    let round = world.desk().round;
    let is_ours = |(_, bytes): &(usize, Vec<u8>)| round_of(bytes) == Some(round);
    let kept = world.desk().early.iter().position(is_ours).and_then(|at| world.desk().early.remove(at));
    let (from, bytes) = match kept {
        Some(kept) => kept,
        None => loop {
            let (from, bytes) = world.receive()?;
            match round_of(&bytes) {
                Some(theirs) if theirs == round => break (from, bytes),
                Some(theirs) if theirs.wrapping_sub(round) < MOST_ROUNDS_AHEAD => {
                    world.desk().early.push_back((from, bytes));
                }
                _ => return Err(nonsense(world, from)),
            }
        },
    };
    let kind = match bytes.get(HEAD_BYTES - 1) {
        Some(0) => Kind::Piece,
        Some(1) => Kind::Taken,
        Some(2) => Kind::End,
        _ => return Err(nonsense(world, from)),
    };
    Ok(Letter { from, kind, bytes })
}

pub(crate) fn nonsense<W: World>(world: &mut W, from: usize) -> Loss {
    world.fail(format!("rank {from} sent a letter that makes no sense"))
}

fn round_of(letter: &[u8]) -> Option<u32> {
    letter.first_chunk().copied().map(u32::from_le_bytes)
}

/// What one rank still has to send to another.
#[derive(Clone, Copy)]
struct Lane {
    may_send: u8,
    has_ended: bool,
}

/// Sends pieces to the ranks `to` and takes those of the ranks `from`; every rank names itself to whom it names.
pub(crate) fn exchange<W: World>(
    world: &mut W,
    to: &[usize],
    from: &[usize],
    next: &mut dyn FnMut(usize) -> Option<Vec<u8>>,
    take: &mut dyn FnMut(usize, Vec<u8>),
) -> Result<(), Loss> {
    begin(world);
    exchange_in_round(world, to, from, next, take)
}

/// The same, as a part of a round that has begun.
fn exchange_in_round<W: World>(
    world: &mut W,
    to: &[usize],
    from: &[usize],
    next: &mut dyn FnMut(usize) -> Option<Vec<u8>>,
    take: &mut dyn FnMut(usize, Vec<u8>),
) -> Result<(), Loss> {
    let (rank, size) = (world.rank(), world.size());
    let mut lanes = vec![Lane { may_send: 0, has_ended: true }; size];
    for lane in to.iter().filter(|to| **to != rank) {
        lanes.get_mut(*lane).into_iter().for_each(|lane| *lane = Lane { may_send: WINDOW, has_ended: false });
    }
    let mut is_open = vec![false; size];
    for source in from.iter().filter(|from| **from != rank) {
        is_open.get_mut(*source).into_iter().for_each(|is_open| *is_open = true);
    }
    let mut open = is_open.iter().filter(|is_open| **is_open).count();
    let mut unanswered = 0_usize;
    // Each begins with the rank behind it, so that not all send to the first at once.
    for to in (rank + 1..size).chain(0..rank) {
        unanswered += fill(world, &mut lanes, to, next)?;
    }
    if to.contains(&rank) {
        while let Some(piece) = next(rank) {
            take(rank, piece);
        }
    }
    while open > 0 || unanswered > 0 {
        let letter = next_letter(world)?;
        let from = letter.from;
        match letter.kind {
            Kind::Piece if is_open.get(from) == Some(&true) => {
                take(from, letter.into_piece());
                post(world, from, Kind::Taken, &[])?;
            }
            Kind::End if is_open.get(from) == Some(&true) => {
                is_open.get_mut(from).into_iter().for_each(|is_open| *is_open = false);
                open -= 1;
            }
            Kind::Taken if unanswered > 0 => {
                unanswered -= 1;
                lanes.get_mut(from).into_iter().for_each(|lane| lane.may_send = (lane.may_send + 1).min(WINDOW));
                unanswered += fill(world, &mut lanes, from, next)?;
            }
            _ => return Err(nonsense(world, from)),
        }
    }
    Ok(())
}

/// Sends to one rank what may be sent, and says how many pieces that were.
fn fill<W: World>(
    world: &mut W,
    lanes: &mut [Lane],
    to: usize,
    next: &mut dyn FnMut(usize) -> Option<Vec<u8>>,
) -> Result<usize, Loss> {
    let Some(lane) = lanes.get_mut(to) else { return Ok(0) };
    let mut sent = 0;
    while lane.may_send > 0 && !lane.has_ended {
        match next(to) {
            Some(piece) => {
                post(world, to, Kind::Piece, &piece)?;
                lane.may_send -= 1;
                sent += 1;
            }
            None => {
                lane.has_ended = true;
                post(world, to, Kind::End, &[])?;
            }
        }
    }
    Ok(sent)
}

/// The pieces of some bytes, one a call.
fn pieces(bytes: &[u8], piece_bytes: usize) -> impl FnMut() -> Option<Vec<u8>> {
    let mut rest = bytes.chunks(piece_bytes);
    move || rest.next().map(<[u8]>::to_vec)
}

pub(crate) fn gather<W: World>(world: &mut W, bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, Loss> {
    let is_root = world.rank() == 0;
    let sources: Vec<usize> = if is_root { (0..world.size()).collect() } else { Vec::new() };
    let mut gathered = vec![Vec::new(); sources.len()];
    let mut next = pieces(&bytes, world.piece_bytes());
    let take = &mut |from: usize, piece: Vec<u8>| {
        gathered.get_mut(from).into_iter().for_each(|bytes: &mut Vec<u8>| bytes.extend(&piece));
    };
    exchange(world, &[0], &sources, &mut |_| next(), take)?;
    Ok(gathered)
}

/// Down a binomial tree: the parent of a rank has its lowest set bit cleared.
pub(crate) fn broadcast<W: World>(world: &mut W, bytes: Vec<u8>) -> Result<Vec<u8>, Loss> {
    let (rank, size) = (world.rank(), world.size());
    let parent = (rank > 0).then(|| rank & (rank - 1));
    let lowest = if rank == 0 { size.next_power_of_two() } else { 1 << rank.trailing_zeros() };
    let children: Vec<usize> = std::iter::successors(Some(1), |step| Some(step << 1))
        .take_while(|step| *step < lowest)
        .map(|step| rank + step)
        .filter(|child| *child < size)
        .collect();
    let mut heard = if rank == 0 { bytes } else { Vec::new() };
    let sources: Vec<usize> = parent.into_iter().collect();
    begin(world);
    exchange_in_round(world, &[], &sources, &mut |_| None, &mut |_, piece| heard.extend(piece))?;
    let piece_bytes = world.piece_bytes();
    let mut sent = vec![0; size];
    let mut next = |to: usize| {
        let begin = sent.get_mut(to)?;
        let piece = heard.get(*begin..)?.chunks(piece_bytes).next()?.to_vec();
        *begin += piece.len();
        Some(piece)
    };
    exchange_in_round(world, &children, &[], &mut next, &mut |_, _| {})?;
    Ok(heard)
}
