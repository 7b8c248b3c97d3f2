//! What the full screen asks of a terminal, and what it takes from it.

use lakeward_testkit::{Key, Terminal};

use crate::{
    landed,
    program::{EMBEDDED, config, lakeward},
    wizard::{choose, home, landed as ids},
};

#[track_caller]
fn leave(mut terminal: Terminal<'_>) -> Vec<u8> {
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    terminal.end().exits(130).bytes
}

#[test]
fn a_dumb_terminal_gets_lines_and_nothing_that_steers() {
    let home = home();
    let mut terminal = lakeward(&home).env("TERM", "dumb").on_terminal(80, 50);
    terminal.until("Type a number.");
    assert!(terminal.is_as_it_was());
    terminal.text("q\r");
    let left = terminal.end();
    assert!(!left.bytes.contains(&0x1b), "{}", left.screen);
    assert!(left.differences.is_empty(), "{left:?}");
}

#[test]
fn the_terminal_is_asked_nothing_so_that_one_that_does_not_answer_is_no_hindrance() {
    let home = home();
    let mut terminal = lakeward(&home).on_terminal(80, 24);
    terminal.until("Other ways");
    terminal.press(Key::Ctrl('l'));
    terminal.press(Key::Char('?'));
    terminal.until("whole chain");
    terminal.press(Key::Esc);
    let bytes = leave(terminal);
    assert!(!String::from_utf8_lossy(&bytes).contains("\u{1b}[6n"), "it asks where the cursor is");
}

/// Whether a text sets a colour (SGR 30 to 38, 40 to 48, 90 to 107).
fn is_coloured(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let styles = text.split("\u{1b}[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then_some(&rest[..end])
    });
    let mut codes = styles.flat_map(|style| style.split([';', ':'])).filter_map(|code| code.parse::<u8>().ok());
    codes.any(|code| matches!(code, 30..=38 | 40..=48 | 90..=107))
}

#[test]
fn without_colours_nothing_is_coloured() {
    let home = home();
    home.write(".aws/credentials", "[user]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n");
    for (no_color, coloured) in [("", true), ("1", false)] {
        let mut terminal = lakeward(&home).env("NO_COLOR", no_color).on_terminal(80, 24);
        terminal.until("long-lived keys");
        terminal.until("? help");
        assert_eq!(is_coloured(&leave(terminal)), coloured);
        let _ = std::fs::remove_dir_all(home.path().join(".local"));
    }
}

#[test]
fn a_paste_of_many_lines_submits_nothing() {
    let home = home();
    let mut terminal = lakeward(&home).on_terminal(80, 24);
    terminal.until("Other ways");
    // Nothing here takes text.
    terminal.paste("6\n\n");
    choose(&mut terminal, "No AWS");
    terminal.until(" › Folder");
    terminal.press(Key::Tab);
    terminal.until(" › Bucket");
    terminal.press(Key::Ctrl('u'));
    terminal.paste("my\nlake\n\n");
    let screen = terminal.until("my lake");
    assert!(screen.contains("Where should the data go?"), "{screen}");
    let _ = leave(terminal);
}

#[test]
fn on_the_dashboard_control_c_lands_what_was_taken_and_twice_ends_at_once() {
    let home = home();
    home.write("rows.sh", "awk 'BEGIN { print \"id,text\"; for (i = 0; i < 100000000; i++) print i \",row \" i }'");
    let source = "type = \"command\"\ncommand = [\"sh\", \"rows.sh\"]\ntable = \"t\"\nformat = \"csv\"\n";
    home.write("lakeward.toml", config(EMBEDDED, source));
    for stops in [1, 2] {
        let mut terminal = lakeward(&home).on_terminal(80, 24);
        terminal.until("What shall be done?");
        terminal.press(Key::Enter);
        terminal.until("RUNNING");
        terminal.until_it("has rows", |screen| screen.contains("Rows read ") && !screen.contains("Rows read 0 "));
        for _ in 0..stops {
            terminal.press(Key::Ctrl('c'));
        }
        terminal.until("NOT DONE");
        terminal.press(Key::Enter);
        terminal.until("Enter leave");
        terminal.press(Key::Enter);
        let left = terminal.end().exits(130);
        let bucket = home.path().join("lake/test");
        if stops == 1 {
            let landed = ids(&bucket);
            assert!(!landed.is_empty() && landed.iter().copied().zip(0..).all(|(id, at)| id == at), "{landed:?}");
        }
        let objects = landed::keys(&bucket).len();
        assert_eq!(objects, 1, "after {stops}");
        let is_told = left.screen.contains("was ended at once: what was being uploaded may have landed too");
        assert_eq!(is_told, stops == 2, "{}", left.screen);
    }
}

#[test]
fn plain_lines_are_broken_between_words_at_a_terminal_alone_and_a_paste_answers_one_question() {
    let home = home();
    let mut terminal = lakeward(&home).args(["init", "--plain"]).on_terminal(60, 60);
    terminal.until("Type a number.");
    terminal.text("embedded\rother-folder\rother-bucket\r");
    terminal.until("Several lines came at once: only the first is taken.");
    terminal.until("Question 2 of about 10: Folder");
    terminal.text("?\r");
    let screen = terminal.until("The same so far:");
    assert!(!screen.contains("Question 3") && !screen.contains("Enter takes other-folder"), "{screen}");
    let lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    let broken = "The folder under which an object is the file BUCKET/KEY. It\ncounts from the folder of the config.";
    assert!(lines.join("\n").contains(broken), "{screen}");
    terminal.text("q\r");
    let _ = terminal.end().exits(0);
    let piped = lakeward(&home).args(["init", "--plain"]).stdin("embedded\n?\nq\n").run().exits(0).stdout;
    assert!(piped.contains(&broken.replace('\n', " ")), "{piped}");
    assert!(!piped.contains("Several lines"), "{piped}");
}
