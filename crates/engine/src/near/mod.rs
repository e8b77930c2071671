//! The search for pictures that are nearly the same. They share no key: pictures are looked at whole, each tier keeps a record
//! of each, and compares the records.
//!
//! `seen` looks, once for all files of one payload; `classes` numbers the distinct pictures of all ranks; each tier finds
//! which of them are near each other; `stars` makes groups of that.

mod spool;

mod trace;

mod seen;

mod recall;

mod classes;

mod notes;

mod edges;

mod dismissed;

mod stars;

mod sights;

mod met;

mod meetings;

mod similar;

mod turned;

mod within;

mod measure;

mod fetch;

mod nearness;

mod find;

mod candidates;

mod find_in_catalogue;

use pixtwin_matching::{Exchange, Rung, Standing};
use pixtwin_pixel::{Key, View};

use std::path::PathBuf;

use crate::{
    file::Listed,
    first_look::Scratch,
    look::Looker,
    near::{
        edges::{Edges, Joined},
        seen::{Looks, Seen},
        sights::Sights,
        trace::{key_of_size, looks_at_all},
    },
    report::{Failure, Group, RungCount},
    scan::{Searched, Subject},
    settings::{Selection, Tier},
    team::{AllOf, Team},
};

pub(crate) use find::find_all;
pub(crate) use find_in_catalogue::find_in_catalogue_all;
pub(crate) use stars::proof_to;

/// The groups of pictures that are near each other whose keepers have their home at this rank, sorted as in the report.
///
/// # Cost
/// Every rank holds some 150 bytes for each of its files, and the records of its pictures in a file without a name.
pub(crate) fn groups_all<T: Team>(
    looker: &Looker<'_>,
    searched: &mut Searched,
    roots: &[PathBuf],
    selection: &Selection,
    tier: Tier,
    team: &mut T,
) -> Result<Vec<Group>, Failure> {
    let looks = Looks::new(looker, tier);
    let seen = searched.see_all(&looks, roots, selection, team, None)?;
    let classes = classes::number_all(searched, &seen, team)?;
    // Each tier says which pictures are near each other.
    let edges = match tier {
        Tier::Bytes | Tier::Pixels => Edges::default(),
        Tier::Turned => turned::edges_all(&looks, searched, (&seen, &classes), team)?,
        Tier::Within(levels) => within::edges_all(&looks, searched, (&seen, &classes), levels, team)?,
        Tier::Similar(distance) => {
            let sights = Sights::new(&looks, &seen, &classes, team.rank());
            similar::edges_all(&sights, &classes, (distance, selection), team, &mut searched.counts.pairs)?
        }
    };
    let memory = looker.memory.filter(|_| !selection.dismissed);
    let how = (tier, selection.linkage, memory);
    let Joined { stars, near, dismissed } = edges::stars_all(edges, (searched, &seen, &classes), how, team)?;
    (searched.counts.pairs.near, searched.counts.pairs.dismissed) = (near, dismissed);
    searched.subjects =
        seen.into_iter().map(|seen| (seen.picture.at(), Subject::Picture(Box::new(seen.picture)))).collect();
    Ok(stars::groups_all(looker, searched, &classes, &stars, team)?)
}

/// What a view of a picture is called; nothing for the whole picture.
#[must_use]
pub fn view_name(view: u8) -> Option<&'static str> {
    View::from_number(view).filter(|view| !View::STORED.contains(view)).map(View::name)
}

impl Searched {
    /// Looks at the pictures below the folders: all, or those whose size others have too; in a find, a picture asked
    /// about. Those that cannot be looked at are listed.
    fn see_all<T: Team>(
        &mut self,
        looks: &Looks<'_>,
        roots: &[PathBuf],
        selection: &Selection,
        team: &mut T,
        asked_sizes: Option<&[Key]>,
    ) -> Result<Vec<Seen>, Failure> {
        let roots = self.existing_all(roots, team)?;
        let look = |listed: &mut Listed, scratch: &mut Scratch| looks.first(listed, scratch);
        let mut seen = self.first_look_all(looks.looker, &roots, selection, team, look)?;
        seen.iter_mut().zip(0..).for_each(|(seen, number)| seen.picture.file = number);
        if !looks_at_all(looks.tier) {
            self.keep_of_shared_size(looks, &mut seen, asked_sizes, team)?;
        }
        let bytes = looks.looker.progress.bytes();
        let asked = seen.len() as u64;
        let looked = looks.complete(&self.files, &mut seen, &mut self.unread);
        // Without its records no picture can be compared.
        spool::fail_all(looks.spool.check(), team)?;
        let bytes = looks.looker.progress.bytes() - bytes;
        self.counts.rungs.push(RungCount { rung: Rung::Whole, asked, looked, settled: 0, joined: 0, bytes });
        self.counts.flat.pictures = looks.count_flat(&seen);
        Ok(seen)
    }

    fn keep_of_shared_size<T: Team>(
        &mut self,
        looks: &Looks<'_>,
        seen: &mut Vec<Seen>,
        asked_sizes: Option<&[Key]>,
        team: &mut T,
    ) -> Result<(), Failure> {
        let keys: Vec<Key> = seen.iter().map(|seen| key_of_size(looks.tier, &seen.picture.header)).collect();
        let asked = keys.len() as u64;
        match asked_sizes {
            Some(sizes) => {
                let mut keys = keys.iter();
                seen.retain(|_| keys.next().is_some_and(|key| sizes.contains(key)));
            }
            None => {
                let mut standings = AllOf(team).ask(Rung::Header, &keys)?.into_iter();
                seen.retain(|_| standings.next() != Some(Standing::Alone));
            }
        }
        let settled = asked - seen.len() as u64;
        self.counts.rungs.push(RungCount { rung: Rung::Header, asked, looked: 0, settled, joined: 0, bytes: 0 });
        Ok(())
    }
}
