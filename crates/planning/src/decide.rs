//! Decides on each group what stays, what goes and what is left alone.

use std::{
    collections::HashSet,
    fs::File,
    path::{Path, PathBuf},
};

use pixtwin_actions::plan::{self, Group, Task, Tier};
use pixtwin_engine::{
    OpenFiles, Particulars,
    keep::{Choice, Facts, Rule, choose},
    open_regular, words_of,
};

use crate::{
    found::{FoundFile, FoundGroup},
    look::{Folders, Looked, Trouble, identity_of},
    rules::Rules,
};

/// What is to be done with a file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub task: Task,
    /// Why, as a clause.
    pub reason: String,
}

/// What was decided on a group.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// The group in a plan; nothing if there is nothing to do, since it is one file by now.
    pub group: Option<Group>,
    /// What is to be done with each file of the group that was found; nothing with those that were left out of the decision,
    /// or where none was made.
    pub decisions: Vec<Option<Decision>>,
    /// How many names would go.
    pub goes: u64,
    /// Bytes that would be freed; a file that has names elsewhere frees nothing.
    pub freed_bytes: u64,
    /// How many files could be looked at.
    pub seen: u64,
    /// The files that could not be looked at, and why.
    pub unseen: Vec<(PathBuf, String)>,
}

/// Decides on one group after the other. Of files on other hosts it takes no notice.
pub struct Decider<'a> {
    rules: &'a Rules,
    asked: Vec<Rule>,
    files: &'a OpenFiles<'a>,
    unread: &'a HashSet<&'a Path>,
    folders: Folders,
}

/// What a group comes to while it is decided on.
#[derive(Default)]
struct Sight {
    looked: Vec<Looked>,
    /// What stands in the way.
    troubles: Vec<String>,
    seen: u64,
    unseen: Vec<(PathBuf, String)>,
}

impl<'a> Decider<'a> {
    /// Decides by these rules; groups with a file that was not compared are undecided.
    #[must_use]
    pub fn new(rules: &'a Rules, files: &'a OpenFiles<'a>, unread: &'a HashSet<&'a Path>) -> Self {
        let asked = rules.rules.iter().map(|rule| rule.rule.clone()).collect();
        Self { rules, asked, files, unread, folders: Folders::default() }
    }

    /// What the rules say of a group.
    ///
    /// # Cost
    /// Asks the system about every file; reads metadata if a rule needs them, and files whole if they need not be equal.
    pub fn decide(&mut self, found: &FoundGroup) -> Decided {
        let mut sight = self.look(found);
        let decisions = match sight.troubles.first() {
            Some(reason) => Err(reason.clone()),
            None => self.choose(&mut sight, found),
        };
        decided(sight, found, decisions)
    }

    /// What somebody said of a group, file by file; what is said of files on other hosts counts for nothing.
    ///
    /// # Cost
    /// As [`Decider::decide`], without the metadata.
    pub fn arrange(&mut self, found: &FoundGroup, said: &[Decision]) -> Decided {
        let sight = self.look(found);
        let decisions = match sight.troubles.first() {
            Some(reason) => Err(reason.clone()),
            None => self.check(&sight, said),
        };
        decided(sight, found, decisions)
    }

    /// What was said of each file, if it can be done.
    fn check(&self, sight: &Sight, said: &[Decision]) -> Result<Vec<Decision>, String> {
        let said_of = |file: &Looked| {
            let mut all = file.of.iter().map(|at| said.get(*at));
            let first = all.next().flatten().ok_or("nothing was said of a file of it")?;
            match all.all(|other| other.is_some_and(|other| other.task == first.task)) {
                true => Ok(first.clone()),
                false => Err("two names of one file are to go different ways"),
            }
        };
        let decisions: Vec<Decision> = sight.looked.iter().map(said_of).collect::<Result<_, _>>()?;
        let goes = |(file, decision): (&Looked, &Decision)| {
            decision.task == Task::Remove && file.names.iter().any(|name| self.rules.is_reference(name))
        };
        if sight.looked.iter().zip(&decisions).any(goes) {
            return Err("a file of it would go that is in a reference folder".to_owned());
        }
        if !decisions.iter().any(|decision| decision.task == Task::Keep) {
            return Err("no file of it would stay".to_owned());
        }
        Ok(decisions)
    }

    /// Looks at all files, and joins those that are one; says what stands in the way.
    fn look(&mut self, found: &FoundGroup) -> Sight {
        let mut sight = Sight::default();
        // What stands in two groups is decided on in neither.
        let here = |(_, file): &(usize, &FoundFile)| file.is_here && !file.is_repeated;
        for (at, file) in found.files.iter().enumerate().filter(here) {
            if file.paths.iter().any(|path| self.unread.contains(path.as_path())) {
                sight.is_in_trouble("a file of it was not compared");
            }
            match self.folders.look(at, file) {
                Ok(new) => {
                    sight.seen += 1;
                    self.add(new, &mut sight);
                }
                Err(trouble) => {
                    sight.is_in_trouble(trouble.words());
                    if let Trouble::Unseen(path, reason) = trouble {
                        sight.unseen.push((path, reason));
                    }
                }
            }
        }
        if !found.bond().is_exact() && self.hash(&mut sight).is_err() {
            sight.is_in_trouble("a file of it could not be read");
        }
        for known in &mut sight.looked {
            // The first name is the one that is said to stay, and why.
            known.names.sort_unstable_by_key(|name| (!self.rules.is_reference(name), name.clone()));
            known.names.dedup();
        }
        sight
    }

    fn add(&self, new: Looked, sight: &mut Sight) {
        if new.names.iter().any(|name| self.rules.argument(name).is_none()) {
            // Nothing outside is in a plan, not even to be left alone.
            sight.is_in_trouble("a file of it lies outside of what was searched, behind a symbolic link");
            return;
        }
        match sight.looked.iter_mut().find(|known| known.is_same_file(&new)) {
            Some(known) if known.identity == new.identity => {
                known.names.extend(new.names);
                known.of.extend(new.of);
            }
            Some(_) => sight.is_in_trouble(Trouble::Changed.words()),
            None => sight.looked.push(new),
        }
    }

    /// Files that need not be equal are known by their bytes when they are acted on.
    fn hash(&mut self, sight: &mut Sight) -> Result<(), ()> {
        for file in &mut sight.looked {
            match look_into(file, |open| self.files.content_hash(open)) {
                Ok(hash) => file.blake3 = Some(hash),
                Err(reason) => {
                    sight.unseen.push((file.name(), reason));
                    return Err(());
                }
            }
        }
        Ok(())
    }

    fn choose(&self, sight: &mut Sight, found: &FoundGroup) -> Result<Vec<Decision>, String> {
        let Sight { looked, unseen, .. } = sight;
        if !found.bond().is_exact() {
            return Ok(self.around_the_first(looked, found));
        }
        let gone = match found.bond() {
            Tier::Bytes => "equal byte for byte to one that stays",
            _ => "equal pixel for pixel to one that stays",
        };
        let is_reference = |file: &Looked| file.names.iter().any(|name| self.rules.is_reference(name));
        if looked.iter().any(&is_reference) {
            let decide = |file: &Looked| match is_reference(file) {
                true => Decision { task: Task::Keep, reason: "in a reference folder".to_owned() },
                false => Decision { task: Task::Remove, reason: gone.to_owned() },
            };
            return Ok(looked.iter().map(decide).collect());
        }
        let facts = self.facts(looked, unseen, found)?;
        match choose(&facts, &self.asked) {
            Choice::Keeper(keeper, reason) => {
                let keeps = |at| at == keeper;
                let decide = |at| match keeps(at) {
                    true => Decision { task: Task::Keep, reason: reason.clone() },
                    false => Decision { task: Task::Remove, reason: gone.to_owned() },
                };
                Ok((0..looked.len()).map(decide).collect())
            }
            Choice::Tie(left) => {
                let rules: Vec<&str> = self.rules.rules.iter().map(|rule| rule.text.as_str()).collect();
                Err(format!("the rules leave {} files: {}", left.len(), rules.join(", ")))
            }
        }
    }

    /// Pictures that need not be equal are near to the first of their group, whatever the rules say: it stays.
    fn around_the_first(&self, looked: &[Looked], found: &FoundGroup) -> Vec<Decision> {
        let gone = match found.bond() {
            Tier::Turned => "equal after a turn to the first, which stays",
            Tier::Within => "nearly equal to the first, which stays",
            _ => "similar to the first, which stays",
        };
        let decide = |(at, file): (usize, &Looked)| match file {
            _ if at == 0 => Decision { task: Task::Keep, reason: "the others are near to it".to_owned() },
            file if file.names.iter().any(|name| self.rules.is_reference(name)) => {
                Decision { task: Task::Keep, reason: "in a reference folder".to_owned() }
            }
            file if file.is_equal => {
                Decision { task: Task::Remove, reason: "shows the very picture of the first, which stays".to_owned() }
            }
            _ => Decision { task: Task::Remove, reason: gone.to_owned() },
        };
        looked.iter().enumerate().map(decide).collect()
    }

    /// What the rules ask of each file. The metadata of equal bytes is equal.
    fn facts(
        &self,
        looked: &[Looked],
        unseen: &mut Vec<(PathBuf, String)>,
        found: &FoundGroup,
    ) -> Result<Vec<Facts>, String> {
        let asks = found.bond() != Tier::Bytes && self.asked.iter().any(Rule::asks_metadata);
        let mut all = Vec::with_capacity(looked.len());
        for file in looked {
            all.push(if asks { self.particulars(file, unseen)? } else { Particulars::default() });
        }
        if all.iter().any(|one| all.first().is_some_and(|first| first.unreadable != one.unreadable)) {
            return Err("some metadata of a file of it cannot be read".to_owned());
        }
        let facts = |(file, found): (&Looked, Particulars)| Facts {
            paths: file.names.clone(),
            argument: file.names.iter().filter_map(|name| self.rules.argument(name)).min().unwrap_or(usize::MAX),
            date: found.date,
            has_position: found.position.is_some(),
            has_profile: found.profile.is_some(),
            has_rating: found.rating.is_some(),
            format: file.format.clone().into_owned(),
            bytes: file.identity.bytes,
            modified_ns: file.identity.modified_ns,
        };
        Ok(looked.iter().zip(all).map(facts).collect())
    }

    fn particulars(&self, file: &Looked, unseen: &mut Vec<(PathBuf, String)>) -> Result<Particulars, String> {
        look_into(file, |open| self.files.particulars(open)).map_err(|reason| {
            unseen.push((file.name(), reason));
            "the metadata of a file of it could not be read".to_owned()
        })
    }
}

impl Sight {
    fn is_in_trouble(&mut self, words: &str) {
        self.troubles.push(words.to_owned());
    }
}

/// Opens a file that must still be what it was.
fn look_into<T>(file: &Looked, look: impl FnOnce(&File) -> Result<T, String>) -> Result<T, String> {
    let open = open_regular(&file.name()).map_err(|cause| words_of(&cause))?;
    let now = open.metadata().map_err(|cause| words_of(&cause))?;
    if identity_of(&now) != file.identity {
        return Err("changed while it was being looked at".to_owned());
    }
    look(&open)
}

/// The group in a plan, with the figures.
fn decided(sight: Sight, found: &FoundGroup, decisions: Result<Vec<Decision>, String>) -> Decided {
    let Sight { looked, troubles, seen, unseen } = sight;
    let mut told = Decided { seen, unseen, decisions: vec![None; found.files.len()], ..Decided::default() };
    if looked.len() < 2 && troubles.is_empty() {
        return told;
    }
    let mut group = Group { number: found.number, tier: found.bond(), undecided: None, files: Vec::new() };
    match decisions {
        Ok(decisions) => {
            group.files = files_of(&looked, &decisions, found.blake3);
            for (file, decision) in looked.iter().zip(&decisions) {
                told.count(file, decision);
            }
        }
        Err(reason) => {
            let left = Decision { task: Task::Leave, reason: "undecided".to_owned() };
            group.files = files_of(&looked, &vec![left; looked.len()], found.blake3);
            group.undecided = Some(reason);
        }
    }
    told.group = Some(group);
    told
}

impl Decided {
    fn count(&mut self, file: &Looked, decision: &Decision) {
        for at in &file.of {
            if let Some(place) = self.decisions.get_mut(*at) {
                *place = Some(decision.clone());
            }
        }
        if decision.task == Task::Remove {
            let names = file.names.len() as u64;
            self.goes += names;
            // A file that has names elsewhere frees nothing.
            if file.links <= names {
                self.freed_bytes += file.identity.bytes;
            }
        }
    }
}

/// The names of all files, those that stay first. Further names of one that stays are left alone.
fn files_of(looked: &[Looked], decisions: &[Decision], blake3: Option<[u8; 32]>) -> Vec<plan::File> {
    let mut files = Vec::new();
    for (file, decision) in looked.iter().zip(decisions) {
        for (at, path) in file.names.iter().enumerate() {
            let (task, reason) = match decision.task {
                Task::Keep if at > 0 => (Task::Leave, "another name of a file that stays"),
                task => (task, decision.reason.as_str()),
            };
            let (path, identity, blake3) = (path.clone(), file.identity, file.blake3.or(blake3));
            files.push(plan::File { task, path, identity, blake3, reason: reason.to_owned() });
        }
    }
    files.sort_by_key(|file| file.task != Task::Keep);
    files
}
