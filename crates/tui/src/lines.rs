//! Progress as plain lines at sensible intervals, for logs and pipes.

use std::{
    collections::HashMap,
    io::Write,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use lakeward_core::{
    event::{Event, Observer},
    table::TableName,
    untrusted::printable,
};

use crate::quantity::{count, counted, size};

/// At least so long between two lines that only tell how far it has come.
const INTERVAL: Duration = Duration::from_secs(10);

pub(crate) struct Lines(Mutex<State>);

struct State {
    out: Box<dyn Write + Send>,
    last: Instant,
    rows: u64,
    rejected: u64,
    /// Rows taken and rows set aside, of each table that is not finished.
    tables: HashMap<TableName, (u64, u64)>,
    read: u64,
    total: Option<u64>,
    objects: u64,
    retries: u64,
}

impl Lines {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        let last = Instant::now();
        let tables = HashMap::new();
        Self(Mutex::new(State {
            out,
            last,
            rows: 0,
            rejected: 0,
            tables,
            read: 0,
            total: None,
            objects: 0,
            retries: 0,
        }))
    }
}

impl Observer for Lines {
    fn on(&self, event: &Event) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::RunStarted { run, destination, tables } => {
                state.total = tables.iter().map(|table| table.bytes).sum();
                state.line(&format!(
                    "run {run}: {} to {}",
                    counted(tables.len() as u64, "table"),
                    printable(destination)
                ));
            }
            Event::RowsRead { table, rows, rejected, bytes } => {
                let of_table = state.tables.entry(table.clone()).or_default();
                *of_table = (of_table.0 + rows, of_table.1 + rejected);
                state.rows += rows;
                state.rejected += rejected;
                state.read += bytes;
                state.line_when_due();
            }
            Event::ObjectLanded { .. } => {
                state.objects += 1;
                state.line_when_due();
            }
            Event::UploadRetried { key, attempt, cause, .. } => {
                state.retries += 1;
                if *attempt == 1 || state.last.elapsed() >= INTERVAL {
                    let key = printable(key.as_str()).into_owned();
                    state.line(&format!("{key}: try {attempt} failed, trying again: {}", printable(cause)));
                }
            }
            Event::TableFinished { table } => {
                let landed = match state.tables.remove(table) {
                    Some((rows, rejected)) if rejected > 0 => {
                        format!("{} landed, {} rejected", counted(rows, "row"), count(rejected))
                    }
                    _ => "all rows have landed".to_owned(),
                };
                state.line(&format!("{}: {landed}", printable(table.as_str())));
            }
            Event::Waiting { what } => state.line(&format!("waiting for {}", printable(what))),
            Event::Stopping { grace } => {
                state.line(&format!("stopping: what is open has {} s to land", grace.as_secs()));
            }
            _ => {}
        }
    }
}

impl State {
    fn line_when_due(&mut self) {
        if self.last.elapsed() < INTERVAL {
            return;
        }
        let read = match self.total {
            Some(total) => format!("{} of {}", size(self.read), size(total)),
            None => size(self.read),
        };
        let mut line = format!(
            "{} read ({read}), {} landed",
            counted(self.rows + self.rejected, "row"),
            counted(self.objects, "object")
        );
        if self.rejected > 0 {
            line.push_str(&format!(", {} rejected", counted(self.rejected, "row")));
        }
        if self.retries > 0 {
            line.push_str(&format!(", {} retried", counted(self.retries, "upload")));
        }
        self.line(&line);
    }

    fn line(&mut self, text: &str) {
        self.last = Instant::now();
        // Nobody may be reading: the run goes on all the same.
        let _ = writeln!(self.out, "{text}");
    }
}
