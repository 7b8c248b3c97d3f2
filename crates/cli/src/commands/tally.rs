//! Counts what the sources read while others watch the run.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use lakeward_core::{
    event::{Event, Observer},
    table::TableName,
};

/// An observer that counts and passes every event on.
pub(crate) struct Tally {
    next: Arc<dyn Observer>,
    tables: Mutex<HashMap<TableName, Read>>,
}

/// What was read of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Read {
    /// Rows handed over.
    pub(crate) rows: u64,
    /// Rows set aside.
    pub(crate) rejected: u64,
}

impl Tally {
    pub(crate) fn new(next: Arc<dyn Observer>) -> Self {
        Self { next, tables: Mutex::default() }
    }

    /// What was read of a table until now.
    pub(crate) fn of(&self, table: &TableName) -> Read {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(table).copied().unwrap_or_default()
    }
}

impl Observer for Tally {
    fn on(&self, event: &Event) {
        if let Event::RowsRead { table, rows, rejected, .. } = event {
            let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
            let read = tables.entry(table.clone()).or_default();
            read.rows += rows;
            read.rejected += rejected;
        }
        self.next.on(event);
    }
}
