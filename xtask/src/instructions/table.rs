//! The accepted counts, and what differs from them.

use std::{collections::BTreeMap, fmt::Write};

use crate::Outcome;

/// How much more or less than its accepted count a unit may cost, in thousandths.
///
/// # Source
/// More than ten times as much as counts of one program were seen to vary; see `docs/profiling.md`.
const MARGIN_THOUSANDTHS: u64 = 30;

/// What stands in front of the machine in the table.
const MACHINE: &str = "# counted with ";

/// The counts of all units.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Table {
    /// What the counts depend on beside the program.
    pub(super) machine: String,
    /// Instructions by unit.
    pub(super) counts: BTreeMap<String, u64>,
}

impl Table {
    /// Reads what [`Table::text`] wrote.
    ///
    /// # Errors
    /// The line that makes no sense.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for (row, line) in text.lines().enumerate() {
            if let Some(machine) = line.strip_prefix(MACHINE) {
                machine.clone_into(&mut table.machine);
            }
            if line.starts_with('#') {
                continue;
            }
            let entry = line.split_once('\t').and_then(|(unit, count)| Some((unit.to_owned(), count.parse().ok()?)));
            let (unit, count) = entry.ok_or_else(|| format!("line {} is no unit and count: `{line}`", row + 1))?;
            if table.counts.insert(unit, count).is_some() {
                return Err(format!("line {} names a unit again: `{line}`", row + 1));
            }
        }
        Ok(table)
    }

    /// The table as a file: a unit, a tab and its count in each line, sorted.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "# Instructions of each unit of work; written by `cargo xtask instructions --accept`, see docs/profiling.md.\n\
             {MACHINE}{}\n",
            self.machine
        );
        for (unit, count) in &self.counts {
            let _ = writeln!(text, "{unit}\t{count}");
        }
        text
    }
}

/// A unit whose count is beyond its margin.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    unit: String,
    accepted: u64,
    counted: u64,
}

impl Change {
    fn line(&self) -> String {
        let word = if self.counted > self.accepted { "more" } else { "less" };
        let thousandths = self.counted.abs_diff(self.accepted).saturating_mul(1000) / self.accepted.max(1);
        format!(
            "{}: {} instructions, {} in the table: {}.{} % {word}",
            self.unit,
            self.counted,
            self.accepted,
            thousandths / 10,
            thousandths % 10
        )
    }
}

/// How counts differ from the accepted ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    dearer: Vec<Change>,
    cheaper: Vec<Change>,
    /// Units that are not in the table.
    new: Vec<String>,
    /// Units of the table that were not counted.
    gone: Vec<String>,
    /// The machine of the table and this one, if the counts of the two cannot be compared.
    machines: Option<(String, String)>,
}

impl Comparison {
    /// Compares every unit of both tables.
    pub(super) fn new(accepted: &Table, counted: &Table) -> Self {
        let mut found = Self::default();
        if accepted.machine != counted.machine && !accepted.counts.is_empty() {
            found.machines = Some((accepted.machine.clone(), counted.machine.clone()));
        }
        for (unit, &count) in &counted.counts {
            let Some(&before) = accepted.counts.get(unit) else {
                found.new.push(unit.clone());
                continue;
            };
            let margin = before.saturating_mul(MARGIN_THOUSANDTHS) / 1000;
            if count.abs_diff(before) > margin {
                let changes = if count > before { &mut found.dearer } else { &mut found.cheaper };
                changes.push(Change { unit: unit.clone(), accepted: before, counted: count });
            }
        }
        found.gone = accepted.counts.keys().filter(|unit| !counted.counts.contains_key(*unit)).cloned().collect();
        found
    }

    /// All that differs, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let dearer = self.dearer.iter().map(|change| format!("dearer: {}", change.line()));
        let cheaper = self.cheaper.iter().map(|change| format!("cheaper: {}", change.line()));
        let new = self.new.iter().map(|unit| format!("new: {unit}: not in the table"));
        let gone = self.gone.iter().map(|unit| format!("gone: {unit}: in the table, and no unit"));
        let machines = self.machines.iter().map(|(accepted, here)| {
            format!(
                "note: units that cost more fail nothing here: the table was counted with {accepted}; here is {here}"
            )
        });
        let tighten = (!self.cheaper.is_empty()).then(|| {
            "hint: what became cheaper stays so if the table says it: cargo xtask instructions --accept".to_owned()
        });
        dearer.chain(cheaper).chain(new).chain(gone).chain(machines).chain(tighten).collect()
    }

    /// Whether the counts may stay as they are.
    ///
    /// # Errors
    /// If a unit became dearer, or the table has other units; with what to do then.
    pub(super) fn outcome(&self) -> Outcome {
        let dearer = if self.machines.is_none() { self.dearer.len() } else { 0 };
        let strange = self.new.len() + self.gone.len();
        if dearer + strange == 0 {
            return Ok(());
        }
        Err(format!(
            "{dearer} units cost more than the table allows, {strange} are not in it or no more, see above\n\
             hint: if that is meant, write the table anew and say why in the commit: cargo xtask instructions --accept"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[(&str, u64)]) -> Table {
        let counts = counts.iter().map(|(unit, count)| ((*unit).to_owned(), *count)).collect();
        Table { machine: "rustc 1".to_owned(), counts }
    }

    fn compared(accepted: &[(&str, u64)], counted: &[(&str, u64)]) -> Comparison {
        Comparison::new(&table(accepted), &table(counted))
    }

    #[test]
    fn a_unit_that_costs_more_fails_and_is_named_with_both_counts() {
        let found = compared(&[("png/head", 10_000), ("scan", 500)], &[("png/head", 10_301), ("scan", 500)]);
        assert_eq!(found.lines(), ["dearer: png/head: 10301 instructions, 10000 in the table: 3.0 % more"]);
        let message = found.outcome().unwrap_err();
        assert!(message.starts_with("1 units cost more than the table allows, 0 are not in it"), "{message}");
        assert!(message.ends_with(": cargo xtask instructions --accept"), "{message}");
    }

    #[test]
    fn the_margin_is_three_hundredths_both_ways() {
        for within in [9_700, 10_000, 10_300] {
            assert_eq!(compared(&[("a", 10_000)], &[("a", within)]), Comparison::default());
        }
        assert!(compared(&[("a", 10_000)], &[("a", 10_301)]).outcome().is_err());
        assert!(compared(&[("a", 0)], &[("a", 1)]).outcome().is_err());
    }

    #[test]
    fn a_unit_that_costs_less_is_told_and_fails_nothing() {
        let found = compared(&[("png/head", 10_000)], &[("png/head", 5_000)]);
        let lines = found.lines();
        assert_eq!(lines[0], "cheaper: png/head: 5000 instructions, 10000 in the table: 50.0 % less");
        assert!(lines[1].starts_with("hint: "), "{lines:?}");
        assert_eq!(found.outcome(), Ok(()));
    }

    #[test]
    fn every_unit_must_be_in_the_table_and_every_line_a_unit() {
        let found = compared(&[("a", 1), ("b", 2)], &[("b", 2), ("c", 3)]);
        assert_eq!(found.lines(), ["new: c: not in the table", "gone: a: in the table, and no unit"]);
        assert!(found.outcome().unwrap_err().starts_with("0 units cost more than the table allows, 2 are"));
    }

    #[test]
    fn counts_of_another_machine_are_shown_and_fail_nothing() {
        let other = Table { machine: "rustc 2".to_owned(), ..table(&[("a", 200)]) };
        let found = Comparison::new(&table(&[("a", 100)]), &other);
        assert!(found.lines()[1].ends_with("the table was counted with rustc 1; here is rustc 2"));
        assert_eq!(found.lines().len(), 2);
        assert_eq!(found.outcome(), Ok(()));
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let written = table(&[("png/head", 12), ("scan", 3)]);
        assert_eq!(Table::parse(&written.text()), Ok(written));
        for (text, row) in [("# a\npng/head 12", 2), ("scan\tmany", 1), ("a\t1\na\t1", 2)] {
            assert!(Table::parse(text).unwrap_err().starts_with(&format!("line {row} ")), "{text}");
        }
    }
}
