//! The run while it goes on.

use lakeward_wizard::{RunTable, State, TableState, Told};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{parts, preview::focused};
use crate::{
    quantity::{count, counted, size},
    wizard::{
        ground::{Ground, Room, in_view},
        look::{Look, Mark, bold, reverse},
        sheet::Sheet,
        text::{padded, right, width},
        time::{clock, since},
    },
};

/// Where to, for how long, and how it stands.
pub(crate) fn header(state: &State, look: &Look) -> (String, String) {
    let run = &state.run;
    let elapsed = run.began.map(|began| since(began, run.ended_at.unwrap_or(state.now))).unwrap_or_default();
    let word = match (&run.ended, run.stops) {
        (Some(Ok(_)), _) => "DONE",
        (Some(Err(_)), _) => "NOT DONE",
        (None, 0) => "RUNNING",
        (None, 1) => "STOPPING",
        (None, _) => "ENDING",
    };
    let to = match run.destination.as_str() {
        "" => String::new(),
        destination => format!("   {} {}", look.glyph("→", "->"), look.text(destination)),
    };
    let is_brief = run.ended.is_some() && elapsed.as_secs() == 0;
    let took = if is_brief { "under 1 s".to_owned() } else { clock(elapsed) };
    (format!("lakeward run{to}"), format!("{took}   {word}"))
}

/// In a line, where there is no room for more.
pub(crate) fn short(state: &State, look: &Look) -> String {
    let rows = state.run.tables.iter().map(|table| table.rows).fold(0, u64::saturating_add);
    let errors = match state.run.errors {
        0 => String::new(),
        errors => format!(", {}", counted(errors, "error")),
    };
    format!("{}   {} rows{errors}", header(state, look).1, count(rows))
}

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let top = totals(state, ground);
    ground.top(&top);
    let end = end(state, ground);
    ground.bottom_at_least(&end, 3);
    let latest = latest(state, ground);
    ground.bottom(&latest, 5);
    let table = table(state, ground);
    ground.bottom(&table, 6);
    let look = ground.look;
    let tables = &state.run.tables;
    let columns = Columns::of(ground.sheet().width, tables);
    let mut sheet = ground.sheet();
    sheet.line(Line::styled(columns.heading(), bold()));
    ground.top(&sheet);
    let mut sheet = ground.sheet();
    if tables.is_empty() {
        let is_over = !state.is_running();
        sheet.say(2, if is_over { "No table was begun." } else { "Looking for the tables of the sources." });
    }
    let focus = focused(state);
    let view = in_view(tables.len(), focus.unwrap_or_default(), usize::from(ground.area.height));
    for at in view.clone() {
        if let Some(table) = tables.get(at) {
            sheet.line(columns.line(look, table, focus == Some(at)));
        }
    }
    ground.fill_with_rows(&sheet, &view, tables.len());
}

fn totals<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let (look, run) = (ground.look, &state.run);
    let mut sheet = ground.sheet();
    let sum = |of: fn(&RunTable) -> u64| run.tables.iter().map(of).fold(0, u64::saturating_add);
    let mut landed = size(sum(|table| table.landed));
    if ground.room > Room::Narrow {
        landed = format!("{landed} in {}", counted(sum(|table| table.objects), "object"));
    }
    sheet.line(named(&[
        ("Rows read", count(sum(RunTable::rows_read))),
        ("Read", size(sum(|table| table.read))),
        ("Landed", landed),
    ]));
    sheet.line(named(&[
        ("Rejected", count(sum(|table| table.rejected))),
        ("Retries", count(run.retries)),
        ("Errors", count(run.errors)),
    ]));
    let peak = run.rate.iter().copied().max().unwrap_or_default();
    // A run of less than a second has none.
    let mut said = if peak > 0 { format!("peak {}/s", size(peak)) } else { String::new() };
    if state.is_running() {
        // The columns of the sparkline stay where they are while the numbers change.
        said = format!("now {:>10}/s   {said:<17}", size(run.rate.last().copied().unwrap_or_default()));
    }
    if !state.is_running() && peak == 0 {
        sheet.blank();
        return sheet;
    }
    let cells = sheet.width.saturating_sub(width(&said) + 8).min(60);
    let spark = padded(&parts::sparkline(look, &run.rate, cells), cells, "");
    sheet.line(Line::from(vec![
        Span::raw("Rate  "),
        Span::styled(spark, look.accent()),
        Span::raw(format!("  {said}")),
    ]));
    sheet.blank();
    sheet
}

fn named(numbers: &[(&'static str, String)]) -> Line<'static> {
    let spans = numbers.iter().flat_map(|(name, number)| {
        [Span::raw(format!("{name} ")), Span::styled(number.clone(), bold()), Span::raw("   ")]
    });
    Line::from(spans.collect::<Vec<_>>())
}

struct Columns {
    name: usize,
    gauge: usize,
    wide: bool,
}

impl Columns {
    const ROWS: usize = 13;
    const BYTES: usize = 10;
    const STATE: usize = 20;

    fn of(width: usize, tables: &[RunTable]) -> Self {
        let wide = width >= 76;
        // Of plugins nobody knows how much will come: names have that room.
        let is_known = tables.is_empty() || tables.iter().any(|table| table.input.is_some());
        let gauge = match width {
            _ if !is_known => 0,
            110.. => 24,
            76.. => 10,
            _ => 0,
        };
        let bytes = if wide { Self::BYTES + 2 } else { 0 };
        let name = width.saturating_sub(2 + Self::ROWS + 2 + bytes + gauge + usize::from(gauge > 0) * 4 + Self::STATE);
        Self { name: name.clamp(8, 48), gauge, wide }
    }

    fn heading(&self) -> String {
        let mut line = format!("  {}{}", padded("TABLE", self.name, ""), right("ROWS", Self::ROWS, ""));
        if self.wide {
            line.push_str(&format!("  {}", right("LANDED", Self::BYTES, "")));
        }
        let gauge = if self.gauge > 0 { padded("READ", self.gauge + 4, "") } else { String::new() };
        format!("{line}  {gauge}STATE")
    }

    fn line(&self, look: &Look, table: &RunTable, focused: bool) -> Line<'static> {
        let pointer = if focused { look.pointer() } else { " " };
        let name = padded(&look.text(&table.name), self.name, look.ellipsis());
        let begun = !matches!(table.state, TableState::Queued | TableState::NotReached);
        let number = |text: String, cells| right(if begun { &text } else { "-" }, cells, look.ellipsis());
        let mut rest = number(count(table.rows_read()), Self::ROWS);
        if self.wide {
            rest.push_str(&format!("  {}", number(size(table.landed), Self::BYTES)));
        }
        rest.push_str("  ");
        let done = table.state == TableState::Done;
        let part = match (done, table.input) {
            (true, _) => Some((1, 1)),
            (false, input) => input.map(|all| (table.read, all)),
        };
        let gauge = match part {
            _ if self.gauge == 0 => String::new(),
            Some((part, all)) => parts::gauge(look, self.gauge, part, all) + "  ",
            None => padded("", self.gauge + 4, ""),
        };
        let (mark, word) = state_of(table);
        let (symbol, style) = look.mark(mark);
        let gap = " ".repeat(3_usize.saturating_sub(width(symbol)).max(1));
        Line::from(vec![
            Span::raw(format!("{pointer} ")),
            Span::styled(name, if focused { reverse() } else { Style::new() }),
            Span::raw(rest),
            Span::styled(gauge, look.accent()),
            Span::styled(symbol, style),
            Span::raw(format!("{gap}{word}")),
        ])
    }
}

fn state_of(table: &RunTable) -> (Mark, String) {
    match table.state {
        TableState::Queued => (Mark::None, "queued".to_owned()),
        TableState::Reading if !table.errors.is_empty() => (Mark::Bad, "reading, errors".to_owned()),
        TableState::Reading => {
            let percent = table.input.map(|all| u128::from(table.read.min(all)) * 100 / u128::from(all.max(1)));
            (Mark::Busy, percent.map_or_else(|| "reading".to_owned(), |percent| format!("reading {percent}%")))
        }
        TableState::Done if table.rejected > 0 => (Mark::Good, format!("done, {} rejected", count(table.rejected))),
        TableState::Done => (Mark::Good, "done".to_owned()),
        TableState::Failed => (Mark::Bad, "failed".to_owned()),
        TableState::NotReached => (Mark::None, "not reached".to_owned()),
    }
}

/// More of the table with the focus.
fn table<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let mut sheet = ground.sheet();
    let Some(table) = focused(state).and_then(|at| state.run.tables.get(at)) else { return sheet };
    sheet.blank();
    sheet.heading(&ground.look.text(&table.name));
    let rejected = if table.rejected > 0 { format!(", {} rejected", count(table.rejected)) } else { String::new() };
    let of = table.input.map(|input| format!(" of {}", size(input))).unwrap_or_default();
    sheet.say(2, &format!("read    {} from {}{of}{rejected}", counted(table.rows_read(), "row"), size(table.read)));
    sheet.say(2, &format!("landed  {} in {}", counted(table.landed_rows, "row"), counted(table.objects, "object")));
    table.errors.iter().for_each(|error| sheet.mark(2, Mark::Bad, &ground.look.text(error)));
    sheet
}

/// What went wrong last.
fn latest<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let mut sheet = ground.sheet();
    if let (Some(last), None) = (state.run.log.last(), &state.run.ended) {
        sheet.blank();
        let (heading, mark) = match state.run.told {
            Told::Retry => ("The latest retry", Mark::Warning),
            Told::Error => ("The latest error", Mark::Bad),
            Told::Log => ("The latest of the plugin's log", Mark::Warning),
        };
        sheet.heading(heading);
        sheet.mark(2, mark, &ground.look.text(last));
    }
    sheet
}

/// What came of all rows of a run that ended well.
pub(super) fn landed(state: &State) -> (Mark, String) {
    let sum = |of: fn(&RunTable) -> u64| state.run.tables.iter().map(of).fold(0, u64::saturating_add);
    match sum(|table| table.rejected) {
        0 => (Mark::Good, "All rows have landed.".to_owned()),
        rejected => {
            let rows = counted(sum(|table| table.rows), "row");
            (Mark::Warning, format!("{rows} landed, {} rejected.", count(rejected)))
        }
    }
}

/// How it stopped, or how it ended.
fn end<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let (look, run) = (ground.look, &state.run);
    let mut sheet = ground.sheet();
    match &run.ended {
        None if run.stops == 0 => return sheet,
        _ => sheet.blank(),
    }
    match &run.ended {
        Some(Ok(summary)) => {
            let (mark, said) = landed(state);
            sheet.mark(0, mark, &said);
            let last = summary.lines().rev().find(|line| !line.trim().is_empty());
            last.into_iter().for_each(|last| sheet.say(2, &look.text(last)));
        }
        Some(Err(trouble)) => parts::trouble(&mut sheet, 0, trouble),
        None if run.stops == 1 => {
            let said = "Stopping: what was taken lands, nothing more is read. Ctrl-C again ends at once.";
            sheet.mark(0, Mark::Info, said);
        }
        None => sheet.mark(0, Mark::Warning, "Ending: what is open is dropped and reported."),
    }
    sheet
}
