//! Pairs of pictures that are near each other, wherever they were found, to stars.

use std::{cmp::Reverse, collections::HashMap};

use pixtwin_matching::{Loss, near};
use serde::{Deserialize, Serialize};

use crate::{
    near::{
        classes::{Card, Class},
        seen::{Seen, seen_at},
        stars::{Ray, Star},
        view_name,
    },
    report::Nearness,
    scan::Searched,
    settings::Linkage,
    team::Team,
};

/// Two pictures that are near each other, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Edge {
    pub(crate) a: Place,
    pub(crate) b: Place,
    /// How near `b` is to `a`, as said of `b`.
    pub(crate) nearness: Nearness,
}

/// Which picture, and where: its number, the rank that is its home, and its place among the pictures there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) number: u32,
    pub(crate) home: u32,
    pub(crate) at: u32,
}

impl Nearness {
    /// Which of several ways in which two pictures are near counts: the smallest.
    pub(crate) fn order(&self) -> (u16, u8, bool) {
        match *self {
            // Pixels prove more than coefficients.
            Self::Turned { turn, by_coefficients, .. } => (by_coefficients.into(), turn, false),
            Self::Within(largest) => (largest, 0, false),
            Self::Similar { distance, view, is_view_of_other, .. } => {
                // Those of the pictures as they are come first, as in a join.
                let through_view = if view_name(view).is_some() { 1 << 8 } else { 0 };
                (through_view + u16::from(distance), view, is_view_of_other)
            }
        }
    }

    /// The same, said of the other of the two.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Similar { distance, view, is_view_of_other, label } => {
                Self::Similar { distance, view, is_view_of_other: !is_view_of_other, label }
            }
            Self::Turned { turn, back, by_coefficients } => Self::Turned { turn: back, back: turn, by_coefficients },
            Self::Within(largest) => Self::Within(largest),
        }
    }
}

/// The stars of all ranks' edges, and of pictures that several files show: the same on every rank. With sets, only edges
/// that cross from one to another count.
///
/// # Cost
/// Every rank holds all edges.
pub(crate) fn stars_all<T: Team>(
    edges: Vec<Edge>,
    (searched, seen, classes): (&Searched, &[Seen], &[Class]),
    linkage: Linkage,
    team: &mut T,
) -> Result<Vec<Star>, Loss> {
    let mut edges = team.tell_all(edges)?;
    edges.sort_unstable_by_key(|edge| (edge.a, edge.b, edge.nearness.order()));
    let cards = cards_all(&edges, (seen, classes), team)?;
    if searched.sets.is_some() {
        edges.retain(|edge| {
            let card = |place: Place| cards.get(&place.number);
            card(edge.a).zip(card(edge.b)).is_some_and(|(a, b)| a.crosses(b))
        });
    }
    Ok(join(&edges, cards, linkage))
}

/// What all ranks must know of the pictures of these edges, and of those that several files show.
fn cards_all<T: Team>(
    edges: &[Edge],
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<HashMap<u32, Card>, Loss> {
    let rank = team.rank();
    let mut wanted: Vec<usize> = edges
        .iter()
        .flat_map(|edge| [edge.a, edge.b])
        .filter(|place| place.home as usize == rank)
        .map(|place| place.at as usize)
        .collect();
    wanted.extend(classes.iter().enumerate().filter(|(_, class)| class.files.len() > 1).map(|(at, _)| at));
    wanted.sort_unstable();
    wanted.dedup();
    let card = |at: usize| {
        let class = classes.get(at)?;
        let header = &seen_at(seen, class.own_file())?.picture.header;
        Some(class.card(rank, at, (header.width, header.height)))
    };
    let cards = wanted.into_iter().filter_map(card).collect();
    Ok(team.tell_all(cards)?.into_iter().map(|card: Card| (card.number, card)).collect())
}

/// The same on every rank: nothing of it depends on where the files lie.
fn join(edges: &[Edge], cards: HashMap<u32, Card>, linkage: Linkage) -> Vec<Star> {
    let mut cards: Vec<Card> = cards.into_values().collect();
    cards.sort_unstable_by_key(|card| card.number);
    let at = |place: Place| cards.binary_search_by_key(&place.number, |card| card.number).ok();
    let at = |place| at(place).and_then(|at| u32::try_from(at).ok()).unwrap_or(u32::MAX);
    let pairs: Vec<near::Edge> = edges.iter().map(|edge| near::Edge { a: at(edge.a), b: at(edge.b) }).collect();
    let neighbours = near::neighbours(cards.len(), &pairs);
    // More pixels, more neighbours, a larger file; numbers are in the order of the digests.
    let key = |(card, neighbours): (&Card, u32)| {
        (Reverse(card.pixels), Reverse(neighbours), Reverse(card.file_bytes), card.number)
    };
    let keys: Vec<_> = cards.iter().zip(neighbours).map(key).collect();
    let found = match linkage {
        Linkage::Star => near::stars(&keys, &pairs),
        Linkage::Complete => near::complete(&keys, &pairs),
    };
    let mut is_grouped = vec![false; cards.len()];
    let card_at = |at: u32| cards.get(at as usize).cloned();
    let mut stars = Vec::with_capacity(found.len());
    for star in found {
        let numbers = star.members.iter().map(|member| member.picture).chain([star.keeper]);
        numbers.for_each(|at| is_grouped.get_mut(at as usize).into_iter().for_each(|is| *is = true));
        let Some(keeper) = card_at(star.keeper) else { continue };
        let ray = |member: near::Member| {
            let edge = edges.get(member.edge)?;
            let nearness = if edge.a.number == keeper.number { edge.nearness } else { edge.nearness.reversed() };
            Some(Ray { card: card_at(member.picture)?, nearness, is_repeated: member.is_again })
        };
        let members = star.members.into_iter().filter_map(ray).collect();
        stars.push(Star { keeper, members });
    }
    let alone = cards.into_iter().zip(is_grouped).filter(|(card, is_grouped)| !is_grouped && card.files > 1);
    stars.extend(alone.map(|(keeper, _)| Star { keeper, members: Vec::new() }));
    stars
}
