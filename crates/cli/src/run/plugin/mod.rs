//! A source plugin of CloudQuery as a source of a run: it is started and asked for its tables, and its one stream of messages holds
//! the rows of all of them.

mod spec;
mod launch;
mod state;
mod reading;

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use lakeward_cloudquery::source::{Identity, Selection, SourceError, SourcePlugin};
use lakeward_core::{
    budget::Budget,
    event::Observer,
    failure::{Failure, FailureKind},
    plan::{Plan, PluginNetwork, PluginPlace, PluginPlan, SourcePlan},
    table::{Table, TableName},
};
use lakeward_sink::Landed;
use lakeward_source::{Commands, Service};
use tempfile::TempDir;

pub(super) use self::reading::PluginRead;
use self::{launch::Launched, spec::Secrets, state::KeptState};
use crate::console::shown;

/// How long a plugin may take to close what it has open.
const CLOSING: Duration = Duration::from_secs(5);
/// How long the end of a program may take to be seen after its connection broke.
const END_SEEN: Duration = Duration::from_millis(500);
const GLANCE: Duration = Duration::from_millis(10);

/// A plugin that was asked for its tables, and can be read once. It ends with this.
#[derive(Debug)]
pub(super) struct PluginSource {
    plan: PluginPlan,
    identity: Identity,
    selection: Selection,
    /// The tables that are to be read.
    tables: Vec<Arc<Table>>,
    /// All that the config asks for: those of which `--table` chooses.
    names: Vec<TableName>,
    state: Option<KeptState>,
    keeps_state: bool,
    host: Host,
}

/// What is at hand of a plugin that runs.
#[derive(Debug)]
struct Host {
    plugin: SourcePlugin,
    process: Option<Service>,
    /// Its socket, where it has one.
    socket: Option<PathBuf>,
    name: String,
    timeout: Duration,
    secrets: Secrets,
}

impl PluginSource {
    /// Starts the plugin or connects to it, and asks for its tables.
    async fn find(
        plan: &Plan,
        plugin: &PluginPlan,
        run: &str,
        commands: &Commands,
        socket: &Path,
        observer: &Arc<dyn Observer>,
    ) -> Result<Self, Failure> {
        let (spec, secrets): (Bytes, Secrets) = spec::expanded(plugin)?;
        let Launched { plugin: asked, process } = launch::launch(plugin, commands, socket, &secrets, observer).await?;
        let mut host = Host {
            plugin: asked,
            process,
            socket: has_socket(plugin).then(|| socket.to_owned()),
            name: plugin.name.clone(),
            timeout: plugin.timeout,
            secrets,
        };
        let mut asked = host.plugin.clone();
        let identity = host.answer("to say what it is", asked.identify()).await?;
        tracing::info!("the source {} is {} {}", plugin.name, identity.name, identity.version);
        host.answer("to take its spec", asked.init(spec, run)).await?;
        let mut selection = Selection {
            tables: plugin.tables.clone(),
            skip_tables: plugin.skip_tables.clone(),
            skip_dependent_tables: plugin.skip_dependent_tables,
            deterministic_cq_id: plugin.deterministic_cq_id,
        };
        let mut tables = host.tables(&selection).await?;
        let names: Vec<TableName> = tables.iter().map(|table| table.name.clone()).collect();
        if !plan.only_tables.is_empty() {
            let chosen = plan.only_tables.iter().filter(|table| names.contains(table));
            selection.tables = chosen.map(|table| table.as_str().to_owned()).collect();
            selection.skip_dependent_tables = true;
            tables = if selection.tables.is_empty() { Vec::new() } else { host.tables(&selection).await? };
        }
        let keeps_state = plugin.keeps_state(&plan.destination);
        Ok(Self { plan: plugin.clone(), identity, selection, tables, names, state: None, keeps_state, host })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.plan.name
    }

    /// What it is, as a person is told.
    pub(super) fn description(&self) -> String {
        let Identity { name, version } = &self.identity;
        format!("the source {} ({name} {version})", self.plan.name)
    }

    /// Whether a next run goes on where this one ends.
    pub(super) fn keeps_state(&self) -> bool {
        self.keeps_state
    }

    /// The tables that are to be read.
    pub(super) fn tables(&self) -> &[Arc<Table>] {
        &self.tables
    }

    /// All tables that the config asks it for.
    pub(super) fn names(&self) -> &[TableName] {
        &self.names
    }

    /// Opens what it has remembered, before anything is sent.
    ///
    /// # Errors
    /// When another run uses it, or it can't be read.
    pub(super) fn open_state(&mut self, plan: &Plan) -> Result<(), Failure> {
        if self.keeps_state {
            self.state = Some(KeptState::open(plan, &self.plan)?);
        }
        Ok(())
    }
}

impl Host {
    async fn tables(&mut self, selection: &Selection) -> Result<Vec<Arc<Table>>, Failure> {
        let mut asked = self.plugin.clone();
        let listed = self.answer("to list its tables", asked.tables(selection)).await?;
        let mut seen = HashSet::new();
        let tables: Vec<Arc<Table>> =
            listed.into_iter().filter(|table| seen.insert(table.name.clone())).map(Arc::new).collect();
        match tables.iter().find(|table| table.schema.fields().is_empty()) {
            Some(table) => Err(self.fault(&format!("its table {} has no columns", table.name))),
            None if tables.is_empty() => {
                Err(self.fault("it has none of the tables that are asked for").next("check `tables` and `skip_tables`"))
            }
            None => Ok(tables),
        }
    }

    /// What a call comes to, in time.
    async fn answer<T>(&self, what: &str, call: impl Future<Output = Result<T, SourceError>>) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.failed(&error.to_string())),
            Err(_) => Err(self.silent(what)),
        }
    }

    /// It said nothing for too long.
    fn silent(&self, what: &str) -> Failure {
        let limit = humantime::format_duration(self.timeout);
        self.fault(&format!("it took longer than {limit} {what}"))
            .next("look into what it waits for, or give it more time with `timeout`")
    }

    /// It failed with these words; where its program has ended, that is why.
    fn failed(&self, words: &str) -> Failure {
        match self.ended() {
            Some(end) => {
                let what = format!("the source {} failed: {end}", self.name);
                Failure::new(FailureKind::Input, what).next("run it by itself to see why")
            }
            None => self.fault(words),
        }
    }

    /// What is wrong with it.
    fn fault(&self, what: &str) -> Failure {
        Failure::new(FailureKind::Input, format!("the source {} failed: {}", self.name, self.secrets.shown(what, 2000)))
    }

    /// How its program ended, if it has or is about to.
    fn ended(&self) -> Option<String> {
        let process = self.process.as_ref()?;
        tokio::task::block_in_place(|| {
            let asked = std::time::Instant::now();
            loop {
                let end = process.ended();
                if end.is_some() || asked.elapsed() >= END_SEEN {
                    return end.map(|end| self.secrets.hide(&end));
                }
                std::thread::sleep(GLANCE);
            }
        })
    }

    /// Tells the plugin that this was all, and ends it.
    async fn close(self) {
        let Self { mut plugin, process, name, .. } = self;
        match tokio::time::timeout(CLOSING, plugin.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!("the source {name}: {error}"),
            Err(_) => tracing::debug!("the source {name} does not close"),
        }
        drop(plugin);
        tokio::task::block_in_place(|| drop(process));
    }
}

/// The plugins of a run, and the folder of their sockets, which goes away with this.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    pub(super) found: Vec<PluginSource>,
    pub(super) sockets: Option<TempDir>,
}

impl Plugins {
    /// Starts the plugins of a plan and asks for their tables.
    ///
    /// # Errors
    /// When one of them fails, or a table is in two of them.
    pub(super) async fn find(
        plan: &Plan,
        run: &str,
        commands: &Commands,
        observer: &Arc<dyn Observer>,
    ) -> Result<Self, Failure> {
        let planned = plan.sources.iter().filter_map(|source| match source {
            SourcePlan::CloudQuery(plugin) => Some(plugin),
            _ => None,
        });
        let mut plugins = Self::default();
        if planned.clone().any(has_socket) {
            plugins.sockets = Some(sockets()?);
        }
        let sockets = plugins.sockets.as_ref().map(TempDir::path).unwrap_or(Path::new("")).to_owned();
        for (index, plugin) in planned.enumerate() {
            let socket = sockets.join(format!("{index}.sock"));
            let plugin = PluginSource::find(plan, plugin, run, commands, &socket, observer).await?;
            for other in &plugins.found {
                if let Some(table) = plugin.names.iter().find(|table| other.names.contains(table)) {
                    let what =
                        format!("the sources {} and {} both have the table {table}", other.name(), plugin.name());
                    let next = "leave it out of one of them with `skip_tables`";
                    return Err(Failure::new(FailureKind::Usage, what).next(next));
                }
            }
            plugins.found.push(plugin);
        }
        Ok(plugins)
    }
}

fn has_socket(plugin: &PluginPlan) -> bool {
    matches!(plugin.place, PluginPlace::Program { network: PluginNetwork::Unix, .. })
}

/// A folder that nobody else can enter.
fn sockets() -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("lakeward-").tempdir().map_err(|error| {
        let what = format!("there is no folder for sockets in {}: {error}", shown(&std::env::temp_dir()));
        Failure::new(FailureKind::Input, what).next("make room there, or set TMPDIR to another folder")
    })
}

/// Saves the states of the sources whose rows have all landed; gives the names of the sources, and why it could not, if so.
pub(super) fn save_states(reads: &[PluginRead], landed: &Landed) -> (Vec<String>, Option<Failure>) {
    let (mut saved, mut failure) = (Vec::new(), None);
    for read in reads {
        let Some((kept, state)) = read.state() else { continue };
        let has = |table: &TableName| {
            landed.tables.iter().find(|entry| entry.table == *table).map_or(0, |entry| entry.landed())
        };
        if read.rows().all(|(table, rows)| has(table) == rows) {
            match kept.save(state.clone()) {
                Ok(()) => saved.push(read.source().to_owned()),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
    (saved, failure)
}

/// Budget and observer of a run.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) budget: Budget,
    pub(super) observer: Arc<dyn Observer>,
}
