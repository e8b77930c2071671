//! `pixtwin runs`: what was done.

use std::io::Write;

use pixtwin_actions::{Error, Recovered, RunInfo, disk::RealDisk, look_at_runs, plan::this_host};

use crate::{
    act::{canonical, fatal, lines::Line, say_recovered, state_path, with_executor, words},
    args::{KnownFormat, RunsArguments},
    exit::{Exit, Stop},
    names::shown_text,
    output,
    report::json::print,
    size::{self, counted},
};

pub(crate) fn run(arguments: &RunsArguments) -> Result<Exit, Stop> {
    let state = state_path(arguments.acting.state.as_deref())?;
    if matches!(state.try_exists(), Ok(false)) {
        return list(arguments, &[], &[], &[]);
    }
    let state = canonical("open", &state)?;
    with_executor(&state, (None, None), |opened| match opened {
        // A list is no reason to wait, or to write: it only reads.
        Err(Error::Busy(_) | Error::Disk { .. }) => {
            let (known, unknown) = look_at_runs(&RealDisk, &state).map_err(|cause| fatal(&cause))?;
            list(arguments, &[], &known, &unknown)
        }
        opened => {
            let executor = opened.map_err(|cause| fatal(&cause))?;
            let recovered = executor.recover().map_err(|cause| fatal(&cause))?;
            let (known, unknown) = executor.runs().map_err(|cause| fatal(&cause))?;
            list(arguments, &recovered, &known, &unknown)
        }
    })
}

fn list(
    arguments: &RunsArguments,
    recovered: &[Recovered],
    known: &[RunInfo],
    unknown: &[Error],
) -> Result<Exit, Stop> {
    let needs_person = say_recovered(recovered, arguments.acting.quiet);
    let mut out = output::results();
    let here = this_host();
    for info in known {
        match arguments.acting.format {
            KnownFormat::Json => print(&mut out, &Line::from(info))?,
            KnownFormat::Text => writeln!(out, "{}", told(info, &here))?,
        }
    }
    if arguments.acting.format == KnownFormat::Json {
        unknown.iter().try_for_each(|cause| print(&mut out, &Line::from(cause)))?;
        let damaged = known.iter().filter(|info| info.is_damaged).count() + unknown.len();
        print(&mut out, &Line::listed((known.len() + unknown.len()) as u64, damaged as u64))?;
    }
    out.flush()?;
    let is_said =
        |cause: &Error| matches!(cause, Error::Damaged { run, .. } if recovered.iter().any(|found| found.run == *run));
    unknown.iter().filter(|cause| !is_said(cause)).for_each(|cause| output::error(&words(cause)));
    Ok(if needs_person || !unknown.is_empty() { Exit::Refused } else { Exit::Done })
}

fn told(info: &RunInfo, here: &str) -> String {
    let mut parts = Vec::new();
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    };
    add(info.refused, "refused");
    add(info.undone, "undone");
    add(info.purged, "purged");
    let (held, bytes) = info.quarantined;
    if held > 0 {
        parts.push(format!("{} in quarantine, {}", counted(held, "file"), size::shown(bytes)));
    } else if info.done > 0 {
        parts.push(format!("{} can be undone", counted(info.done, "file")));
    }
    if info.is_unfinished {
        let place = if info.host == here { "" } else { " on another host" };
        parts.push(format!("at work{place}, or cut off"));
    }
    if info.is_damaged {
        parts.push("its journal is damaged".to_owned());
    }
    if parts.is_empty() {
        parts.push("nothing was done".to_owned());
    }
    format!("{}  {} on {}: {}", info.run, info.action.name(), shown_text(&info.host), parts.join(", "))
}
