//! Choices: by rules, by hand, and "not the same".

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Mutex,
    thread,
};

use pixtwin_actions::plan::{Task, Tier};
use pixtwin_engine::{OpenFiles, PixelDigest, Progress, Verdict, keep::Rule};
use pixtwin_planning::{Decided, Decider, KeepRule, Rules, names::shown_text};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Desk,
    choices::{Choice, Made, totals},
    jobs::Job,
    table::{FileId, GroupId, Table},
    verdicts,
};

/// What a rule is to be, by its name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleAsked {
    name: String,
    /// A glob, or the number of a folder that is offered.
    value: Option<Value>,
}

impl Desk {
    /// The rules that were asked for.
    ///
    /// # Errors
    /// Which of them is none, as a sentence.
    pub(crate) fn rules_asked(&self, table: &Table, asked: &[RuleAsked]) -> Result<Rules, String> {
        let rules: Vec<KeepRule> = asked.iter().map(|rule| rule_of(table, rule)).collect::<Result<_, _>>()?;
        let is_first = |rule: &KeepRule| matches!(rule.rule, Rule::FirstArgument);
        if self.setting.rules.roots.is_none() && rules.iter().any(is_first) {
            return Err("a report does not say what was searched, so there is no first place".to_owned());
        }
        let rules = if rules.is_empty() { self.setting.rules.rules.clone() } else { rules };
        Ok(Rules { rules, ..self.setting.rules.clone() })
    }

    /// Decides on these groups by rules. What was chosen by hand stays.
    pub(crate) fn rule(&self, table: &Table, rules: &Rules, groups: &[GroupId], job: &Job) -> Value {
        job.set_total(groups.len());
        let progress = Progress::default();
        let files = OpenFiles::new(&self.setting.engine, &progress);
        let unread = table.found.unread_paths();
        let next = Mutex::new(groups.iter());
        thread::scope(|scope| {
            for _ in 0..self.setting.engine.threads.max(1) {
                scope.spawn(|| {
                    let mut decider = Decider::new(rules, &files, &unread);
                    let next = || next.lock().ok().and_then(|mut next| next.next().copied());
                    while let Some(group) = next().filter(|_| !job.is_stopped()) {
                        decide_one(table, group, &mut decider);
                        job.add_done();
                    }
                });
            }
        });
        let state = table.lock();
        let reasons = state.choices.reasons();
        let reasons: Vec<Value> =
            reasons.into_iter().map(|(reason, groups)| json!({ "reason": reason, "groups": groups })).collect();
        json!({ "totals": totals(table, &state), "reasons": reasons })
    }

    /// What somebody said of the files of a group that are shown; nothing forgets what was said before. Whether that is kept for
    /// the next time.
    ///
    /// # Errors
    /// Why it cannot be, as a sentence.
    pub(crate) fn choose(&self, table: &Table, group: GroupId, tasks: Option<&[Task]>) -> Result<bool, String> {
        let Some(found) = table.group(group) else { return Err("there is no such group".to_owned()) };
        let Some(tasks) = tasks else {
            table.lock().choices.forget(group);
            self.jobs.tell();
            return Ok(self.save(table, group, None));
        };
        let all = self.checked(table, group, tasks)?;
        let choice = Choice::by_hand(found, &all);
        table.lock().choices.say(group, choice);
        self.jobs.tell();
        let whole: Vec<Task> = all.into_iter().map(|task| task.unwrap_or(Task::Leave)).collect();
        Ok(self.save(table, group, Some(&whole)))
    }

    /// What was said, for each file of the group, also those that are not shown.
    fn checked(&self, table: &Table, group: GroupId, tasks: &[Task]) -> Result<Vec<Option<Task>>, String> {
        let state = table.lock();
        let shown: Vec<_> = table.shown(&state, group).collect();
        if shown.len() != tasks.len() {
            return Err("the group has other files by now".to_owned());
        }
        let of =
            |wanted: Task| shown.iter().zip(tasks).filter(move |(_, task)| **task == wanted).map(|(file, _)| file.2);
        for file in of(Task::Remove) {
            let is_reference = |path: &PathBuf| {
                let real = path.canonicalize();
                real.is_ok_and(|real| self.setting.rules.references.iter().any(|folder| real.starts_with(folder)))
            };
            if !file.is_here {
                return Err("files on other hosts are only removed there".to_owned());
            }
            if file.is_repeated {
                return Err("a file that stands in two groups is left alone: decide on the others first".to_owned());
            }
            if file.paths.iter().any(is_reference) {
                return Err("nothing goes that is below a reference folder".to_owned());
            }
        }
        if of(Task::Remove).next().is_some() && !of(Task::Keep).any(|file| file.is_here) {
            return Err("one file of the group has to stay, on this host".to_owned());
        }
        let mut all = vec![None; table.group(group).map_or(0, |group| group.files.len())];
        for ((at, ..), task) in shown.iter().zip(tasks) {
            if let Some(place) = all.get_mut(*at) {
                *place = Some(*task);
            }
        }
        Ok(all)
    }

    /// Keeps a choice for the next time; whether that could be done. Where not, it holds as long as the page does.
    fn save(&self, table: &Table, group: GroupId, tasks: Option<&[Task]>) -> bool {
        let folder = self.around.state_folder();
        let kept = folder.ok().zip(table.group(group)).map(|(folder, found)| self.saved.keep(&folder, found, tasks));
        kept.is_some_and(|kept| kept.is_ok())
    }

    /// Forgets what was chosen for these groups.
    pub(crate) fn forget(&self, table: &Table, groups: &[GroupId]) {
        let by_hand: Vec<GroupId> = {
            let mut state = table.lock();
            let by_hand = groups.iter().copied().filter(|group| state.choices.is_by_hand(*group)).collect();
            groups.iter().for_each(|group| state.choices.forget(*group));
            by_hand
        };
        for group in by_hand {
            self.save(table, group, None);
        }
    }

    /// Remembers that a file of a group is another picture than the first, or that no two of its files are the same picture.
    ///
    /// # Errors
    /// Why it cannot be remembered, as a sentence.
    pub(crate) fn differ(&self, table: &Table, group: GroupId, file: Option<FileId>) -> Result<(), String> {
        let pairs = verdicts::pairs(table, group);
        let said: Vec<_> = pairs.into_iter().filter(|pair| file.is_none_or(|file| pair.file == file)).collect();
        if said.is_empty() {
            let words =
                "no file that is meant is known to have other pixels than the first: equal pixels are the same picture";
            return Err(words.to_owned());
        }
        if let Some(verdicts) = &self.setting.verdicts {
            let mut digests: Vec<_> = said.iter().map(verdicts::Pair::ordered).collect();
            if file.is_none() {
                // Or those that are left would be shown as near to each other the next time.
                digests.extend(verdicts::among_others(&said));
            }
            verdicts.say_differ(&digests).map_err(|cause| cause.to_string())?;
        }
        // Other files of the result may show the very same pictures.
        let changed = verdicts::recall(table, &said.iter().map(verdicts::Pair::ordered).collect());
        // What was chosen was chosen among other files, and so was what is planned.
        self.forget(table, &changed);
        table.lock().plans.forget();
        self.jobs.tell();
        Ok(())
    }

    /// Forgets that two pictures were said not to be the same, and shows them again as far as this result has them.
    ///
    /// # Errors
    /// Why that cannot be, as a sentence.
    pub(crate) fn same_after_all(&self, table: &Table, digests: (PixelDigest, PixelDigest)) -> Result<(), String> {
        if let Some(verdicts) = &self.setting.verdicts {
            verdicts.take_back(&[digests]).map_err(|cause| cause.to_string())?;
        }
        table.lock().show_again(digests);
        self.jobs.tell();
        Ok(())
    }

    /// All pairs that were said not to be the same: those of this result, with their files, then others.
    ///
    /// # Errors
    /// Why they cannot be read, as a sentence.
    pub(crate) fn dismissed(&self, table: &Table) -> Result<Vec<verdicts::Dismissed>, String> {
        let here: Vec<verdicts::Pair> = table.lock().differing.0.clone();
        let known: HashSet<_> = here.iter().map(verdicts::Pair::ordered).collect();
        let mut all: Vec<_> = here
            .iter()
            .map(|pair| verdicts::Dismissed { digests: pair.ordered(), files: Some((pair.first, pair.file)) })
            .collect();
        if let Some(verdicts) = &self.setting.verdicts {
            let take = &mut |verdict: Verdict| {
                let digests = (verdict.a, verdict.b);
                if !known.contains(&digests) {
                    all.push(verdicts::Dismissed { digests, files: None });
                }
            };
            verdicts.each(take).map_err(|cause| cause.to_string())?;
        }
        Ok(all)
    }
}

fn rule_of(table: &Table, asked: &RuleAsked) -> Result<KeepRule, String> {
    let folder = |number: &Value| -> Option<PathBuf> {
        let number = usize::try_from(number.as_u64()?).ok()?;
        let (folder, _) = table.facets.folders.get(number)?;
        folder.canonicalize().ok()
    };
    let mut text = OsString::from(&asked.name);
    match (asked.name.as_str(), &asked.value) {
        ("in" | "not-in", Some(number)) => {
            text.push("=");
            text.push(folder(number).ok_or("there is no such folder by now")?);
        }
        ("name", Some(Value::String(glob))) => text = OsString::from(format!("name={glob}")),
        // What stands behind an equals sign is a path, or a word that belongs to the name.
        (name, None) if !name.contains('=') || matches!(name, "oldest=exif" | "newest=exif") => {}
        (name, None) => return Err(format!("there is no rule `{}`", shown_text(name))),
        (name, Some(_)) => return Err(format!("the rule `{}` takes no such value", shown_text(name))),
    }
    KeepRule::parse(OsStr::new(&text))
}

fn decide_one(table: &Table, group: GroupId, decider: &mut Decider<'_>) {
    let Some((found, places)) = table.remaining(&table.lock(), group).filter(|(found, _)| found.is_here()) else {
        return;
    };
    let is_near = matches!(found.bond(), Tier::Within | Tier::Similar);
    let choice = if is_near && places.first() != Some(&0) {
        Choice::Undecided("the file that the others are near to has gone".to_owned())
    } else {
        choice_of(decider.decide(&found), &places, table.group(group).map_or(0, |group| group.files.len()))
    };
    table.lock().choices.rule(group, choice);
}

/// What rules say, of all files of a group; the places are those of the files that are shown.
fn choice_of(decided: Decided, places: &[usize], files: usize) -> Choice {
    match decided.group.map(|planned| planned.undecided) {
        None => Choice::Undecided("its files are one file, or stand in another group".to_owned()),
        Some(Some(reason)) => Choice::Undecided(reason),
        Some(None) => {
            let mut decisions = vec![None; files];
            for (at, decision) in places.iter().zip(decided.decisions) {
                if let Some(place) = decisions.get_mut(*at) {
                    *place = decision;
                }
            }
            Choice::Made(Made { decisions, freed_bytes: decided.freed_bytes })
        }
    }
}
