use super::*;
use crate::{Answers, Popup, Review};

#[test]
fn the_key_that_opened_a_box_closes_it() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter();
    session.event(Event::Previewed(session.preview_ticket(), Err(trouble("no such file")))).letter('d');
    assert!(session.state.popup.is_some());
    assert!(session.letter('d').state.popup.is_none());
}

#[test]
fn details_are_offered_where_the_screen_may_not_hold_them() {
    let mut session = Session::new();
    session.event(Event::Resize(80, 24)).detect(vec![self::session()]);
    assert!(!session.has_hint("d"), "it stands below the list");
    session.event(Event::Resize(60, 16));
    assert!(session.has_hint("d"));
    session.pick(Row::Other(Way::Chain)).event(Event::Resize(80, 24));
    session.event(Event::Identified(session.identify_ticket(), Err(trouble("no network"))));
    assert!(!session.has_hint("d"), "all of it is on the screen");
    session.letter('r');
    session.event(Event::Identified(session.identify_ticket(), Err(trouble(&"no network, ".repeat(120)))));
    assert!(session.has_hint("d"));
}

#[test]
fn a_plugin_that_does_not_start_leads_back_to_its_path() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().press(Key::BackTab).press(Key::Left).press(Key::Tab);
    session.press(Key::Tab).text("./gone").enter();
    session.event(Event::Previewed(session.preview_ticket(), Err(trouble("./gone does not exist")))).press(Key::Esc);
    assert_eq!(
        session.state.focused_field().map(|field| (field.id, field.text.as_str())),
        Some((Id::Plugin, "./gone"))
    );
}

#[test]
fn what_was_refused_is_told_until_it_is_right_and_nothing_before() {
    let mut session = Session::new();
    session.lead_to_destination();
    let error = |session: &Session| session.state.form.fields[0].error.clone();
    session.text("My_Lake");
    assert_eq!(error(&session), None, "nobody has left it yet");
    session.enter().press(Key::End);
    assert!(error(&session).is_some());
    for _ in "_Lake".chars() {
        session.press(Key::Backspace);
        assert!(error(&session).is_some());
    }
    session.press(Press::ctrl('u')).text("my-lake");
    assert_eq!(error(&session), None);
    session.press(Key::Home).text("_");
    assert_eq!(error(&session), None, "it is another try");
}

#[test]
fn rows_that_do_not_fit_are_set_aside_by_a_key_of_the_screen_that_tells_of_them() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter();
    session.event(Event::Previewed(session.preview_ticket(), Err(trouble("no such file")))).letter('s');
    assert!(!session.has_hint("s") && session.state.facts.preview.trouble().is_some());
    session.letter('r');
    let odd = Trouble { can_set_aside: true, ..trouble("row 3 does not fit") };
    session.event(Event::Previewed(session.preview_ticket(), Err(odd)));
    assert!(session.has_hint("s"));
    session.letter('s');
    assert!(session.state.answers.is(Id::OnError, "skip") && session.state.facts.preview.asked().is_some());
}

#[test]
fn a_test_write_does_not_hide_that_the_source_could_not_be_read() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter();
    session.event(Event::Previewed(session.preview_ticket(), Err(trouble("row 3 does not fit")))).letter('g').enter();
    // On the page of the check the screen says so itself.
    let ticket = session.press(Key::Right).check_ticket();
    session.event(Event::CheckDone(ticket, true));
    assert!(session.said().contains("source could not be read"), "{}", session.said());
}

#[test]
fn a_path_that_would_overwrite_is_told_before_anything_is_written() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::Tab).press(Press::ctrl('u'));
    session.text("raw/{{TABLE}}.{{FORMAT}}").enter();
    let field = session.state.focused_field().expect("a field");
    assert!(
        field.id == Id::Path && field.error.as_deref().is_some_and(|error| error.contains("overwrite")),
        "{field:?}"
    );
    assert_eq!((session.state.screen, field.text.as_str()), (Screen::Destination, "raw/{{TABLE}}.{{FORMAT}}"));
    for _ in ".{{FORMAT}}".chars() {
        session.press(Key::Backspace);
    }
    session.text("/{{UUID}}.{{FORMAT}}").enter();
    assert_eq!(session.state.screen, Screen::Source);
}

#[test]
fn a_path_without_a_variable_is_completed_where_one_sees_it() {
    let path = |session: &Session| session.state.answers.text(Id::Path).map(str::to_owned);
    let whole = "my/lake/{{TABLE}}/{{UUID}}.{{FORMAT}}";
    for typed in ["my/lake", "my/lake/", whole] {
        let mut session = Session::new();
        session.lead_to_destination().text("my-lake").press(Key::Tab).press(Press::ctrl('u')).text(typed);
        assert_eq!(session.state.completes_path(), typed != whole);
        let key = session.state.key_preview().expect("a key");
        assert!(key.starts_with("s3://my-lake/my/lake/orders/0193") && key.ends_with(".parquet"), "{key}");
        session.press(Key::Tab);
        let field = session.state.form.fields.iter().find(|field| field.id == Id::Path).expect("the field");
        assert_eq!((field.text.as_str(), path(&session).as_deref()), (whole, Some(whole)));
        assert_eq!(session.said().contains("the path had no variable, and is my/lake/"), typed != whole);
    }
    // Others are told at once that they have no {{UUID}}; what another tool's config says stays.
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::Tab).press(Press::ctrl('u')).text("a/{{YEAR}}").enter();
    assert_eq!(path(&session).as_deref(), Some("a/{{YEAR}}"));
    let config = "version = 1\n[destination]\nbucket = \"my-lake\"\npath = \"lake\"\n[[source]]\ntype = \"files\"\npaths = [\"x\"]\n";
    let place = crate::Place { existing: Some(config.into()), ..place() };
    let session = Session::with(crate::Start { place, ..crate::Start::default() });
    assert!(path(&session).as_deref() == Some("lake") && !session.state.completes_path());
}

#[test]
fn a_bucket_name_against_the_rules_of_s3_is_told_when_its_field_is_left() {
    for (name, why) in [
        ("My-Lake", "lower-case"),
        ("s3://my-lake", "this is a URL"),
        ("my_lake", "lower-case"),
        ("ab", "3"),
        ("192.168.1.1", "IP"),
    ] {
        let mut session = Session::new();
        session.lead_to_destination().text(name).press(Key::Tab);
        let error = session.state.form.fields[0].error.clone().unwrap_or_default();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!(session.state.form.fields[0].text, name);
    }
}

#[test]
fn a_glob_without_match_or_a_file_that_can_not_be_read_leads_back_to_the_paths() {
    for what in ["data/*.csv matches no file; the nearest folder is dat", "data/a.csv can't be read: permission denied"]
    {
        let mut session = Session::new();
        session.lead_to_destination().text("my-lake").enter().text("data/*.csv").enter();
        let first = session.preview_ticket();
        session.event(Event::Previewed(first, Err(trouble(what)))).enter();
        assert_eq!(
            (session.state.screen, session.state.trouble().expect("told").what.as_str()),
            (Screen::Preview, what)
        );
        assert!(session.said().contains("Esc leads back"));
        session.letter('d');
        assert!(matches!(&session.state.popup, Some(Popup::Trouble(trouble)) if trouble.what == what));
        session.press(Key::Esc).press(Key::Esc);
        let field = session.state.focused_field().expect("a field");
        assert_eq!((session.state.screen, field.id, field.text.as_str()), (Screen::Source, Id::Paths, "'data/*.csv'"));
        session.press(Press::ctrl('u')).text("dat/*.csv").enter();
        assert_ne!(session.preview_ticket(), first, "another answer is looked at anew");
        session.previewed().enter();
        assert_eq!(session.state.screen, Screen::Review);
    }
}

#[test]
fn what_can_not_be_looked_at_may_be_gone_on_with() {
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Chain));
    session.event(Event::Identified(session.identify_ticket(), Err(trouble("no network"))));
    session.letter('r');
    session.event(Event::Identified(session.identify_ticket(), Err(trouble("no network")))).letter('g');
    session.text("my-lake").enter().text("x.csv").enter();
    session.event(Event::Previewed(session.preview_ticket(), Err(trouble("busy")))).letter('g');
    assert_eq!(session.state.screen, Screen::Review);
    // The config itself is whole, and can be written.
    session.press(Press::ctrl('s'));
    assert!(matches!(session.effects.last(), Some(Effect::Write(..))));
}

#[test]
fn an_empty_preview_is_not_gone_on_with() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data").enter();
    session.event(Event::Previewed(session.preview_ticket(), Ok(Preview::default()))).enter();
    assert_eq!(session.state.screen, Screen::Preview);
    assert!(session.said().contains("no table was found"));
}

#[test]
fn a_sign_in_that_was_taken_back_is_made_anew_in_place() {
    let mut session = Session::new();
    session.detect(vec![self::session()]).enter();
    session.event(Event::Listed(session.accounts_ticket(), Err(trouble("the session is no longer valid"))));
    assert!(session.state.hints().iter().any(|hint| hint.key == "s"));
    session.letter('s');
    assert_eq!((session.state.screen, session.state.trail.as_slice()), (Screen::SignIn, [Screen::Method].as_slice()));
    session.event(Event::SignIn(session.sign_in_ticket(), SignInEvent::Done("signed in".into())));
    assert_eq!(session.state.screen, Screen::Directory);
    let ticket = session.accounts_ticket();
    session.event(Event::Accounts(ticket, vec![account(1), account(2)])).event(Event::Listed(ticket, Ok(())));
    session.text("s");
    assert_eq!((session.state.screen, session.state.list.filter.as_str()), (Screen::Directory, "s"), "s is text again");
}

#[test]
fn a_config_that_changed_meanwhile_is_not_overwritten_and_no_answer_is_lost() {
    let toml = crate::compose(&crate::tests::whole()[0], &crate::tests::facts()).expect("a config").document.toml;
    let there = crate::Place { existing: Some(toml.clone()), ..place() };
    let mut session = Session::with(Start { place: there, init: true, ..Start::default() });
    session.enter().detect(vec![]).pick(Row::Other(Way::Chain)).identified().enter();
    session.press(Press::ctrl('u')).text("new-lake").enter().enter().previewed().enter();
    session.press(Press::ctrl('s'));
    let ticket = session.write_ticket();
    let theirs = toml.replace("compression = \"zstd\"", "compression = \"snappy\" # theirs");
    session.event(Event::Changed(ticket, Some(theirs.clone())));
    session.event(Event::Written(ticket, Err(trouble("it was changed meanwhile"))));
    assert!(matches!(&session.state.popup, Some(Popup::Trouble(trouble)) if trouble.what.contains("meanwhile")));
    session.enter();
    assert_eq!((session.state.screen, session.state.review), (Screen::Review, Review::default()));
    let document = session.state.facts.document.got().expect("a config");
    let ours = theirs.replace("--bucket my-lake", "--bucket new-lake --compression snappy");
    assert_eq!(document.toml, ours.replace("\"my-lake\"", "\"new-lake\""));
    assert!(document.changes.contains(&"+bucket = \"new-lake\"".to_owned()), "{:?}", document.changes);
    session.press(Press::ctrl('s'));
    let Some(Effect::Write(again, writing)) = session.effects.last() else { panic!("{:?}", session.effects) };
    assert!(*again != ticket && writing.before.as_deref() == Some(theirs.as_str()));
    // Gone, it is made anew; broken, it is not touched.
    let again = *again;
    session.event(Event::Changed(again, None));
    let document = session.state.facts.document.got().expect("a config");
    assert!(document.toml.contains("bucket = \"new-lake\"") && document.changes.is_empty());
    session.event(Event::Changed(again, Some("[auth".into())));
    assert!(session.state.facts.document.trouble().is_some_and(|trouble| trouble.what.contains("not TOML")));
    assert!(session.state.answers.is(Id::Bucket, "new-lake"));
}

#[test]
fn answers_that_do_not_go_together_are_told_at_the_review() {
    let there = "version = 1\n[destination]\nbucket = \"b-1\"\npath = \"{{TABLE}}/{{UUID}}\"\nstorage_class = \"GLACIER_IR\"\n\
                 [[source]]\ntype = \"files\"\npaths = [\"a\"]\n";
    let place = crate::Place { existing: Some(there.into()), ..place() };
    let answers = Answers::from_flags([(Id::Storage, vec!["embedded".into()])]).expect("flags");
    let mut session = Session::with(Start { place, answers, init: true, ..Start::default() });
    session.enter().enter().enter();
    assert_eq!(session.state.screen, Screen::Preview);
    assert!(session.state.trouble().expect("told").what.contains("storage_class"));
    session.letter('g').enter();
    assert!(matches!(&session.state.popup, Some(Popup::Trouble(trouble)) if trouble.what.contains("storage_class")));
    assert!(!session.effects.iter().any(|effect| matches!(effect, Effect::Write(..))));
}

#[test]
fn a_start_url_or_region_that_the_service_refuses_is_edited_in_place() {
    let mut session = Session::new();
    session.pick(Row::Other(Way::Sso)).text("https://acme.awsapps.com/start").press(Key::Tab).text("eu-west-1").enter();
    let failed = SignInEvent::Failed(trouble("InvalidRequestException: the start URL is of another region"));
    session.event(Event::SignIn(session.sign_in_ticket(), failed)).letter('e');
    let texts: Vec<&str> = session.state.form.fields.iter().map(|field| field.text.as_str()).collect();
    assert_eq!((session.state.screen, texts), (Screen::Details, vec!["https://acme.awsapps.com/start", "eu-west-1"]));
    session.press(Key::Tab).press(Press::ctrl('u')).text("eu-central-1").enter();
    let Some(Effect::SignIn(_, SignInRequest::Sso { region, .. })) = session.effects.last() else {
        panic!("{:?}", session.effects)
    };
    assert_eq!(region.as_deref(), Some("eu-central-1"));
    assert_eq!(session.state.trail, [Screen::Method, Screen::Details]);
}
