//! `pixtwin runs`: what was done.

use std::io::Write;

use pixtwin_actions::RunInfo;

use crate::{
    act::{
        acting, fatal,
        lines::{Line, name_of},
        say_recovered,
    },
    args::{KnownFormat, RunsArguments},
    exit::{Exit, Stop},
    names::shown_text,
    output,
    report::json::print,
    size::{self, counted},
};

pub(crate) fn run(arguments: &RunsArguments) -> Result<Exit, Stop> {
    acting(&arguments.acting, (None, None), |executor, _, recovered| {
        let needs_person = say_recovered(&recovered, arguments.acting.quiet);
        let (known, unknown) = executor.runs().map_err(|cause| fatal(&cause))?;
        let mut out = output::results();
        for info in &known {
            match arguments.acting.format {
                KnownFormat::Json => print(&mut out, &Line::from(info))?,
                KnownFormat::Text => writeln!(out, "{}", told(info))?,
            }
        }
        out.flush()?;
        for cause in &unknown {
            output::error(&shown_text(&cause.to_string()));
        }
        Ok(if needs_person || !unknown.is_empty() { Exit::Refused } else { Exit::Done })
    })
}

fn told(info: &RunInfo) -> String {
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
        parts.push("cut off on another host".to_owned());
    }
    if info.is_damaged {
        parts.push("its journal is damaged".to_owned());
    }
    if parts.is_empty() {
        parts.push("nothing was done".to_owned());
    }
    format!("{}  {} on {}: {}", info.run, name_of(&info.action), shown_text(&info.host), parts.join(", "))
}
