//! What lies over a screen.

use lakeward_wizard::{Popup, State};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{legend, parts};
use crate::wizard::{
    ground::cells,
    look::{Look, Mark, bold},
    sheet::Sheet,
    text::{padded, width},
};

/// Draws a popup in the middle, as large as what it says. The screen's cursor is not its own.
pub(crate) fn draw(state: &State, popup: &Popup, look: &Look, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    // The header and the footer stay in view.
    let most = Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 3 };
    let inner = usize::from(most.width.min(96)) - 4;
    let (title, sheet) = content(state, popup, Sheet::new(look, inner));
    let height = cells(sheet.len()).saturating_add(2).min(most.height);
    let width = cells(inner + 4);
    let frame = Rect { x: most.x + (most.width - width) / 2, y: most.y + (most.height - height) / 2, width, height };
    edge(buffer, frame, look, title);
    let inside = Rect { x: frame.x + 2, y: frame.y + 1, width: frame.width - 4, height: frame.height - 2 };
    sheet.draw_from(buffer, inside, 0);
    None
}

fn content<'a>(state: &State, popup: &Popup, mut sheet: Sheet<'a>) -> (&'static str, Sheet<'a>) {
    let look = sheet.look;
    let title = match popup {
        Popup::Help => {
            help(state, &mut sheet);
            "Help"
        }
        Popup::Command => {
            match parts::command(state) {
                Some(command) => sheet.say(0, &look.text(command)),
                None => sheet.say(0, "The answers do not make a command yet."),
            }
            "The same as a command"
        }
        Popup::Quit => {
            sheet.say(0, "Leave? Your answers are kept as a draft: the next `lakeward init` goes on from here.");
            "Leave"
        }
        Popup::Trouble(trouble) => {
            parts::trouble(&mut sheet, 0, trouble);
            "What went wrong"
        }
        Popup::Errors => {
            if state.run.errors.is_empty() {
                sheet.say(0, "Nothing went wrong so far.");
            }
            for error in state.run.errors.iter().rev() {
                sheet.mark(0, Mark::Bad, &look.text(error));
            }
            "What went wrong, the latest first"
        }
        Popup::Resume => {
            sheet.say(0, "An earlier session was left before its config was written. Its answers are still there; signing in begins anew.");
            sheet.blank();
            sheet.say(0, "Enter goes on with them, n begins with none.");
            "Go on?"
        }
    };
    (title, sheet)
}

/// What the field with the focus is about, and every key.
fn help(state: &State, sheet: &mut Sheet<'_>) {
    if let Some(field) = state.form.fields.get(state.form.focus) {
        let question = field.id.question();
        sheet.heading(question.title);
        sheet.say(0, question.help);
        sheet.pair(0, "Example", 10, question.example);
        sheet.pair(0, "Flag", 10, &format!("--{}", question.flag));
        sheet.pair(0, "In TOML", 10, question.key);
        sheet.blank();
    }
    sheet.heading("Keys");
    let without = State { popup: None, ..state.clone() };
    let always = [
        ("F1", "this help"),
        ("Ctrl-C", "leave; the answers are kept"),
        ("Ctrl-L", "draw anew"),
        ("Ctrl-Z", "back to the shell for a while"),
    ];
    let keys = legend::keys(&without);
    for (key, does) in keys.into_iter().filter(|(_, does)| *does != "help").chain(always) {
        sheet.line(Line::from(vec![Span::styled(padded(key, 14, ""), bold()), Span::raw(does)]));
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
        // What was there is gone, style and all.
        (y.left()..y.right()).filter_map(|x| Some((x, y.y))).for_each(|at| {
            if let Some(cell) = buffer.cell_mut(at) {
                cell.reset();
            }
        });
        buffer.set_stringn(y.x, y.y, format!("{left}{}{right}", middle.repeat(inner)), inner + 2, Style::new());
    }
    let title = format!(" {title} ");
    if width(&title) + 2 <= inner {
        buffer.set_stringn(frame.x + 2, frame.y, title, inner, bold());
    }
}
