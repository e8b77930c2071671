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

use super::{
    Planner,
    found::FoundGroup,
    look::{Folders, Looked, Trouble, identity_of},
    summary::Summary,
};

/// Decides on one group after the other.
pub(super) struct Decider<'a> {
    planner: &'a Planner,
    rules: Vec<Rule>,
    files: &'a OpenFiles<'a>,
    unread: &'a HashSet<PathBuf>,
    summary: &'a mut Summary,
    folders: Folders,
}

impl<'a> Decider<'a> {
    pub(super) fn new(
        planner: &'a Planner,
        files: &'a OpenFiles<'a>,
        unread: &'a HashSet<PathBuf>,
        summary: &'a mut Summary,
    ) -> Self {
        let rules = planner.rules.iter().map(|rule| rule.rule.clone()).collect();
        Self { planner, rules, files, unread, summary, folders: Folders::default() }
    }

    /// What is to be done with a group; nothing if there is nothing to do, since it is one file by now.
    pub(super) fn decide(&mut self, found: &FoundGroup) -> Option<Group> {
        let (looked, trouble) = self.look(found);
        if looked.len() < 2 && trouble.is_none() {
            return None;
        }
        let mut group = Group { number: found.number, tier: found.tier, undecided: None, files: Vec::new() };
        let decision = match trouble {
            Some(reason) => Err(reason),
            None => self.choose(&looked, found),
        };
        match decision {
            Ok(decisions) => {
                group.files = files_of(&looked, &decisions, found.blake3);
                self.summary.decided(&looked, &decisions);
            }
            Err(reason) => {
                let left: Vec<Decision> = looked.iter().map(|_| Decision::leave("undecided")).collect();
                group.files = files_of(&looked, &left, found.blake3);
                self.summary.undecided(&reason);
                group.undecided = Some(reason);
            }
        }
        Some(group)
    }

    /// Looks at all files, and joins those that are one; says what stands in the way, the first of several.
    fn look(&mut self, found: &FoundGroup) -> (Vec<Looked>, Option<String>) {
        let (mut looked, mut troubles): (Vec<Looked>, _) = (Vec::new(), Vec::new());
        // What stands in two groups is decided on in neither.
        for file in found.files.iter().filter(|file| !file.is_repeated) {
            if file.paths.iter().any(|path| self.unread.contains(path)) {
                troubles.push("a file of it was not compared");
            }
            let new = match self.folders.look(file) {
                Ok(new) => {
                    self.summary.seen();
                    new
                }
                Err(trouble) => {
                    troubles.push(trouble.words());
                    if let Trouble::Unseen(path, reason) = trouble {
                        self.summary.unseen(path, reason);
                    }
                    continue;
                }
            };
            if new.names.iter().any(|name| self.argument(name).is_none()) {
                // Nothing outside is in a plan, not even to be left alone.
                troubles.push("a file of it lies outside of what was searched, behind a symbolic link");
                continue;
            }
            match looked.iter_mut().find(|known| known.is_same_file(&new)) {
                Some(known) if known.identity == new.identity => known.names.extend(new.names),
                Some(_) => troubles.push(Trouble::Changed.words()),
                None => looked.push(new),
            }
        }
        if !found.tier.is_exact() && self.hash(&mut looked).is_err() {
            troubles.push("a file of it could not be read");
        }
        for known in &mut looked {
            // The first name is the one that is said to stay, and why.
            known.names.sort_unstable_by_key(|name| (!self.is_reference(name), name.clone()));
            known.names.dedup();
        }
        (looked, troubles.first().map(|&trouble| trouble.to_owned()))
    }

    /// Files that need not be equal are known by their bytes when they are acted on.
    fn hash(&mut self, looked: &mut [Looked]) -> Result<(), ()> {
        for file in looked {
            match self.look_into(file, |open| self.files.content_hash(open)) {
                Ok(hash) => file.blake3 = Some(hash),
                Err(reason) => {
                    self.summary.unseen(file.names.first().cloned().unwrap_or_default(), reason);
                    return Err(());
                }
            }
        }
        Ok(())
    }

    /// Opens a file that must still be what it was.
    fn look_into<T>(&self, file: &Looked, look: impl FnOnce(&File) -> Result<T, String>) -> Result<T, String> {
        let path = file.names.first().map(PathBuf::as_path).unwrap_or(Path::new(""));
        let open = open_regular(path).map_err(|cause| words_of(&cause))?;
        let now = open.metadata().map_err(|cause| words_of(&cause))?;
        if identity_of(&now) != file.identity {
            return Err("changed while it was being looked at".to_owned());
        }
        look(&open)
    }

    /// The first place searched that a path is below.
    fn argument(&self, path: &Path) -> Option<usize> {
        match &self.planner.roots {
            Some(roots) => roots.iter().position(|root| path.starts_with(root)),
            None => Some(0),
        }
    }

    fn is_reference(&self, path: &Path) -> bool {
        self.planner.references.iter().any(|folder| path.starts_with(folder))
    }

    fn choose(&mut self, looked: &[Looked], found: &FoundGroup) -> Result<Vec<Decision>, String> {
        if !found.tier.is_exact() {
            return Ok(self.around_the_first(looked, found));
        }
        let gone = match found.tier {
            Tier::Bytes => "equal byte for byte to one that stays",
            _ => "equal pixel for pixel to one that stays",
        };
        let is_reference = |file: &Looked| file.names.iter().any(|name| self.is_reference(name));
        if looked.iter().any(is_reference) {
            let decide = |file: &Looked| match is_reference(file) {
                true => Decision { task: Task::Keep, reason: "in a reference folder".to_owned() },
                false => Decision { task: Task::Remove, reason: gone.to_owned() },
            };
            return Ok(looked.iter().map(decide).collect());
        }
        let facts = self.facts(looked, found)?;
        match choose(&facts, &self.rules) {
            Choice::Keeper(keeper, reason) => {
                let keeps = |at| at == keeper;
                let decide = |at| match keeps(at) {
                    true => Decision { task: Task::Keep, reason: reason.clone() },
                    false => Decision { task: Task::Remove, reason: gone.to_owned() },
                };
                Ok((0..looked.len()).map(decide).collect())
            }
            Choice::Tie(left) => {
                let rules: Vec<&str> = self.planner.rules.iter().map(|rule| rule.text.as_str()).collect();
                Err(format!("the rules leave {} files: {}", left.len(), rules.join(", ")))
            }
        }
    }

    /// Pictures that need not be equal are near to the first of their group, whatever the rules say: it stays.
    fn around_the_first(&self, looked: &[Looked], found: &FoundGroup) -> Vec<Decision> {
        let gone = match found.tier {
            Tier::Turned => "equal after a turn to the first, which stays",
            Tier::Within => "nearly equal to the first, which stays",
            _ => "similar to the first, which stays",
        };
        let decide = |(at, file): (usize, &Looked)| match file {
            _ if at == 0 => Decision { task: Task::Keep, reason: "the others are near to it".to_owned() },
            file if file.names.iter().any(|name| self.is_reference(name)) => {
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
    fn facts(&mut self, looked: &[Looked], found: &FoundGroup) -> Result<Vec<Facts>, String> {
        let asks = found.tier != Tier::Bytes && self.rules.iter().any(Rule::asks_metadata);
        let mut all = Vec::with_capacity(looked.len());
        for file in looked {
            all.push(if asks { self.particulars(file)? } else { Particulars::default() });
        }
        if all.iter().any(|one| all.first().is_some_and(|first| first.unreadable != one.unreadable)) {
            return Err("some metadata of a file of it cannot be read".to_owned());
        }
        let facts = |(file, found): (&Looked, Particulars)| Facts {
            paths: file.names.clone(),
            argument: file.names.iter().filter_map(|name| self.argument(name)).min().unwrap_or(usize::MAX),
            date: found.date,
            has_position: found.position.is_some(),
            has_profile: found.profile.is_some(),
            has_rating: found.rating.is_some(),
            format: file.format.clone(),
            bytes: file.identity.bytes,
            modified_ns: file.identity.modified_ns,
        };
        Ok(looked.iter().zip(all).map(facts).collect())
    }

    fn particulars(&mut self, file: &Looked) -> Result<Particulars, String> {
        self.look_into(file, |open| self.files.particulars(open)).map_err(|reason| {
            self.summary.unseen(file.names.first().cloned().unwrap_or_default(), reason);
            "the metadata of a file of it could not be read".to_owned()
        })
    }
}

/// What is to be done with a file, and why.
pub(super) struct Decision {
    pub(super) task: Task,
    reason: String,
}

impl Decision {
    fn leave(reason: &str) -> Self {
        Self { task: Task::Leave, reason: reason.to_owned() }
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
