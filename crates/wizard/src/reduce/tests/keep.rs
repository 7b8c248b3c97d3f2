use super::*;
use crate::{AwsEntry, Popup, SsoSession};

/// A sign-in to a start URL that was typed.
fn signing_in() -> Session {
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Sso));
    for (id, text) in [(Id::SsoStartUrl, "https://Acme.awsapps.com/start"), (Id::SsoRegion, "eu-central-1")] {
        session.event(Event::Intent(crate::Intent::Fill(id, text.to_owned())));
    }
    session.enter();
    assert_eq!(session.state.screen, Screen::SignIn, "{:?}", session.state.form);
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(true))));
    session
}

fn offered(session: &Session) -> (Ticket, AwsEntry) {
    match session.effects.last() {
        Some(Effect::Offer(ticket, entry)) => (*ticket, entry.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_typed_start_url_is_kept_as_a_session_once_its_change_was_seen() {
    let mut session = signing_in();
    session.letter('k');
    let (ticket, entry) = offered(&session);
    let AwsEntry::Session { name, .. } = &entry else { panic!("{entry:?}") };
    assert_eq!(name, "acme");
    session.event(Event::Offered(ticket, Ok((entry.clone(), "+[sso-session acme]".into()))));
    assert!(matches!(session.state.popup, Some(Popup::Keep(..))));
    let before = session.effects.len();
    session.press(Key::Esc);
    assert_eq!((session.effects.len(), &session.state.popup), (before, &None), "the file stays as it is");
    session.letter('k');
    let (ticket, entry) = offered(&session);
    session.event(Event::Offered(ticket, Ok((entry.clone(), "+[sso-session acme]".into())))).enter();
    let Some(Effect::Keep(ticket, _)) = session.effects.last() else { panic!("{:?}", session.effects.last()) };
    let (ticket, first) = (*ticket, session.sign_in_ticket());
    session.event(Event::Kept(ticket, Ok((entry, "wrote ~/.aws/config".into()))));
    assert_eq!(session.state.answers.text(Id::SsoSession), Some("acme"));
    assert_ne!(session.sign_in_ticket(), first, "the session's own sign-in begins");
    assert!(
        session.state.command().contains("--sso-session acme") && !session.state.command().contains("--sso-start-url")
    );
}

#[test]
fn a_change_that_fails_is_told_and_nothing_else_is_kept_from_other_screens() {
    let mut session = signing_in();
    session.letter('k');
    let (ticket, _) = offered(&session);
    session.event(Event::Offered(ticket, Err(trouble("~/.aws/config, line 3: this is no section"))));
    assert!(matches!(session.state.popup, Some(Popup::Trouble(_))));
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Chain)).identified();
    assert_eq!((session.state.screen, session.state.keepable()), (Screen::Identity, None));
}

/// A session of the AWS files, as it is found.
fn there(condition: Condition) -> Found {
    let there = SsoSession {
        name: "acme".into(),
        start_url: "https://acme.awsapps.com/start".into(),
        region: "eu-central-1".into(),
    };
    let request = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
    Found { condition, sign_in: Some(request), session: Some(there), ..self::session() }
}

fn shown(session: &Session) -> Vec<(Id, &str)> {
    session.state.form.fields.iter().map(|field| (field.id, field.text.as_str())).collect()
}

const AS_IT_STANDS: [(Id, &str); 2] =
    [(Id::SsoStartUrl, "https://acme.awsapps.com/start"), (Id::SsoRegion, "eu-central-1")];

#[test]
fn a_session_of_the_files_is_opened_changed_and_written_once_that_is_wanted() {
    let mut session = Session::new();
    session.detect(vec![there(Condition::Needs("not signed in".into()))]).enter();
    assert_eq!(session.state.screen, Screen::SignIn);
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(true))));
    session.letter('e');
    assert_eq!((session.state.screen, shown(&session)), (Screen::Details, AS_IT_STANDS.to_vec()));
    assert!(session.said().starts_with("[sso-session acme] stays as it is"), "{}", session.said());
    // What was not changed is the session.
    session.enter();
    let by_name = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
    assert_eq!((session.state.screen, session.state.sign_in.request.as_ref()), (Screen::SignIn, Some(&by_name)));
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("invalid code")))).letter('e');
    session.event(Event::Intent(crate::Intent::Fill(Id::SsoRegion, "eu-west-1".to_owned()))).enter();
    assert_eq!(session.state.answers.text(Id::SsoSession).unwrap_or_default(), "");
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(true))));
    assert!(session.state.hints().iter().any(|hint| hint.does == "change the session"));
    session.letter('k');
    let (ticket, entry) = offered(&session);
    let changed = AwsEntry::Session {
        name: "acme".into(),
        start_url: "https://acme.awsapps.com/start".into(),
        region: "eu-west-1".into(),
        is_there: true,
    };
    assert_eq!(entry, changed);
    session.event(Event::Offered(ticket, Ok((entry.clone(), "-sso_region = eu-central-1".into())))).enter();
    let Some(Effect::Keep(ticket, _)) = session.effects.last() else { panic!("{:?}", session.effects.last()) };
    session.event(Event::Kept(*ticket, Ok((entry, "wrote ~/.aws/config".into()))));
    assert_eq!(session.state.sign_in.request, Some(by_name));
    assert_eq!((&session.state.edited, session.said()), (&None, "wrote ~/.aws/config"));
    assert!(session.effects.iter().rev().any(|effect| matches!(effect, Effect::Detect(_))), "it is looked at again");
}

#[test]
fn a_session_that_is_wrong_is_opened_where_it_is_chosen() {
    let broken = || there(Condition::Broken("sso_region is `Frankfurt`".into()));
    for key in [Key::Enter, Key::Char('e')] {
        let mut session = Session::new();
        session.detect(vec![broken()]).press(Key::Home);
        assert!(session.has_hint("e"));
        session.press(key);
        assert_eq!((session.state.screen, shown(&session)), (Screen::Details, AS_IT_STANDS.to_vec()));
        // Another way is another way.
        session.press(Key::Esc).pick(Row::Other(Way::Chain));
        assert_eq!(session.state.edited, None);
    }
    let mut session = Session::new();
    session.detect(vec![Found { session: None, ..broken() }]).press(Key::Home);
    assert!(!session.has_hint("e"));
    session.enter();
    assert!(session.said().contains("can't be used"), "{}", session.said());
}
