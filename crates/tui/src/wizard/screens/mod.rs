//! A drawing of each screen, from the state alone: a header with the steps, a body, and a footer with the keys and the same as a
//! command.

mod welcome;
mod method;
mod form;
mod sign_in;
mod directory;
mod identity;
mod destination;
mod source;
mod preview;
mod review;
mod run;
mod farewell;
mod popups;
mod legend;
mod parts;
mod tiny;

use lakeward_wizard::{Screen, State};
use ratatui::{
    Frame,
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
};

use super::{
    ground::{Ground, Room, bar, cells},
    look::{Look, bold, reverse},
    text,
};

/// Draws a state. Nothing is drawn outside the frame, whatever its size. The answer is how many lines of what can be scrolled did not
/// fit: where the state does not know that yet, it is told by [`Event::Beyond`](lakeward_wizard::Event::Beyond) and drawn again.
pub fn draw(state: &State, look: &Look, frame: &mut Frame<'_>) -> usize {
    let area = frame.area();
    let Drawn { cursor, beyond } = paint(state, look, frame.buffer_mut(), area);
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
    beyond
}

/// What comes of drawing.
pub(crate) struct Drawn {
    /// Where the cursor belongs.
    pub(crate) cursor: Option<Position>,
    /// How many lines of what can be scrolled did not fit.
    pub(crate) beyond: usize,
}

/// How many lines the state takes for those that do not fit.
pub(crate) fn known(state: &State) -> usize {
    if state.popup.is_some() { state.popup_scroll.beyond } else { state.review.scroll.beyond }
}

/// Draws a state.
pub(crate) fn paint(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) -> Drawn {
    let area = area.intersection(buffer.area);
    let room = Room::of(area);
    if room == Room::Tiny {
        tiny::draw(state, look, buffer, area);
        // What was scrolled stays so until there is room for it again.
        return Drawn { cursor: None, beyond: known(state) };
    }
    let (title, status) = header(state, look, area.width);
    bar(buffer, area, look, &title, &status, reverse());

    // One column on either side, the header, and the footer's two rows stay free.
    let body = Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 3 };
    let mut ground = Ground { buffer, area: body, look, room, cursor: None, beyond: 0 };
    match state.screen {
        Screen::Welcome => welcome::draw(state, &mut ground),
        Screen::Method => method::draw(state, &mut ground),
        Screen::Details => form::details(state, &mut ground),
        Screen::SignIn => sign_in::draw(state, &mut ground),
        Screen::Directory => directory::draw(state, &mut ground),
        Screen::Mfa => sign_in::mfa(state, &mut ground),
        Screen::Identity => identity::draw(state, &mut ground),
        Screen::Destination => destination::draw(state, &mut ground),
        Screen::Source => source::draw(state, &mut ground),
        Screen::Preview => preview::draw(state, &mut ground),
        Screen::Review => review::draw(state, &mut ground),
        Screen::Written => farewell::written(state, &mut ground),
        Screen::Run => run::draw(state, &mut ground),
        Screen::Farewell => farewell::draw(state, &mut ground),
    }
    let (cursor, beyond) = (ground.cursor, ground.beyond);
    footer(state, look, buffer, area);
    match &state.popup {
        // The screen's cursor is not the popup's.
        Some(popup) => Drawn { cursor: None, beyond: popups::draw(state, popup, look, buffer, area) },
        None => Drawn { cursor, beyond },
    }
}

/// The steps of the wizard, as the header names them.
const STEPS: [&str; 5] = ["Sign in", "Identity", "Destination", "Source", "Review"];

/// What stands on the left and on the right of the first row.
fn header(state: &State, look: &Look, width: u16) -> (String, String) {
    const LONGEST: usize = 24;
    let place = &state.facts.place;
    let program = if place.is_demo { "lakeward demo" } else { "lakeward init" };
    // Which config it is, where it is not the one that is meant without a word.
    let config = text::middle(&look.text(&place.config_shown), LONGEST, look.ellipsis());
    let program = if place.is_named() { format!("{program} {config}") } else { program.to_owned() };
    let signing_in = |(what, status): (String, String)| {
        let lead = if width < 80 { String::new() } else { format!("{program}   ") };
        (format!("{lead}[1 {}] {what}", STEPS[0]), status)
    };
    let step = match state.screen {
        Screen::Method | Screen::Details => 0,
        Screen::Identity => 1,
        Screen::Destination => 2,
        Screen::Source | Screen::Preview => 3,
        Screen::Review if state.is_only_checked() => return ("lakeward   Check".to_owned(), String::new()),
        Screen::Review => 4,
        Screen::SignIn | Screen::Mfa => return signing_in(sign_in::header(state, look)),
        Screen::Directory => return signing_in(directory::header(state)),
        Screen::Run => return run::header(state, look),
        Screen::Written => {
            let what = if state.facts.is_unchanged { "The config stays" } else { "The config is written" };
            return (format!("{program}   {what}"), String::new());
        }
        Screen::Welcome | Screen::Farewell => return ("lakeward".to_owned(), String::new()),
    };
    let steps: Vec<String> = STEPS
        .iter()
        .enumerate()
        .map(|(at, name)| if at == step { format!("[{} {name}]", at + 1) } else { format!("{} {name}", at + 1) })
        .collect();
    let all = format!("{program}   {}", steps.join("  "));
    if text::width(&all) + 2 <= usize::from(width) {
        return (all, String::new());
    }
    let name = STEPS.get(step).copied().unwrap_or_default();
    (format!("{program}   Step {} of {}: {name}", step + 1, STEPS.len()), String::new())
}

/// The last two rows: what is to be said, or the same as a command; and the keys.
fn footer(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) {
    let inner = usize::from(area.width) - 2;
    let row = |up: usize| Rect { y: area.bottom() - 1 - cells(up), height: 1, ..area };
    if let Some(notice) = state.notice.as_deref().filter(|_| !is_past(state)) {
        // What is said is never cut: it may cover the last rows of the screen for a while.
        let lines = text::wrapped(&look.text(notice), inner - 2);
        let shown = lines.len().min(usize::from(area.height) / 3);
        for (at, line) in lines.iter().take(shown).enumerate() {
            let row = row(shown - at);
            popups::clear(buffer, row);
            let lead = if at == 0 { "*" } else { " " };
            buffer.set_stringn(row.x + 1, row.y, format!("{lead} {line}"), inner, bold());
        }
    } else if legend::has_command(state.screen) && state.popup.is_none() && !state.is_on_unusable() {
        let lead = "Same as: ";
        let command = parts::command_line(state, look, inner - lead.len());
        buffer.set_stringn(area.x + 1, row(1).y, format!("{lead}{command}"), inner, Style::new());
    }
    let keys = legend::line(&legend::keys(state), inner);
    bar(buffer, row(0), look, &keys, "", reverse());
}

/// Whether what is said has been overtaken by what the screen shows.
fn is_past(state: &State) -> bool {
    match state.screen {
        Screen::SignIn | Screen::Mfa => state.sign_in.outcome.trouble().is_some(),
        Screen::Run => state.is_running() && state.run.stops > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
