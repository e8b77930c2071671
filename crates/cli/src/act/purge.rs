//! `pixtwin purge`: end what is held in quarantine.

use std::io::Write;

use pixtwin_actions::{Error, Purge, RunInfo, Tally, Undone, plan::this_host};

use crate::{
    act::{acting, back::exit_of, consents, fatal, lines::Line, now_s, say_recovered, say_refused, unchanged, unread},
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
        let (known, unknown) = executor.runs().map_err(|cause| fatal(&cause))?;
        let runs = chosen(arguments, known, &unknown)?;
        let (files, bytes) =
            runs.iter().fold((0, 0), |(files, bytes), info| (files + info.quarantined.0, bytes + info.quarantined.1));
        if files == 0 {
            say_nothing(arguments)?;
            return Ok(if needs_person { Exit::Refused } else { Exit::Done });
        }
        let what =
            format!("{} of {}, {}", counted(files, "file"), counted(runs.len() as u64, "run"), size::shown(bytes));
        let consent = consents(arguments.yes, &format!("This ends {what}, and cannot be undone."))?;
        if consent != Some(true) {
            if arguments.acting.format == KnownFormat::Json {
                print_preview(&runs, (files, bytes))?;
            }
            if !arguments.acting.quiet {
                output::note(&format!("would end {what}; {}", unchanged(consent)));
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

fn say_nothing(arguments: &PurgeArguments) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        let mut out = output::results();
        print(&mut out, &Line::tally(None, &Tally::default()))?;
        out.flush()?;
    }
    if !arguments.acting.quiet {
        output::note("there is nothing to purge");
    }
    Ok(())
}

/// The runs of which something would be ended.
fn print_preview(runs: &[RunInfo], (files, bytes): (u64, u64)) -> Result<(), Stop> {
    let mut out = output::results();
    runs.iter().try_for_each(|info| print(&mut out, &Line::from(info)))?;
    print(&mut out, &Line::shown(files, 0, bytes))?;
    Ok(out.flush()?)
}

/// The runs of this host that are meant, with something in quarantine.
fn chosen(arguments: &PurgeArguments, known: Vec<RunInfo>, unknown: &[Error]) -> Result<Vec<RunInfo>, Stop> {
    let here = this_host();
    for named in &arguments.runs {
        match known.iter().find(|info| info.run == *named) {
            Some(RunInfo { run, host, .. }) if *host != here => {
                return Err(fatal(&Error::OtherHost { run: run.clone(), host: host.clone() }));
            }
            Some(_) => {}
            None => return Err(unread(named, unknown)),
        }
    }
    let age = arguments.older_than.map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    let latest = now_s().saturating_sub(age);
    let is_meant = |info: &RunInfo| {
        let is_named = arguments.runs.is_empty() || arguments.runs.contains(&info.run);
        is_named && info.host == here && info.begun_s <= latest && info.quarantined.0 > 0
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
