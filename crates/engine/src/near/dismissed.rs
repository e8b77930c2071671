//! Pairs of pictures that are near each other and that people said are not the same: they are left out.

use pixtwin_matching::{Loss, near::Pair};

use crate::{
    find::Match,
    memory::Memory,
    near::{classes::Card, find::Sought},
    team::Team,
};

/// Pairs of some pictures, by their places among them, sorted.
#[derive(Debug, Default)]
pub(crate) struct Dismissed(Vec<(u32, u32)>);

impl Dismissed {
    /// The pairs of which both pictures have a card here. The cards are sorted by number, and so by digest.
    pub(crate) fn among(cards: &[Card], memory: Option<&Memory>) -> Self {
        let place = |digest: &[u8; 32]| {
            let at = cards.binary_search_by(|card| card.digest.cmp(digest)).ok()?;
            u32::try_from(at).ok()
        };
        let mut pairs = Vec::new();
        if let Some(memory) = memory.filter(|_| !cards.is_empty()) {
            memory.each_verdict(&mut |a, b| pairs.extend(place(a).zip(place(b))));
        }
        pairs.sort_unstable();
        Self(pairs)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the two were said not to be the same, whichever comes first.
    pub(crate) fn has(&self, pair: &Pair) -> bool {
        !self.is_empty() && self.0.binary_search(&(pair.a.min(pair.b), pair.a.max(pair.b))).is_ok()
    }
}

/// Leaves out what people said is not the picture asked about, by the root's catalogue, and says how many files that are.
pub(crate) fn leave_out_all<T: Team>(
    found: &mut Vec<(usize, Match)>,
    sought: &[Sought],
    memory: Option<&Memory>,
    team: &mut T,
) -> Result<u64, Loss> {
    let said = if team.rank() == 0 { said_of(sought, memory) } else { Vec::new() };
    let said = team.hear_root_all(said)?;
    let before = found.len();
    found.retain(|(query, found)| {
        let digest = found.near.as_ref().and_then(|near| near.digest);
        digest.is_none_or(|digest| said.binary_search(&(*query, digest.0)).is_err())
    });
    Ok((before - found.len()) as u64)
}

/// Of each picture asked about, which it was said not to be, sorted.
fn said_of(sought: &[Sought], memory: Option<&Memory>) -> Vec<(usize, [u8; 32])> {
    let mut said = Vec::new();
    let Some(memory) = memory else { return said };
    let queries: Vec<(usize, [u8; 32])> =
        sought.iter().enumerate().filter_map(|(number, sought)| Some((number, sought.query.digest()?.0))).collect();
    memory.each_verdict(&mut |a, b| {
        for (number, digest) in &queries {
            let other = if digest == a { Some(b) } else { (digest == b).then_some(a) };
            said.extend(other.map(|other| (*number, *other)));
        }
    });
    said.sort_unstable();
    said
}
