//! The seam between encoding and uploading.

use std::sync::Arc;

use lakeward_core::{budget::Reservation, key::ObjectKey, table::TableName};

use crate::{body::Body, digest::Digests, multipart::LargeObject};

/// What is complete and not yet in S3. Every try to send it sends the same bytes to the same place.
#[derive(Debug)]
pub(crate) struct Sealed {
    /// What it is.
    pub(crate) unit: Unit,
    /// Its bytes.
    pub(crate) body: Body,
    /// Hashes over them.
    pub(crate) digests: Digests,
    /// Its share of the process's memory until it has been sent.
    pub(crate) memory: Reservation,
}

/// What can be sent at once.
#[derive(Debug)]
pub(crate) enum Unit {
    /// A whole object.
    Object {
        /// The table whose rows it holds.
        table: TableName,
        /// Where it goes.
        key: ObjectKey,
        /// How many rows it holds.
        rows: u64,
    },
    /// A part of an object that is too large for one PutObject.
    Part {
        /// The object.
        object: Arc<LargeObject>,
        /// The part's number; the first is 1.
        number: u32,
    },
}
