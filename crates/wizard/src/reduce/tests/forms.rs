use super::*;
use crate::{Intent, Popup};

#[test]
fn text_is_edited_by_graphemes() {
    let mut session = Session::new();
    session.lead_to_destination();
    session.text("a🇩🇪e\u{301}b").press(Key::Left).press(Key::Backspace);
    assert_eq!((session.state.form.fields[0].text.as_str(), session.state.form.fields[0].cursor), ("a🇩🇪b", 2));
    session.press(Key::Left).press(Key::Delete);
    assert_eq!(session.state.form.fields[0].text, "ab");
    session.press(Key::Home).text("x").press(Key::End).text("y").press(Press::ctrl('a')).press(Key::Delete);
    assert_eq!(session.state.form.fields[0].text, "aby");
    session.press(Press::ctrl('k'));
    assert_eq!(session.state.form.fields[0].text, "");
    session.press(Key::Tab).press(Press::ctrl('w'));
    assert_eq!(session.state.form.fields[1].text, "raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/");
}

#[test]
fn a_paste_of_several_lines_does_not_submit() {
    let mut session = Session::new();
    session.lead_to_destination().event(Event::Paste(" my-\u{1b}[31mlake\r\n".into()));
    assert_eq!(session.state.screen, Screen::Destination);
    assert_eq!(session.state.form.fields[0].text, "my-[31mlake");
    session.event(Event::Paste("x".repeat(10_000)));
    assert!(session.state.form.fields[0].error.is_some() && session.state.form.fields[0].text.len() < 100);
}

#[test]
fn in_a_window_too_small_to_see_them_keys_act_on_nothing() {
    let mut session = Session::new();
    session.lead_to_destination().event(Event::Resize(32, 8));
    session.text("my-lake").event(Event::Paste("my-lake".into())).enter().press(Key::Esc).press(Key::F(2));
    assert_eq!((session.state.screen, session.state.form.fields[0].text.as_str()), (Screen::Destination, ""));
    session.press(Press::ctrl('c')).press(Key::Esc).event(Event::Resize(60, 16)).text("my-lake");
    assert_eq!((session.state.form.fields[0].text.as_str(), &session.state.popup), ("my-lake", &None));
    session.event(Event::Resize(59, 16)).press(Press::ctrl('c')).enter();
    assert_eq!(session.state.exit, Some(Exit::Left));
}

#[test]
fn no_choice_is_a_stop_among_the_choices_where_it_is_an_answer() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter();
    while session.state.focused_field().is_none_or(|field| field.id != Id::SourceFormat) {
        session.press(Key::Tab);
    }
    let text = |session: &Session| session.state.focused_field().expect("a field").text.clone();
    session.press(Key::Right);
    assert_eq!(text(&session), "csv");
    session.press(Key::Left);
    assert_eq!(text(&session), "", "found by content");
    session.press(Key::Left);
    assert_eq!(text(&session), "arrow");
    session.press(Key::Right);
    assert_eq!((text(&session), session.state.answers.is_given(Id::SourceFormat)), (String::new(), false));
}

#[test]
fn the_fields_follow_each_edit_also_one_that_was_refused() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter();
    session.event(Event::Intent(Intent::Fill(Id::Source, "cloudquery".into())));
    let shows = |session: &Session, id: Id| session.state.form.fields.iter().any(|field| field.id == id);
    while session.state.focused_field().is_none_or(|field| field.id != Id::Address) {
        session.press(Key::Tab);
    }
    assert!(shows(&session, Id::Plugin));
    session.text("zz");
    assert!(!shows(&session, Id::Plugin), "what runs at an address is not started");
    session.enter();
    let field = session.state.focused_field().expect("a field");
    assert!(field.id == Id::Address && field.error.is_some(), "{field:?}");
    session.press(Press::ctrl('u'));
    assert!(shows(&session, Id::Plugin), "without an address it is asked for its program");
    assert_eq!(session.state.focused_field().map(|field| field.id), Some(Id::Address));
    session.event(Event::Paste("127.0.0.1:7777".into()));
    assert!(!shows(&session, Id::Plugin));
    assert_eq!(session.state.focused_field().map(|field| field.text.as_str()), Some("127.0.0.1:7777"));
}

#[test]
fn a_field_that_few_need_stays_while_it_is_edited() {
    let mut session = Session::new();
    session.pick(Row::Other(Way::Sso));
    session.press(Key::F(3)).event(Event::Intent(Intent::Fill(Id::SsoSession, "acme".into()))).press(Key::F(3));
    let ids = |session: &Session| session.state.form.fields.iter().map(|field| field.id).collect::<Vec<_>>();
    assert_eq!(ids(&session), [Id::SsoSession]);
    session.press(Press::ctrl('u'));
    assert_eq!(ids(&session), [Id::SsoStartUrl, Id::SsoRegion, Id::SsoSession]);
    assert_eq!(session.state.focused_field().map(|field| field.id), Some(Id::SsoSession));
}

#[test]
fn what_is_no_buckets_name_is_not_shown_as_an_address() {
    let mut session = Session::new();
    session.lead_to_destination().text("s3://My_Bucket");
    assert!(session.state.key_preview().expect("a key").starts_with("s3://BUCKET/raw/orders/"));
    session.press(Press::ctrl('u')).text("my-lake");
    assert!(session.state.key_preview().expect("a key").starts_with("s3://my-lake/raw/orders/"));
}

#[test]
fn letters_are_text_in_fields_and_keys_elsewhere() {
    let mut session = Session::new();
    session.lead_to_destination().text("?q r");
    assert_eq!((session.state.form.fields[0].text.as_str(), &session.state.popup), ("?q r", &None));
    session.press(Key::F(1));
    assert_eq!(session.state.popup, Some(Popup::Help));
    session.press(Key::Esc).press(Key::F(2));
    assert_eq!(session.state.popup, Some(Popup::Command));
    session.letter('y');
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.expose().contains("--bucket '?q r'")));
}

#[test]
fn a_choice_changes_what_is_asked_and_what_is_the_default() {
    let mut session = Session::new();
    session.lead_to_destination();
    let ids = |session: &Session| session.state.form.fields.iter().map(|field| field.id).collect::<Vec<_>>();
    assert_eq!(ids(&session), [Id::Bucket, Id::Path, Id::Region, Id::Format, Id::Compression]);
    let at = |session: &Session, id: Id| session.state.form.fields.iter().position(|field| field.id == id).expect("it");
    while session.state.form.focus != at(&session, Id::Format) {
        session.press(Key::Tab);
    }
    session.press(Key::Right);
    let text = |session: &Session, id: Id| session.state.form.fields[at(session, id)].text.clone();
    assert_eq!((text(&session, Id::Format), text(&session, Id::Compression)), ("csv".into(), "none".into()));
    session.letter('1');
    assert_eq!((text(&session, Id::Format), text(&session, Id::Compression)), ("parquet".into(), "zstd".into()));
    session.press(Key::F(3));
    assert_eq!(ids(&session).len(), 9);
    assert_eq!(session.state.focused_field().expect("a field").id, Id::Format);
    session.event(Event::Intent(Intent::Fill(Id::FileSize, "64MiB".into()))).press(Key::F(3));
    assert!(ids(&session).contains(&Id::FileSize) && !ids(&session).contains(&Id::Endpoint), "what is answered stays");
}

#[test]
fn a_typed_answer_that_no_longer_goes_along_is_told() {
    let mut session = Session::new();
    session.lead_to_destination();
    session.event(Event::Intent(Intent::Fill(Id::Bucket, "my-lake".into())));
    session.event(Event::Intent(Intent::Fill(Id::Compression, "snappy".into())));
    session.event(Event::Intent(Intent::Fill(Id::Format, "csv".into())));
    let compression = || Id::Compression;
    let field = session.state.form.fields.iter().find(|field| field.id == compression()).expect("it").clone();
    assert!(field.note.expect("a note").contains("still right?"));
    session.enter();
    let field = session.state.focused_field().expect("a field");
    assert!(field.id == Id::Compression && field.error.is_some(), "{field:?}");
}

#[test]
fn enter_leads_to_what_is_missing_and_then_on() {
    let mut session = Session::new();
    session.pick(Row::Other(Way::Sso));
    let focused = |session: &Session| session.state.focused_field().map(|field| field.id);
    assert_eq!((session.state.screen, focused(&session)), (Screen::Details, Some(Id::SsoStartUrl)));
    session.text("https://acme.awsapps.com/start/#/").enter();
    assert_eq!(focused(&session), Some(Id::SsoRegion));
    session.text("eu-central-1").enter();
    assert_eq!(session.state.screen, Screen::SignIn);
    let Some(Effect::SignIn(_, SignInRequest::Sso { session: name, start_url, region })) = session.effects.last()
    else {
        panic!("{:?}", session.effects)
    };
    assert_eq!(
        (name, start_url.as_deref(), region.as_deref()),
        (&None, Some("https://acme.awsapps.com/start"), Some("eu-central-1"))
    );
}

#[test]
fn the_key_preview_follows_each_key_and_says_what_is_wrong() {
    let mut session = Session::new();
    session
        .lead_to_destination()
        .text("my-lake")
        .press(Key::Tab)
        .press(Press::ctrl('u'))
        .text("x/{{TABLE}}-{{UUID}}.{{FORMAT}}");
    assert!(session.state.key_preview().expect("a key").starts_with("s3://my-lake/x/orders-0193"));
    session.text("{{");
    assert!(session.state.key_preview().expect_err("unclosed").contains("never closes"));
}

#[test]
fn standard_input_is_not_looked_into() {
    let mut session = Session::with(Start { place: crate::Place { stdin_piped: true, ..place() }, ..Start::default() });
    session.lead_to_destination().text("my-lake").enter();
    assert!(session.state.answers.is(Id::Source, "stdin"));
    session.event(Event::Intent(Intent::Fill(Id::Table, "t".into())));
    session.event(Event::Intent(Intent::Fill(Id::SourceFormat, "csv".into()))).enter();
    assert_eq!(session.state.screen, Screen::Review);
}

#[test]
fn an_empty_field_is_judged_when_it_is_passed_and_not_when_one_goes_back() {
    let mut session = Session::new();
    session.detect(vec![]).pick(Row::Other(Way::Sso));
    let error = |session: &Session, at: usize| session.state.form.fields[at].error.is_some();
    session.press(Key::Tab).press(Key::BackTab);
    assert!(error(&session, 0) && !error(&session, 1) && session.state.form.focus == 0);
    session.press(Key::Tab).press(Key::Tab).press(Key::BackTab);
    assert!(error(&session, 1), "it was passed");
    session.press(Key::BackTab);
    assert!(error(&session, 1), "and is open still");
}

#[test]
fn what_was_found_for_another_answer_does_not_stay_in_its_field() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::Esc);
    session.state.answers.give(Id::Region, "eu-west-1".into(), crate::From::Detected);
    session.enter();
    assert_eq!(session.state.form.fields[2].text, "eu-west-1");
    while session.state.form.focus != 0 {
        session.press(Key::BackTab);
    }
    session.text("-2").press(Key::Tab).press(Key::Tab).press(Key::Tab);
    assert_eq!((session.state.form.fields[2].text.as_str(), session.state.answers.get(Id::Region)), ("", None));
}

fn at_plugin() -> Session {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().press(Key::BackTab).press(Key::Left);
    assert_eq!(ids(&session), [Id::Source, Id::Address, Id::Plugin, Id::Tables, Id::SkipTables, Id::Spec]);
    session
}

fn ids(session: &Session) -> Vec<Id> {
    session.state.form.fields.iter().map(|field| field.id).collect()
}

#[test]
fn a_plugin_is_a_program_or_an_address() {
    let mut session = at_plugin();
    for is_wrong in [false, true] {
        session.enter();
        let focused = session.state.focused_field().expect("a field");
        assert_eq!((focused.id, focused.error.is_some()), (Id::Plugin, is_wrong));
    }
    session.press(Key::F(3));
    assert!(ids(&session).ends_with(&[Id::Spec, Id::Network, Id::Timeout]));
    session.event(Event::Intent(Intent::Fill(Id::Address, "127.0.0.1:7777".into())));
    assert!(!ids(&session).contains(&Id::Plugin) && !ids(&session).contains(&Id::Network));
    session.event(Event::Intent(Intent::Fill(Id::Spec, "{\"a\": 1}".into()))).enter();
    let Some(Effect::Preview(_, plan)) = session.effects.last() else { panic!("{:?}", session.effects) };
    let lakeward_core::plan::SourcePlan::CloudQuery(plugin) = &plan.sources[0] else { panic!("{plan:?}") };
    assert_eq!(plugin.place, lakeward_core::plan::PluginPlace::Address("127.0.0.1:7777".into()));
    assert_eq!((plugin.tables.as_slice(), plugin.spec["a"].as_i64()), (["*".to_owned()].as_slice(), Some(1)));
    assert_eq!(session.state.awaited().map(|(what, _)| what), Some("the plugin to list its tables"));
    // What was typed is there again, as it was typed or as the same.
    session.press(Key::Esc);
    let spec = session.state.form.fields.iter().find(|field| field.id == Id::Spec).expect("a field");
    assert_eq!(spec.text, "{ a = 1 }");
}

#[test]
fn a_secret_that_is_typed_into_a_spec_is_refused_and_goes_nowhere() {
    let mut session = at_plugin();
    for secret in ["{ token = \"hush\" }", "{ token = \"hush", "{\"a\": {\"password\": \"hush\"}}"] {
        session.event(Event::Intent(Intent::Fill(Id::Plugin, "./p".into())));
        session.event(Event::Intent(Intent::Fill(Id::Spec, secret.into()))).enter();
        let focused = session.state.focused_field().expect("a field").clone();
        assert_eq!((session.state.screen, focused.id), (Screen::Source, Id::Spec));
        assert!(focused.error.is_some_and(|error| !error.contains("hush")));
        assert!(!session.state.command().contains("hush") && session.state.command().contains("--plugin ./p"));
        session.press(Key::F(2)).letter('y').press(Key::Esc);
    }
    // A long one is shown whole, and not lost.
    let spec = format!("{{ a = \"{}\" }}", "x".repeat(10_000));
    session.state.answers.give(Id::Spec, Value::Text(spec.clone()), crate::From::Typed);
    session.state.show(Screen::Source);
    session.press(Key::Tab).enter();
    assert_eq!((session.state.screen, session.state.answers.text(Id::Spec)), (Screen::Preview, Some(spec.as_str())));
    session.event(Event::Signal);
    let drafts = session.effects.iter().filter_map(|effect| match effect {
        Effect::SaveDraft(text) => Some(text.as_str()),
        Effect::Copy(text) => Some(text.expose()),
        _ => None,
    });
    let drafts: Vec<&str> = drafts.collect();
    assert!(drafts.len() >= 5 && drafts.iter().all(|draft| !draft.contains("hush")), "{drafts:#?}");
}

#[test]
fn the_command_says_what_enter_would_choose_and_no_default_before_its_screen() {
    let mut session = Session::new();
    session.detect(vec![self::session()]);
    let command = |session: &Session| session.state.command();
    assert_eq!(command(&session), "lakeward init --auth sso --sso-session acme");
    session.press(Key::End);
    assert_eq!(command(&session), "lakeward init --storage embedded");
    session.press(Key::Up).press(Key::F(2)).letter('y');
    assert_eq!(command(&session), "lakeward init --auth chain");
    assert!(matches!(session.effects.last(), Some(Effect::Copy(text)) if text.expose() == command(&session)));
    session.press(Key::Esc).enter().identified().enter().text("my-lake");
    assert_eq!(command(&session), "lakeward init --auth chain --bucket my-lake");
    session.enter();
    assert_eq!(command(&session), "lakeward init --auth chain --bucket my-lake --source files");
}

#[test]
fn no_command_says_what_was_refused_or_can_not_be_chosen() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::Tab).press(Key::BackTab).press(Key::Backspace);
    for _ in 0..5 {
        session.press(Key::Backspace);
    }
    session.press(Key::Tab);
    let refused = session.state.form.fields.iter().find(|field| field.id == Id::Bucket).expect("a field");
    assert!(refused.text == "m" && refused.error.is_some(), "{refused:?}");
    assert!(!session.state.command().contains("--bucket"), "{}", session.state.command());
    session.press(Key::Esc);
    assert!(!session.state.command().contains("--bucket"), "nor once its form was left: {}", session.state.command());
    assert!(!session.state.is_on_unusable());

    let mut session = Session::new();
    let broken = Found { condition: Condition::Broken("it names no role".into()), ..self::session() };
    session.detect(vec![self::session(), broken]);
    assert!(!session.state.is_on_unusable());
    session.press(Key::Down);
    assert!(session.state.is_on_unusable(), "{:?}", session.state.list);
}

#[test]
fn the_key_of_an_emptied_path_is_that_of_the_default() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::Tab);
    let key = session.state.key_preview();
    assert!(key.as_ref().is_ok_and(|key| key.starts_with("s3://my-lake/raw/orders/")), "{key:?}");
    session.press(Press::ctrl('u'));
    assert_eq!(
        (session.state.focused_field().map(|field| field.text.as_str()), session.state.key_preview()),
        (Some(""), key)
    );
    session.press(Key::F(3));
    while session.state.focused_field().is_none_or(|field| field.id != Id::Storage) {
        session.press(Key::Tab);
    }
    session.press(Key::Right);
    while session.state.focused_field().is_none_or(|field| field.id != Id::Dir) {
        session.press(Key::Tab);
    }
    session.press(Press::ctrl('u'));
    let key = session.state.key_preview().expect("a key");
    assert!(key.starts_with("lake/my-lake/raw/"), "{key}");
    while session.state.focused_field().is_none_or(|field| field.id != Id::Path) {
        session.press(Key::Tab);
    }
    session.press(Press::ctrl('u')).text("{{NOPE}}");
    assert!(session.state.key_preview().is_err(), "of what stands there and is no path");
}

#[test]
fn a_preview_begins_with_the_table_that_has_a_warning() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data").enter();
    let table = |name: &str| PreviewedTable { name: name.into(), ..PreviewedTable::default() };
    let odd = PreviewedTable { odd: vec!["n is text because of line 3".into()], ..table("broken") };
    let tables = vec![table("airports"), odd, table("orders")];
    session.event(Event::Previewed(session.preview_ticket(), Ok(Preview { tables })));
    assert_eq!(session.state.list.focused(), Some(crate::Row::Table(1)));
}

#[test]
fn what_a_choice_hides_comes_back_with_it() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").press(Key::F(3));
    session.state.answers.give(Id::Region, "eu-west-1".into(), crate::From::Detected);
    session.state.refresh_form();
    let (answers, fields) = (session.state.answers.clone(), session.state.form.fields.clone());
    while session.state.focused_field().is_none_or(|field| field.id != Id::Storage) {
        session.press(Key::Tab);
    }
    session.press(Key::Right);
    let note = |session: &Session, id: Id| {
        let field = session.state.form.fields.iter().find(|field| field.id == id).expect("a field");
        field.note.clone().unwrap_or_default()
    };
    assert_eq!(note(&session, Id::Bucket), "still right? Storage was s3 when this was given");
    assert_eq!((session.state.answers.get(Id::Region), &session.state.facts.identity), (None, &Remote::Idle));
    session.press(Key::Left);
    let mut kept = answers;
    kept.give(Id::Bucket, "my-lake".into(), crate::From::Typed);
    assert_eq!((&session.state.answers, &session.state.form.fields), (&kept, &fields));
    assert!(session.state.facts.identity.got().is_some(), "the credentials are the same");
}

#[test]
fn what_was_given_for_another_answer_is_looked_at_again_until_that_is_back() {
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake").enter().text("data/*.csv");
    session.event(Event::Intent(Intent::Fill(Id::Table, "orders".into())));
    let is_stale = |session: &Session| session.state.answers.get(Id::Table).expect("an answer").stale;
    session.event(Event::Intent(Intent::Fill(Id::Source, "command".into())));
    assert!(is_stale(&session));
    session.event(Event::Intent(Intent::Fill(Id::Source, "stdin".into())));
    session.event(Event::Intent(Intent::Fill(Id::Source, "files".into())));
    assert!(!is_stale(&session));
}

#[test]
fn what_is_typed_takes_the_place_of_a_default_unless_that_is_edited() {
    let mut session = Session::new();
    session.detect(vec![]);
    session.pick(Row::Other(Way::Embedded));
    let to = |session: &mut Session, id: Id| {
        while session.state.focused_field().is_none_or(|field| field.id != id) {
            session.press(Key::Tab);
        }
    };
    let text = |session: &Session| session.state.focused_field().expect("a field").text.clone();
    to(&mut session, Id::Dir);
    assert_eq!(text(&session), "lake");
    session.text("pond");
    assert_eq!(text(&session), "pond");
    // Emptied, it says its default, and has it back once it is left.
    session.press(Press::ctrl('u'));
    assert_eq!((text(&session).as_str(), session.state.default_of(Id::Dir).as_deref()), ("", Some("lake")));
    session.press(Key::Tab);
    to(&mut session, Id::Dir);
    assert_eq!(text(&session), "lake");
    session.press(Key::End).text("s");
    assert_eq!(text(&session), "lakes");
    to(&mut session, Id::Bucket);
    session.event(Event::Paste("mine".into()));
    assert_eq!(text(&session), "mine");
}

#[test]
fn an_empty_field_that_comes_next_is_not_wrong_yet_and_a_choice_that_does_not_go_is_said_at_once() {
    let mut session = Session::new();
    session.detect(vec![]);
    session.pick(Row::Other(Way::Sso)).text("https://acme.awsapps.com/start").enter();
    let field = session.state.focused_field().expect("a field");
    assert_eq!((field.id, &field.error), (Id::SsoRegion, &None));
    session.enter();
    assert!(session.state.focused_field().expect("a field").error.is_some(), "now it was asked for");
    let mut session = Session::new();
    session.lead_to_destination().text("my-lake");
    let to = |session: &mut Session, id: Id| {
        while session.state.focused_field().is_none_or(|field| field.id != id) {
            session.press(Key::Tab);
        }
    };
    to(&mut session, Id::Compression);
    session.press(Key::Right);
    assert_eq!(session.state.focused_field().map(|field| field.text.as_str()), Some("snappy"));
    to(&mut session, Id::Format);
    session.press(Key::Right);
    let error = |session: &Session, id: Id| {
        session.state.form.fields.iter().find(|field| field.id == id).and_then(|field| field.error.clone())
    };
    assert!(error(&session, Id::Compression).is_some_and(|error| error.contains("Parquet alone")));
    session.press(Key::Left);
    assert_eq!(error(&session, Id::Compression), None);
    session.event(Event::Intent(Intent::Fill(Id::Path, "raw/{{TABLE}}".into())));
    let error = error(&session, Id::Path).expect("an error");
    assert!(error.contains("{{UUID}}") && !error.contains("no_rotate"), "{error}");
}
