//! Drafts of earlier sessions: what is said of them, and what is asked again.

use super::*;

/// A session after one that was left.
fn after(left: &State) -> Session {
    let draft = Draft::read(&left.draft_text()).expect("a draft");
    Session::with(Start { place: left.facts.place.clone(), draft, ..Start::default() })
}

#[test]
fn an_answer_that_was_not_taken_is_asked_again_and_never_proposed() {
    let mut session = Session::new();
    session.lead_to_destination().line("bk").line("<").line("");
    // In the same session.
    assert_says(&session, "Not taken: \"bk\": ");
    assert_says(&session, "An answer is needed, such as my-lake.");
    let mut session = after(&session.plain.state);
    assert_says(&session, "Not taken so far: Bucket.");
    assert!(!session.says(", Bucket"), "{:#?}", session.printed);
    session.line("").lead_to_destination();
    assert_says(&session, "Not taken: \"bk\": ");
    assert!(!session.says("Enter takes bk"), "{:#?}", session.printed);
    session.line("");
    assert_says(&session, "Not taken: an answer is needed");
    // Whoever can't be asked any more is told that it is open.
    let turn = session.plain.end();
    assert!(turn.lines.iter().any(|line| line.contains("--bucket")), "{:#?}", turn.lines);
    // What had been proposed before, or is the default, is proposed.
    let mut session = Session::new();
    session.lead_to_destination().line("my-lake").line("raw/{{TABEL}}");
    let mut session = after(&session.plain.state);
    session.line("").lead_to_destination().line("");
    assert_says(&session, "Not taken: ");
    assert_says(&session, "Enter takes raw/{{TABLE}}/{{YEAR}}-{{MONTH}}-{{DAY}}/");
}

/// A config that is there.
fn there() -> crate::Place {
    let toml = crate::compose(&crate::tests::whole()[3], &crate::tests::facts()).expect("a config").document.toml;
    crate::Place { existing: Some(toml), ..place() }
}

fn draft(place: &crate::Place) -> Draft {
    let mut answers = Answers::default();
    answers.give(Id::Bucket, "draft-lake".into(), crate::From::Typed);
    Draft::read(&Draft::text(&answers, place, noon(), false)).expect("a draft").expect("answers")
}

#[test]
fn the_menu_says_that_an_edit_was_left() {
    const EDIT: &str = "An edit of it was left, and Edit goes on with it.";
    let mut session = Session::with(Start { place: there(), draft: Some(draft(&there())), ..Start::default() });
    assert_says(&session, EDIT);
    // One that is left in this session, too.
    session.line("2").line("n").works().line("<");
    assert!(session.screen() == Screen::Welcome && !session.says(EDIT), "{:#?}", session.printed);
    session.line("2").works().line("").works().line("").line("other-lake");
    for _ in 0..9 {
        if session.screen() == Screen::Welcome {
            break;
        }
        session.line("<");
    }
    assert_says(&session, EDIT);
    // What can't be edited is mended first.
    let existing = Some("no = [toml".to_owned());
    let place = crate::Place { existing, ..place() };
    let session = Session::with(Start { draft: Some(draft(&place)), place, ..Start::default() });
    assert!(!session.says("Edit"), "{:#?}", session.printed);
}

#[test]
fn drafts_of_other_configs_are_all_named_before_anything_is_asked() {
    let of = |name: &str| draft(&crate::Place { config: format!("/home/me/{name}").into(), ..place() });
    let named = "`lakeward init --config b.toml` and `lakeward init --config c.toml` go on with them.";
    for own in [None, Some(draft(&place()))] {
        let others = vec![of("b.toml"), of("c.toml")];
        let mut session = Session::with(Start { place: place(), draft: own.clone(), others, ..Start::default() });
        let at = |words: &str| session.printed.iter().position(|line| line.contains(words));
        let (named, asked) = (at(named), at("Go on with its answers?"));
        assert!(named.is_some() && (own.is_none() || named < asked), "{:#?}", session.printed);
        for line in if own.is_some() { ["perhaps", "n"] } else { ["?", "perhaps"] } {
            session.line(line);
            assert!(!session.says("b.toml"), "once: {:#?}", session.printed);
        }
    }
}

#[test]
fn the_help_says_what_each_answer_means_for_the_draft() {
    let mut session = Session::with(Start { place: place(), draft: Some(draft(&place())), ..Start::default() });
    session.line("?");
    for words in
        ["Enter or y: goes on.", "n: begins anew. The answers are forgotten", "q: quits. The answers are kept, and"]
    {
        assert_says(&session, words);
    }
    assert_says(&session, "Go on with its answers?");
    assert!(!session.says("Type a number") && !session.says("The same so far"), "{:#?}", session.printed);
    assert!(session.effects.iter().all(|effect| !matches!(effect, Effect::DropDraft | Effect::SaveDraft(_))));
    let mut session = Session::with(Start { place: there(), draft: Some(draft(&there())), ..Start::default() });
    session.line("2").line("?");
    for words in ["Enter or y: the edit goes on.", "begins with what lakeward.toml says.", "<: back to the menu."] {
        assert_says(&session, words);
    }
}

#[test]
fn a_draft_about_which_nobody_is_asked_is_told_of_and_gives_way_to_answers_alone() {
    let begin = || Start { place: crate::Place { is_plain: true, ..place() }, passed_over: true, ..Start::default() };
    let touches = |session: &Session| {
        let is_draft = |effect: &&Effect| matches!(effect, Effect::DropDraft | Effect::SaveDraft(_));
        session.effects.iter().filter(is_draft).count()
    };
    let mut session = Session::with(begin());
    assert_says(&session, "Answers of an earlier session are kept: `lakeward init --plain --resume` takes them.");
    session.event(Event::Tick(noon() + Duration::from_secs(5)));
    let turn = session.plain.end();
    session.take(turn);
    assert_eq!(touches(&session), 0, "{:#?}", session.effects);
    assert_says(&session, "The answers are kept: `lakeward init --plain --resume` goes on with them.");
    let mut session = Session::with(begin());
    session.line("q");
    assert_eq!(touches(&session), 0, "{:#?}", session.effects);
    // Other answers take its place, and once there were some, they are kept or dropped as ever.
    let mut session = Session::with(begin());
    session.lead_to_destination().line("my-lake");
    let turn = session.plain.end();
    session.take(turn);
    assert!(touches(&session) > 0);
}

#[test]
fn an_edit_of_a_folder_says_how_it_becomes_s3() {
    const LEADS: &str = "To go to S3 instead of a folder: + asks about Storage too";
    let toml = crate::compose(&crate::tests::whole()[7], &crate::tests::facts()).expect("a config").document.toml;
    let place = crate::Place { existing: Some(toml), ..place() };
    let mut session = Session::with(Start { place, init: true, ..Start::default() });
    session.works().line("");
    assert_says(&session, ": Folder");
    assert_says(&session, LEADS);
    // Once that is open, it is one of the questions.
    session.line("+");
    assert!(session.says(": Folder") && !session.says(LEADS), "{:#?}", session.printed);
    for line in ["", "", "", "", ""] {
        session.line(line);
    }
    assert_says(&session, ": Storage");
}
