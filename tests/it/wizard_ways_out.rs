//! Ways out of the full screen. After each the terminal is as it was before; how it was is compared by the harness.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use lakeward_testkit::{Home, Key, Terminal};

use crate::{
    program::{EMBEDDED, binary, config, files, lakeward},
    wizard::{choose, home, run_to_its_end},
};

const FIRST: &str = "How should Lakeward sign in";

/// The first screen, with the terminal taken.
#[track_caller]
fn begun(home: &Home) -> Terminal<'_> {
    let mut terminal = lakeward(home).on_terminal(80, 24);
    terminal.until("No AWS");
    assert!(!terminal.is_as_it_was(), "the screen is taken");
    terminal
}

#[test]
fn quitting() {
    let home = home();
    let mut terminal = begun(&home);
    terminal.press(Key::Esc);
    terminal.until("Enter quit");
    terminal.press(Key::Esc);
    terminal.until_gone("Enter quit");
    terminal.press(Key::Esc);
    terminal.until("Enter quit");
    terminal.press(Key::Enter);
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("Nothing was written."), "{}", left.screen);
    assert!(!left.screen.contains(FIRST), "{}", left.screen);
}

#[test]
fn what_is_typed_is_kept_although_nothing_is_left_in_order() {
    let home = home();
    let mut terminal = begun(&home);
    choose(&mut terminal, "No AWS");
    terminal.until(" › Folder");
    terminal.text("half-a-na");
    let draft = home.path().join(".local/state/lakeward/init.json");
    terminal.until_it("keeps it", |_| fs::read_to_string(&draft).is_ok_and(|text| text.contains("half-a-na")));
    terminal.signal("KILL");
    let _ = terminal.end();
    let mut terminal = lakeward(&home).args(["init", "--resume"]).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    terminal.until("half-a-na");
}

#[test]
fn answers_that_cannot_be_kept_are_not_promised() {
    let home = home();
    home.write("file", "");
    let state = home.path().join("file/state");
    let mut terminal = lakeward(&home).env("XDG_STATE_HOME", state).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    terminal.until(" › Folder");
    terminal.press(Key::Ctrl('c'));
    let screen = terminal.until("Your answers are lost then");
    assert!(!screen.contains("are kept"), "{screen}");
    terminal.press(Key::Enter);
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("the answers could not be kept"), "{}", left.screen);
    assert!(!left.screen.contains("goes on with the answers"), "{}", left.screen);
}

#[test]
fn control_c_twice() {
    let home = home();
    let mut terminal = begun(&home);
    terminal.press(Key::Ctrl('c'));
    terminal.until("Ctrl-C leave at once");
    terminal.press(Key::Ctrl('c'));
    let left = terminal.end().exits(130);
    assert!(left.screen.contains("Nothing was written."), "{}", left.screen);
}

#[test]
fn signals() {
    for signal in ["TERM", "HUP", "INT"] {
        let home = home();
        let terminal = begun(&home);
        terminal.signal(signal);
        let left = terminal.end().exits(130);
        assert!(left.screen.contains("Nothing was written."), "{signal}: {}", left.screen);
    }
}

#[test]
fn a_signal_while_something_is_typed_unseen() {
    let home = home();
    home.write(".aws/credentials", "[user]\naws_access_key_id = AKIAX\naws_secret_access_key = x\n");
    let role = "role_arn = arn:aws:iam::111122223333:role/x\nsource_profile = user\n";
    home.write(".aws/config", format!("[profile r]\n{role}mfa_serial = arn:aws:iam::111122223333:mfa/me\n"));
    let mut terminal = lakeward(&home).args(["init", "--plain"]).on_terminal(80, 50);
    terminal.until("1. Profile \"r\"");
    terminal.until("Type a number.");
    terminal.text("1\r");
    terminal.until("Type the six digits");
    let began = Instant::now();
    while terminal.is_as_it_was() {
        assert!(began.elapsed() < Duration::from_secs(20), "what is typed would be shown");
        thread::sleep(Duration::from_millis(10));
    }
    terminal.signal("TERM");
    let left = terminal.end().exits(130);
    assert!(left.differences.is_empty(), "{left:?}");
}

#[test]
fn a_shell_that_stops_and_continues_it() {
    let home = home();
    let mut terminal =
        home.command("bash").args(["--norc", "--noprofile", "-i"]).env("PS1", "shell> ").on_terminal(80, 24);
    terminal.until("shell>");
    terminal.text(binary().to_str().unwrap());
    terminal.press(Key::Enter);
    terminal.until(FIRST);
    terminal.press(Key::Ctrl('z'));
    let shell = terminal.until("Stopped");
    assert!(!shell.contains(FIRST), "{shell}");
    terminal.text("echo $((6 * 7))\r");
    terminal.until("\n42");
    terminal.text("fg\r");
    terminal.until(FIRST);
    terminal.until("? help");
    terminal.press(Key::Down);
    terminal.press(Key::Ctrl('c'));
    terminal.until("Ctrl-C leave at once");
    terminal.press(Key::Ctrl('c'));
    terminal.until("Nothing was written.");
    terminal.text("echo code $?\r");
    terminal.until("code 130");
    terminal.text("exit 0\r");
    let _ = terminal.end().exits(0);
}

#[test]
fn a_terminal_of_any_size_is_drawn_on_and_left() {
    let home = home();
    let mut terminal = begun(&home);
    for (columns, rows) in [(20, 5), (1, 1), (200, 60), (60, 16)] {
        terminal.resize(columns, rows);
        thread::sleep(Duration::from_millis(60));
    }
    terminal.until(FIRST);
    terminal.press(Key::Ctrl('c'));
    terminal.until("Ctrl-C");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}

#[test]
fn alone_with_a_config_it_says_what_can_be_done_and_runs_it() {
    let home = home();
    home.write("lakeward.toml", config(EMBEDDED, &files(&["data/*.csv"])));
    let mut terminal = lakeward(&home).on_terminal(80, 24);
    let screen = terminal.until("There is a config. What shall be done?");
    assert!(screen.contains("lake/test/raw/{{TABLE}}"), "{screen}");
    run_to_its_end(&mut terminal);
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("20 rows"), "{}", left.screen);
}

/// Waits for what a script has written, and takes it away.
#[cfg(target_os = "linux")]
#[track_caller]
fn pids(home: &Home) -> Vec<String> {
    let path = home.path().join("pids");
    let began = Instant::now();
    loop {
        match fs::read_to_string(&path) {
            Ok(pids) if pids.ends_with('\n') => {
                fs::remove_file(&path).unwrap();
                return pids.split_whitespace().map(str::to_owned).collect();
            }
            _ => assert!(began.elapsed() < Duration::from_secs(20), "nothing is started"),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there, and not only its number.
#[cfg(target_os = "linux")]
fn lives(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[track_caller]
fn has_ended(pids: &[String], how: &str) {
    let began = Instant::now();
    while pids.iter().any(|pid| lives(pid)) {
        assert!(began.elapsed() < Duration::from_secs(5), "{how}: {pids:?} live on");
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_prints_nothing_ends_with_the_screen_that_waits_for_its_rows() {
    let home = home();
    home.write("hang.sh", "sleep 50 &\necho $$ $! > pids\nwait\n");
    let answers = ["--source", "command", "--command", "sh hang.sh", "--table", "t", "--source-format", "csv"];
    let mut terminal = lakeward(&home).args(["init", "--no-resume"]).args(answers).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    terminal.until("Where should the data go?");
    terminal.press(Key::Enter);
    terminal.until("Where do rows come from?");
    terminal.press(Key::Enter);
    terminal.until("The command runs");
    let first = pids(&home);
    assert!(first.len() == 2 && first.iter().all(|pid| lives(pid)), "{first:?}");
    terminal.press(Key::Esc);
    has_ended(&first, "Esc");
    terminal.until("Where do rows come from?");
    terminal.press(Key::Enter);
    terminal.until("The command runs");
    assert!(pids(&home).iter().all(|pid| lives(pid)), "it is looked at anew");
    terminal.press(Key::Ctrl('c'));
    terminal.until("Ctrl-C");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_hangs_ends_with_the_screen_that_waits_for_its_credentials() {
    let home = home();
    home.write(".aws/config", "[profile tool]\nregion = eu-west-1\ncredential_process = sh hang.sh\n");
    home.write("hang.sh", "sleep 50 &\necho $$ $! > pids\nwait\n");
    // In plain lines one has a line for it once it takes long.
    let mut terminal = lakeward(&home).args(["init", "--plain"]).on_terminal(80, 50);
    terminal.until("Enter takes 1.");
    terminal.text("1\r");
    let plain = pids(&home);
    terminal.until("< goes back, q quits.\n>");
    terminal.text("<\r");
    has_ended(&plain, "<");
    terminal.until_it("asks again", |screen| screen.matches("Enter takes 1.").count() == 2);
    terminal.text("q\r");
    let _ = terminal.end().exits(0);
    let mut terminal = lakeward(&home).args(["init", "--no-resume"]).on_terminal(80, 24);
    choose(&mut terminal, "Profile \"tool\"");
    let first = pids(&home);
    assert!(first.len() == 2 && first.iter().all(|pid| lives(pid)), "{first:?}");
    terminal.press(Key::Esc);
    has_ended(&first, "Esc");
    terminal.until(FIRST);
    // What it printed would be heard: it is asked anew.
    terminal.press(Key::Enter);
    let second = pids(&home);
    assert!(second.iter().all(|pid| lives(pid)), "{second:?}");
    terminal.press(Key::Char('q'));
    terminal.until("Enter quit");
    terminal.press(Key::Char('q'));
    let left = terminal.end().exits(0);
    assert!(left.screen.contains("goes on with the answers"), "{}", left.screen);
    has_ended(&second, "q");
}
