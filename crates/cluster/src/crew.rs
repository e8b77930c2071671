//! Who takes part in a run, and whether they agree on what they do. Nothing is searched before they do.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use pixtwin_engine::{Loss, default_memory_bytes};
use serde::{Deserialize, Serialize};

use crate::{
    records,
    roots::Root,
    world::{World, exchange::nonsense},
};

/// Where the files lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// Every host has files of its own: the same path on two hosts is two files.
    #[default]
    Local,
    /// All ranks see the same files.
    Shared,
}

/// What all ranks must have been started with alike.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Where the files lie.
    pub storage: Storage,
    /// Everything that the result depends on, each as name and value.
    pub settings: Vec<(String, String)>,
    /// The folders to search. With files of its own, each host may have others.
    pub roots: Vec<PathBuf>,
}

/// The ranks of a run and the hosts they are on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crew {
    storage: Storage,
    /// The name of each rank's host.
    hosts: Vec<String>,
    /// For each rank the first rank on its host.
    first_on_host: Vec<usize>,
    /// For each rank how many processors it may count on.
    processors: Vec<usize>,
    /// What decoders may hold on a host, unless the user says otherwise.
    memory_bytes: u64,
    /// What the user should know.
    notes: Vec<String>,
}

impl Crew {
    /// A rank as reports name it: `rank 1 on h2`.
    #[must_use]
    pub fn name_of(&self, rank: usize) -> String {
        match self.hosts.get(rank) {
            Some(host) => format!("rank {rank} on {host}"),
            None => format!("rank {rank}"),
        }
    }

    /// How many ranks share a rank's host, itself among them.
    #[must_use]
    pub fn ranks_beside(&self, rank: usize) -> usize {
        let first = self.first_on_host.get(rank);
        self.first_on_host.iter().filter(|other| Some(*other) == first).count().max(1)
    }

    /// How many processors a rank may count on, beside the other ranks of its host.
    #[must_use]
    pub fn processors_of(&self, rank: usize) -> usize {
        self.processors.get(rank).copied().unwrap_or(1)
    }

    /// What decoders may hold on each host, unless the user says otherwise: what the smallest host grants, for which
    /// pictures are too large may not depend on who looks at them.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// How many ranks and hosts there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.hosts.len(), self.first_on_host.iter().collect::<BTreeSet<_>>().len())
    }

    /// What the user should know of the ranks.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether these ranks are all that a host has.
    #[must_use]
    pub fn is_host_lost(&self, lost: &[usize]) -> bool {
        let is_gone = |rank: &usize| {
            let first = self.first_on_host.get(*rank);
            let beside = self.first_on_host.iter().enumerate().filter(|(_, other)| Some(*other) == first);
            beside.into_iter().all(|(other, _)| lost.contains(&other))
        };
        lost.iter().any(is_gone)
    }

    /// A rank on each of these hosts, with files of their own.
    pub(crate) fn of_hosts(hosts: &[&str]) -> Self {
        Self {
            storage: Storage::Local,
            hosts: hosts.iter().map(ToString::to_string).collect(),
            first_on_host: (0..hosts.len()).collect(),
            processors: vec![1; hosts.len()],
            memory_bytes: default_memory_bytes(),
            notes: Vec::new(),
        }
    }

    /// Whether hosts are to see one tree, of which nobody knows whether they do.
    pub(crate) fn is_one_tree_on_hosts(&self) -> bool {
        self.storage == Storage::Shared && self.first_on_host.iter().any(|first| *first > 0)
    }

    pub(crate) fn walker_of(&self, rank: usize) -> usize {
        match self.storage {
            Storage::Local => self.first_on_host.get(rank).copied().unwrap_or(0),
            Storage::Shared => 0,
        }
    }

    /// The other ranks that see the files of this one.
    pub(crate) fn beside(&self, rank: usize) -> Vec<usize> {
        let walker = self.walker_of(rank);
        (0..self.hosts.len()).filter(|other| *other != rank && self.walker_of(*other) == walker).collect()
    }

    pub(crate) fn host_of_files(&self, rank: usize) -> Option<&str> {
        match self.storage {
            Storage::Local => self.hosts.get(rank).map(String::as_str),
            Storage::Shared => None,
        }
    }

    pub(crate) fn hosts(&self) -> &[String] {
        &self.hosts
    }
}

/// What a rank tells the root of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Card {
    host: String,
    /// Another for every start of every machine: two machines with one name are told apart.
    boot: String,
    storage: Storage,
    settings: Vec<(String, String)>,
    roots: Vec<Root>,
    /// The processors it may run on, and how many the machine has.
    processors: BTreeSet<u32>,
    machine_processors: usize,
    memory_bytes: u64,
}

/// Brings the ranks to one view of the run, or gives the reason why they have none: the same on every rank.
///
/// # Errors
/// [`Loss`].
pub(crate) fn agree_all<W: World>(world: &mut W, host: &str, terms: &Terms) -> Result<Result<Crew, String>, Loss> {
    let card = Card::of(host, terms);
    let cards = world.gather(records::write_all(vec![card]))?;
    let mut read = Vec::with_capacity(cards.len());
    for (rank, bytes) in cards.iter().enumerate() {
        match records::read_all::<Card>(bytes).ok().and_then(|mut cards| cards.pop()) {
            Some(card) => read.push(card),
            None => return Err(nonsense(world, rank)),
        }
    }
    let verdict = if world.rank() == 0 { vec![judge(&read)] } else { Vec::new() };
    let heard = world.broadcast(records::write_all(verdict))?;
    let verdict = records::read_all(&heard).ok().and_then(|mut verdicts| verdicts.pop());
    verdict.ok_or_else(|| nonsense(world, 0))
}

impl Card {
    fn of(host: &str, terms: &Terms) -> Self {
        let processors = processors();
        Self {
            host: host.to_owned(),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default(),
            storage: terms.storage,
            settings: terms.settings.clone(),
            roots: terms.roots.iter().map(|root| Root::of(root)).collect(),
            machine_processors: machine_processors().max(processors.len()),
            memory_bytes: default_memory_bytes(),
            processors,
        }
    }

    fn root_paths(&self) -> Vec<&[u8]> {
        self.roots.iter().map(|root| &*root.path).collect()
    }
}

fn judge(cards: &[Card]) -> Result<Crew, String> {
    let Some(first) = cards.first() else { return Err("there are no ranks".to_owned()) };
    let name = |rank: usize, card: &Card| format!("rank {rank} on {}", card.host);
    for (rank, card) in cards.iter().enumerate() {
        if let Some(difference) = difference(first, card) {
            return Err(format!("{} was started with {difference}", name(rank, card)));
        }
    }
    let mut first_on_host = Vec::with_capacity(cards.len());
    for (rank, card) in cards.iter().enumerate() {
        let beside = cards.iter().position(|other| (&other.host, &other.boot) == (&card.host, &card.boot));
        let beside = beside.unwrap_or(rank);
        first_on_host.push(beside);
        let Some(other) = cards.get(beside) else { continue };
        if other.root_paths() != card.root_paths() {
            return Err(format!("{} was started with other folders than {}", name(rank, card), name(beside, other)));
        }
        let namesake = cards.iter().position(|other| other.host == card.host && other.boot != card.boot);
        if let (Storage::Local, Some(other)) = (card.storage, namesake) {
            return Err(format!("ranks {other} and {rank} are on two machines that are both named {}", card.host));
        }
    }
    match first.storage {
        Storage::Local => refuse_shared_roots(cards, &first_on_host)?,
        Storage::Shared => refuse_separate_roots(cards)?,
    }
    Ok(Crew {
        storage: first.storage,
        hosts: cards.iter().map(|card| card.host.clone()).collect(),
        processors: processors_of(cards, &first_on_host),
        memory_bytes: cards.iter().map(|card| card.memory_bytes).min().unwrap_or_default(),
        notes: notes(cards, &first_on_host),
        first_on_host,
    })
}

/// How another rank was started, where it matters and is not how the first was.
fn difference(first: &Card, other: &Card) -> Option<String> {
    let storage = |card: &Card| [("storage".to_owned(), format!("{:?}", card.storage).to_lowercase())];
    let settings = |card: &Card| storage(card).into_iter().chain(card.settings.clone()).collect::<BTreeMap<_, _>>();
    let (ours, theirs) = (settings(first), settings(other));
    if let Some((name, value)) = theirs.iter().find(|(name, value)| ours.get(*name) != Some(value)) {
        let ours = ours.get(name).map_or("none", String::as_str);
        return Some(format!("{name} `{value}`, and rank 0 with `{ours}`"));
    }
    if first.storage == Storage::Shared && first.root_paths() != other.root_paths() {
        return Some("other folders than rank 0".to_owned());
    }
    None
}

/// Files that two hosts see are one file each; taken for two, each would be its own twin.
fn refuse_shared_roots(cards: &[Card], first_on_host: &[usize]) -> Result<(), String> {
    let mut seen: Vec<(&Root, &Card)> = Vec::new();
    let is_first = |(rank, _): &(usize, _)| first_on_host.get(*rank) == Some(rank);
    for (_, card) in cards.iter().enumerate().filter(is_first) {
        for root in &card.roots {
            if let Some((_, other)) = seen.iter().find(|(other, _)| root.shares_files_with(other)) {
                return Err(format!(
                    "`{}` is one folder on a network, which {} and {} both see\n\
                     hint: --storage shared takes its files for what they are, the same on every host",
                    root.shown, other.host, card.host
                ));
            }
        }
        seen.extend(card.roots.iter().map(|root| (root, card)));
    }
    Ok(())
}

/// Where all are to see the same files, a rank that sees others would read the wrong ones.
fn refuse_separate_roots(cards: &[Card]) -> Result<(), String> {
    let Some(first) = cards.first() else { return Ok(()) };
    for (rank, card) in cards.iter().enumerate() {
        if let Some((ours, _)) =
            first.roots.iter().zip(&card.roots).find(|(ours, theirs)| !ours.can_be_one_with(theirs))
        {
            return Err(format!(
                "rank {rank} on {} does not see the `{}` that rank 0 on {} sees\n\
                 hint: --storage local takes each host's files for its own",
                card.host, ours.shown, first.host
            ));
        }
    }
    Ok(())
}

/// Ranks that may run on the same processors share them.
fn processors_of(cards: &[Card], first_on_host: &[usize]) -> Vec<usize> {
    let share = |(rank, card): (usize, &Card)| {
        let beside = cards
            .iter()
            .zip(first_on_host)
            .filter(|(other, first)| Some(*first) == first_on_host.get(rank) && other.processors == card.processors);
        (card.processors.len() / beside.count().max(1)).max(1)
    };
    cards.iter().enumerate().map(share).collect()
}

/// Hosts whose ranks leave processors idle, because the launcher confines them.
fn notes(cards: &[Card], first_on_host: &[usize]) -> Vec<String> {
    let mut notes = Vec::new();
    for (rank, card) in cards.iter().enumerate().filter(|(rank, _)| first_on_host.get(*rank) == Some(rank)) {
        let ranks: Vec<&Card> =
            cards.iter().zip(first_on_host).filter(|(_, first)| **first == rank).map(|(card, _)| card).collect();
        let used: BTreeSet<u32> = ranks.iter().flat_map(|card| card.processors.iter().copied()).collect();
        let is_confined = ranks.iter().any(|card| card.processors.len() == 1);
        if is_confined && used.len() < card.machine_processors {
            notes.push(format!(
                "{} rank{} on {} may use {} of {} processors: see --bind-to none (mpirun), --cpus-per-task (srun)",
                ranks.len(),
                if ranks.len() == 1 { "" } else { "s" },
                card.host,
                used.len(),
                card.machine_processors
            ));
        }
    }
    notes
}

/// The processors that this process may run on.
fn processors() -> BTreeSet<u32> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return BTreeSet::new() };
    let numbers = 0..u32::try_from(rustix::thread::CpuSet::MAX_CPU).unwrap_or(0);
    numbers.filter(|number| usize::try_from(*number).is_ok_and(|number| set.is_set(number))).collect()
}

/// The processors that the machine has on: `0-3,8`.
fn machine_processors() -> usize {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/online").unwrap_or_default();
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<usize>().ok()?.checked_sub(first.parse().ok()?)? + 1)
    };
    text.trim().split(',').filter_map(count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(host: &str, processors: &[u32]) -> Card {
        let root = Root {
            path: b"/srv/images".to_vec(),
            shown: "/srv/images".to_owned(),
            seen: Some((2, 1_700_000_000, 5)),
            is_on_network: false,
            origin: None,
        };
        Card {
            host: host.to_owned(),
            boot: "b".to_owned(),
            storage: Storage::Local,
            settings: vec![("tier".to_owned(), "pixels".to_owned())],
            roots: vec![root],
            processors: processors.iter().copied().collect(),
            machine_processors: 4,
            memory_bytes: 1 << 30,
        }
    }

    fn changed(host: &str, change: impl Fn(&mut Card)) -> Card {
        let mut card = card(host, &[0, 1, 2, 3]);
        change(&mut card);
        card
    }

    #[test]
    fn ranks_of_a_host_share_its_files_and_processors() {
        let all = [0, 1, 2, 3];
        let cards = [card("h1", &all), card("h1", &all), card("h2", &[0]), card("h2", &[1])];
        let crew = judge(&cards).unwrap();
        assert_eq!((crew.walker_of(1), crew.walker_of(2), crew.walker_of(3)), (0, 2, 2));
        assert_eq!((crew.host_of_files(3), crew.name_of(3)), (Some("h2"), "rank 3 on h2".to_owned()));
        assert_eq!(crew.processors, [2, 2, 1, 1]);
        let small = changed("h2", |card| card.memory_bytes = 5);
        assert_eq!(judge(&[card("h1", &all), small]).unwrap().memory_bytes(), 5);
        assert_eq!((crew.ranks_beside(0), crew.counts()), (2, (4, 2)));
        assert_eq!(
            crew.notes(),
            ["2 ranks on h2 may use 2 of 4 processors: see --bind-to none (mpirun), --cpus-per-task (srun)"]
        );
    }

    #[test]
    fn ranks_that_were_started_otherwise_are_refused() {
        let first = || card("h1", &[0, 1, 2, 3]);
        let refused = |other: Card| judge(&[first(), other]).unwrap_err();
        let tier = refused(changed("h2", |card| card.settings[0].1 = "bytes".to_owned()));
        assert_eq!(tier, "rank 1 on h2 was started with tier `bytes`, and rank 0 with `pixels`");
        let storage = refused(changed("h2", |card| card.storage = Storage::Shared));
        assert_eq!(storage, "rank 1 on h2 was started with storage `shared`, and rank 0 with `local`");
        let roots = refused(changed("h1", |card| card.roots.clear()));
        assert_eq!(roots, "rank 1 on h1 was started with other folders than rank 0 on h1");
        assert!(judge(&[first(), changed("h2", |card| card.roots.clear())]).is_ok(), "another host, other folders");
        let namesake = refused(changed("h1", |card| card.boot = "c".to_owned()));
        assert_eq!(namesake, "ranks 1 and 0 are on two machines that are both named h1");
    }

    #[test]
    fn one_tree_is_not_taken_for_two_nor_two_for_one() {
        let on_network = |host| changed(host, |card| card.roots[0].is_on_network = true);
        let reason = judge(&[on_network("h1"), on_network("h2")]).unwrap_err();
        assert!(reason.starts_with("`/srv/images` is one folder on a network, which h1 and h2 both see\nhint: "));
        assert!(judge(&[on_network("h1"), on_network("h1")]).is_ok());
        let shared = |host| changed(host, |card| card.storage = Storage::Shared);
        assert_eq!(judge(&[shared("h1"), shared("h2")]).unwrap().host_of_files(1), None);
        let mut other = shared("h2");
        other.roots[0].seen = Some((3, 0, 0));
        let reason = judge(&[shared("h1"), other.clone()]).unwrap_err();
        assert!(reason.starts_with("rank 1 on h2 does not see the `/srv/images` that rank 0 on h1 sees\n"), "{reason}");
        other.roots[0].seen = None;
        assert!(judge(&[shared("h1"), other]).is_err());
        // The topmost folders of two disks.
        let mut top = shared("h2");
        top.roots[0].seen = Some((2, 1_700_000_000, 6));
        assert!(judge(&[shared("h1"), top.clone()]).is_err());
        // What a host knows of a folder on a network may be late.
        top.roots[0].is_on_network = true;
        assert!(judge(&[shared("h1"), top]).is_ok());
    }
}
