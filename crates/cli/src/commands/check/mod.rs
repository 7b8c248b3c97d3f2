//! `lakeward check`: whether a config works, step by step, up to the write of one small object.
//!
//! [`run()`] makes the checks and prints nothing; whoever calls it sees each [item](report::Item) as soon as it is known.

pub(crate) mod report;
mod run;
mod denied;

use std::io::{self, Write};

use lakeward_auth::Environment;
use lakeward_core::failure::Failure;

use self::report::{Check, Item, Outcome, Report, lines};
pub(crate) use self::run::{glances, run};
use crate::{
    arguments::{CheckArguments, OutputArguments},
    config_file,
    console::Console,
    logging,
};

/// Makes the checks and prints a line for each; ends as the first that failed.
pub(crate) async fn check(
    arguments: CheckArguments,
    output: OutputArguments,
    console: &Console,
) -> Result<(), Failure> {
    logging::start(output, &lakeward_tui::progress::Progress::new(lakeward_tui::progress::Style::None));
    let CheckArguments { config, prove, json } = arguments;
    let mut print = |items: &[Item]| {
        if json {
            let lines: String = items.iter().map(|item| format!("{}\n", item.as_json())).collect();
            // Nobody may be reading.
            let _ = io::stdout().write_all(lines.as_bytes());
        } else {
            console.result(&lines(items));
        }
    };
    let plan = match config_file::resolve(config, Vec::new(), *console) {
        Ok(resolved) => resolved.plan,
        Err(failure) => {
            // Where lines are printed, the error follows them and is told there, whole and once.
            let is_told_below = !json && !output.quiet;
            let item = if is_told_below {
                Item::new(Check::Config, Outcome::Failed(failure.kind), "it can't be used; the error says why")
            } else {
                Item::failed(Check::Config, &failure)
            };
            Report::of_config(item, prove, &mut print);
            return Err(failure);
        }
    };
    let report = Box::pin(run(&plan, prove, &Environment::real(), &mut print)).await;
    match report.failure() {
        None => Ok(()),
        // Its line has said what and why.
        Some(failure) if !output.quiet && !json => {
            Err(Failure::new(failure.kind, format!("the check has failed: {}", report.failed().join(", "))))
        }
        Some(failure) => Err(failure),
    }
}
