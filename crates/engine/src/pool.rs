//! One piece of work for each item of a list, on several threads.

use std::sync::{Mutex, PoisonError};

/// Decoders may go deep into recursion: more than the 2 MiB that threads get by default.
const STACK_BYTES: usize = 8 << 20;

/// How many items a thread takes at once: few enough to end together, many enough not to queue for the lock.
const BATCH: usize = 8;

/// Calls `work` once for every item, from `threads` threads at once.
///
/// # Cost
/// Blocks until all items are done. The order in which items are taken is that of the list.
pub(crate) fn for_each<T: Send>(items: &mut [T], threads: usize, work: impl Fn(&mut T) + Sync) {
    let batches_in_all = items.len().div_ceil(BATCH);
    let batches = Mutex::new(items.chunks_mut(BATCH));
    on_threads(threads.min(batches_in_all), || {
        loop {
            let batch = batches.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(batch) = batch else { break };
            batch.iter_mut().for_each(&work);
        }
    });
}

/// Calls `run` from `threads` threads at once, at least one.
///
/// # Cost
/// Blocks until all calls are done.
pub(crate) fn on_threads(threads: usize, run: impl Fn() + Sync) {
    std::thread::scope(|scope| {
        for _ in 1..threads {
            // Where no further thread can be had, those that run do its share.
            drop(std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, &run));
        }
        drop(std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, &run).map_err(|_| run()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_worked_on_once() {
        for threads in [1, 2, 7] {
            for len in [0, 1, 8, 9, 1000] {
                let mut items = vec![0; len];
                for_each(&mut items, threads, |item| *item += 1);
                assert!(items.iter().all(|item| *item == 1));
            }
        }
    }
}
