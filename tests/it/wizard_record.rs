//! Sessions that are recorded play again to the same screen, without anything that they met, and hold no secret.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use lakeward_testkit::{Home, Key};
use lakeward_tui::wizard::{Look, capture};
use lakeward_wizard::{Exit, Id, Screen, State, record};

use crate::{
    init_session::Session,
    login_mfa::Mfa,
    loopback_aws::at,
    program::{lacks, lakeward},
    wizard::{choose, config, destination, home, review, run_to_its_end, source},
};

const RECORD: [&str; 3] = ["init", "--record", "session.jsonl"];

fn file(home: &Home) -> PathBuf {
    home.path().join("session.jsonl")
}

/// The session so far.
#[track_caller]
fn session(home: &Home) -> String {
    assert_eq!(fs::metadata(file(home)).unwrap().permissions().mode() & 0o777, 0o600);
    fs::read_to_string(file(home)).unwrap()
}

#[track_caller]
fn played(session: &str) -> State {
    record::play(session).unwrap_or_else(|error| panic!("{error}:\n{session}"))
}

/// What a terminal of 80 by 24 shows of it.
fn drawn(state: &State) -> String {
    let text = capture::text(state, &Look { unicode: true, colour: true }, 80, 24);
    text.trim_end().to_owned()
}

#[test]
fn a_session_plays_again_from_its_record_to_the_same_screen_and_end() {
    let home = home();
    let mut terminal = lakeward(&home).args(RECORD).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    review(&mut terminal);
    let last = run_to_its_end(&mut terminal);
    let _ = terminal.end().exits(0);
    let session = session(&home);
    let state = played(&session);
    assert_eq!((state.screen, state.exit.clone()), (Screen::Farewell, Some(Exit::Run(0))));
    assert_eq!(drawn(&state), last.trim_end());
    assert!(state.facts.document.got().is_some_and(|document| document.toml == config(&home)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_masked_and_what_came_of_it_plays_again() {
    let mfa = Mfa::start().await;
    let mut terminal = at(&mfa.aws, lakeward(&mfa.home).args(RECORD)).on_terminal(80, 24);
    choose(&mut terminal, "Profile \"inner\"");
    for (code, then) in [("918273", "r try again"), ("123456", "AWS knows these credentials")] {
        terminal.until("Enter hand over");
        terminal.text(code);
        terminal.until("••••••");
        terminal.press(Key::Enter);
        terminal.until(then);
        if code == "918273" {
            terminal.press(Key::Char('n'));
        }
    }
    let last = terminal.screen();
    let session = session(&mfa.home);
    let typed: String = session.lines().filter_map(|line| line.split_once("{\"Char\":\"")?.1.chars().next()).collect();
    assert!(typed.ends_with("000000n000000"), "{typed}");
    assert_eq!(drawn(&played(&session)), last.trim_end());
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
    assert_eq!(played(&self::session(&mfa.home)).exit, Some(Exit::Interrupted));
}

#[test]
fn lines_are_recorded_as_the_screen_is() {
    let home = home();
    let mut session = Session::begin(lakeward(&home).args(RECORD).arg("--plain"));
    session.choose("No AWS");
    session.answer(": Folder\n", "my-lake");
    session.until(": Bucket\n");
    let _ = session.end().exits(2);
    let state = played(&self::session(&home));
    assert_eq!(state.screen, Screen::Destination);
    assert!(matches!(state.exit, Some(Exit::Unanswered(missing)) if missing.contains(&Id::Paths)));
}

#[test]
fn what_can_not_be_recorded_is_told_before_anything_is_asked() {
    let home = home();
    home.write("session.jsonl", "mine");
    let output = lakeward(&home).args(RECORD).run().exits(2);
    assert_eq!(
        lacks(&output.stderr, &["can't be recorded in session.jsonl", "not there yet"]),
        [""; 0],
        "{}",
        output.stderr
    );
    assert_eq!(fs::read_to_string(file(&home)).unwrap(), "mine");
    let output = lakeward(&home).args(["init", "--record", "none/s.jsonl"]).run().exits(2);
    assert!(output.stderr.contains("can't be recorded in none/s.jsonl"), "{}", output.stderr);
    let whole = ["init", "--record", "s.jsonl", "--storage", "embedded", "--bucket", "test", "--paths", "data/*.csv"];
    let output = lakeward(&home).args(whole).run().exits(2);
    assert!(
        output.stderr.contains("no question is open") && !home.path().join("s.jsonl").exists(),
        "{}",
        output.stderr
    );
    let _ = lakeward(&home).args(["init", "--yes", "--record", "s.jsonl"]).run().exits(2);
}
