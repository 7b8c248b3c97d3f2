//! What a run tells those who watch it: the terminal, the log, `--progress json`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{key::ObjectKey, table::TableName};

/// One thing that happened in a run. Serialized, it is one line of `--progress json`: an object whose `event` names the
/// kind in snake case; it can be read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The run knows its tables and begins.
    RunStarted {
        /// The run's id: the `{{SYNC_ID}}` of its keys.
        run: String,
        /// Where objects go, as `s3://bucket/prefix` or a folder.
        destination: String,
        /// The tables, in the order in which they are read.
        tables: Vec<TableSize>,
    },
    /// A table's first row is about to be read.
    TableStarted {
        /// The table.
        table: TableName,
    },
    /// Rows were read. Counts are of this step, not totals.
    RowsRead {
        /// The table.
        table: TableName,
        /// Rows taken, without the rejected.
        rows: u64,
        /// Rows set aside.
        rejected: u64,
        /// Bytes of input that this step consumed, as stored (before decompression).
        bytes: u64,
    },
    /// An object is in S3: the server confirmed it.
    ObjectLanded {
        /// The table.
        table: TableName,
        /// The object's key.
        key: ObjectKey,
        /// Rows in it.
        rows: u64,
        /// Its size in bytes.
        bytes: u64,
    },
    /// An upload failed and will be tried again.
    UploadRetried {
        /// The object's key.
        key: ObjectKey,
        /// How many times it was tried.
        attempt: u32,
        /// Why it failed.
        cause: String,
        /// How long until the next try, in milliseconds.
        #[serde(rename = "wait_ms", with = "milliseconds")]
        wait: Duration,
    },
    /// A source tells that something went wrong with a table, and goes on: rows of it may be missing.
    SourceError {
        /// What messages call the source.
        source: String,
        /// The table, where it is one of those that are read.
        table: Option<TableName>,
        /// What it tells. Of each table the first few are here, and in the summary all are counted.
        message: String,
    },
    /// A source wrote an error to its log, and goes on. That does not say whether rows are missing.
    SourceLogged {
        /// What messages call the source.
        source: String,
        /// What it wrote.
        message: String,
    },
    /// Nothing has come yet for a while, and the run goes on waiting.
    Waiting {
        /// For what, in words.
        what: String,
    },
    /// All rows of a table have been read and have landed.
    TableFinished {
        /// The table.
        table: TableName,
    },
    /// The run was asked to stop; what is open lands within the grace period.
    Stopping {
        /// How long that may take, in milliseconds.
        #[serde(rename = "grace_ms", with = "milliseconds")]
        grace: Duration,
    },
    /// The run is over.
    RunFinished {
        /// What it did.
        summary: Summary,
    },
}

/// A table with the size of its input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSize {
    /// The table.
    pub table: TableName,
    /// Bytes of input as stored, where that is known.
    pub bytes: Option<u64>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Each table, in the order in which it was read.
    pub tables: Vec<TableSummary>,
    /// From the first read to the last answer, in milliseconds.
    #[serde(rename = "elapsed_ms", with = "milliseconds")]
    pub elapsed: Duration,
    /// Uploads that were tried again.
    pub retries: u64,
    /// Calls that the embedded S3 refused by policy; absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied_calls: Option<u64>,
    /// Whether every row taken has landed or was set aside.
    pub complete: bool,
}

/// What a run did with one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSummary {
    /// The table.
    pub table: TableName,
    /// Rows read from the source. When all is well, `landed + rejected`.
    pub read: u64,
    /// Rows in objects that S3 confirmed.
    pub landed: u64,
    /// Rows set aside in rejects files.
    pub rejected: u64,
    /// What its source told that went wrong with it: rows of it may be missing. Absent where nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<String>,
    /// Objects that S3 confirmed.
    pub objects: Vec<LandedObject>,
}

/// An object that S3 confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandedObject {
    /// Its key.
    pub key: ObjectKey,
    /// Rows in it.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Someone who watches a run. Called from any thread; it must not block for long.
pub trait Observer: Send + Sync {
    /// Takes notice of an event.
    fn on(&self, event: &Event);
}

/// Nobody watches.
impl Observer for () {
    fn on(&self, _: &Event) {}
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
