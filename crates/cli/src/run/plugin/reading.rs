//! From a plugin's messages to the sink's: announced tables begin, records of their rows are handed over, and in the end the tables
//! are whole, but those with which the plugin tells that something went wrong.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use arrow_array::RecordBatch;
use bytes::Bytes;
use lakeward_cloudquery::{
    protocol::plugin::sync::{self, response::Message as Sent},
    source::told,
    state::State,
    tables::{self, TableError, Tables},
};
use lakeward_core::{
    event::Event,
    failure::{Failure, FailureKind},
    message::{Message, Outlet, Rows, Stopped},
    table::{Table, TableName},
    untrusted::excerpt,
};
use tokio::{runtime::Handle, time::timeout};
use tonic::Streaming;

use super::{Host, PluginSource, Shared, state::KeptState};
use crate::gathering::{Gathered, Gathering, LINGER};

/// How often it is looked whether the run is stopping.
const GLANCE: Duration = Duration::from_millis(100);
/// Messages of one table's errors that are kept.
const MOST_MESSAGES: usize = 3;
/// What errors are told under that are of no table in the plugin's list.
const NO_TABLE: &str = "(elsewhere)";
/// Tables whose errors are listed.
const MOST_LISTED: usize = 20;

/// What reading a plugin came to.
#[derive(Debug)]
pub(in super::super) struct PluginRead {
    source: String,
    rows: HashMap<TableName, u64>,
    errors: TableErrors,
    /// The tables that were read to their end.
    whole: HashSet<TableName>,
    /// What it has remembered, where all messages have come.
    state: Option<(KeptState, State)>,
}

impl PluginRead {
    /// What messages call the source.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The rows that were handed over, by table.
    pub(in super::super) fn rows(&self) -> impl Iterator<Item = (&TableName, u64)> {
        self.rows.iter().map(|(table, rows)| (table, *rows))
    }

    /// The tables that were read to their end.
    pub(in super::super) fn whole(&self) -> impl Iterator<Item = (&TableName, u64)> {
        self.rows().filter(|(table, _)| self.whole.contains(table))
    }

    /// What the plugin told of its tables.
    pub(in super::super) fn errors(&self) -> &TableErrors {
        &self.errors
    }

    pub(super) fn state(&self) -> Option<(&KeptState, &State)> {
        self.state.as_ref().map(|(kept, state)| (kept, state))
    }

    /// That tables lack rows, if some do.
    pub(in super::super) fn failure(&self) -> Option<Failure> {
        let tables = self.errors.0.len();
        if tables == 0 {
            return None;
        }
        let mut what = format!("the source {} told errors of its tables:", self.source);
        for (table, told) in self.errors.0.iter().take(MOST_LISTED) {
            let _ = write!(what, "\n  {}: {}", excerpt(table, 80), told.line());
        }
        if tables > MOST_LISTED {
            let _ = write!(what, "\n  … and {} more", tables - MOST_LISTED);
        }
        let next = "see what the plugin says; what it did read has been taken";
        Some(Failure::new(FailureKind::Input, what).next(next))
    }
}

/// What a plugin told of tables that it could not read, or not all of.
#[derive(Debug, Default)]
pub(in super::super) struct TableErrors(BTreeMap<String, Told>);

#[derive(Debug, Default)]
struct Told {
    count: u64,
    first: Vec<String>,
}

impl Told {
    fn line(&self) -> String {
        let more = self.count.saturating_sub(self.first.len() as u64);
        let first = self.first.join("; ");
        if more == 0 { first } else { format!("{first}; and {more} more") }
    }
}

impl TableErrors {
    /// Whether the message is one of the first about the table, and none of them says the same.
    fn add(&mut self, table: &str, message: &str) -> bool {
        let told = self.0.entry(table.to_owned()).or_default();
        told.count += 1;
        let is_new = told.first.len() < MOST_MESSAGES && !told.first.iter().any(|first| first == message);
        if is_new {
            told.first.push(message.to_owned());
        }
        is_new
    }

    /// The messages about a table.
    pub(in super::super) fn of(&self, table: &TableName) -> Option<String> {
        self.0.get(table.as_str()).map(Told::line)
    }
}

impl PluginSource {
    /// Reads all tables. It blocks, and needs a thread that is none of the runtime's.
    ///
    /// # Errors
    /// When the plugin fails, or sends what can't be taken. Rows handed over before stay handed over.
    pub(in super::super) fn read(
        self,
        outlet: &dyn Outlet,
        shared: &Shared,
        runtime: &Handle,
    ) -> Result<PluginRead, Failure> {
        let Self { host, selection, tables, state, .. } = self;
        let mut read = PluginRead {
            source: host.name.clone(),
            rows: HashMap::new(),
            errors: TableErrors::default(),
            whole: HashSet::new(),
            state: None,
        };
        let (backend, served) = match &state {
            Some(state) => {
                let (backend, served) = runtime.block_on(state.serve(host.socket.as_deref()))?;
                (Some(backend), Some(served))
            }
            None => (None, None),
        };
        let mut asked = host.plugin.clone();
        let begin = host.answer("to begin to sync", asked.sync(&selection, backend));
        let Ok(messages) = unless_stopped(runtime, outlet, begin) else { return Ok(read) };
        let mut taking = Taking {
            host: &host,
            outlet,
            shared,
            runtime,
            listed: tables.iter().map(|table| (&table.name, table)).collect(),
            announced: Tables::default(),
            begun: Vec::new(),
            gathering: Gathering::new(&shared.budget),
            read: &mut read,
        };
        let taken = taking.all(&mut messages?);
        // Whatever came after it, what was taken is handed over.
        let given = taking.give_all();
        match taken.and(given) {
            Err(Early::Stopped) => return Ok(read),
            Err(Early::Failed(failure)) => return Err(failure),
            Ok(()) => {}
        }
        // The run may be stopping; all messages have come all the same.
        let _ = taking.end(&tables);
        runtime.block_on(host.close());
        read.state = state.map(|kept| {
            let state = kept.now();
            (kept, state)
        });
        drop(served);
        Ok(read)
    }
}

/// What work comes to, unless the run is stopping before that.
fn unless_stopped<T>(runtime: &Handle, outlet: &dyn Outlet, work: impl Future<Output = T>) -> Result<T, Stopped> {
    runtime.block_on(async {
        let mut work = pin!(work);
        while !outlet.is_stopped() {
            if let Ok(done) = timeout(GLANCE, work.as_mut()).await {
                return Ok(done);
            }
        }
        Err(Stopped)
    })
}

/// Why messages are not taken to their end.
enum Early {
    /// The run is stopping.
    Stopped,
    /// The plugin failed.
    Failed(Failure),
}

impl From<Stopped> for Early {
    fn from(_: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<Failure> for Early {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Takes a plugin's messages.
struct Taking<'a> {
    host: &'a Host,
    outlet: &'a dyn Outlet,
    shared: &'a Shared,
    runtime: &'a Handle,
    listed: HashMap<&'a TableName, &'a Arc<Table>>,
    announced: Tables,
    /// Tables that have begun, in their order.
    begun: Vec<TableName>,
    gathering: Gathering,
    read: &'a mut PluginRead,
}

impl Taking<'_> {
    fn all(&mut self, messages: &mut Streaming<sync::Response>) -> Result<(), Early> {
        while let Some(sync::Response { message }) = self.next(messages)? {
            match message {
                Some(Sent::MigrateTable(sync::MigrateTable { table })) => self.migrate(table)?,
                Some(Sent::Insert(sync::Insert { record })) => self.insert(record)?,
                Some(Sent::Error(sync::Error { table_name, error })) => {
                    self.error(&table_name, &error);
                }
                Some(Sent::DeleteRecord(delete)) => {
                    let table = excerpt(&delete.table_name, 80);
                    let what = format!("it asks to delete rows of the table {table}, and objects are only added here");
                    return Err(self.host.fault(&what).next("leave the table out with `skip_tables`").into());
                }
                // A kind of message that nobody knows yet: nothing to take.
                None => {}
            }
        }
        Ok(())
    }

    /// Waits for what comes next; what it would go together with is not kept waiting for long.
    fn next(&mut self, messages: &mut Streaming<sync::Response>) -> Result<Option<sync::Response>, Early> {
        if self.gathering.is_overdue() {
            self.give_all()?;
        }
        if !self.gathering.is_empty() {
            match self.runtime.block_on(async { timeout(LINGER, messages.message()).await }) {
                Ok(next) => return Ok(next.map_err(|status| self.host.failed(&told(&status)))?),
                Err(_) => self.give_all()?,
            }
        }
        let limit = self.host.timeout;
        let next = async { timeout(limit, messages.message()).await };
        match unless_stopped(self.runtime, self.outlet, next)? {
            Ok(next) => Ok(next.map_err(|status| self.host.failed(&told(&status)))?),
            Err(_) => Err(self.host.silent("to send the next row").into()),
        }
    }

    fn error(&mut self, table: &str, error: &str) {
        let message = self.host.secrets.shown(error, 300);
        let name = excerpt(table, 80);
        tracing::info!("the source {}, table {name}: {message}", self.host.name);
        // Of all names, only those in the list are kept: there may be any number of others.
        let table = TableName::new(table).ok().filter(|table| self.listed.contains_key(table));
        let message = if table.is_some() || name.is_empty() { message } else { format!("{name}: {message}") };
        if self.read.errors.add(table.as_ref().map_or(NO_TABLE, TableName::as_str), &message) {
            self.shared.observer.on(&Event::SourceError { source: self.host.name.clone(), table, message });
        }
    }

    /// Whether all rows of a table have come: nothing went wrong with it, nor with a table through whose rows it is read.
    fn is_whole(&self, table: &TableName) -> bool {
        let mut name = table.as_str();
        // No further up than there are tables: a plugin may say that they stand in a ring.
        for _ in 0..=self.listed.len() {
            if self.read.errors.0.contains_key(name) {
                return false;
            }
            let table = TableName::new(name).ok().and_then(|name| self.listed.get(&name).copied());
            match table.and_then(|table| tables::parent(table)) {
                Some(parent) => name = parent,
                None => break,
            }
        }
        true
    }

    fn migrate(&mut self, table: Bytes) -> Result<(), Early> {
        let migrated = self.announced.migrate(table).map_err(|error| self.not_taken(&error))?;
        let table = migrated.table;
        if migrated.is_changed {
            return Err(self
                .host
                .fault(&format!("it changed the columns of the table {} while it sent its rows", table.name))
                .into());
        }
        if self.begun.contains(&table.name) {
            return Ok(());
        }
        if !self.listed.contains_key(&table.name) {
            return Err(self.host.fault(&format!("it sent the table {}, which it had not listed", table.name)).into());
        }
        if table.schema.fields().is_empty() {
            return Err(self.host.fault(&format!("its table {} has no columns", table.name)).into());
        }
        Ok(self.begin(&table)?)
    }

    fn begin(&mut self, table: &Arc<Table>) -> Result<(), Stopped> {
        self.shared.observer.on(&Event::TableStarted { table: table.name.clone() });
        self.outlet.send(Message::Begin(table.clone()))?;
        self.begun.push(table.name.clone());
        self.read.rows.insert(table.name.clone(), 0);
        Ok(())
    }

    fn insert(&mut self, record: Bytes) -> Result<(), Early> {
        let bytes = record.len() as u64;
        // The message itself, and what of it has to be copied to where it is aligned.
        let memory = self.shared.budget.reserve(2 * bytes);
        let record = self.announced.record(record).map_err(|error| self.not_taken(&error))?;
        let rows: usize = record.batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Ok(());
        }
        let gathered = self.gathering.add(record.table, record.batches, bytes, memory)?;
        self.give(gathered)
    }

    fn not_taken(&self, error: &TableError) -> Failure {
        self.host.fault(&error.to_string()).next("this is a fault of the plugin: ask those who made it")
    }

    fn give_all(&mut self) -> Result<(), Early> {
        let gathered = self.gathering.all()?;
        self.give(gathered)
    }

    fn give(&mut self, gathered: Vec<Gathered>) -> Result<(), Early> {
        for Gathered { table, batch, message_bytes, memory } in gathered {
            let (name, rows) = (table.name.clone(), batch.num_rows() as u64);
            self.outlet.send(Message::Rows(Rows { table: name.clone(), batch, memory }))?;
            *self.read.rows.entry(name.clone()).or_default() += rows;
            self.shared.observer.on(&Event::RowsRead { table: name, rows, rejected: 0, bytes: message_bytes });
        }
        Ok(())
    }

    /// All messages have come: tables are whole, also those of which nothing was said, unless something went wrong.
    fn end(mut self, tables: &[Arc<Table>]) -> Result<(), Stopped> {
        for table in tables {
            if !self.begun.contains(&table.name) {
                self.begin(table)?;
            }
        }
        for table in &self.begun {
            if self.is_whole(table) {
                self.outlet.send(Message::End(table.clone()))?;
                self.read.whole.insert(table.clone());
            }
        }
        Ok(())
    }
}
