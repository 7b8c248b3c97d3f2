//! The seam between encoding and uploading.

use lakeward_core::{budget::Reservation, key::ObjectKey, table::TableName};

use crate::spool::{Body, Digests};

/// An object that is complete and not yet in S3. Every try to put it sends the same key with the same bytes.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// The table whose rows it holds.
    pub(crate) table: TableName,
    /// Where it goes.
    pub(crate) key: ObjectKey,
    /// How many rows it holds.
    pub(crate) rows: u64,
    /// Its bytes.
    pub(crate) body: Body,
    /// Checksums over them.
    pub(crate) digests: Digests,
    /// Its media type.
    pub(crate) content_type: String,
    /// Its share of the process's memory until it has landed.
    #[expect(dead_code, reason = "held for its drop, which gives the memory back")]
    pub(crate) memory: Reservation,
}
