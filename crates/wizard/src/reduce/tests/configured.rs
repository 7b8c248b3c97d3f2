use super::*;
use crate::{Answers, Place};

const SOURCE: &str = "\n[destination]\nbucket = \"my-lake\"\n\n[[source]]\ntype = \"files\"\npaths = [\"x.csv\"]\n";

/// How to sign in, of a config with these lines about it, with what was found.
fn editing(auth: &str, found: Vec<Found>) -> Session {
    let text = format!("version = 1\n\n[auth]\n{auth}\n{SOURCE}");
    let there = Place { existing: Some(text), ..place() };
    let mut session = Session::with(Start { place: there, init: true, ..Start::default() });
    session.enter().detect(found);
    session
}

fn auth(answers: &Answers) -> Vec<(Id, Value)> {
    let answers =
        answers.iter().filter(|(id, answer)| id.question().key.starts_with("auth.") && !answer.value.is_blank());
    answers.map(|(id, answer)| (id, answer.value.clone())).collect()
}

const GONE: [(&str, &str, &str); 6] = [
    ("method = \"env\"", "Environment keys", "not set in this shell"),
    ("method = \"profile\"\nprofile = \"gone\"", "Profile \"gone\"", "not on this machine"),
    (
        "method = \"sso\"\nsso_session = \"gone\"\nsso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"",
        "SSO session \"gone\"",
        "not on this machine",
    ),
    (
        "method = \"sso\"\nsso_start_url = \"https://x.awsapps.com/start\"\nsso_region = \"eu-west-1\"\n\
         sso_account_id = \"111122223333\"\nsso_role_name = \"Writer\"",
        "SSO of x.awsapps.com",
        "tried when chosen",
    ),
    (
        "method = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/x\"",
        "Role arn:aws:iam::111122223333:role/x",
        "tried when chosen",
    ),
    ("method = \"compute\"", "The machine's role", "tried when chosen"),
];

#[test]
fn the_configs_own_method_is_chosen_first_though_it_is_not_found() {
    for (lines, title, words) in GONE {
        let mut session = editing(lines, vec![super::session()]);
        assert_eq!(
            (session.state.list.rows[0], session.state.list.focused()),
            (Row::Configured, Some(Row::Configured))
        );
        let row = session.state.configured().expect("the config's own");
        assert_eq!((row.title.as_str(), &*row.condition.words()), (title, words));
        let before = auth(&session.state.answers);
        session.enter();
        assert_eq!((session.state.screen, auth(&session.state.answers)), (Screen::Identity, before), "{lines}");
    }
}

#[test]
fn the_configs_own_method_is_there_while_it_is_looked_for() {
    let text = format!("version = 1\n[auth]\nmethod = \"env\"\n{SOURCE}");
    let there = Place { existing: Some(text), ..place() };
    let mut session = Session::with(Start { place: there, init: true, ..Start::default() });
    session.enter().press(Key::Down).press(Key::Up);
    assert_eq!(session.state.list.focused(), Some(Row::Configured));
    session.detect(vec![super::session(), environment_keys()]);
    assert_eq!(session.state.list.focused(), Some(Row::Found(1)), "what was found of it is in its place");
    assert_eq!(session.state.configured(), None);
}

#[test]
fn a_broken_way_of_the_config_stays_to_be_chosen() {
    let broken = Found { condition: Condition::Broken("no secret key".into()), ..environment_keys() };
    let mut session = editing("method = \"env\"", vec![super::session(), broken]);
    assert_eq!(session.state.list.rows[..2], [Row::Configured, Row::Found(0)]);
    assert!(!session.state.list.rows.contains(&Row::Found(1)), "it stands there once");
    assert_eq!(session.state.configured().expect("a row").condition.words(), "no secret key");
    session.enter();
    assert_eq!(session.state.screen, Screen::Identity);
}

#[test]
fn the_configs_own_method_can_be_returned_to() {
    let (lines, ..) = GONE[2];
    let mut session = editing(lines, vec![super::session()]);
    let before = auth(&session.state.answers);
    session.pick(Row::Found(0)).press(Key::Esc);
    assert_eq!(session.state.list.focused(), Some(Row::Found(0)));
    assert_ne!(auth(&session.state.answers), before);
    session.pick(Row::Configured);
    assert_eq!((session.state.screen, auth(&session.state.answers)), (Screen::Identity, before));
}
