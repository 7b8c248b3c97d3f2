//! How to sign in: what was found on this machine, what was not, and other ways.

use lakeward_wizard::{Condition, Found, INTRODUCTION, Remote, Row, State, WITHOUT_ACCOUNT, Way};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::parts;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Look, Mark, bold, reverse},
    sheet::Sheet,
    text::{cut, padded, width},
    time::since,
};

/// The lines of the other ways, with their heading.
const OTHERS: usize = lakeward_wizard::Way::ALL.len() + 1;

/// The cells of their names.
const OTHER: usize = 18;

pub(crate) fn draw(state: &State, ground: &mut Ground<'_>) {
    let about = about(state, ground);
    ground.bottom(&about, if ground.room == Room::Narrow { 8 } else { 11 });
    let look = ground.look;
    let facts = &state.facts;
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, "How should Lakeward sign in to AWS?", &facts.place.situation);
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    if state.list.rows.contains(&Row::Configured) {
        sheet.heading("In the config");
        rows(state, &mut sheet, |row| *row == Row::Configured);
    }
    match facts.detection {
        Remote::Asked(asked) => {
            let seconds = since(asked, state.now).as_secs();
            let looking = format!("still looking {} {seconds} s; you can pick now", look.glyph("…", "..."));
            sheet.apart("Found", bold(), &looking, Default::default());
        }
        _ => sheet.heading("Found"),
    }
    // What is not there has a heading of its own.
    if state.has_found_nothing() {
        sheet.say(2, "nothing on this machine; a new SSO sign-in is what most people have");
        sheet.say(2, WITHOUT_ACCOUNT);
    }
    let listed = |wanted: usize| state.list.rows.iter().any(|row| matches!(row, Row::Found(at) if *at == wanted));
    rows(state, &mut sheet, |row| matches!(row, Row::Found(_)));
    let rest = |sheet: &mut Sheet<'_>, heading: &str, is: fn(&Condition) -> bool| {
        let rest: Vec<&Found> = (0..)
            .zip(&facts.found)
            .filter(|(at, found)| !listed(*at) && is(&found.condition))
            .map(|(_, found)| found)
            .collect();
        if !rest.is_empty() {
            sheet.heading(heading);
        }
        for found in rest {
            line(sheet, found, "-", false);
        }
    };
    rest(&mut sheet, "Not found", |condition| matches!(condition, Condition::Absent(_)));
    if sheet.len() + OTHERS < usize::from(ground.area.height) {
        sheet.blank();
    }
    sheet.heading("Other ways");
    rows(state, &mut sheet, |row| matches!(row, Row::Other(_)));
    introduce(state, &mut sheet, ground);
    below(&sheet, ground);
    ground.fill(&sheet);
}

/// How many rows follow those in view, and that the last of them needs no AWS.
fn below(sheet: &Sheet<'_>, ground: &mut Ground<'_>) {
    let height = usize::from(ground.area.height).saturating_sub(1);
    if sheet.len() <= height + 1 {
        return;
    }
    // A heading is of one piece.
    let is_row = |line: &&Line<'_>| line.spans.len() > 2;
    let rows = sheet.lines.iter().skip(sheet.first(height) + height).filter(is_row).count();
    let mut last = ground.sheet();
    if rows > 0 {
        let (name, _) = Way::Embedded.words();
        let tail = if rows > 1 { format!("{rows} more, the last of them \"{name}\"") } else { format!("\"{name}\"") };
        last.say(2, &tail);
    } else {
        last.blank();
    }
    ground.bottom(&last, 1);
}

/// Says on top what this is, where it is the first screen. For that a blank line may give way, and on a narrow screen nothing else.
fn introduce(state: &State, sheet: &mut Sheet<'_>, ground: &Ground<'_>) {
    let is_narrow = ground.room == Room::Narrow;
    let words = match state.facts.place.is_demo {
        true if is_narrow => "The demo: AWS and S3 are stand-ins inside this program.",
        // Its note says that and more.
        true => return,
        false => INTRODUCTION,
    };
    let is_full = sheet.len() >= usize::from(ground.area.height);
    let blank = sheet.lines.iter().position(|line| line.width() == 0).filter(|_| is_full);
    if !state.trail.is_empty() || (is_narrow && is_full && blank.is_none()) {
        return;
    }
    if let Some(at) = blank {
        sheet.lines.remove(at);
    }
    sheet.lines.insert(0, Line::raw(words));
    if blank.is_none_or(|at| at >= sheet.focus.end) {
        sheet.focus = sheet.focus.start + 1..sheet.focus.end + 1;
    }
}

/// The rows of one kind, with the number that picks each.
fn rows(state: &State, sheet: &mut Sheet<'_>, wanted: fn(&Row) -> bool) {
    for (at, index) in state.list.matching.iter().enumerate() {
        let Some(row) = state.list.rows.get(*index).filter(|row| wanted(row)) else { continue };
        let focused = at == state.list.focus;
        if focused {
            sheet.focus = sheet.len()..sheet.len() + 1;
        }
        let number = if at < 9 { (at + 1).to_string() } else { " ".to_owned() };
        match row {
            Row::Found(found) => {
                if let Some(found) = state.facts.found.get(*found) {
                    line(sheet, found, &number, focused);
                }
            }
            Row::Configured => {
                if let Some(found) = &state.configured() {
                    line(sheet, found, &number, focused);
                }
            }
            Row::Other(way) => {
                let (name, when) = way.words();
                other(sheet, &number, focused, name, when);
            }
            _ => {}
        }
    }
}

/// The cells of what is said of a way that was found: title, origin, condition. Without room there is no origin.
struct Columns {
    title: usize,
    origin: usize,
    condition: usize,
}

impl Columns {
    fn of(sheet: &Sheet<'_>) -> Self {
        let (title, origin) = match sheet.width {
            110.. => (38, 30),
            76.. => (24, 21),
            _ => (24, 0),
        };
        let before = 7 + title + if origin > 0 { origin + 1 } else { 0 } + symbol(sheet.look);
        Self { title, origin, condition: sheet.width.saturating_sub(before) }
    }

    /// Whether the row says all of it.
    fn hold(&self, found: &Found, look: &Look) -> bool {
        let fits = |text: &str, cells| width(&look.text(text)) <= cells;
        fits(&found.title, self.title)
            && fits(&found.origin, self.origin)
            && fits(&found.condition.words(), self.condition)
    }
}

/// The cells of a condition's symbol with what is beside it.
fn symbol(look: &Look) -> usize {
    if look.unicode { 2 } else { 3 }
}

/// Pointer, number, title, origin, and condition with its symbol; without room, without the origin.
fn line(sheet: &mut Sheet<'_>, found: &Found, number: &str, focused: bool) {
    let look = sheet.look;
    let columns = Columns::of(sheet);
    let mut spans = named(look, number, focused, &found.title, columns.title);
    if columns.origin > 0 {
        spans.push(Span::raw(format!("{} ", padded(&look.text(&found.origin), columns.origin, look.ellipsis()))));
    }
    let (mark, style) = look.mark(parts::condition(&found.condition));
    spans.push(Span::styled(mark, style));
    spans.push(Span::raw(" ".repeat(symbol(look) - width(mark))));
    let whole = look.text(&found.condition.words());
    let words = if width(&whole) <= columns.condition { whole } else { look.text(&found.condition.short()) };
    spans.push(Span::raw(cut(&words, columns.condition, look.ellipsis())));
    sheet.line(Line::from(spans));
}

/// Pointer, number, name, and when it is the way.
fn other(sheet: &mut Sheet<'_>, number: &str, focused: bool, name: &str, when: &str) {
    let look = sheet.look;
    let mut spans = named(look, number, focused, name, OTHER);
    let room = sheet.width.saturating_sub(OTHER + 7);
    spans.push(Span::raw(cut(when, room, look.ellipsis())));
    sheet.line(Line::from(spans));
}

fn named(look: &Look, number: &str, focused: bool, name: &str, cells: usize) -> Vec<Span<'static>> {
    let pointer = if focused { look.pointer() } else { " " };
    let style = if focused { reverse() } else { Style::new() };
    let name = padded(&look.text(name), cells, look.ellipsis());
    vec![Span::raw(format!("{pointer} {number} ")), Span::styled(format!(" {name} "), style), Span::raw(" ")]
}

/// What follows from a way.
fn further(way: Way) -> &'static str {
    match way {
        Way::Sso => {
            "A page in any browser, on any device, confirms it. The keys that come of it live for hours, not for years."
        }
        Way::Role => "Some other credentials assume it: those of a profile, or what the AWS chain finds.",
        Way::Profile => "What it says is followed: a role, an SSO session, a program, keys.",
        Way::Compute => {
            "No secret and no sign-in: the best there is for cron and containers. On this machine it may not be there."
        }
        Way::Chain => {
            "What it finds may differ from machine to machine and from day to day. Better pin one of the others."
        }
        Way::Embedded => {
            "An S3 server inside Lakeward writes them. Nothing is sent anywhere, and no account is needed."
        }
    }
}

/// Why what has the focus is a good or a bad idea.
fn about<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    let focused = state.list.focused();
    let number = state.list.focus + 1;
    if ground.room == Room::Narrow {
        // What this is comes first on the first screen, until the person moves.
        if state.trail.is_empty() && !state.list.touched {
            return sheet;
        }
        // Only what does not fit into its row.
        match focused {
            Some(Row::Configured | Row::Found(_)) => {
                if let Some(found) = state.focused_found().filter(|found| !Columns::of(&sheet).hold(found, look)) {
                    let Found { title, origin, condition, .. } = &found;
                    sheet.say(0, &look.text(&format!("{title}, {origin}: {}", condition.words())));
                }
            }
            Some(Row::Other(way)) => {
                let (_, when) = way.words();
                if width(when) > sheet.width.saturating_sub(OTHER + 7) {
                    sheet.say(0, when);
                }
            }
            _ => {}
        }
        for note in &state.facts.place.notes {
            sheet.mark(0, Mark::Warning, &look.text(note));
        }
        return sheet;
    }
    match focused {
        Some(Row::Configured | Row::Found(_)) => {
            if let Some(found) = &state.focused_found() {
                sheet.blank();
                let suggested = focused == Some(Row::Found(0)) && found.condition.is_usable();
                sheet.heading(&if suggested {
                    format!("Why {number} is suggested")
                } else {
                    format!("About {number}")
                });
                if !Columns::of(&sheet).hold(found, look) {
                    let Found { title, origin, condition, .. } = found;
                    sheet.say(2, &look.text(&format!("{title}, {origin}: {}.", condition.words())));
                }
                sheet.say(2, &look.text(&found.why));
            }
        }
        Some(Row::Other(way)) => {
            sheet.blank();
            let (name, when) = way.words();
            sheet.heading(name);
            if sheet.width < 76 {
                sheet.say(2, when);
            }
            sheet.say(2, further(way));
        }
        _ => {}
    }
    for note in &state.facts.place.notes {
        sheet.mark(0, Mark::Warning, &look.text(note));
    }
    sheet.blank();
    sheet
}
