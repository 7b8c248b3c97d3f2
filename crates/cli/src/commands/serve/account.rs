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
    missing: Mutex<Vec<Failure>>,
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
        self.lock().push(failure);
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
        let mut missing = std::mem::take(&mut *self.lock());
        if !settled {
            let what = "writes were still under way when the time to stop was over: their rows may be missing";
            missing.push(Failure::new(FailureKind::Interrupted, what));
        }
        let what: Vec<&str> = missing.iter().map(|failure| failure.what.as_str()).collect();
        let what = what.join("; ");
        missing.into_iter().next().map_or(Ok(()), |first| Err(Failure { what, ..first }))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Failure>> {
        // A push is whole or not there, so a panic elsewhere doesn't spoil it.
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.send_modify(|running| *running -= 1);
    }
}
