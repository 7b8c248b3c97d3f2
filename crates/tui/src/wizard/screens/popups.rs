//! What lies over a screen.

use lakeward_wizard::{Popup, Screen, Search, State};
use ratatui::{buffer::Buffer, layout::Rect, style::Style, text::Span};

use super::{legend, parts};
use crate::wizard::{
    ground::cells,
    look::{Look, Mark, bold},
    sheet::Sheet,
    text::{padded, width},
};

/// Draws a popup in the middle, as large as what it says. How many of its lines did not fit.
pub(crate) fn draw(state: &State, popup: &Popup, look: &Look, buffer: &mut Buffer, area: Rect) -> usize {
    // The header and the footer stay in view.
    let most = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 3 };
    let inner = usize::from(most.width.min(96)) - 4;
    let (title, sheet) = content(state, popup, Sheet::new(look, inner));
    // No wider than what it says, but never so narrow that it gets lost.
    let said = sheet.lines.iter().map(ratatui::text::Line::width).max().unwrap_or_default();
    let inner = said.max(width(title) + 4).max(44).min(inner);
    let height = cells(sheet.len()).saturating_add(2).min(most.height);
    let width = cells(inner + 4);
    let frame = Rect { x: most.x + (most.width - width) / 2, y: most.y + (most.height - height) / 2, width, height };
    // Beside a wide one there would be only scraps of words.
    let beside = most.width - width;
    let cleared = if beside < 16 { Rect { x: area.x, width: area.width, ..frame } } else { frame };
    clear(buffer, cleared);
    edge(buffer, frame, look, title);
    let inside = Rect { x: frame.x + 2, y: frame.y + 1, width: frame.width - 4, height: frame.height - 2 };
    sheet.draw_from(buffer, inside, state.popup_scroll.above);
    sheet.len().saturating_sub(usize::from(inside.height))
}

fn content<'a>(state: &State, popup: &Popup, mut sheet: Sheet<'a>) -> (&'static str, Sheet<'a>) {
    let look = sheet.look;
    let title = match popup {
        Popup::Help => {
            help(state, &mut sheet);
            "Help"
        }
        Popup::Command => {
            sheet.say(0, &look.text(&state.command()));
            parts::unshown(&mut sheet, &state.command());
            "The same as a command"
        }
        Popup::Quit => {
            sheet.say(0, &look.text(&format!("Leave? {}", state.on_leaving())));
            "Leave"
        }
        Popup::Trouble(trouble) => {
            parts::trouble(&mut sheet, 0, trouble);
            "What went wrong"
        }
        Popup::Chain(search) => {
            chain(search, &mut sheet);
            "The whole credential chain"
        }
        Popup::Errors => {
            for (at, line) in state.run.log.iter().rev().enumerate() {
                // Why the run ended comes last; all before was tried again.
                let mark = if at == 0 && state.run.errors > 0 { Mark::Bad } else { Mark::Warning };
                sheet.mark(0, mark, &look.text(line));
            }
            "What went wrong, the latest first"
        }
        Popup::Keep(_, change) => {
            for line in change.lines() {
                sheet.line(look.text(line));
            }
            sheet.blank();
            sheet.say(0, "Enter writes this, Esc leaves the file as it is.");
            "For the AWS tools, too"
        }
        Popup::Resume => {
            let told = state.draft.as_ref().map(|draft| draft.offer(&state.facts.place, state.now)).unwrap_or_default();
            sheet.say(0, &look.text(&told));
            sheet.blank();
            sheet.say(
                0,
                match state.screen {
                    Screen::Welcome => {
                        "Enter goes on with them, n begins with what the file says and forgets them, Esc leads back and keeps them."
                    }
                    _ => "Enter goes on with them, n begins with none and forgets them, Esc leaves and keeps them.",
                },
            );
            "Go on?"
        }
    };
    (title, sheet)
}

/// The search for credentials: a link's name, what came of it, and below that why.
fn chain(search: &Search, sheet: &mut Sheet<'_>) {
    let look = sheet.look;
    search.head.iter().for_each(|line| sheet.say(0, &look.text(line)));
    for (at, link) in search.links.iter().enumerate() {
        let indent = 3 * link.depth;
        let state = Span::raw(format!("  {}", search.state(at)));
        let number = format!("{}{:>2} ", " ".repeat(indent), link.number);
        sheet.line(vec![Span::raw(number), Span::styled(look.text(&link.name), bold()), state]);
        sheet.say(indent + 3, &look.text(&link.detail));
        link.below.iter().for_each(|line| sheet.say(indent + 3, &look.text(line)));
    }
    search.tail.iter().for_each(|line| sheet.say(0, &look.text(line)));
}

/// What the field with the focus is about, and every key.
fn help(state: &State, sheet: &mut Sheet<'_>) {
    if let Some(field) = state.form.fields.get(state.form.focus) {
        let question = field.id.question();
        sheet.heading(question.title);
        sheet.say(0, question.help);
        sheet.pair(0, "Example", 9, question.example);
        let flag = format!("--{}", question.flag);
        sheet.pair(0, "Flag", 9, &format!("{flag}, in TOML {}", question.key));
        sheet.blank();
    }
    let mut without = state.clone();
    without.popup = None;
    let always = [
        ("F1", "this help"),
        (
            "Ctrl-C",
            match state.is_running() {
                true => "stop safely",
                false if state.keeps_answers() => "leave; keeps answers",
                false => "leave",
            },
        ),
        ("Ctrl-L", "draw anew"),
        ("Ctrl-Z", "to the shell"),
    ];
    let keys = legend::keys(&without).into_iter().map(|hint| (hint.key, hint.does));
    let is_once = |key: &str, does: &str| does != "help" && !always.iter().any(|(other, _)| *other == key);
    let keys: Vec<_> = keys.filter(|(key, does)| is_once(key, does)).chain(always).collect();
    let longest = keys.iter().map(|(_, does)| 14 + width(does)).max().unwrap_or_default();
    if 2 * longest <= sheet.width {
        let half = keys.len().div_ceil(2);
        let cell = |(key, does): &(&str, &str)| {
            [Span::styled(padded(key, 11, ""), bold()), Span::raw(padded(does, longest - 11, ""))]
        };
        for at in 0..half {
            let pair = [keys.get(at), keys.get(at + half)].into_iter().flatten();
            sheet.line(pair.flat_map(cell).collect::<Vec<_>>());
        }
        return;
    }
    // One after the other, as many on a line as fit.
    let mut line: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (key, does) in keys {
        let cells = width(key) + width(does) + 4;
        if used + cells > sheet.width + 3 {
            sheet.line(std::mem::take(&mut line));
            used = 0;
        }
        line.extend([Span::styled(key, bold()), Span::raw(format!(" {does}   "))]);
        used += cells;
    }
    sheet.line(line);
}

/// Takes away what is there, style and all.
pub(crate) fn clear(buffer: &mut Buffer, area: Rect) {
    for at in area.intersection(buffer.area).positions() {
        if let Some(cell) = buffer.cell_mut(at) {
            cell.reset();
        }
    }
}

/// An empty box with a title in its edge.
fn edge(buffer: &mut Buffer, frame: Rect, look: &Look, title: &str) {
    let frame = frame.intersection(buffer.area);
    if frame.width < 2 || frame.height < 2 {
        return;
    }
    let (flat, tall) = (look.glyph("─", "-"), look.glyph("│", "|"));
    let corners = if look.unicode { ["┌", "┐", "└", "┘"] } else { ["+"; 4] };
    let inner = usize::from(frame.width) - 2;
    for y in frame.rows() {
        let (left, middle, right) = if y.y == frame.top() {
            (corners[0], flat, corners[1])
        } else if y.y == frame.bottom() - 1 {
            (corners[2], flat, corners[3])
        } else {
            (tall, " ", tall)
        };
        buffer.set_stringn(y.x, y.y, format!("{left}{}{right}", middle.repeat(inner)), inner + 2, Style::new());
    }
    let title = format!(" {title} ");
    if width(&title) + 2 <= inner {
        buffer.set_stringn(frame.x + 2, frame.y, title, inner, bold());
    }
}
