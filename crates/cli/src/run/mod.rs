//! One run from its plan to its books: the sources are found, read on a thread of their own, and landed.

mod cut;
mod dry_run;
mod plugin;
mod tally;
pub(crate) mod waiting;

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Instant,
};

use lakeward_auth::Environment;
use lakeward_core::{
    budget::Budget,
    event::{Event, Observer, Summary, TableSize, TableSummary},
    failure::{Failure, FailureKind},
    plan::{OnError, Plan, SourcePlan},
    table::{Table, TableName},
};
use lakeward_sink::{Landed, Landing, SinkOptions, SinkOutlet, first_keys};
use lakeward_source::{Commands, Context, TableRead, TableReader};
use lakeward_tui::summary;
use tokio::runtime::Handle;
use uuid::Uuid;

pub(crate) use self::cut::LandedSoFar;
use self::{
    dry_run::dry_run,
    plugin::{PluginRead, PluginSource, Plugins, Shared, save_states},
    tally::Tally,
};
use crate::{
    console::shown,
    signals::Interruption,
    storage::{self, Storage},
};

/// The memory that rows may take on their way, from the file's bytes to the encoder's pages.
const MEMORY: u64 = 96 << 20;

/// That it was interrupted before anything was sent.
pub(crate) fn interrupted_early() -> Failure {
    Failure::new(FailureKind::Interrupted, "interrupted before the run began: nothing was sent")
}

/// One run.
pub(crate) struct Run {
    plan: Plan,
    run: Uuid,
    budget: Budget,
    tally: Arc<Tally>,
    readers: Vec<TableReader>,
    plugins: Plugins,
    /// What reading the plugins has come to so far.
    plugin_reads: Arc<Mutex<Vec<PluginRead>>>,
    objects: Objects,
}

/// Where a person finds the objects in the end.
pub(crate) struct Objects {
    /// What stands before a key.
    pub(crate) place: String,
    /// Whether they stay there.
    pub(crate) stay: bool,
}

/// What a run came to, as it is told.
pub(crate) struct Ended {
    /// What landed, table by table.
    pub(crate) summary: String,
    /// That rows were set aside, if some were.
    pub(crate) rejected: Option<String>,
    /// Why not all of it landed, and what did, if so.
    pub(crate) failure: Option<(Failure, String)>,
}

impl Run {
    /// Finds the tables of the plan's sources. `observer` is told what happens; `commands` are those that sources start, and are
    /// ended by whoever holds them.
    ///
    /// # Errors
    /// As [`lakeward_source::discover`].
    pub(crate) async fn discover(plan: Plan, observer: Arc<dyn Observer>, commands: Commands) -> Result<Self, Failure> {
        let (run, budget, tally) = (Uuid::now_v7(), Budget::new(MEMORY), Arc::new(Tally::new(observer)));
        let observed: Arc<dyn Observer> = tally.clone();
        let id = run.to_string();
        let found = Plugins::find(&plan, &id, &commands, &observed);
        let mut plugins = waiting::waiting(&*observed, waiting::plugins(&plan), found).await?;
        let elsewhere: Vec<TableName> = plugins.found.iter().flat_map(PluginSource::names).cloned().collect();
        let (sources, only) = (plan.sources.clone(), plan.only_tables.clone());
        let context = Context {
            budget: budget.clone(),
            observer: tally.clone(),
            run_id: run.to_string(),
            spool_dir: plan.state_dir.join("spool"),
            own_places: plan.own_places(),
            commands,
        };
        let work = tokio::task::spawn_blocking(move || {
            lakeward_source::discover_beside(&sources, &only, &elsewhere, &context)
        });
        let readers = waiting::waiting(&*observed, waiting::rows(&plan), work).await.unwrap_or_else(|error| {
            Err(Failure::new(FailureKind::Bug, format!("looking for tables stopped: {error}")))
        })?;
        // A plugin none of whose tables was chosen is not needed any more.
        plugins.found.retain(|plugin| !plugin.tables().is_empty());
        let objects = Objects { place: storage::place(&plan), stay: true };
        Ok(Self { plan, run, budget, tally, readers, plugins, plugin_reads: Arc::default(), objects })
    }

    /// The same, of which the objects are found elsewhere than the plan says.
    pub(crate) fn with_objects_at(self, objects: Objects) -> Self {
        Self { objects, ..self }
    }

    /// The tables of all sources, in the order in which they are read.
    fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.readers.iter().map(TableReader::table).chain(self.plugins.found.iter().flat_map(PluginSource::tables))
    }

    /// What reads its tables, and the tables of plugins, which are not read, each with the plugin in words: for a look before anything
    /// is landed. The plugins are ended.
    pub(crate) fn into_tables(self) -> (Vec<TableReader>, Vec<(Arc<Table>, String)>) {
        let tables = |plugin: &PluginSource| {
            let description = plugin.description();
            plugin.tables().iter().map(|table| (table.clone(), description.clone())).collect::<Vec<_>>()
        };
        (self.readers, self.plugins.found.iter().flat_map(tables).collect())
    }

    /// Logs what may not be what was meant, a warning for each table of which there is something.
    pub(crate) fn warn(&self) {
        for reader in &self.readers {
            let notes = reader.notes();
            if !notes.is_empty() {
                tracing::warn!("table {}: {}", reader.table().name, notes.join("; "));
            }
        }
    }

    /// What it would do.
    ///
    /// # Errors
    /// When two tables would write one key.
    pub(crate) fn dry_run(&self) -> Result<String, Failure> {
        dry_run(&self.plan, &self.readers, &self.plugins.found, self.run)
    }

    /// Signs in with what the environment leads to, reads and lands everything, until it is interrupted.
    ///
    /// # Errors
    /// When it ended before anything was sent. What happened later stands in what it returns.
    pub(crate) async fn land(
        mut self,
        environment: &Environment,
        mut interruption: Interruption,
    ) -> Result<Ended, Failure> {
        // Before anything is sent: that every table has a key of its own.
        first_keys(&self.plan.destination, self.tables(), self.run)?;
        for plugin in &mut self.plugins.found {
            plugin.open_state(&self.plan)?;
        }
        let storage = tokio::select! {
            storage = Storage::open(&self.plan, environment, &*self.tally) => storage?,
            () = interruption.asked() => return Err(interrupted_early()),
        };
        let began = Instant::now();
        let place = storage::place(&self.plan);
        let tables: Vec<TableName> = self.tables().map(|table| table.name.clone()).collect();
        let (readers, plugins) = (std::mem::take(&mut self.readers), std::mem::take(&mut self.plugins.found));
        let of_plugins = plugins.iter().flat_map(PluginSource::tables);
        self.tally.on(&Event::RunStarted {
            run: self.run.to_string(),
            destination: format!("{place}{}", self.plan.destination.path.prefix()),
            tables: readers
                .iter()
                .map(|reader| TableSize { table: reader.table().name.clone(), bytes: reader.input_bytes() })
                .chain(of_plugins.map(|table| TableSize { table: table.name.clone(), bytes: None }))
                .collect(),
        });
        let options = SinkOptions {
            bucket: storage.bucket.clone(),
            destination: self.plan.destination.clone(),
            spool_dir: self.plan.state_dir.join("spool"),
            budget: self.budget.clone(),
            run: self.run,
        };
        let (outlet, landing) = lakeward_sink::start(options, self.tally.clone())?;
        let reading = Reading {
            readers,
            plugins,
            shared: Shared { budget: self.budget.clone(), observer: self.tally.clone() },
            tally: self.tally.clone(),
            plugin_reads: self.plugin_reads.clone(),
            runtime: Handle::current(),
        };
        reading.on_own_thread(outlet)?;
        let landed = self.wait(landing, interruption).await;
        let denied_calls = storage.close().await;
        Ok(self.told(&tables, landed, denied_calls, began))
    }

    /// Waits for the end, or from a signal on for the grace period.
    async fn wait(&self, mut landing: Landing, mut interruption: Interruption) -> Landed {
        tokio::select! {
            () = landing.finish() => {}
            () = interruption.asked() => {
                let grace = self.plan.shutdown_grace;
                self.tally.on(&Event::Stopping { grace });
                landing.interrupt(Failure::new(FailureKind::Interrupted, "interrupted before all rows had landed"));
                if tokio::time::timeout(grace, landing.finish()).await.is_err() {
                    tracing::warn!("the grace period of {} s is over", grace.as_secs());
                }
            }
        }
        landing.close().await
    }

    fn told(&self, expected: &[TableName], landed: Landed, denied_calls: Option<u64>, began: Instant) -> Ended {
        let plugin_reads = self.plugin_reads.lock().unwrap_or_else(PoisonError::into_inner);
        let (saved, not_saved) = save_states(&plugin_reads, &landed);
        let tables: Vec<TableSummary> = landed
            .tables
            .iter()
            .map(|table| {
                let rejected = self.tally.rejected(&table.table);
                TableSummary {
                    table: table.table.clone(),
                    read: self.tally.rows_of_whole(&table.table).unwrap_or(table.taken + rejected),
                    landed: table.landed(),
                    rejected,
                    errors: plugin_reads.iter().find_map(|read| read.errors().of(&table.table)),
                    objects: table.objects.clone(),
                }
            })
            .collect();
        let failure = landed
            .failure
            .or_else(|| plugin_reads.iter().find_map(PluginRead::failure))
            .or(not_saved)
            .or_else(|| self.imbalance(expected, &tables));
        let complete = failure.is_none();
        let summary = Summary { elapsed: began.elapsed(), retries: landed.retries, denied_calls, complete, tables };
        let rejects = self.rejects();
        let destination = Some(&self.plan.destination).filter(|_| self.objects.stay);
        let text = summary::render(&summary, &self.objects.place, destination, &rejects);
        let rejected = summary::render_rejected(&summary, &rejects);
        let incomplete = failure.as_ref().map(|_| {
            let unread: Vec<&TableName> =
                expected.iter().filter(|table| self.tally.rows_of_whole(table).is_none()).collect();
            let no_rotate = self.plan.destination.no_rotate;
            let mut text = summary::render_incomplete(&summary, &unread, &landed.uncertain, no_rotate);
            for source in &saved {
                text.push_str(&format!("of the source {source}, incremental tables go on where they ended\n"));
            }
            text
        });
        self.tally.on(&Event::RunFinished { summary });
        Ended { summary: text, rejected, failure: failure.zip(incomplete) }
    }

    /// The folders of rejects files.
    fn rejects(&self) -> String {
        let mut folders: Vec<String> = Vec::new();
        for read in self.plan.sources.iter().filter_map(SourcePlan::read) {
            if let OnError::Skip { rejects, .. } = &read.on_error {
                let folder = format!("{}/", shown(rejects).trim_end_matches('/'));
                if !folders.contains(&folder) {
                    folders.push(folder);
                }
            }
        }
        folders.join(", ")
    }

    /// What is wrong with a run in which nothing failed: every table was read to its end, and what its source read is what
    /// landed and what was set aside. Anything else would be a bug.
    fn imbalance(&self, expected: &[TableName], tables: &[TableSummary]) -> Option<Failure> {
        let fault =
            |table: &TableName| match (self.tally.rows_of_whole(table), tables.iter().find(|t| t.table == *table)) {
                (Some(read), Some(summary)) if read == summary.landed + summary.rejected => None,
                (Some(read), Some(summary)) => {
                    let TableSummary { landed, rejected, .. } = summary;
                    Some(format!(
                        "table {table}: {read} rows were read, but {landed} landed and {rejected} were rejected"
                    ))
                }
                _ => Some(format!("table {table} was not read to its end")),
            };
        expected.iter().find_map(fault).map(|what| Failure::new(FailureKind::Bug, what))
    }
}

/// All that is read, and what it takes.
struct Reading {
    readers: Vec<TableReader>,
    plugins: Vec<PluginSource>,
    shared: Shared,
    tally: Arc<Tally>,
    plugin_reads: Arc<Mutex<Vec<PluginRead>>>,
    runtime: Handle,
}

impl Reading {
    fn on_own_thread(self, outlet: SinkOutlet) -> Result<(), Failure> {
        let read = move || {
            if let Err(failure) = self.read(&outlet) {
                outlet.fail(failure);
            }
        };
        let thread = thread::Builder::new().name("read".into()).spawn(read);
        thread.map(drop).map_err(|error| Failure::new(FailureKind::Bug, format!("no thread for reading: {error}")))
    }

    /// Reads table after table, and plugin after plugin; the first failure ends the run.
    fn read(self, outlet: &SinkOutlet) -> Result<(), Failure> {
        let Self { readers, plugins, shared, tally, plugin_reads, runtime } = self;
        for reader in readers {
            let table = reader.table().name.clone();
            match reader.read(outlet)? {
                read if read.complete => tally.is_whole(table, read),
                _ => return Ok(()),
            }
        }
        for plugin in plugins {
            let read = plugin.read(outlet, &shared, &runtime)?;
            for (table, rows_read) in read.whole() {
                tally.is_whole(table.clone(), TableRead { rows_read, complete: true, ..TableRead::default() });
            }
            plugin_reads.lock().unwrap_or_else(PoisonError::into_inner).push(read);
        }
        Ok(())
    }
}
