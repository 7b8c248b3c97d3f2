//! Sessions as lines of JSON, to be played again as tests. Secrets are masked while they are written down.

use std::time::SystemTime;

use crate::{
    event::{Event, Key, Press},
    reduce::{Start, start},
    state::{Screen, State},
};

/// An event as a line without its end. What is typed or pasted where nothing shows has `0` for each digit and `x` for anything else;
/// codes and URLs are stars.
#[must_use]
pub fn line(state: &State, event: &Event) -> String {
    // On the waiting screen, a paste is an address with a code in it.
    let is_hidden = state.popup.is_none() && (state.hidden.is_some() || state.screen == Screen::SignIn);
    let event = match event {
        Event::Key(press @ Press { key: Key::Char(c), ctrl: false, .. }) if state.hidden.is_some() && is_hidden => {
            Event::Key(Press { key: Key::Char(mask(*c)), ..*press })
        }
        Event::Paste(text) if is_hidden => Event::Paste(text.chars().map(mask).collect()),
        event => event.clone(),
    };
    serde_json::to_string(&event).unwrap_or_default()
}

/// Plays recorded lines again from the same beginning.
///
/// # Errors
/// When a line is no event: its number, from 1, and why.
pub fn replay(begin: Start, now: SystemTime, lines: &str) -> Result<State, String> {
    let (mut state, _) = start(begin, now);
    for (number, line) in lines.lines().enumerate() {
        let event = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        state.step(event);
    }
    Ok(state)
}

fn mask(c: char) -> char {
    if c.is_ascii_digit() { '0' } else { 'x' }
}
