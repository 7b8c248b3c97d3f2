//! Which keys do what on each screen: for the footer, and for the help. The reducer says what there is to press; this adds what only
//! a screen has.

use lakeward_wizard::{Hint, Popup, Remote, ReviewTab, Screen, State};

use crate::wizard::text;

/// The keys of what is on screen, the most wanted first, and the help last.
pub(crate) fn keys(state: &State) -> Vec<Hint> {
    let mut keys = state.hints();
    if state.popup == Some(Popup::Quit) {
        keys.push(Hint { key: "Ctrl-C", does: "leave at once" });
    }
    if state.popup.is_some() {
        return keys;
    }
    let rows = state.list.matching.len();
    let more = match state.screen {
        // What has no number is reached as everything is.
        Screen::Method if rows > 9 => Some(Hint { key: "1-9", does: "first nine" }),
        Screen::Method if rows > 1 => Some(Hint { key: "1-9", does: "pick" }),
        Screen::Run if rows > 1 => Some(Hint { key: "Up/Down", does: "table" }),
        _ => None,
    };
    if let Some(more) = more {
        keys.insert(keys.len().saturating_sub(1).min(2), more);
    }
    keys.sort_by_key(|hint| !is_pressing(state, hint.key));
    keys
}

/// Whether a key is what most would press now, so that it comes before others.
fn is_pressing(state: &State, key: &str) -> bool {
    match (state.screen, key) {
        (Screen::Review, "u") => true,
        (Screen::Review, "r") => state.review.tab == ReviewTab::Check && state.facts.check == Remote::Got(false),
        _ => false,
    }
}

/// Whether the screen is part of making a config, so that there is the same as a command.
pub(crate) fn has_command(screen: Screen) -> bool {
    !matches!(screen, Screen::Welcome | Screen::Run | Screen::Written | Screen::Farewell)
}

/// As many keys as fit; the last, which helps with the others, the one that leads back and an Enter that comes first always.
pub(crate) fn line(keys: &[Hint], most: usize) -> String {
    let words: Vec<String> = keys.iter().map(|hint| format!("{} {}", hint.key, hint.does)).collect();
    let is = |at: usize, key: &str| keys.get(at).is_some_and(|hint| hint.key == key);
    let kept = |at: usize| at + 1 == keys.len() || is(at, "Esc") || (at == 0 && is(at, "Enter"));
    let cells = |at: usize| words.get(at).map_or(0, |word| text::width(word) + 2);
    let mut used: usize = (0..words.len()).filter(|at| kept(*at)).map(cells).sum();
    let mut shown = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !kept(at) {
            if used + cells(at) > most + 2 {
                continue;
            }
            used += cells(at);
        }
        shown.push(word.as_str());
    }
    shown.join("  ")
}
