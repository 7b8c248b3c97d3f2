//! The `lakeward` binary: the one place that reads arguments and the environment, prints, and picks exit codes.

mod arguments;
mod config_file;
mod console;
mod logging;
mod storage;
mod gathering;
mod run;
mod browser;
mod signals;
mod span;
mod terminal;
mod commands;

use std::{process, time::Duration};

use clap::{CommandFactory, Parser};
use lakeward_core::failure::{Failure, FailureKind};

use crate::{
    arguments::{Arguments, Command, InitArguments, OutputArguments},
    console::Console,
    signals::unless_interrupted,
};

/// How long an interrupted program waits for what still runs.
pub(crate) const ENDING: Duration = Duration::from_millis(500);

fn main() {
    let arguments = Arguments::parse();
    let console = Console::new(&arguments.output);
    let code = match run(arguments, &console) {
        Ok(code) => code,
        Err(failure) => {
            console.failure(&failure);
            failure.kind.exit_code()
        }
    };
    // Not by return: a thread that still waits for standard input must not hold the process.
    process::exit(i32::from(code));
}

fn run(arguments: Arguments, console: &Console) -> Result<u8, Failure> {
    let Arguments { command, sync, plain, output } = arguments;
    if plain && (command.is_some() || sync.are_given()) {
        let what = "--plain stands alone, or after `init` or `demo`";
        Arguments::command().error(clap::error::ErrorKind::ArgumentConflict, what).exit();
    }
    if command.is_some() && sync.are_given() {
        let what = "the flags of a run stand after `sync`, and no other command takes them";
        Arguments::command().error(clap::error::ErrorKind::ArgumentConflict, what).exit();
    }
    let done = match command {
        Some(Command::Init(arguments)) => return wizard(&arguments, true, output, *console),
        Some(Command::Demo(arguments)) => return commands::demo::demo(&arguments, output, runtime()?, *console),
        Some(Command::Sync(sync)) => in_runtime(commands::sync::sync(sync, output, console)),
        Some(Command::Auth(command)) => in_runtime(commands::auth::auth(command, output, console)),
        Some(Command::Check(arguments)) => {
            in_runtime(unless_interrupted(commands::check::check(arguments, output, console)))
        }
        Some(Command::Policy(arguments)) => commands::policy::policy(arguments, console),
        Some(Command::Import(arguments)) => commands::import::import(arguments, *console),
        Some(Command::Serve(arguments)) => in_runtime(commands::serve::serve(arguments, output)),
        Some(Command::Schema) => commands::schema::schema(),
        None if sync.are_given() => in_runtime(commands::sync::sync(sync, output, console)),
        None if plain || commands::init::has_terminal() => {
            return wizard(&InitArguments { plain, ..InitArguments::default() }, false, output, *console);
        }
        None => {
            // The whole usage would hide the one line that matters here.
            let next = match config_file::found(None) {
                Some(_) => {
                    "run `lakeward sync`, or `lakeward --plain` to be asked line by line, or `lakeward --help` to see what else there is"
                }
                None => {
                    "be asked line by line with `lakeward --plain`, make a config with `lakeward init --yes`, or see `lakeward --help`"
                }
            };
            return Err(
                Failure::new(FailureKind::Usage, "there is no terminal to ask on, and no command was given").next(next)
            );
        }
    };
    done.map(|()| 0)
}

fn wizard(arguments: &InitArguments, init: bool, output: OutputArguments, console: Console) -> Result<u8, Failure> {
    let runtime = runtime()?;
    let result = commands::init::init(arguments, init, output, runtime.handle(), console);
    // Whatever still listens or runs ends with it.
    runtime.shutdown_timeout(ENDING);
    result
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(FailureKind::Bug, format!("no threads for the network: {error}")))
}

fn in_runtime(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = runtime()?;
    let result = runtime.block_on(work);
    match &result {
        // What still runs in the background ends with it: a program that was asked for credentials, above all.
        Err(failure) if failure.kind == FailureKind::Interrupted => runtime.shutdown_timeout(ENDING),
        _ => runtime.shutdown_background(),
    }
    result
}
