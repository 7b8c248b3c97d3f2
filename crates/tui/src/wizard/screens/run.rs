//! The run while it goes on.

use lakeward_wizard::{RunTable, State, TableState};
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
    let arrow = look.glyph("→", "->");
    (format!("lakeward run   {arrow} {}", look.text(&run.destination)), format!("{}   {word}", clock(elapsed)))
}

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let top = totals(state, ground);
    ground.top(&top);
    let below = below(state, ground);
    ground.bottom(&below, 4);
    let look = ground.look;
    let tables = &state.run.tables;
    let columns = Columns::of(ground.sheet().width);
    let mut sheet = ground.sheet();
    sheet.line(Line::styled(columns.heading(), bold()));
    ground.top(&sheet);
    let mut sheet = ground.sheet();
    if tables.is_empty() {
        sheet.say(2, "Looking for the tables of the sources.");
    }
    let focus = focused(state);
    for at in in_view(tables.len(), focus.unwrap_or_default(), usize::from(ground.area.height)) {
        if let Some(table) = tables.get(at) {
            sheet.line(columns.line(look, table, focus == Some(at)));
        }
    }
    ground.fill(&sheet);
}

fn totals<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let (look, run) = (ground.look, &state.run);
    let mut sheet = ground.sheet();
    let sum = |of: fn(&RunTable) -> u64| run.tables.iter().map(of).sum::<u64>();
    let mut totals = vec![("Rows", count(sum(|table| table.rows)))];
    totals.push(("Read", size(sum(|table| table.read))));
    totals.push((
        "Landed",
        format!("{} in {}", size(sum(|table| table.landed)), counted(sum(|table| table.objects), "object")),
    ));
    for (name, number) in
        [("Rejected", sum(|table| table.rejected)), ("Retries", run.retries), ("Errors", run.errors.len() as u64)]
    {
        if number > 0 {
            totals.push((name, count(number)));
        }
    }
    let mut line: Vec<Span<'static>> = Vec::new();
    for (name, number) in totals {
        line.extend([Span::raw(format!("{name} ")), Span::styled(number, bold()), Span::raw("   ")]);
    }
    sheet.line(line);
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    let now = run.rate.last().copied().unwrap_or_default();
    let peak = run.rate.iter().copied().max().unwrap_or_default();
    let said = if run.ended.is_some() {
        format!("  peak {}/s", size(peak))
    } else {
        format!("  now {}/s   peak {}/s", size(now), size(peak))
    };
    let cells = sheet.width.saturating_sub(width(&said) + 8);
    let spark = parts::sparkline(look, &run.rate, cells.min(60));
    sheet.line(Line::from(vec![Span::raw("Landed  "), Span::styled(spark, look.accent()), Span::raw(said)]));
    sheet.blank();
    sheet
}

struct Columns {
    name: usize,
    gauge: usize,
    wide: bool,
}

impl Columns {
    const ROWS: usize = 13;
    const BYTES: usize = 10;
    const STATE: usize = 18;

    fn of(width: usize) -> Self {
        let wide = width >= 76;
        let gauge = match width {
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
        let begun = table.state != TableState::Queued;
        let number = |text: String, cells| right(if begun { &text } else { "-" }, cells, look.ellipsis());
        let mut rest = number(count(table.rows), Self::ROWS);
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
        TableState::Reading => {
            let percent = table.input.map(|all| u128::from(table.read.min(all)) * 100 / u128::from(all.max(1)));
            (Mark::Busy, percent.map_or_else(|| "reading".to_owned(), |percent| format!("reading {percent}%")))
        }
        TableState::Done if table.rejected > 0 => (Mark::Good, format!("done, {} rej.", count(table.rejected))),
        TableState::Done => (Mark::Good, "done".to_owned()),
        TableState::Failed => (Mark::Bad, "failed".to_owned()),
    }
}

/// What went wrong, how it stopped, how it ended.
fn below<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let (look, run) = (ground.look, &state.run);
    let mut sheet = ground.sheet();
    if let (Some(last), true) = (run.errors.last(), run.ended.is_none()) {
        sheet.blank();
        sheet.heading(&format!("Latest of {}", counted(run.errors.len() as u64, "error")));
        sheet.mark(2, Mark::Bad, &look.text(last));
    }
    match &run.ended {
        Some(Ok(summary)) => {
            sheet.blank();
            let mut lines = summary.lines().rev().filter(|line| !line.trim().is_empty());
            sheet.mark(0, Mark::Good, &look.text(lines.next().unwrap_or("All rows have landed.")));
        }
        Some(Err(trouble)) => {
            sheet.blank();
            parts::trouble(&mut sheet, 0, trouble);
        }
        None if run.stops == 1 => {
            sheet.blank();
            sheet.mark(
                0,
                Mark::Info,
                "Stopping: what was taken lands, nothing more is read. Ctrl-C again ends at once.",
            );
        }
        None if run.stops > 1 => {
            sheet.blank();
            sheet.mark(0, Mark::Warning, "Ending: what is open is dropped and reported.");
        }
        None => {}
    }
    sheet.blank();
    sheet
}
