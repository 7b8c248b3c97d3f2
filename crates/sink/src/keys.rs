//! The first key of each table of a run, looked at before anything is sent.

use std::{collections::HashMap, sync::Arc};

use chrono::Utc;
use lakeward_core::{
    failure::{Failure, FailureKind},
    key::{KeyParts, ObjectKey},
    plan::DestinationPlan,
    table::{Table, TableName},
    untrusted::printable,
};
use uuid::Uuid;

/// The key that each table's first object would get now.
///
/// # Errors
/// [`FailureKind::Usage`] when a key would be too long, or when two tables would write the same one.
pub fn first_keys<'a>(
    destination: &DestinationPlan,
    tables: impl IntoIterator<Item = &'a Arc<Table>>,
    run: Uuid,
) -> Result<Vec<ObjectKey>, Failure> {
    let mut owners: HashMap<ObjectKey, &TableName> = HashMap::new();
    let mut keys = Vec::new();
    for table in tables {
        let key = render(destination, &table.name, run)?;
        if let Some(other) = owners.insert(key.clone(), &table.name) {
            let what =
                format!("the tables {other} and {} would both write the key {}", table.name, printable(key.as_str()));
            return Err(Failure::new(FailureKind::Usage, what)
                .next("use {{TABLE}} or {{UUID}} in [destination] path, or rename a table"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// The key of an object of the table that is begun now.
pub(crate) fn render(destination: &DestinationPlan, table: &TableName, run: Uuid) -> Result<ObjectKey, Failure> {
    let extension = destination.format.extension();
    let parts = KeyParts { table, extension, uuid: Uuid::now_v7(), sync_id: run, begun: Utc::now() };
    destination.path.render(&parts).map_err(|error| {
        Failure::new(FailureKind::Usage, error.to_string()).next("shorten [destination] path or the table's name")
    })
}
