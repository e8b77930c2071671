//! The memory that all decoders together may hold.

use std::{
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

/// A quarter of this machine's memory, or of what its control group allows, if that is less.
#[must_use]
pub fn default_memory_bytes() -> u64 {
    let info = rustix::system::sysinfo();
    let installed = info.totalram.saturating_mul(u64::from(info.mem_unit.max(1)));
    let allowed = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    installed.min(allowed.unwrap_or(u64::MAX)) / 4
}

/// How often one that waits for its turn on a host looks whether it has come.
const LOOK: Duration = Duration::from_millis(10);

/// Bytes that may be held at once. What does not fit yet waits; what can never fit is refused.
///
/// Several processes of a host may have a share each of one budget. What is refused does not depend on the shares: a
/// picture that needs more than one share, but not more than all, is decoded alone in its process, and by one process of
/// the host at a time.
pub(crate) struct Budget {
    share: u64,
    most: u64,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    free: u64,
    /// One waits until all of the share is free: nobody else begins.
    is_claimed: bool,
    /// How many wait. To wake nobody is a system call all the same, and there are as many charges as looks.
    waiting: usize,
}

/// Bytes taken from a [`Budget`], given back when dropped.
pub(crate) struct Charge<'a> {
    budget: &'a Budget,
    bytes: u64,
    /// Held while no other process of the host may hold more than its share.
    _turn: Option<UnixListener>,
}

impl Budget {
    /// The share of one of so many processes.
    pub(crate) fn new(most: u64, sharers: usize) -> Self {
        let share = most / sharers.max(1) as u64;
        Self {
            share,
            most,
            state: Mutex::new(State { free: share, is_claimed: false, waiting: 0 }),
            returned: Condvar::new(),
        }
    }

    /// One of half the size: for a part of the work that needs the other half for something else.
    pub(crate) fn halved(&self) -> Self {
        let (share, most) = (self.share / 2, self.most / 2);
        let state = State { free: share, is_claimed: false, waiting: 0 };
        Self { share, most, state: Mutex::new(state), returned: Condvar::new() }
    }

    /// What one picture may need.
    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// What this process may hold beside the others.
    pub(crate) fn share(&self) -> u64 {
        self.share
    }

    /// Takes `bytes`, waiting until others have returned enough; nothing if the whole budget is smaller.
    pub(crate) fn take(&self, bytes: u64) -> Option<Charge<'_>> {
        if bytes > self.most {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes <= self.share {
            state = self.wait_while(state, |state| state.is_claimed || state.free < bytes);
            state.free -= bytes;
            return Some(Charge { budget: self, bytes, _turn: None });
        }
        state = self.wait_while(state, |state| state.is_claimed);
        state.is_claimed = true;
        state = self.wait_while(state, |state| state.free < self.share);
        (state.free, state.is_claimed) = (0, false);
        drop(state);
        Some(Charge { budget: self, bytes, _turn: turn_on_host() })
    }

    fn wait_while<'s>(
        &self,
        state: MutexGuard<'s, State>,
        mut must_wait: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        let mut state = state;
        if must_wait(&state) {
            state.waiting += 1;
            state = self.returned.wait_while(state, |state| must_wait(state)).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state
    }
}

/// Waits for the turn of this process among those of the user on this host. A name of a socket that no file has: it is
/// free again when its owner ends, however it does.
fn turn_on_host() -> Option<UnixListener> {
    let name = format!("pixtwin large picture {}", rustix::process::getuid().as_raw());
    let name = SocketAddr::from_abstract_name(name).ok()?;
    loop {
        match UnixListener::bind_addr(&name) {
            Ok(turn) => return Some(turn),
            Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => thread::sleep(LOOK),
            // Where there are no sockets, nobody can be waited for.
            Err(_) => return None,
        }
    }
}

impl Charge<'_> {
    /// How many bytes were taken.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        let mut state = self.budget.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.free += self.bytes.min(self.budget.share);
        let is_awaited = state.waiting > 0;
        drop(state);
        if is_awaited {
            self.budget.returned.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn never_more_than_the_total_is_out() {
        let budget = Budget::new(10, 1);
        let (out, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for bytes in [3, 4, 5, 6, 7, 10] {
                let (budget, out, most) = (&budget, &out, &most);
                scope.spawn(move || {
                    for _ in 0..200 {
                        let _charge = budget.take(bytes).unwrap();
                        let now = out.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        most.fetch_max(now, Ordering::SeqCst);
                        out.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 10);
        assert!(budget.take(11).is_none());
        assert_eq!(budget.take(10).map(|charge| charge.bytes()), Some(10));
    }

    /// Two budgets stand for two processes of a host.
    #[test]
    fn what_is_more_than_a_share_is_held_by_one_process_at_a_time_and_alone_in_it() {
        let budgets = [Budget::new(20, 2), Budget::new(20, 2)];
        let (large, small) = (AtomicU64::new(0), [AtomicU64::new(0), AtomicU64::new(0)]);
        thread::scope(|scope| {
            for (budget, small) in budgets.iter().zip(&small) {
                let large = &large;
                for bytes in [11, 20] {
                    scope.spawn(move || {
                        for _ in 0..10 {
                            let charge = budget.take(bytes).unwrap();
                            assert_eq!(charge.bytes(), bytes);
                            assert_eq!(large.fetch_add(1, Ordering::SeqCst), 0, "another is at it");
                            assert_eq!(small.load(Ordering::SeqCst), 0, "it is not alone");
                            large.fetch_sub(1, Ordering::SeqCst);
                        }
                    });
                }
                scope.spawn(move || {
                    for _ in 0..200 {
                        let _charge = budget.take(6).unwrap();
                        small.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        small.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(budgets[0].take(21).is_none());
    }
}
