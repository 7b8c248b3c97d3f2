//! A run from within the wizard, and what stops it.

use std::time::Duration;

use lakeward_testkit::Home;

use crate::{init_session::Session, landed, program::lakeward};

/// Prints rows for ever, and notes that it was started.
const ENDLESS: &str = r#"echo x >> "$HOME/started"; echo id,text; exec yes "1,$(printf %0999d 0)""#;

#[cfg(unix)]
#[test]
fn a_signal_stops_a_run_and_what_was_taken_lands() {
    let home = Home::new();
    let command = format!("sh -c '{ENDLESS}'");
    let flags = ["--storage", "embedded", "--bucket", "test", "--command", &command, "--table", "t"];
    let more = ["init", "--plain", "--source", "command", "--source-format", "csv"];
    // One question is left, so that it does not go without any.
    let mut session = Session::begin(
        lakeward(&home).args(more).args(&flags[..2]).args(&flags[4..]).time_limit(Duration::from_secs(90)),
    );
    session.without_aws("test", "");
    session.until("Table t: id int64");
    session.answer("Enter goes on", "");
    session.answer("Enter tests it", "w");
    session.choose("Run now");
    session.until("Into lake/test/raw/: t.");
    std::thread::sleep(Duration::from_millis(500));
    session.running().signal("INT");
    session.until("Stopping: what was taken still lands");
    session.answer("Enter goes on", "");
    session.line("");
    let output = session.ended().exits(130);
    assert!(output.stdout.contains("a rerun lands"), "{}", output.stdout);
    let bucket = home.path().join("lake/test");
    assert_eq!(landed::keys(&bucket).len(), 1, "{}", output.stdout);
    // Once to look at its rows, once to land them.
    assert_eq!(std::fs::read_to_string(home.path().join("started")).unwrap(), "x\nx\n");
}

#[cfg(unix)]
#[test]
fn a_command_that_goes_on_shows_its_first_rows_and_is_ended() {
    let home = Home::new();
    let command = r#"sh -c 'echo $$ > "$HOME/shell"; echo id,text; echo 1,one; exec sleep 600'"#;
    let answers = ["--storage", "embedded", "--table", "t", "--source-format", "csv"];
    let more = ["init", "--plain", "--source", "command", "--command", command];
    let mut session = Session::begin(lakeward(&home).args(more).args(answers));
    session.without_aws("", "");
    session.until("Waiting for the first rows of the command, which runs ...");
    let told = session.until("Enter goes on.");
    assert!(told.contains("Table t: id int64, text string\n  1, one\n  the command goes on"), "{told}");
    let shell = std::fs::read_to_string(home.path().join("shell")).unwrap();
    let began = std::time::Instant::now();
    while std::path::Path::new("/proc").join(shell.trim()).exists() {
        assert!(began.elapsed() < Duration::from_secs(10), "it outlives the look");
        std::thread::sleep(Duration::from_millis(10));
    }
    session.line("");
    session.answer("Enter tests it", "q");
    assert!(session.end().exits(0).stdout.contains("Nothing was written."));
}

#[test]
fn a_value_that_makes_text_of_numbers_is_told_before_it_lands() {
    let home = Home::new();
    home.write("t.csv", "id,amount\n1,12\n2,abc\n3,14\n");
    let answers =
        ["init", "--plain", "--source", "files", "--paths", "t.csv", "--table", "t", "--source-format", "csv"];
    let mut session = Session::begin(lakeward(&home).args(answers));
    session.without_aws("", "");
    let told = session.until("Enter goes on.");
    let odd = "Table t: id int64, amount string\n  1, 12\n  2, abc\n  3, 14\n  Warning: amount is text because of line 3 of t.csv (\"abc\"); to have such rows set aside, or end the run, give the type: columns = { \"amount\" = \"int64\" }";
    assert!(told.contains(odd), "{told}");
    let _ = session.end().exits(2);
}

#[test]
fn answers_are_no_rows() {
    let home = Home::new();
    let flags = ["init", "--storage", "embedded", "--source", "stdin", "--table", "t", "--source-format", "csv"];
    // In a session of its own there is no terminal on which to ask.
    let output =
        home.command("setsid").arg("--wait").arg(crate::program::binary()).args(flags).stdin("id\n1\n").run().exits(2);
    assert!(output.stderr.contains("standard input is the data that is to be landed"), "{}", output.stderr);
}

#[test]
fn rows_with_instants_are_shown_and_tables_that_were_not_looked_at_are_told() {
    let home = Home::new();
    for number in 10..32 {
        home.write(format!("d/t{number}.csv"), "id,at\n1,2024-01-01T00:00:00Z\n");
    }
    let answers = ["init", "--plain", "--source", "files", "--paths", "d", "--table", "", "--source-format", "csv"];
    let mut session = Session::begin(lakeward(&home).args(answers));
    session.without_aws("", "");
    let told = session.until("Enter goes on.");
    assert!(told.contains("Table t10: id int64, at timestamptz\n  1, 2024-01-01T00:00:00Z\n"), "{told}");
    assert_eq!(told.matches("\n  1, 2024-01-01T00:00:00Z\n").count(), 20, "{told}");
    assert_eq!(told.matches("\n  its rows were not looked at\n").count(), 2, "{told}");
    assert!(!told.contains("holds no rows"), "{told}");
}
