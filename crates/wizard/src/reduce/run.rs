//! The run, as it is watched.

use std::time::Duration;

use lakeward_core::event::Event;

use super::tickets::Request;
use crate::{
    effect::{Effect, Exit},
    facts::{Remote, Trouble},
    state::{Popup, RunState, RunTable, Screen, State, TableState, Told},
};

impl State {
    pub(super) fn begin_run(&mut self) {
        match self.plan() {
            Ok(plan) => {
                let ticket = self.tickets.draw(Request::Run);
                self.run = RunState { began: Some(self.now), counted_to: Some(self.now), ..RunState::default() };
                self.go(Screen::Run);
                self.trail.clear();
                self.effects.push(Effect::Run(ticket, Box::new(plan)));
            }
            Err(trouble) => self.popup = Some(Popup::Trouble(trouble)),
        }
    }

    /// Whether a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.began.is_some() && self.run.ended.is_none()
    }

    /// Once: what was taken lands. Twice: it ends.
    pub(super) fn stop_run(&mut self) {
        if self.run.stops >= 2 {
            return;
        }
        self.run.stops += 1;
        self.effects.push(Effect::StopRun);
        self.notice = Some(
            match self.run.stops {
                1 => "stopping: what was taken still lands; Ctrl-C again ends it at once",
                _ => "ending at once",
            }
            .to_owned(),
        );
    }

    pub(super) fn run_event(&mut self, event: Event) {
        let run = &mut self.run;
        match event {
            Event::RunStarted { destination, tables, .. } => {
                run.destination = destination;
                let queued = |size: lakeward_core::event::TableSize| RunTable {
                    input: size.bytes,
                    ..RunTable::queued(size.table.as_str())
                };
                run.tables = tables.into_iter().map(queued).collect();
                self.refresh_list();
            }
            Event::TableStarted { table } => run.table(table.as_str()).state = TableState::Reading,
            Event::RowsRead { table, rows, rejected, bytes } => {
                let table = run.table(table.as_str());
                table.rows = table.rows.saturating_add(rows);
                table.rejected = table.rejected.saturating_add(rejected);
                table.read = table.read.saturating_add(bytes);
            }
            Event::ObjectLanded { table, rows, bytes, .. } => {
                run.landed_since = run.landed_since.saturating_add(bytes);
                let table = run.table(table.as_str());
                table.landed_rows = table.landed_rows.saturating_add(rows);
                table.landed = table.landed.saturating_add(bytes);
                table.objects += 1;
            }
            Event::UploadRetried { key, attempt, cause, wait } => {
                run.retries += 1;
                run.say(Told::Retry, format!("{key}: try {attempt} failed, again in {wait:.1?}: {cause}"));
            }
            Event::SourceError { source, table, message } => {
                run.errors += 1;
                let of = table.as_ref().map_or(source.as_str(), |table| table.as_str());
                run.say(Told::Error, format!("{of}: {message}"));
                if let Some(table) = table {
                    run.table(table.as_str()).errors.push(message);
                }
            }
            Event::SourceLogged { source, message } => run.say(Told::Log, format!("{source} logs: {message}")),
            Event::TableFinished { table } => run.table(table.as_str()).state = TableState::Done,
            Event::Stopping { .. } => run.stops = run.stops.max(1),
            // Its books come with the end.
            Event::RunFinished { .. } => {}
            _ => {}
        }
    }

    pub(super) fn run_ended(&mut self, result: Result<String, Trouble>) {
        self.tickets.drop(Request::Run);
        self.count_seconds();
        for table in self.run.tables.iter_mut().filter(|table| table.state != TableState::Done) {
            table.state = match (&result, table.state) {
                (Ok(_), _) => TableState::Done,
                (Err(_), TableState::Queued) => TableState::NotReached,
                (Err(_), _) => TableState::Failed,
            };
        }
        if let Err(trouble) = &result {
            // Where tables had errors, these are why it has not ended well.
            if self.run.errors == 0 {
                self.run.errors += 1;
            }
            self.run.say(Told::Error, trouble.what.clone());
        }
        self.run.ended = Some(result);
        self.run.ended_at = Some(self.now);
        // Whatever it says is about a run that goes on.
        self.notice = None;
        // What was signed in may have been renewed, or not.
        self.facts.identity = Remote::Idle;
    }

    pub(super) fn enter_run(&mut self) {
        if self.is_running() {
            self.notice = Some("the run goes on; Ctrl-C stops it safely".to_owned());
        } else {
            self.trail.clear();
            self.go_instead(Screen::Farewell);
        }
    }

    /// How the wizard ends after a run, or without one.
    pub(super) fn end_of_run(&self) -> Exit {
        match &self.run.ended {
            Some(Ok(_)) => Exit::Run(0),
            Some(Err(trouble)) => Exit::Run(trouble.code),
            None => Exit::Done,
        }
    }

    /// Notes what landed in each second that is over.
    pub(super) fn count_seconds(&mut self) {
        const SECOND: Duration = Duration::from_secs(1);
        if !self.is_running() {
            return;
        }
        let run = &mut self.run;
        let Some(counted_to) = run.counted_to else { return };
        let Ok(passed) = self.now.duration_since(counted_to) else {
            run.counted_to = Some(self.now);
            return;
        };
        let seconds = passed.as_secs();
        if seconds == 0 {
            return;
        }
        // A pause of this process is not all of it shown.
        let shown = usize::try_from(seconds).unwrap_or(usize::MAX).min(RunState::SECONDS);
        run.rate.extend(std::iter::repeat_n(run.landed_since / seconds, shown));
        let over = run.rate.len().saturating_sub(RunState::SECONDS);
        run.rate.drain(..over);
        run.landed_since = 0;
        run.counted_to = counted_to.checked_add(SECOND.saturating_mul(u32::try_from(seconds).unwrap_or(u32::MAX)));
        if run.counted_to.is_none() {
            run.counted_to = Some(self.now);
        }
    }
}

impl RunState {
    fn table(&mut self, name: &str) -> &mut RunTable {
        let at = self.tables.iter().position(|table| table.name == name).unwrap_or_else(|| {
            // It was not announced: it is shown all the same.
            self.tables.push(RunTable::queued(name));
            self.tables.len() - 1
        });
        &mut self.tables[at]
    }

    fn say(&mut self, told: Told, what: String) {
        self.told = told;
        self.log.push(what);
        let over = self.log.len().saturating_sub(Self::LOG);
        self.log.drain(..over);
    }
}

impl RunTable {
    /// A table of which nothing has been read.
    #[must_use]
    pub fn queued(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            rows: 0,
            rejected: 0,
            read: 0,
            input: None,
            landed_rows: 0,
            landed: 0,
            objects: 0,
            state: TableState::Queued,
            errors: Vec::new(),
        }
    }
}
