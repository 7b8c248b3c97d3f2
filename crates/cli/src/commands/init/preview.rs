//! The tables of the sources with their first rows, read as a run would read them, and no further.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use arrow_cast::display::{ArrayFormatter, FormatOptions};
use lakeward_core::{
    budget::Budget,
    column_type,
    event::{Event as RunEvent, Observer},
    failure::{Failure, FailureKind},
    message::{Message, Outlet, Rows, Stopped},
    plan::{OnError, Plan, SourcePlan},
    untrusted::{excerpt, printable},
};
use lakeward_sink::first_keys;
use lakeward_source::{Commands, Context, TableReader};
use lakeward_wizard::{Column, Event, Preview, PreviewedTable, Ticket};
use uuid::Uuid;

use super::world::{Events, trouble};
use crate::storage;

/// The memory that reading may take.
const MEMORY: u64 = 64 << 20;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many rows of a table are shown, of how many tables, and how much of a value.
const ROWS: usize = 10;
const TABLES: usize = 20;
const VALUE: usize = 60;

pub(crate) async fn preview(ticket: Ticket, plan: Plan, events: Events) {
    let commands = Commands::default();
    // Whichever way this ends, no command of a source outlives it.
    let _end = commands.clone().end_with();
    let read = tokio::task::spawn_blocking(move || looked_at(plan, commands));
    let read = match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => Err(Failure::new(FailureKind::Bug, format!("looking at the sources stopped: {error}"))),
        Err(_) => {
            let what = format!("within {} s the source has not shown enough to infer its columns", PATIENCE.as_secs());
            Err(Failure::new(FailureKind::Input, what)
                .next("go on without looking: a run waits for as much as `sample` says, or for the end"))
        }
    };
    events.send(Event::Previewed(ticket, read.map_err(|failure| trouble(&failure))));
}

fn looked_at(mut plan: Plan, commands: Commands) -> Result<Preview, Failure> {
    // A row that does not fit ends the look: to set it aside is for the run.
    let sets_aside = plan.sources.iter().any(|source| matches!(source.read().on_error, OnError::Skip { .. }));
    for source in &mut plan.sources {
        match source {
            SourcePlan::Files { read, .. } | SourcePlan::Stdin { read, .. } | SourcePlan::Command { read, .. } => {
                read.on_error = OnError::Fail;
            }
        }
    }
    let run = Uuid::now_v7();
    let context = Context {
        budget: Budget::new(MEMORY),
        observer: Arc::new(Nobody),
        run_id: run.to_string(),
        spool_dir: plan.state_dir.join("spool"),
        commands,
    };
    let readers = lakeward_source::discover(&plan.sources, &plan.only_tables, &context)?;
    let keys = first_keys(&plan.destination, readers.iter().map(TableReader::table), run)?;
    let place = storage::place(&plan);
    let mut tables = Vec::new();
    for (number, (reader, key)) in readers.into_iter().zip(keys).enumerate() {
        let columns = reader.table().schema.fields().iter().map(|field| Column {
            name: printable(field.name()).into_owned(),
            column_type: column_type::describe(field.data_type()),
        });
        let mut table = PreviewedTable {
            name: reader.table().name.to_string(),
            first_key: format!("{}{key}", printable(&place)),
            columns: columns.collect(),
            rows: Vec::new(),
            bytes: reader.input_bytes(),
        };
        if number < TABLES {
            let first = FirstRows::default();
            match reader.read(&first) {
                Err(failure) if !sets_aside => return Err(failure),
                _ => table.rows = first.rows(),
            }
        }
        tables.push(table);
    }
    Ok(Preview { tables })
}

/// Takes the first rows and then stops the source.
#[derive(Default)]
struct FirstRows {
    rows: Mutex<Vec<Vec<String>>>,
    enough: AtomicBool,
}

impl FirstRows {
    fn rows(self) -> Vec<Vec<String>> {
        self.rows.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, rows: &Rows) {
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

struct Nobody;

impl Observer for Nobody {
    fn on(&self, _: &RunEvent) {}
}
