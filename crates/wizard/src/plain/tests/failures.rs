use super::*;

/// A config that is there.
fn whole_toml() -> String {
    crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml
}

#[test]
fn a_draft_is_gone_on_with_or_not() {
    let mut answers = Answers::default();
    answers.give(Id::Bucket, "draft-lake".into(), crate::From::Typed);
    let draft =
        Draft::read(&Draft::text(&answers, &place(), noon() - Duration::from_secs(180), false)).expect("a draft");
    let begin = Start { place: place(), draft, ..Start::default() };
    let mut session = Session::with(begin.clone());
    assert_says(
        &session,
        "An earlier session was left 3 minutes ago, before lakeward.toml was written. It answered: Bucket. Go on with its answers? \
         Enter: yes, and each question then proposes its answer; n: no, q: leave and keep them.",
    );
    session.line("perhaps");
    assert_says(&session, "\"perhaps\" is no answer here");
    assert_says(&session, "Go on with its answers?");
    session.line("").lead_to_destination();
    assert_says(&session, "Enter takes draft-lake.");
    let mut session = Session::with(begin.clone());
    session.line("n").lead_to_destination();
    assert!(!session.says("draft-lake"));
    let mut session = Session::with(begin.clone());
    session.line("q");
    assert_eq!(session.plain.state.exit, Some(Exit::Left));
    assert!(session.plain.state.leaves_draft(), "it was not decided about");
    let said = Session::with(begin).plain.end().lines;
    assert!(said[1].starts_with("The answers are kept: "), "{said:#?}");
}

#[test]
fn a_draft_of_a_config_that_is_there_is_asked_about_with_the_edit() {
    let there = crate::Place { existing: Some(whole_toml()), ..place() };
    let mut answers = Answers::default();
    answers.give(Id::Bucket, "draft-lake".into(), crate::From::Typed);
    let draft = Draft::read(&Draft::text(&answers, &there, noon() - Duration::from_secs(180), false)).expect("a draft");
    let mut session = Session::with(Start { place: there, draft, ..Start::default() });
    assert!(!session.says("Go on with its answers?"));
    session.line("2");
    assert_says(&session, "n: no, <: back, and they are kept.");
    let edits = |session: &Session| session.printed.iter().filter(|line| line.contains("Edit")).count();
    let before = edits(&session);
    session.line("<");
    assert_eq!((session.screen(), &session.plain.state.popup), (Screen::Welcome, &None));
    assert!(edits(&session) > before, "the menu is shown again");
    session.line("2").line("");
    assert!(session.screen() == Screen::Method && session.plain.state.answers.is(Id::Bucket, "draft-lake"));
}

#[test]
fn a_failure_is_told_once_and_again_when_it_comes_again() {
    let mut session = Session::new();
    session.works().line("7");
    let ticket = |session: &Session| {
        session.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None })
    };
    let failed = trouble("no credentials").next("sign in: `lakeward auth login`\nset variables");
    session.event(Event::Identified(ticket(&session), Err(failed.clone())));
    let count = |session: &Session| session.printed.iter().filter(|line| line.contains("No credentials")).count();
    assert_eq!(count(&session), 1);
    // Each thing to do is a line.
    for line in ["Sign in: `lakeward auth login`.", "Or set variables."] {
        assert!(session.printed.iter().any(|printed| printed == line), "{:#?}", session.printed);
    }
    session.event(Event::Tick(noon())).event(Event::Note("the clipboard is empty".into()));
    assert_eq!(count(&session), 1);
    session.line("r");
    assert!(!session.plain.wants_line(), "r does what Enter does");
    session.event(Event::Identified(ticket(&session), Err(failed)));
    assert_eq!(count(&session), 1, "and once more after the second try");
    assert_says(&session, "Enter tries again, g goes on anyway, < goes back.");
    session.line("d");
    assert_says(&session, "\"d\" is no answer here");
    session.line("g");
    assert_eq!(session.screen(), Screen::Destination);
}

#[test]
fn a_refused_test_write_names_action_and_statement_and_is_tried_again() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake").line("").line("").line("").line("");
    session.line("1").line("x.csv").line("").line("").works();
    assert_says(&session, "Table orders: ");
    session.line("");
    assert_says(&session, "bucket = \"my-lake\"");
    assert_says(&session, "Enter tests it with one small write");
    session.line("");
    let ticket = |session: &Session| {
        session.ticket(|effect| if let Effect::Check(ticket, _) = effect { Some(*ticket) } else { None })
    };
    let refused = CheckLine {
        detail: "s3:PutObject on arn:aws:s3:::my-lake/raw/* was denied".into(),
        next: Some("have this added".into()),
        statement: Some("{\n  \"Action\": \"s3:PutObject\"\n}".into()),
        answer: Some((Id::Region, "eu-west-1".into())),
        ..check_line(Outcome::Failed, None)
    };
    session.event(Event::Checked(ticket(&session), refused));
    session.event(Event::CheckDone(ticket(&session), false));
    for words in ["s3:PutObject on arn", "Have this added.", "  \"Action\": \"s3:PutObject\"", "It does not work yet."]
    {
        assert_says(&session, words);
    }
    assert_says(&session, "u takes eu-west-1 for Region.");
    session.line("");
    assert_says(&session, "w writes the config anyway");
    session.line("policy");
    assert_says(&session, "arn:aws:s3:::my-lake/raw/*");
    session.line("command");
    assert_says(&session, "lakeward init --auth chain --bucket my-lake");
    session.line("u");
    assert!(session.plain.state.answers.is(Id::Region, "eu-west-1") && !session.plain.wants_line());
    // It works from another region too, by a detour.
    let found = Some((Id::Region, "eu-north-1".into()));
    session.event(Event::Checked(ticket(&session), check_line(Outcome::Warning, found)));
    session.event(Event::CheckDone(ticket(&session), true));
    assert_says(&session, "Enter takes eu-north-1 for Region and tests again, w writes lakeward.toml as it is.");
    session.line("");
    assert!(session.plain.state.answers.is(Id::Region, "eu-north-1") && !session.plain.wants_line());
    session.event(Event::CheckDone(ticket(&session), true));
    assert_says(&session, "It works. Enter writes lakeward.toml.");
    session.line("");
    let write = session.ticket(|effect| if let Effect::Write(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Written(write, Err(trouble("the disk is full"))));
    assert_eq!(session.printed.iter().filter(|line| line.contains("The disk is full")).count(), 1);
    assert_says(&session, "w tries again, < goes back.");
    session.printed.clear();
    assert!(session.event(Event::Tick(noon())).printed.is_empty());
    session.line("w");
    assert!(matches!(session.effects.last(), Some(Effect::Write(..))));
}

#[test]
fn a_config_that_is_there_is_told_with_whose_its_credentials_are() {
    let begin = Start { place: crate::Place { existing: Some(whole_toml()), ..place() }, ..Start::default() };
    let mut session = Session::with(begin);
    assert_says(&session, "There is a config: lakeward.toml.");
    session.works();
    assert_says(&session, "Account 111122223333");
    session.line("5");
    assert_eq!(session.plain.state.exit, Some(Exit::Done));
}

#[test]
fn enter_takes_nothing_of_a_config_that_is_there_but_what_was_come_for() {
    let place = crate::Place { existing: Some(whole_toml()), ..place() };
    let mut session = Session::with(Start { place: place.clone(), ..Start::default() });
    session.works();
    for words in
        ["Destination: s3://my-lake/raw/", "Rows from: 'data/*.csv'", "What do you want to do?", "Type a number."]
    {
        assert_says(&session, words);
    }
    assert!(!session.says("Enter takes"), "{:#?}", session.printed);
    session.line("");
    assert_says(&session, "Type a number from 1 to 5.");
    session.line("walk");
    assert_says(&session, "\"walk\" is no answer here; choose 1 to 5, or ? for help.");
    session.line("7");
    assert_says(&session, "There is no 7; choose 1 to 5.");
    assert!(session.screen() == Screen::Welcome && session.plain.state.run.began.is_none());
    // A word is as good as its number.
    let mut named = Session::with(Start { place: place.clone(), ..Start::default() });
    named.works().line("Edit");
    assert!(named.screen() != Screen::Welcome, "{:#?}", named.printed);
    let mut named = Session::with(Start { place: place.clone(), ..Start::default() });
    named.works().line("quit");
    assert_eq!(named.plain.state.exit, Some(Exit::Done));
    session.line("?");
    assert_says(&session, "What do you want to do?");
    assert!(!session.says("The same so far"), "nothing is answered: {:#?}", session.printed);
    // Whoever comes back from it means it still, and never the run.
    let mut session = Session::with(Start { place, init: true, ..Start::default() });
    session.works();
    assert_says(&session, "Type a number. Enter takes 2.");
    session.line("").works();
    assert_eq!(session.screen(), Screen::Method);
    session.line("<");
    assert_says(&session, "Type a number. Enter takes 2.");
    session.line("3").works().line("");
    assert_eq!(session.screen(), Screen::Welcome);
    assert_says(&session, "Type a number. Enter takes 2.");
    session.line("");
    assert_eq!(session.screen(), Screen::Method);
}

#[test]
fn a_source_that_can_not_be_read_is_looked_at_again_with_enter() {
    let mut session = Session::new();
    session.lead_to_destination();
    for line in ["my-lake", "", "", "", "", "1", "x.csv", "", ""] {
        session.line(line);
    }
    let ticket = session.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Previewed(ticket, Err(trouble("x.csv is not there"))));
    assert_says(&session, "Enter tries again, e goes back to Files, g goes on anyway, < goes back.");
    session.effects.clear();
    session.line("");
    assert!(matches!(session.effects.as_slice(), [Effect::Preview(..)]), "{:?}", session.effects);
    let ticket = session.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Previewed(ticket, Err(trouble("x.csv is not there")))).line("e");
    assert_says(&session, ": Files");
    assert_says(&session, "Enter takes x.csv.");
    session.line("y.csv");
    assert_says(&session, ": Table");
}

#[test]
fn enter_goes_on_from_many_tables_wherever_one_is_odd() {
    let mut session = Session::new();
    session.lead_to_destination();
    for line in ["my-lake", "", "", "", "", "1", "x.csv", "", ""] {
        session.line(line);
    }
    let ticket = session.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
    let odd = |at: usize| if at == 24 { vec!["a".to_owned()] } else { Vec::new() };
    let table = |at: usize| crate::PreviewedTable { name: format!("t{at}"), odd: odd(at), ..Default::default() };
    session.event(Event::Previewed(ticket, Ok(crate::Preview { tables: (0..30).map(table).collect() })));
    assert_says(&session, "Enter goes on.");
    session.line("");
    assert_eq!(session.screen(), Screen::Review);
}

#[test]
fn what_is_wrong_with_a_config_comes_before_the_question() {
    let existing = Some("no = [toml".to_owned());
    let mut session = Session::with(Start { place: crate::Place { existing, ..place() }, ..Start::default() });
    let at = |words: &str| session.printed.iter().position(|line| line.contains(words)).expect(words);
    assert!(at("There is a config") < at("Failed: ") && at("Failed: ") < at("What do you want to do?"));
    assert_eq!(session.printed.iter().filter(|line| line.contains("Failed: ")).count(), 1);
    session.printed.clear();
    assert!(session.event(Event::Tick(noon())).printed.is_empty());
}

#[test]
fn what_others_named_can_not_steer_the_terminal() {
    let mut session = Session::new();
    let ticket = session.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
    let why = "\u{1b}]52;c;aGk=\u{7} \u{202e}evil\nnext".to_owned();
    let found = Found { title: "\u{1b}[2J".into(), why, ..self::session() };
    session.event(Event::Found(ticket, Box::new(found))).event(Event::Detected(ticket)).line("\u{1b}[31m");
    session.line("?");
    assert!(session.printed.iter().all(|line| is_plain(line)));
}

#[test]
fn a_config_that_changed_meanwhile_is_shown_anew() {
    let toml = crate::compose(&crate::tests::whole()[0], &crate::tests::facts()).expect("a config").document.toml;
    let place = crate::Place { existing: Some(toml.clone()), ..place() };
    let mut session = Session::with(Start { place, init: true, ..Start::default() });
    session.line("").works().line("").works().line("").line("new-lake");
    for line in ["", "", "", "", "", "", "", ""] {
        session.line(line);
    }
    session.works().line("");
    assert_says(&session, "+bucket = \"new-lake\"");
    session.line("w");
    let write = session.ticket(|effect| if let Effect::Write(ticket, _) = effect { Some(*ticket) } else { None });
    session.printed.clear();
    session.event(Event::Changed(write, Some(toml.replace("my-lake", "their-lake"))));
    session.event(Event::Written(write, Err(trouble("lakeward.toml was changed by another program"))));
    assert_says(&session, "-bucket = \"their-lake\"");
    assert_says(&session, "+bucket = \"new-lake\"");
    assert_says(&session, "Failed: lakeward.toml was changed by another program.");
}
