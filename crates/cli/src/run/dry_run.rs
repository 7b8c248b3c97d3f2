//! `--dry-run`: what a run would do.

use std::sync::Arc;

use lakeward_core::{column_type, failure::Failure, plan::Plan, table::Table, untrusted::printable};
use lakeward_sink::first_keys;
use lakeward_source::TableReader;
use uuid::Uuid;

use super::plugin::PluginSource;
use crate::storage;

/// Each table with where its rows come from, its columns and first key.
pub(super) fn dry_run(
    plan: &Plan,
    readers: &[TableReader],
    plugins: &[PluginSource],
    run: Uuid,
) -> Result<String, Failure> {
    let of_files = readers.iter().map(|reader| (reader.table(), inputs(reader)));
    let of_plugins = plugins
        .iter()
        .flat_map(|plugin| plugin.tables().iter().map(|table| (table, printable(&plugin.description()).into_owned())));
    let tables: Vec<(&Arc<Table>, String)> = of_files.chain(of_plugins).collect();
    let keys = first_keys(&plan.destination, tables.iter().map(|(table, _)| *table), run)?;
    let place = storage::place(plan);
    // Those of the files come first.
    let notes = readers.iter().map(TableReader::notes).chain(std::iter::repeat(Vec::new()));
    let mut text = String::new();
    for (((table, from), key), notes) in tables.iter().zip(keys).zip(notes) {
        text.push_str(&format!("{}: from {from}\n  first key {}{key}\n", table.name, printable(&place)));
        for field in table.schema.fields() {
            text.push_str(&format!("  {}: {}\n", printable(field.name()), column_type::describe(field.data_type())));
        }
        text.extend(notes.iter().map(|note| format!("  {note}\n")));
    }
    text.push_str("nothing was sent; credentials, region and bucket were not tried. ");
    text.push_str(if plan.destination.no_rotate {
        "Each run writes these keys again, whole.\n"
    } else {
        "Each run appends all rows: the second lands them a second time.\n"
    });
    for plugin in plugins.iter().filter(|plugin| plugin.keeps_state()) {
        text.push_str(&format!(
            "Of the source {}, incremental tables go on where the last run ended.\n",
            printable(plugin.name())
        ));
    }
    Ok(text)
}

fn inputs(reader: &TableReader) -> String {
    let inputs: Vec<String> = reader.names().collect();
    match inputs.as_slice() {
        [] => "nothing".to_owned(),
        [input] => input.clone(),
        [first, .., last] => format!("{} inputs, {first} to {last}", inputs.len()),
    }
}
