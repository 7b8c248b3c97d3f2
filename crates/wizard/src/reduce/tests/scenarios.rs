use super::*;
use crate::{Answers, Popup, ReviewTab};

#[test]
fn from_one_found_session_to_rows_it_takes_at_most_twelve_keys() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    assert_eq!(session.state.screen, Screen::Directory);
    let ticket = session.accounts_ticket();
    session.event(Event::Accounts(ticket, vec![account(1), account(2)]));
    for number in [1, 2] {
        session.event(Event::Roles(ticket, account(number).id, Ok(vec!["Reader".into(), "Writer".into()])));
    }
    session.event(Event::Listed(ticket, Ok(())));
    session.press(Key::Down).enter().identified().enter();
    assert_eq!(session.state.screen, Screen::Destination);
    session.text("my-lake").enter().text("data/*.csv").enter().previewed().enter();
    assert_eq!(session.state.screen, Screen::Review);
    session.enter();
    let ticket = session.check_ticket();
    session.event(Event::Checked(ticket, check_line(Outcome::Ok, None))).event(Event::CheckDone(ticket, true)).enter();
    session.event(Event::Written(session.write_ticket(), Ok("wrote lakeward.toml".into()))).enter();
    let Some(Effect::Run(_, plan)) = session.effects.last() else { panic!("{:?}", session.effects) };
    assert_eq!(plan.destination.bucket, "my-lake");
    let lakeward_core::plan::AuthPlan::Sso(sso) = &plan.auth else { panic!("{plan:?}") };
    assert_eq!((sso.account_id.as_str(), sso.role_name.as_str()), (account(1).id.as_str(), "Writer"));
    assert!(session.keys <= 12, "{} keys", session.keys);
}

#[test]
fn back_with_an_invalid_field_keeps_answers() {
    let mut session = Session::new();
    session.lead_to_destination().text("My_Lake").press(Key::Tab);
    assert!(session.state.form.fields[0].error.is_some());
    session.press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Identity);
    session.enter();
    assert_eq!(session.state.form.fields[0].text, "My_Lake");
    session.enter();
    assert_eq!((session.state.screen, session.state.form.focus), (Screen::Destination, 0));
    assert!(session.state.form.fields[0].error.as_deref().is_some_and(|error| error.contains("lower-case")));
}

#[test]
fn changed_auth_marks_stale_and_forgets_what_was_found_out_with_the_other() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    let ticket = session.accounts_ticket();
    session.event(Event::Accounts(ticket, vec![account(1)]));
    session.event(Event::Roles(ticket, account(1).id, Ok(vec!["Writer".into()])));
    session.event(Event::Listed(ticket, Ok(())));
    assert_eq!(session.state.screen, Screen::Identity, "a lone choice is taken by itself");
    assert!(session.said().contains("only account and role"));
    session.identified().press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Method, "and is not on the way back");
    // The same choice again asks nothing anew.
    session.enter();
    assert_eq!(session.state.screen, Screen::Identity);
    assert!(session.state.facts.identity.got().is_some());
    session.press(Key::Esc).pick(Row::Other(Way::Sso));
    assert!(session.state.answers.get(Id::SsoAccountId).is_some_and(|answer| answer.stale));
    assert_eq!(session.state.facts.identity, Remote::Idle);
    assert!(session.state.facts.accounts.is_empty());
    let late = Event::Accounts(ticket, vec![account(9)]);
    session.event(late);
    assert!(session.state.facts.accounts.is_empty());
}

#[test]
fn late_answers_of_dropped_requests_change_nothing() {
    let mut session = Session::new();
    session.lead_to_review().enter();
    let (check, preview) = (session.check_ticket(), session.preview_ticket());
    session.press(Key::Esc).press(Key::Esc).press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Destination);
    session.text("-2").press(Key::Tab);
    assert!(session.state.answers.is(Id::Bucket, "my-lake-2"));
    session.event(Event::Checked(check, check_line(Outcome::Failed, None))).event(Event::CheckDone(check, true));
    session.event(Event::Previewed(preview, Err(trouble("late"))));
    session.event(Event::Identified(Ticket(0), Err(trouble("never"))));
    assert!(session.state.facts.checks.is_empty());
    assert_eq!((&session.state.facts.check, &session.state.facts.preview), (&Remote::Idle, &Remote::Idle));
    assert!(session.state.facts.identity.got().is_some());
}

#[test]
fn resume_has_no_secrets_and_gives_the_answers_back() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Press::ctrl('c')).enter();
    assert_eq!(session.state.exit, Some(Exit::Left));
    let Some(Effect::SaveDraft(text)) = session.effects.iter().rev().nth(1) else { panic!("{:?}", session.effects) };
    let draft = Draft::read(text).expect("a draft");
    let mut again = Session::with(Start { place: place(), draft, ..Start::default() });
    assert_eq!(again.state.popup, Some(Popup::Resume));
    again.enter();
    assert!(again.state.answers.is(Id::Bucket, "my-lake") && again.state.popup.is_none());
    for way_out in [Press::from(Key::Esc), Press::from(Key::Char('q')), Press::ctrl('c')] {
        let draft = Draft::read(text).expect("a draft");
        let mut left = Session::with(Start { place: place(), draft, ..Start::default() });
        left.press(way_out);
        assert!(left.state.exit.is_some());
        let touched = |effect: &Effect| matches!(effect, Effect::SaveDraft(_) | Effect::DropDraft);
        assert!(!left.effects.iter().any(touched), "{way_out:?} leaves the draft alone");
    }
    let draft = Draft::read(text).expect("a draft");
    let mut anew = Session::with(Start { place: place(), draft, ..Start::default() });
    anew.letter('n');
    assert!(anew.state.answers.get(Id::Bucket).is_none());
    assert!(matches!(anew.effects.last(), Some(Effect::DropDraft)));
}

#[test]
fn a_config_that_is_there_is_shown_and_run_as_its_file_says_whatever_edit_was_left() {
    let mut config = crate::tests::whole()[3].clone();
    let toml = crate::compose(&config, &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml), ..place() };
    config = Answers::default();
    config.give(Id::Bucket, "draft-lake".into(), crate::From::Typed);
    let draft = |place: &crate::Place| Draft::read(&Draft::text(&config, place, noon(), false)).expect("a draft");
    let mut session = Session::with(Start { place: there.clone(), draft: draft(&there), ..Start::default() });
    assert_eq!((&session.state.popup, session.state.list.focused()), (&None, Some(Row::Welcome(Welcome::Run))));
    assert!(session.state.answers.is(Id::Bucket, "my-lake"));
    // It is offered with the edit, and left for another time.
    session.pick(Row::Welcome(Welcome::Edit));
    assert_eq!(session.state.popup, Some(Popup::Resume));
    session.press(Key::Esc);
    assert_eq!((session.state.screen, &session.state.popup), (Screen::Welcome, &None));
    session.pick(Row::Welcome(Welcome::Edit)).enter();
    assert_eq!((session.state.screen, session.state.answers.is(Id::Bucket, "draft-lake")), (Screen::Method, true));
    // Back at the menu the file counts, and the edit is kept.
    session.press(Key::Esc);
    assert!(session.state.screen == Screen::Welcome && session.state.answers.is(Id::Bucket, "my-lake"));
    let kept = |effect: &Effect| matches!(effect, Effect::SaveDraft(text) if text.contains("draft-lake"));
    assert!(session.effects.iter().any(kept));
    session.pick(Row::Welcome(Welcome::Run));
    let runs = |effect: &Effect| matches!(effect, Effect::Run(_, plan) if format!("{plan:?}").contains("my-lake"));
    assert!(session.effects.iter().any(runs), "{:?}", session.effects);
    // Another config's is told of, and not taken.
    let elsewhere = crate::Place { config: "/home/me/sub/lakeward.toml".into(), ..place() };
    let other = draft(&elsewhere);
    let session = Session::with(Start {
        place: place(),
        draft: other.clone(),
        others: other.into_iter().collect(),
        ..Start::default()
    });
    assert_eq!((&session.state.popup, session.state.answers.value(Id::Bucket)), (&None, None));
    assert!(session.said().contains("`lakeward init --config sub/lakeward.toml` goes on"), "{}", session.said());
}

#[test]
fn a_check_of_the_config_that_is_there_leads_back_and_not_to_a_run() {
    let mut session = Session::new();
    session.lead_to_review();
    let existing = session.state.facts.document.got().map(|document| document.toml.clone());
    let mut session = Session::with(Start { place: crate::Place { existing, ..place() }, ..Start::default() });
    for leaves in [Key::Enter, Key::Esc] {
        session.pick(Row::Welcome(Welcome::Check));
        let ticket = session.check_ticket();
        session.event(Event::Checked(ticket, check_line(Outcome::Ok, None))).event(Event::CheckDone(ticket, true));
        session.press(leaves);
        // One Enter too many does not run it.
        let focused = session.state.list.focused();
        assert_eq!((session.state.screen, focused), (Screen::Welcome, Some(Row::Welcome(Welcome::Check))));
    }
    let checks = session.effects.iter().filter(|effect| matches!(effect, Effect::Check(..)));
    assert_eq!(checks.count(), 2);
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Run(..))));
}

#[test]
fn checks_that_are_left_out_for_one_reason_are_told_as_one() {
    let mut session = Session::new();
    session.lead_to_review().enter();
    let ticket = session.check_ticket();
    let skipped = |check: &str, detail: &str| CheckLine {
        check: check.into(),
        detail: detail.into(),
        ..check_line(Outcome::Skipped, None)
    };
    for line in [skipped("clock", "no AWS"), skipped("identity", "no AWS"), skipped("proof", "later")] {
        session.event(Event::Checked(ticket, line));
    }
    let checks: Vec<&str> = session.state.facts.checks.iter().map(|line| line.check.as_str()).collect();
    assert_eq!(checks, ["clock, identity", "proof"]);
}

#[test]
fn a_config_whose_keys_come_without_a_person_offers_no_sign_in_and_a_broken_one_asks_nothing() {
    let source = "[destination]\nbucket = \"b-1\"\npath = \"{{TABLE}}/{{UUID}}\"\n[[source]]\ntype = \"files\"\npaths = [\"a\"]\n";
    for (method, offers) in [("env", false), ("compute", false), ("chain", true)] {
        let existing = Some(format!("version = 1\n[auth]\nmethod = \"{method}\"\n{source}"));
        let session = Session::with(Start { place: crate::Place { existing, ..place() }, ..Start::default() });
        assert_eq!(session.state.list.rows.contains(&Row::Welcome(Welcome::SignIn)), offers, "{method}");
        assert!(session.state.awaited().is_some());
    }
    let existing = Some(format!("version = 2\n[auth]\nmethod = \"env\"\n{source}"));
    let session = Session::with(Start { place: crate::Place { existing, ..place() }, ..Start::default() });
    assert!(session.effects.is_empty() && session.state.awaited().is_none(), "{:?}", session.effects);
}

#[test]
fn where_nothing_was_answered_no_draft_is_left() {
    let mut session = Session::new();
    session.press(Press::ctrl('c')).enter();
    let last = session.effects.iter().rev().nth(1);
    assert!(matches!(last, Some(Effect::DropDraft)), "{last:?}");
}

#[test]
fn what_leaving_means_is_true_of_answers_that_can_t_be_kept_too() {
    let mut session = Session::new();
    session.press(Press::ctrl('c'));
    assert_eq!(session.state.on_leaving(), "Nothing is changed.", "nothing was answered");
    let mut session = Session::new();
    session.lead_to_destination().press(Press::ctrl('c'));
    assert!(matches!(session.effects.last(), Some(Effect::SaveDraft(_))), "it is tried before it is promised");
    assert!(session.state.keeps_answers() && session.state.on_leaving().contains("kept as a draft"));
    session.event(Event::Drafted(Err("state/init.json: read-only".into())));
    let said = session.state.on_leaving();
    assert!(!session.state.keeps_answers() && said.contains("lost") && said.contains("read-only"), "{said}");
    session.event(Event::Drafted(Ok(())));
    assert!(session.state.keeps_answers());
    let demo = crate::Place { is_demo: true, ..place() };
    let mut session = Session::with(Start { place: demo, ..Start::default() });
    session.press(Press::ctrl('c'));
    assert!(!session.state.keeps_answers() && session.state.on_leaving().contains("demo"));
    let there = crate::Place { existing: Some("version = 1".into()), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    session.press(Press::ctrl('c'));
    assert_eq!(session.state.on_leaving(), "Nothing is changed.");
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::SaveDraft(_))));
}

#[test]
fn control_c_asks_and_again_interrupts_and_nothing_follows_the_end() {
    let mut session = Session::new();
    session.press(Press::ctrl('c'));
    assert_eq!(session.state.popup, Some(Popup::Quit));
    session.press(Key::Esc).press(Press::ctrl('c')).press(Press::ctrl('c'));
    assert_eq!(session.state.exit, Some(Exit::Interrupted));
    let effects = session.effects.len();
    session.enter().event(Event::Signal);
    assert_eq!(session.effects.len(), effects);
    let mut signalled = Session::new();
    signalled.event(Event::Signal);
    assert_eq!(signalled.state.exit, Some(Exit::Interrupted));
}

#[test]
fn the_check_finds_the_region_and_offers_another() {
    let mut session = Session::new();
    session.lead_to_review().enter();
    let found = Some((Id::Region, Value::from("eu-west-1")));
    session.event(Event::Checked(session.check_ticket(), check_line(Outcome::Ok, found.clone())));
    assert!(session.state.answers.is(Id::Region, "eu-west-1"));
    assert!(session.state.facts.document.got().expect("a document").toml.contains("region = \"eu-west-1\""));
    // Where one was given, another is offered and taken by a key.
    let (mut session, ticket) = checking_a_given_region();
    session.event(Event::Checked(ticket, check_line(Outcome::Failed, found))).event(Event::CheckDone(ticket, false));
    assert!(session.state.offered().is_some() && session.state.answers.is(Id::Region, "us-east-1"));
    session.enter();
    assert!(session.said().contains("Ctrl-S"), "{}", session.said());
    session.letter('u');
    assert!(session.state.answers.is(Id::Region, "eu-west-1") && session.state.offered().is_none());
    assert_ne!(session.check_ticket(), ticket, "and checked again");
}

/// A session that tries out a region that was given, and the ticket of that check.
fn checking_a_given_region() -> (Session, Ticket) {
    let mut session = Session::new();
    session.lead_to_destination();
    session.event(Event::Intent(crate::Intent::Fill(Id::Region, "us-east-1".into())));
    session.event(Event::Intent(crate::Intent::Fill(Id::Bucket, "my-lake".into())));
    session.enter().text("x.csv").enter().previewed().enter().enter();
    let ticket = session.check_ticket();
    (session, ticket)
}

#[test]
fn an_answer_that_works_by_a_detour_is_put_right_by_enter_or_written_as_it_is() {
    let (mut session, ticket) = checking_a_given_region();
    let found = Some((Id::Region, Value::from("eu-west-1")));
    session.event(Event::Checked(ticket, check_line(Outcome::Warning, found))).event(Event::CheckDone(ticket, true));
    assert_eq!(session.said(), "");
    let enter = session.state.hints().first().copied().expect("a key");
    assert_eq!((enter.key, enter.does), ("Enter", "use what was found"));
    let mut kept = session.state.clone();
    let effects = kept.step(Event::Key(Press::ctrl('s')));
    assert!(matches!(effects.as_slice(), [Effect::Write(_, writing)] if writing.text.contains("us-east-1")));
    session.enter();
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Write(..))));
    assert!(session.state.answers.is(Id::Region, "eu-west-1"));
    let again = session.check_ticket();
    assert_ne!(again, ticket, "and checked again");
    session.event(Event::Checked(again, check_line(Outcome::Ok, None))).event(Event::CheckDone(again, true));
    assert_eq!(session.state.facts.check, Remote::Got(true));
    session.enter();
    let Some(Effect::Write(_, writing)) = session.effects.last() else { panic!("nothing written") };
    assert!(writing.text.contains("region = \"eu-west-1\""), "{}", writing.text);
}

#[test]
fn a_refused_test_write_shows_its_statement_and_the_config_can_be_written_anyway() {
    let mut session = Session::new();
    session.lead_to_review().enter();
    let ticket = session.check_ticket();
    let refused = CheckLine { statement: Some("{\"Effect\": \"Allow\"}".into()), ..check_line(Outcome::Failed, None) };
    session.event(Event::Checked(ticket, refused)).event(Event::CheckDone(ticket, false)).letter('y');
    assert_eq!(session.state.review.tab, ReviewTab::Check);
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.expose().contains("Allow")));
    session.press(Press::ctrl('s'));
    let Some(Effect::Write(ticket, writing)) = session.effects.last().cloned() else { panic!("nothing written") };
    assert_eq!(writing.before, None);
    session.event(Event::Written(ticket, Err(trouble("the disk is full"))));
    assert!(matches!(&session.state.popup, Some(Popup::Trouble(trouble)) if trouble.what.contains("full")));
    session.press(Key::Esc).press(Press::ctrl('s'));
    session.event(Event::Written(session.write_ticket(), Ok("wrote it".into())));
    assert_eq!(session.state.screen, Screen::Written);
    assert_eq!(session.state.facts.place.existing.as_ref(), Some(&writing.text));
    session.press(Key::Down).enter();
    assert_eq!(session.state.screen, Screen::Farewell);
    session.enter();
    assert_eq!(session.state.exit, Some(Exit::Done));
}

#[test]
fn a_config_that_is_there_is_run_edited_or_checked() {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml.clone()), ..place() };
    let begin = Start { place: there, ..Start::default() };
    let mut session = Session::with(begin.clone());
    assert_eq!(session.state.list.focused(), Some(Row::Welcome(Welcome::Run)));
    session.identified().enter();
    assert!(matches!(session.effects.last(), Some(Effect::Run(..))));
    let mut session = Session::with(begin.clone());
    session.pick(Row::Welcome(Welcome::Check));
    assert!(matches!(session.effects.last(), Some(Effect::Check(..))));
    assert_eq!(session.state.facts.document.got().expect("a document").toml, toml);
    let ticket = session.check_ticket();
    session.event(Event::CheckDone(ticket, true)).press(Press::ctrl('s'));
    assert!(session.state.facts.written.got().expect("written").contains("stays as it is"), "nothing was written");
    let mut session = Session::with(Start { init: true, ..begin.clone() });
    assert_eq!(session.state.list.focused(), Some(Row::Welcome(Welcome::Edit)));
    session.enter().detect(vec![]).pick(Row::Other(Way::Chain));
    session.press(Key::Esc).press(Key::Esc);
    assert_eq!(session.state.screen, Screen::Welcome);
    let mut session = Session::with(begin);
    let nobody = trouble("nobody is signed in").next("mend it\nsign in with `lakeward auth login --sso-session s`");
    session.event(Event::Identified(session.identify_ticket(), Err(nobody)));
    let next = session.state.facts.identity.trouble().and_then(|trouble| trouble.next.as_deref());
    assert_eq!(next, Some("choose \"Sign in\"\nmend it"), "what is in the menu needs no command");
    session.pick(Row::Welcome(Welcome::SignIn));
    let ticket = session.sign_in_ticket();
    session.event(Event::SignIn(ticket, SignInEvent::Done("signed in".into())));
    assert_eq!((session.state.screen, session.state.trail.len()), (Screen::Welcome, 0));
    assert!(session.state.facts.identity.asked().is_some(), "it is asked again who this is");
}

#[test]
fn a_broken_config_can_only_be_edited_where_it_can_be_read() {
    let at_line_2 = "lakeward.toml:2:10: this is not TOML";
    for (text, first, said) in [
        ("version = 1\nbucket = my-lake\n", Welcome::LookAgain, at_line_2),
        ("version = 1\nx = 2\n", Welcome::LookAgain, "lakeward.toml:2:1: unknown key `x`"),
        ("version = 1\n", Welcome::Edit, "[destination] is missing"),
    ] {
        let there = crate::Place { existing: Some(text.into()), ..place() };
        let mut answers = Answers::default();
        answers.give(Id::Bucket, "my-lake".into(), crate::From::Draft);
        let draft = Some(Draft { answers, ..Draft::default() }).filter(|_| first == Welcome::LookAgain);
        let session = Session::with(Start { place: there, draft, init: true, ..Start::default() });
        assert_eq!(session.state.list.rows, [Row::Welcome(first), Row::Welcome(Welcome::Quit)]);
        assert_eq!((session.state.list.focus, &session.state.popup), (0, &None));
        let told = &session.state.trouble().expect("it is told").what;
        assert!(told.contains(said), "{told}");
    }
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_an_edit_takes_it_as_it_is_meant() {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let text = toml.replace("bucket = \"my-lake\"", "bukcet = \"precious\"");
    let line = 1 + text.lines().position(|line| line.starts_with("bukcet")).expect("the line");
    let there = crate::Place { existing: Some(text), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    let trouble = session.state.trouble().expect("it is told").clone();
    assert!(trouble.what.starts_with(&format!("lakeward.toml:{line}:1: unknown key `bukcet`")), "{}", trouble.what);
    assert!(trouble.next.expect("an advice").starts_with("did you mean `bucket`? Edit takes a misspelt key"));
    assert_eq!(session.state.list.focused(), Some(Row::Welcome(Welcome::Edit)));
    session.enter();
    session.detect(vec![]);
    session.state.show(Screen::Destination);
    let bucket = session.state.form.fields.iter().find(|field| field.id == Id::Bucket).expect("a field");
    assert_eq!((bucket.text.as_str(), bucket.note.as_deref()), ("precious", Some("from the config")));
    session.state.show(Screen::Review);
    session.state.compose();
    let document = session.state.facts.document.got().expect("a config");
    assert!(document.changes.contains(&"-bukcet = \"precious\"".to_owned()), "{:?}", document.changes);
    assert!(document.changes.contains(&"+bucket = \"precious\"".to_owned()), "{:?}", document.changes);
    // What is no choice is shown, and refused at once.
    let there = crate::Place { existing: Some(toml.replace("\"parquet\"", "\"pq\"")), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    session.enter();
    session.state.show(Screen::Destination);
    let format = session.state.form.fields.iter().find(|field| field.id == Id::Format).expect("a field");
    assert!(format.text == "pq" && format.error.is_some(), "{format:?}");
}

#[test]
fn a_config_that_was_no_toml_is_read_again_once_it_is_mended() {
    let there = crate::Place { existing: Some("nonsense".into()), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    let reread = |effect: &Effect| if let Effect::Reread(ticket) = effect { Some(*ticket) } else { None };
    let ticket = session.enter().ticket(reread);
    session.event(Event::Changed(ticket, Some("nonsense".into())));
    assert_eq!(session.said(), "lakeward.toml is as it was");
    assert!(session.state.trouble().is_some());
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let ticket = session.enter().ticket(reread);
    session.event(Event::Changed(ticket, Some(toml)));
    assert_eq!((session.state.list.focused(), session.state.trouble()), (Some(Row::Welcome(Welcome::Run)), None));
    assert!(session.state.answers.is(Id::Bucket, "my-lake") && session.state.facts.identity.asked().is_some());
    let there = crate::Place { existing: Some("nonsense".into()), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    let ticket = session.enter().ticket(reread);
    session.event(Event::Changed(ticket, None));
    assert_eq!(session.state.screen, Screen::Method, "without a config it begins with none");
}

#[test]
fn what_did_not_work_is_not_run_by_one_enter_too_many() {
    for (works, focused) in [(Some(true), Row::Run(true)), (None, Row::Run(true)), (Some(false), Row::Run(false))] {
        let mut session = Session::new();
        session.lead_to_review();
        if let Some(works) = works {
            let ticket = session.enter().check_ticket();
            session.event(Event::CheckDone(ticket, works));
        }
        session.press(Press::ctrl('s'));
        session.event(Event::Written(session.write_ticket(), Ok("wrote it".into())));
        assert_eq!((session.state.screen, session.state.list.focused()), (Screen::Written, Some(focused)), "{works:?}");
    }
}

#[test]
fn the_embedded_s3_needs_no_sign_in_and_shows_its_keys() {
    let mut session = Session::new();
    session.pick(Row::Other(Way::Embedded));
    assert_eq!(session.state.screen, Screen::Destination);
    // Folder and bucket are proposed: Enter takes both.
    assert_eq!(
        session.state.key_preview().expect("a key"),
        "lake/lakeward/raw/orders/2026-02-02/01935a1e-7c3b-7f00-8a2d-4e5f60718293.parquet"
    );
    session.enter().text("x.csv").enter().previewed().enter();
    assert!(session.state.facts.document.got().expect("a config").toml.contains("bucket = \"lakeward\""));
    assert!(session.state.facts.document.got().expect("a config").policy.is_none());
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Identify(..))));
}

#[test]
fn windows_keys_count_once_because_only_presses_are_events() {
    // The type of a key has no release: what a terminal tells of one can't be said.
    let Press { key: _, ctrl: _, alt: _, shift: _ } = Key::Enter.into();
}

#[test]
fn flags_are_taken_over_and_said_to_be_flags() {
    let flags = Answers::from_flags([(Id::Bucket, vec!["flag-lake".into()])]).expect("flags");
    let mut session = Session::with(Start { place: place(), answers: flags, ..Start::default() });
    session.lead_to_destination();
    let bucket = session.state.form.fields.iter().find(|field| field.id == Id::Bucket).expect("bucket");
    assert_eq!((bucket.text.as_str(), bucket.note.as_deref()), ("flag-lake", Some("from --bucket")));
    session.event(Event::Intent(crate::Intent::Fill(Id::Bucket, "typed-lake".into())));
    assert!(session.state.answers.is(Id::Bucket, "typed-lake"));
}

#[test]
fn what_does_not_fit_is_scrolled_and_no_press_is_lost() {
    let mut session = Session::new();
    session.lead_to_review();
    assert!(!session.has_hint("Up/Down"));
    session.press(Key::Down).event(Event::Beyond(12));
    assert_eq!((session.state.review.scroll.above, session.has_hint("Up/Down")), (0, true));
    for (key, above) in [(Key::PageDown, 10), (Key::PageDown, 12), (Key::Down, 12), (Key::Up, 11), (Key::End, 12)] {
        assert_eq!(session.press(key).state.review.scroll.above, above, "{key:?}");
    }
    // A larger window shows more.
    assert_eq!(session.event(Event::Beyond(4)).state.review.scroll.above, 4);
    session.press(Key::F(1)).event(Event::Beyond(3)).press(Key::Down).press(Key::Down);
    assert_eq!((session.state.popup_scroll.above, session.state.review.scroll.above), (2, 4));
    assert!(session.has_hint("Up/Down"));
    session.press(Key::Esc).press(Key::F(1));
    assert_eq!(session.state.popup_scroll, crate::Scroll::default(), "another begins at its top");
    session.press(Key::Esc).press(Key::Right);
    assert_eq!(session.state.review.scroll, crate::Scroll::default());
}

#[test]
fn keys_that_would_do_nothing_are_not_told() {
    let mut session = Session::new();
    session.detect(vec![self::session()]);
    assert!(session.has_hint("d"));
    session.press(Key::End);
    assert!(!session.has_hint("d"), "of other ways there is no more to say");
    session.pick(Row::Other(Way::Profile));
    assert!(!session.has_hint("F3") && !session.has_hint("Tab"));
    let mut session = Session::new();
    session.lead_to_review().press(Press::ctrl('s'));
    session.event(Event::Written(session.write_ticket(), Ok("wrote it".into()))).press(Key::Down).enter();
    assert_eq!((session.state.screen, session.has_hint("q")), (Screen::Farewell, false));
}

#[test]
fn without_aws_there_is_no_page_of_a_policy_and_the_menu_is_left_with_esc() {
    let mut session = Session::new();
    session.lead_to_review();
    assert!(session.state.tabs().contains(&crate::state::ReviewTab::Policy));
    session.press(Key::Right);
    assert_eq!(session.state.review.tab, crate::state::ReviewTab::Policy);
    let mut session = Session::new();
    session.detect(vec![]);
    session.pick(Row::Other(Way::Embedded)).enter().text("data/*.csv").enter().previewed().enter();
    assert_eq!(session.state.screen, Screen::Review);
    session.press(Key::Right);
    assert_eq!(session.state.review.tab, crate::state::ReviewTab::Check);
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    assert!(session.has_hint("Esc"));
    session.press(Key::Esc);
    assert_eq!((&session.state.popup, &session.state.exit), (&None, &Some(Exit::Done)));
}

#[test]
fn what_has_changed_since_it_was_checked_is_shown_before_it_is_written() {
    let mut session = Session::new();
    session.lead_to_review().enter();
    assert_eq!(session.state.review.tab, ReviewTab::Check);
    session.event(Event::CheckDone(session.check_ticket(), true));
    // With the same answers the check still holds.
    session.press(Key::Esc).enter();
    assert_eq!((session.state.screen, session.state.review.tab), (Screen::Review, ReviewTab::Check));
    while session.state.screen != Screen::Destination {
        session.press(Key::Esc);
    }
    session.press(Press::ctrl('u')).text("another-lake").enter().enter().previewed().enter();
    assert_eq!((session.state.screen, session.state.review.tab), (Screen::Review, ReviewTab::Toml));
}

#[test]
fn a_key_that_is_no_answer_to_the_question_whether_to_leave_goes_on() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).press(Key::Esc);
    assert_eq!(session.state.popup, Some(Popup::Quit));
    session.letter('7').enter();
    assert_eq!((&session.state.popup, &session.state.exit), (&None, &None));
    assert_ne!(session.state.screen, Screen::Method, "the seventh row was chosen, and Enter is the next screen's");
}

#[test]
fn what_can_not_sign_in_is_not_offered_to_run() {
    let toml = crate::compose(&crate::tests::whole()[0], &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    assert_eq!(session.state.list.focused(), Some(Row::Welcome(Welcome::Run)));
    let ticket = session.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Identified(ticket, Err(trouble("the sign-in has expired"))));
    let safe = [Row::Welcome(Welcome::SignIn), Row::Welcome(Welcome::Check)];
    let first = safe.into_iter().find(|row| session.state.list.rows.contains(row));
    assert_eq!(session.state.list.focused(), first);
}

#[test]
fn of_a_config_with_several_faults_each_has_its_own_advice_and_another_config_is_named() {
    let text =
        "version = 1\nsiez = 1\n[destination]\nbucket = \"My_Bucket\"\npath = \"x\"\nformat = \"pq\"\nsize = 1\n";
    let there = crate::Place { existing: Some(text.into()), ..place() };
    let session = Session::with(Start { place: there, ..Start::default() });
    let trouble = session.state.facts.document.trouble().expect("a trouble");
    let lines: Vec<&str> = trouble.what.lines().collect();
    assert!(lines.len() > 2 && lines.iter().any(|line| line.contains("siez") && line.ends_with(')')), "{lines:#?}");
    assert_eq!(trouble.next.as_deref(), Some("`lakeward init --config OTHER.toml` begins another config"));
}

#[test]
fn the_menu_counts_the_sources_that_no_question_is_about() {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let menu = |existing: String| {
        let there = crate::Place { existing: Some(existing), ..place() };
        Session::with(Start { place: there, ..Start::default() }).state.rows_from().expect("a source")
    };
    let (one, more) = (menu(toml.clone()), "\n[[source]]\ntype = \"files\"\npaths = [\"more\"]\n");
    assert_eq!(menu(format!("{toml}{more}")), format!("{one}, and 1 source more"));
}

#[test]
fn the_menu_says_what_its_row_does_as_a_command() {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml), config_shown: "other.toml".into(), ..place() };
    let mut session = Session::with(Start { place: there, ..Start::default() });
    let mut commands = Vec::new();
    for _ in 0..session.state.list.rows.len() {
        commands.push(session.state.command());
        session.press(Key::Down);
    }
    let of = |command: &str| commands.iter().any(|other| other == command);
    assert!(of("lakeward --config other.toml") && of("lakeward check --config other.toml"), "{commands:?}");
    assert!(of("lakeward init --config other.toml"), "{commands:?}");
}

#[test]
fn flags_change_nothing_of_the_config_that_is_there_until_it_is_edited() {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    let bucket = crate::tests::whole()[3].text(Id::Bucket).map(str::to_owned);
    let there = crate::Place { existing: Some(toml), ..place() };
    let mut flags = Answers::default();
    flags.give(Id::Bucket, "of-a-flag".into(), crate::From::Flag);
    let mut session = Session::with(Start { place: there, answers: flags, ..Start::default() });
    assert!(!session.state.leads_to().contains("of-a-flag"), "{}", session.state.leads_to());
    session.pick(Row::Welcome(Welcome::Run));
    let Some(Effect::Run(_, plan)) = session.effects.last() else { panic!("no run") };
    assert_eq!(Some(plan.destination.bucket.clone()), bucket);

    let begin = Start {
        place: session.state.facts.place.clone(),
        answers: {
            let mut flags = Answers::default();
            flags.give(Id::Bucket, "of-a-flag".into(), crate::From::Flag);
            flags
        },
        init: true,
        ..Start::default()
    };
    let mut session = Session::with(begin);
    session.enter();
    assert!(session.state.answers.is(Id::Bucket, "of-a-flag"));
    while session.state.screen != Screen::Welcome {
        session.press(Key::Esc);
    }
    assert!(!session.state.leads_to().contains("of-a-flag"), "{}", session.state.leads_to());
}
