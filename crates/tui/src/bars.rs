//! A bar for each open table, and one for all.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use lakeward_core::{
    event::{Event, Observer, TableSize},
    table::TableName,
    untrusted::{excerpt, printable},
};

use crate::quantity::{count, counted};

/// How often bars are drawn again while nothing happens.
const TICK: Duration = Duration::from_millis(200);

// 80 columns hold all of it; what a table's message is too long for is cut.
const KNOWN: &str = "{prefix:>16.bold} {bar:12} {bytes:>10} {binary_bytes_per_sec:>12} {eta:>3} left {wide_msg}";
const UNKNOWN: &str = "{prefix:>16.bold} {spinner} {bytes:>10} {binary_bytes_per_sec:>12} {wide_msg}";

/// The longest name before a bar, in characters.
const NAME: usize = 16;

/// Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Bars {
    area: MultiProgress,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    sizes: HashMap<TableName, Option<u64>>,
    tables: HashMap<TableName, Table>,
    all: Option<ProgressBar>,
    finished: usize,
    rows: u64,
    retries: u64,
}

#[derive(Debug)]
struct Table {
    bar: ProgressBar,
    rows: u64,
    rejected: u64,
}

impl Bars {
    pub(crate) fn new() -> Self {
        Self { area: MultiProgress::new(), state: Arc::default() }
    }

    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.area.suspend(write)
    }

    fn add(&self, name: &str, size: Option<u64>) -> ProgressBar {
        let bar = size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        let template = if size.is_some() { KNOWN } else { UNKNOWN };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.area.add(bar.with_style(style).with_prefix(excerpt(name, NAME)));
        bar.enable_steady_tick(TICK);
        bar
    }
}

impl Observer for Bars {
    fn on(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        match event {
            Event::RunStarted { tables, .. } => {
                let total = tables.iter().map(|table| table.bytes).sum::<Option<u64>>();
                state.sizes = tables.iter().map(|TableSize { table, bytes }| (table.clone(), *bytes)).collect();
                state.all = (tables.len() > 1).then(|| self.add("all tables", total));
            }
            Event::TableStarted { table } => {
                let bar = self.add(table.as_str(), state.sizes.get(table).copied().flatten());
                state.tables.insert(table.clone(), Table { bar, rows: 0, rejected: 0 });
            }
            Event::RowsRead { table, rows, rejected, bytes } => {
                state.rows += rows;
                if let Some(table) = state.tables.get_mut(table) {
                    table.rows += rows;
                    table.rejected += rejected;
                    table.bar.inc(*bytes);
                    table.bar.set_message(match table.rejected {
                        0 => counted(table.rows, "row"),
                        rejected => format!("{}, {} rejected", counted(table.rows, "row"), count(rejected)),
                    });
                }
                if let Some(all) = &state.all {
                    all.inc(*bytes);
                }
            }
            Event::TableFinished { table } => {
                state.finished += 1;
                if let Some(Table { bar, .. }) = state.tables.remove(table) {
                    bar.finish_and_clear();
                    self.area.remove(&bar);
                }
            }
            Event::UploadRetried { .. } => state.retries += 1,
            Event::Waiting { what } => {
                let _ = self.area.println(format!("waiting for {}", printable(what)));
            }
            Event::Stopping { .. } => {
                let _ = self.area.println("stopping: landing what is open (again to end at once)");
            }
            Event::RunFinished { .. } => {
                state.tables.drain().for_each(|(_, table)| table.bar.finish_and_clear());
                if let Some(all) = state.all.take() {
                    all.finish_and_clear();
                }
            }
            _ => {}
        }
        if let Some(all) = &state.all {
            let retries = if state.retries > 0 { format!(", {} retried", count(state.retries)) } else { String::new() };
            let done = format!("{}/{} tables", state.finished, state.sizes.len());
            all.set_message(format!("{}, {done}{retries}", counted(state.rows, "row")));
        }
    }
}
