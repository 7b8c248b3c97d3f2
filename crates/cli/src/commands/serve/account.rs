//! What has become of the rows of all writes of the process: whether it may end with 0.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lakeward_core::failure::{Failure, FailureKind};
use tokio::sync::watch;

/// Writes at once. Each may take its share of memory, so there is a bound to all.
const MOST_WRITES: usize = 16;

/// The books of all writes.
#[derive(Debug, Default)]
pub(super) struct Account {
    running: watch::Sender<usize>,
    missing: Mutex<Missing>,
}

/// Writes that lost rows: the first, and how many came after it. Each was told in the log.
#[derive(Debug, Default)]
struct Missing {
    first: Option<Failure>,
    later: u64,
}

/// A write that is under way; dropped, it is over.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Account);

impl Account {
    /// A write begins; `None` where as many as may are under way.
    pub(super) fn begin(&self) -> Option<Running<'_>> {
        let begins = self.running.send_if_modified(|running| {
            let begins = *running < MOST_WRITES;
            *running += usize::from(begins);
            begins
        });
        begins.then_some(Running(self))
    }

    /// Rows that were taken have not landed; the failure says which and why.
    pub(super) fn missing(&self, failure: Failure) {
        let mut missing = self.lock();
        if missing.first.is_some() {
            missing.later += 1;
        } else {
            missing.first = Some(failure);
        }
    }

    /// Waits until no write is under way.
    pub(super) async fn settled(&self) {
        // The sender lives as long as `self`.
        let _ = self.running.subscribe().wait_for(|running| *running == 0).await;
    }

    /// Whether all rows that were ever taken have landed.
    ///
    /// # Errors
    /// What is missing.
    pub(super) fn balance(&self, settled: bool) -> Result<(), Failure> {
        if !settled {
            let what = "writes were still under way when the time to stop was over: their rows may be missing";
            self.missing(Failure::new(FailureKind::Interrupted, what));
        }
        let Missing { first, later } = std::mem::take(&mut *self.lock());
        match first {
            None => Ok(()),
            Some(first) if later == 0 => Err(first),
            Some(first) => {
                let what = format!("{first}; {later} more write(s) lost rows, as the log tells");
                Err(Failure { what, ..first })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Missing> {
        // Each step leaves it whole, so a panic elsewhere doesn't spoil it.
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}
