//! Does the least work that finds the twins of a library whose answer is known, and says what it costs.
//!
//! ```text
//! cargo build --release -p pixtwin-decode --example floor
//! floor survey < LIST > FACTS      # what a plan is made of: sizes, and the hashes of twins
//! floor stages PLAN [THREADS]      # one stage after the other: counts and costs, by stage and format
//! floor once PLAN [THREADS]        # every file once, in the order of the plan: the time to beat
//! ```
//!
//! `compare/floor` makes the plan and the tables; docs/floor.md is the model behind them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::{
    collections::HashMap,
    env, fs,
    io::{self, Read, Write},
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

mod plan;
mod survey;
mod tally;
mod visit;
mod window;

use plan::{Plan, Stage};
use tally::{Costs, Tally, cpu_of_process};
use visit::{Scope, Visitor};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), String> {
    let mut arguments = env::args_os().skip(1);
    let mode = arguments.next().unwrap_or_default();
    if mode == "survey" {
        let mut list = Vec::new();
        io::stdin().read_to_end(&mut list).map_err(|cause| format!("cannot read the list: {cause}"))?;
        return survey::survey(&list).map_err(|cause| format!("cannot write the facts: {cause}"));
    }
    let path = arguments.next().ok_or("usage: floor survey < LIST, or floor stages|once PLAN [THREADS]")?;
    let text = fs::read(&path).map_err(|cause| format!("cannot read the plan: {cause}"))?;
    let plan = Plan::read(&text)?;
    let threads = match arguments.next() {
        Some(number) => number.to_str().and_then(|number| number.parse().ok()).ok_or("the threads are no number")?,
        None => thread::available_parallelism().map_or(1, usize::from),
    };
    if mode == "stages" {
        stages(&plan, threads).map_err(|cause| cause.to_string())
    } else if mode == "once" {
        once(&plan, threads).map_err(|cause| cause.to_string())
    } else {
        Err("the modes are survey, stages and once".to_owned())
    }
}

/// Runs the stages one after the other. Later ones open their files again, which is not counted among their costs: the
/// columns `cpu_us` and `busy_us` are the work of the stage alone, summed over the threads.
fn stages(plan: &Plan, threads: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "stage\tformat\tfiles\tbytes\thashed\tpixels\tcpu_us\tbusy_us\tfailed")?;
    let mut heads = HashMap::new();
    let mut margins = 0;
    for stage in Stage::ALL {
        let (tally, wall) = timed(|| visit_all(plan, threads, Scope::Only(stage)));
        for ((_, format), costs) in tally.sorted() {
            let Costs { files, bytes, hashed, pixels, cpu, busy, failed } = costs;
            let (name, cpu, busy) = (stage.name(), cpu.as_micros(), busy.as_micros());
            writeln!(out, "{name}\t{format}\t{files}\t{bytes}\t{hashed}\t{pixels}\t{cpu}\t{busy}\t{failed}")?;
        }
        eprintln!("{}: {:.3} s with opening anew", stage.name(), wall.as_secs_f64());
        margins += tally.margins;
        tally.heads.into_iter().for_each(|head| *heads.entry(head).or_insert(0_u64) += 1);
    }
    let alike: u64 = heads.values().filter(|count| **count > 1).sum();
    writeln!(out, "alike\t-\t{alike}\t0\t0\t0\t0\t0\t0\nmargin\t-\t{margins}\t0\t0\t0\t0\t0\t0")
}

/// Does all of it in one pass.
fn once(plan: &Plan, threads: usize) -> io::Result<()> {
    let before = cpu_of_process();
    let (tally, wall) = timed(|| visit_all(plan, threads, Scope::Everything));
    let cpu = cpu_of_process().saturating_sub(before);
    let (opens, bytes) = (tally.opens, tally.bytes_read);
    let mut out = io::stdout().lock();
    writeln!(out, "opens\tbytes\twall_us\tcpu_us")?;
    writeln!(out, "{opens}\t{bytes}\t{}\t{}", wall.as_micros(), cpu.as_micros())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// Decoders may go deep into recursion, as in the program itself.
const STACK_BYTES: usize = 8 << 20;

/// Visits the files of a scope on all threads.
fn visit_all(plan: &Plan, threads: usize, scope: Scope) -> Tally {
    let desk = plan.desk(scope);
    thread::scope(|scope_of_threads| {
        let start = || {
            let visit = || {
                let mut visitor = Visitor::new(plan, scope);
                while let Some(batch) = desk.take() {
                    batch.iter().for_each(|job| visitor.visit(job));
                }
                visitor.tally
            };
            thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope_of_threads, visit)
        };
        let started: Vec<_> = (0..threads.max(1)).map(|_| start()).collect();
        let mut sum = Tally::default();
        for thread in started {
            match thread.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(tally)) => sum.add(tally),
                _ => eprintln!("warning: a thread was lost, the counts are too low"),
            }
        }
        sum
    })
}
