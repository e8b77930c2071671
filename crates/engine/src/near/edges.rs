//! Pairs of pictures that are near each other, wherever they were found, to stars.

use std::collections::HashMap;

use pixtwin_matching::Loss;
use serde::{Deserialize, Serialize};

use crate::{
    near::{
        classes::{Card, Class},
        seen::Seen,
        stars::{Ray, Star},
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
    /// How near `b` is to `a`.
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
    /// The same, said of the other of the two.
    pub(crate) fn reversed(self) -> Self {
        match self {
            Self::Similar { distance, view, is_view_of_other, label } => {
                Self::Similar { distance, view, is_view_of_other: !is_view_of_other, label }
            }
            other => other,
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
    edges.sort_unstable_by_key(|edge| (edge.a, edge.b));
    let cards = cards_all(&edges, (searched, seen, classes), team)?;
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
    (searched, seen, classes): (&Searched, &[Seen], &[Class]),
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
    let _ = searched;
    let sizes: HashMap<usize, (u32, u32)> =
        seen.iter().map(|seen| (seen.picture.at(), (seen.picture.header.width, seen.picture.header.height))).collect();
    let card = |at: usize| {
        let class = classes.get(at)?;
        Some(class.card(rank, at, *sizes.get(&class.own_file())?))
    };
    let cards = wanted.into_iter().filter_map(card).collect();
    Ok(team.tell_all(cards)?.into_iter().map(|card: Card| (card.number, card)).collect())
}

fn join(_edges: &[Edge], cards: HashMap<u32, Card>, _linkage: Linkage) -> Vec<Star> {
    let mut stars: Vec<Star> = cards.into_values().filter(|card| card.files > 1).map(Star::alone).collect();
    stars.sort_unstable_by_key(|star| star.keeper.number);
    stars
}

impl Star {
    /// Files of one picture.
    fn alone(keeper: Card) -> Self {
        Self { keeper, members: Vec::<Ray>::new() }
    }
}
