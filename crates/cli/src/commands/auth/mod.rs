//! `lakeward auth`: signing in, and which credentials there are, from where, and until when.

mod login;
mod logout;
mod explain;
mod export;
mod status;

use std::{path::PathBuf, time::SystemTime};

use lakeward_auth::{Changed, Environment, Signing};
use lakeward_core::{
    failure::Failure,
    plan::{AuthPlan, Plan, S3Plan, Storage, Vendor},
};

pub(crate) use self::explain::{chain, life};
use crate::{
    arguments::{AuthChoice, AuthCommand, OutputArguments},
    config_file,
    console::{Console, shown},
    logging,
    signals::unless_interrupted,
    span::rough,
    storage,
};

/// Runs one of the commands.
pub(crate) async fn auth(command: AuthCommand, output: OutputArguments, console: &Console) -> Result<(), Failure> {
    logging::start(output, &lakeward_tui::progress::Progress::new(lakeward_tui::progress::Style::None));
    match command {
        // It has a listener and a prompt of its own to put away.
        AuthCommand::Login(arguments) => login::login(arguments, console).await,
        AuthCommand::Logout(arguments) => unless_interrupted(logout::logout(arguments, *console)).await,
        AuthCommand::Explain(arguments) => unless_interrupted(explain::explain(arguments, console)).await,
        AuthCommand::Export(arguments) => unless_interrupted(export::export(arguments, console)).await,
        AuthCommand::Status { json } => status::status(json, console),
    }
}

/// Whose credentials are meant.
struct Asked {
    auth: AuthPlan,
    /// The config that says so, if one does.
    config: Option<PathBuf>,
    server: Server,
    /// The bucket's place, if a config names one.
    s3: Option<S3Plan>,
}

impl Asked {
    /// Decides where the credentials come from.
    fn signing(&self, environment: Environment) -> Result<Signing, Failure> {
        let signing = Signing::plan(&self.auth, environment)?;
        Ok(match &self.s3 {
            Some(s3) => signing.in_region_of(s3),
            None => signing,
        })
    }
}

/// What they are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Server {
    /// AWS itself, which can say whose they are.
    Aws,
    /// Another S3 server.
    Other,
    /// None: the S3 server in the process has keys of its own.
    Embedded,
}

impl Server {
    /// The server of a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        match &plan.destination.storage {
            Storage::S3(S3Plan { vendor: Vendor::Aws, .. }) => Self::Aws,
            Storage::S3(_) => Self::Other,
            Storage::Embedded { .. } => Self::Embedded,
        }
    }

    /// What else there is to say about them.
    fn note(self) -> Option<&'static str> {
        match self {
            Self::Aws => None,
            Self::Other => {
                Some("the destination is another server than AWS, so STS is not asked whose credentials these are")
            }
            Self::Embedded => Some("the destination is the embedded S3, which needs none of these credentials"),
        }
    }
}

/// The profile that is named, else what the config says; without a config, the credential chain.
fn asked(choice: AuthChoice, console: &Console) -> Result<Asked, Failure> {
    if let Some(profile) = choice.profile {
        return Ok(Asked { auth: AuthPlan::Profile(profile), config: None, server: Server::Aws, s3: None });
    }
    let Some(config) = config_file::found(choice.config) else {
        return Ok(Asked { auth: AuthPlan::Chain, config: None, server: Server::Aws, s3: None });
    };
    let plan = config_file::resolve(Some(config.clone()), Vec::new(), *console)?.plan;
    // Where that fails, it is said of the credentials.
    let plan = storage::located(plan.clone(), &Environment::real()).map_or(plan, |(located, _)| located);
    let server = Server::of(&plan);
    let s3 = match plan.destination.storage {
        Storage::S3(s3) => Some(s3),
        Storage::Embedded { .. } => None,
    };
    Ok(Asked { auth: plan.auth, config: Some(config), server, s3 })
}

/// Shows and writes changes of the AWS files.
async fn written(changes: Vec<Changed>, console: Console) -> Result<(), Failure> {
    for changed in changes {
        console.note(&changed.diff());
        if let Some(backup) = changed.write().await? {
            console.note(&format!("The file as it was is kept as {}.\n", shown(&backup)));
        }
    }
    Ok(())
}

/// A time as people read it, with how far off it is.
pub(crate) fn until(time: SystemTime, now: SystemTime) -> String {
    let written = humantime::format_rfc3339_seconds(time);
    match (time.duration_since(now), now.duration_since(time)) {
        (Ok(left), _) => format!("{written} (in {})", rough(left)),
        (_, Ok(past)) => format!("{written} ({} ago)", rough(past)),
        _ => written.to_string(),
    }
}

/// A time in JSON.
fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
