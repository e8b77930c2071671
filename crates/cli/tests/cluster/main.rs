//! The program over MPI: real launchers, and hosts with networks of their own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    reason = "a panic is how a test fails, and pictures of tests are small"
)]

mod catalogue;

mod defects;

mod faults;

mod launch;

mod paper;

mod reports;

mod within;

use std::ffi::OsStr;

use pixtwin_testkit::{Cluster, Dir, Mpi, Ran, Run};

const PIXTWIN: &str = env!("CARGO_BIN_EXE_pixtwin");

/// Where every host of a cluster has its pictures.
const IMAGES: &str = "/srv/images";

/// The program on one rank of every host.
fn on_hosts<'a>(cluster: &'a Cluster, mpi: Mpi, arguments: &[impl AsRef<OsStr>]) -> Run<'a> {
    let hosts = cluster.hosts().count();
    cluster.run(mpi, &mpi.ranks_per_host(hosts, 1), PIXTWIN, arguments)
}

/// The program on ranks of this machine.
fn here(dir: &Dir, ranks: usize, arguments: &[impl AsRef<OsStr>]) -> Ran {
    Mpi::OpenMpi4.run_here(dir, ranks, PIXTWIN, arguments).end()
}

/// The program by itself.
fn alone(dir: &Dir, arguments: &[impl AsRef<OsStr>]) -> Ran {
    dir.run(PIXTWIN, arguments).end()
}

/// A report in JSON without the hosts.
fn without_hosts(json: &str) -> String {
    let mut rest = json;
    let mut text = String::with_capacity(json.len());
    while let Some((before, after)) = rest.split_once("\"host\":\"") {
        text.push_str(before);
        text.push_str("\"host\":null");
        rest = after.split_once('"').unwrap().1;
    }
    text + rest
}
