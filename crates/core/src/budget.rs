//! One budget of memory, in bytes, for the whole process.
//!
//! Sources ask before they read ([`Budget::reserve`] waits); what lies downstream may always grow and shrink what it holds
//! ([`Reservation::resize`] never waits). So there is one place at which a run waits for memory, and it can't deadlock:
//! whoever holds memory downstream can always go on until it gives the memory back.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A shared count of bytes in use, with a limit. Cloning it shares it.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limit: u64,
    used: Mutex<Used>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Used {
    now: u64,
    most: u64,
}

impl Budget {
    /// A budget of `limit` bytes, none of them in use.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self(Arc::new(Shared { limit, used: Mutex::default(), freed: Condvar::new() }))
    }

    /// Takes `bytes`, and waits until they are free, or, of more, until [a share](Self::share) is. Whoever asks holds nothing
    /// but what a whole input needs, a quarter of the limit at the most; what is downstream keeps no more than a share
    /// while nothing comes. So the wait ends, whatever one record or one column takes.
    #[must_use]
    pub fn reserve(&self, bytes: u64) -> Reservation {
        let least = bytes.min(self.share());
        let mut used = self.0.lock();
        while used.now > 0 && used.now.saturating_add(least) > self.0.limit {
            used = self.0.freed.wait(used).unwrap_or_else(PoisonError::into_inner);
        }
        used.add(bytes);
        Reservation { budget: self.clone(), bytes }
    }

    /// An empty reservation, for a stage downstream of a source, to be resized as it grows.
    #[must_use]
    pub fn nothing(&self) -> Reservation {
        Reservation { budget: self.clone(), bytes: 0 }
    }

    /// What one stage may keep for as long as it likes: a third of the limit, in bytes.
    #[must_use]
    pub fn share(&self) -> u64 {
        self.0.limit / 3
    }

    /// The limit, in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Bytes in use now.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.0.lock().now
    }

    /// The most bytes that were ever in use at once.
    #[must_use]
    pub fn most_used(&self) -> u64 {
        self.0.lock().most
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Used> {
        // The guarded value is two integers, whole at every step: a panic elsewhere can't leave it broken.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn add(&mut self, bytes: u64) {
        self.now = self.now.saturating_add(bytes);
        self.most = self.most.max(self.now);
    }
}

/// A share of a [`Budget`], given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Budget,
    bytes: u64,
}

impl Reservation {
    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Holds `bytes` from now on, more or fewer than before. Never waits; it may take the budget past its limit, which then
    /// holds back the sources.
    pub fn resize(&mut self, bytes: u64) {
        let mut used = self.budget.0.lock();
        if bytes >= self.bytes {
            used.add(bytes - self.bytes);
        } else {
            used.now = used.now.saturating_sub(self.bytes - bytes);
            self.budget.0.freed.notify_all();
        }
        self.bytes = bytes;
    }

    /// Splits `bytes` (at most all that it holds) off into a reservation of their own.
    #[must_use]
    pub fn split(&mut self, bytes: u64) -> Self {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Self { budget: self.budget.clone(), bytes }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.resize(0);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;

    #[test]
    fn a_full_budget_waits_until_something_is_given_back() {
        let budget = Budget::new(100);
        let first = budget.reserve(80);
        let (sender, receiver) = mpsc::channel();
        let waiting = budget.clone();
        let thread = thread::spawn(move || {
            let second = waiting.reserve(30);
            sender.send(second.bytes()).expect("the test is listening");
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "granted past the limit");
        drop(first);
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(30));
        thread.join().expect("no panic");
        assert_eq!((budget.used(), budget.most_used()), (0, 80));
    }

    #[test]
    fn more_than_a_share_passes_as_soon_as_a_share_is_free() {
        let budget = Budget::new(99);
        // What open objects keep, and what an input needs to its end.
        let kept = (budget.reserve(33), budget.reserve(24));
        assert_eq!(budget.reserve(500).bytes(), 500);
        drop(kept);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn more_than_the_limit_passes_alone_and_resizing_never_waits() {
        let budget = Budget::new(10);
        let mut only = budget.reserve(50);
        only.resize(70);
        assert_eq!(budget.used(), 70);
        let half = only.split(30);
        assert_eq!((only.bytes(), half.bytes(), budget.used()), (40, 30, 70));
        drop(only);
        assert_eq!(budget.used(), 30);
    }
}
