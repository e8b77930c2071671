//! `pixtwin undo` and `pixtwin recover`: the way back.

use std::io::Write;

use pixtwin_actions::{Action, Executor, RunInfo, Tally, Undone, disk::RealDisk, plan::this_host};

use crate::{
    act::{acting, consents, fatal, lines::Line, say_recovered, say_refused, unchanged, unread},
    args::{KnownFormat, RecoverArguments, UndoArguments},
    exit::{Exit, Stop},
    names::shown,
    output,
    report::json::print,
    size::{self, counted},
};

/// `pixtwin undo`.
pub(crate) fn undo(arguments: &UndoArguments) -> Result<Exit, Stop> {
    acting(&arguments.acting, (None, None), |executor, stop, recovered| {
        let needs_person = say_recovered(&recovered, arguments.acting.quiet);
        let Some(info) = chosen(executor, arguments.run.as_deref())? else {
            say_nothing(arguments, None, "there is nothing to undo")?;
            return Ok(if needs_person { Exit::Refused } else { Exit::Done });
        };
        if info.action == Action::Reflink {
            // It counts as undone then, and the next `undo` is about the run before it.
            let undone = executor.undo(&info.run, stop, &mut |_| {});
            undone.map_err(|cause| fatal(&cause))?;
            say_shared(arguments, &info)?;
            return Ok(if needs_person { Exit::Refused } else { Exit::Done });
        }
        if info.done == 0 {
            say_nothing(arguments, Some(&info.run), &nothing_left(&info))?;
            return Ok(Exit::Refused);
        }
        let question = format!("Run {} removed {}.", info.run, counted(info.done, "file"));
        // To bring back is no danger: where nobody can be asked, it is done.
        let consent = consents(arguments.yes, &question)?;
        if consent == Some(false) {
            say_nothing(arguments, Some(&info.run), unchanged(consent))?;
            return Ok(Exit::Done);
        }
        let mut out = output::results();
        let mut printed = Ok(());
        let undone = executor.undo(&info.run, stop, &mut |undone| {
            if printed.is_ok() {
                printed = print_undone(&mut out, arguments, &undone);
            }
        });
        let tally = undone.map_err(|cause| fatal(&cause))?;
        if let Err(stop) = printed.and_then(|()| finish(&mut out, arguments, &info, &tally))
            && !matches!(stop, Stop::ClosedPipe)
        {
            return Err(stop);
        }
        Ok(exit_of(&tally, needs_person))
    })
}

/// Says why nothing is undone.
fn say_nothing(arguments: &UndoArguments, run: Option<&str>, why: &str) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        let mut out = output::results();
        print(&mut out, &Line::tally(run, &Tally::default()))?;
        out.flush()?;
    }
    if run.is_some() || !arguments.acting.quiet {
        output::note(why);
    }
    Ok(())
}

/// The run that was named, or else the last of this host that can be undone, or else the last that could.
fn chosen(executor: &Executor<'_, RealDisk>, named: Option<&str>) -> Result<Option<RunInfo>, Stop> {
    let (known, unknown) = executor.runs().map_err(|cause| fatal(&cause))?;
    match named {
        None => {
            let here = this_host();
            let ours = || known.iter().rev().filter(|info| info.host == here);
            let can_be_undone = ours().find(|info| info.done > 0);
            Ok(can_be_undone.or_else(|| ours().find(|info| info.purged > 0)).cloned())
        }
        Some(named) => match known.into_iter().find(|info| info.run == named) {
            Some(info) => Ok(Some(info)),
            None => Err(unread(named, &unknown)),
        },
    }
}

/// Says that there is nothing to undo where files only share blocks.
fn say_shared(arguments: &UndoArguments, info: &RunInfo) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        let mut out = output::results();
        print(&mut out, &Line::tally(Some(&info.run), &Tally::default()))?;
        out.flush()?;
    }
    let why = "its files are what they were, and share their blocks until they are written to";
    output::note(&format!("nothing of run {} is to be undone: {why}", info.run));
    Ok(())
}

fn nothing_left(info: &RunInfo) -> String {
    let mut parts = Vec::new();
    if info.purged > 0 {
        parts.push(format!("{} purged, and gone", counted(info.purged, "file")));
    }
    if info.undone > 0 {
        parts.push(format!("{} undone before", counted(info.undone, "file")));
    }
    if parts.is_empty() {
        parts.push("it removed nothing".to_owned());
    }
    format!("nothing of run {} can be undone: {}", info.run, parts.join(", "))
}

fn print_undone(out: &mut dyn Write, arguments: &UndoArguments, undone: &Undone) -> Result<(), Stop> {
    match (arguments.acting.format, undone) {
        (KnownFormat::Json, _) => print(out, &Line::from(undone)),
        (KnownFormat::Text, Undone::Done(_)) if arguments.acting.quiet => Ok(()),
        (KnownFormat::Text, Undone::Done(path)) => Ok(writeln!(out, "{}", shown(path))?),
        (KnownFormat::Text, Undone::Refused { .. }) => {
            out.flush()?;
            say_refused(undone);
            Ok(())
        }
    }
}

fn finish(out: &mut dyn Write, arguments: &UndoArguments, info: &RunInfo, tally: &Tally) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        print(out, &Line::tally(Some(&info.run), tally))?;
    }
    out.flush()?;
    if !arguments.acting.quiet {
        let (done, bytes) = (counted(tally.done, "file"), size::shown(tally.bytes));
        let refused = if tally.refused > 0 { format!(", {} refused", tally.refused) } else { String::new() };
        let gone = if info.purged > 0 {
            format!("; {} purged, and gone", counted(info.purged, "file"))
        } else {
            String::new()
        };
        output::note(&format!("{done} of run {} brought back, {bytes}{refused}{gone}", info.run));
    }
    Ok(())
}

/// How it ends, after some files may have been refused.
pub(super) fn exit_of(tally: &Tally, needs_person: bool) -> Exit {
    match tally {
        Tally { is_interrupted: true, .. } => Exit::Interrupted,
        Tally { refused: 0, .. } if !needs_person => Exit::Done,
        _ => Exit::Refused,
    }
}

/// `pixtwin recover`.
pub(crate) fn recover(arguments: &RecoverArguments) -> Result<Exit, Stop> {
    acting(&arguments.acting, (None, None), |_, _, recovered| {
        if arguments.acting.format == KnownFormat::Json {
            let mut out = output::results();
            recovered.iter().try_for_each(|run| print(&mut out, &Line::from(run)))?;
            print(&mut out, &Line::looked_after(&recovered))?;
            out.flush()?;
        }
        let needs_person = say_recovered(&recovered, arguments.acting.quiet);
        if recovered.is_empty() && !arguments.acting.quiet {
            output::note("no run was cut off");
        }
        Ok(if needs_person { Exit::Refused } else { Exit::Done })
    })
}
