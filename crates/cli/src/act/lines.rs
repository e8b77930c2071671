//! What was done, or would be, as JSON Lines (`docs/acting.md`).

use pixtwin_actions::{Acted, Error, Previewed, Recovered, RunInfo, Summary, Tally, Undone};
use serde::Serialize;

use crate::{act::words, names::PathJson};

/// The version of the objects below. It changes when a name or a meaning does, not when something is added.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Line<'a> {
    /// A step that would be done.
    Step {
        step: u64,
        group: u64,
        path: PathJson,
        kept: PathJson,
        reason: &'a str,
        problem: Option<&'a str>,
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        loses: &'a [String],
    },
    /// A file that went, or came back, or is gone for good.
    Done {
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<u64>,
        path: PathJson,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<PathJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kept: Option<PathJson>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        sidecar: bool,
    },
    /// A file that was left alone.
    Refused {
        #[serde(skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        path: Option<PathJson>,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<PathJson>,
        reason: &'a str,
    },
    /// A run.
    Run {
        run: &'a str,
        host: &'a str,
        action: &'static str,
        begun: i64,
        done: u64,
        bytes: u64,
        quarantined: u64,
        quarantined_bytes: u64,
        refused: u64,
        undone: u64,
        purged: u64,
        unfinished: bool,
        damaged: bool,
    },
    /// A run of which nothing is known.
    Damaged { run: Option<&'a str>, reason: String },
    /// A run that had been cut off.
    Recovered { run: &'a str, back: u64, finished: u64, held: &'a [String], damaged: Option<&'a str> },
    /// The last line, where it is only shown.
    #[serde(rename = "summary")]
    Shown { schema: u32, run: Option<&'a str>, acted: bool, steps: u64, refused: u64, bytes: u64 },
    /// The last line of a list of runs.
    #[serde(rename = "summary")]
    Listed { schema: u32, runs: u64, damaged: u64 },
    /// The last line of `recover`.
    #[serde(rename = "summary")]
    LookedAfter { schema: u32, runs: u64, back: u64, finished: u64, held: u64, damaged: u64 },
    /// The last line.
    Summary {
        schema: u32,
        run: Option<&'a str>,
        acted: bool,
        done: u64,
        sidecars: u64,
        refused: u64,
        purged: u64,
        bytes: u64,
        interrupted: bool,
    },
}

impl<'a> From<&'a Previewed> for Line<'a> {
    fn from(step: &'a Previewed) -> Self {
        Self::Step {
            step: step.step,
            group: step.group,
            path: step.path.as_path().into(),
            kept: step.kept.as_path().into(),
            reason: &step.reason,
            problem: step.problem.as_deref(),
            loses: &step.loses,
        }
    }
}

impl<'a> From<&'a Acted> for Line<'a> {
    fn from(acted: &'a Acted) -> Self {
        match acted {
            Acted::Done { group, step, path, at, kept, is_sidecar, .. } => Self::Done {
                step: Some(*step),
                group: Some(*group),
                path: path.as_path().into(),
                at: Some(at.as_path().into()),
                kept: kept.as_deref().map(Into::into),
                sidecar: *is_sidecar,
            },
            Acted::Refused(refused) => Self::Refused {
                step: refused.step,
                group: Some(refused.group),
                path: refused.path.as_deref().map(Into::into),
                at: None,
                reason: &refused.reason,
            },
        }
    }
}

impl<'a> From<&'a Undone> for Line<'a> {
    fn from(undone: &'a Undone) -> Self {
        match undone {
            Undone::Done(path) => Self::Done {
                step: None,
                group: None,
                path: path.as_path().into(),
                at: None,
                kept: None,
                sidecar: false,
            },
            Undone::Refused { path, at, reason } => Self::Refused {
                step: None,
                group: None,
                path: Some(path.as_path().into()),
                at: Some(at.as_path().into()),
                reason,
            },
        }
    }
}

impl<'a> From<&'a RunInfo> for Line<'a> {
    fn from(info: &'a RunInfo) -> Self {
        Self::Run {
            run: &info.run,
            host: &info.host,
            action: info.action.name(),
            begun: info.begun_s,
            done: info.done,
            bytes: info.bytes,
            quarantined: info.quarantined.0,
            quarantined_bytes: info.quarantined.1,
            refused: info.refused,
            undone: info.undone,
            purged: info.purged,
            unfinished: info.is_unfinished,
            damaged: info.is_damaged,
        }
    }
}

impl<'a> From<&'a Error> for Line<'a> {
    fn from(cause: &'a Error) -> Self {
        match cause {
            Error::Damaged { run, reason } => Self::Damaged { run: Some(run), reason: reason.clone() },
            other => Self::Damaged { run: None, reason: words(other) },
        }
    }
}

impl<'a> From<&'a Recovered> for Line<'a> {
    fn from(found: &'a Recovered) -> Self {
        let Recovered { run, back, finished, held, damaged } = found;
        Self::Recovered { run, back: *back, finished: *finished, held, damaged: damaged.as_deref() }
    }
}

impl<'a> Line<'a> {
    pub(super) fn shown(steps: u64, refused: u64, bytes: u64) -> Self {
        Self::Shown { schema: SCHEMA, run: None, acted: false, steps, refused, bytes }
    }

    pub(super) fn listed(runs: u64, damaged: u64) -> Self {
        Self::Listed { schema: SCHEMA, runs, damaged }
    }

    pub(super) fn looked_after(all: &[Recovered]) -> Self {
        let sum = |count: fn(&Recovered) -> u64| all.iter().map(count).sum();
        Self::LookedAfter {
            schema: SCHEMA,
            runs: all.len() as u64,
            back: sum(|run| run.back),
            finished: sum(|run| run.finished),
            held: sum(|run| run.held.len() as u64),
            damaged: sum(|run| u64::from(run.damaged.is_some())),
        }
    }

    pub(super) fn summary(summary: &'a Summary) -> Self {
        Self::Summary {
            schema: SCHEMA,
            run: Some(&summary.run),
            acted: true,
            done: summary.done,
            sidecars: summary.sidecars,
            refused: summary.refused,
            purged: summary.purged,
            bytes: summary.bytes,
            interrupted: summary.is_interrupted,
        }
    }

    pub(super) fn tally(run: Option<&'a str>, tally: &Tally) -> Self {
        let Tally { done, bytes, refused, is_interrupted } = *tally;
        let (schema, acted, interrupted) = (SCHEMA, true, is_interrupted);
        Self::Summary { schema, run, acted, done, sidecars: 0, refused, purged: 0, bytes, interrupted }
    }
}
