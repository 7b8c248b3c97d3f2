//! Which keys do what on each screen: for the footer, and for the help.

use lakeward_wizard::{Popup, ReviewTab, Screen, State, TableState};

use crate::wizard::text;

/// A key and what it does.
pub(crate) type Legend = Vec<(&'static str, &'static str)>;

/// The keys of what is on screen, the most wanted first.
pub(crate) fn keys(state: &State) -> Legend {
    if let Some(popup) = &state.popup {
        return match popup {
            Popup::Help | Popup::Errors | Popup::Trouble(_) => vec![("Esc", "close")],
            Popup::Command => vec![("y", "copy"), ("Esc", "close")],
            Popup::Quit => vec![("Enter", "leave"), ("Esc", "stay"), ("Ctrl-C", "leave at once")],
            Popup::Resume => vec![("Enter", "go on with it"), ("n", "begin anew"), ("Ctrl-C", "leave")],
        };
    }
    let mut keys = screen(state);
    let in_text = matches!(
        state.screen,
        Screen::Details | Screen::Destination | Screen::Source | Screen::Directory | Screen::Mfa
    ) || state.hidden.is_some();
    if has_command(state.screen) {
        keys.push(("F2", "command"));
    }
    keys.push((if in_text { "F1" } else { "?" }, "help"));
    keys
}

fn screen(state: &State) -> Legend {
    match state.screen {
        Screen::Welcome => vec![("Up/Down", "choose"), ("Enter", "do it"), ("q", "quit")],
        Screen::Method => vec![("Up/Down", "choose"), ("1-9", "pick"), ("Enter", "next"), ("r", "look again")],
        Screen::Details | Screen::Destination | Screen::Source => {
            vec![
                ("Tab", "next field"),
                ("Left/Right", "choose"),
                ("Enter", "next screen"),
                ("Ctrl-O", "more"),
                ("Esc", "back"),
            ]
        }
        Screen::SignIn if state.hidden.is_some() => vec![("Enter", "send it"), ("Esc", "back")],
        Screen::SignIn => sign_in(state),
        Screen::Directory => {
            vec![("Type", "to filter"), ("Up/Down", "choose"), ("Enter", "next"), ("Esc", "clear, back")]
        }
        Screen::Mfa => vec![("Enter", "send it"), ("Esc", "back")],
        Screen::Identity => vec![("Enter", "next"), ("r", "look again"), ("Esc", "back")],
        Screen::Preview => vec![("Up/Down", "table"), ("Enter", "next"), ("r", "look again"), ("Esc", "back")],
        Screen::Review => review(state),
        Screen::Written => vec![("Up/Down", "choose"), ("Enter", "do it")],
        Screen::Run => run(state),
        Screen::Farewell => vec![("Enter", "leave")],
    }
}

fn sign_in(state: &State) -> Legend {
    if state.sign_in.outcome.trouble().is_some() {
        return vec![("n", "try again"), ("m", "other way"), ("Esc", "back")];
    }
    match &state.sign_in.page {
        Some((page, _)) if page.device => {
            vec![
                ("c", "copy URL"),
                ("o", "open here"),
                ("q", "QR"),
                ("m", "browser"),
                ("n", "new code"),
                ("Esc", "back"),
            ]
        }
        Some(_) => {
            vec![("c", "copy URL"), ("o", "open"), ("p", "paste"), ("m", "code for another device"), ("Esc", "back")]
        }
        None => vec![("Esc", "back")],
    }
}

fn review(state: &State) -> Legend {
    let mut keys = vec![("Left/Right", "page"), ("Up/Down", "scroll")];
    if state.review.tab == ReviewTab::Check {
        keys.push(("t", "test again"));
    }
    keys.extend([("y", "copy"), ("Enter", "write"), ("Esc", "back")]);
    keys
}

fn run(state: &State) -> Legend {
    if state.run.ended.is_some() {
        return vec![("Up/Down", "table"), ("e", "errors"), ("Enter", "go on")];
    }
    let mut keys = vec![("Up/Down", "table")];
    if !state.run.errors.is_empty() || state.run.tables.iter().any(|table| table.state == TableState::Failed) {
        keys.push(("e", "errors"));
    }
    keys.push(("Ctrl-C", if state.run.stops == 0 { "stop safely" } else { "end at once" }));
    keys
}

/// Whether the screen is part of making a config, so that there is the same as a command.
pub(crate) fn has_command(screen: Screen) -> bool {
    !matches!(screen, Screen::Welcome | Screen::Run | Screen::Written | Screen::Farewell)
}

/// As many keys as fit; the last, which helps with the others, always.
pub(crate) fn line(keys: &Legend, most: usize) -> String {
    let words: Vec<String> = keys.iter().map(|(key, does)| format!("{key} {does}")).collect();
    let Some((last, others)) = words.split_last() else { return String::new() };
    let mut line = String::new();
    for word in others {
        if text::width(&line) + text::width(word) + text::width(last) + 4 > most {
            break;
        }
        line.push_str(word);
        line.push_str("  ");
    }
    line + last
}
