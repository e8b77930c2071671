//! Further names of one file that different ranks met: they are joined as those of one rank are.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use pixtwin_matching::{Loss, Standing};
use pixtwin_pixel::Key;
use serde::{Deserialize, Serialize};

use crate::{
    file::{Identity, Listed},
    first_look::Outcome,
    look::CHANGED,
    report::Counts,
    sets::{SetId, Sets},
    team::Team,
    wire,
};

/// A file under one of its names.
#[derive(Serialize, Deserialize)]
struct Name {
    key: [u8; 16],
    identity: Identity,
    /// The set it lies in, if there are sets: names in different sets are not joined.
    set: Option<SetId>,
    /// How much was learnt under this name.
    rank: u8,
    #[serde(with = "wire::path")]
    path: PathBuf,
    #[serde(with = "wire::paths")]
    other_paths: Vec<PathBuf>,
}

/// What becomes of a name.
#[derive(Serialize, Deserialize)]
enum Verdict {
    /// It stands for the file, beside these others.
    First(#[serde(with = "wire::paths")] Vec<PathBuf>),
    /// Another name does.
    Joined,
    /// The file was met again in a later state: this one is not compared.
    Stale,
}

/// Joins names of one file over all ranks; each rank has joined its own before. Leaves the files as they are where a rank
/// is lost.
pub(crate) fn join_all<T: Team, Found>(
    team: &mut T,
    files: &mut Vec<(Listed, Outcome<Found>)>,
    sets: Option<&Sets>,
    counts: &mut Counts,
) -> Result<(), Loss> {
    if team.size() == 1 {
        return Ok(());
    }
    let host = team.host().map(str::to_owned);
    let keys: Vec<Option<Key>> =
        files.iter().map(|(file, _)| file.identity.map(|identity| key_of(&identity, host.as_deref()))).collect();
    let asked: Vec<Key> = keys.iter().copied().flatten().collect();
    let mut standings = team.stand_all(&asked)?.into_iter();
    let mut sent: Vec<Vec<usize>> = vec![Vec::new(); team.size()];
    let mut names: Vec<Vec<Name>> = (0..team.size()).map(|_| Vec::new()).collect();
    for (at, ((file, outcome), key)) in files.iter().zip(&keys).enumerate() {
        let (Some(key), Some(identity)) = (key, file.identity) else { continue };
        if standings.next() == Some(Standing::Alone) {
            continue;
        }
        let owner = team.owner(*key);
        if let (Some(sent), Some(names)) = (sent.get_mut(owner), names.get_mut(owner)) {
            sent.push(at);
            let (path, other_paths) = (file.path(), file.other_paths().to_vec());
            let set = sets.and_then(|sets| sets.set_of(&path));
            names.push(Name { key: key.0, identity, set, rank: outcome.rank(), path, other_paths });
        }
    }
    let is_one_tree = host.is_none();
    let verdicts = {
        let asked = team.swap_all(names)?;
        team.swap_all(judge(asked, is_one_tree))?
    };
    let (mut joined, mut stale) = (HashSet::new(), Vec::new());
    for (at, verdict) in sent.into_iter().flatten().zip(verdicts.into_iter().flatten()) {
        match (verdict, files.get_mut(at)) {
            (Verdict::First(other_paths), Some((file, _))) => file.set_other_paths(other_paths),
            (Verdict::Stale, Some((file, outcome))) => {
                stale.append(&mut file.take_other_paths());
                *outcome = Outcome::Unread(CHANGED.to_owned());
            }
            _ => {
                joined.insert(at);
            }
        }
    }
    counts.repeated += joined.len() as u64;
    let mut numbers = 0..;
    files.retain(|_| numbers.next().is_none_or(|at| !joined.contains(&at)));
    files.extend(stale.into_iter().map(|path| (Listed::new(&path), Outcome::Unread(CHANGED.to_owned()))));
    Ok(())
}

/// Equal for all names of one file on one host, in whatever state. Where all ranks see one tree, its device has other
/// numbers on other hosts and is left out; the names are looked at again before they are joined.
fn key_of(identity: &Identity, host: Option<&str>) -> Key {
    let device = host.map_or(0, |_| identity.place.0);
    let mut bytes = [device.to_le_bytes(), identity.place.1.to_le_bytes()].concat();
    bytes.extend(host.unwrap_or_default().bytes());
    Key::of(&bytes)
}

/// For each name of each rank what becomes of it.
fn judge(names: Vec<Vec<Name>>, is_one_tree: bool) -> Vec<Vec<Verdict>> {
    let mut files: HashMap<_, Vec<(usize, usize, Name)>> = HashMap::new();
    let mut verdicts: Vec<Vec<Verdict>> =
        names.iter().map(|names| names.iter().map(|_| Verdict::First(Vec::new())).collect()).collect();
    for (rank, names) in names.into_iter().enumerate() {
        for (at, name) in names.into_iter().enumerate() {
            // Seen from one place, one file has one device and number.
            let place = is_one_tree.then(|| name.path.metadata().ok().map(|found| Identity::of(&found).place));
            files.entry((name.key, place.flatten())).or_default().push((rank, at, name));
        }
    }
    for mut names in files.into_values() {
        let newest = names.iter().map(|(.., name)| name.identity).max_by_key(|identity| identity.changed);
        names.retain(|(rank, at, name)| {
            let is_stale = newest.is_some_and(|newest| !name.identity.is_unchanged_elsewhere(&newest));
            if is_stale {
                set(&mut verdicts, *rank, *at, Verdict::Stale);
            }
            !is_stale
        });
        names.sort_unstable_by(|(.., a), (.., b)| {
            (a.set, Reverse(a.rank), &a.path).cmp(&(b.set, Reverse(b.rank), &b.path))
        });
        names.chunk_by_mut(|(.., a), (.., b)| a.set == b.set).for_each(|names| join(names, &mut verdicts));
    }
    verdicts
}

/// Joins names to the first of them.
fn join(names: &mut [(usize, usize, Name)], verdicts: &mut [Vec<Verdict>]) {
    let Some(((rank, at, first), others)) = names.split_first_mut() else { return };
    let mut other_paths = std::mem::take(&mut first.other_paths);
    for (rank, at, name) in others {
        other_paths.push(std::mem::take(&mut name.path));
        other_paths.append(&mut name.other_paths);
        set(verdicts, *rank, *at, Verdict::Joined);
    }
    other_paths.sort_unstable();
    set(verdicts, *rank, *at, Verdict::First(other_paths));
}

fn set(verdicts: &mut [Vec<Verdict>], rank: usize, at: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(rank).and_then(|verdicts| verdicts.get_mut(at)) {
        *slot = verdict;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{Moment, open};

    #[test]
    fn names_in_different_sets_are_not_joined_over_ranks() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let identity = open(file.path()).unwrap().1;
        let sets = Sets::new(["a", "b"].map(|name| (name.into(), name.into())));
        let name = |path: &str, changed: i64| Name {
            key: [1; 16],
            identity: Identity { changed: Moment::of((changed, 0)), ..identity },
            set: sets.set_of(path.as_ref()),
            rank: 3,
            path: path.into(),
            other_paths: Vec::new(),
        };
        let fates = |b_changed: i64| {
            let names = vec![vec![name("b/1", b_changed), name("a/2", 8)], vec![name("a/1", 8)]];
            let fate = |verdict: Verdict| match verdict {
                Verdict::First(others) => format!("first of {}", 1 + others.len()),
                Verdict::Joined => "joined".to_owned(),
                Verdict::Stale => "stale".to_owned(),
            };
            judge(names, false).into_iter().flatten().map(fate).collect::<Vec<_>>()
        };
        assert_eq!(fates(8), ["first of 1", "joined", "first of 2"]);
        assert_eq!(fates(7), ["stale", "joined", "first of 2"]);
    }
}
