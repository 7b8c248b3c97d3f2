//! Screens with fields. One has the focus: its line is marked, its value reversed, and what it means is said below.

use lakeward_wizard::{Field, Kind, Need, Question, State};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use unicode_segmentation::UnicodeSegmentation as _;

use super::parts;
use crate::wizard::{
    ground::{Ground, Room, cells},
    look::{Mark, bold, reverse},
    sheet::Sheet,
    text::{cut, padded, whole, width},
};

/// The cells of the labels, with the pointer before them.
pub(crate) const LABEL: usize = 22;

/// The fewest cells of a field with the focus.
const FIELD: usize = 20;

/// The fields of the chosen way to sign in.
pub(crate) fn details(state: &State, ground: &mut Ground<'_>) {
    draw(state, ground, "What is needed to sign in?", "", None);
}

/// A form: the question, the fields, what the screen adds, and below them what the field with the focus means, as far as there is room
/// for it. All of that is in the help.
pub(crate) fn draw(state: &State, ground: &mut Ground<'_>, question: &str, right: &str, add: Option<Sheet<'_>>) {
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
    if let Some(add) = add {
        sheet.lines.extend(add.lines);
    }
    help(state, ground, sheet.len());
    ground.fill(&sheet);
}

fn draw_field(state: &State, sheet: &mut Sheet<'_>, field: &Field, focused: bool) {
    let look = sheet.look;
    let question = field.id.question();
    let first = sheet.len();
    let pointer = if focused { look.pointer() } else { " " };
    let label = padded(question.title, LABEL - 3, look.ellipsis());
    let label = Span::styled(format!("{pointer} {label} "), if focused { bold() } else { Style::new() });
    if let Kind::Choice(_) = question.kind {
        choices(sheet, label, question, field, state.without_choice(question), focused);
    } else {
        text(sheet, &label, field, focused);
    }
    if let Some(note) = note(state, question, field) {
        beside(sheet, &look.text(&note), sheet.len() == first + 1);
    }
    if let Some(error) = &field.error {
        let (symbol, style) = look.mark(Mark::Bad);
        let lead = Line::from(vec![Span::raw(" ".repeat(LABEL)), Span::styled(symbol, style), Span::raw(" ")]);
        sheet.led(&lead, &look.text(error), Style::new());
    }
    if focused {
        sheet.focus = first..sheet.len();
    }
}

/// A text with its cursor, in as many lines as it takes.
fn text(sheet: &mut Sheet<'_>, label: &Span<'static>, field: &Field, focused: bool) {
    let look = sheet.look;
    // The last cell is the cursor's, behind the text.
    let room = sheet.width.saturating_sub(LABEL + 1).max(1);
    let mut lines = whole(&look.text(&field.text), room);
    if lines.is_empty() {
        lines.push(String::new());
    }
    if focused {
        let before: String = field.text.graphemes(true).take(field.cursor).collect();
        let mut along = width(&look.text(&before));
        let mut down = 0;
        for line in lines.iter().take(lines.len() - 1) {
            let cells = width(line);
            if along < cells {
                break;
            }
            along -= cells;
            down += 1;
        }
        sheet.cursor = Some((sheet.len() + down, LABEL + along.min(room)));
    }
    for (at, line) in lines.into_iter().enumerate() {
        let lead = if at == 0 { label.clone() } else { Span::raw(" ".repeat(LABEL)) };
        let value = match focused {
            true => Span::styled(padded(&line, (width(&line) + 1).max(FIELD), ""), reverse()),
            false => Span::raw(line),
        };
        sheet.line(Line::from(vec![lead, value]));
    }
}

/// What is good to know about a field, to the right of its value where there is room, else below.
fn beside(sheet: &mut Sheet<'_>, note: &str, single: bool) {
    let most = sheet.width;
    match sheet.lines.last_mut() {
        // Empty or not, and with the focus or without, a note stands in the same column, unless the value is longer.
        Some(line) if single && (line.width() + 2).max(LABEL + FIELD + 2) + width(note) <= most => {
            let gap = (line.width() + 2).max(LABEL + FIELD + 2) - line.width();
            line.push_span(Span::raw(format!("{}{note}", " ".repeat(gap))));
        }
        _ => sheet.say(LABEL, note),
    }
}

/// The field's own note; for an empty one whether it may stay so.
fn note(state: &State, question: &Question, field: &Field) -> Option<String> {
    let is_empty = field.text.is_empty() && question.choices().is_empty();
    if is_empty && let Some(default) = state.default_of(question.id) {
        return Some(format!("left empty: {default}"));
    }
    if field.note.is_some() || !is_empty {
        return field.note.clone();
    }
    (field.error.is_none() && (question.need)(&state.answers) == Need::Optional).then(|| "optional".to_owned())
}

/// All choices, the chosen one marked; in as many lines as it takes.
fn choices(
    sheet: &mut Sheet<'_>,
    label: Span<'static>,
    question: &Question,
    field: &Field,
    none: Option<&str>,
    focused: bool,
) {
    let look = sheet.look;
    let (on, off) = (look.glyph("●", "(*)"), look.glyph("○", "( )"));
    let mut lines = vec![vec![label]];
    let mut used = LABEL;
    let none = none.map(|words| ("", words));
    // What stands there and is none of them is shown for what it is, and not as if nothing did.
    let is_known = field.text.is_empty() || question.choices().iter().any(|choice| choice.value == field.text);
    if !is_known {
        let text = format!("{} {}", look.glyph("●", "(*)"), look.text(&field.text));
        used += width(&text) + 2;
        if let Some(line) = lines.last_mut() {
            line.extend([Span::styled(text, if focused { reverse() } else { bold() }), Span::raw("  ")]);
        }
    }
    for (value, words) in none.into_iter().chain(question.choices().iter().map(|choice| (choice.value, choice.value))) {
        let chosen = value == field.text;
        let text = format!("{} {words}", if chosen { on } else { off });
        let cells = width(&text);
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
        used += cells + 2;
    }
    lines.into_iter().for_each(|line| sheet.line(line));
}

/// What the field with the focus means, at the bottom: as much as there is room for below so many lines.
fn help(state: &State, ground: &mut Ground<'_>, lines: usize) {
    let Some(field) = state.focused_field() else { return };
    let question = field.id.question();
    let mut sheet = ground.sheet();
    sheet.blank();
    sheet.heading(question.title);
    sheet.say(2, question.help);
    match question.kind {
        Kind::Choice(choices) => {
            let label = choices.iter().map(|choice| width(choice.value)).max().unwrap_or_default() + 2;
            for choice in choices {
                let style = if choice.value == field.text { bold() } else { Style::new() };
                let lead = Span::styled(format!("  {}", padded(choice.value, label, "")), style);
                sheet.hanging(lead, choice.help, Style::new());
            }
        }
        _ => {
            let lead = format!("  {}", padded("Example", 9, ""));
            sheet.hanging(Span::raw(lead), question.example, bold());
        }
    }
    let left = usize::from(ground.area.height).saturating_sub(lines);
    // A narrow screen has room for the fields, and F1 for the help.
    let most = if ground.room == Room::Narrow { left } else { left.max(4) };
    if sheet.len() < most {
        sheet.blank();
    }
    if sheet.len() > most {
        sheet.lines.truncate(most.saturating_sub(1));
        sheet.say(2, &format!("{} F1 says more", sheet.look.ellipsis()));
    }
    let fewest = cells(lines.min(6));
    if most > 3 {
        ground.bottom(&sheet, fewest);
    } else if most > 0 {
        // A line of it is better than none.
        let mut line = ground.sheet();
        let help = question.help.split_once(". ").map_or(question.help, |(first, _)| first);
        line.line(cut(help, line.width, line.look.ellipsis()));
        ground.bottom(&line, fewest);
    }
}
