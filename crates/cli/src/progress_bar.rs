//! The progress bar: files, bytes, rate and time left, on standard error if that is a terminal.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pixtwin_engine::{Progress, Stage};

use crate::{args::Common, size};

const REDRAW: Duration = Duration::from_millis(100);

/// Runs `work` with a bar beside it. The bar is gone when this returns.
pub(crate) fn beside<T>(common: &Common, work: impl FnOnce(&Progress) -> T) -> T {
    let progress = Progress::default();
    if common.quiet || !io::stderr().is_terminal() {
        return work(&progress);
    }
    let (done, wake) = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        scope.spawn(|| draw_until(&done, &wake, &progress));
        let _ends_the_drawing = EndOnDrop(&done, &wake);
        work(&progress)
    })
}

/// Ends the drawing also where the work panics: a scope waits for all its threads.
struct EndOnDrop<'a>(&'a Mutex<bool>, &'a Condvar);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }
}

fn draw_until(done: &Mutex<bool>, wake: &Condvar, progress: &Progress) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let begun = Instant::now();
    let mut stage_begun = (Stage::Listing, begun);
    let mut is_done = done.lock().unwrap_or_else(PoisonError::into_inner);
    while !*is_done {
        is_done = wake.wait_timeout(is_done, REDRAW).unwrap_or_else(PoisonError::into_inner).0;
        let (stage, files, total, bytes) = progress.now();
        if stage != stage_begun.0 {
            stage_begun = (stage, Instant::now());
        }
        bar.set_style(style(stage));
        bar.set_length(total);
        bar.set_position(files);
        let in_stage = (stage != Stage::Listing).then(|| stage_begun.1.elapsed());
        bar.set_message(figures(files, total, bytes, begun.elapsed(), in_stage));
    }
    bar.finish_and_clear();
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Listing => "looking   {spinner} {human_pos} of {human_len} files found so far, {msg}",
        Stage::FirstLook => "looking   [{bar:24}] {human_pos}/{human_len} files, {msg}",
        Stage::Comparing => "comparing [{bar:24}] {human_pos}/{human_len} files, {msg}",
        Stage::Reporting => "reporting [{bar:24}] {human_pos}/{human_len} groups, {msg}",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// Bytes read, how fast, and how long this stage will take, if all of it is known.
fn figures(files: u64, total: u64, bytes: u64, elapsed: Duration, in_stage: Option<Duration>) -> String {
    let rate = u128::from(bytes) * 1000 / elapsed.as_millis().max(1);
    let rate = size::shown(u64::try_from(rate).unwrap_or(u64::MAX));
    let left = match (files, in_stage) {
        (0, _) | (_, None) => String::new(),
        (files, Some(in_stage)) => {
            let left_ms = in_stage.as_millis() * u128::from(total.saturating_sub(files)) / u128::from(files);
            format!(", {} s left", left_ms.div_ceil(1000))
        }
    };
    format!("{} read, {rate}/s{left}", size::shown(bytes))
}

/// Takes the bar off the terminal, when the program ends in the middle of drawing it.
pub(crate) fn clear_line() {
    if io::stderr().is_terminal() {
        let _ = io::stderr().lock().write_all(b"\r\x1b[2K\x1b[?25h");
    }
}
