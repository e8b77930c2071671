//! Further names of one file are joined to one of them: those that a rank met, then those that different ranks met.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
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

/// Joins the names of one file. What it is can depend on the name (a TGA without a signature is believed only if it is
/// named so): the name by which most was learnt goes first. A file that was renamed or written to while it was searched,
/// and so was met in two states, is no twin of itself: the older state is not compared. Names in different sets are not
/// joined, for a file that two sets have is what is looked for.
pub(crate) fn join_own<Found>(files: &mut Vec<(Listed, Outcome<Found>)>, sets: Option<&Sets>, counts: &mut Counts) {
    let Repeated { pairs, across } = repeated(files, sets);
    let mut gone = HashSet::new();
    let mut stale = Vec::new();
    for (first, at) in pairs.into_iter().map(|(first, at)| (first as usize, at as usize)) {
        gone.insert(at);
        let Ok([first, other]) = files.get_disjoint_mut([first, at]) else { continue };
        join_two(first, other, counts, &mut stale);
    }
    across.iter().for_each(|names| leave_older_states(files, names, &mut gone, &mut stale));
    if gone.is_empty() {
        return;
    }
    let mut numbers = 0..;
    files.retain(|_| numbers.next().is_none_or(|at| !gone.contains(&at)));
    if !stale.is_empty() {
        files.extend(stale.into_iter().map(|path| (Listed::new(&path), Outcome::Unread(CHANGED.into()))));
        files.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    }
}

/// Files that were met under several names, by their numbers in the list.
#[derive(Default)]
struct Repeated {
    /// The first name of a file, and each other in the same set.
    pairs: Vec<(u32, u32)>,
    /// The first names of a file in each set, where several sets have it.
    across: Vec<Vec<u32>>,
}

fn repeated<Found>(files: &[(Listed, Outcome<Found>)], sets: Option<&Sets>) -> Repeated {
    // The places lie beside the numbers: to look each up where it is would take most of the time.
    let place_of = |(at, (file, _)): (u32, &(Listed, Outcome<Found>))| Some((file.identity?.place, at));
    let mut by_place: Vec<((u64, u64), u32)> = (0..).zip(files).filter_map(place_of).collect();
    by_place.sort_unstable();
    let mut repeated = Repeated::default();
    for same in by_place.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
        let same: Vec<u32> = same.iter().map(|(_, at)| *at).collect();
        let by_set = names_by_set(files, sets, &same);
        for names in &by_set {
            if let [first, others @ ..] = &**names {
                repeated.pairs.extend(others.iter().map(|at| (*first, *at)));
            }
        }
        if by_set.len() > 1 {
            repeated.across.push(by_set.iter().filter_map(|names| names.first().copied()).collect());
        }
    }
    repeated
}

/// The names of one file by their sets, each in its order.
fn names_by_set<Found>(files: &[(Listed, Outcome<Found>)], sets: Option<&Sets>, names: &[u32]) -> Vec<Vec<u32>> {
    let mut by_set: BTreeMap<Option<SetId>, Vec<u32>> = BTreeMap::new();
    for at in names {
        let file = files.get(*at as usize).map(|(file, _)| file);
        let set = sets.zip(file).and_then(|(sets, file)| sets.set_of(&file.path()));
        by_set.entry(set).or_default().push(*at);
    }
    by_set.into_values().collect()
}

/// Of the names that a file has in several sets, leaves those under which it was met in an older state than under others
/// to what is stale.
fn leave_older_states<Found>(
    files: &[(Listed, Outcome<Found>)],
    names: &[u32],
    gone: &mut HashSet<usize>,
    stale: &mut Vec<PathBuf>,
) {
    let met = || {
        let names = names.iter().map(|at| *at as usize);
        names.filter_map(|at| files.get(at).and_then(|(file, _)| Some((at, file, file.identity?))))
    };
    let Some((.., newest)) = met().max_by_key(|(.., identity)| identity.changed) else { return };
    for (at, file, _) in met().filter(|(.., identity)| !identity.is_unchanged(&newest)) {
        gone.insert(at);
        stale.extend(file.clone().into_paths());
    }
}

/// Joins another name to the first of a file, or leaves the older of two states to what is stale.
fn join_two<Found>(
    first: &mut (Listed, Outcome<Found>),
    other: &mut (Listed, Outcome<Found>),
    counts: &mut Counts,
    stale: &mut Vec<PathBuf>,
) {
    let (Some(known), Some(identity)) = (first.0.identity, other.0.identity) else { return };
    if !known.is_unchanged(&identity) {
        if known.changed < identity.changed {
            std::mem::swap(first, other);
        }
        stale.extend(other.0.clone().into_paths());
        return;
    }
    counts.repeated += 1;
    if other.1.rank() > first.1.rank() {
        first.0.trade_path(&mut other.0);
        std::mem::swap(&mut first.1, &mut other.1);
    }
    let mut others = first.0.take_other_paths();
    others.push(other.0.path());
    first.0.set_other_paths(others);
}

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
    use std::path::Path;

    use super::*;
    use crate::file::{Moment, open};

    fn some_identity() -> Identity {
        let file = tempfile::NamedTempFile::new().unwrap();
        open(file.path()).unwrap().1
    }

    fn named(path: &str, number: u64, changed: i64) -> (Listed, Outcome<()>) {
        let identity = Identity { place: (1, number), changed: Moment::of((changed, 0)), ..some_identity() };
        (Listed::new(Path::new(path)).with(Some(identity)), Outcome::Candidate(()))
    }

    #[test]
    fn a_file_that_was_met_before_and_after_it_was_renamed_is_no_twin_of_itself() {
        for (first, second) in [(7, 8), (8, 7)] {
            let mut counts = Counts::default();
            let mut files = vec![named("a", 1, first), named("b", 1, second), named("c", 2, 7)];
            join_own(&mut files, None, &mut counts);
            let fate = |(file, outcome): &(Listed, Outcome<()>)| {
                (file.path().to_str().unwrap().to_owned(), matches!(outcome, Outcome::Candidate(())))
            };
            let fates: Vec<_> = files.iter().map(fate).collect();
            let is_a_newer = first > second;
            let expected = [("a".to_owned(), is_a_newer), ("b".to_owned(), !is_a_newer), ("c".to_owned(), true)];
            assert_eq!((fates, counts.repeated), (expected.to_vec(), 0));
        }
    }

    #[test]
    fn names_in_different_sets_are_not_joined_unless_the_file_was_renamed_from_one_to_the_other() {
        let sets = Sets::new(["a", "b"].map(|name| (name.into(), name.into())));
        let identity = some_identity();
        let fates = |changed: [i64; 3]| {
            let mut counts = Counts::default();
            let met = |(path, changed): (&str, i64)| {
                let identity = Identity { changed: Moment::of((changed, 0)), ..identity };
                (Listed::new(Path::new(path)).with(Some(identity)), Outcome::Candidate(()))
            };
            let mut files = ["a/1", "a/2", "b/1"].into_iter().zip(changed).map(met).collect();
            join_own(&mut files, Some(&sets), &mut counts);
            let fate = |(file, outcome): &(Listed, Outcome<()>)| match outcome {
                Outcome::Candidate(()) => format!("{}", 1 + file.other_paths().len()),
                _ => "stale".to_owned(),
            };
            let fates = files.iter().map(|file| format!("{} {}", file.0.path().display(), fate(file)));
            (fates.collect::<Vec<_>>().join(", "), counts.repeated)
        };
        assert_eq!(fates([7, 7, 7]), ("a/1 2, b/1 1".to_owned(), 1));
        assert_eq!(fates([7, 7, 8]), ("a/1 stale, a/2 stale, b/1 1".to_owned(), 1));
        assert_eq!(fates([8, 8, 7]), ("a/1 2, b/1 stale".to_owned(), 1));
        assert_eq!(fates([7, 8, 8]), ("a/1 stale, a/2 1, b/1 1".to_owned(), 0));
    }

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
