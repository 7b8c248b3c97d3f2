//! The loopback AWS as a program: prints the environment that leads clients to it, and serves until it is told to end.

use std::io::{self, Write};

use lakeward_core::failure::{Failure, FailureKind};
use lakeward_loopback::aws::{LoopbackAws, Options};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match serve().await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            drop(writeln!(io::stderr(), "{failure}"));
            failure.kind.exit_code().into()
        }
    }
}

async fn serve() -> Result<(), Failure> {
    // Before the environment is told, so that a signal that follows it at once ends this properly.
    let end = end_signal()?;
    let aws = LoopbackAws::start(Options::default()).await?;
    let lines: Vec<String> =
        aws.environment().into_iter().map(|(name, value)| format!("export {name}={value}\n")).collect();
    let mut out = io::stdout();
    let told = out.write_all(lines.concat().as_bytes()).and_then(|()| out.flush());
    told.map_err(|error| Failure::new(FailureKind::Bug, format!("can't print the environment: {error}")))?;
    end.await;
    aws.stop().await;
    Ok(())
}

/// Waits for SIGINT or SIGTERM, which are caught from now on.
fn end_signal() -> Result<impl Future<Output = ()>, Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let failed = |error| Failure::new(FailureKind::Bug, format!("can't catch signals: {error}"));
        let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
