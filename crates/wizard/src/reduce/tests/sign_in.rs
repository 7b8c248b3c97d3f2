use super::*;
use crate::{Popup, SignInAct};

fn signing_in() -> Session {
    let mut session = Session::new();
    let request = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
    let expired =
        Found { condition: Condition::Needs("expired 2 h ago".into()), sign_in: Some(request), ..self::session() };
    session.detect(vec![expired]).enter();
    assert_eq!(session.state.screen, Screen::SignIn);
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(true))));
    session
}

#[test]
fn the_waiting_screen_copies_opens_switches_and_renews() {
    let mut session = signing_in();
    let did = |session: &Session| format!("{:?}", session.effects.last().expect("an effect"));
    session.letter('c');
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.expose() == "KQTM-VXRB"));
    session.letter('u');
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.expose().starts_with("https://")));
    session.letter('o');
    assert!(matches!(session.effects.last(), Some(Effect::Open(_))) && did(&session) == "Open(***)");
    session.letter('v');
    assert!(session.state.sign_in.qr_alone);
    session.press(Key::Esc);
    assert!(!session.state.sign_in.qr_alone && session.state.screen == Screen::SignIn);
    session.letter('n');
    assert_eq!(did(&session), "Act(Renew)");
    session.letter('m').letter('c');
    assert_eq!(did(&session), "Act(Renew)", "there is no page to switch or copy until the next one");
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(true)))).letter('m');
    assert_eq!(did(&session), "Act(Switch)");
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Page(page(false)))).letter('p');
    session.text("http://127.0.0.1:1/?code=c&q").enter();
    let Some(Effect::Act(SignInAct::Paste(url))) = session.effects.last() else { panic!("{}", did(&session)) };
    assert_eq!(url.expose(), "http://127.0.0.1:1/?code=c&q");
    assert!(!format!("{:?} {:?}", session.state, session.effects).contains("code=c"));
}

#[test]
fn enter_approves_where_the_service_is_a_stand_in_and_nowhere_else() {
    let mut session = signing_in();
    session.enter();
    assert!(session.said().starts_with("waiting") && !session.has_hint("Enter"));
    session.state.facts.place.is_demo = true;
    assert!(session.has_hint("Enter"));
    session.enter();
    assert!(matches!(session.effects.last(), Some(Effect::Act(SignInAct::Approve))));
    session.event(Event::Tick(noon() + Duration::from_secs(700))).enter();
    assert!(session.said().starts_with("waiting") && !session.has_hint("Enter"), "it has expired");
}

#[test]
fn a_code_that_expired_is_renewed() {
    let mut session = signing_in();
    session.event(Event::Tick(noon() + Duration::from_secs(599)));
    assert_eq!(session.state.sign_in.left(session.state.now), Some(Duration::from_secs(1)));
    session.event(Event::Tick(noon() + Duration::from_secs(700)));
    assert_eq!(session.state.sign_in.left(session.state.now), Some(Duration::ZERO));
    let effects = session.effects.len();
    session.letter('c').letter('u').letter('o').letter('v');
    assert_eq!((session.effects.len(), session.state.sign_in.qr_alone), (effects, false), "it leads nowhere any more");
    assert!(session.has_hint("n") && !["c", "u", "o", "v"].iter().any(|key| session.has_hint(key)));
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("the code has expired"))));
    assert!(session.state.trouble().is_some());
    let first = session.sign_in_ticket();
    session.letter('n');
    assert_ne!(session.sign_in_ticket(), first);
    session.event(Event::SignIn(first, SignInEvent::Done("too late".into())));
    assert_eq!(session.state.screen, Screen::SignIn);
}

#[test]
fn a_wrong_sso_region_is_hinted_at_after_thirty_seconds_and_edited_in_place() {
    let mut session = signing_in();
    assert!(!session.state.sign_in.is_slow(session.state.now));
    session.event(Event::Tick(noon() + Duration::from_secs(30)));
    assert!(session.state.sign_in.is_slow(session.state.now));
    session.letter('e');
    assert_eq!(session.state.screen, Screen::Details);
    assert!(session.effects.iter().any(|effect| matches!(effect, Effect::StopSignIn)));
    session.press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Method);
}

#[test]
fn a_denied_approval_leads_back_with_all_answers() {
    let mut session = signing_in();
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("denied in the browser"))));
    session.press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Method);
    assert!(session.state.answers.is(Id::SsoSession, "acme"));
}

#[test]
fn what_is_to_be_checked_is_called_as_the_fields_unless_a_session_of_the_aws_files_says_it() {
    let wrong = || trouble("invalid request").next("check sso_region first: it need not be eu-west-1");
    let next = |session: &Session| session.state.trouble().and_then(|trouble| trouble.next.clone());
    let mut session = signing_in();
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(wrong())));
    assert_eq!(next(&session).as_deref(), Some("check sso_region first: it need not be eu-west-1"));
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Sso));
    session.text("https://acme.awsapps.com/start").press(Key::Tab).text("eu-west-1").enter();
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Note("check sso_region".to_owned())));
    assert_eq!(session.state.sign_in.notes, ["check \"SSO region\""]);
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(wrong())));
    assert_eq!(next(&session).as_deref(), Some("check \"SSO region\" first: it need not be eu-west-1"));
}

#[test]
fn the_network_may_be_down_meanwhile() {
    let mut session = signing_in();
    let ticket = session.sign_in_ticket();
    for number in 0..20 {
        session.event(Event::SignIn(ticket, SignInEvent::Note(format!("try {number} failed"))));
    }
    assert_eq!(session.state.sign_in.notes.len(), 5);
    session.event(Event::SignIn(ticket, SignInEvent::Waiting(noon() + Duration::from_secs(9))));
    session.press(Press::ctrl('c'));
    session.event(Event::SignIn(ticket, SignInEvent::Done("signed in until 21:27".into())));
    assert_eq!((session.state.screen, &session.state.popup), (Screen::Directory, &None::<Popup>));
    assert_eq!(session.state.trail, [Screen::Method], "back does not lead to a sign-in that is over");
}

#[test]
fn leaving_gives_the_sign_in_up() {
    let mut session = signing_in();
    session.press(Key::Esc);
    assert!(matches!(session.effects.last(), Some(Effect::Detect(_) | Effect::StopSignIn)));
    assert!(session.effects.iter().any(|effect| matches!(effect, Effect::StopSignIn)));
    let ticket = session.sign_in_ticket();
    session.event(Event::SignIn(ticket, SignInEvent::Done("late".into())));
    assert_eq!(session.state.screen, Screen::Method);
}

#[test]
fn an_mfa_code_is_hidden_and_a_wrong_one_can_be_given_again() {
    let mut session = Session::new();
    let mfa = SignInRequest::Mfa { profile: Some("p".into()), serial: "arn:aws:iam::1:mfa/me".into() };
    let answers = vec![(Id::Auth, "profile".into()), (Id::Profile, "p".into())];
    let condition = Condition::Needs("MFA code needed".into());
    session.detect(vec![Found { sign_in: Some(mfa), answers, condition, ..self::session() }]).enter();
    assert_eq!(session.state.screen, Screen::Mfa);
    session.text("12345").enter();
    assert!(session.said().contains("6 digits"));
    session.text("z?654321").press(Press::ctrl('u')).text("65432").press(Key::Backspace).text("21").enter();
    assert_eq!(format!("{:?}", session.effects.last().expect("an effect")), "Act(Code(***))");
    let Some(Effect::Act(SignInAct::Code(code))) = session.effects.last() else { panic!("no code") };
    assert_eq!(code.expose(), "654321");
    assert!(!format!("{:?}", session.state).contains("6543"));
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("the code is wrong"))));
    session.enter().text("111111").enter();
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Done("signed in".into())));
    assert_eq!(session.state.screen, Screen::Identity);
}

#[test]
fn nobody_assigned_says_what_to_ask_for() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    session.event(Event::Listed(session.accounts_ticket(), Ok(())));
    assert!(session.state.trouble().expect("told").next.as_deref().is_some_and(|next| next.contains("s3:PutObject")));
    session.press(Key::F(3)).text("111122223333").press(Key::Tab).text("Writer").enter();
    assert_eq!(session.state.screen, Screen::Identity);
}

#[test]
fn a_thousand_accounts_are_filtered_between_two_frames() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    let ticket = session.accounts_ticket();
    for page in 0..10 {
        let accounts: Vec<Account> = (page * 100..page * 100 + 100)
            .map(|number| Account {
                roles: Remote::Got(vec!["LakewardIngest".into(), "ReadOnly".into(), "PowerUserAccess".into()]),
                ..account(number)
            })
            .collect();
        session.event(Event::Accounts(ticket, accounts));
    }
    session.event(Event::Listed(ticket, Ok(())));
    assert_eq!(session.state.list.rows.len(), 3000);
    // The best of three tries: other tests run beside this one. An unoptimised build has other measures.
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 160 } else { 16 });
    let tries = (0..3).map(|_| {
        session.press(Press::ctrl('u'));
        let mut slowest = Duration::ZERO;
        for c in "acme-77 ingest".chars() {
            let began = std::time::Instant::now();
            session.event(Event::Key(Key::Char(c).into()));
            slowest = slowest.max(began.elapsed());
        }
        slowest
    });
    let slowest = tries.min().expect("three tries");
    assert_eq!(session.state.list.matching.len(), 11, "77 and 770 to 779");
    assert!(slowest < limit, "{slowest:?}");
    session.enter();
    assert!(session.state.answers.is(Id::SsoRoleName, "LakewardIngest"));
    assert!(session.state.answers.is(Id::SsoAccountId, &account(77).id));
}

#[test]
fn roles_are_listed_near_the_focus_and_a_few_at_once() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    let ticket = session.accounts_ticket();
    session.event(Event::Accounts(ticket, (0..500).map(account).collect()));
    let asked =
        |session: &Session| session.effects.iter().filter(|effect| matches!(effect, Effect::ListRoles(..))).count();
    assert_eq!(asked(&session), 8);
    session.enter();
    assert!(session.said().contains("still being listed"));
    session.event(Event::Roles(ticket, account(0).id, Err(trouble("throttled"))));
    assert_eq!(asked(&session), 9);
    session.press(Key::Home).enter();
    assert!(session.said().contains("throttled") && session.said().contains("again"));
    session.event(Event::Roles(ticket, account(0).id, Ok(vec![]))).enter();
    assert!(session.said().contains("no role"));
    session.press(Key::End);
    session.event(Event::Roles(ticket, account(1).id, Ok(vec!["A".into(), "B".into()])));
    assert!(matches!(session.effects.last(), Some(Effect::ListRoles(_, _, id)) if *id > account(480).id));
    assert_eq!(session.state.list.focused(), Some(Row::Account(499)), "rows before it have come, and it stays");
}

#[test]
fn r_tries_again_wherever_something_failed_and_the_screen_says_when() {
    let mut session = Session::new();
    session.detect(vec![]);
    session.pick(Row::Other(Way::Sso)).text("https://acme.awsapps.com/start").press(Key::Tab).text("eu-west-1").enter();
    assert_eq!(session.state.screen, Screen::SignIn);
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("no answer"))));
    assert!(session.has_hint("r") && session.state.sign_in.again.is_none());
    session.event(Event::Tick(noon() + Duration::from_secs(5))).letter('r');
    assert!(session.state.sign_in.outcome.asked().is_some());
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("no answer"))));
    assert_eq!(session.state.sign_in.again, Some(noon() + Duration::from_secs(5)));
    let mut session = Session::new();
    session.lead_to_review().enter();
    session.event(Event::CheckDone(session.check_ticket(), false));
    let before = session.check_ticket();
    assert!(session.has_hint("r"));
    session.letter('r');
    assert_ne!(session.check_ticket(), before);
}

#[test]
fn nothing_offers_to_go_on_while_it_is_waited_for() {
    let mut session = Session::new();
    session.detect(vec![]);
    session.pick(Row::Other(Way::Chain));
    assert!(session.state.screen == Screen::Identity && !session.has_hint("Enter"));
    session.identified();
    assert!(session.has_hint("Enter"));
}

#[test]
fn nobody_is_asked_any_more_whose_the_credentials_are_once_that_is_left() {
    let stops =
        |session: &Session| session.effects.iter().filter(|effect| matches!(effect, Effect::StopIdentify)).count();
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Chain));
    let old = session.identify_ticket();
    // What lies over the screen does not leave it.
    session.press(Key::F(1)).press(Key::Esc);
    assert_eq!((session.state.screen, stops(&session)), (Screen::Identity, 0));
    session.press(Key::Esc);
    assert_eq!((session.state.screen, stops(&session)), (Screen::Method, 1));
    // Whoever comes back has it asked anew, and only that answer is heard.
    session.pick(Row::Other(Way::Chain));
    session.event(Event::Identified(old, Ok(identity())));
    assert!(session.state.facts.identity.asked().is_some());
    session.identified().press(Key::Esc);
    assert_eq!(stops(&session), 1, "what has ended needs no end");
    // On the menu of a config it is asked as well.
    let existing = {
        session.enter().enter().text("my-lake").enter().text("x.csv").enter().previewed().enter();
        session.state.facts.document.got().map(|document| document.toml.clone())
    };
    for left_to in [Welcome::Run, Welcome::Edit, Welcome::Check] {
        let place = crate::Place { existing: existing.clone(), ..place() };
        let mut session = Session::with(Start { place, ..Start::default() });
        assert!(session.state.facts.identity.asked().is_some());
        session.pick(Row::Welcome(left_to));
        assert_eq!(stops(&session), 1, "{left_to:?}");
    }
}

#[test]
fn no_look_and_no_check_goes_on_once_its_screen_is_left() {
    let count = |session: &Session, of: fn(&Effect) -> bool| session.effects.iter().filter(|effect| of(effect)).count();
    let looks = |session: &Session| count(session, |effect| matches!(effect, Effect::StopPreview));
    let checks = |session: &Session| count(session, |effect| matches!(effect, Effect::StopCheck));
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter();
    let old = session.preview_ticket();
    session.press(Key::F(1)).press(Key::Esc);
    assert_eq!((session.state.screen, looks(&session)), (Screen::Preview, 0));
    session.press(Key::Esc);
    assert_eq!((session.state.screen, looks(&session)), (Screen::Source, 1));
    // Whoever comes back has it looked at anew, and only that is heard.
    session.enter();
    assert_ne!(session.preview_ticket(), old);
    session.event(Event::Previewed(old, Err(trouble("late"))));
    assert!(session.state.facts.preview.asked().is_some());
    session.previewed().enter().enter();
    assert!(session.state.screen == Screen::Review && session.state.facts.check.asked().is_some());
    session.press(Key::Esc);
    assert_eq!((session.state.screen, looks(&session), checks(&session)), (Screen::Preview, 1, 1));
    assert!(session.state.facts.preview.got().is_some() && session.state.facts.check == crate::Remote::Idle);
    session.enter().enter();
    session.event(Event::CheckDone(session.check_ticket(), true));
    session.press(Key::Esc);
    assert_eq!((checks(&session), session.state.facts.check.got()), (1, Some(&true)), "what has ended is kept");
}

#[test]
fn a_config_can_be_made_where_nobody_can_sign_in() {
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Sso));
    session.text("https://acme.awsapps.com/start").press(Key::Tab).text("eu-west-1").enter();
    assert!(!session.has_hint("g"));
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Failed(trouble("it can't be reached (DNS)"))));
    assert!(session.has_hint("g"));
    session.letter('g');
    assert_eq!(session.state.screen, Screen::Directory);
    session.text("111122223333").press(Key::Tab).text("Writer").enter();
    assert_eq!(session.state.screen, Screen::Identity);
    let ticket = session.identify_ticket();
    session.event(Event::Identified(ticket, Err(trouble("nobody is signed in")))).letter('g');
    assert_eq!(session.state.screen, Screen::Destination);
    assert!(
        session.state.answers.is(Id::SsoRoleName, "Writer")
            && session.state.answers.is(Id::SsoAccountId, "111122223333")
    );
}
