//! `pixtwin purge`: end what is held in quarantine.

use std::io::Write;

use pixtwin_actions::{Purge, RunInfo, Tally, Undone};

use crate::{
    act::{acting, back::exit_of, consents, fatal, lines::Line, now_s, say_recovered, say_refused},
    args::{KnownFormat, PurgeArguments},
    exit::{Exit, Stop},
    names::shown,
    output,
    report::json::print,
    size::{self, counted},
};

pub(crate) fn run(arguments: &PurgeArguments) -> Result<Exit, Stop> {
    acting(&arguments.acting, (None, None), |executor, stop, recovered| {
        let needs_person = say_recovered(&recovered, arguments.acting.quiet);
        let (known, _) = executor.runs().map_err(|cause| fatal(&cause))?;
        let runs = chosen(arguments, known)?;
        let (files, bytes) =
            runs.iter().fold((0, 0), |(files, bytes), info| (files + info.quarantined.0, bytes + info.quarantined.1));
        if files == 0 {
            output::note("there is nothing to purge");
            return Ok(if needs_person { Exit::Refused } else { Exit::Done });
        }
        let what =
            format!("{} of {}, {}", counted(files, "file"), counted(runs.len() as u64, "run"), size::shown(bytes));
        if consents(arguments.yes, &format!("This ends {what}, and cannot be undone."))? != Some(true) {
            if !arguments.acting.quiet {
                output::note(&format!("would end {what}; nothing was changed: --yes does it"));
            }
            return Ok(Exit::Done);
        }
        let mut out = output::results();
        let mut printed = Ok(());
        let mut sum = Tally::default();
        let which = if arguments.runs.is_empty() { Purge::Equal } else { Purge::All };
        for info in &runs {
            let purged = executor.purge(&info.run, which, stop, &mut |undone| {
                if printed.is_ok() {
                    printed = print_purged(&mut out, arguments, &undone);
                }
            });
            let tally = purged.map_err(|cause| fatal(&cause))?;
            sum.done += tally.done;
            sum.bytes += tally.bytes;
            sum.refused += tally.refused;
            sum.is_interrupted |= tally.is_interrupted;
        }
        if let Err(stop) = printed.and_then(|()| finish(&mut out, arguments, &sum))
            && !matches!(stop, Stop::ClosedPipe)
        {
            return Err(stop);
        }
        Ok(exit_of(&sum, needs_person))
    })
}

/// The runs that are meant, with something in quarantine.
fn chosen(arguments: &PurgeArguments, known: Vec<RunInfo>) -> Result<Vec<RunInfo>, Stop> {
    for named in &arguments.runs {
        if !known.iter().any(|info| info.run == *named) {
            return Err(fatal(&pixtwin_actions::Error::NoRun(named.clone())));
        }
    }
    let age = arguments.older_than.map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    let latest = now_s().saturating_sub(age);
    let is_meant = |info: &RunInfo| {
        let is_named = arguments.runs.is_empty() || arguments.runs.contains(&info.run);
        is_named && info.begun_s <= latest && info.quarantined.0 > 0
    };
    Ok(known.into_iter().filter(is_meant).collect())
}

fn print_purged(out: &mut dyn Write, arguments: &PurgeArguments, purged: &Undone) -> Result<(), Stop> {
    match (arguments.acting.format, purged) {
        (KnownFormat::Json, _) => print(out, &Line::from(purged)),
        (KnownFormat::Text, Undone::Done(_)) if arguments.acting.quiet => Ok(()),
        (KnownFormat::Text, Undone::Done(path)) => Ok(writeln!(out, "{}", shown(path))?),
        (KnownFormat::Text, Undone::Refused { .. }) => {
            out.flush()?;
            say_refused(purged);
            Ok(())
        }
    }
}

fn finish(out: &mut dyn Write, arguments: &PurgeArguments, tally: &Tally) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        print(out, &Line::tally(None, tally))?;
    }
    out.flush()?;
    if !arguments.acting.quiet {
        let refused = if tally.refused > 0 { format!(", {} refused", tally.refused) } else { String::new() };
        output::note(&format!("{} purged, {}{refused}", counted(tally.done, "file"), size::shown(tally.bytes)));
    }
    Ok(())
}
