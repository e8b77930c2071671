//! What changes something: choices, plans, and what is done by them.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{Path, Query, State},
};
use pixtwin_actions::{Action, Previewed, RunInfo, Which, plan::Task};
use pixtwin_engine::{OpenFiles, PixelDigest, Progress};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Answer, Fault, answer, aside, read},
    routes::{Here, Part, Shared},
};
use crate::desk::{
    choices::totals,
    decide::RuleAsked,
    jobs::Job,
    path::PathShown,
    plans::{self, Planned},
    scan::ScanAsked,
    table::{FileId, GroupId, Table},
    verdicts::Dismissed,
    view,
};

impl Shared {
    /// Begins something that takes a while, and answers with how far it is.
    fn begin(
        self: &Arc<Self>,
        kind: &'static str,
        work: impl FnOnce(&Self, &Job) -> Result<Value, String> + Send + 'static,
    ) -> Answer {
        let shared = Arc::clone(self);
        let job = self.desk.jobs.begin(kind, move |job| work(&shared, job));
        let job = job.ok_or_else(|| Fault::busy("something else is under way"))?;
        answer(&json!({ "job": job.state() }))
    }

    /// Searches everything for what the command line asks for.
    pub(super) fn begin_first_scan(self: &Arc<Self>) {
        let (places, tier) = (self.desk.setting.places.clone(), self.desk.setting.tier);
        // Nothing else can be under way yet.
        let _ = self.begin("scan", move |shared, job| shared.desk.scan(&places, tier, job));
    }
}

#[derive(Deserialize)]
struct Chosen {
    group: GroupId,
    tasks: Option<Vec<Task>>,
}

pub(super) async fn choose(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, chosen) = (shared.table(result)?, read::<Chosen>(&body)?);
    aside(move || {
        let kept = shared.desk.choose(&table, chosen.group, chosen.tasks.as_deref()).map_err(Fault::bad)?;
        let state = table.lock();
        let row = view::row(&table, &state, chosen.group).ok_or_else(Fault::missing)?;
        answer(&json!({ "group": row, "kept": kept, "totals": totals(&table, &state) }))
    })
    .await?
}

#[derive(Deserialize)]
struct Ruled {
    rules: Vec<RuleAsked>,
    list: Option<u64>,
    groups: Option<Vec<GroupId>>,
}

pub(super) async fn rules(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, ruled) = (shared.table(result)?, read::<Ruled>(&body)?);
    let rules = shared.desk.rules_asked(&table, &ruled.rules).map_err(Fault::bad)?;
    let groups = groups_of(&table, ruled.list, ruled.groups)?;
    shared.begin("rules", move |shared, job| Ok(shared.desk.rule(&table, &rules, &groups, job)))
}

/// The groups of a list, or those that are named, or all.
fn groups_of(table: &Table, list: Option<u64>, groups: Option<Vec<GroupId>>) -> Result<Vec<GroupId>, Fault> {
    match (list, groups) {
        (_, Some(groups)) => Ok(groups),
        (Some(list), None) => Ok(table.lock().lists.get(list).ok_or_else(Fault::missing)?.to_vec()),
        (None, None) => Ok((0..table.found.groups.len()).collect()),
    }
}

#[derive(Deserialize)]
struct Cleared {
    list: Option<u64>,
}

pub(super) async fn clear(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, Cleared { list }) = (shared.table(result)?, read(&body)?);
    let groups = groups_of(&table, list, None)?;
    aside(move || {
        shared.desk.forget(&table, &groups);
        answer(&json!({ "totals": totals(&table, &table.lock()) }))
    })
    .await?
}

#[derive(Deserialize)]
struct Differs {
    group: GroupId,
    file: Option<FileId>,
}

pub(super) async fn differ(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, Differs { group, file }) = (shared.table(result)?, read(&body)?);
    aside(move || {
        shared.desk.differ(&table, group, file).map_err(Fault::bad)?;
        let state = table.lock();
        answer(&json!({ "gone": !table.is_shown(&state, group), "totals": totals(&table, &state) }))
    })
    .await?
}

pub(super) async fn dismissed(State(shared): Here, Path(result): Path<u64>) -> Answer {
    let table = shared.table(result)?;
    aside(move || {
        let side = |file: Option<FileId>, digest: PixelDigest| {
            let found = file.and_then(|file| table.file(file));
            let path = found.map(|found| PathShown::of(found.path()));
            json!({ "file": file, "path": path, "digest": digest.to_string() })
        };
        let pair = |pair: &Dismissed| {
            let ((first, other), (a, b)) = (pair.files.unzip(), pair.digests);
            json!({ "pair": [a.to_string(), b.to_string()], "a": side(first, a), "b": side(other, b) })
        };
        let pairs = shared.desk.dismissed(&table).map_err(Fault::bad)?;
        answer(&json!({ "pairs": pairs.iter().map(pair).collect::<Vec<_>>() }))
    })
    .await?
}

#[derive(Deserialize)]
struct TakenBack {
    /// Two digests.
    pair: (String, String),
}

pub(super) async fn same_after_all(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, TakenBack { pair: (a, b) }) = (shared.table(result)?, read(&body)?);
    let digests = a.parse().ok().zip(b.parse().ok()).ok_or_else(Fault::missing)?;
    aside(move || {
        shared.desk.same_after_all(&table, digests).map_err(Fault::bad)?;
        answer(&json!({ "totals": totals(&table, &table.lock()) }))
    })
    .await?
}

#[derive(Deserialize)]
struct Wanted {
    action: String,
}

pub(super) async fn make_plan(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, Wanted { action }) = (shared.table(result)?, read(&body)?);
    if let Some(reason) = &table.found.unfit {
        return Err(Fault::bad(reason));
    }
    let action = match action.as_str() {
        "quarantine" => Action::Quarantine,
        "trash" => Action::Trash,
        "hardlink" => Action::HardLink,
        "symlink" => Action::Symlink,
        "reflink" => Action::Reflink,
        _ => return Err(Fault::bad("there is no such action")),
    };
    shared.begin("plan", move |shared, job| {
        let progress = Progress::default();
        let setting = &shared.desk.setting;
        let files = OpenFiles::new(&setting.engine, &progress);
        let differing = shared.desk.known_to_differ()?;
        let plan = plans::make(&table, (&setting.rules, &files, &differing), action, (job, crate::desk::now_s()))?;
        Ok(json!({ "plan": plan }))
    })
}

pub(super) async fn plan(
    State(shared): Here,
    Path((result, plan)): Path<(u64, u64)>,
    Query(part): Query<Part>,
) -> Answer {
    let table = shared.table(result)?;
    let planned = planned(&table, plan)?;
    // Every step is looked at for the figures.
    aside(move || answer(&plan_shown(&table, &planned, &part))).await?
}

/// A part of a plan, with the figures of the whole.
fn plan_shown(table: &Table, planned: &Planned, part: &Part) -> Value {
    let steps = &planned.preview.steps;
    let state = table.lock();
    // What was refused with the others may be confirmed by itself, as what is only near.
    let refusal = |step: &Previewed| state.plans.refusal(step.step).filter(|_| !step.needs_pair);
    let is_done = |step: &Previewed| state.plans.is_done(step.step);
    let is_pair = |step: &Previewed| !is_done(step) && (step.needs_pair || refusal(step).is_some());
    let line = |step: &Previewed| {
        json!({
            "step": step.step, "group": step.group, "path": PathShown::of(&step.path),
            "stays": PathShown::of(&step.kept), "reason": step.reason,
            "problem": step.problem.as_ref().filter(|_| !is_pair(step)), "pair": is_pair(step),
            "refused": refusal(step), "done": is_done(step),
            "file": planned.file(&step.path), "kept_file": planned.file(&step.kept),
        })
    };
    let lines: Vec<Value> = steps.iter().skip(part.from).take(part.count()).map(line).collect();
    let pairs = steps.iter().filter(|step| is_pair(step)).count();
    let is_problem = |step: &&Previewed| step.problem.is_some() && !step.needs_pair && !is_pair(step) && !is_done(step);
    let problems = steps.iter().filter(is_problem).count();
    let done = steps.iter().filter(|step| is_done(step)).count();
    let bytes_of =
        |step: &Previewed| planned.file(&step.path).and_then(|file| table.file(file)).map_or(0, |file| file.bytes);
    let pair_bytes = steps.iter().filter(|step| step.needs_pair).map(bytes_of).fold(0, u64::saturating_add);
    let refused = planned.order.refused.iter().take(1000);
    let refused: Vec<Value> =
        refused.map(|refused| json!({ "group": refused.group, "reason": refused.reason })).collect();
    json!({
        "plan": planned.number, "action": planned.order.action.name(), "steps": steps.len(),
        "bulk": steps.len().saturating_sub(pairs + problems + done), "done": done, "pairs": pairs, "problems": problems,
        "bytes": planned.preview.bytes.saturating_add(pair_bytes), "refused": refused, "refused_count": planned.order.refused.len(),
        "from": part.from, "lines": lines,
    })
}

fn planned(table: &Table, plan: u64) -> Result<Arc<Planned>, Fault> {
    let is_over = || Fault::busy("another plan was made since: look at that one");
    table.lock().plans.get(plan).ok_or_else(is_over)
}

#[derive(Deserialize)]
struct Pair {
    plan: u64,
    step: u64,
}

pub(super) async fn look_at_pair(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, Pair { plan, step }) = (shared.table(result)?, read(&body)?);
    let planned = planned(&table, plan)?;
    // Both pictures may be held whole: one pair at a time.
    let _turn = shared.looking.acquire().await.map_err(|_| Fault::busy("pixtwin is ending"))?;
    let shared = Arc::clone(&shared);
    aside(move || answer(&shared.desk.look_at_pair(&table, &planned, step).ok_or_else(Fault::missing)?)).await?
}

#[derive(Deserialize)]
struct Applied {
    plan: u64,
    pair: Option<u64>,
}

pub(super) async fn apply(State(shared): Here, Path(result): Path<u64>, body: Bytes) -> Answer {
    let (table, Applied { plan, pair }) = (shared.table(result)?, read(&body)?);
    let planned = planned(&table, plan)?;
    let which = pair.map_or(Which::Bulk, Which::Pair);
    let words = if pair.is_some() { "look at the pair first" } else { "this plan was carried out before" };
    if which == Which::Bulk && !planned.preview.steps.iter().any(|step| step.problem.is_none()) {
        return Err(Fault::bad("no step of this plan is done with others: confirm the pairs"));
    }
    if !table.lock().plans.may(plan, which) {
        return Err(Fault::busy(words));
    }
    shared.begin("apply", move |shared, job| {
        // Two requests may have been let this far.
        if !table.lock().plans.take(plan, which) {
            return Err(words.to_owned());
        }
        let applied = shared.desk.apply(&table, &planned, which, job);
        if applied.is_err() {
            table.lock().plans.put_back(plan, which);
        }
        applied
    })
}

pub(super) async fn runs(State(shared): Here) -> Answer {
    aside(move || {
        let runs = shared.desk.runs().map_err(Fault::bad)?;
        answer(&json!({ "runs": runs.iter().map(run_shown).collect::<Vec<_>>() }))
    })
    .await?
}

fn run_shown(run: &RunInfo) -> Value {
    json!({
        "run": run.run, "action": run.action.name(), "done": run.done, "bytes": run.bytes,
        "undone": run.undone, "purged": run.purged, "refused": run.refused, "begun": crate::desk::time_shown(run.begun_s),
        "can_undo": run.done > 0 && run.action != Action::Reflink && !run.is_damaged,
    })
}

#[derive(Deserialize)]
struct Undone {
    run: String,
}

pub(super) async fn undo(State(shared): Here, body: Bytes) -> Answer {
    let Undone { run } = read(&body)?;
    let known = {
        let shared = Arc::clone(&shared);
        aside(move || shared.desk.runs()).await?
    }
    .map_err(Fault::bad)?;
    if !known.iter().any(|known| known.run == run) {
        return Err(Fault::missing());
    }
    shared.begin("undo", move |shared, job| shared.desk.undo(&run, job))
}

pub(super) async fn scan(State(shared): Here, body: Bytes) -> Answer {
    let (places, tier) = shared.desk.scan_asked(&read::<ScanAsked>(&body)?).map_err(Fault::bad)?;
    shared.begin("scan", move |shared, job| shared.desk.scan(&places, tier, job))
}

#[derive(Deserialize)]
struct Stopped {
    job: u64,
}

pub(super) async fn stop(State(shared): Here, body: Bytes) -> Answer {
    let Stopped { job } = read(&body)?;
    let current = shared.desk.jobs.current().filter(|current| current.number == job).ok_or_else(Fault::missing)?;
    current.stop();
    answer(&json!({ "job": current.state() }))
}

pub(super) async fn job(State(shared): Here, Path(job): Path<u64>) -> Answer {
    answer(&shared.desk.jobs.get(job).ok_or_else(Fault::missing)?.state())
}
