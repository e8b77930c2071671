//! How many decode at once.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// So many at once; the others wait.
pub(super) struct Permits {
    free: Mutex<usize>,
    returned: Condvar,
}

/// Leave to go on, given back when dropped.
pub(super) struct Permit<'a>(&'a Permits);

impl Permits {
    pub(super) fn new(number: usize) -> Self {
        Self { free: Mutex::new(number.max(1)), returned: Condvar::new() }
    }

    /// Waits until there is one; nothing if that takes too long.
    pub(super) fn take(&self, time: Duration) -> Option<Permit<'_>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.returned.wait_timeout_while(free, time, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1)?;
        Some(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_so_many_are_given() {
        let permits = Permits::new(2);
        let both = (permits.take(Duration::ZERO), permits.take(Duration::ZERO));
        assert!(both.0.is_some() && both.1.is_some());
        assert!(permits.take(Duration::from_millis(1)).is_none());
        drop(both.0);
        assert!(permits.take(Duration::ZERO).is_some());
        assert!(Permits::new(0).take(Duration::ZERO).is_some());
    }
}
