//! The run's books: what was taken, what has landed, and the first thing that went wrong.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use lakeward_core::{
    event::{Event, LandedObject, Observer},
    failure::Failure,
    key::ObjectKey,
    table::TableName,
};

pub(crate) struct Ledger {
    observer: Arc<dyn Observer>,
    books: Mutex<Books>,
    retries: AtomicU64,
}

#[derive(Default)]
struct Books {
    tables: Vec<LandedTable>,
    sending: Vec<ObjectKey>,
    failure: Option<Failure>,
}

/// What has become of all that a sink took.
#[derive(Debug, Default)]
pub struct Landed {
    /// Each table, in the order in which they began.
    pub tables: Vec<LandedTable>,
    /// Objects whose last try was cut off: S3 may have them or not.
    pub uncertain: Vec<ObjectKey>,
    /// Uploads that were tried again.
    pub retries: u64,
    /// The first failure, if there was one.
    pub failure: Option<Failure>,
}

/// What has become of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LandedTable {
    /// The table.
    pub table: TableName,
    /// Rows that the sink took.
    pub taken: u64,
    /// Whether the source said that these are all.
    pub ended: bool,
    /// Objects that S3 confirmed, in the order in which it did.
    pub objects: Vec<LandedObject>,
}

impl LandedTable {
    /// Rows in objects that S3 confirmed.
    #[must_use]
    pub fn landed(&self) -> u64 {
        self.objects.iter().map(|object| object.rows).sum()
    }
}

impl Ledger {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Self {
        Self { observer, books: Mutex::default(), retries: AtomicU64::new(0) }
    }

    pub(crate) fn begin(&self, table: &TableName) {
        let mut books = self.lock();
        if !books.tables.iter().any(|known| known.table == *table) {
            books.tables.push(LandedTable { table: table.clone(), taken: 0, ended: false, objects: Vec::new() });
        }
    }

    pub(crate) fn taken(&self, table: &TableName, rows: usize) {
        self.with(table, |entry| entry.taken += rows as u64);
    }

    /// All rows of the table have been taken.
    pub(crate) fn ended(&self, table: &TableName) {
        let finished = self.with(table, |entry| {
            entry.ended = true;
            entry.landed() == entry.taken
        });
        self.tell_finished(table, finished);
    }

    pub(crate) fn landed(&self, table: &TableName, key: &ObjectKey, rows: u64, bytes: u64) {
        self.lock().sending.retain(|sending| sending != key);
        let finished = self.with(table, |entry| {
            entry.objects.push(LandedObject { key: key.clone(), rows, bytes });
            entry.ended && entry.landed() == entry.taken
        });
        self.observer.on(&Event::ObjectLanded { table: table.clone(), key: key.clone(), rows, bytes });
        self.tell_finished(table, finished);
    }

    pub(crate) fn retried(&self, event: &Event) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.observer.on(event);
    }

    /// The object is on its way: from now on S3 may have it.
    pub(crate) fn sending(&self, key: &ObjectKey) {
        let mut books = self.lock();
        if !books.sending.contains(key) {
            books.sending.push(key.clone());
        }
    }

    /// No try can have brought the object into S3 until now.
    pub(crate) fn not_there(&self, key: &ObjectKey) {
        self.lock().sending.retain(|sending| sending != key);
    }

    /// Notes a failure; the first one is kept.
    pub(crate) fn fail(&self, failure: Failure) {
        let mut books = self.lock();
        if books.failure.is_none() {
            books.failure = Some(failure);
        } else {
            tracing::debug!(%failure, "a later failure");
        }
    }

    /// Hands out the books, for good.
    pub(crate) fn close(&self) -> Landed {
        let Books { tables, sending, failure } = std::mem::take(&mut *self.lock());
        Landed { tables, uncertain: sending, retries: self.retries.load(Ordering::Relaxed), failure }
    }

    fn tell_finished(&self, table: &TableName, finished: Option<bool>) {
        if finished == Some(true) {
            self.observer.on(&Event::TableFinished { table: table.clone() });
        }
    }

    fn with<T>(&self, table: &TableName, change: impl FnOnce(&mut LandedTable) -> T) -> Option<T> {
        self.lock().tables.iter_mut().find(|entry| entry.table == *table).map(change)
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        // Every step leaves the books whole, so a panic elsewhere doesn't spoil them.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").finish_non_exhaustive()
    }
}
