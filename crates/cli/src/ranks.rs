//! A search over the ranks that a launcher of MPI started.

use std::{
    env,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use pixtwin_cluster::{
    Ranks, Seat, Terms,
    world::{
        Post, State,
        carrier::Timing,
        link::Link,
        mpi::{Launched, Launcher, MpiLink, launched},
    },
};
use pixtwin_engine::{Counts, Failure, Group, Loss, Match, Progress, Report, Run, Team, Unread};

use crate::{
    catalogue::Kept,
    exit::{Exit, Stop},
    interrupt, output,
    progress_bar::{self, Bar},
    report::{Cut, printer::Printer},
    search::{self, Search},
};

/// MPI is given so long to end after all is written: some libraries wait for ever for a host that is gone.
const FINISH: Duration = Duration::from_secs(10);

/// What the root has to say before it could begin reaches the launcher within this time.
const LAST_WORD: Duration = Duration::from_millis(300);

/// So long launchers take to end the other ranks once one has ended with an error (measured: Open MPI 4, a second).
const REFUSAL: Duration = Duration::from_millis(2500);

/// A launcher that has lost a host ends only if it finds that out by itself (Open MPI 4 waits for the host for ever once a
/// rank has ended). After all is written it is given so long, by settings like those of docs/cluster.md.
const LINGER: Duration = Duration::from_secs(3);

/// What the launcher says, if one started this process.
pub(crate) fn launcher() -> Result<Option<Launched>, Stop> {
    launched(|name| env::var_os(name)).map_err(|cause| Stop::Fatal(cause.to_string()))
}

/// Whether a launcher started this process.
pub(crate) fn is_launched() -> bool {
    launcher().is_ok_and(|launched| launched.is_some())
}

/// Whether this process is to say what is wrong with its arguments. The root speaks first: most often something is wrong
/// with those of all ranks, and the launcher ends the others once the root has ended. Slurm may not.
pub(crate) fn may_refuse() -> bool {
    if !is_first() {
        thread::sleep(REFUSAL);
    }
    is_first() || launcher().is_ok_and(|launched| launched.is_some_and(|found| found.launcher != Launcher::Slurm))
}

/// Whether this process is the one that speaks for all that were started with it.
pub(crate) fn is_first() -> bool {
    launcher().ok().flatten().and_then(|launched| launched.rank).is_none_or(|rank| rank == 0)
}

/// Refuses to do the same several times over.
pub(crate) fn refuse_many(command: &str) -> Result<(), Stop> {
    match launcher()? {
        Some(launched) if launched.size.is_some_and(|size| size > 1) => Err(if is_first() {
            Stop::Fatal(format!("`{command}` runs in one process, not over ranks; find and scan do"))
        } else {
            Stop::Silent
        }),
        _ => Ok(()),
    }
}

/// The same for a command that changes nothing: a signal ends it at once.
///
/// # Errors
/// As [`refuse_many`].
pub(crate) fn watch_alone(command: &str) -> Result<(), Stop> {
    refuse_many(command).map(|()| interrupt::watch())
}

/// Does the search together with the other ranks. Only the root prints results; all ranks end with one code.
pub(crate) fn run<S: Search>(search: &S, launched: &Launched) -> Result<Exit, Stop> {
    let link = MpiLink::start(launched).map_err(|cause| Stop::Fatal(cause.to_string()))?;
    // After MPI: it starts before the program has threads.
    interrupt::watch();
    let rank = link.rank();
    let (common, _, searched) = search.arguments();
    let seat = Seat {
        version: env!("CARGO_PKG_VERSION"),
        host: link.processor_name().to_owned(),
        terms: Terms {
            storage: searched.storage.into(),
            settings: search::terms(search),
            roots: search.places().to_vec(),
        },
        timing: Timing::default(),
    };
    let run = |progress: &Progress, bar: &Bar| {
        let work = |team: &mut Ranks<Post>| work(search, team, progress, bar);
        pixtwin_cluster::run(link, &seat, progress, interrupt::announce, || leave_at_once(&Ok(Exit::Incomplete)), work)
    };
    let ran = if rank == 0 { progress_bar::beside(common, run) } else { progress_bar::unseen(run) };
    // One rank speaks for all, and at once: a launcher may end it as soon as another rank has ended.
    let silent = |message: String| {
        if rank == 0 {
            output::error(&message);
        } else {
            thread::sleep(LAST_WORD);
        }
        Stop::Silent
    };
    let ran = ran.map_err(silent)?;
    let exit = match ran.result {
        Ok(Some(Err(Stop::Fatal(message)))) => Err(silent(message)),
        Ok(Some(done)) => done,
        Ok(None) => Err(lost(&ran.state, rank)),
        Err(refusal) => Err(silent(refusal)),
    };
    if ran.state.is_over() {
        // Some libraries would wait for the rank that is lost; the launcher ends what is left.
        leave_at_once(&exit);
    }
    finish(ran.link, exit)
}

/// The work of one rank.
fn work(search: &impl Search, team: &mut Ranks<Post>, progress: &Progress, bar: &Bar) -> Result<Exit, Stop> {
    let (common, _, searched) = search.arguments();
    let rank = team.rank();
    let crew = team.crew().clone();
    let settings = searched.settings_of_rank(common, &crew, rank);
    let kept = Kept::open(&searched.remembered, &settings, search.asks_catalogue());
    let run = Run { settings: &settings, memory: kept.as_ref().map(Kept::memory), progress };
    let ended = match rank {
        0 => lead(search, team, run, bar),
        _ => follow(team, |team| search.search(team, &[], run, &mut Nobody)),
    };
    // What was found is kept also where another rank was lost: the next run goes on from there.
    kept.into_iter().for_each(Kept::close);
    ended
}

/// The work of the root, and all that is printed.
fn lead(search: &impl Search, team: &mut Ranks<Post>, run: Run<'_>, bar: &Bar) -> Result<Exit, Stop> {
    let (common, listing, _) = search.arguments();
    let crew = team.crew().clone();
    if !common.quiet {
        crew.notes().iter().for_each(|text| output::note(text));
    }
    let queries = search.queries();
    let prepared = match &queries {
        Ok(queries) => {
            let printer = Printer::new(common, listing, run.settings.tier, search::about(search, queries), bar);
            printer.map(|printer| (queries, printer))
        }
        Err(_) => Err(Stop::Silent),
    };
    // The others do not begin if the root cannot.
    let _: Result<bool, Loss> = team.hear_root_all(prepared.is_ok());
    let (queries, mut printer) = match prepared {
        Ok(prepared) => prepared,
        Err(stop) => return Err(queries.err().unwrap_or(stop)),
    };
    let state = Arc::clone(team.world().state());
    match search.search(team, queries, run, &mut printer) {
        Ok(counts) => {
            let (has_found, is_all_read) = (printer.has_found(), printer.is_all_read());
            let printed = printer.close(&counts, None);
            let exit = if is_all_read { search.exit(has_found, true) } else { Exit::Unread };
            let exit = printed.map(|()| exit);
            let code = exit.as_ref().map_or(Exit::Fatal as u8, |exit| *exit as u8);
            // One that was lost by now has done its part.
            let _: Result<u8, Loss> = team.hear_root_all(code);
            exit
        }
        Err(Failure::Lost(counts)) => {
            let cut = cut(&state, |rank| crew.name_of(rank));
            output::error(&cut.to_string());
            printer.close(&counts, Some(&cut))?;
            let written = Instant::now();
            let lost = state.lost();
            while crew.is_host_lost(&lost) && !state.is_interrupted() && written.elapsed() < LINGER {
                thread::sleep(Duration::from_millis(20));
            }
            Ok(if cut.missing.is_empty() && cut.is_interrupted { Exit::Interrupted } else { Exit::Incomplete })
        }
        Err(failure) => Err(failure.into()),
    }
}

/// The work of a rank that prints nothing: it ends as the root does.
fn follow(
    team: &mut Ranks<Post>,
    search: impl FnOnce(&mut Ranks<Post>) -> Result<Counts, Failure>,
) -> Result<Exit, Stop> {
    let ended = |Loss| Ok(Exit::Incomplete);
    match team.hear_root_all(false) {
        Ok(true) => {}
        Ok(false) => return Err(Stop::Silent),
        Err(loss) => return ended(loss),
    }
    match search(team) {
        Ok(_) => team.hear_root_all(0).map_or_else(ended, |code| Ok(Exit::of(code))),
        Err(Failure::Lost(_)) => ended(Loss),
        Err(Failure::Impossible { .. }) => Err(Stop::Silent),
    }
}

/// Reports nothing: the root does.
struct Nobody;

impl Report for Nobody {
    fn group(&mut self, _: Group) {}
    fn found(&mut self, _: usize, _: Match) {}
    fn unread(&mut self, _: Unread) {}
}

/// Why a run was cut short.
fn cut(state: &State, name: impl Fn(usize) -> String) -> Cut {
    Cut {
        missing: state.lost().into_iter().map(name).collect(),
        is_interrupted: state.is_interrupted(),
        fault: state.fault(),
        is_of_one_rank: true,
    }
}

/// A run that was cut short before the ranks knew of each other.
fn lost(state: &State, rank: usize) -> Stop {
    match rank {
        0 => output::error(&cut(state, |rank| format!("rank {rank}")).to_string()),
        _ => thread::sleep(LAST_WORD),
    }
    Stop::Silent
}

/// Ends this process without MPI's own end.
#[expect(clippy::exit, reason = "MPI would wait for a rank that is gone")]
fn leave_at_once(exit: &Result<Exit, Stop>) -> ! {
    if let Err(Stop::Fatal(message)) = exit {
        output::error(message);
    }
    let code = exit.as_ref().map_or(Exit::Fatal, |exit| *exit);
    std::process::exit(i32::from(code as u8))
}

/// Ends MPI. What was found is written by now.
fn finish(link: MpiLink, exit: Result<Exit, Stop>) -> Result<Exit, Stop> {
    let code = exit.as_ref().map_or(Exit::Fatal, |exit| *exit);
    thread::spawn(move || {
        thread::sleep(FINISH);
        leave_at_once(&Ok(code));
    });
    link.finish().map_err(|cause| Stop::Fatal(format!("MPI does not end: {cause}")))?;
    exit
}
