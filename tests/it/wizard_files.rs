//! Configs and drafts of the full screen that can't be written, and that are killed half-way.

use std::{
    fs,
    thread::sleep,
    time::{Duration, Instant},
};

use lakeward_testkit::{Home, HomeCommand, Key, Terminal, tries};

use crate::{
    program::{EMBEDDED, config, files, lakeward},
    wizard::{World, choose, destination, home, source},
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

/// Has the wizard write a file again and again, and kills it at moments from the key that begins that to well after its end. `ready`
/// leads to where the key is pressed.
#[track_caller]
fn killed<'home>(home: &Home, file: &str, [old, new]: [&str; 2], mut ready: impl FnMut() -> (Terminal<'home>, Key)) {
    let path = home.path().join(file);
    let mut begun = || {
        fs::write(&path, old).unwrap();
        // No draft is asked about.
        let _ = fs::remove_dir_all(home.path().join(".local"));
        let (mut terminal, key) = ready();
        terminal.press(key);
        terminal
    };
    let now = || fs::read_to_string(&path).unwrap();
    let (terminal, began) = (begun(), Instant::now());
    while now() != new {
        assert!(began.elapsed() < Duration::from_secs(20), "it was never written:\n{}", terminal.screen());
        sleep(Duration::from_millis(1));
    }
    let whole = began.elapsed();
    drop(terminal);
    let (times, mut written) = (tries(4, 100), 0);
    for time in 0..times {
        let terminal = begun();
        sleep(whole.mul_f64(1.5 * f64::from(time) / f64::from(times)));
        terminal.signal("KILL");
        drop(terminal);
        let now = now();
        assert!(now == old || now == new, "{now}");
        written += u32::from(now == new);
        for copy in ["bak", "lakeward.bak"].map(|end| fs::read_to_string(path.with_added_extension(end))) {
            assert!(copy.as_ref().is_ok_and(|copy| copy == old) || copy.is_err(), "{copy:?}");
        }
    }
    // So many meet it before, in the middle, and after.
    assert!(times < 20 || 0 < written && written < times, "{written} of {times} were written, each in some {whole:?}");
}

#[test]
fn a_config_is_the_old_or_the_new_one_whenever_the_wizard_is_killed() {
    let home = home();
    let old = config(EMBEDDED, &files(&["data/*.csv"]));
    let new = old.replace("\"lake\"", "\"lake2\"");
    killed(&home, "lakeward.toml", [&old, &new], || (edited(lakeward(&home).args(["init"])), Key::Ctrl('s')));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aws_config_is_the_old_or_the_new_one_whenever_the_wizard_is_killed() {
    let world = World::start().await;
    world.aws.sign_in(&world.home);
    let old = fs::read_to_string(world.home.path().join(".aws/config")).unwrap();
    let entry = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Writer\n";
    let new = format!("{old}\n[profile Writer-111122223333]\n{entry}");
    killed(&world.home, ".aws/config", [&old, &new], || (entry_shown(world.lakeward(&["init"])), Key::Enter));
}

/// Through a sign-in that is found to the change of the AWS config that would keep it as a profile, shown and not yet written.
#[track_caller]
pub(crate) fn entry_shown(init: HomeCommand<'_>) -> Terminal<'_> {
    let mut terminal = init.on_terminal(80, 24);
    choose(&mut terminal, "SSO session \"corp\"");
    terminal.until("Writer");
    terminal.press(Key::Down);
    terminal.press(Key::Enter);
    terminal.until("k keep as an AWS profile");
    terminal.press(Key::Char('k'));
    terminal.until("[profile Writer-111122223333]");
    terminal
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
