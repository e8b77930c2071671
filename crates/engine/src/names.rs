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
    team::Team,
    wire,
};

/// A file under one of its names.
#[derive(Serialize, Deserialize)]
struct Name {
    key: [u8; 16],
    identity: Identity,
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
            names.push(Name { key: key.0, identity, rank: outcome.rank(), path, other_paths });
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
                *outcome = Outcome::Unread(CHANGED.into());
            }
            _ => {
                joined.insert(at);
            }
        }
    }
    counts.repeated += joined.len() as u64;
    let mut numbers = 0..;
    files.retain(|_| numbers.next().is_none_or(|at| !joined.contains(&at)));
    files.extend(stale.into_iter().map(|path| (Listed::new(&path), Outcome::Unread(CHANGED.into()))));
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
        names.sort_unstable_by(|(.., a), (.., b)| (Reverse(a.rank), &a.path).cmp(&(Reverse(b.rank), &b.path)));
        let mut names = names.into_iter();
        let Some((rank, at, first)) = names.next() else { continue };
        let mut other_paths = first.other_paths;
        for (rank, at, name) in names {
            other_paths.push(name.path);
            other_paths.extend(name.other_paths);
            set(&mut verdicts, rank, at, Verdict::Joined);
        }
        other_paths.sort_unstable();
        set(&mut verdicts, rank, at, Verdict::First(other_paths));
    }
    verdicts
}

fn set(verdicts: &mut [Vec<Verdict>], rank: usize, at: usize, verdict: Verdict) {
    if let Some(slot) = verdicts.get_mut(rank).and_then(|verdicts| verdicts.get_mut(at)) {
        *slot = verdict;
    }
}
