//! `lakeward --config F`: the headless run. It never asks anything.

use std::sync::Arc;

use lakeward_auth::Environment;
use lakeward_core::failure::{Failure, FailureKind};
use lakeward_source::Commands;
use lakeward_tui::progress::{Progress, Style};

use crate::{
    arguments::{OutputArguments, SyncArguments},
    config_file,
    console::Console,
    logging::{self, SourceLogs},
    run::{Ended, LandedSoFar, Run, interrupted_early},
    signals::Interruption,
};

/// Runs the sync that the config describes.
pub(crate) async fn sync(arguments: SyncArguments, output: OutputArguments, console: &Console) -> Result<(), Failure> {
    let progress = Progress::new(if output.quiet { Style::None } else { arguments.progress.into() });
    logging::start(output, &progress);
    // Whichever way the run ends, no command of a source outlives it.
    let commands = Commands::default();
    let landed = LandedSoFar::new(Arc::new(SourceLogs(progress.observer.clone())));
    let mut interruption = Interruption::listen_and(commands.clone(), {
        let (landed, console) = (Arc::clone(&landed), *console);
        move || console.incomplete(&landed.told())
    });
    let plan = config_file::resolve(arguments.config, arguments.tables, *console)?.plan;
    let _end = commands.end_with();
    let run = tokio::select! {
        run = Run::discover(plan, landed, commands) => run.map_err(untouched)?,
        () = interruption.asked() => return Err(interrupted_early()),
    };
    if arguments.dry_run {
        console.result(&run.dry_run()?);
        return Ok(());
    }
    run.warn();
    let Ended { summary, rejected, failure } = run.land(&Environment::real(), interruption).await?;
    console.result(&summary);
    if let Some(rejected) = rejected {
        console.rejected(&rejected);
    }
    match failure {
        None => Ok(()),
        Some((failure, incomplete)) => {
            console.incomplete(&incomplete);
            Err(failure)
        }
    }
}

/// What was wrong with the input before anything was sent: a person who sees it wants to know.
fn untouched(failure: Failure) -> Failure {
    match failure.kind {
        // Of several lines the last may be a program's.
        FailureKind::Input => {
            let separator = if failure.what.contains('\n') { "\n" } else { "; " };
            Failure { what: format!("{}{separator}nothing has landed", failure.what), ..failure }
        }
        _ => failure,
    }
}
