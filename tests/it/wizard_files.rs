//! Configs and drafts of the full screen that can't be written, and that are killed half-way.

use std::fs;

use lakeward_testkit::{HomeCommand, Key, Terminal, tries};

use crate::{
    program::{EMBEDDED, config, files, lakeward},
    wizard::{choose, destination, home, source},
};

/// Through the questions of the config that is there, with another folder, up to the review.
#[track_caller]
pub(crate) fn edited(init: HomeCommand<'_>) -> Terminal<'_> {
    let mut terminal = init.on_terminal(80, 24);
    terminal.until("What shall be done?");
    terminal.press(Key::Enter);
    terminal.until(" › Folder");
    terminal.text("2");
    terminal.until("lake2/test/raw");
    terminal.press(Key::Enter);
    terminal.until("Where do rows come from?");
    terminal.press(Key::Enter);
    terminal.until("row 0");
    terminal.press(Key::Enter);
    terminal.until("+dir = \"lake2\"");
    terminal
}

#[test]
fn a_config_is_the_old_or_the_new_one_whenever_the_wizard_is_killed() {
    let home = home();
    let old = config(EMBEDDED, &files(&["data/*.csv"]));
    let new = old.replace("\"lake\"", "\"lake2\"");
    for at in 0..tries(4, 100) {
        home.write("lakeward.toml", &old);
        let mut terminal = edited(lakeward(&home).args(["init"]));
        terminal.press(Key::Ctrl('s'));
        std::thread::sleep(std::time::Duration::from_micros(u64::from(at) * 1500 % 9000));
        terminal.signal("KILL");
        drop(terminal);
        let now = fs::read_to_string(home.path().join("lakeward.toml")).unwrap();
        assert!(now == old || now == new, "{now}");
        // No draft is asked about the next time.
        let _ = fs::remove_dir_all(home.path().join(".local"));
    }
}

#[test]
fn where_nothing_can_be_written_it_is_said_and_the_answers_stay_on_screen() {
    let home = home();
    // Files where folders would have to be.
    home.write(".local", "");
    home.write("file", "");
    let mut terminal = lakeward(&home).args(["init", "--config", "file/lakeward.toml"]).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    destination(&mut terminal, "test");
    terminal.until("can't be kept for another time");
    source(&mut terminal, "../data/*.csv");
    terminal.until("version = 1");
    terminal.press(Key::Ctrl('s'));
    terminal.until("can't be written");
    terminal.press(Key::Esc);
    let screen = terminal.until_gone("can't be written");
    assert!(screen.contains("version = 1"), "{screen}");
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}
