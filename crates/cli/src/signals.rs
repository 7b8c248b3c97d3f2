//! SIGINT, SIGTERM and SIGHUP (Ctrl-C on Windows): the first asks the run to stop, the second ends it at once, and its
//! commands with it.

use std::process;

use lakeward_core::failure::{Failure, FailureKind};
use lakeward_source::Commands;
use tokio::sync::watch;

/// Whether the run has been asked to stop.
#[derive(Clone, Debug)]
pub(crate) struct Interruption(watch::Receiver<bool>);

impl Interruption {
    /// Starts to listen for signals. `commands` are those of the run.
    pub(crate) fn listen(commands: Commands) -> Self {
        Self::listen_and(commands, || {})
    }

    /// The same; `last` is done before a second signal ends the process.
    pub(crate) fn listen_and(commands: Commands, last: impl FnOnce() + Send + 'static) -> Self {
        let (asked, receiver) = watch::channel(false);
        // Made once, so that no signal falls between the first and the second wait. Without them the system's own way holds:
        // a signal ends the process.
        if let Ok(mut signals) = Signals::new() {
            tokio::spawn(async move {
                signals.next().await;
                asked.send_replace(true);
                signals.next().await;
                // An exit runs nothing of what would end them.
                commands.kill_now();
                lakeward_auth::end_programs();
                last();
                process::exit(i32::from(FailureKind::Interrupted.exit_code()));
            });
        }
        Self(receiver)
    }

    /// Starts to listen for signals, of which the first counts and no later one ends the process: it stops by itself within a bounded
    /// time, and a host and its terminal may both ask.
    pub(crate) fn patient() -> Self {
        let (asked, receiver) = watch::channel(false);
        if let Ok(mut signals) = Signals::new() {
            tokio::spawn(async move {
                loop {
                    signals.next().await;
                    asked.send_replace(true);
                }
            });
        }
        Self(receiver)
    }

    /// One that somebody else asks for, by `true`.
    pub(crate) fn asked_by(receiver: watch::Receiver<bool>) -> Self {
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

/// Calls `on` for every signal, from now on. Within a runtime.
pub(crate) fn each(on: impl Fn() + Send + 'static) {
    // As above: without them the system's own way holds.
    if let Ok(mut signals) = Signals::new() {
        tokio::spawn(async move {
            loop {
                signals.next().await;
                on();
            }
        });
    }
}

/// Work that a signal ends: for commands that have nothing to bring to an end themselves.
pub(crate) async fn unless_interrupted(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let mut interruption = Interruption::listen(Commands::default());
    tokio::select! {
        result = work => result,
        () = interruption.asked() => Err(Failure::new(FailureKind::Interrupted, "interrupted")),
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// The terminal is gone. `None` where that is not to end the run.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hang_up = if outlives_its_terminal() { None } else { Some(signal(SignalKind::hangup())?) };
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hang_up })
    }

    async fn next(&mut self) {
        let hung_up = async {
            match &mut self.hang_up {
                Some(hang_up) => hang_up.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hung_up => {}
        }
    }
}

/// Whether SIGHUP was ignored when the program started, as `nohup` has it; to listen to it would undo that. Where the system
/// does not tell, it stays as it was.
#[cfg(unix)]
fn outlives_its_terminal() -> bool {
    // "SigIgn" of proc(5): a mask in base 16, the lowest bit of which is signal 1, SIGHUP.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
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
