//! Pairs of pictures that are near each other, wherever they were found, to stars.

use std::cmp::Reverse;

use pixtwin_matching::{
    Loss,
    near::{self, Pair, Pairs, Run},
};

use crate::{
    memory::Memory,
    near::{
        classes::{Card, Class},
        dismissed::Dismissed,
        notes,
        seen::{Seen, seen_at},
        stars::{Ray, Star},
    },
    report::Nearness,
    scan::Searched,
    settings::{Linkage, Tier},
    team::Team,
};

/// How many pieces of edges, of 64 KiB each, a rank sends to the root at once.
const SENT_AT_ONCE: usize = 64;

/// Two pictures that are near each other, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// How near `b` is to `a`, as said of `b`.
    pub(crate) nearness: Nearness,
}

/// Edges of one tier, each pair once with what counts of it.
///
/// # Cost
/// Some four bytes for each pair of thousands of which every two are near, 12 at most where they are few.
#[derive(Debug, Default)]
pub(crate) struct Edges(Pairs);

impl Edges {
    pub(crate) fn add(&mut self, edge: Edge) {
        let Edge { a, b, nearness } = edge;
        let (least, most, of_least) = if b < a { (b, a, nearness) } else { (a, b, nearness.reversed()) };
        self.0.add(Pair { a: least, b: most, note: notes::note(of_least) });
    }
}

impl Extend<Edge> for Edges {
    fn extend<I: IntoIterator<Item = Edge>>(&mut self, edges: I) {
        edges.into_iter().for_each(|edge| self.add(edge));
    }
}

impl Nearness {
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

/// What came of edges.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    /// The stars whose keepers have their home here, and pictures that several files show.
    pub(crate) stars: Vec<Star>,
    /// How many edges there are; 0 but at the root.
    pub(crate) near: u64,
    /// How many of them were left out, for people said that the two are not the same; 0 but at the root.
    pub(crate) dismissed: u64,
}

/// The stars of all ranks' edges. With sets, only edges that cross from one to another count. What people said of pairs is what
/// the root's memory has.
///
/// # Cost
/// The root holds all edges, each in some 12 bytes; the others their own only.
pub(crate) fn stars_all<T: Team>(
    edges: Edges,
    (searched, seen, classes): (&Searched, &[Seen], &[Class]),
    (tier, linkage, memory): (Tier, Linkage, Option<&Memory>),
    team: &mut T,
) -> Result<Joined, Loss> {
    let edges = bring_to_root_all(edges, team)?;
    let mut cards = cards_to_root_all(&edges, (seen, classes), team)?;
    cards.sort_unstable_by_key(|card| card.number);
    let said = Dismissed::among(&cards, memory);
    let (stars, dismissed) = join(&edges, cards, &said, (tier, linkage, searched.sets.is_some()));
    let mut to: Vec<Vec<Star>> = (0..team.size()).map(|_| Vec::new()).collect();
    for star in stars {
        to.get_mut(star.keeper.home).into_iter().for_each(|to| to.push(star.clone()));
    }
    let stars = team.swap_all(to)?.into_iter().flatten().collect();
    Ok(Joined { stars, near: edges.len() as u64, dismissed })
}

/// All edges at the root, none elsewhere.
fn bring_to_root_all<T: Team>(edges: Edges, team: &mut T) -> Result<Run, Loss> {
    let (own, mut all) = (edges.0.into_run(), Pairs::default());
    let sent = if team.rank() == 0 {
        all.add_run(own);
        Run::default()
    } else {
        own
    };
    let mut pieces = sent.into_pieces();
    loop {
        let some: Vec<Vec<u8>> = pieces.by_ref().take(SENT_AT_ONCE).collect();
        if !team.any_all(!some.is_empty())? {
            return Ok(all.into_run());
        }
        let mut to = vec![Vec::new(); team.size()];
        if let Some(to) = to.first_mut() {
            *to = some;
        }
        for piece in team.swap_all(to)?.into_iter().flatten() {
            Run::of_piece(piece).into_iter().for_each(|pair| all.add(pair));
        }
    }
}

/// What the root must know of the pictures of these edges, and of those that several files show; nothing elsewhere.
fn cards_to_root_all<T: Team>(
    edges: &Run,
    (seen, classes): (&[Seen], &[Class]),
    team: &mut T,
) -> Result<Vec<Card>, Loss> {
    let (rank, near) = (team.rank(), team.hear_root_all(numbers(edges))?);
    let card = |(at, class): (usize, &Class)| {
        let is_wanted = class.files.len() > 1 || near.binary_search(&class.number).is_ok();
        let header = &seen_at(seen, class.own_file()).filter(|_| is_wanted)?.picture.header;
        Some(class.card(rank, at, (header.width, header.height)))
    };
    let mut to: Vec<Vec<Card>> = (0..team.size()).map(|_| Vec::new()).collect();
    to.first_mut().into_iter().for_each(|to| to.extend(classes.iter().enumerate().filter_map(card)));
    Ok(team.swap_all(to)?.into_iter().flatten().collect())
}

/// The numbers of the pictures of these edges, ascending.
fn numbers(edges: &Run) -> Vec<u32> {
    let mut is_near = Vec::new();
    for number in edges.iter().flat_map(|edge| [edge.a, edge.b]) {
        let number = number as usize;
        if is_near.len() <= number {
            is_near.resize(number + 1, false);
        }
        is_near.get_mut(number).into_iter().for_each(|is| *is = true);
    }
    (0..).zip(is_near).filter_map(|(number, is_near)| is_near.then_some(number)).collect()
}

/// The stars, and how many edges were left out for what was said. Nothing of it depends on where the files lie.
fn join(
    edges: &Run,
    cards: Vec<Card>,
    said: &Dismissed,
    (tier, linkage, has_sets): (Tier, Linkage, bool),
) -> (Vec<Star>, u64) {
    let places = places_of(&cards);
    let place = |number: u32| places.get(number as usize).copied().unwrap_or(u32::MAX);
    // Turned pictures are all equal to each other: their groups are shown whole.
    let by_edge = has_sets && tier != Tier::Turned;
    let crosses = |pair: &Pair| {
        let card = |at: u32| cards.get(at as usize);
        !by_edge || card(pair.a).zip(card(pair.b)).is_some_and(|(a, b)| a.crosses(b))
    };
    let all = edges.iter().map(|edge| Pair { a: place(edge.a), b: place(edge.b), ..edge }).filter(crosses);
    let pairs = all.clone().filter(|pair| !said.has(pair));
    let dismissed = if said.is_empty() { 0 } else { all.filter(|pair| said.has(pair)).count() };
    let neighbours = near::neighbours(cards.len(), pairs.clone());
    // More pixels, more neighbours, a larger file; numbers are in the order of the digests.
    let key = |(card, neighbours): (&Card, u32)| {
        (Reverse(card.pixels), Reverse(neighbours), Reverse(card.file_bytes), card.number)
    };
    let keys: Vec<_> = cards.iter().zip(neighbours).map(key).collect();
    let found = match linkage {
        Linkage::Star if said.is_empty() => near::stars(&keys, pairs),
        // Nor are they shown beside each other, near to a third.
        Linkage::Star => near::stars_apart(&keys, pairs, |a, b| said.has(&Pair { a, b, note: 0 })),
        Linkage::Complete => near::complete(&keys, pairs),
    };
    let mut stars = with_cards(found, cards, tier);
    if has_sets && !by_edge {
        stars.retain(|star| {
            star.members.is_empty() || star.members.iter().any(|member| star.keeper.crosses(&member.card))
        });
    }
    (stars, dismissed as u64)
}

/// Where the card of each picture is, by its number; the cards are sorted.
fn places_of(cards: &[Card]) -> Vec<u32> {
    let mut places = vec![u32::MAX; cards.last().map_or(0, |card| card.number as usize + 1)];
    for (card, at) in cards.iter().zip(0..) {
        places.get_mut(card.number as usize).into_iter().for_each(|place| *place = at);
    }
    places
}

/// The stars, and the pictures in none that several files show.
fn with_cards(found: Vec<near::Star>, cards: Vec<Card>, tier: Tier) -> Vec<Star> {
    let mut is_grouped = vec![false; cards.len()];
    let card_at = |at: u32| cards.get(at as usize).cloned();
    let mut stars = Vec::with_capacity(found.len());
    for star in found {
        let numbers = star.members.iter().map(|member| member.picture).chain([star.keeper]);
        numbers.for_each(|at| is_grouped.get_mut(at as usize).into_iter().for_each(|is| *is = true));
        let Some(keeper) = card_at(star.keeper) else { continue };
        let ray = |member: near::Member| {
            let (card, of_least) = (card_at(member.picture)?, notes::nearness(tier, member.note)?);
            let nearness = if card.number < keeper.number { of_least } else { of_least.reversed() };
            Some(Ray { card, nearness, is_repeated: member.is_again })
        };
        let members = star.members.into_iter().filter_map(ray).collect();
        stars.push(Star { keeper, members });
    }
    let alone = cards.into_iter().zip(is_grouped).filter(|(card, is_grouped)| !is_grouped && card.files > 1);
    stars.extend(alone.map(|(keeper, _)| Star { keeper, members: Vec::new() }));
    stars
}
