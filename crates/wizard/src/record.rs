//! Sessions as lines of JSON, to be played again as tests. Secrets are masked while they are written down.

use std::time::SystemTime;

use crate::{
    event::{Event, Key, Press},
    reduce::{Start, start},
    secret::masked,
    state::{Screen, State},
};

/// An event as a line without its end. What is typed or pasted where nothing shows, codes and URLs have `0` for each digit and `x` for
/// each letter, so that they play the same part again.
#[must_use]
pub fn line(state: &State, event: &Event) -> String {
    // On these screens codes are typed and addresses with codes in them are pasted, maybe a moment too late.
    // So are they in a table, by mistake: nobody knows before it is whole.
    let is_table = state.takes_text() && state.focused_field().is_some_and(|field| field.id.question().is_table());
    let is_hidden = is_table || state.hidden.is_some() || matches!(state.screen, Screen::SignIn | Screen::Mfa);
    // There, letters that are keys and no part of a text play their part.
    let is_key = |c: char| c.is_alphabetic() && !is_table && (state.hidden.is_none() || state.popup.is_some());
    let event = match event {
        Event::Key(press @ Press { key: Key::Char(c), ctrl: false, .. }) if is_hidden && !is_key(*c) => {
            Event::Key(Press { key: Key::Char(masked(*c)), ..*press })
        }
        Event::Intent(crate::Intent::Fill(id, text)) if id.question().is_table() => {
            Event::Intent(crate::Intent::Fill(*id, text.chars().map(masked).collect()))
        }
        Event::Paste(text) if is_hidden => Event::Paste(text.chars().map(masked).collect()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Effect, Exit,
        tests::{fixtures::*, place},
    };

    fn begin() -> Start {
        Start { place: place(), ..Start::default() }
    }

    /// Plays a session with keys and a runner for which everything works; gives its end and its lines.
    fn recorded(keys: &[&str]) -> (State, String) {
        let (mut state, effects) = start(begin(), noon());
        let (mut runner, mut lines) = (Runner::default(), String::new());
        runner.carry_out(effects);
        for text in keys {
            while let Some(event) = runner.next() {
                lines += &(line(&state, &event) + "\n");
                runner.carry_out(state.step(event));
            }
            let pressed: Vec<Event> = match *text {
                "enter" => vec![Key::Enter.into()],
                "tab" => vec![Key::Tab.into()],
                pasted if pasted.starts_with("http") => vec![Event::Paste(pasted.to_owned())],
                text => text.chars().map(|c| Key::Char(c).into()).collect(),
            };
            for event in pressed {
                lines += &(line(&state, &event) + "\n");
                runner.carry_out(state.step(event));
            }
        }
        (state, lines)
    }

    #[test]
    fn a_recorded_session_plays_again_to_the_same_end() {
        let keys =
            ["7", "enter", "enter", "my-lake", "enter", "x.csv", "enter", "enter", "enter", "enter", "enter", "q"];
        let (state, lines) = recorded(&keys);
        assert!(lines.lines().count() > 20 && lines.contains("wrote lakeward.toml"), "{lines}");
        let again = replay(begin(), noon(), &lines).expect("the lines are events");
        assert_eq!(format!("{again:?}"), format!("{state:?}"));
        let error = replay(begin(), noon(), "{\"key\":{\"key\":\"enter\"}}\nnonsense").expect_err("not an event");
        assert!(error.starts_with("line 1: "), "{error}");
    }

    #[test]
    fn what_is_hidden_is_masked_and_plays_again_all_the_same() {
        let role = ["4", "enter", "arn:aws:iam::111122223333:role/x", "tab", "tab"];
        let (mut state, mut lines) = recorded(&role);
        let mut play = |state: &mut State, event: Event| {
            lines += &(line(state, &event) + "\n");
            state.step(event)
        };
        play(&mut state, Key::F(3).into());
        while state.focused_field().map(|field| field.id) != Some(crate::Id::MfaSerial) {
            play(&mut state, Key::Tab.into());
        }
        play(&mut state, Event::Paste("arn:aws:iam::111122223333:mfa/me".into()));
        play(&mut state, Key::Enter.into());
        assert_eq!(state.screen, Screen::Mfa);
        "81".chars().for_each(|c| _ = play(&mut state, Key::Char(c).into()));
        play(&mut state, Event::Paste("9376 ".into()));
        let effects = play(&mut state, Key::Enter.into());
        assert!(matches!(effects.as_slice(), [Effect::Act(crate::SignInAct::Code(code))] if code.expose() == "819376"));
        let again = replay(begin(), noon(), &lines).expect("the lines are events");
        assert_eq!(format!("{again:?}"), format!("{state:?}"));
        assert!(again.sign_in.handed_over.is_some(), "a masked code is a code");
        assert!(!lines.contains("9376") && !lines.contains("\"8\""), "{lines}");
        // The plain mode hands over whole lines.
        let whole = line(&state, &Event::Intent(crate::Intent::Hidden("819376".into())));
        assert_eq!(whole, r#"{"intent":{"hidden":"000000"}}"#);
        state.step(Event::Signal);
        assert_eq!(state.exit, Some(Exit::Interrupted));
    }

    #[test]
    fn what_is_typed_into_a_plugins_spec_is_masked() {
        let (mut state, _) = start(begin(), noon());
        state.answers.give(crate::Id::Source, "cloudquery".into(), crate::From::Typed);
        state.show(Screen::Source);
        let mut lines = String::new();
        let mut play = |state: &mut State, event: Event| {
            lines += &(line(state, &event) + "\n");
            state.step(event);
        };
        while state.focused_field().map(|field| field.id) != Some(crate::Id::Spec) {
            play(&mut state, Key::Tab.into());
        }
        "{ token = 'hus".chars().for_each(|c| play(&mut state, Key::Char(c).into()));
        play(&mut state, Event::Paste("h-0815' }".into()));
        play(&mut state, Key::Tab.into());
        assert_eq!(state.answers.text(crate::Id::Spec), Some("{ token = \"hush-0815\" }"));
        play(&mut state, Event::Intent(crate::Intent::Fill(crate::Id::Spec, "{ token = 'hush-0815' }".into())));
        assert!(!lines.contains("0815") && !lines.contains("hush") && !lines.contains("\"u\""), "{lines}");
        assert!(lines.contains("x-0000' }"), "{lines}");
        // Nor is it among the answers with which a session begins.
        let kept = serde_json::to_string(&state.answers).expect("answers");
        assert!(!kept.contains("hush") && kept.contains("cloudquery"), "{kept}");
    }

    #[test]
    fn codes_and_addresses_of_a_sign_in_are_masked() {
        let mut state = start(begin(), noon()).0;
        state.show(Screen::SignIn);
        let shown = Event::SignIn(crate::Ticket(1), crate::SignInEvent::Page(page(true)));
        let lines = [line(&state, &shown), line(&state, &Event::Paste("http://127.0.0.1/?code=c0de".into()))].concat();
        assert!(!lines.contains("KQTM") && !lines.contains("c0de") && lines.contains("xxxx-xxxx"), "{lines}");
    }
}
