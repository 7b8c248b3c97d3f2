//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use lakeward_auth::sign_in::Flow;
use lakeward_tui::progress::Style;

use crate::commands::init::flags::AnswerFlags;

/// Lands tables in S3 with nothing but s3:PutObject.
///
/// Alone on a terminal it asks for all that a config needs, or offers what can be done with the one that is there.
#[derive(Debug, Parser)]
#[command(
    name = "lakeward",
    version,
    after_help = "Exit codes: 0 done; 2 wrong config or flags; 65 wrong input; 69 no such destination; 75 stopped after some \
                  progress; 77 not signed in or not allowed; 130 interrupted; 1 a bug."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) sync: SyncArguments,
    /// Alone: ask in plain lines, for screen readers and pipes, as `lakeward init --plain` does
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the sync that a config describes; the same as `lakeward --config F`
    Sync(SyncArguments),
    /// Answer a few questions, see that it works, and get a config; with all answers as flags it asks nothing
    Init(InitArguments),
    /// Try all of it without an account: the questions and a run, with a stand-in for AWS inside this program
    Demo(DemoArguments),
    /// Show which AWS credentials there are, from where, and until when
    #[command(subcommand)]
    Auth(AuthCommand),
    /// Look whether a config works, step by step, up to the write of one small object
    Check(CheckArguments),
    /// Print the IAM policy that a config needs, and nothing more
    Policy(PolicyArguments),
    /// Make a config of specs of CloudQuery's command line
    Import(ImportArguments),
    /// Be the S3 destination of CloudQuery: its command line starts this, or reaches it at an address
    Serve(ServeArguments),
    /// Print the JSON Schema of the config
    Schema,
}

/// The flags of `init`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct InitArguments {
    /// The config to write or to edit; without it LAKEWARD_CONFIG, then ./lakeward.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Take answers from a TOML file whose keys are the flags below without their dashes; flags and LAKEWARD_ variables come first
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,
    /// Ask nothing and take the defaults; answers that are missing are told all at once. A config that is there stays as it is
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Ask in plain lines, for screen readers and pipes; ACCESSIBLE=1 and TERM=dumb do the same
    #[arg(long)]
    pub(crate) plain: bool,
    /// Draw with ASCII alone
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Go on with the answers of an earlier session without being asked
    #[arg(long, conflicts_with = "no_resume")]
    pub(crate) resume: bool,
    /// Forget the answers of an earlier session
    #[arg(long)]
    pub(crate) no_resume: bool,
    /// Write what happens in the session to a new file, for whoever is to see why it went wrong; codes are masked
    #[arg(long, value_name = "FILE", conflicts_with = "yes")]
    pub(crate) record: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) given: AnswerFlags,
}

/// The flags of `demo`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DemoArguments {
    /// Ask in plain lines, for screen readers and pipes; ACCESSIBLE=1 and TERM=dumb do the same
    #[arg(long)]
    pub(crate) plain: bool,
    /// Draw with ASCII alone
    #[arg(long)]
    pub(crate) ascii: bool,
    /// Keep the config, the tables and what has landed in this folder, which must be new or empty; else nothing stays
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// The flags of `check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArguments {
    /// The config; without it LAKEWARD_CONFIG, then ./lakeward.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Also assume the role again with nothing but the policy that `lakeward policy` prints, and write with that
    #[arg(long)]
    pub(crate) prove: bool,
    /// Print JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// The flags of `policy`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PolicyArguments {
    /// The config; without it LAKEWARD_CONFIG, then ./lakeward.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print it within a note to the administrator who sets it
    #[arg(long)]
    pub(crate) note: bool,
    /// Also allow `serve` to read tables back, which a CloudQuery host may ask for where no_rotate is set
    #[arg(long)]
    pub(crate) with_read: bool,
}

/// What `import` reads and writes.
#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files of specs, or folders of them (*.yml, *.yaml): a destination and its sources; - is standard input
    #[arg(required = true, value_name = "SPEC")]
    pub(crate) specs: Vec<PathBuf>,
    /// The destination that becomes the config's, where several are S3
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Option<String>,
    /// Write the config to this new file; without it to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// The flags of `serve`: those with which a CloudQuery host starts a plugin.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServeArguments {
    /// How hosts connect
    #[arg(long, value_enum, default_value_t, value_name = "NETWORK")]
    pub(crate) network: Network,
    /// Where: a host and a port, or a socket's path
    #[arg(long, default_value = "localhost:7777", value_name = "ADDRESS")]
    pub(crate) address: String,
    /// How much is logged
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    pub(crate) log_level: LogLevel,
    #[command(flatten)]
    pub(crate) _ignored: IgnoredArguments,
}

/// What hosts pass along and has no meaning here: no telemetry is sent, and no licence is needed.
#[derive(Clone, Debug, Args)]
pub(crate) struct IgnoredArguments {
    #[arg(long, hide = true)]
    no_sentry: bool,
    #[arg(long, hide = true, value_name = "FILE")]
    license: Option<String>,
    #[arg(long, hide = true, value_name = "ENDPOINT")]
    otel_endpoint: Option<String>,
    #[arg(long, hide = true)]
    otel_endpoint_insecure: bool,
    #[arg(long, hide = true, value_name = "HEADERS")]
    otel_endpoint_headers: Vec<String>,
    #[arg(long, hide = true, value_name = "PATH")]
    otel_endpoint_urlpath: Option<String>,
}

/// `--network`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// A host and a port
    #[default]
    Tcp,
    /// A unix socket
    Unix,
}

/// `--log-level`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Everything
    Trace,
    /// Details
    Debug,
    /// What was done
    #[default]
    Info,
    /// What is odd
    #[value(alias = "warning")]
    Warn,
    /// What failed
    Error,
}

/// What to do about credentials.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Sign in, as far as the config, the profile or the start URL needs it
    Login(LoginArguments),
    /// Sign out: end sessions at AWS, and remove what the AWS tools have cached of them
    Logout(LogoutArguments),
    /// Walk through the search for credentials, and say what it leads to and why
    Explain(ExplainArguments),
    /// Print the credentials for another program
    Export(ExportArguments),
    /// List the sign-ins and credentials that the AWS tools have cached
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Whose credentials are meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct AuthChoice {
    /// The config whose `[auth]` is meant; without it LAKEWARD_CONFIG, then ./lakeward.toml, then the AWS credential chain
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub(crate) config: Option<PathBuf>,
    /// One profile of the AWS files, whatever a config says
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// The flags of `auth login`.
#[derive(Clone, Debug, Args)]
pub(crate) struct LoginArguments {
    #[command(flatten)]
    pub(crate) choice: AuthChoice,
    /// One [sso-session] of ~/.aws/config
    #[arg(long, value_name = "NAME", conflicts_with_all = ["config", "profile"])]
    pub(crate) sso_session: Option<String>,
    /// The start URL of an access portal of IAM Identity Center
    #[arg(long, value_name = "URL", conflicts_with_all = ["config", "profile", "sso_session"])]
    pub(crate) sso_start_url: Option<String>,
    /// The region of IAM Identity Center
    #[arg(long, value_name = "REGION", requires = "sso_start_url")]
    pub(crate) sso_region: Option<String>,
    /// Sign in at the console, as `aws login` does
    #[arg(long, conflicts_with_all = ["config", "sso_session", "sso_start_url"])]
    pub(crate) console: bool,
    #[command(flatten)]
    pub(crate) way: WayArguments,
    #[command(flatten)]
    pub(crate) at_console: ConsoleArguments,
    #[command(flatten)]
    pub(crate) mfa: MfaArguments,
}

/// What a sign-in at the console can be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsoleArguments {
    /// The region whose sign-in is used; without it that of the environment or the profile
    #[arg(long, value_name = "REGION", requires = "console")]
    pub(crate) region: Option<String>,
    /// Let the profile change from another's console sign-in to this one
    #[arg(long, requires = "console")]
    pub(crate) replace: bool,
}

/// What a sign-in with a code of an MFA device can be told.
#[derive(Clone, Debug, Args)]
pub(crate) struct MfaArguments {
    /// Start a session of the IAM user whose keys the profile holds, with a code of this device
    #[arg(long, value_name = "ARN", conflicts_with_all = ["config", "console", "sso_session", "sso_start_url"])]
    pub(crate) mfa_serial: Option<String>,
    /// Read the code from standard input, a line each, in place of the terminal
    #[arg(long, conflicts_with = "console")]
    pub(crate) mfa_code_stdin: bool,
    /// How long that session lasts, such as 8h: 15 minutes to 36 hours; 12 hours without it
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "console")]
    pub(crate) duration: Option<Duration>,
    /// The profile of the credentials file that gets its keys; without it ACCOUNT-DEVICE
    #[arg(long, value_name = "NAME", conflicts_with = "console")]
    pub(crate) to: Option<String>,
}

/// The flags of `auth logout`.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
pub(crate) struct LogoutArguments {
    /// What this profile signs in with; without any flag that of the environment
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// One [sso-session] of ~/.aws/config
    #[arg(long, value_name = "NAME")]
    pub(crate) sso_session: Option<String>,
    /// Every sign-in to the access portal with this start URL
    #[arg(long, value_name = "URL")]
    pub(crate) sso_start_url: Option<String>,
    /// Every console sign-in
    #[arg(long)]
    pub(crate) console: bool,
    /// Everything
    #[arg(long)]
    pub(crate) all: bool,
}

/// How somebody signs in.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct WayArguments {
    /// browser: one on this machine; device: one anywhere, in which a code is confirmed. Without it, what fits the situation
    #[arg(long, value_enum, value_name = "FLOW")]
    pub(crate) flow: Option<FlowChoice>,
    /// Open no browser; the URL is printed in any case
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// The port of 127.0.0.1 that the browser comes back to, such as one that ssh forwards; else any that is free
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) redirect_port: Option<u16>,
}

/// `--flow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FlowChoice {
    /// A browser on this machine, which comes back by itself
    Browser,
    /// A browser anywhere, and a code
    Device,
}

impl From<FlowChoice> for Flow {
    fn from(choice: FlowChoice) -> Self {
        match choice {
            FlowChoice::Browser => Self::Browser,
            FlowChoice::Device => Self::Device,
        }
    }
}

/// The flags of `auth explain`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) choice: AuthChoice,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Run no program and send no request
    #[arg(long)]
    pub(crate) offline: bool,
    /// Also show what cron, a systemd unit or a container would find, and what differs
    #[arg(long)]
    pub(crate) as_cron: bool,
}

/// The flags of `auth export`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub(crate) choice: AuthChoice,
    /// env: lines for `eval` in a shell; credential-process: JSON, for credential_process in ~/.aws/config
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: ExportFormat,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// `export NAME='value'` lines
    Env,
    /// The JSON of a `credential_process`
    CredentialProcess,
}

/// The flags of a run.
#[derive(Clone, Debug, Args)]
pub(crate) struct SyncArguments {
    /// The config; `lakeward sync` without it takes LAKEWARD_CONFIG, then ./lakeward.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Sync only this table; may be given several times
    #[arg(long = "table", value_name = "TABLE")]
    pub(crate) tables: Vec<String>,
    /// Show what would be done, with each table's columns and first key, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value_t, value_name = "STYLE")]
    pub(crate) progress: ProgressStyle,
}

impl SyncArguments {
    /// Whether any of them was given.
    pub(crate) fn are_given(&self) -> bool {
        self.config.is_some() || !self.tables.is_empty() || self.dry_run || self.progress != ProgressStyle::Auto
    }
}

/// What is said, and how.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct OutputArguments {
    /// The form of log lines and errors on standard error
    #[arg(long, value_enum, default_value_t, global = true, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Log more: -v steps, -vv details
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Print nothing but errors, and that rows were rejected
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// `--progress`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// A bar for each open table
    Bar,
    /// A line now and then
    Plain,
    /// Every event as one line of JSON
    Json,
    /// Nothing
    None,
}

impl From<ProgressStyle> for Style {
    fn from(style: ProgressStyle) -> Self {
        match style {
            ProgressStyle::Auto => Self::Auto,
            ProgressStyle::Bar => Self::Bar,
            ProgressStyle::Plain => Self::Plain,
            ProgressStyle::Json => Self::Json,
            ProgressStyle::None => Self::None,
        }
    }
}

/// `--log-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
