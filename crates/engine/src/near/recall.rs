//! What the catalogue keeps of pictures for the tiers of near pictures, and gives back.

use pixtwin_catalogue::{Facts, Near};
use pixtwin_matching::Rung;
use pixtwin_pixel::{Code, Sight, Signature, View};

use crate::{
    facts::{facts_of, name_of, outcome_of, with_failure},
    file::Listed,
    first_look::Outcome,
    near::seen::{Looks, Seen},
    picture::Picture,
    refusal::Refusal,
    settings::Tier,
};

/// The record of a picture in the words of the catalogue.
pub(crate) fn with_record(facts: Facts, tier: Tier, record: &[u8]) -> Facts {
    match tier {
        Tier::Similar(_) => {
            Facts { near: record.first_chunk().map(|bytes| Box::new(near_of(&Sight::from_bytes(bytes)))), ..facts }
        }
        _ => Facts { looks: Some(record.into()), ..facts },
    }
}

/// The record of a picture, if the catalogue has it.
pub(crate) fn record_of(facts: &Facts, tier: Tier) -> Option<Vec<u8>> {
    match tier {
        Tier::Similar(_) => Some(kept_sight(facts.near.as_ref()?)?.to_bytes().to_vec()),
        _ => facts.looks.as_ref().map(|looks| looks.to_vec()),
    }
}

fn near_of(sight: &Sight) -> Near {
    Near {
        codes: sight.codes.map(|code| code.0),
        usable: sight.usable,
        quality: sight.quality,
        rest: sight.signature.to_bytes().into(),
    }
}

/// The sight that is kept.
pub(crate) fn kept_sight(near: &Near) -> Option<Sight> {
    const { assert!(Near::CODES == View::CODES, "the catalogue keeps a code for each view") }
    Some(Sight {
        codes: near.codes.map(Code),
        usable: near.usable,
        quality: near.quality,
        signature: Signature::from_bytes(near.rest.first_chunk()?),
    })
}

impl Looks<'_> {
    /// A picture that is known; nothing where not enough is for a look to be spared.
    pub(crate) fn recalled(&self, facts: &Facts) -> Option<Result<Outcome<Seen>, Refusal>> {
        let picture = match outcome_of(facts)? {
            Ok(Outcome::Candidate(picture)) => picture,
            Ok(other) => return Some(Ok(other.map(Seen::new))),
            Err(refusal) => return Some(Err(refusal)),
        };
        let mut seen = Seen::new(picture);
        if let Some(reason) = facts.failure(&name_of(Rung::Whole)) {
            seen.known_refusal = Some(Refusal::of_content(reason));
        } else if let (Some(record), Some(_)) = (record_of(facts, self.tier), facts.digest) {
            seen.record = self.keep(&record).ok();
            seen.is_known = seen.record.is_some();
        }
        // A copy of a picture that another was looked at for is known by its payload alone.
        let is_enough = seen.record.is_some() || seen.known_refusal.is_some() || facts.payload.is_some();
        (is_enough || !super::trace::looks_at_all(self.tier)).then_some(Ok(Outcome::Candidate(seen)))
    }

    /// Keeps what a look at a picture came to.
    pub(crate) fn learn(&self, listed: &Listed, picture: &Picture, looked: Result<Option<&[u8]>, &Refusal>) {
        let Some(memory) = self.looker.keeper() else { return };
        let facts = facts_of(picture);
        match looked {
            Ok(Some(record)) => memory.learn(listed, with_record(facts, self.tier, record)),
            Ok(None) => memory.learn(listed, facts),
            Err(refusal) if refusal.lasts() => {
                memory.learn(listed, with_failure(facts, &name_of(Rung::Whole), refusal));
            }
            Err(_) => {}
        }
    }
}
