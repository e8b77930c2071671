//! Choices: by rules, by hand, and "not the same".

use std::{
    collections::HashSet,
    ffi::{OsStr, OsString},
    path::PathBuf,
    sync::Mutex,
    thread,
};

use pixtwin_actions::plan::Task;
use pixtwin_engine::{OpenFiles, PixelDigest, Progress, Verdict, keep::Rule};
use pixtwin_planning::{Decided, Decider, KeepRule, Rules};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Desk,
    choices::{Choice, totals},
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

    /// What somebody said of the files of a group that are shown; nothing forgets what was said before.
    ///
    /// # Errors
    /// Why it cannot be, as a sentence.
    pub(crate) fn choose(&self, table: &Table, group: GroupId, tasks: Option<&[Task]>) -> Result<(), String> {
        let mut state = table.lock();
        let Some(tasks) = tasks else {
            state.choices.forget(group);
            drop(state);
            self.save(table, group, None);
            return Ok(());
        };
        let shown: Vec<(usize, bool)> = table.shown(&state, group).map(|(at, _, file)| (at, file.is_here)).collect();
        if shown.len() != tasks.len() {
            return Err("the group has other files by now".to_owned());
        }
        if !tasks.contains(&Task::Keep) && tasks.contains(&Task::Remove) {
            return Err("one file of the group has to stay".to_owned());
        }
        if shown.iter().zip(tasks).any(|((_, is_here), task)| *task == Task::Remove && !is_here) {
            return Err("files on other hosts are only removed there".to_owned());
        }
        let mut all = vec![None; table.group(group).map_or(0, |group| group.files.len())];
        for ((at, _), task) in shown.iter().zip(tasks) {
            if let Some(place) = all.get_mut(*at) {
                *place = Some(*task);
            }
        }
        state.choices.say(group, Choice::by_hand(all.iter().copied()));
        drop(state);
        let whole: Option<Vec<Task>> = all.into_iter().collect();
        self.save(table, group, whole.as_deref());
        Ok(())
    }

    /// Keeps a choice for the next time. Where that cannot be, it holds as long as the page does.
    fn save(&self, table: &Table, group: GroupId, tasks: Option<&[Task]>) {
        if let (Ok(folder), Some(found)) = (self.around.state_folder(), table.group(group)) {
            drop(self.saved.keep(&folder, found, tasks));
        }
    }

    /// Forgets what was chosen for these groups.
    pub(crate) fn forget(&self, table: &Table, groups: &[GroupId]) {
        let by_hand: Vec<GroupId> = {
            let mut state = table.lock();
            let by_hand = groups.iter().copied().filter(|group| state.choices.is_by_hand(*group)).collect();
            groups.iter().for_each(|group| state.choices.forget(*group));
            by_hand
        };
        by_hand.into_iter().for_each(|group| self.save(table, group, None));
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
        verdicts::recall(table, &said.iter().map(verdicts::Pair::ordered).collect());
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
        (_, None) => {}
        (name, Some(_)) => return Err(format!("the rule `{name}` takes no such value")),
    }
    KeepRule::parse(OsStr::new(&text))
}

fn decide_one(table: &Table, group: GroupId, decider: &mut Decider<'_>) {
    let Some((found, places)) = table.remaining(&table.lock(), group).filter(|(found, _)| found.is_here()) else {
        return;
    };
    let Decided { group: planned, decisions, .. } = decider.decide(&found);
    let choice = match planned.map(|planned| planned.undecided) {
        None => Choice::Open,
        Some(Some(reason)) => Choice::Undecided(reason),
        Some(None) => {
            let mut all = vec![None; table.group(group).map_or(0, |group| group.files.len())];
            for (at, decision) in places.into_iter().zip(decisions) {
                if let Some(place) = all.get_mut(at) {
                    *place = decision;
                }
            }
            Choice::Made(all)
        }
    };
    table.lock().choices.rule(group, choice);
}
