//! Maintenance of Lakeward: `cargo xtask test` is all that a change has to pass.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod checks;
mod step;
mod tools;
mod venv;

mod bench;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Maintenance of Lakeward", disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format, lints, docs and all tests, with Python judges in an environment made outside the tree
    Test,
    /// What continuous integration runs: the versions and the machine, then `test`
    Ci,
    /// The tests in release mode with property tests and endurance tests at full counts
    Soak {
        /// How many cases each property test tries
        #[arg(long, default_value_t = 5_000)]
        cases: u32,
    },
    /// What Lakeward costs in time, CPU and memory, written to BENCHMARKS.md
    Bench(bench::Options),
    /// Refresh the committed JSON Schema of the config
    Schema,
    /// Refresh the committed picture of the wizard, and the reference of its questions
    Picture,
    /// Refresh the committed code of CloudQuery's protocol from its .proto files
    Proto,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: &Task) -> anyhow::Result<()> {
    let root = root()?;
    match task {
        Task::Test => checks::test(&root),
        Task::Ci => checks::ci(&root),
        Task::Soak { cases } => checks::soak(&root, *cases),
        Task::Bench(options) => bench::run(&root, options),
        Task::Schema => checks::schema(&root),
        Task::Picture => checks::picture(&root),
        Task::Proto => checks::proto(&root),
    }
}

/// The workspace's root folder.
fn root() -> anyhow::Result<PathBuf> {
    // Told by cargo when it runs this program: the tree may have moved since it was built.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = Path::new(&package).parent().context("the package xtask lies in a workspace")?;
    Ok(root.to_owned())
}
