//! Screens with fields. One has the focus: its line is marked, its value reversed, and what it means is said below.

use lakeward_wizard::{Field, Kind, Need, Question, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::parts;
use crate::wizard::{
    ground::{Ground, Room},
    look::{Mark, bold, reverse},
    sheet::Sheet,
    text::{padded, whole, width, wrapped},
};

/// The cells of the labels, with the pointer before them.
const LABEL: usize = 22;

/// The fields of the chosen way to sign in.
pub(crate) fn details(state: &State, ground: &mut Ground<'_>) {
    draw(state, ground, "What is needed to sign in", "", |_| {});
}

/// A form: the question, the fields, what the screen adds, and the help of the field with the focus.
pub(crate) fn draw(
    state: &State,
    ground: &mut Ground<'_>,
    question: &str,
    right: &str,
    add: impl FnOnce(&mut Sheet<'_>),
) {
    let help = help(state, ground);
    let mut sheet = ground.sheet();
    parts::question(&mut sheet, question, right);
    if ground.room > Room::Narrow {
        sheet.blank();
    }
    ground.top(&sheet);
    let mut sheet = ground.sheet();
    for (at, field) in state.form.fields.iter().enumerate() {
        draw_field(state, &mut sheet, field, at == state.form.focus);
    }
    if !state.form.more {
        sheet.blank();
        sheet.say(2, "Ctrl-O shows what few people need.");
    }
    add(&mut sheet);
    ground.bottom(&help, if ground.room == Room::Narrow { 7 } else { 10 });
    ground.fill(&sheet);
}

fn draw_field(state: &State, sheet: &mut Sheet<'_>, field: &Field, focused: bool) {
    let look = sheet.look;
    let question = field.id.question();
    let first = sheet.len();
    let pointer = if focused { look.pointer() } else { " " };
    let label = padded(question.title, LABEL - 3, look.ellipsis());
    let label = Span::styled(format!("{pointer} {label} "), if focused { bold() } else { Style::new() });
    let room = sheet.width.saturating_sub(LABEL);
    if let Kind::Choice(_) = question.kind {
        choices(sheet, label, question, field, focused);
    } else {
        let value = look.text(&field.text);
        let note = note(state, question, field).map(|note| look.text(&note));
        let cells = width(&value).max(if focused { 20 } else { 0 }) + 1;
        let lines = if cells > room { whole(&value, room) } else { vec![value.clone()] };
        let style = if focused { reverse() } else { Style::new() };
        let single = lines.len() == 1;
        for (at, line) in lines.iter().enumerate() {
            let lead = if at == 0 { label.clone() } else { Span::raw(" ".repeat(LABEL)) };
            let line = if focused { padded(line, cells.min(room), "") } else { line.clone() };
            sheet.line(Line::from(vec![lead, Span::styled(line, style)]));
        }
        if focused {
            let before: String = field.text.graphemes(true).take(field.cursor).collect();
            let along = width(&look.text(&before));
            let (down, along) = if single { (0, along) } else { (along / room.max(1), along % room.max(1)) };
            sheet.cursor = Some((first + down, LABEL + along));
        }
        if let Some(note) = note {
            beside(sheet, &note, if focused { cells.min(room) } else { width(&value) }, single);
        }
    }
    if let Some(error) = &field.error {
        let mark = look.mark(Mark::Bad);
        let lead = format!("{}{} ", " ".repeat(LABEL), mark.0);
        let from = sheet.len();
        sheet.hanging(Span::styled(lead, mark.1), &look.text(error), Style::new());
        if focused {
            sheet.focus = from..sheet.len();
        }
    }
    if focused {
        sheet.focus = first..sheet.len();
    }
}

/// What is good to know about a field, to the right of its value where there is room, else below.
fn beside(sheet: &mut Sheet<'_>, note: &str, value: usize, single: bool) {
    let column = LABEL + value.max(20) + 2;
    let fits = single && column + width(note) <= sheet.width;
    match sheet.lines.last_mut().filter(|_| fits) {
        Some(line) => {
            let gap = column.saturating_sub(line.width());
            line.push_span(Span::raw(format!("{}{note}", " ".repeat(gap))));
        }
        None => sheet.say(LABEL, note),
    }
}

/// The field's own note; for an empty one what could stand there.
fn note(state: &State, question: &Question, field: &Field) -> Option<String> {
    if field.note.is_some() || !field.text.is_empty() {
        return field.note.clone();
    }
    let optional = matches!((question.need)(&state.answers), Need::Optional);
    Some(format!("{}e.g. {}", if optional { "optional, " } else { "" }, question.example))
}

/// All choices, the chosen one marked; in as many lines as it takes. What the chosen one means follows.
fn choices(sheet: &mut Sheet<'_>, label: Span<'static>, question: &Question, field: &Field, focused: bool) {
    let look = sheet.look;
    let (on, off) = (look.glyph("●", "(*)"), look.glyph("○", "( )"));
    let mut lines = vec![vec![label]];
    let mut used = LABEL;
    for choice in question.choices() {
        let chosen = choice.value == field.text;
        let text = format!("{} {}", if chosen { on } else { off }, choice.value);
        let cells = width(&text) + 2;
        if used + cells > sheet.width && used > LABEL {
            lines.push(vec![Span::raw(" ".repeat(LABEL))]);
            used = LABEL;
        }
        let style = match (chosen, focused) {
            (true, true) => reverse(),
            (true, false) => bold(),
            _ => Style::new(),
        };
        if let Some(line) = lines.last_mut() {
            line.extend([Span::styled(text, style), Span::raw("  ")]);
        }
        used += cells;
    }
    lines.into_iter().for_each(|line| sheet.line(line));
    let note = field.note.as_deref().map(|note| look.text(note));
    if let Some(note) = note {
        sheet.say(LABEL, &note);
    }
}

/// What the field with the focus means.
fn help<'a>(state: &State, ground: &Ground<'a>) -> Sheet<'a> {
    let mut sheet = ground.sheet();
    let Some(field) = state.form.fields.get(state.form.focus) else { return sheet };
    let question = field.id.question();
    sheet.blank();
    sheet.heading(question.title);
    sheet.say(2, question.help);
    for choice in question.choices() {
        let lead = format!("  {} ", padded(choice.value, 10, ""));
        let chosen = choice.value == field.text;
        let style = if chosen { bold() } else { Style::new() };
        let words = wrapped(choice.help, sheet.width.saturating_sub(width(&lead)));
        sheet
            .line(Line::from(vec![Span::styled(lead, style), Span::raw(words.into_iter().next().unwrap_or_default())]));
    }
    sheet.blank();
    sheet
}
