//! Groups of near pictures around the one that stays.

use std::collections::VecDeque;

/// Two pictures that are near: vertices by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    /// One picture.
    pub a: u32,
    /// The other.
    pub b: u32,
}

/// A picture in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which picture.
    pub picture: u32,
    /// Which edge says that it is near to the keeper.
    pub edge: usize,
    /// Whether it is a member of another group too, and only shown again because the keeper has no other neighbour.
    pub is_again: bool,
}

/// A group: the picture that stays, and those that are near to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Star {
    /// The picture that stays.
    pub keeper: u32,
    /// The others, in order of their keys. Never empty.
    pub members: Vec<Member>,
}

/// How many different neighbours each picture has.
#[must_use]
pub fn neighbours(pictures: usize, edges: &[Edge]) -> Vec<u32> {
    let mut counts = vec![0; pictures];
    let mut pairs: Vec<_> = edges.iter().filter_map(|edge| pair(*edge, pictures)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    for picture in pairs.into_iter().flat_map(<[u32; 2]>::from) {
        if let Some(count) = counts.get_mut(picture as usize) {
            *count += 1;
        }
    }
    counts
}

/// Groups in which every member is near to the keeper. The pictures are taken in ascending order of `keys`, one a picture;
/// each that is in no group yet becomes the keeper of its neighbours that are in none. A picture whose neighbours are all
/// members of other groups becomes the keeper of them, shown again: whatever has a neighbour is in a group.
///
/// The groups are in order of their keepers, and the same whatever the order of the edges; if no two keys are equal, the
/// order of the pictures changes nothing but their numbers either. Of several edges of one pair, the first is named. Edges
/// of a picture with itself, or of no picture, do not count.
///
/// # Cost
/// Linear in the edges, beside sorting pictures and edges.
pub fn stars<K: Ord>(keys: &[K], edges: &[Edge]) -> Vec<Star> {
    grouped(keys, edges, |_, candidates| candidates)
}

/// Groups in which every two are near, otherwise as [`stars`]: of the keeper's neighbours, in order of their keys, those
/// join that are near to all that joined before.
///
/// # Cost
/// Linear in the edges, and in the triangles with pictures shown again, but for a search among the neighbours of each;
/// beside sorting pictures and edges.
pub fn complete<K: Ord>(keys: &[K], edges: &[Edge]) -> Vec<Star> {
    grouped(keys, edges, |graph, candidates| {
        let mut members = Vec::new();
        // What is left after a round is near to the new member: the work of the next is bounded by edges.
        let mut left = VecDeque::from(candidates);
        while let Some(next) = left.pop_front() {
            members.push(next);
            left.retain(|candidate| graph.has(next.rank, candidate.rank));
        }
        members
    })
}

/// A neighbour, by its place in the order of the keys.
#[derive(Clone, Copy, Debug)]
struct Neighbour {
    rank: u32,
    edge: usize,
}

/// The neighbours of each picture in order; pictures are named by their place in the order of the keys.
struct Graph {
    /// Where the neighbours of each picture begin; one more than there are pictures.
    starts: Vec<usize>,
    neighbours: Vec<Neighbour>,
}

impl Graph {
    fn new(ranks: &[u32], edges: &[Edge]) -> Self {
        let mut ends = Vec::with_capacity(2 * edges.len());
        for (at, edge) in edges.iter().enumerate() {
            if let Some((a, b)) = pair(*edge, ranks.len())
                && let (Some(&a), Some(&b)) = (ranks.get(a as usize), ranks.get(b as usize))
            {
                ends.extend([(a, b, at), (b, a, at)]);
            }
        }
        ends.sort_unstable();
        ends.dedup_by_key(|(from, to, _)| (*from, *to));
        let mut starts = vec![0; ranks.len() + 1];
        for (from, _, _) in &ends {
            if let Some(count) = starts.get_mut(*from as usize + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for start in &mut starts {
            before += *start;
            *start = before;
        }
        Self { starts, neighbours: ends.into_iter().map(|(_, rank, edge)| Neighbour { rank, edge }).collect() }
    }

    fn of(&self, rank: u32) -> &[Neighbour] {
        match self.starts.get(rank as usize..rank as usize + 2) {
            Some(&[from, to]) => self.neighbours.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }

    fn has(&self, a: u32, b: u32) -> bool {
        self.of(a).binary_search_by_key(&b, |neighbour| neighbour.rank).is_ok()
    }
}

fn grouped<K: Ord>(keys: &[K], edges: &[Edge], chosen: impl Fn(&Graph, Vec<Neighbour>) -> Vec<Neighbour>) -> Vec<Star> {
    let (order, ranks) = order(keys);
    let graph = Graph::new(&ranks, edges);
    let name = |rank: u32| order.get(rank as usize).copied().unwrap_or(rank);
    let mut is_free = vec![true; keys.len()];
    let mut groups = Vec::new();
    for (keeper, rank) in order.iter().zip(0..) {
        let is = |free: &[bool], rank: u32| free.get(rank as usize).copied().unwrap_or_default();
        let near = graph.of(rank);
        if near.is_empty() || !is(&is_free, rank) {
            continue;
        }
        let free: Vec<_> = near.iter().copied().filter(|neighbour| is(&is_free, neighbour.rank)).collect();
        let is_again = free.is_empty();
        let chosen = chosen(&graph, if is_again { near.to_vec() } else { free });
        for rank in chosen.iter().map(|neighbour| neighbour.rank).chain([rank]) {
            if let Some(free) = is_free.get_mut(rank as usize) {
                *free = false;
            }
        }
        let member = |Neighbour { rank, edge }| Member { picture: name(rank), edge, is_again };
        groups.push(Star { keeper: *keeper, members: chosen.into_iter().map(member).collect() });
    }
    groups
}

/// The pictures in order of their keys, and the place of each picture in it.
fn order<K: Ord>(keys: &[K]) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<_> = keys.iter().zip(0u32..).collect();
    order.sort_unstable();
    let order: Vec<_> = order.into_iter().map(|(_, picture)| picture).collect();
    let mut ranks = vec![0; keys.len()];
    for (picture, rank) in order.iter().zip(0..) {
        if let Some(place) = ranks.get_mut(*picture as usize) {
            *place = rank;
        }
    }
    (order, ranks)
}

/// The two pictures of an edge, the smaller number first, if they are two of the pictures.
fn pair(Edge { a, b }: Edge, pictures: usize) -> Option<(u32, u32)> {
    let (least, most) = (a.min(b), a.max(b));
    (least < most && (most as usize) < pictures).then_some((least, most))
}
