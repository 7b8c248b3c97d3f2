//! `lakeward auth`: which credentials there are, from where, and until when.

mod explain;
mod export;
mod status;

use std::{path::PathBuf, time::SystemTime};

use lakeward_core::{
    failure::Failure,
    plan::{AuthPlan, S3Plan, Storage, Vendor},
};

use crate::{
    arguments::{AuthChoice, AuthCommand, OutputArguments},
    config_file,
    console::Console,
    logging,
};

/// Runs one of the commands.
pub(crate) async fn auth(command: AuthCommand, output: OutputArguments, console: &Console) -> Result<(), Failure> {
    logging::start(output, &lakeward_tui::progress::Progress::new(lakeward_tui::progress::Style::None));
    match command {
        AuthCommand::Explain(arguments) => explain::explain(arguments, console).await,
        AuthCommand::Export(arguments) => export::export(arguments, console).await,
        AuthCommand::Status { json } => status::status(json),
    }
}

/// Whose credentials are meant.
struct Asked {
    auth: AuthPlan,
    /// The config that says so, if one does.
    config: Option<PathBuf>,
    /// Whether they are for AWS itself rather than for another server.
    for_aws: bool,
}

/// The profile that is named, else what the config says; without a config, the credential chain.
fn asked(choice: AuthChoice, console: &Console) -> Result<Asked, Failure> {
    if let Some(profile) = choice.profile {
        return Ok(Asked { auth: AuthPlan::Profile(profile), config: None, for_aws: true });
    }
    let Some(config) = config_file::found(choice.config) else {
        return Ok(Asked { auth: AuthPlan::Chain, config: None, for_aws: true });
    };
    let plan = config_file::resolve(Some(config.clone()), Vec::new(), *console)?.plan;
    let for_aws = match &plan.destination.storage {
        Storage::S3(S3Plan { vendor, .. }) => *vendor == Vendor::Aws,
        Storage::Embedded { .. } => true,
    };
    Ok(Asked { auth: plan.auth, config: Some(config), for_aws })
}

/// A time as people read it, with how far off it is.
fn until(time: SystemTime, now: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(time);
    let rounded = |duration: std::time::Duration| {
        let seconds = duration.as_secs();
        let step = if seconds < 120 { 1 } else { 60 };
        humantime::format_duration(std::time::Duration::from_secs(seconds / step * step))
    };
    match (time.duration_since(now), now.duration_since(time)) {
        (Ok(left), _) => format!("{written} (in {})", rounded(left)),
        (_, Ok(past)) => format!("{written} ({} ago)", rounded(past)),
        _ => written.to_string(),
    }
}

/// A time in JSON.
fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
