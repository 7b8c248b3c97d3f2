//! The run, told every tenth of its way or every half minute.

use std::time::{Duration, SystemTime};

use crate::state::{RunState, TableState};

const PAUSE: Duration = Duration::from_secs(30);

/// What was told of the run.
#[derive(Debug, Default)]
pub(super) struct Progress {
    begun: bool,
    /// How many tenths of the input.
    tenths: u64,
    told_at: Option<SystemTime>,
    /// The tables of which it was told that they are done.
    done: Vec<String>,
    /// The latest that went wrong and was told.
    mishap: Option<String>,
    ended: bool,
}

impl Progress {
    pub(super) fn tell(&mut self, run: &RunState, now: SystemTime, lines: &mut Vec<String>) {
        if run.began.is_none() {
            return;
        }
        if !self.begun && !run.tables.is_empty() {
            let names: Vec<&str> = run.tables.iter().map(|table| table.name.as_str()).collect();
            lines.push(format!("Into {}: {}. Ctrl-C stops safely.", run.destination, names.join(", ")));
            self.begun = true;
            self.told_at = Some(now);
        }
        if self.mishap.as_ref() != run.log.last() && run.ended.is_none() {
            lines.extend(run.log.last().cloned());
            self.mishap = run.log.last().cloned();
        }
        for table in run.tables.iter().filter(|table| table.state == TableState::Done) {
            if !self.done.contains(&table.name) {
                let rejected =
                    if table.rejected == 0 { String::new() } else { format!(", {} rejected", table.rejected) };
                let (rows, objects) = (counted(table.rows, "row"), counted(table.objects, "object"));
                lines.push(format!("{} is done: {rows} landed in {objects}{rejected}.", table.name));
                self.done.push(table.name.clone());
            }
        }
        if run.ended.is_none() {
            self.tell_how_far(run, now, lines);
        } else if !self.ended {
            self.ended = true;
            if let Some(Ok(summary)) = &run.ended {
                lines.extend(summary.lines().map(str::to_owned));
                lines.push("Enter goes on.".to_owned());
            }
        }
    }

    fn tell_how_far(&mut self, run: &RunState, now: SystemTime, lines: &mut Vec<String>) {
        let read: u64 = run.tables.iter().map(|table| table.read).fold(0, u64::saturating_add);
        let input: Option<u64> =
            run.tables.iter().map(|table| table.input).try_fold(0_u64, |sum, bytes| sum.checked_add(bytes?));
        let tenths = input.filter(|input| *input > 0).map(|input| read.saturating_mul(10) / input).unwrap_or(0).min(10);
        let is_due = self.told_at.is_some_and(|told| now.duration_since(told).is_ok_and(|passed| passed >= PAUSE));
        if !self.begun || (tenths <= self.tenths && !is_due) {
            return;
        }
        self.tenths = self.tenths.max(tenths);
        self.told_at = Some(now);
        let rows: u64 = run.tables.iter().map(|table| table.rows).fold(0, u64::saturating_add);
        let objects: u64 = run.tables.iter().map(|table| table.objects).fold(0, u64::saturating_add);
        let far = if input.is_some() { format!("{} % read, ", tenths * 10) } else { String::new() };
        lines.push(format!("{far}{} taken, {} landed.", counted(rows, "row"), counted(objects, "object")));
    }
}

fn counted(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
