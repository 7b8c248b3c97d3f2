//! The object of the test write: the destination's path with a table and a UUID that no row has.

use chrono::Utc;
use lakeward_core::{
    failure::{Failure, FailureKind},
    key::{KeyParts, ObjectKey, Template},
    plan::DestinationPlan,
    table::TableName,
};
use uuid::Uuid;

const TABLE: &str = "TEST_TABLE";
const UUID: &str = "TEST_UUID";

/// The table's name and the object's key.
pub(super) fn test_object(destination: &DestinationPlan, run: Uuid) -> Result<(TableName, ObjectKey), Failure> {
    let bug = |error: &dyn std::fmt::Display| Failure::new(FailureKind::Bug, format!("no key for the test: {error}"));
    let path = destination.path.to_string().replace("{{UUID}}", UUID);
    let path = Template::parse(&path).map_err(|error| bug(&error))?;
    let table = TableName::new(TABLE).map_err(|error| bug(&error))?;
    let extension = destination.format.extension();
    let parts = KeyParts { table: &table, extension, uuid: Uuid::nil(), sync_id: run, begun: Utc::now() };
    let key = path
        .render(&parts)
        .map_err(|error| Failure::new(FailureKind::Usage, error.to_string()).next("shorten the spec's path"))?;
    Ok((table, key))
}
