//! The commands that change files: what they have in common.

mod apply;

mod back;

mod purge;

mod runs;

mod lines;

use std::{
    fs::DirBuilder,
    io::{self, BufRead, IsTerminal, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
    time::{SystemTime, UNIX_EPOCH},
};

use pixtwin_actions::{Error, Executor, Judge, Recovered, Setting, Undone, disk::RealDisk, plan::this_host};
use pixtwin_engine::{OpenFiles, Progress, Settings, Tier, words_of};
use pixtwin_planning::Engine;
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::{
    args::{Acting, Common, Pixels},
    exit::{Exit, Stop},
    home,
    names::{shown, shown_text},
    output,
};

pub(crate) use apply::run as apply;
pub(crate) use back::{recover, undo};
pub(crate) use purge::run as purge;
pub(crate) use runs::run as runs;

/// Opens the state folder, looks after runs that were cut off, and does it.
fn acting(
    acting: &Acting,
    (quarantine, threads): (Option<&Path>, Option<u16>),
    act: impl FnOnce(&Executor<'_, RealDisk>, &AtomicBool, Vec<Recovered>) -> Result<Exit, Stop>,
) -> Result<Exit, Stop> {
    let state = state_folder(acting.state.as_deref())?;
    let stop = ends_at_signals();
    with_executor(&state, (quarantine, threads), |opened| {
        let executor = opened.map_err(|cause| fatal(&cause))?;
        let recovered = executor.recover().map_err(|cause| fatal(&cause))?;
        act(&executor, &stop, recovered)
    })
}

/// Opens the state folder, which is there.
fn with_executor(
    state: &Path,
    (quarantine, threads): (Option<&Path>, Option<u16>),
    act: impl FnOnce(Result<Executor<'_, RealDisk>, Error>) -> Result<Exit, Stop>,
) -> Result<Exit, Stop> {
    let setting = Setting {
        user: rustix::process::geteuid().as_raw(),
        host: this_host(),
        quarantine: quarantine.map(|folder| canonical("open", folder)).transpose()?,
        home_trash: home::data_folder().map(|data| without_links(&data.join("Trash"))),
        threads: threads.map_or(settings().threads, usize::from),
        now_s: now_s(),
    };
    with_judge(|judge| act(Executor::open(&RealDisk, judge, state, setting)))
}

/// Does something with who compares pictures.
fn with_judge<T>(act: impl FnOnce(&dyn Judge) -> T) -> T {
    let (settings, progress) = (settings(), Progress::default());
    act(&Engine::new(OpenFiles::new(&settings, &progress)))
}

fn settings() -> Settings {
    Common::default().settings(Tier::Pixels, &Pixels::default())
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// A first signal lets the steps at hand come to their end; a second ends the program, and `recover` does the rest.
fn ends_at_signals() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = i32::from(Exit::Interrupted as u8);
        let watched = flag::register_conditional_shutdown(signal, code, Arc::clone(&stop))
            .and_then(|_| flag::register(signal, Arc::clone(&stop)));
        if let Err(cause) = watched {
            output::note(&format!("Ctrl-C cannot be watched for: {}", words_of(&cause)));
        }
    }
    stop
}

/// The folder of the journals, which need not be there.
pub(crate) fn state_path(named: Option<&Path>) -> Result<PathBuf, Stop> {
    let no_place = || Stop::Fatal("where are the journals to be?\nhint: name a folder with --state DIR".to_owned());
    named.map(Path::to_owned).or_else(|| Some(home::state_folder()?.join("pixtwin"))).ok_or_else(no_place)
}

/// The folder of the journals, made if it is not there.
pub(crate) fn state_folder(named: Option<&Path>) -> Result<PathBuf, Stop> {
    let folder = state_path(named)?;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|cause| Stop::Fatal(format!("cannot make `{}`: {}", shown(&folder), words_of(&cause))))?;
    canonical("open", &folder)
}

pub(crate) fn canonical(step: &str, path: &Path) -> Result<PathBuf, Stop> {
    path.canonicalize().map_err(|cause| Stop::Fatal(format!("cannot {step} `{}`: {}", shown(path), words_of(&cause))))
}

/// The path without symbolic links, as far as it is there: homes are often reached by one.
pub(crate) fn without_links(path: &Path) -> PathBuf {
    let resolved = |above: &Path| Some(above.canonicalize().ok()?.join(path.strip_prefix(above).ok()?));
    path.ancestors().find_map(resolved).unwrap_or_else(|| path.to_owned())
}

/// What is said where a command cannot go on.
fn fatal(cause: &Error) -> Stop {
    Stop::Fatal(words(cause))
}

/// An error as text for a terminal.
fn words(cause: &Error) -> String {
    match cause {
        Error::Disk { step, path, source } => format!("cannot {step} `{}`: {}", shown(path), words_of(source)),
        Error::Busy(path) => format!(
            "another pixtwin is at work with the state folder `{}`\nhint: wait for its end, and try again",
            shown(path)
        ),
        Error::NoRun(run) => format!("there is no run `{}`\nhint: `pixtwin runs` lists them", shown_text(run)),
        Error::OtherHost { run, host } => format!(
            "run `{}` was done on the host `{}`\nhint: files are changed only by the host that they lie on",
            shown_text(run),
            shown_text(host)
        ),
        other => shown_text(&other.to_string()).into_owned(),
    }
}

/// Why a run that was named is none of those that could be read.
fn unread(named: &str, unknown: &[Error]) -> Stop {
    let is_it = |cause: &&Error| matches!(cause, Error::Damaged { run, .. } if run == named);
    unknown.iter().find(is_it).map_or_else(|| fatal(&Error::NoRun(named.to_owned())), fatal)
}

/// Whether it may be done: `--yes`, or the typed word. Nothing where nobody can be asked.
fn consents(yes: bool, question: &str) -> Result<Option<bool>, Stop> {
    if yes {
        return Ok(Some(true));
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(None);
    }
    let mut typed = String::new();
    let _ = write!(io::stderr().lock(), "{question} Type yes to go on: ");
    let read = io::stdin().lock().read_line(&mut typed);
    read.map_err(|cause| Stop::Fatal(format!("cannot read the answer: {}", words_of(&cause))))?;
    Ok(Some(typed.trim() == "yes"))
}

/// What is said where nothing was done, after what [`consents`] gave.
fn unchanged(consent: Option<bool>) -> &'static str {
    match consent {
        Some(_) => "nothing was changed: only the typed word `yes` does it",
        None => "nothing was changed: --yes does it",
    }
}

/// Says what `recover` found; true if something needs a person.
fn say_recovered(recovered: &[Recovered], quiet: bool) -> bool {
    let mut needs_person = false;
    for found in recovered {
        let run = &found.run;
        if let Some(reason) = &found.damaged {
            needs_person = true;
            output::error(&format!(
                "the journal of run {run} is damaged: {}\nhint: {DAMAGED_HINT}",
                shown_text(reason)
            ));
            continue;
        }
        if !quiet {
            let (back, finished) = (crate::size::counted(found.back, "step"), found.finished);
            output::note(&format!("run {run} was cut off: {back} taken back, {finished} finished"));
        }
        for held in &found.held {
            needs_person = true;
            output::error(&format!("of run {run}, {}", shown_text(held)));
        }
    }
    needs_person
}

/// What somebody can do about a damaged journal is told at length in docs/acting.md.
const DAMAGED_HINT: &str = "what it moved lies where it was held, and nothing of it is touched; to have this said no more, \
                            move the folder of the run out of the state folder";

/// What was refused, on standard error.
fn say_refused(undone: &Undone) {
    if let Undone::Refused { path, at, reason } = undone {
        let lies = if at.symlink_metadata().is_ok() { "is" } else { "was" };
        output::note(&format!("refused: {}: {}; it {lies} at {}", shown(path), shown_text(reason), shown(at)));
    }
}
