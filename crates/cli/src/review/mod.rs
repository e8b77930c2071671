//! `pixtwin review`: a page to look and decide.

mod around;

mod browser;

mod token;

use std::{
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    thread,
};

use pixtwin_engine::words_of;
use pixtwin_planning::Found;
use pixtwin_review::{Acting, Door, OpenError, Review, Setting, Stopper};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use crate::{
    act,
    args::ReviewArguments,
    catalogue,
    exit::{Exit, Stop},
    home,
    names::shown,
    output::note,
    plan,
    report::Compared,
};
use around::Around;

/// What is said where the page can be reached from the network.
const OPEN_TO_OTHERS: &str = "\
warning: whoever reaches this address from the network and has the token sees your pictures, and can act on them as you
warning: nothing is encrypted: whoever sees the traffic has the token; the tunnel of ssh below has neither fault";

/// Serves the page until it is interrupted.
pub(crate) fn run(arguments: ReviewArguments) -> Result<Exit, Stop> {
    let token = token::read(&arguments)?;
    let input = Input::of(&arguments)?;
    let (setting, is_new) = setting_of(&arguments, input)?;
    let door = Door {
        listen: (arguments.listen, arguments.port).into(),
        token,
        names: vec![pixtwin_actions::plan::this_host()],
    };
    let (no_open, quiet) = (arguments.no_open, arguments.common.quiet);
    let review = Review::open(&door, setting, Box::new(Around::new(arguments))).map_err(|cause| failed(&cause))?;
    watch(review.stopper());
    if writeln!(io::stdout().lock(), "{}", review.address()).and_then(|()| io::stdout().lock().flush()).is_err() {
        // Nobody reads the address; who opened a browser has it.
        note("the address could not be printed");
    }
    if review.is_open_to_others() {
        note(OPEN_TO_OTHERS);
    }
    if !quiet {
        note(&format!("from another host: {}", review.ssh_line()));
        note("Ctrl-C ends it");
    }
    if is_new {
        review.begin_scan();
    }
    let opened = if no_open { None } else { browser::open(&review.address()) };
    let broken_off = review.run();
    drop(opened);
    Ok(broken_off.map_or(Exit::Done, |work| {
        let more = if work == "apply" {
            "; `pixtwin runs` lists what was done, and `pixtwin undo` brings it back"
        } else {
            ""
        };
        note(&format!("interrupted: {work} was not done to its end{more}"));
        Exit::Interrupted
    }))
}

/// What the page is about.
enum Input {
    /// A report, and what it is called.
    Result(String, Found),
    /// What is to be scanned at once.
    Places(Vec<PathBuf>),
    /// What can be scanned.
    Here,
}

impl Input {
    fn of(arguments: &ReviewArguments) -> Result<Self, Stop> {
        match arguments.inputs.as_slice() {
            [] => Ok(Self::Here),
            [one] if one == Path::new("-") || is_report(one)? => {
                let name = if one == Path::new("-") { "standard input".into() } else { shown(one).into_owned() };
                Ok(Self::Result(name, plan::read_any(one, "nothing can be shown of")?))
            }
            [one] if one.is_file() => {
                Err(Stop::Fatal(format!("`{}` is no report in JSON, and no folder\n{}", shown(one), plan::HINT)))
            }
            places => {
                for place in places {
                    if is_report(place)? {
                        let words = "is a report: it is reviewed by itself";
                        return Err(Stop::Fatal(format!("`{}` {words}", shown(place))));
                    }
                    let missing = |cause: io::Error| {
                        Stop::Fatal(format!("cannot search `{}`: {}", shown(place), words_of(&cause)))
                    };
                    place.metadata().map_err(missing)?;
                }
                Ok(Self::Places(places.to_vec()))
            }
        }
    }
}

/// Whether it is a file that begins as reports do. No picture does.
fn is_report(path: &Path) -> Result<bool, Stop> {
    let failed = |cause: io::Error| Stop::Fatal(format!("cannot read `{}`: {}", shown(path), words_of(&cause)));
    if !path.metadata().map_err(failed)?.is_file() {
        return Ok(false);
    }
    let mut first = [0];
    Ok(File::open(path).map_err(failed)?.read(&mut first).map_err(failed)? == 1 && first == *b"{")
}

/// All that is known before anybody looks, and whether a scan is to begin at once.
fn setting_of(arguments: &ReviewArguments, input: Input) -> Result<(Setting, bool), Stop> {
    let ReviewArguments { comparison, common, .. } = arguments;
    if comparison.pixels.compared() != Compared::default() {
        let reason =
            "review is without --orient and --alpha: before files are removed, all stored samples are compared";
        return Err(Stop::Fatal(reason.to_owned()));
    }
    let (found, places, is_new) = match input {
        Input::Result(name, found) => (Some((name, found)), Vec::new(), false),
        Input::Places(places) => (None, places, true),
        Input::Here => (None, vec![PathBuf::from(".")], false),
    };
    let searched = (!places.is_empty()).then_some(places.as_slice());
    let setting = Setting {
        engine: common.settings(comparison.tier(), &comparison.pixels),
        rules: plan::settled(&arguments.keeping, searched)?,
        acting: Acting {
            quarantine: arguments.quarantine.as_deref().map(|folder| act::canonical("open", folder)).transpose()?,
            home_trash: home::data_folder().map(|data| act::without_links(&data.join("Trash"))),
            user: rustix::process::geteuid().as_raw(),
        },
        places,
        tier: comparison.tier(),
        verdicts: catalogue::verdicts_of(&arguments.remembered),
        thumbnails: catalogue::thumbnails(&arguments.remembered),
        found,
    };
    Ok((setting, is_new))
}

/// A first signal ends the page, once what is being done to files has come to an end; a second ends the program.
fn watch(stopper: Stopper) {
    match Signals::new([SIGINT, SIGTERM]) {
        Ok(mut signals) => drop(thread::spawn(move || signals.forever().for_each(|_| told(&stopper)))),
        Err(cause) => note(&format!("Ctrl-C cannot be watched for: {cause}")),
    }
}

#[expect(clippy::exit, reason = "the one way to end from the thread that waits for the signal")]
fn told(stopper: &Stopper) {
    if stopper.is_told() {
        std::process::exit(i32::from(Exit::Interrupted as u8));
    }
    stopper.stop();
}

fn failed(cause: &OpenError) -> Stop {
    match cause {
        OpenError::Listen(address, cause) => Stop::Fatal(format!("cannot listen on {address}: {}", words_of(cause))),
        other => Stop::Fatal(other.to_string()),
    }
}
