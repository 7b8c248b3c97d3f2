//! An empty object, put as a run puts its objects: where a CloudQuery host asks for it, before the first row.

use std::sync::Arc;

use lakeward_core::{
    failure::{Failure, FailureKind},
    key::ObjectKey,
    plan::DestinationPlan,
    table::TableName,
};
use tokio::runtime::Handle;

use crate::{
    body::Body,
    bucket::Bucket,
    digest::Digester,
    ledger::Ledger,
    sealed::{Sealed, Unit},
    stop::Stop,
    upload::Uploader,
};

/// Puts an empty object, and replaces one that is there. It is tried again as every upload is.
///
/// # Errors
/// As an upload of a run fails.
pub async fn put_empty(
    bucket: &Bucket,
    destination: &DestinationPlan,
    table: TableName,
    key: ObjectKey,
) -> Result<(), Failure> {
    let (ledger, stop) = (Arc::new(Ledger::new(Arc::new(()))), Arc::new(Stop::default()));
    let uploader = Uploader::new(bucket.replacing(), destination, 0, ledger.clone(), stop, Handle::current());
    let digests = Digester::new(uploader.profile().checksum).finish();
    let memory = lakeward_core::budget::Budget::new(0).nothing();
    let unit = Unit::Object { table, key, rows: 0 };
    let sealed = Sealed { unit, body: Body::in_memory([]), digests, memory };
    let submitting = uploader.clone();
    let submitted = tokio::task::spawn_blocking(move || submitting.submit(sealed)).await;
    submitted.map_err(|error| Failure::new(FailureKind::Bug, format!("putting an empty object stopped: {error}")))?;
    uploader.drained().await;
    ledger.close().failure.map_or(Ok(()), Err)
}
