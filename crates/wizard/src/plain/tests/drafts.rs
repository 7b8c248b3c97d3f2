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
