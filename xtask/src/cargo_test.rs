//! Runs `cargo test`, shows of its output what matters, and counts.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use crate::Outcome;

/// What of a passing run is shown; a failure is always shown in full.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// All but the names of the tests that passed.
    Results,
    /// The results, and of what tests print only the lines that start with `soak:`.
    Figures,
}

/// Runs the command, whose standard output is that of test programs; ends with the line `N passed, M failed`.
///
/// # Errors
/// If the command cannot be run, or a test failed.
pub(crate) fn run(command: &mut Command, show: Show) -> Outcome {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|cause| format!("cannot start `cargo test`: {cause}"))?;
    let stdout = child.stdout.take().ok_or("cannot read what `cargo test` prints")?;
    let mut count = Count::default();
    let mut filter = Filter { show, in_failures: false };
    for bytes in BufReader::new(stdout).split(b'\n') {
        let bytes = bytes.map_err(|cause| format!("cannot read what `cargo test` prints: {cause}"))?;
        let line = String::from_utf8_lossy(&bytes);
        if filter.shows(&line) {
            println!("{line}");
        }
        count.add(&line);
    }
    let status = child.wait().map_err(|cause| format!("cannot wait for `cargo test`: {cause}"))?;
    if !status.success() && count.programs == 0 {
        return Err("the tests do not build".to_owned());
    }
    if !status.success() && count.failed == 0 {
        // A program that was killed prints no result.
        count.failed = 1;
        eprintln!("error: a test program ended without its result: {status}");
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    if status.success() { Ok(()) } else { Err(format!("tests failed: {}", count.failed)) }
}

/// Sums of the lines `test result: ok. 12 passed; 0 failed; ...`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    programs: u64,
    passed: u64,
    failed: u64,
}

impl Count {
    fn add(&mut self, line: &str) {
        let Some((_, figures)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        self.programs += 1;
        for figure in figures.split("; ") {
            match figure.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

/// Leaves out what nobody reads.
struct Filter {
    show: Show,
    in_failures: bool,
}

impl Filter {
    fn shows(&mut self, line: &str) -> bool {
        let is_result = line.starts_with("test result: ");
        if is_result {
            self.in_failures = false;
        } else if line == "failures:" {
            self.in_failures = true;
        }
        if is_result || self.in_failures {
            return true;
        }
        match self.show {
            Show::Figures => line.starts_with("soak:"),
            Show::Results => !line.is_empty() && !is_progress(line),
        }
    }
}

/// The rows of dots of a quiet run, and the names of passed tests of another.
fn is_progress(line: &str) -> bool {
    let dots = line.split_once(' ').map_or(line, |(dots, _)| dots);
    let is_dots = !dots.is_empty() && dots.chars().all(|mark| mark == '.');
    is_dots || (line.starts_with("test ") && line.ends_with(" ... ok"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
running 3 tests
..F
successes:

---- figures stdout ----
soak: 20000 pictures, 0 differ
also this

failures:

---- turns stdout ----
thread 'turns' panicked at src/lib.rs:3:5:
test x ... ok

failures:
    turns

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s

running 1 test
test crates/pixel/src/row.rs - Row (line 12) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.20s
";

    fn shown(show: Show) -> Vec<&'static str> {
        let mut filter = Filter { show, in_failures: false };
        OUTPUT.lines().filter(|line| filter.shows(line)).collect()
    }

    #[test]
    fn results_of_all_programs_are_summed() {
        let mut count = Count::default();
        OUTPUT.lines().for_each(|line| count.add(line));
        assert_eq!(count, Count { programs: 2, passed: 3, failed: 1 });
    }

    #[test]
    fn a_failure_is_shown_in_full_and_what_passed_is_not() {
        let lines = shown(Show::Results);
        assert!(lines.contains(&"thread 'turns' panicked at src/lib.rs:3:5:"));
        assert!(lines.contains(&"test x ... ok"), "part of what the failing test printed");
        assert!(!lines.iter().any(|line| line.contains("Row (line 12)")));
        assert_eq!(lines.iter().filter(|line| line.starts_with("test result: ")).count(), 2);
    }

    #[test]
    fn a_soak_shows_figures_results_and_failures_only() {
        let lines = shown(Show::Figures);
        assert_eq!(lines.first(), Some(&"soak: 20000 pictures, 0 differ"));
        assert!(!lines.contains(&"also this"));
        assert!(lines.contains(&"    turns"));
        assert!(!lines.iter().any(|line| line.starts_with("running ")));
    }

    #[test]
    fn dots_are_progress() {
        assert!(is_progress("......"));
        assert!(is_progress("..................... 87/120"));
        assert!(!is_progress("..F"));
        assert!(!is_progress("running 3 tests"));
    }
}
