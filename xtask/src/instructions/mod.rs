//! `cargo xtask instructions`: counts the instructions of every unit of work, and compares them with a table.
//!
//! Instructions are what can be compared on a machine that does other things as well: two counts of one program differ
//! by less than a hundredth, whatever else runs. `docs/profiling.md` says what they do not show.

mod callgrind;
mod machine;
mod table;

use std::{fs, path::PathBuf};

use crate::{Outcome, command::root, setup};

use self::table::{Comparison, Table};

/// The unit counts that are accepted, from the root of the project.
const TABLE: &str = "benches/instructions.tsv";

/// Counts, and compares with the table; with `--accept` the counts become the table.
///
/// # Errors
/// If a unit costs more than the table allows, or is not in it; or if the units cannot be built or run.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let accepts = match arguments {
        [] => false,
        [word] if word == "--accept" => true,
        [first, ..] => return Err(format!("`instructions` takes nothing but `--accept`: `{first}`")),
    };
    setup::install(&[setup::VALGRIND])?;
    let counted = Table { machine: machine::name()?, counts: callgrind::count_all()? };
    let accepted = read()?;
    let comparison = Comparison::new(accepted.as_ref().unwrap_or(&Table::default()), &counted);
    comparison.lines().iter().for_each(|line| eprintln!("{line}"));
    if accepts {
        fs::write(path(), counted.text()).map_err(|cause| format!("cannot write `{TABLE}`: {cause}"))?;
        eprintln!("instructions: wrote the counts of {} units to {TABLE}", counted.counts.len());
        return Ok(());
    }
    comparison.outcome()
}

fn path() -> PathBuf {
    root().join(TABLE)
}

/// The table; nothing if there is none yet.
fn read() -> Result<Option<Table>, String> {
    match fs::read_to_string(path()) {
        Ok(text) => Table::parse(&text).map(Some).map_err(|cause| format!("cannot read `{TABLE}`: {cause}")),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(format!("cannot read `{TABLE}`: {cause}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_project_is_as_it_was_written() {
        let text = fs::read_to_string(path()).unwrap();
        let table = Table::parse(&text).unwrap();
        assert_eq!(table.text(), text, "sorted, with all its comments");
        assert!(table.counts.len() > 100);
    }

    #[test]
    fn only_one_word_is_taken() {
        let message = run(&["--acept".to_owned()]).unwrap_err();
        assert_eq!(message, "`instructions` takes nothing but `--accept`: `--acept`");
    }
}
