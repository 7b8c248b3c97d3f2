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
};

use super::{
    ground::{Ground, Room, bar},
    look::{Look, reverse},
    text,
};

/// Draws a state. Nothing is drawn outside the frame, whatever its size.
pub fn draw(state: &State, look: &Look, frame: &mut Frame<'_>) {
    let area = frame.area();
    if let Some(cursor) = paint(state, look, frame.buffer_mut(), area) {
        frame.set_cursor_position(cursor);
    }
}

/// Draws a state and answers where the cursor belongs.
fn paint(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let area = area.intersection(buffer.area);
    let room = Room::of(area);
    if room == Room::Tiny {
        return tiny::draw(state, look, buffer, area);
    }
    let (title, status) = header(state, look, area.width);
    bar(buffer, area, look, &title, &status, reverse());
    footer(state, look, buffer, area);

    // One column on either side, the header, and the footer's two rows stay free.
    let body = Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 3 };
    let mut ground = Ground { buffer, area: body, look, room, cursor: None };
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
    let cursor = ground.cursor;
    match &state.popup {
        Some(popup) => popups::draw(state, popup, look, buffer, area),
        None => cursor,
    }
}

/// The steps of the wizard, as the header names them.
const STEPS: [&str; 5] = ["Sign in", "Identity", "Destination", "Source", "Review"];

/// What stands on the left and on the right of the first row.
fn header(state: &State, look: &Look, width: u16) -> (String, String) {
    let step = match state.screen {
        Screen::Method | Screen::Details => 0,
        Screen::Identity => 1,
        Screen::Destination => 2,
        Screen::Source | Screen::Preview => 3,
        Screen::Review => 4,
        Screen::SignIn => return sign_in::header(state, look),
        Screen::Directory => return directory::header(state),
        Screen::Mfa => return ("lakeward init   MFA code".to_owned(), "WAITING".to_owned()),
        Screen::Run => return run::header(state, look),
        Screen::Written => return ("lakeward init   The config is written".to_owned(), String::new()),
        Screen::Welcome | Screen::Farewell => return ("lakeward".to_owned(), String::new()),
    };
    let steps: Vec<String> = STEPS
        .iter()
        .enumerate()
        .map(|(at, name)| if at == step { format!("[{} {name}]", at + 1) } else { format!("{} {name}", at + 1) })
        .collect();
    let all = format!("lakeward init   {}", steps.join("  "));
    if text::width(&all) + 2 <= usize::from(width) {
        return (all, String::new());
    }
    let name = STEPS.get(step).copied().unwrap_or_default();
    (format!("lakeward init   Step {} of {}: {name}", step + 1, STEPS.len()), String::new())
}

/// The last two rows: what is to be said, or the same as a command; and the keys.
fn footer(state: &State, look: &Look, buffer: &mut Buffer, area: Rect) {
    let said = Rect { y: area.bottom() - 2, height: 1, ..area };
    let inner = usize::from(area.width) - 2;
    if let Some(notice) = &state.notice {
        let notice = text::cut(&look.text(notice), inner - 2, look.ellipsis());
        buffer.set_stringn(said.x + 1, said.y, format!("* {notice}"), inner, super::look::bold());
    } else if let Some(command) = parts::command(state).filter(|_| legend::has_command(state.screen)) {
        let lead = "Same as: ";
        let command = text::latter(&look.text(command), inner - lead.len(), look.ellipsis());
        buffer.set_stringn(said.x + 1, said.y, format!("{lead}{command}"), inner, ratatui::style::Style::new());
    }
    let keys = legend::line(&legend::keys(state), inner);
    bar(buffer, Rect { y: area.bottom() - 1, ..area }, look, &keys, "", reverse());
}

#[cfg(test)]
mod tests;
