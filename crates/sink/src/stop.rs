//! The two ways in which a run ends early.

use std::time::Duration;

use tokio::sync::watch;

/// Whether the run has been stopped, and how far.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// Sources stop; what was taken lands.
    sources: watch::Sender<bool>,
    /// Nothing more is encoded, sent or tried again.
    all: watch::Sender<bool>,
}

impl Stop {
    pub(crate) fn sources(&self) {
        self.sources.send_replace(true);
    }

    pub(crate) fn all(&self) {
        self.sources();
        self.all.send_replace(true);
    }

    pub(crate) fn is_sources(&self) -> bool {
        *self.sources.borrow()
    }

    pub(crate) async fn sources_stopped(&self) {
        // The sender lives as long as `self`: it can't be gone.
        let _ = self.sources.subscribe().wait_for(|stopped| *stopped).await;
    }

    pub(crate) fn is_all(&self) -> bool {
        *self.all.borrow()
    }

    /// Returns once all has been stopped for that long.
    pub(crate) async fn all_for(&self, time: Duration) {
        // The sender lives as long as `self`: it can't be gone.
        let _ = self.all.subscribe().wait_for(|stopped| *stopped).await;
        tokio::time::sleep(time).await;
    }
}
