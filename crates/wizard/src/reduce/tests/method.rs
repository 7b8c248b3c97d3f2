use super::*;
use crate::Popup;

#[test]
fn detect_all_streams_in_order_and_the_focus_stays_where_the_person_put_it() {
    let found = |title: &str, rank: u8| Found { title: title.into(), rank, ..session() };
    let mut session = Session::new();
    let ticket = session.detect_ticket();
    session.event(Event::Found(ticket, Box::new(found("b", 20))));
    session.event(Event::Found(ticket, Box::new(found("c", 30))));
    assert_eq!(session.state.list.focused(), Some(Row::Found(0)));
    session.press(Key::Down).event(Event::Found(ticket, Box::new(found("a", 10))));
    let titles: Vec<&str> = session.state.facts.found.iter().map(|found| found.title.as_str()).collect();
    assert_eq!(titles, ["a", "b", "c"]);
    assert_eq!(session.state.list.focused(), Some(Row::Found(2)), "c, as before");
    assert!(session.state.awaited().is_some());
    session.event(Event::Detected(ticket));
    assert!(session.state.awaited().is_none());
    // Looked for again, what the first search still finds is not heard.
    session.letter('r').event(Event::Found(ticket, Box::new(found("d", 1))));
    assert!(session.state.facts.found.is_empty());
}

#[test]
fn the_focus_goes_back_to_its_row_once_that_is_found_again() {
    let broken =
        || Found { title: "The AWS files".into(), condition: Condition::Broken("line 3".into()), ..self::session() };
    let mut session = Session::new();
    session.detect(vec![environment_keys(), broken()]).press(Key::Home);
    let titled = |session: &Session| session.state.focused_found().map(|found| found.title);
    assert_eq!(titled(&session).as_deref(), Some("The AWS files"));
    session.letter('r');
    assert_eq!(titled(&session), None);
    session.detect(vec![broken(), environment_keys()]);
    assert_eq!(titled(&session).as_deref(), Some("The AWS files"));
    // Whoever moves meanwhile means another row.
    session.letter('r').press(Key::End).detect(vec![broken(), environment_keys()]);
    assert_eq!(session.state.list.focused(), Some(Row::Other(Way::Embedded)));
}

#[test]
fn a_slow_search_is_stopped_and_what_it_still_finds_is_not_heard() {
    let mut session = Session::new();
    let ticket = session.detect_ticket();
    session.event(Event::Found(ticket, Box::new(self::session())));
    assert!(session.has_hint("s") && session.state.awaited().is_some());
    session.letter('s').event(Event::Found(ticket, Box::new(environment_keys()))).event(Event::Detected(ticket));
    assert_eq!((session.state.facts.found.len(), session.state.facts.detection.got()), (1, Some(&())));
    assert!(!session.has_hint("s") && session.state.awaited().is_none());
    // Looked for again, all is found.
    session.letter('r').detect(vec![self::session(), environment_keys()]);
    assert_eq!(session.state.facts.found.len(), 2);
}

#[test]
fn what_is_absent_is_no_row_and_what_is_broken_is_not_taken() {
    let mut session = Session::new();
    let broken = Found { condition: Condition::Broken("line 3 is no TOML".into()), ..self::session() };
    let absent = Found { condition: Condition::Absent("no answer in 1 s".into()), rank: 1, ..self::session() };
    session.detect(vec![broken, absent]);
    assert_eq!(session.state.list.rows.len(), 1 + Way::ALL.len());
    // What can't be used is not what one Enter takes.
    assert_eq!(session.state.list.focused(), Some(Row::Other(Way::Sso)));
    assert!(session.has_hint("Enter"));
    session.press(Key::Up);
    assert_eq!(session.state.list.focused(), Some(Row::Found(1)));
    assert!(!session.has_hint("Enter"), "it does nothing here");
    session.enter();
    assert!(session.said().contains("line 3 is no TOML"));
    assert_eq!(session.state.screen, Screen::Method);
}

#[test]
fn a_choice_pins_its_credentials_and_says_so() {
    let mut session = Session::new();
    let keys = Found { title: "Environment keys".into(), answers: vec![(Id::Auth, "env".into())], ..self::session() };
    session.detect(vec![keys]).enter();
    assert!(session.said().contains("Environment keys will be pinned"), "{}", session.said());
    assert!(session.state.answers.is(Id::Auth, "env"));
    assert!(
        matches!(session.effects.last(), Some(Effect::Identify(_, plan)) if **plan == lakeward_core::plan::AuthPlan::Env)
    );
}

#[test]
fn the_whole_chain_is_shown_where_it_was_asked_for() {
    let search = || crate::Search { head: vec!["looking in: the chain".into()], ..crate::Search::default() };
    let mut session = Session::new();
    session.detect(vec![]);
    assert!(session.has_hint("w"));
    let asks = |session: &Session| {
        session.ticket(|effect| if let Effect::Explain(ticket) = effect { Some(*ticket) } else { None })
    };
    session.letter('w');
    let old = asks(&session);
    session.letter('w').event(Event::Explained(old, Ok(search())));
    assert_eq!(session.state.popup, None, "another search was asked for since");
    session.event(Event::Explained(asks(&session), Ok(search())));
    assert_eq!(session.state.popup, Some(Popup::Chain(search())));
    session.press(Key::Esc);
    assert_eq!((session.state.screen, &session.state.popup), (Screen::Method, &None));
    session.letter('w');
    session.event(Event::Explained(asks(&session), Err(trouble("~/.aws/config can't be read"))));
    assert!(matches!(&session.state.popup, Some(Popup::Trouble(trouble)) if trouble.what.contains("config")));
    session.press(Key::Esc).letter('w').pick(Row::Other(Way::Chain));
    session.event(Event::Explained(asks(&session), Ok(search())));
    assert_eq!((session.state.popup.as_ref(), session.has_hint("w")), (None, false), "it is about another screen");
}

#[test]
fn who_turns_to_s3_after_all_is_asked_how_to_sign_in() {
    let mut session = Session::new();
    session.pick(Row::Other(Way::Embedded)).press(Key::F(3));
    session.event(Event::Intent(crate::Intent::Fill(Id::Storage, "s3".into())));
    session.event(Event::Intent(crate::Intent::Fill(Id::Bucket, "my-lake".into())));
    session.enter();
    assert_eq!((session.state.screen, session.state.trail.len()), (Screen::Method, 0));
    assert!(session.state.notice.as_ref().is_some_and(|notice| notice.contains("needs a sign-in")));
    session.lead_to_destination();
    assert!(session.state.answers.is(Id::Bucket, "my-lake"));
    session.enter();
    assert_eq!(session.state.screen, Screen::Source);
}

#[test]
fn a_config_without_aws_that_turns_to_s3_has_not_chosen_the_chain() {
    let text = "version = 1\n[destination]\nstorage = \"embedded\"\nbucket = \"lake\"\n[[source]]\ntype = \"files\"\npaths = [\"x.csv\"]\n";
    for (found, at) in [(vec![self::session()], Row::Found(0)), (Vec::new(), Row::Other(Way::Sso))] {
        let there = crate::Place { existing: Some(text.to_owned()), ..place() };
        let mut session = Session::with(Start { place: there, init: true, ..Start::default() });
        session.enter();
        assert_eq!(session.state.screen, Screen::Destination);
        session.press(Key::F(3)).event(Event::Intent(crate::Intent::Fill(Id::Storage, "s3".into())));
        session.enter().detect(found);
        assert_eq!((session.state.screen, session.state.list.focused()), (Screen::Method, Some(at)));
    }
}

#[test]
fn the_way_that_was_answered_has_the_focus_when_a_config_is_edited() {
    let keys = environment_keys();
    for (at, focused) in [(1, Row::Found(1)), (3, Row::Found(0)), (4, Row::Configured), (7, Row::Other(Way::Embedded))]
    {
        let toml = crate::compose(&crate::tests::whole()[at], &crate::tests::facts()).expect("a config").document.toml;
        let there = crate::Place { existing: Some(toml), ..place() };
        let mut session = Session::with(Start { place: there, init: true, ..Start::default() });
        if focused != Row::Other(Way::Embedded) {
            session.enter().detect(vec![self::session(), keys.clone()]);
        } else {
            session.state.show(Screen::Method);
        }
        assert_eq!(session.state.list.focused(), Some(focused), "{at}");
    }
}
