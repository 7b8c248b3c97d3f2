use super::*;

fn with_mfa() -> Session {
    let mut session = Session::new();
    let mfa = SignInRequest::Mfa { profile: Some("p".into()), serial: "arn:aws:iam::1:mfa/me".into() };
    let answers = vec![(Id::Auth, "profile".into()), (Id::Profile, "p".into())];
    let condition = Condition::Needs("MFA code needed".into());
    let found = Found { sign_in: Some(mfa), answers, condition, ..self::session() };
    let ticket = session.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
    session.event(Event::Found(ticket, Box::new(found))).event(Event::Detected(ticket)).line("1");
    session
}

fn sign_in_ticket(session: &Session) -> Ticket {
    session.ticket(|effect| if let Effect::SignIn(ticket, _) = effect { Some(*ticket) } else { None })
}

#[test]
fn hidden_input_stays_hidden_and_a_wrong_code_is_asked_for_again() {
    let mut session = with_mfa();
    assert_says(&session, "Type the six digits of the MFA device. They are not shown.");
    assert!(session.plain.is_hidden());
    session.line("12345");
    assert_says(&session, "An MFA code has 6 digits");
    assert!(session.plain.is_hidden() && !session.says("12345"));
    session.line("654321");
    assert!(matches!(session.effects.last(), Some(Effect::Act(SignInAct::Code(code))) if code.expose() == "654321"));
    assert!(!session.plain.wants_line(), "the code is being checked");
    session.event(Event::SignIn(sign_in_ticket(&session), SignInEvent::Failed(trouble("the code is wrong"))));
    assert_says(&session, "Failed: The code is wrong.");
    assert_says(&session, "Enter tries again, < goes back with all answers.");
    assert!(!session.plain.is_hidden() && session.plain.wants_line() && !session.says("654321"));
    session.line("n");
    assert_says(&session, "Type the six digits");
    session.line("?");
    assert_says(&session, "Type the six digits");
    session.line("<");
    assert_eq!(session.screen(), Screen::Method);
}

/// A sign-in whose page is good for some seconds.
fn signing_in(device: bool, seconds: u64) -> Session {
    let mut session = Session::new();
    let request = SignInRequest::Sso { session: Some("acme".into()), start_url: None, region: None };
    let found = Found { sign_in: Some(request), ..self::session() };
    let ticket = session.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
    session.event(Event::Found(ticket, Box::new(found))).event(Event::Detected(ticket)).line("1");
    let page = Page { expires: noon() + Duration::from_secs(seconds), ..page(device) };
    session.event(Event::SignIn(sign_in_ticket(&session), SignInEvent::Page(page)));
    session
}

#[test]
fn a_sign_in_that_failed_is_tried_again_with_enter_and_helped_with_no_other_screens_keys() {
    const KEYS: &str = "Enter tries again, e takes another session, g goes on anyway, < goes back with all answers.";
    let mut session = signing_in(true, 600);
    session.line("?");
    assert_says(&session, "n: a new code; m: the other way to sign in; ");
    assert!(!session.says("p: paste"), "a code has no such page: {:#?}", session.printed);
    session.event(Event::SignIn(sign_in_ticket(&session), SignInEvent::Failed(trouble("the service is not there"))));
    assert_says(&session, KEYS);
    session.line("?");
    assert_says(&session, KEYS);
    assert!(!session.says("meanwhile") && !session.says("a new code"), "{:#?}", session.printed);
    session.effects.clear();
    session.line("");
    assert!(matches!(session.effects.as_slice(), [Effect::SignIn(..)]), "{:?}", session.effects);
}

#[test]
fn the_end_of_a_code_is_told_at_five_minutes_at_one_and_when_it_has_come() {
    let mut session = signing_in(true, 600);
    assert_says(&session, "Open this page in a browser: https://acme.awsapps.com/start/#/device?user_code=KQTM-VXRB");
    assert_says(&session, "It must show this code: KQTM-VXRB");
    assert_says(&session, "It is good for 10 minutes.");
    let told: Vec<(u64, Vec<String>)> = (1..=620)
        .map(|second| (second, session.later(second).printed.clone()))
        .filter(|(_, printed)| !printed.is_empty())
        .collect();
    let line = |second, line: &str| (second, vec![line.to_owned()]);
    assert_eq!(
        told,
        [
            line(
                30,
                "Does the browser not know the code, or say \"invalid grant\"? Then the SSO region is probably wrong: e edits it."
            ),
            line(300, "The code is good for 5 minutes more; n asks for a new one."),
            line(540, "The code is good for 1 minute more; n asks for a new one."),
            line(600, "The code has expired; n asks for a new one."),
        ]
    );
    session.line("n");
    assert!(matches!(session.effects.last(), Some(Effect::Act(SignInAct::Renew))));
    // Where the service says so first, it is told once as well.
    let mut session = signing_in(true, 600);
    let ticket = sign_in_ticket(&session);
    session.printed.clear();
    session.event(Event::SignIn(ticket, SignInEvent::Expired));
    assert_eq!(session.printed, ["The code has expired; n asks for a new one."]);
    assert!(!session.later(700).says("expired") && !session.says("KQTM"), "{:?}", session.printed);
    session.line("o");
    assert_says(&session, "\"o\" is no answer here");
    // One that is short from the beginning was told so.
    assert!(signing_in(true, 250).later(10).printed.is_empty());
}

#[test]
fn the_address_that_a_browser_ended_at_is_pasted_unseen() {
    let mut session = signing_in(false, 600);
    let url = "https://oidc.x/authorize?redirect_uri=http%3A%2F%2F127.0.0.1%3A53682%2Foauth%2Fcallback&state=1".into();
    let page = Page { url, ..page(false) };
    session.event(Event::SignIn(sign_in_ticket(&session), SignInEvent::Page(page)));
    assert_says(&session, "The browser must run on the machine that Lakeward runs on.");
    assert_says(&session, "ssh -L 53682:127.0.0.1:53682 HOST");
    assert!(!session.plain.wants_line() && !session.plain.is_hidden());
    session.line("p");
    assert_says(&session, "Paste the address that the browser ended at. It is not shown");
    assert!(session.plain.is_hidden());
    session.line("http://127.0.0.1:1/?code=c0de");
    let Some(Effect::Act(SignInAct::Paste(url))) = session.effects.last() else { panic!("{:?}", session.effects) };
    assert_eq!(url.expose(), "http://127.0.0.1:1/?code=c0de");
    assert!(!session.says("c0de"));
    session.line("c");
    assert_says(&session, "\"c\" is no answer here");
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Copy(_))), "copying sends escapes");
}

#[test]
fn long_lists_come_in_pages_and_are_filtered_by_words() {
    let mut session = Session::new();
    session.works().line("1");
    let ticket =
        session.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
    let roles = Remote::Got(vec!["Reader".to_owned(), "Writer".to_owned()]);
    let all = (0..30).map(|number| Account { roles: roles.clone(), ..account(number) }).collect();
    session.event(Event::Accounts(ticket, all));
    assert!(!session.says("  1. "), "rows may still come between");
    session.event(Event::Listed(ticket, Ok(())));
    assert_says(&session, "  20. acme-9 111122220009: Writer");
    assert!(!session.says("  21. "));
    assert_says(&session, "1 to 20 of 60; + shows the next");
    assert_says(&session, "Type a number, or words that filter the list. Enter takes 1.");
    session.line("+");
    assert_says(&session, "  21. acme-10 111122220010: Reader");
    assert!(!session.says("Enter takes"));
    session.line("");
    assert_says(&session, "Type a number from 1 to 60.");
    session.line("+").line("+");
    assert_says(&session, "  1. acme-0 ");
    session.line("nobody");
    assert_says(&session, "Nothing matches \"nobody\", so all are listed again.");
    assert_says(&session, "  20. acme-9 111122220009: Writer");
    session.line("20");
    assert_eq!(session.screen(), Screen::Identity, "a number that stands on the list chooses");
    assert!(session.plain.state.answers.is(Id::SsoAccountId, "111122220009"));
    session.line("<").line("acme-2 writer");
    assert_says(&session, "  11. acme-29 111122220029: Writer");
    session.line("111122220029");
    assert_says(&session, "  2. acme-29 111122220029: Writer");
    session.line("2");
    assert_eq!(session.screen(), Screen::Identity);
    assert!(session.plain.state.answers.is(Id::SsoRoleName, "Writer"));
}

#[test]
fn a_sign_in_that_was_taken_back_is_made_anew_or_account_and_role_are_typed() {
    let mut session = Session::new();
    session.works().line("1");
    let ticket =
        session.ticket(|effect| if let Effect::ListAccounts(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Listed(ticket, Err(trouble("the session is no longer valid"))));
    assert_says(&session, "Failed: The session is no longer valid.");
    assert_says(&session, "s signs in anew, = lets you type account and role.");
    session.line("=");
    assert_says(&session, "Account");
    session.line("<").line("s");
    assert_eq!(session.screen(), Screen::SignIn);
    session.works();
    assert_eq!(session.screen(), Screen::Directory);
}

#[test]
fn what_is_odd_while_signing_in_is_told_each_time_it_is_another() {
    let mut session = signing_in(true, 600);
    session.printed.clear();
    for number in [0, 0, 1, 2, 3, 4, 5, 6, 7, 7] {
        let note = SignInEvent::Note(format!("try {number} failed"));
        session.event(Event::SignIn(sign_in_ticket(&session), note));
    }
    assert_eq!(session.printed, [0, 1, 2, 3, 4, 5, 6, 7].map(|number| format!("Try {number} failed.")));
}

#[test]
fn who_waits_for_long_can_leave() {
    let mut session = Session::new();
    session.later(5);
    assert!(!session.plain.is_slow(), "a line would choose before there is a choice");
    session.works().line("7");
    assert_eq!(session.screen(), Screen::Identity);
    assert!(!session.later(7).plain.is_slow());
    assert!(session.later(8).plain.is_slow() && !session.plain.wants_line(), "a pipe's line waits all the same");
    session.line("");
    assert_says(&session, "AWS is being asked who this is.");
    session.line("<");
    assert_eq!(session.screen(), Screen::Method);
    assert!(session.effects.iter().any(|effect| matches!(effect, Effect::StopIdentify)));
}
