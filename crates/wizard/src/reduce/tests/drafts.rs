//! What a session that goes on with a draft begins with: the answers as they were left.

use super::*;
use crate::{Answers, From, Popup};

fn left(session: &Session) -> Draft {
    Draft::read(&session.state.draft_text()).expect("a draft").expect("answers")
}

/// A session that has gone on with what another one left.
fn after(session: &Session) -> Session {
    let (place, draft) = (session.state.facts.place.clone(), Some(left(session)));
    let mut again = Session::with(Start { place, draft, ..Start::default() });
    if again.state.screen == Screen::Welcome {
        again.pick(Row::Welcome(Welcome::Edit));
    }
    assert_eq!(again.state.popup, Some(Popup::Resume));
    again.enter();
    again
}

/// Values of the answers that people gave, and which of all answers have to be looked at again.
fn said(state: &State) -> Vec<(Id, Value, bool)> {
    let answers = state.answers.iter();
    let kept = answers.filter(|(_, answer)| answer.from <= From::Draft || answer.stale);
    kept.map(|(id, answer)| (id, answer.value.clone(), answer.stale)).collect()
}

#[track_caller]
fn field(session: &Session, id: Id) -> &crate::Field {
    session.state.form.fields.iter().find(|field| field.id == id).expect("the field")
}

/// A config that is there, with a region and an account.
fn there() -> crate::Place {
    let mut answers = Answers::default();
    for (id, text) in [
        (Id::Auth, "sso"),
        (Id::SsoStartUrl, "https://acme.awsapps.com/start"),
        (Id::SsoRegion, "eu-west-1"),
        (Id::SsoAccountId, "111122223333"),
        (Id::SsoRoleName, "Writer"),
        (Id::Bucket, "my-lake"),
        (Id::Region, "eu-west-1"),
    ] {
        answers.give(id, text.into(), From::Typed);
    }
    answers.give(Id::Paths, Value::List(vec!["x.csv".into()]), From::Typed);
    answers.fill(&crate::tests::facts());
    let existing = crate::compose(&answers, &crate::tests::facts()).expect("a config").document.toml;
    crate::Place { existing: Some(existing), ..place() }
}

#[test]
fn an_answer_that_was_refused_stays_to_be_edited_and_is_none() {
    let mut session = Session::new();
    session.lead_to_destination().text("bk");
    session.press(Press::ctrl('c')).enter();
    let draft = left(&session);
    let offer = draft.offer(&place(), noon());
    assert!(offer.contains("It answered: Sign in with.") && offer.ends_with("Not taken so far: Bucket."), "{offer}");
    let mut again = after(&session);
    again.lead_to_destination();
    let bucket = field(&again, Id::Bucket);
    assert!(bucket.text == "bk" && bucket.error.is_some(), "{bucket:?}");
    again.text("t");
    assert!(field(&again, Id::Bucket).error.is_none(), "it is edited: {:?}", field(&again, Id::Bucket));
    // An account that is none has to be chosen again.
    let mut session = Session::new();
    let detected = vec![super::session()];
    session.detect(detected.clone()).enter().press(Key::F(3)).text("12").press(Key::Tab).text("Writer");
    session.press(Press::ctrl('c')).enter();
    let mut again = after(&session);
    again.detect(detected).enter();
    assert_eq!(again.state.screen, Screen::Directory);
}

#[test]
fn what_had_to_be_looked_at_again_has_to_be_after_a_break_too_and_says_why() {
    let lead = |session: &mut Session| {
        let ticket = session.detect_ticket();
        session.event(Event::Detected(ticket)).enter().identified().enter();
        assert_eq!(session.state.screen, Screen::Destination);
    };
    let mut session = Session::with(Start { place: there(), init: true, ..Start::default() });
    session.enter();
    lead(&mut session);
    session.press(Press::ctrl('u')).text("other-lake").press(Key::Tab);
    let region = || Some("still right? Bucket was my-lake when this was given".to_owned());
    assert_eq!(field(&session, Id::Region).note, region());
    session.press(Press::ctrl('c')).enter();
    let mut again = after(&session);
    assert_eq!(said(&again.state), said(&session.state));
    lead(&mut again);
    assert_eq!(field(&again, Id::Region).note, region());
    // It holds again with what it was given for.
    let at = again.state.form.fields.iter().position(|field| field.id == Id::Bucket).expect("the bucket");
    again.state.form.focus = at;
    again.press(Press::ctrl('u')).text("my-lake").press(Key::Tab);
    assert_eq!(field(&again, Id::Region).note.as_deref(), Some("from the config"));
    // With `--resume`, whose answers are laid before the config is read.
    let mut answers = Answers::default();
    left(&session).lay_over(&mut answers);
    let mut resumed = Session::with(Start { place: there(), answers, init: true, ..Start::default() });
    resumed.enter();
    assert_eq!(said(&resumed.state), said(&session.state));
    lead(&mut resumed);
    assert_eq!(field(&resumed, Id::Region).note, region());
    // A config that says something else by now says it anew.
    let existing = there().existing.map(|text| text.replace("region = \"eu-west-1\"", "region = \"eu-north-1\""));
    let draft = Some(left(&session));
    let mut changed = Session::with(Start { place: crate::Place { existing, ..place() }, draft, ..Start::default() });
    changed.pick(Row::Welcome(Welcome::Edit)).enter();
    assert!(changed.state.answers.get(Id::Region).is_some_and(|region| !region.stale));
}

#[test]
fn a_sign_in_that_was_left_stays_left() {
    let needs = || {
        let request = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
        vec![Found { condition: Condition::Needs("expired".into()), sign_in: Some(request), ..super::session() }]
    };
    for embedded in [false, true] {
        let mut session = Session::new();
        session.detect(needs()).enter();
        assert_eq!(session.state.screen, Screen::SignIn);
        assert!(left(&session).offer(&place(), noon()).ends_with("Signing in begins anew."), "it goes on");
        session.press(Key::Esc);
        if embedded {
            session.pick(Row::Other(Way::Embedded)).press(Key::F(3));
        }
        session.press(Press::ctrl('c')).enter();
        let offer = left(&session).offer(&place(), noon());
        assert!(!offer.contains("Signing in") && (!embedded || !offer.contains("SSO session")), "{offer}");
        let mut again = after(&session);
        again.detect(needs());
        assert_eq!(said(&again.state), said(&session.state));
        assert_eq!((again.state.screen, &again.state.popup), (Screen::Method, &None));
        let signs_in = |session: &Session| session.effects.iter().any(|effect| matches!(effect, Effect::SignIn(..)));
        assert!(!signs_in(&again));
        if !embedded {
            continue;
        }
        // S3 after all: how to sign in is asked, and nothing signs in by itself.
        again.enter().press(Key::F(3));
        assert_eq!(again.state.screen, Screen::Destination);
        for session in [&mut session, &mut again] {
            session.state.exit = None;
            session.event(Event::Intent(crate::Intent::Fill(Id::Storage, "s3".into())));
            session.event(Event::Intent(crate::Intent::Fill(Id::Bucket, "my-lake".into())));
        }
        assert_eq!(said(&again.state), said(&session.state));
        again.enter();
        assert!(again.state.screen == Screen::Method && !signs_in(&again), "{:?}", again.state.screen);
    }
}

#[test]
fn what_is_typed_is_kept_after_a_moment_and_once() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-l");
    session.effects.clear();
    let tick =
        |session: &mut Session, millis: u64| _ = session.event(Event::Tick(noon() + Duration::from_millis(millis)));
    let kept = |session: &Session| -> Vec<bool> {
        let text =
            |effect: &Effect| if let Effect::SaveDraft(text) = effect { Some(text.contains("my-lake")) } else { None };
        session.effects.iter().filter_map(text).collect()
    };
    tick(&mut session, 100);
    session.text("ake");
    tick(&mut session, 900);
    assert!(kept(&session).is_empty(), "it is still being typed");
    for millis in [1100, 2200, 3300] {
        tick(&mut session, millis);
    }
    assert!(kept(&session) == [true] && !session.state.is_typing());
    session.text("-2");
    assert!(session.state.is_typing(), "the time matters");
    for millis in [3400, 4500] {
        tick(&mut session, millis);
    }
    assert_eq!(kept(&session).len(), 2);
    // What was left is kept by that.
    session.press(Key::Tab);
    session.effects.clear();
    for millis in [5600, 7700] {
        tick(&mut session, millis);
    }
    assert!(kept(&session).is_empty(), "{:?}", session.effects);
}
