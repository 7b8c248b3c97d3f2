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
        // Made once, so that no signal falls between the first and the second wait. Without them the system's own way holds:
        // a signal ends the process.
        if let Ok(mut signals) = Signals::new() {
            tokio::spawn(async move {
                signals.next().await;
                asked.send_replace(true);
                signals.next().await;
                process::exit(i32::from(FailureKind::Interrupted.exit_code()));
            });
        }
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
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
