//! `--dry-run`: what a run would do.

use lakeward_core::{column_type, failure::Failure, plan::Plan, untrusted::printable};
use lakeward_sink::first_keys;
use lakeward_source::TableReader;
use uuid::Uuid;

use crate::storage;

/// Each table with its files, columns and first key.
pub(super) fn dry_run(plan: &Plan, readers: &[TableReader], run: Uuid) -> Result<String, Failure> {
    let keys = first_keys(&plan.destination, readers.iter().map(TableReader::table), run)?;
    let place = storage::place(plan);
    let mut text = String::new();
    for (reader, key) in readers.iter().zip(keys) {
        let inputs: Vec<String> = reader.names().collect();
        let from = match inputs.as_slice() {
            [] => "nothing".to_owned(),
            [input] => input.clone(),
            [first, .., last] => format!("{} inputs, {first} to {last}", inputs.len()),
        };
        text.push_str(&format!("{}: from {from}\n  first key {}{key}\n", reader.table().name, printable(&place)));
        for field in reader.table().schema.fields() {
            text.push_str(&format!("  {}: {}\n", printable(field.name()), column_type::describe(field.data_type())));
        }
    }
    text.push_str("nothing was sent; credentials, region and bucket were not tried. ");
    text.push_str(if plan.destination.no_rotate {
        "Each run writes these keys again, whole.\n"
    } else {
        "Each run appends all rows: the second lands them a second time.\n"
    });
    Ok(text)
}
