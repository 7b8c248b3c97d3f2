use super::*;
use crate::{AwsEntry, Popup};

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
