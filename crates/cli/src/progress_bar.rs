//! The progress of a search: files, bytes, rate and time left, on standard error.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pixtwin_engine::{Progress, Stage};

use crate::{
    args::{Common, When},
    output::note,
    size,
};

const REDRAW: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal to draw on.
const LINE: Duration = Duration::from_secs(5);

/// What is drawn beside a search, until its first result.
pub(crate) struct Bar {
    state: Mutex<Drawing>,
    changed: Condvar,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Drawing {
    On,
    /// To be taken off.
    Ending,
    Off,
}

impl Bar {
    /// Takes the bar off the terminal, to make room for results.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        if *state == Drawing::On {
            *state = Drawing::Ending;
            self.changed.notify_all();
        }
        while *state != Drawing::Off {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Drawing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` with a bar beside it, if the user wants one. The bar is gone when this returns.
pub(crate) fn beside<T>(common: &Common, work: impl FnOnce(&Progress, &Bar) -> T) -> T {
    let is_on = match common.progress {
        When::Auto => io::stderr().is_terminal() && !common.quiet,
        When::Always => true,
        When::Never => false,
    };
    beside_if(is_on, work)
}

/// Runs `work` with nothing beside it: another process draws for all.
pub(crate) fn unseen<T>(work: impl FnOnce(&Progress, &Bar) -> T) -> T {
    beside_if(false, work)
}

fn beside_if<T>(is_on: bool, work: impl FnOnce(&Progress, &Bar) -> T) -> T {
    let progress = Progress::default();
    let is_terminal = io::stderr().is_terminal();
    let state = Mutex::new(if is_on { Drawing::On } else { Drawing::Off });
    let bar = Bar { state, changed: Condvar::new() };
    std::thread::scope(|scope| {
        if is_on {
            scope.spawn(|| {
                let draw = if is_terminal { draw_until } else { write_until };
                draw(&bar, &progress);
                *bar.lock() = Drawing::Off;
                bar.changed.notify_all();
            });
        }
        // Also where the work panics: a scope waits for all its threads.
        let _ends_the_drawing = EndOnDrop(&bar);
        work(&progress, &bar)
    })
}

struct EndOnDrop<'a>(&'a Bar);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Waits, and says whether there is more to draw.
fn wait(bar: &Bar, time: Duration) -> bool {
    let state = bar.lock();
    let is_on = |state: &mut Drawing| *state == Drawing::On;
    let waited = bar.changed.wait_timeout_while(state, time, is_on).unwrap_or_else(PoisonError::into_inner);
    *waited.0 == Drawing::On
}

fn draw_until(bar: &Bar, progress: &Progress) {
    let drawn = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let mut clock = Clock::new();
    while wait(bar, REDRAW) {
        let (stage, files, total, bytes) = progress.now();
        drawn.set_style(style(stage));
        drawn.set_length(total);
        drawn.set_position(files);
        drawn.set_message(clock.figures(stage, (files, total), bytes));
    }
    drawn.finish_and_clear();
}

/// A line from time to time, for the log of a job.
fn write_until(bar: &Bar, progress: &Progress) {
    let mut clock = Clock::new();
    while wait(bar, LINE) {
        let (stage, files, total, bytes) = progress.now();
        let figures = clock.figures(stage, (files, total), bytes);
        let doing = match stage {
            Stage::Listing | Stage::FirstLook => "looking at",
            Stage::Comparing => "comparing",
            Stage::Codes => "comparing codes:",
            Stage::Pairs => "looking again at",
            Stage::Measuring => "measuring",
            Stage::Reporting => "reporting",
        };
        let noun = match stage {
            Stage::Listing | Stage::FirstLook | Stage::Comparing | Stage::Reporting => "file",
            Stage::Codes => "part",
            Stage::Pairs | Stage::Measuring => "pair",
        };
        note(&format!("{doing} {} of {}, {figures}", size::count(files), size::counted(total, noun)));
    }
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Listing => "looking   {spinner} {human_pos} of {human_len} files found so far, {msg}",
        Stage::FirstLook => "looking   [{bar:24}] {human_pos}/{human_len} files, {msg}",
        Stage::Comparing => "comparing [{bar:24}] {human_pos}/{human_len} files, {msg}",
        Stage::Codes => "comparing [{bar:24}] {human_pos}/{human_len} parts of the codes, {msg}",
        Stage::Pairs => "comparing [{bar:24}] {human_pos}/{human_len} pairs, {msg}",
        Stage::Measuring => "measuring {spinner} {human_pos} of {human_len} pairs found so far, {msg}",
        Stage::Reporting => "reporting [{bar:24}] {human_pos}/{human_len} groups, {msg}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// When the search and its present step began. A stage can have several steps, each of which counts from 0.
struct Clock {
    begun: Instant,
    stage: Stage,
    step_begun: Instant,
    files: u64,
}

impl Clock {
    fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, stage: Stage::Listing, step_begun: now, files: 0 }
    }

    /// Bytes read, how fast, and how long this step will take, if all of it is known.
    fn figures(&mut self, stage: Stage, (files, total): (u64, u64), bytes: u64) -> String {
        if stage != self.stage || files < self.files {
            (self.stage, self.step_begun) = (stage, Instant::now());
        }
        self.files = files;
        let rate = u128::from(bytes) * 1000 / self.begun.elapsed().as_millis().max(1);
        let rate = size::shown(u64::try_from(rate).unwrap_or(u64::MAX));
        let left = match (files, stage) {
            (0, _) | (_, Stage::Listing | Stage::Measuring) => String::new(),
            (files, _) => {
                let step_ms = self.step_begun.elapsed().as_millis();
                let left_ms = step_ms * u128::from(total.saturating_sub(files)) / u128::from(files);
                format!(", {} s left of this step", left_ms.div_ceil(1000))
            }
        };
        format!("{} read, {rate}/s{left}", size::shown(bytes))
    }
}

/// Takes the bar off the terminal, when the program ends in the middle of drawing it.
pub(crate) fn clear_line() {
    if io::stderr().is_terminal() {
        let _ = io::stderr().lock().write_all(b"\r\x1b[2K\x1b[?25h");
    }
}
