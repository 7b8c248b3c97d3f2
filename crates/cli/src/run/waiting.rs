//! What a run waits for before anything happens that could be told: said once, when it takes longer than a moment.

use std::time::Duration;

use lakeward_auth::{Signing, Step};
use lakeward_core::{
    event::{Event, Observer},
    plan::{CREDENTIAL_PROGRAM_LIMIT, Plan, SourcePlan},
    untrusted::{excerpt, printable},
};

/// How long nobody asks what it is doing.
const MOMENT: Duration = Duration::from_secs(2);
/// How much of a program's name.
const NAME: usize = 80;

/// The work, of which the observer is told what it waits for, if it takes long.
pub(crate) async fn waiting<T>(observer: &dyn Observer, what: Option<String>, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    match tokio::time::timeout(MOMENT, &mut work).await {
        Ok(done) => done,
        Err(_) => {
            if let Some(what) = what {
                observer.on(&Event::Waiting { what });
            }
            work.await
        }
    }
}

/// What the tables of plugins come from, if there are plugins.
pub(super) fn plugins(plan: &Plan) -> Option<String> {
    let names = plan.sources.iter().filter_map(|source| match source {
        SourcePlan::CloudQuery(plugin) => Some(excerpt(&plugin.name, NAME)),
        _ => None,
    });
    let names = names.collect::<Vec<_>>().join(", ");
    (!names.is_empty()).then(|| format!("the tables of {names}"))
}

/// What the first rows come from, if that may take its time.
pub(super) fn rows(plan: &Plan) -> Option<String> {
    let is_wanted = |table| plan.only_tables.is_empty() || plan.only_tables.contains(table);
    let from = plan.sources.iter().filter_map(|source| match source {
        SourcePlan::Command { command, table, .. } if is_wanted(table) => {
            Some(format!("`{}`", excerpt(command.first()?, NAME)))
        }
        SourcePlan::Stdin { table, .. } if is_wanted(table) => Some("standard input".to_owned()),
        _ => None,
    });
    let from = from.collect::<Vec<_>>().join(", ");
    (!from.is_empty()).then(|| format!("the first rows of {from}"))
}

/// The credentials, with the program that is asked for them.
pub(crate) fn credentials(signing: &Signing) -> String {
    let steps = signing.resolution.found().map(|found| found.needs()).unwrap_or_default();
    let program = steps.into_iter().find_map(|step| match step {
        Step::Runs(program) => Some(printable(&program).into_owned()),
        _ => None,
    });
    match program {
        Some(program) => {
            format!("credentials (`{}`, up to {} s)", excerpt(&program, NAME), CREDENTIAL_PROGRAM_LIMIT.as_secs())
        }
        None => "credentials".to_owned(),
    }
}
