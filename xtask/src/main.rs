//! The project's own tasks: what a person or the CI runs, each by one command.
//!
//! Nothing of this is in the program, and no crate depends on it.

// These commands talk to the person at the terminal: the rule that only the program's `cli` crate prints is for libraries.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod check;
mod cluster;
mod compare;
mod evaluate;
mod instructions;
mod page;
mod pdq;
mod setup;
mod soak;
mod test;
mod tidy;
mod worst;

mod cargo_test;
mod command;
mod npm;
mod python;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  setup        install what the tests need and is missing, saying so: Debian packages, and
               Open MPI 5 and MPICH 5 from PyPI, below target/mpi, and what drives a browser from
               npm, below target/browser
  check        before every commit: format, lint, tidy, unit tests, documentation
  test         what CI runs: setup, check, instructions, and every other test
  soak         the long form of the same tests, in release mode, with its figures
  instructions [--accept]
               count what each unit of work executes, and compare with benches/instructions.tsv;
               --accept writes that table anew
  tidy         the project's own rules: layers, sizes, licences, links
  compare LIBRARY...
               measure pixtwin beside ten other programs, into target/compare/report.md, and
               install them first, saying so (options go to compare/run; see its --help)
  evaluate [--photos DIR]... [--drawings DIR]...
               measure how well near duplicates are found beside other programs, on pictures made
               by edits, into docs/accuracy.md; without folders, Debian packages are downloaded
               (options go to compare/evaluate/run; see its --help); evaluate --speed LIBRARY
               measures the time that they take (compare/similar)
  worst        measure pixtwin on the cases that are worst for it, and how it grows, into
               target/compare/worst.md (options after it go to compare/worst; see
               compare/worst --help)
  page [GROUPS...]
               measure the page of `pixtwin review` in a browser with 100,000 and 1,000,000 groups, or
               as many as are said, into target/compare/page.md (compare/page.mjs)
  screenshots  take the pictures of docs/review anew, on the drawn gallery
  pdq CLONE    compare our PDQ hashes with the reference's on the pictures of CLONE, a clone of
               ThreatExchange, into target/compare/pdq.md; installs the reference first
  cluster COMMAND...
               a small MPI cluster on this machine, made of namespaces; see cluster help
  help         this text
";

/// What a command comes to: the message is printed behind `error: `.
type Outcome = Result<(), String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome {
    let Some((name, rest)) = arguments.split_first() else {
        return Err(format!("no command is given\n\n{HELP}"));
    };
    match name.as_str() {
        "compare" => return compare::run(rest),
        "evaluate" => return evaluate::run(rest),
        "page" => return page::measure(rest),
        "worst" => return worst::run(rest),
        "pdq" => return pdq::run(rest),
        "cluster" => return cluster::run(rest),
        "instructions" => return instructions::run(rest),
        _ => {}
    }
    if let Some(extra) = rest.first() {
        return Err(format!("`{name}` takes no arguments: `{extra}`"));
    }
    match name.as_str() {
        "setup" => setup::run(),
        "check" => check::run(),
        "test" => test::run(),
        "soak" => soak::run(),
        "tidy" => tidy::run(),
        "screenshots" => page::screenshots(),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("there is no command `{name}`\n\n{HELP}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_command_shows_the_help() {
        let message = run(&words("tset")).unwrap_err();
        assert!(message.starts_with("there is no command `tset`"), "{message}");
        assert!(message.contains("cargo xtask COMMAND"), "{message}");
    }

    #[test]
    fn arguments_a_command_does_not_take_are_refused() {
        assert_eq!(run(&words("tidy now")).unwrap_err(), "`tidy` takes no arguments: `now`");
    }
}
