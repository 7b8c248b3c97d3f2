//! The tables of the sources with their first rows, read as a run would read them, and no further.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use lakeward_core::{
    column_type,
    failure::{Failure, FailureKind},
    key::ObjectKey,
    message::{Message, Outlet, Rows, Stopped},
    plan::{Plan, SourcePlan},
    table::Table,
    untrusted::{excerpt, printable},
};
use lakeward_sink::first_keys;
use lakeward_source::Commands;
use lakeward_wizard::{Column, Event, Preview, PreviewedTable, Ticket};
use uuid::Uuid;

use super::world::{Events, trouble};
use crate::{logging::SourceLogs, run::Run, storage};

/// How long the look may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many rows of a table are shown, of how many tables, and how much of a value.
const ROWS: usize = 10;
const TABLES: usize = 20;
const VALUE: usize = 60;
/// How much of what a plugin calls itself.
const NAME: usize = 120;

/// `commands` are those that sources start.
pub(crate) async fn preview(ticket: Ticket, plan: Plan, commands: Commands, events: Events) {
    // Whichever way this ends, no command of a source outlives it.
    let _end = commands.clone().end_with();
    let has_plugin = plan.sources.iter().any(|source| matches!(source, SourcePlan::CloudQuery(_)));
    let previewed = tokio::time::timeout(PATIENCE, looked_at(plan, commands)).await.unwrap_or_else(|_| {
        let (what, next) = if has_plugin {
            ("the plugin has not listed its tables", "go on without looking: a run gives it as long as `timeout` says")
        } else {
            (
                "the source has not shown enough to infer its columns",
                "go on without looking: a run waits for as much as `sample` says, or for the end",
            )
        };
        Err(Failure::new(FailureKind::Input, format!("within {} s {what}", PATIENCE.as_secs())).next(next))
    });
    events.send(Event::Previewed(ticket, previewed.map_err(|failure| trouble(&failure))));
}

async fn looked_at(plan: Plan, commands: Commands) -> Result<Preview, Failure> {
    let (destination, place) = (plan.destination.clone(), storage::place(&plan));
    let (readers, of_plugins) =
        Run::discover(plan, Arc::new(SourceLogs(Arc::new(()))), commands.clone()).await?.into_tables();
    let read = tokio::task::spawn_blocking(move || {
        let of_files = readers.iter().map(|reader| (reader.table(), None));
        let of_plugins = of_plugins.iter().map(|(table, plugin)| (table, Some(plugin.as_str())));
        let tables = of_files.chain(of_plugins);
        let keys = first_keys(&destination, tables.clone().map(|(table, _)| table), Uuid::now_v7())?;
        let described = tables.zip(keys).map(|((table, plugin), key)| described(table, plugin, &place, &key));
        let mut tables: Vec<PreviewedTable> = described.collect();
        // What a plugin's tables hold is known when it syncs, and only then.
        for (number, (reader, table)) in readers.into_iter().zip(&mut tables).enumerate() {
            table.bytes = reader.input_bytes();
            table.odd = reader.notes();
            let name = reader.table().name.clone();
            if number < TABLES {
                let first = FirstRows::default();
                // What is to be set aside is written by the run alone.
                table.rejected = reader.for_a_look().read(&first)?.rows_rejected;
                table.looked_at = table.rejected + first.seen.load(Ordering::Acquire);
                table.rows = first.rows();
            }
            table.goes_on = commands.goes_on(&name);
        }
        Ok(Preview { tables })
    });
    read.await
        .unwrap_or_else(|error| Err(Failure::new(FailureKind::Bug, format!("looking at the sources stopped: {error}"))))
}

/// A table without its rows.
fn described(table: &Table, plugin: Option<&str>, place: &str, key: &ObjectKey) -> PreviewedTable {
    let columns = table.schema.fields().iter().map(|field| Column {
        name: printable(field.name()).into_owned(),
        column_type: column_type::describe(field.data_type()),
    });
    PreviewedTable {
        name: table.name.to_string(),
        first_key: format!("{}{key}", printable(place)),
        columns: columns.collect(),
        rows: Vec::new(),
        odd: Vec::new(),
        rejected: 0,
        looked_at: 0,
        goes_on: false,
        bytes: None,
        plugin: plugin.map(|plugin| excerpt(plugin, NAME)),
    }
}

/// Takes the first rows and then stops the source.
#[derive(Default)]
struct FirstRows {
    rows: Mutex<Vec<Vec<String>>>,
    /// How many came, of which the first are kept.
    seen: AtomicU64,
    enough: AtomicBool,
}

impl FirstRows {
    fn rows(self) -> Vec<Vec<String>> {
        self.rows.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, rows: &Rows) {
        self.seen.fetch_add(rows.batch.num_rows() as u64, Ordering::AcqRel);
        let options = FormatOptions::default().with_null("");
        let columns = rows.batch.columns().iter();
        let Ok(columns) =
            columns.map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<Vec<_>, _>>()
        else {
            return;
        };
        let mut taken = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..rows.batch.num_rows() {
            if taken.len() >= ROWS {
                break;
            }
            // A value that can't be put into words is shown as none.
            let value = |column: &ArrayFormatter<'_>| column.value(row).try_to_string().unwrap_or_default();
            taken.push(columns.iter().map(|column| excerpt(&value(column), VALUE)).collect());
        }
        if taken.len() >= ROWS {
            self.enough.store(true, Ordering::Release);
        }
    }
}

impl Outlet for FirstRows {
    fn send(&self, message: Message) -> Result<(), Stopped> {
        if let Message::Rows(rows) = &message {
            self.take(rows);
        }
        if self.is_stopped() { Err(Stopped) } else { Ok(()) }
    }

    fn is_stopped(&self) -> bool {
        self.enough.load(Ordering::Acquire)
    }
}
