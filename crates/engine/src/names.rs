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
    report::Counts,
    team::Team,
    wire,
};

/// A file under one of its names.
#[derive(Serialize, Deserialize)]
struct Name {
    key: [u8; 16],
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
}

/// Joins names of one file over all ranks; each rank has joined its own before.
pub(crate) fn join_all<T: Team, Found>(
    team: &mut T,
    files: Vec<(Listed, Outcome<Found>)>,
    counts: &mut Counts,
) -> Result<Vec<(Listed, Outcome<Found>)>, Loss> {
    if team.size() == 1 {
        return Ok(files);
    }
    let host = team.host().map(str::to_owned);
    let keys: Vec<Option<Key>> =
        files.iter().map(|(file, _)| file.identity.map(|identity| key_of(&identity, host.as_deref()))).collect();
    let asked: Vec<Key> = keys.iter().copied().flatten().collect();
    let mut standings = team.stand_all(&asked)?.into_iter();
    let mut sent: Vec<Vec<usize>> = vec![Vec::new(); team.size()];
    let mut names: Vec<Vec<Name>> = (0..team.size()).map(|_| Vec::new()).collect();
    for (at, ((file, outcome), key)) in files.iter().zip(&keys).enumerate() {
        let Some(key) = key else { continue };
        if standings.next() == Some(Standing::Alone) {
            continue;
        }
        let owner = team.owner(*key);
        if let (Some(sent), Some(names)) = (sent.get_mut(owner), names.get_mut(owner)) {
            sent.push(at);
            let (path, other_paths) = (file.path.clone(), file.other_paths.clone());
            names.push(Name { key: key.0, rank: outcome.rank(), path, other_paths });
        }
    }
    let is_one_tree = host.is_none();
    let verdicts = {
        let asked = team.swap_all(names)?;
        team.swap_all(judge(asked, is_one_tree))?
    };
    let mut joined = HashSet::new();
    let mut files: Vec<Option<(Listed, Outcome<Found>)>> = files.into_iter().map(Some).collect();
    for (at, verdict) in sent.into_iter().flatten().zip(verdicts.into_iter().flatten()) {
        match (verdict, files.get_mut(at).and_then(Option::as_mut)) {
            (Verdict::First(other_paths), Some((file, _))) => file.other_paths = other_paths,
            _ => {
                joined.insert(at);
            }
        }
    }
    counts.repeated += joined.len() as u64;
    let kept = files.iter_mut().enumerate().filter(|(at, _)| !joined.contains(at));
    Ok(kept.filter_map(|(_, file)| file.take()).collect())
}

/// Equal for all names of one file on one host. Where all ranks see one tree, its device has other numbers on other
/// hosts and is left out; the names are looked at again before they are joined.
fn key_of(identity: &Identity, host: Option<&str>) -> Key {
    let device = host.map_or(0, |_| identity.place.0);
    let figures = [device, identity.place.1, identity.bytes, identity.names];
    let times = [identity.modified.0, identity.modified.1, identity.changed.0, identity.changed.1];
    let mut bytes: Vec<u8> = figures.iter().flat_map(|figure| figure.to_le_bytes()).collect();
    bytes.extend(times.iter().flat_map(|time| time.to_le_bytes()));
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
