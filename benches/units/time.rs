//! The units in time: the part of an ordinary bench program.

use std::{path::PathBuf, sync::OnceLock};

use divan::{Bencher, counter::ItemsCount};
use pixtwin_testkit::Dir;

use crate::{
    draw,
    fixtures::FIXTURES,
    folder, keys, rows,
    unit::{names_of, units_of},
};

static DRAWN: OnceLock<PathBuf> = OnceLock::new();

/// Times the units that the command line asks for.
pub(crate) fn run() {
    let drawn = Dir::new();
    draw(drawn.path());
    DRAWN.get_or_init(|| drawn.path().to_owned());
    divan::main();
}

fn time(bencher: Bencher<'_, '_>, batch: &str, name: &str) {
    let drawn = DRAWN.get().expect("the files are drawn before anything is timed");
    let mut unit = units_of(batch, drawn).into_iter().find(|unit| unit.name == name).unwrap();
    bencher.counter(ItemsCount::new(unit.items)).bench_local(|| (unit.work)());
}

fn pictures() -> impl Iterator<Item = &'static str> {
    FIXTURES.iter().map(|fixture| fixture.name)
}

#[divan::bench(args = pictures())]
fn header(bencher: Bencher<'_, '_>, picture: &str) {
    time(bencher, picture, "header");
}

#[divan::bench(args = pictures())]
fn head(bencher: Bencher<'_, '_>, picture: &str) {
    time(bencher, picture, "head");
}

#[divan::bench(args = pictures())]
fn payload(bencher: Bencher<'_, '_>, picture: &str) {
    time(bencher, picture, "payload");
}

#[divan::bench(args = pictures())]
fn decode(bencher: Bencher<'_, '_>, picture: &str) {
    time(bencher, picture, "decode");
}

#[divan::bench(args = names_of(rows::CANONICAL))]
fn canonical(bencher: Bencher<'_, '_>, layout: &str) {
    time(bencher, rows::CANONICAL, layout);
}

#[divan::bench(args = names_of(rows::DIGEST))]
fn digest(bencher: Bencher<'_, '_>, depth: &str) {
    time(bencher, rows::DIGEST, depth);
}

#[divan::bench(args = names_of(keys::BATCH))]
fn join(bencher: Bencher<'_, '_>, join: &str) {
    time(bencher, keys::BATCH, join);
}

#[divan::bench(args = names_of(folder::BATCH))]
fn scan(bencher: Bencher<'_, '_>, folder: &str) {
    time(bencher, folder::BATCH, folder);
}
