//! Keys that lead out, and letters that are not named.

use super::*;
use crate::Popup;

#[test]
fn q_leaves_wherever_it_is_no_text_and_the_key_line_names_the_way_out() {
    let mut session = Session::new();
    // Where it is in the middle of something it asks first, as Ctrl-C does; and once more is an answer.
    session.lead_to_review();
    for screen in [Screen::Review, Screen::Preview, Screen::Source, Screen::Destination, Screen::Identity] {
        assert_eq!(session.state.screen, screen);
        let way_out = if session.state.takes_text() { "Ctrl-C" } else { "q" };
        assert!(session.has_hint(way_out) && session.has_hint("Esc"), "{screen:?}: {:?}", session.state.hints());
        session.letter('q');
        let is_asked = session.state.popup == Some(Popup::Quit);
        assert_eq!(is_asked, way_out == "q", "{screen:?}");
        if !is_asked {
            session.press(Key::Backspace);
        }
        session.press(Key::Esc);
        if is_asked {
            session.press(Key::Esc);
        }
    }
    assert_eq!(session.state.screen, Screen::Method);
    session.letter('q').letter('q');
    assert_eq!(session.state.exit, Some(Exit::Left));
    // A run is not left by one letter; once it is over it is.
    let mut session = Session::new();
    session.lead_to_review().press(Press::ctrl('s'));
    session.event(Event::Written(session.write_ticket(), Ok("wrote it".into()))).enter().letter('q');
    assert!(session.state.exit.is_none() && session.said().contains("Ctrl-C stops it"), "{}", session.said());
    session.event(Event::RunEnded(session.run_ticket(), Ok("landed".into()))).letter('q');
    assert_eq!(session.state.exit, Some(Exit::Run(0)));
}

#[test]
fn no_letter_acts_on_the_review_that_is_not_named() {
    let letters = || ('!'..='~').map(|c| Press::from(Key::Char(c)));
    let acts = |state: &State, press: Press| {
        let mut after = state.clone();
        let effects = after.step(Event::Key(press));
        !effects.is_empty() || format!("{after:?}") != format!("{state:?}")
    };
    let mut session = Session::new();
    session.lead_to_review();
    let mut states = vec![session.state.clone()];
    let existing = session.state.facts.document.got().map(|document| document.toml.clone());
    let edited = Some(existing.expect("a config").replace("my-lake", "your-lake"));
    let mut other = Session::with(Start { place: crate::Place { existing: edited, ..place() }, ..Start::default() });
    other.pick(Row::Welcome(Welcome::Edit)).lead_to_destination();
    other.press(Press::ctrl('u')).text("my-lake").enter().enter().previewed().enter();
    assert!(other.state.facts.document.got().is_some_and(|document| !document.changes.is_empty()));
    states.push(other.state.clone());
    session.enter();
    states.push(session.state.clone());
    let ticket = session.check_ticket();
    for works in [true, false] {
        for found in [None, Some((Id::Region, "eu-west-1".into()))] {
            let mut done = session.state.clone();
            let _ = done.step(Event::Checked(ticket, check_line(Outcome::Warning, found)));
            let _ = done.step(Event::CheckDone(ticket, works));
            states.push(done);
        }
    }
    for mut state in states {
        // The next key takes away what was said, whichever it is.
        state.notice = None;
        let hints = state.hints();
        for press in letters().filter(|press| acts(&state, *press)) {
            let Key::Char(c) = press.key else { continue };
            assert!(hints.iter().any(|hint| hint.key.chars().eq([c])), "{c} acts unseen: {hints:?}");
        }
        for hint in hints.iter().filter(|hint| hint.key.chars().count() == 1) {
            assert!(hint.key.chars().all(|c| acts(&state, Key::Char(c).into())), "{hint:?}");
        }
    }
}

#[test]
fn what_is_being_written_does_not_change_meanwhile() {
    let mut session = Session::new();
    session.lead_to_review().press(Press::ctrl('s'));
    let text = session.state.facts.document.got().map(|document| document.toml.clone());
    let ticket = session.write_ticket();
    for press in [Key::Esc, Key::Enter, Key::Char('u')] {
        session.press(press);
        assert_eq!((session.state.screen, session.has_hint("Esc")), (Screen::Review, false), "{press:?}");
    }
    assert_eq!(session.said(), "");
    session.press(Key::Esc);
    assert_eq!(session.said(), "the config is being written");
    session.event(Event::Written(ticket, Ok("wrote it".into())));
    assert_eq!((session.state.screen, &session.state.facts.place.existing), (Screen::Written, &text));
    // One that can't be written leads on as before.
    let mut session = Session::new();
    session.lead_to_review().press(Press::ctrl('s'));
    session.event(Event::Written(session.write_ticket(), Err(trouble("the disk is full"))));
    session.press(Key::Esc).press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Preview);
}
