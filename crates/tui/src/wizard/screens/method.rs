//! How to sign in: what was found on this machine, what was not, and other ways.

use lakeward_wizard::{Condition, Found, Remote, Row, State};
use ratatui::text::{Line, Span};

use super::parts;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold, reverse},
    sheet::Sheet,
    text::{cut, padded, width},
    time::since,
};

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
    let found = facts.found.len();
    match facts.detection {
        Remote::Asked(asked) => {
            let looking = format!("looking {}", look.glyph("…", "..."));
            let seconds = since(asked, state.now).as_secs_f64();
            sheet.apart("Found", bold(), &format!("{looking} {seconds:.0} s, s skips"), Default::default());
        }
        _ if found > 0 => sheet.heading("Found"),
        _ => sheet.say(0, "Nothing was found on this machine. A new SSO sign-in is what most people have."),
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
            line(sheet, found, None, "-", false);
        }
    };
    rest(&mut sheet, "Found, and not usable", |condition| !matches!(condition, Condition::Absent(_)));
    rest(&mut sheet, "Not found", |condition| matches!(condition, Condition::Absent(_)));
    sheet.heading("Other");
    rows(state, &mut sheet, |row| matches!(row, Row::Other(_)));
    ground.fill(&sheet);
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
                    line(sheet, found, Some(state), &number, focused);
                }
            }
            Row::Other(way) => {
                let (name, when) = way.words();
                columns(sheet, &number, focused, name, "", None, when);
            }
            _ => {}
        }
    }
}

fn line(sheet: &mut Sheet<'_>, found: &Found, _state: Option<&State>, number: &str, focused: bool) {
    let mark = parts::condition(&found.condition);
    columns(sheet, number, focused, &found.title, &found.origin, Some(mark), found.condition.words());
}

/// Pointer, number, title, origin, and condition with its symbol; without room, without the origin.
fn columns(
    sheet: &mut Sheet<'_>,
    number: &str,
    focused: bool,
    title: &str,
    origin: &str,
    mark: Option<Mark>,
    words: &str,
) {
    let look = sheet.look;
    let (title_cells, origin_cells) = match sheet.width {
        110.. => (38, 30),
        76.. => (26, 19),
        _ => (24, 0),
    };
    let pointer = if focused { look.pointer() } else { " " };
    let style = if focused { reverse() } else { Default::default() };
    let lead = format!("{pointer} {number} ");
    let mut spans = vec![
        Span::raw(lead),
        Span::styled(format!(" {} ", padded(&look.text(title), title_cells, look.ellipsis())), style),
    ];
    if mark.is_some() && origin_cells > 0 {
        spans.push(Span::raw(format!(" {} ", padded(&look.text(origin), origin_cells, look.ellipsis()))));
    } else {
        spans.push(Span::raw(" "));
    }
    if let Some(mark) = mark {
        let (symbol, style) = look.mark(mark);
        spans.push(Span::styled(symbol.to_owned(), style));
        spans.push(Span::raw(" ".repeat(if look.unicode { 2 } else { 3 } - width(symbol))));
    }
    let used: usize = spans.iter().map(|span| width(&span.content)).sum();
    spans.push(Span::raw(cut(&look.text(words), sheet.width.saturating_sub(used), look.ellipsis())));
    sheet.line(Line::from(spans));
}

/// Why what has the focus is a good or a bad idea.
fn about<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let look = ground.look;
    let mut sheet = ground.sheet();
    let focused = state.list.focused();
    let number = state.list.focus + 1;
    match focused {
        Some(Row::Found(at)) => {
            if let Some(found) = state.facts.found.get(at) {
                sheet.blank();
                let suggested = at == 0 && found.condition.is_usable();
                sheet.heading(&if suggested {
                    format!("Why {number} is suggested")
                } else {
                    format!("About {number}")
                });
                sheet.say(2, &look.text(&found.why));
                if width(&found.origin) > 0 && sheet.width < 76 {
                    sheet.say(2, &look.text(&found.origin));
                }
            }
        }
        Some(Row::Other(way)) => {
            sheet.blank();
            let (name, when) = way.words();
            sheet.heading(name);
            sheet.say(
                2,
                &format!("For when {when}.").replace("For when you", "For when you").replace("For when of", "One of"),
            );
        }
        _ => {}
    }
    for note in &state.facts.place.notes {
        sheet.mark(0, Mark::Warning, &look.text(note));
    }
    sheet.blank();
    sheet
}
