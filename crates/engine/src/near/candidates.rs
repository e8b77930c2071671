//! What the catalogue knows of pictures that can be near one that is asked about, without looking at them.

use pixtwin_catalogue::Facts;
use pixtwin_decode::Header;
use pixtwin_pixel::{Apart, Means};

use crate::{
    facts::outcome_of,
    first_look::Outcome,
    near::{find::Sought, trace::key_of_size, turned::Record, within::means_of},
    settings::Tier,
};

/// Whether a picture can be within the bound of one that is asked about, or equal to it after a turn. One of which only the
/// size is known, for no other had it, can.
pub(crate) fn may_be_near(facts: &Facts, tier: Tier, sought: &[Sought]) -> bool {
    let Some(Ok(Outcome::Candidate(picture))) = outcome_of(facts) else { return false };
    sought
        .iter()
        .any(|sought| has_size_of(&picture.header, tier, sought) && may_be(facts.looks.as_deref(), tier, sought))
}

fn has_size_of(header: &Header, tier: Tier, sought: &Sought) -> bool {
    key_of_size(tier, header) == sought.size_key()
}

fn may_be(record: Option<&[u8]>, tier: Tier, sought: &Sought) -> bool {
    let Some(record) = record else { return true };
    match tier {
        Tier::Turned => {
            let both = Record::read(record).zip(Record::read(&sought.record));
            both.is_none_or(|(theirs, ours)| theirs.may_be_turned(&ours))
        }
        Tier::Within(levels) => {
            let both: Option<(Means, Means)> = means_of(record).zip(means_of(&sought.record));
            both.is_none_or(|(theirs, ours)| theirs.may_be_within(&ours, Apart::levels(levels)))
        }
        Tier::Bytes | Tier::Pixels | Tier::Similar(_) => true,
    }
}
