//! The sources' own account of what they read, to be held against what the sink landed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use lakeward_core::{
    event::{Event, Observer},
    table::TableName,
};
use lakeward_source::TableRead;

/// An observer that counts what is set aside and passes every event on.
pub(crate) struct Tally {
    next: Arc<dyn Observer>,
    rejected: Mutex<HashMap<TableName, u64>>,
    whole: Mutex<HashMap<TableName, TableRead>>,
}

impl Tally {
    pub(crate) fn new(next: Arc<dyn Observer>) -> Self {
        Self { next, rejected: Mutex::default(), whole: Mutex::default() }
    }

    /// Rows of a table that were set aside until now.
    pub(crate) fn rejected(&self, table: &TableName) -> u64 {
        lock(&self.rejected).get(table).copied().unwrap_or_default()
    }

    /// A table has been read to its end.
    pub(crate) fn is_whole(&self, table: TableName, read: TableRead) {
        lock(&self.whole).insert(table, read);
    }

    /// The rows of a table, the rejected among them, if it was read to its end.
    pub(crate) fn rows_of_whole(&self, table: &TableName) -> Option<u64> {
        lock(&self.whole).get(table).map(|read| read.rows_read)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Tally {
    fn on(&self, event: &Event) {
        if let Event::RowsRead { table, rejected, .. } = event {
            *lock(&self.rejected).entry(table.clone()).or_default() += rejected;
        }
        self.next.on(event);
    }
}
