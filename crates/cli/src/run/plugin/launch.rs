//! A plugin is started, where it has to be, and connected to.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use lakeward_cloudquery::{source::SourcePlugin, transport::Address};
use lakeward_core::{
    event::{Event, Observer},
    failure::{Failure, FailureKind},
    plan::{PluginNetwork, PluginPlace, PluginPlan},
};
use lakeward_source::{Commands, Service, plugin_at};
use serde_json::Value;

use super::spec::Secrets;
use crate::console::shown;

/// How long a plugin that was started may take until it listens, unless the config gives it less.
const START: Duration = Duration::from_secs(60);
/// How long a connection to one that is running may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How often it is looked whether it listens.
const GLANCE: Duration = Duration::from_millis(25);
/// The longest path of a unix socket in bytes (`sun_path` of unix(7); macOS has the fewest).
const LONGEST_SOCKET: usize = 103;
/// Errors of a plugin's log that are told.
const MOST_ERRORS: u32 = 20;

/// A plugin that was connected to.
#[derive(Debug)]
pub(super) struct Launched {
    pub(super) plugin: SourcePlugin,
    /// The program, where it was started here.
    pub(super) process: Option<Service>,
}

/// Starts a plugin, or connects to one that is running. `socket` is what a socket of it is called, in a folder that nobody else can enter.
pub(super) async fn launch(
    plan: &PluginPlan,
    commands: &Commands,
    socket: &Path,
    secrets: &Secrets,
    observer: &Arc<dyn Observer>,
) -> Result<Launched, Failure> {
    match &plan.place {
        PluginPlace::Address(host) => {
            let address = Address::Tcp(host.clone());
            let connected = tokio::time::timeout(CONNECT, SourcePlugin::connect(&address)).await;
            let plugin = connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())).map_err(|error| {
                let what = format!("the source {} can't be reached at {address}: {error}", plan.name);
                Failure::new(FailureKind::Input, what).next("start the plugin there, or correct `address`")
            })?;
            Ok(Launched { plugin, process: None })
        }
        PluginPlace::Program { path, network } => {
            plugin_at(path)?;
            let name = format!("the plugin {}", shown(path));
            let address = place(*network, socket)?;
            let (network, at) = match &address {
                Address::Unix(path) => ("unix", path.to_string_lossy().into_owned()),
                Address::Tcp(host) => ("tcp", host.clone()),
            };
            let words =
                ["serve", "--network", network, "--address", &at, "--log-level", "info", "--log-format", "json"];
            let mut command = vec![path.to_string_lossy().into_owned()];
            command.extend(words.map(str::to_owned));
            command.push("--no-sentry".to_owned());
            let environment = [("CQ_TELEMETRY_LEVEL", "none")];
            let hear = hear(plan.name.clone(), secrets.clone(), observer.clone());
            let process = commands.start_service(name, &command, &plan.folder, &environment, hear)?;
            let name = format!("the source {}", plan.name);
            let plugin = connect(&name, &address, &process, START.min(plan.timeout), secrets).await?;
            Ok(Launched { plugin, process: Some(process) })
        }
    }
}

/// Where a plugin is to listen.
fn place(network: PluginNetwork, socket: &Path) -> Result<Address, Failure> {
    if network == PluginNetwork::Tcp {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let free = free.map_err(|error| Failure::new(FailureKind::Bug, format!("there is no free port: {error}")))?;
        return Ok(Address::Tcp(free.to_string()));
    }
    if cfg!(not(unix)) {
        let what = "there are no unix sockets on this system";
        return Err(Failure::new(FailureKind::Usage, what).next("set network = \"tcp\" for the source"));
    }
    if socket.as_os_str().len() > LONGEST_SOCKET {
        let what = format!("{} is too long for the path of a socket", shown(socket));
        return Err(Failure::new(FailureKind::Input, what).next("set TMPDIR to a shorter one, or network = \"tcp\""));
    }
    Ok(Address::Unix(PathBuf::from(socket)))
}

async fn connect(
    name: &str,
    address: &Address,
    process: &Service,
    limit: Duration,
    secrets: &Secrets,
) -> Result<SourcePlugin, Failure> {
    let began = Instant::now();
    loop {
        if let Ok(plugin) = SourcePlugin::connect(address).await {
            return Ok(plugin);
        }
        if let Some(end) = tokio::task::block_in_place(|| process.ended()) {
            let what = format!("{name} could not be connected to: {}", secrets.hide(&end));
            let next = match address {
                Address::Unix(_) => "; one that knows no unix sockets needs network = \"tcp\"",
                Address::Tcp(_) => "",
            };
            let next = format!(
                "it may be no source plugin of CloudQuery: check `path`. Else run it by itself to see why{next}"
            );
            return Err(Failure::new(FailureKind::Input, what).next(next));
        }
        if began.elapsed() >= limit {
            let what = format!("{name} does not listen at {address}, {} s after it was started", limit.as_secs());
            return Err(Failure::new(FailureKind::Input, what).next("check that it is a source plugin of CloudQuery"));
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// Takes a plugin's log: errors are for whoever watches, the rest is of interest to those who look closely.
fn hear(name: String, secrets: Secrets, observer: Arc<dyn Observer>) -> impl FnMut(&str) + Send + 'static {
    let mut errors = 0;
    move |line| {
        let (is_error, text) = read(line);
        let text = secrets.shown(&text, 500);
        if is_error && errors < MOST_ERRORS {
            errors += 1;
            observer.on(&Event::SourceLogged { source: name.clone(), message: text });
        } else {
            tracing::debug!("the source {name} logs: {text}");
        }
    }
}

/// Whether a line of a plugin's log tells an error, and what it says.
fn read(line: &str) -> (bool, String) {
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(line) else { return (false, line.to_owned()) };
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    let is_error = text("level").is_some_and(|level| matches!(level, "error" | "fatal" | "panic" | "critical"));
    let said: Vec<&str> =
        ["message", "event", "msg", "table", "error", "exception"].into_iter().filter_map(text).collect();
    (is_error, if said.is_empty() { line.to_owned() } else { said.join(": ") })
}
