//! The tables of the sources with their first rows, read as a run would read them, and no further.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arrow_array::{ArrayRef, new_null_array};
use arrow_cast::{
    cast,
    display::{ArrayFormatter, FormatOptions},
};
use arrow_schema::{DataType, FieldRef};
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
                let read = reader.for_a_look().read(&first)?;
                table.rejected = read.rows_rejected;
                table.first_rejected = read.first_rejected;
                table.looked_at = table.rejected + first.seen.load(Ordering::Acquire);
                table.rows = first.rows();
            } else {
                table.unseen = true;
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
        first_rejected: None,
        looked_at: 0,
        unseen: false,
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
        let columns: Vec<ArrayRef> = rows.batch.columns().iter().map(in_words).collect();
        // A column that can't be put into words is shown as none.
        let columns: Vec<_> = columns.iter().map(|column| ArrayFormatter::try_new(column, &options).ok()).collect();
        let mut taken = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for row in 0..rows.batch.num_rows() {
            if taken.len() >= ROWS {
                break;
            }
            let value = |column: &Option<ArrayFormatter<'_>>| {
                let text = column.as_ref().and_then(|column| column.value(row).try_to_string().ok());
                excerpt(&text.unwrap_or_default(), VALUE)
            };
            taken.push(columns.iter().map(value).collect());
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

/// The column with its instants in UTC by its offset: names of time zones are not known to what puts values into words.
fn in_words(column: &ArrayRef) -> ArrayRef {
    let data_type = at_offset(column.data_type());
    if data_type == *column.data_type() {
        return Arc::clone(column);
    }
    cast(column, &data_type).unwrap_or_else(|_| new_null_array(&data_type, column.len()))
}

fn at_offset(data_type: &DataType) -> DataType {
    let within = |field: &FieldRef| Arc::new(field.as_ref().clone().with_data_type(at_offset(field.data_type())));
    match data_type {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some("+00:00".into())),
        DataType::List(item) => DataType::List(within(item)),
        DataType::LargeList(item) => DataType::LargeList(within(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(within(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(within).collect()),
        DataType::Map(entries, is_sorted) => DataType::Map(within(entries), *is_sorted),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        ListArray, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, types::TimestampMicrosecondType,
    };
    use arrow_schema::Field;
    use lakeward_core::budget::Budget;

    use super::*;

    fn shown(columns: Vec<(&str, ArrayRef)>) -> Vec<Vec<String>> {
        let batch = RecordBatch::try_from_iter(columns).expect("a batch");
        let table = lakeward_core::table::TableName::new("t").expect("a name");
        let first = FirstRows::default();
        first.take(&Rows { table, batch, memory: Budget::new(1 << 20).reserve(1) });
        first.rows()
    }

    #[test]
    fn rows_with_instants_are_shown_wherever_these_lie() {
        let moments = || TimestampMicrosecondArray::from(vec![Some(1_704_067_200_000_000), None]);
        let utc: ArrayRef = Arc::new(moments().with_timezone("UTC"));
        let berlin: ArrayRef = Arc::new(moments().with_timezone("Europe/Berlin"));
        let field = |name| Arc::new(Field::new(name, utc.data_type().clone(), true));
        let within: ArrayRef = Arc::new(StructArray::from(vec![(field("at"), utc.clone())]));
        let lists = [Some([Some(1_704_067_200_000_000), None]), None];
        let (_, offsets, _, nulls) =
            ListArray::from_iter_primitive::<TimestampMicrosecondType, _, _>(lists).into_parts();
        let list: ArrayRef = Arc::new(ListArray::new(field("item"), offsets, utc.clone(), nulls));
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let columns = vec![("name", names), ("utc", utc), ("berlin", berlin), ("list", list), ("within", within)];
        let rows = shown(columns);
        assert_eq!(
            rows,
            [
                [
                    "a",
                    "2024-01-01T00:00:00Z",
                    "2024-01-01T00:00:00Z",
                    "[2024-01-01T00:00:00Z, ]",
                    "{at: 2024-01-01T00:00:00Z}"
                ],
                ["b", "", "", "", "{at: }"],
            ]
        );
    }
}
