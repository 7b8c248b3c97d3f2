//! Sessions as lines of JSON, to be played again as tests: with what it begins, then what happens. Secrets are masked while they are
//! written down.

use std::time::SystemTime;

use lakeward_core::config;
use serde::{Deserialize, Serialize};

use crate::{
    compose,
    event::{Event, Key, Press},
    facts::Place,
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
        Event::Changed(ticket, text) => {
            Event::Changed(*ticket, text.as_deref().map(|text| of_config(text, &state.facts.place)))
        }
        event => event.clone(),
    };
    serde_json::to_string(&event).unwrap_or_default()
}

/// The version of the form of recorded sessions.
const VERSION: u32 = 1;

/// The first line of a session.
#[derive(Serialize, Deserialize)]
struct Opening {
    version: u32,
    now: SystemTime,
    begin: Start,
}

/// What a session begins with, as a line with its end. Of a config that is there and that Lakeward does not take, since it may hold a
/// secret, what looks like one is masked.
#[must_use]
pub fn opening(begin: &Start, now: SystemTime) -> String {
    let mut begin = begin.clone();
    begin.place.existing = begin.place.existing.as_deref().map(|text| of_config(text, &begin.place));
    let opening = Opening { version: VERSION, now, begin };
    serde_json::to_string(&opening).unwrap_or_default() + "\n"
}

fn of_config(text: &str, place: &Place) -> String {
    if compose::resolve(text, place).is_ok() { text.to_owned() } else { config::mask(text).into_owned() }
}

impl State {
    /// From now on what happens is recorded, for [`recorded`](Self::recorded).
    pub fn record(&mut self) {
        self.recorded = Some(String::new());
    }

    /// The lines of what has happened since the last time, where that is recorded.
    pub fn recorded(&mut self) -> Option<String> {
        self.recorded.as_mut().map(std::mem::take)
    }
}

/// Plays a whole session again: its [`opening`], and the lines of what happened then.
///
/// # Errors
/// When it is of another version or no session: which line, from 1, and why.
pub fn play(session: &str) -> Result<State, String> {
    let (first, lines) = session.split_once('\n').unwrap_or((session, ""));
    let Opening { version, now, begin } = serde_json::from_str(first).map_err(|error| format!("line 1: {error}"))?;
    if version != VERSION {
        return Err(format!("line 1: the session is of version {version}, this is {VERSION}"));
    }
    replay(begin, now, lines).map_err(|error| format!("after line 1, {error}"))
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
    fn a_session_holds_its_beginning_and_no_secret_of_a_config_that_is_refused() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for (existing, is_kept) in [
            ("version = 1\n[destination]\nstorage = \"embedded\"\ndir = \"lake\"\nbucket = \"test\"\npath = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\n[[source]]\ntype = \"command\"\ncommand = [\"sh\", \"x\"]\ntable = \"t\"\nformat = \"csv\"\n".to_owned(), true),
            (format!("version = 1\n[auth]\nsecret_access_key = \"{secret}\"\n"), false),
        ] {
            let mut begin = begin();
            begin.place.existing = Some(existing.clone());
            begin.answers.give(crate::Id::Bucket, "my-lake".into(), crate::From::Flag);
            let (mut state, _) = start(begin.clone(), noon());
            let mut session = opening(&begin, noon());
            assert_eq!(session.contains(&serde_json::to_string(&existing).expect("a text")), is_kept, "{session}");
            assert!(!session.contains(secret), "{session}");
            state.record();
            for key in [Key::Down, Key::Enter, Key::F(1)] {
                state.step(key.into());
                session += &state.recorded().expect("it is recorded");
            }
            assert_eq!(state.recorded().as_deref(), Some(""));
            let mut again = play(&session).expect("a session");
            again.record();
            if is_kept {
                assert_eq!(format!("{again:?}"), format!("{state:?}"));
            }
            assert_eq!(again.screen, state.screen);
            let error = play(&(session + "nonsense\n")).expect_err("no event");
            assert!(error.starts_with("after line 1, line 4: "), "{error}");
            let error = play(&opening(&begin, noon()).replace("\"version\":1,", "\"version\":2,")).expect_err("another version");
            assert!(error.contains("of version 2"), "{error}");
        }
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
