//! Measures the program's units of work: in time (`cargo bench`), and in instructions (`cargo xtask instructions`).
//!
//! Nothing of this is in the program. It must never say what a unit may cost: that stands in `benches/instructions.tsv`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a panic is how a bench fails, its pictures are small, and it prints for a person or a task"
)]

mod fixtures;

mod pictures;

mod rows;

mod codes;

mod keys;

mod folder;

mod time;

mod unit;

use std::{env, hint::black_box, path::Path};

use crate::unit::{Unit, batches, names_of, units_of};

/// Without one of these words for the count it is an ordinary bench program.
fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => list(),
        ["draw", drawn] => draw(Path::new(drawn)),
        ["count", batch, drawn] => count(batch, Path::new(drawn)),
        _ => time::run(),
    }
}

/// Prints what there is to count: a batch and the names of its units in each line, in the order they run.
fn list() {
    for batch in batches() {
        println!("{batch} {}", names_of(batch).join(" "));
    }
}

/// Makes the files that the units read, so that the count has nothing of making them.
pub(crate) fn draw(drawn: &Path) {
    fixtures::draw(drawn);
    folder::draw(drawn);
}

/// Counts every unit of a batch once.
fn count(batch: &str, drawn: &Path) {
    for mut unit in units_of(batch, drawn) {
        // What a process does only once, such as making the tables of a decoder, is no part of what each file costs. The
        // scan has it in its count.
        if batch != folder::BATCH {
            (unit.work)();
        }
        counted(&mut unit);
    }
}

/// Callgrind counts while it is inside this function, and writes a count down each time that it leaves it.
#[inline(never)]
fn counted(unit: &mut Unit) {
    (unit.work)();
    // A call at the very end would become a jump, which leaves the function before its work is done.
    black_box(unit);
}
