use super::*;

#[test]
fn the_whole_chain_is_told_link_by_link() {
    let mut session = Session::new();
    session.works().line("w");
    let ticket = session.ticket(|effect| if let Effect::Explain(ticket) = effect { Some(*ticket) } else { None });
    let link = crate::SearchLink {
        number: 2,
        name: "role of the profile".into(),
        state: "found".into(),
        detail: "role loader".into(),
        below: vec!["role_arn = x (~/.aws/config:7)".into()],
        ..crate::SearchLink::default()
    };
    let inner = crate::SearchLink { depth: 1, number: 1, state: "found".into(), ..crate::SearchLink::default() };
    let later = crate::SearchLink {
        number: 3,
        name: "web identity".into(),
        state: "not reached".into(),
        unreached: true,
        detail: "nothing names a token".into(),
        ..crate::SearchLink::default()
    };
    let search = crate::Search { links: vec![link, inner, later], ..crate::Search::default() };
    session.event(Event::Explained(ticket, Ok(search)));
    assert_says(&session, "  2. role of the profile, found: role loader");
    assert_says(&session, "     role_arn = x (~/.aws/config:7)");
    assert_says(&session, "  3. web identity, not tried, as the chain ended at 2: nothing names a token");
    session.line("7").works();
    assert_eq!(session.screen(), Screen::Identity);
}

#[test]
fn choices_are_numbered_and_what_enter_takes_is_said_in_words() {
    let mut session = Session::new();
    assert_says(&session, "Waiting for ways to sign in");
    assert!(!session.plain.wants_line(), "a pipe's line would choose before there is a choice");
    let question = |session: &Session| {
        session.printed.iter().position(|line| line.contains("How should Lakeward sign in to AWS?"))
    };
    assert_eq!(question(&session), None, "a question that can't be answered yet");
    session.works();
    let at = question(&session).expect("the question");
    assert!(session.printed.get(at + 1).is_some_and(|line| line.starts_with("  1. ")), "{:#?}", session.printed);
    assert_says(&session, "  1. SSO session \"acme\" (~/.aws/config:12): signed in until 21:27");
    assert_says(&session, "1 is suggested. Short-lived keys.");
    assert_says(&session, "Type a number. Enter takes 1.");
    session.line("99");
    assert_says(&session, "There is no 99; choose 1 to 8.");
    session.line("r").works();
    for words in ["How should Lakeward sign in to AWS?", "  1. SSO session", "Type a number. Enter takes 1."] {
        assert_says(&session, words);
    }
    session.line("7").works();
    assert_says(&session, "Account 111122223333, arn:aws:sts::111122223333:assumed-role/Writer/me.");
    assert_says(&session, "The keys are good for 60 minutes, and are renewed by themselves.");
    session.line("");
    assert_says(&session, "Question 2 of about 10: Bucket");
    let at = |words: &str| session.printed.iter().position(|line| line == words).expect(words);
    let about = at("The bucket's name alone, without s3://, or the ARN of an access point.");
    assert!(about < at("An answer is needed, such as my-lake."), "{:#?}", session.printed);
    session.line("my-lake");
    assert_says(&session, "Enter takes raw/{{TABLE}}/");
    assert_says(&session, "An object's address then is such as s3://my-lake/raw/orders/2026-02-02/");
    session.line("").line("");
    assert_says(&session, "Question 5 of about 10: Format");
    assert_says(&session, "  2. csv: comma-separated values");
    assert_says(&session, "Enter takes parquet.");
    session.line("9");
    assert_eq!(session.printed, ["There is no 9; choose 1 to 3."]);
    session.line("CSV");
    assert_says(&session, "Enter takes none.");
    session.line("gzip");
    assert_eq!(session.screen(), Screen::Source);
    assert!(
        session.plain.state.answers.is(Id::Format, "csv") && session.plain.state.answers.is(Id::Compression, "gzip")
    );
}

#[test]
fn an_answer_that_is_not_taken_is_repeated_with_the_reason_and_an_example() {
    let mut session = Session::new();
    session.lead_to_destination().line("My_Lake");
    assert_says(&session, "Not taken: \"My_Lake\": a bucket's name is made of lower-case letters");
    assert_says(&session, "An answer is needed, such as my-lake.");
    session.line("");
    assert_eq!(
        session.printed,
        ["Not taken: an answer is needed, such as my-lake.", "", "Question 2 of about 10: Bucket"],
        "nothing of it twice"
    );
    session.line("my-lake").line("raw/{{TABLE}}.{{FORMAT}}");
    assert_says(&session, "overwrite");
    assert_says(&session, "Enter takes raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/");
    session.line("raw/{{TABEL}}").line("");
    assert!(
        session.plain.state.key_preview().is_ok_and(|key| key.contains("/raw/orders/")),
        "what was proposed is taken"
    );
    session.line("eu central");
    assert_says(&session, "Not taken: \"eu central\" is no region's name");
    assert_says(&session, "Such as eu-central-1. Enter leaves it empty.");
    session.line("<").line("lake");
    assert_says(&session, "The path had no variable, and is lake/{{TABLE}}/{{UUID}}.{{FORMAT}} now.");
    let at = |words: &str| session.printed.iter().position(|line| line.contains(words));
    assert!(at("The path had no variable") < at("Question 4"), "before what is asked next: {:#?}", session.printed);
    assert_says(&session, "An object's address is such as s3://my-lake/lake/orders/0193");
    session.line("").line("5").line("bzip2");
    session.line("1").line("bzip2");
    assert_says(&session, "Enter takes zstd.");
    session.line("");
    assert_eq!(session.screen(), Screen::Source);
}

#[test]
fn a_choice_that_no_longer_goes_along_is_asked_again() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake").line("").line("").line("parquet").line("snappy");
    session.line("<");
    assert_eq!(session.screen(), Screen::Destination);
    assert_says(&session, "Question 6 of about 10: Compression");
    session.line("<");
    assert_says(&session, "Question 5 of about 10: Format");
    session.line("2").line("");
    assert_says(&session, "Not taken: snappy goes with Parquet alone");
    session.line("1");
    assert_eq!(session.screen(), Screen::Source);
}

#[test]
fn back_leads_to_the_question_before_and_then_to_the_screen_before() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake").line("<");
    assert_says(&session, "Question 2 of about 10: Bucket");
    assert_says(&session, "Enter takes my-lake.");
    session.line("<");
    assert_eq!(session.screen(), Screen::Identity);
    session.line("<").line("<");
    assert_eq!(session.screen(), Screen::Method);
    assert_says(&session, "This is the first question");
    assert_says(&session, "How should Lakeward sign in to AWS?");
    session.line("7").works().line("");
    assert_says(&session, "Enter takes my-lake.");
}

#[test]
fn the_count_of_questions_is_open_until_nothing_depends_on_an_answer_and_never_falls() {
    let mut session = Session::new();
    session.works();
    assert_says(&session, "Question 1 of about 10: How should Lakeward sign in to AWS?");
    session.line("8");
    assert_says(&session, "Question 2 of about 10: Folder");
    for line in ["", "", "", "", ""] {
        session.line(line);
    }
    assert_says(&session, "Question 7 of about 10: Rows come from");
    session.line("");
    assert_says(&session, "Question 8 of 10: Files");
    session.line("x.csv");
    assert_says(&session, "Question 9 of 10: Table");
}

#[test]
fn back_leads_past_what_flags_answered() {
    let flags = [(Id::Bucket, "b-1"), (Id::Path, "{{UUID}}"), (Id::Region, "eu-west-1"), (Id::Format, "csv")];
    let flags = flags.into_iter().chain([(Id::Compression, "none")]).map(|(id, text)| (id, vec![text.to_owned()]));
    let answers = Answers::from_flags(flags).expect("flags");
    let mut session = Session::with(Start { place: place(), answers, ..Start::default() });
    session.works().line("7").works().line("");
    assert_eq!(session.screen(), Screen::Source, "nothing is left to ask of the destination");
    assert_says(&session, "Question 7 of about 10: Rows come from");
    session.line("<");
    assert_eq!(session.screen(), Screen::Identity);
}

#[test]
fn help_says_what_a_question_is_about_and_what_can_be_typed() {
    let mut session = Session::new();
    session.works().line("?");
    assert_says(&session, "r looks again");
    assert_says(&session, "How should Lakeward sign in to AWS?");
    assert_says(&session, "< goes back, q quits and keeps the answers.");
    session.line("7").works().line("").line("?");
    assert_says(&session, Id::Bucket.question().help);
    assert_says(&session, "As a flag: --bucket. In the config: destination.bucket.");
    assert_says(&session, "The same so far: lakeward init --auth chain");
    assert_says(&session, "Question 2 of about 10: Bucket");
    session.line(" q ").line("?");
    assert!(session.plain.state.exit.is_none(), "with a blank before it, it is an answer");
    session.line("q");
    assert_eq!(session.plain.state.exit, Some(Exit::Left));
    assert!(session.effects.iter().any(|effect| matches!(effect, Effect::SaveDraft(_))));
}

#[test]
fn what_few_people_need_is_asked_where_it_is_wanted() {
    let mut session = Session::new();
    session.lead_to_destination();
    assert_says(&session, "+ also asks the questions that few people need.");
    session.line("+");
    assert_says(&session, "Question 2 of about 13: Bucket");
    for line in ["my-lake", "", "", "", "", "1 fortnight"] {
        session.line(line);
    }
    assert_says(&session, "Not taken: \"1 fortnight\"");
    session.line("64MiB").line("alias/lake").line("");
    assert_eq!(session.screen(), Screen::Source);
    assert!(session.plain.state.command().contains("--file-size 64MiB --sse-kms-key-id alias/lake"));
    assert_says(&session, "Question 10 of about 13: Rows come from");
    session.line("<");
    assert_says(&session, "Question 9 of about 13: Endpoint");
    for _ in 0..7 {
        session.line("<");
    }
    assert_says(&session, "Question 2 of about 13: Bucket");
    // Nor is it asked of whoever has said that it is no AWS.
    let mut session = Session::new();
    session.works().line("8").line("+");
    for line in ["", "", "", "", "", ""] {
        assert!(!session.says(": Storage"), "{:#?}", session.printed);
        session.line(line);
    }
    assert_eq!(session.screen(), Screen::Source);
}

#[test]
fn a_way_to_sign_in_may_be_typed_as_flags_name_it() {
    let mut session = Session::new();
    session.works().line("Embedded");
    assert!(session.plain.state.answers.is(Id::Storage, "embedded"));
    assert_says(&session, "Question 2 of about 10: Folder");
    session.line("<");
    assert_eq!(session.screen(), Screen::Method);
    session.line("no aws");
    assert_says(&session, "Question 2 of about 10: Folder");
}

#[test]
fn numbers_of_questions_follow_one_another() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake");
    for line in ["", "", "", ""] {
        session.line(line);
    }
    assert_says(&session, "Question 7 of about 10: Rows come from");
    session.line("fills");
    assert_says(&session, "found \"fills\"; did you mean \"files\"?");
    assert_says(&session, "Question 7 of about 10: Rows come from");
    assert!(!session.says("  1. files"), "the list stands above: {:#?}", session.printed);
    session.line("?");
    assert_says(&session, "  1. files");
    session.line("1");
    assert_says(&session, "Question 8 of 10: Files");
    assert_says(&session, "They count from the folder of the config: /home/me");
    session.line("?");
    assert_says(&session, "Type the answer; Enter takes what is proposed.");
    session.line("x.csv").line("");
    assert_says(&session, "Question 10 of 10: Format of the rows");
    assert_says(&session, "Enter leaves it to be found by content.");
    session.line("").works();
    assert_eq!(session.screen(), Screen::Preview);
    session.line("<");
    assert_says(&session, "Question 10 of 10: Format of the rows");
    // What a profile that was found answers is not asked.
    let mut session = Session::new();
    let found = Found {
        answers: vec![(Id::Auth, "profile".into()), (Id::Profile, "p".into())],
        sign_in: None,
        session: None,
        ..self::session()
    };
    let ticket = session.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
    session.event(Event::Found(ticket, Box::new(found))).event(Event::Detected(ticket)).line("1").works().line("");
    assert_says(&session, "Question 2 of about 10: Bucket");
}

#[test]
fn the_help_says_what_goes_with_what_has_come() {
    let mut session = Session::new();
    session.works().line("7").works().line("?");
    assert_says(&session, "Enter goes on; r asks once more.");
    assert!(!session.says("g goes on"), "nothing failed: {:#?}", session.printed);
    let mut session = Session::new();
    session.works().line("7");
    let ticket = session.ticket(|effect| if let Effect::Identify(ticket, _) = effect { Some(*ticket) } else { None });
    session.event(Event::Identified(ticket, Err(trouble("no credentials"))));
    session.line("?");
    assert_says(&session, "Enter tries again, g goes on anyway, < goes back.");
    assert!(!session.says("Enter goes on"), "{:#?}", session.printed);
    // What it was said to do.
    session.effects.clear();
    session.line("");
    assert!(matches!(session.effects.as_slice(), [Effect::Identify(..)]), "{:?}", session.effects);
    assert!(!session.says("no credentials") && !session.plain.wants_line(), "{:#?}", session.printed);
}

#[test]
fn a_plugin_is_asked_for_and_its_tables_are_told() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake");
    for line in ["", "", "", ""] {
        session.line(line);
    }
    session.line("4");
    assert_says(&session, ": Plugin running at");
    session.line("");
    assert_says(&session, "An answer is needed, such as ./cq-source-aws.");
    session.line("./cq-source-shop").line("").line("");
    session.line("{ token = \"hush\" }");
    assert_says(&session, "Not taken: `spec.token` looks like a secret");
    assert!(!session.says("hush"), "{:#?}", session.printed);
    session.line("{\"token\": \"${SHOP_TOKEN}\"}");
    assert_says(&session, "Waiting for the plugin to list its tables");
    let ticket = session.ticket(|effect| if let Effect::Preview(ticket, _) = effect { Some(*ticket) } else { None });
    let table = |number: usize| crate::PreviewedTable {
        name: format!("shop_{number}"),
        plugin: Some("the source cq-source-shop (shop v1.4.0)".into()),
        unseen: number == 1,
        ..crate::PreviewedTable::default()
    };
    session.event(Event::Previewed(ticket, Ok(crate::Preview { tables: (0..50).map(table).collect() })));
    assert_says(&session, "Found 50 tables of the source cq-source-shop (shop v1.4.0). Their rows come with a run.");
    assert_says(&session, "And 10 more: shop_40, ");
    let unseen = session.printed.iter().filter(|line| *line == "  its rows were not looked at").count();
    assert_eq!(unseen, 1, "{:#?}", session.printed);
    session.line("");
    assert_says(&session, "spec = { token = \"${SHOP_TOKEN}\" }");
    session.line("w").works();
    assert_says(&session, "Run now: land its rows; each run appends them, or what is new of them");
    session.line("2");
    assert_says(&session, "but of a plugin's incremental tables only what is new. Enter leaves.");
}

#[test]
fn what_was_looked_for_and_is_not_there_is_told_once_and_is_no_row() {
    let mut session = Session::new();
    let absent = |title: &str, why: &str| Found {
        title: title.to_owned(),
        condition: crate::Condition::Absent(why.to_owned()),
        ..self::session()
    };
    let ticket = session.ticket(|effect| if let Effect::Detect(ticket) = effect { Some(*ticket) } else { None });
    let found =
        [absent("Profile \"default\"", "no credentials in it"), absent("The EC2 instance's role", "no answer in 1 s")];
    for found in [self::session()].into_iter().chain(found) {
        session.event(Event::Found(ticket, Box::new(found)));
    }
    session.event(Event::Detected(ticket));
    let line = "Not found: Profile \"default\" (no credentials in it), The EC2 instance's role (no answer in 1 s).";
    assert_eq!(session.printed.iter().filter(|printed| *printed == line).count(), 1, "{:#?}", session.printed);
    assert_says(&session, "  2. New SSO sign-in");
    session.line("99").line("r");
    assert!(!session.says("Not found: "), "{:#?}", session.printed);
}

#[test]
fn a_choice_that_was_refused_neither_hides_what_is_wrong_elsewhere_nor_stands_in_an_address() {
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake").line("").line("").line("zzz");
    assert_says(&session, "Not taken: ");
    session.line("<").line("<");
    assert!(session.printed.iter().any(|line| line.contains("/raw/orders/") && line.ends_with(".parquet")));
    session.line("<").line("s3://foo/bar");
    assert_says(&session, "Not taken: \"s3://foo/bar\": ");
    assert_says(&session, ": Bucket");
    assert_says(&session, "Enter takes my-lake.");
}

#[test]
fn what_was_given_and_is_wrong_is_asked_again_with_its_question() {
    let mut answers = Answers::default();
    answers.give(Id::Bucket, "s3://foo/bar".into(), crate::From::Flag);
    let mut session = Session::with(Start { place: place(), answers, ..Start::default() });
    session.lead_to_destination().line("").line("").line("");
    session.line("");
    let at = |words: &str| session.printed.iter().position(|line| line.contains(words));
    let (error, question) = (at("this is a URL"), at(": Bucket"));
    assert!(error.is_some() && error < question, "{:#?}", session.printed);
    assert_eq!(session.screen(), Screen::Destination);
}

#[test]
fn a_url_is_no_folder() {
    let mut session = Session::new();
    session.works().line("no aws").line("s3://foo/bar");
    assert_says(
        &session,
        "Not taken: \"s3://foo/bar\": this is a URL, and no folder; write a folder of this machine; for S3",
    );
    assert_says(&session, "Enter takes lake.");
}

#[test]
fn the_help_of_a_question_names_the_signs_that_it_takes() {
    let mut session = Session::new();
    session.lead_to_destination().line("?");
    assert_says(&session, "+ also asks the questions that few people need.");
    assert!(!session.says("- leaves it empty."), "an answer is needed: {:#?}", session.printed);
    session.line("my-lake").line("").line("?");
    assert_says(&session, "- leaves it empty.");
}
