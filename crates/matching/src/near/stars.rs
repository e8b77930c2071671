//! Groups of near pictures around the one that stays.

use std::collections::{HashMap, VecDeque};

use super::Pair;

/// A picture in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which picture.
    pub picture: u32,
    /// The note of the edge that says that it is near to the keeper.
    pub note: u32,
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

/// How many neighbours each picture has. Each edge comes once; those of a picture with itself, or of no picture, do not count.
#[must_use]
pub fn neighbours(pictures: usize, edges: impl Iterator<Item = Pair>) -> Vec<u32> {
    let mut counts = vec![0; pictures];
    for picture in edges.filter_map(|edge| ends(edge, pictures)).flatten() {
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
/// order of the pictures changes nothing but their numbers either. Of several edges of one pair, the one with the smallest
/// note is named. Edges of a picture with itself, or of no picture, do not count.
///
/// # Cost
/// Reads the edges twice; holds eight bytes for each, and as many for each picture. Linear in the edges, beside sorting
/// pictures and edges.
pub fn stars<K: Ord>(keys: &[K], edges: impl Iterator<Item = Pair> + Clone) -> Vec<Star> {
    grouped(keys, edges, |_, candidates| candidates)
}

/// As [`stars`], but no two pictures of which `are_apart` holds are members of one group: in order of their keys, those join
/// that are apart from none that joined before. The others form groups of their own, with what they are near to.
///
/// # Cost
/// That of [`stars`], another sort, and in each group a question for every two members.
pub fn stars_apart<K: Ord>(
    keys: &[K],
    edges: impl Iterator<Item = Pair> + Clone,
    are_apart: impl Fn(u32, u32) -> bool,
) -> Vec<Star> {
    let (order, _) = order(keys);
    let name = |rank: u32| order.get(rank as usize).copied().unwrap_or(rank);
    grouped(keys, edges, |_, candidates| {
        let mut members: Vec<Neighbour> = Vec::with_capacity(candidates.len());
        for next in candidates {
            if !members.iter().any(|member| are_apart(name(member.rank), name(next.rank))) {
                members.push(next);
            }
        }
        members
    })
}

/// Groups in which every two are near, otherwise as [`stars`]: of the keeper's neighbours, in order of their keys, those
/// join that are near to all that joined before.
///
/// # Cost
/// Linear in the edges, and in the triangles with pictures shown again, but for a search among the neighbours of each;
/// beside sorting pictures and edges. The memory is that of [`stars`].
pub fn complete<K: Ord>(keys: &[K], edges: impl Iterator<Item = Pair> + Clone) -> Vec<Star> {
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Neighbour {
    rank: u32,
    note: u32,
}

/// Of each picture the neighbours that come after it, in order; pictures are named by their place in the order of the keys.
/// Half of the edges is enough: who becomes a keeper is before all that are still free.
struct Graph {
    /// Where the neighbours of each picture end; those of the next begin there.
    ends: Vec<usize>,
    later: Vec<Neighbour>,
}

impl Graph {
    fn new(ranks: &[u32], edges: impl Iterator<Item = Pair> + Clone) -> Self {
        let edges = edges.filter_map(|edge| {
            let [a, b] = ends(edge, ranks.len())?.map(|picture| ranks.get(picture as usize).copied());
            let (a, b) = a.zip(b)?;
            Some((a.min(b), Neighbour { rank: a.max(b), note: edge.note }))
        });
        let mut places = vec![0; ranks.len()];
        for (from, _) in edges.clone() {
            places.get_mut(from as usize).into_iter().for_each(|count| *count += 1);
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        let mut later = vec![Neighbour::default(); before];
        for (from, neighbour) in edges {
            if let Some(place) = places.get_mut(from as usize) {
                later.get_mut(*place).into_iter().for_each(|later| *later = neighbour);
                *place += 1;
            }
        }
        let mut graph = Self { ends: places, later };
        for rank in 0..ranks.len() {
            let of_one = graph.range(rank);
            graph.later.get_mut(of_one).unwrap_or_default().sort_unstable();
        }
        graph
    }

    fn range(&self, rank: usize) -> std::ops::Range<usize> {
        let end = |rank: Option<usize>| rank.and_then(|rank| self.ends.get(rank).copied()).unwrap_or_default();
        end(rank.checked_sub(1))..end(Some(rank))
    }

    /// Those that come after this one; of several edges to one the first counts.
    fn later(&self, rank: u32) -> impl Iterator<Item = Neighbour> {
        let of_one = self.later.get(self.range(rank as usize)).unwrap_or_default();
        of_one.chunk_by(|a, b| a.rank == b.rank).filter_map(|edges| edges.first().copied())
    }

    /// Whether two are near; the first comes before the second.
    fn has(&self, a: u32, b: u32) -> bool {
        let of_one = self.later.get(self.range(a as usize)).unwrap_or_default();
        of_one.binary_search_by_key(&b, |neighbour| neighbour.rank).is_ok()
    }

    /// Of some pictures those that come before them, in order.
    fn earlier(&self, wanted: impl Iterator<Item = u32>) -> HashMap<u32, Vec<Neighbour>> {
        let mut found: HashMap<u32, Vec<Neighbour>> = wanted.map(|rank| (rank, Vec::new())).collect();
        for rank in (0..self.ends.len()).zip(0..).map(|(_, rank)| rank) {
            if found.is_empty() {
                break;
            }
            for neighbour in self.later(rank) {
                let to = found.get_mut(&neighbour.rank);
                to.into_iter().for_each(|to| to.push(Neighbour { rank, note: neighbour.note }));
            }
        }
        found
    }
}

/// A group that is being made: the keeper, its members, and whether they are shown again.
type Made = (u32, Vec<Neighbour>, bool);

fn grouped<K: Ord>(
    keys: &[K],
    edges: impl Iterator<Item = Pair> + Clone,
    chosen: impl Fn(&Graph, Vec<Neighbour>) -> Vec<Neighbour>,
) -> Vec<Star> {
    let (order, ranks) = order(keys);
    let graph = Graph::new(&ranks, edges);
    let name = |rank: u32| order.get(rank as usize).copied().unwrap_or(rank);
    let star = |(keeper, members, is_again): Made| {
        let member = |Neighbour { rank, note }| Member { picture: name(rank), note, is_again };
        Star { keeper: name(keeper), members: members.into_iter().map(member).collect() }
    };
    let mut groups = with_free(&graph, keys.len(), &chosen);
    let lonely = groups.iter().filter(|(_, _, is_again)| *is_again).map(|(rank, ..)| *rank);
    let mut earlier = graph.earlier(lonely);
    for (rank, members, _) in groups.iter_mut().filter(|(_, _, is_again)| *is_again) {
        let all = earlier.remove(rank).into_iter().flatten().chain(graph.later(*rank)).collect();
        *members = chosen(&graph, all);
    }
    groups.into_iter().filter(|(_, members, _)| !members.is_empty()).map(star).collect()
}

/// The groups of keepers with free neighbours, and, without members, of pictures that have none.
fn with_free(graph: &Graph, pictures: usize, chosen: impl Fn(&Graph, Vec<Neighbour>) -> Vec<Neighbour>) -> Vec<Made> {
    let mut is_free = vec![true; pictures];
    let mut groups = Vec::new();
    for rank in (0..pictures).zip(0..).map(|(_, rank)| rank) {
        let is = |free: &[bool], rank: u32| free.get(rank as usize).copied().unwrap_or_default();
        if !is(&is_free, rank) {
            continue;
        }
        // Who comes before and is near is in a group: it would have become a keeper.
        let free: Vec<_> = graph.later(rank).filter(|neighbour| is(&is_free, neighbour.rank)).collect();
        let is_again = free.is_empty();
        let members = chosen(graph, free);
        for rank in members.iter().map(|neighbour| neighbour.rank).chain([rank]) {
            is_free.get_mut(rank as usize).into_iter().for_each(|free| *free = false);
        }
        groups.push((rank, members, is_again));
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

/// The two pictures of an edge, if they are two of the pictures.
fn ends(Pair { a, b, .. }: Pair, pictures: usize) -> Option<[u32; 2]> {
    (a != b && (a.max(b) as usize) < pictures).then_some([a, b])
}
