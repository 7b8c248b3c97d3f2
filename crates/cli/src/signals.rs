//! SIGINT and SIGTERM (Ctrl-C on Windows): the first asks the run to stop, the second ends it at once.

use std::process;

use lakeward_core::failure::FailureKind;
use tokio::sync::watch;

/// Whether the run has been asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Starts to listen for signals.
    pub(crate) fn listen() -> Self {
        let (asked, receiver) = watch::channel(false);
        tokio::spawn(async move {
            next_signal().await;
            asked.send_replace(true);
            next_signal().await;
            process::exit(i32::from(FailureKind::Interrupted.exit_code()));
        });
        Self(receiver)
    }

    /// Returns when the first signal has come.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            // Nothing listens any more, so nothing will come.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
async fn next_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        // Without handlers the system's own way holds: a signal ends the process.
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn next_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
