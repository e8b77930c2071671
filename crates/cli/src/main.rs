//! The `pixtwin` program: arguments, printing and exit codes. Everything else is in the crates below.

mod args;

mod search;

mod ranks;

mod interrupt;

mod find;

mod scan;

mod catalogue;

mod act;

mod review;

mod against;

mod shard;

mod hash;

mod pdq;

mod compare;

mod plan;

mod generate;

mod report;

mod exit;

mod home;

mod names;

mod output;

mod progress_bar;

mod age;

mod size;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    args::{Arguments, Command},
    exit::{Exit, Stop},
    scan::Scan,
};

fn main() -> ExitCode {
    keep_quiet_about_decoders();
    interrupt::outlive_file_limit();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(cause) => return refuse(&cause),
    };
    let done = match arguments.command {
        Command::Find(arguments) => search::run(&arguments),
        Command::Scan(arguments) => match Scan::new(arguments) {
            Ok(scan) => search::run(&scan),
            Err(cause) => return refuse(&cause),
        },
        Command::Merge(arguments) => ranks::watch_alone("merge").and_then(|()| shard::run_merge(&arguments)),
        Command::Plan(arguments) => ranks::watch_alone("plan").and_then(|()| plan::run(&arguments)),
        Command::Review(arguments) => ranks::refuse_many("review").and_then(|()| review::run(arguments)),
        Command::Hash(arguments) => ranks::watch_alone("hash").and_then(|()| hash::run(&arguments)),
        Command::Pdq(arguments) => ranks::watch_alone("pdq").and_then(|()| pdq::run(&arguments)),
        Command::Compare(arguments) => ranks::watch_alone("compare").and_then(|()| compare::run(&arguments)),
        Command::Catalogue(arguments) => ranks::watch_alone("catalogue").and_then(|()| catalogue::run(&arguments)),
        Command::Apply(arguments) => ranks::refuse_many("apply").and_then(|()| act::apply(&arguments)),
        Command::Undo(arguments) => ranks::refuse_many("undo").and_then(|()| act::undo(&arguments)),
        Command::Recover(arguments) => ranks::refuse_many("recover").and_then(|()| act::recover(&arguments)),
        Command::Purge(arguments) => ranks::refuse_many("purge").and_then(|()| act::purge(&arguments)),
        Command::Runs(arguments) => ranks::refuse_many("runs").and_then(|()| act::runs(&arguments)),
        Command::Generate(arguments) => generate::run(&arguments),
    };
    match done {
        Ok(exit) => exit.into(),
        // Whoever reads the output has seen enough.
        Err(Stop::ClosedPipe) => Exit::Done.into(),
        Err(Stop::Fatal(message)) => {
            output::error(&message);
            Exit::Fatal.into()
        }
        Err(Stop::Silent) => Exit::Fatal.into(),
    }
}

/// Help, or what is wrong with the arguments: of the processes that a launcher started, said by the root, or by one whose
/// arguments alone are wrong.
fn refuse(cause: &clap::Error) -> ExitCode {
    let speaks = if cause.use_stderr() { ranks::may_refuse() } else { ranks::is_first() };
    if speaks {
        // Where standard error is closed there is nobody to tell.
        let _ = cause.print();
    }
    ExitCode::from(u8::try_from(cause.exit_code()).unwrap_or(Exit::Fatal as u8))
}

/// A panic inside a decoder is caught and becomes the reason of one unread file, and one inside the reader of an export
/// is caught as well; only others are printed.
fn keep_quiet_about_decoders() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !pixtwin_engine::is_decoding() && !pixtwin_export::is_reading() {
            print(panic);
        }
    }));
}
