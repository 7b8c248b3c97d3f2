//! One stream of messages on its way to the sink, on a thread that may wait: announced tables, records of their rows, and
//! where objects close in between.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arrow_array::RecordBatch;
use bytes::Bytes;
use lakeward_cloudquery::{
    protocol::plugin::write::{self, request::Message as Sent},
    tables::{TableError, Tables},
};
use lakeward_core::{
    budget::Budget,
    failure::{Failure, FailureKind},
    key::ObjectKey,
    message::{Message, Outlet, Rows, Stopped},
    plan::DestinationPlan,
    table::{Table, TableName},
};
use lakeward_sink::{SinkOutlet, first_keys};
use tokio::{
    runtime::Handle,
    sync::{
        OwnedSemaphorePermit,
        mpsc::{self, error::TryRecvError},
    },
};
use uuid::Uuid;

use crate::gathering::{Gathered, Gathering, LINGER};

/// What comes from the host.
pub(super) enum Item {
    /// A message, with its place among those that wait.
    Message(Sent, OwnedSemaphorePermit),
    /// The host has said that there are no more.
    Complete,
}

/// Why a stream ends before its time.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    /// The host sent what can't be taken.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The host asked for what is not offered.
    #[error("{0}")]
    Unsupported(&'static str),
    /// What the spec makes of the tables does not go together.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The sink takes no more, and says itself why.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Rows of each table that the host has handed over.
#[derive(Debug, Default)]
pub(super) struct Received(Mutex<HashMap<TableName, u64>>);

impl Received {
    fn add(&self, table: &TableName, rows: usize) {
        *self.lock().entry(table.clone()).or_default() += rows as u64;
    }

    /// The counts, in the order of the tables' names.
    pub(super) fn rows(&self) -> Vec<(TableName, u64)> {
        let mut rows: Vec<_> = self.lock().iter().map(|(table, rows)| (table.clone(), *rows)).collect();
        rows.sort();
        rows
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TableName, u64>> {
        // Counts are whole at every step, so a panic elsewhere doesn't spoil them.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables of one write.
pub(super) struct TableStream {
    destination: DestinationPlan,
    run: Uuid,
    budget: Budget,
    outlet: SinkOutlet,
    received: Arc<Received>,
    runtime: Handle,
    tables: Tables,
    /// Tables that have begun and not ended in the sink.
    open: HashSet<TableName>,
    /// Tables that ever had rows.
    had_rows: HashSet<TableName>,
    gathering: Gathering,
    /// Without rotation: whose key it is.
    keys: HashMap<ObjectKey, TableName>,
    /// Whether rows came after the last announcement.
    is_inserting: bool,
}

impl TableStream {
    /// The tables of a write, on the current async runtime.
    pub(super) fn new(
        destination: DestinationPlan,
        run: Uuid,
        budget: Budget,
        outlet: SinkOutlet,
        received: Arc<Received>,
    ) -> Self {
        let gathering = Gathering::new(&budget);
        Self {
            destination,
            run,
            budget,
            outlet,
            received,
            runtime: Handle::current(),
            tables: Tables::default(),
            open: HashSet::new(),
            had_rows: HashSet::new(),
            gathering,
            keys: HashMap::new(),
            is_inserting: false,
        }
    }

    /// Takes messages until they end. What was taken of a stream that ends without [`Item::Complete`], or with what can't be taken, goes
    /// to the sink all the same; but its tables are not said to be whole.
    pub(super) fn run(mut self, mut receiver: mpsc::Receiver<Item>) -> Result<(), StreamError> {
        let taken = self.take_all(&mut receiver);
        let given = self.give_all();
        let complete = taken?;
        given?;
        if complete { self.complete() } else { Ok(()) }
    }

    /// Whether the host said that these were all.
    fn take_all(&mut self, receiver: &mut mpsc::Receiver<Item>) -> Result<bool, StreamError> {
        loop {
            let next = match receiver.try_recv() {
                Ok(item) => Some(item),
                Err(TryRecvError::Disconnected) => None,
                Err(TryRecvError::Empty) => self.wait(receiver)?,
            };
            match next {
                Some(Item::Message(message, _place)) => self.take(message)?,
                Some(Item::Complete) => return Ok(true),
                None => return Ok(false),
            }
            if self.gathering.is_overdue() {
                self.give_all()?;
            }
        }
    }

    /// Waits for what comes next; what it would go together with is not kept waiting for long.
    fn wait(&mut self, receiver: &mut mpsc::Receiver<Item>) -> Result<Option<Item>, StreamError> {
        if !self.gathering.is_empty() {
            let soon = self.runtime.block_on(async { tokio::time::timeout(LINGER, receiver.recv()).await });
            if let Ok(next) = soon {
                return Ok(next);
            }
            self.give_all()?;
        }
        Ok(receiver.blocking_recv())
    }

    fn take(&mut self, message: Sent) -> Result<(), StreamError> {
        match message {
            Sent::MigrateTable(write::MigrateTable { table, .. }) => self.migrate(table),
            Sent::Insert(write::Insert { record }) => self.insert(record),
            Sent::Delete(_) => Err(StreamError::Unsupported("DeleteStale is not supported: objects are only added")),
            Sent::DeleteRecord(_) => {
                Err(StreamError::Unsupported("DeleteRecord is not supported: objects are only added"))
            }
        }
    }

    /// An announcement after rows closes what is open. Without rotation only the end of its table closes an object: another one
    /// would take its place.
    fn migrate(&mut self, table: Bytes) -> Result<(), StreamError> {
        if self.is_inserting && !self.destination.no_rotate {
            self.give_all()?;
            for table in std::mem::take(&mut self.open) {
                self.outlet.send(Message::End(table))?;
            }
        }
        self.is_inserting = false;
        let migrated = self.tables.migrate(table)?;
        let name = &migrated.table.name;
        if migrated.is_changed && self.destination.no_rotate && self.had_rows.contains(name) {
            let what = format!("table {name} was migrated to other columns after rows of it had come");
            return Err(Failure::new(FailureKind::Input, what)
                .next("an object has one schema: leave no_rotate out, and put {{UUID}} into the spec's path")
                .into());
        }
        Ok(())
    }

    fn insert(&mut self, record: Bytes) -> Result<(), StreamError> {
        self.is_inserting = true;
        // The message itself, and what of it has to be copied to where it is aligned.
        let bytes = record.len() as u64;
        let memory = self.budget.reserve(2 * bytes);
        let record = self.tables.record(record)?;
        let rows: usize = record.batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Ok(());
        }
        let name = record.table.name.clone();
        self.begin(&record.table)?;
        self.received.add(&name, rows);
        let gathered = self.gathering.add(record.table, record.batches, bytes, memory)?;
        self.give(gathered)
    }

    fn begin(&mut self, table: &Arc<Table>) -> Result<(), StreamError> {
        if self.open.contains(&table.name) {
            return Ok(());
        }
        if self.destination.no_rotate && !self.had_rows.contains(&table.name) {
            self.claim_key(table)?;
        }
        self.outlet.send(Message::Begin(table.clone()))?;
        tracing::debug!(table = table.name.as_str(), "a table begins");
        self.open.insert(table.name.clone());
        self.had_rows.insert(table.name.clone());
        Ok(())
    }

    /// Without rotation, makes sure that no two tables write the same key.
    fn claim_key(&mut self, table: &Arc<Table>) -> Result<(), StreamError> {
        for key in first_keys(&self.destination, [table], self.run)? {
            let owner = self.keys.entry(key).or_insert_with(|| table.name.clone());
            if *owner != table.name {
                let what = format!("the tables {owner} and {} would both write the same key", table.name);
                return Err(Failure::new(FailureKind::Usage, what)
                    .next("use {{TABLE}} in the spec's path, or leave one of them out")
                    .into());
            }
        }
        Ok(())
    }

    fn give_all(&mut self) -> Result<(), StreamError> {
        let gathered = self.gathering.all()?;
        self.give(gathered)
    }

    fn give(&self, gathered: Vec<Gathered>) -> Result<(), StreamError> {
        for Gathered { table, batch, memory, .. } in gathered {
            self.outlet.send(Message::Rows(Rows { table: table.name.clone(), batch, memory }))?;
        }
        Ok(())
    }

    /// Every table is whole: its last object closes. Where the spec asks for it, a table without rows gets an object too.
    fn complete(mut self) -> Result<(), StreamError> {
        for table in std::mem::take(&mut self.open) {
            self.outlet.send(Message::End(table))?;
        }
        if self.destination.write_empty_objects {
            let mut empty: Vec<Arc<Table>> =
                self.tables.iter().filter(|table| !self.had_rows.contains(&table.name)).cloned().collect();
            empty.sort_by(|a, b| a.name.cmp(&b.name));
            for table in empty {
                if self.destination.no_rotate {
                    self.claim_key(&table)?;
                }
                self.outlet.send(Message::Begin(table.clone()))?;
                self.outlet.send(Message::End(table.name.clone()))?;
            }
        }
        Ok(())
    }
}
