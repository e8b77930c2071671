//! `pixtwin apply`: carry out a plan.

use std::{
    fs::File,
    io::{self, BufReader, Write},
    path::Path,
    sync::atomic::AtomicBool,
};

use pixtwin_actions::{
    Acted, Action, Executor, Order, Preview, Refused, Summary, Which,
    disk::RealDisk,
    plan::{self, Plan, this_host},
    preview, preview_pair,
};
use pixtwin_engine::words_of;

use crate::{
    act::{acting, consents, fatal, lines::Line, say_recovered, unchanged, with_judge},
    args::{ApplyArguments, KnownFormat},
    exit::{Exit, Stop},
    names::{shown, shown_text},
    output,
    report::json::print,
    size::{self, counted},
};

pub(crate) fn run(arguments: &ApplyArguments) -> Result<Exit, Stop> {
    let (plan, broken) = read(&arguments.plan)?;
    let action = match &arguments.action {
        Action::Move(folder) => Action::Move(target(folder)?),
        other => other.clone(),
    };
    let which = arguments.pair.map_or(Which::Bulk, Which::Pair);
    let order = Order { action, which, refused: broken };
    let shown = look_ahead(&plan, &order);
    if let (Some(pair), true) = (arguments.pair, shown.steps.is_empty()) {
        return Err(Stop::Fatal(format!("the plan has no step {pair}\nhint: without --pair, its steps are shown")));
    }
    let is_empty = shown.steps.is_empty();
    if !arguments.yes || is_empty {
        print_preview(arguments, &order, &shown)?;
    }
    let question = format!("This is about {}.", counted(shown.steps.len() as u64, "file"));
    let goes_on = if is_empty { None } else { consents(arguments.yes, &question)? };
    if goes_on != Some(true) {
        if !arguments.acting.quiet {
            output::note(if is_empty { "nothing is to be done" } else { unchanged(goes_on) });
        }
        let is_clean = order.refused.is_empty() && shown.steps.iter().all(|step| step.problem.is_none());
        return Ok(if is_clean { Exit::Done } else { Exit::Refused });
    }
    let options = (arguments.quarantine.as_deref(), arguments.threads);
    acting(&arguments.acting, options, |executor, stop, recovered| {
        say_recovered(&recovered, arguments.acting.quiet);
        carry_out(arguments, executor, &plan, &order, stop)
    })
}

/// What would be done; of a pair, which goes also where something is lost with it, after both files were read.
fn look_ahead(plan: &Plan, order: &Order) -> Preview {
    match order.which {
        Which::Bulk => preview(&RealDisk, plan, order),
        Which::Pair(_) => with_judge(|judge| preview_pair(&RealDisk, judge, plan, order)),
    }
}

/// The folder that files are moved below; it need not be there, but the one above it must.
fn target(folder: &Path) -> Result<std::path::PathBuf, Stop> {
    let no_folder =
        |cause: io::Error| Stop::Fatal(format!("cannot move anything to `{}`: {}", shown(folder), words_of(&cause)));
    if let Ok(there) = folder.canonicalize() {
        return Ok(there);
    }
    let absolute = std::path::absolute(folder).map_err(no_folder)?;
    let (Some(above), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(no_folder(io::ErrorKind::InvalidInput.into()));
    };
    Ok(above.canonicalize().map_err(no_folder)?.join(name))
}

/// What to do about a file that is no plan.
const HINT: &str = "hint: pixtwin plan RESULT --out PLAN makes one of what `pixtwin scan --format json` printed";

fn read(path: &Path) -> Result<(Plan, Vec<plan::Refused>), Stop> {
    let unread = |reason: &str| Stop::Fatal(format!("cannot read the plan `{}`: {}", shown(path), shown_text(reason)));
    let file = File::open(path).map_err(|cause| unread(&words_of(&cause)))?;
    let (plan, refused) =
        Plan::read(BufReader::new(file)).map_err(|cause| match (unread(&cause.to_string()), cause) {
            (_, plan::Error::Io(cause)) => unread(&words_of(&cause)),
            (Stop::Fatal(message), plan::Error::NoPlan(_)) => Stop::Fatal(format!("{message}\n{HINT}")),
            (stop, _) => stop,
        })?;
    let here = this_host();
    if plan.header.host != here {
        let reason = format!("it is for the host `{}`, and this is `{here}`", plan.header.host);
        return Err(Stop::Fatal(format!(
            "cannot carry out the plan `{}`: {}\nhint: files are changed only by the host that they lie on",
            shown(path),
            shown_text(&reason)
        )));
    }
    for folder in &plan.header.references {
        check_reference(folder).map_err(|reason| unread(&reason))?;
    }
    Ok((plan, refused))
}

/// A reference that is written in another way than the files below it would hold none of them.
fn check_reference(folder: &Path) -> Result<(), String> {
    let name = shown(folder);
    match folder.canonicalize() {
        Ok(real) if real == folder && real.is_dir() => Ok(()),
        Ok(_) => Err(format!("its reference `{name}` is no folder, or behind a symbolic link")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(format!("its reference `{name}`: {}", words_of(&cause))),
    }
}

fn print_preview(arguments: &ApplyArguments, order: &Order, found: &Preview) -> Result<(), Stop> {
    let mut out = output::results();
    let problems = found.steps.iter().filter(|step| step.problem.is_some()).count();
    let (steps, problems) = ((found.steps.len() - problems) as u64, (problems + order.refused.len()) as u64);
    for plan::Refused { group, reason } in &order.refused {
        let refused = Refused { group: *group, step: None, path: None, reason: reason.clone() };
        match arguments.acting.format {
            KnownFormat::Json => print(&mut out, &Line::from(&Acted::Refused(refused)))?,
            KnownFormat::Text => say_refused(&refused),
        }
    }
    for step in &found.steps {
        match (arguments.acting.format, &step.problem) {
            (KnownFormat::Json, _) => print(&mut out, &Line::from(step))?,
            (KnownFormat::Text, None) if arguments.acting.quiet => {}
            (KnownFormat::Text, None) => {
                let (path, kept, reason) = (shown(&step.path), shown(&step.kept), shown_text(&step.reason));
                writeln!(out, "{:>5}  {path}\n       stays: {kept} ({reason})", step.step)?;
                for lost in &step.loses {
                    writeln!(out, "       loses: {}; the file that stays has not the same", shown_text(lost))?;
                }
            }
            (KnownFormat::Text, Some(problem)) => {
                writeln!(out, "{:>5}  {}\n       refused: {}", step.step, shown(&step.path), shown_text(problem))?;
            }
        }
    }
    match arguments.acting.format {
        KnownFormat::Json => print(&mut out, &Line::shown(steps, problems, found.bytes))?,
        KnownFormat::Text if arguments.acting.quiet => {}
        KnownFormat::Text => {
            let would = would(&order.action, &counted(steps, "file"));
            writeln!(out, "would {would}{}{}", refusals(problems), freed(&order.action, found.bytes, None))?;
        }
    }
    out.flush()?;
    Ok(())
}

fn refusals(count: u64) -> String {
    if count == 0 { String::new() } else { format!(", {count} refused") }
}

fn would(action: &Action, files: &str) -> String {
    match action {
        Action::Quarantine => format!("move {files} into quarantine"),
        Action::Trash => format!("move {files} into the trash"),
        Action::HardLink => format!("replace {files} by hard links"),
        Action::Reflink => format!("share the blocks of {files}"),
        Action::Symlink => format!("replace {files} by symbolic links"),
        Action::Move(folder) => format!("move {files} below {}", shown(folder)),
        Action::Delete => format!("delete {files}"),
    }
}

/// What is freed, and when.
fn freed(action: &Action, bytes: u64, run: Option<&str>) -> String {
    let size = size::shown(bytes);
    let purge = run.map_or("`pixtwin purge`".to_owned(), |run| format!("`pixtwin purge {run}`"));
    match action {
        Action::Quarantine | Action::HardLink | Action::Symlink => format!("; {purge} then frees {size}"),
        Action::Trash => format!("; {size} are free when it is emptied"),
        Action::Delete => format!("; {size} are free"),
        Action::Move(_) => String::new(),
        Action::Reflink => "; what that frees, only the file system knows".to_owned(),
    }
}

fn carry_out(
    arguments: &ApplyArguments,
    executor: &Executor<'_, RealDisk>,
    plan: &Plan,
    order: &Order,
    stop: &AtomicBool,
) -> Result<Exit, Stop> {
    let mut out = output::results();
    let mut printed = Ok(());
    let summary = executor.apply(plan, order, stop, &mut |acted| {
        // Who reads the output may go away; what is done goes on.
        if printed.is_ok() {
            printed = print_acted(&mut out, arguments, &acted);
        }
    });
    let summary = summary.map_err(|cause| fatal(&cause))?;
    let printed = printed.and_then(|()| print_summary(&mut out, arguments, order, &summary));
    match printed {
        Err(Stop::ClosedPipe) => {}
        other => other?,
    }
    Ok(match summary {
        Summary { is_interrupted: true, .. } => Exit::Interrupted,
        Summary { refused: 0, .. } => Exit::Done,
        _ => Exit::Refused,
    })
}

fn print_acted(out: &mut dyn Write, arguments: &ApplyArguments, acted: &Acted) -> Result<(), Stop> {
    match (arguments.acting.format, acted) {
        (KnownFormat::Json, _) => print(out, &Line::from(acted)),
        (KnownFormat::Text, Acted::Refused(refused)) => {
            out.flush()?;
            say_refused(refused);
            Ok(())
        }
        (KnownFormat::Text, Acted::Done { .. }) if arguments.acting.quiet => Ok(()),
        (KnownFormat::Text, Acted::Done { path, kept, .. }) => {
            let stays = kept.as_ref().map(|kept| format!("  stays: {}", shown(kept))).unwrap_or_default();
            Ok(writeln!(out, "{}{stays}", shown(path))?)
        }
    }
}

fn say_refused(refused: &Refused) {
    let step = refused.step.map(|step| format!(" (step {step})")).unwrap_or_default();
    let what = match &refused.path {
        Some(path) => shown(path).into_owned(),
        None => format!("group {} of the plan", refused.group),
    };
    output::note(&format!("refused: {what}{step}: {}", shown_text(&refused.reason)));
}

fn print_summary(
    out: &mut dyn Write,
    arguments: &ApplyArguments,
    order: &Order,
    summary: &Summary,
) -> Result<(), Stop> {
    if arguments.acting.format == KnownFormat::Json {
        print(out, &Line::summary(summary))?;
    }
    out.flush()?;
    if !arguments.acting.quiet {
        output::note(&told(&order.action, summary));
    }
    Ok(())
}

fn told(action: &Action, summary: &Summary) -> String {
    let Summary { run, done, sidecars, refused, bytes, purged, .. } = summary;
    let cut = if summary.is_interrupted { "interrupted: " } else { "" };
    if *action == Action::Delete && (1..done + sidecars).contains(purged) {
        let left = counted(done + sidecars - purged, "file");
        let refused = refusals(*refused);
        return format!(
            "{cut}{} deleted, {left} left in quarantine{refused}\n`pixtwin undo {run}` brings back what is left",
            counted(*purged, "file")
        );
    }
    let what = match action {
        Action::Quarantine => "moved into quarantine".to_owned(),
        Action::Trash => "moved into the trash".to_owned(),
        Action::HardLink => "replaced by hard links".to_owned(),
        Action::Reflink if *done == 1 => "now shares its blocks".to_owned(),
        Action::Reflink => "now share their blocks".to_owned(),
        Action::Symlink => "replaced by symbolic links".to_owned(),
        Action::Move(folder) => format!("moved below {}", shown(folder)),
        Action::Delete if *purged >= done + sidecars => "deleted".to_owned(),
        Action::Delete => "moved into quarantine, and left there, for not all could be done".to_owned(),
    };
    let beside = if *sidecars == 0 { String::new() } else { format!(" with {}", counted(*sidecars, "sidecar")) };
    let is_gone = *action == Action::Delete && *purged >= done + sidecars;
    // Shared blocks are no change that could be taken back.
    let can_come_back = !is_gone && *action != Action::Reflink;
    let back =
        if *done > 0 && can_come_back { format!("\n`pixtwin undo {run}` brings them back") } else { String::new() };
    let held = Action::Quarantine;
    let action = if *action == Action::Delete && !is_gone { &held } else { action };
    let freed = if *done > 0 { freed(action, *bytes, Some(run)) } else { String::new() };
    format!("{cut}{}{beside} {what}{}{freed}{back}", counted(*done, "file"), refusals(*refused))
}
