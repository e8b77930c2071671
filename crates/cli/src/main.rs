//! The `pixtwin` program: arguments, printing and exit codes. Everything else is in the crates below.

mod args;

mod search;

mod find;

mod scan;

mod hash;

mod compare;

mod generate;

mod report;

mod exit;

mod names;

mod output;

mod progress_bar;

mod size;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Arguments, Command},
    exit::{Exit, Stop},
};

fn main() -> ExitCode {
    keep_quiet_about_decoders();
    end_on_interrupt();
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Find(arguments) => find::run(&arguments),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Hash(arguments) => hash::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
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
    }
}

/// A panic inside a decoder is caught and becomes the reason of one unread file; only others are printed.
fn keep_quiet_about_decoders() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !pixtwin_engine::is_decoding() {
            print(panic);
        }
    }));
}

/// Ctrl-C ends the program at once: it only reads, so there is nothing to undo.
fn end_on_interrupt() {
    #[expect(clippy::exit, reason = "the one way to end from the thread that waits for the signal")]
    let end = || {
        progress_bar::clear_line();
        output::note("interrupted");
        std::process::exit(i32::from(Exit::Interrupted as u8));
    };
    if let Err(cause) = ctrlc::set_handler(end) {
        output::note(&format!("Ctrl-C cannot be watched for: {cause}"));
    }
}
