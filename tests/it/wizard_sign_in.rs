//! Signing in on the full screen: with codes, with a browser, and with MFA devices.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use lakeward_loopback::aws::{Approval, Fault, Grant, Operation};
use lakeward_testkit::{Home, HomeCommand, Key, Terminal, python};

use crate::{
    loopback_aws::{at, guarded},
    program::lakeward,
    wizard::{World, choose},
};

/// The screen on which a sign-in to the session `corp` is waited for.
#[track_caller]
fn waiting(world: &World) -> Terminal<'_> {
    waiting_with(world, |command| command)
}

/// The same with more in the environment.
#[track_caller]
fn waiting_with<'world>(
    world: &'world World,
    environment: impl FnOnce(HomeCommand<'world>) -> HomeCommand<'world>,
) -> Terminal<'world> {
    let mut terminal = environment(world.init().env("SSH_CONNECTION", "1")).on_terminal(80, 24);
    choose(&mut terminal, "SSO session \"corp\"");
    terminal
}

#[tokio::test(flavor = "multi_thread")]
async fn over_ssh_a_code_is_shown_and_the_network_may_fail_meanwhile() {
    let world = World::with(|options| options.approval = Approval::Page).await;
    let mut terminal = waiting(&world);
    let screen = terminal.until("SSH session (SSH_CONNECTION is set)");
    let code = world.aws.aws.user_codes().pop().unwrap();
    assert!(screen.contains(&format!("The page must show {code}")), "{screen}");
    world.aws.aws.fail_next(Operation::CreateToken(Grant::DeviceCode), 3, &Fault::Reset);
    terminal.until("does not answer");
    assert!(world.aws.aws.approve(&code));
    terminal.until("Writer");
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_expires_is_followed_by_another() {
    let world = World::with(|options| {
        options.approval = Approval::Page;
        options.lifetimes.device_code = Duration::from_secs(2);
    })
    .await;
    let mut terminal = waiting(&world);
    terminal.until("The page must show");
    let first = world.aws.aws.user_codes().pop().unwrap();
    let screen = terminal.until("The code has expired.");
    assert!(screen.contains("EXPIRED") && !screen.contains(&first), "{screen}");
    assert_eq!(screen.matches("has expired").count(), 1, "{screen}");
    terminal.press(Key::Char('n'));
    terminal.until_it("shows another code", |screen| screen.contains("must show ") && !screen.contains(&first));
    let second = world.aws.aws.user_codes().pop().unwrap();
    terminal.until(&second);
    assert!(world.aws.aws.approve(&second));
    terminal.until("Writer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_sign_in_leads_back_to_the_other_ways() {
    let world = World::with(|options| options.approval = Approval::Denied).await;
    let mut terminal = waiting(&world);
    terminal.until("the sign-in was denied in the browser");
    terminal.press(Key::Esc);
    terminal.until("How should Lakeward sign in");
}

/// The browser is through before this side has done anything else, and talks all the while.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_back_at_once_signs_in_and_its_noise_is_not_shown() {
    let world = World::with(|options| options.lifetimes.device_interval = Duration::from_secs(60)).await;
    let visit = world.home.write("visit.py", include_str!("../python/visit.py"));
    let script = format!(
        "#!/bin/sh\necho NOISE; echo NOISE >&2\ncase $1 in *authorize*) exec {} {} \"$1\";; esac\n",
        python::interpreter().display(),
        visit.display()
    );
    let browser = world.home.write("browser", script);
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    let mut terminal = waiting_with(&world, |command| command.env("BROWSER", browser));
    terminal.until("The page must show");
    terminal.press(Key::Char('m'));
    let screen = terminal.until("Writer");
    assert!(!screen.contains("NOISE"), "{screen}");
}

/// The URL that a browser was given, once it was.
#[track_caller]
fn opened(file: &Path) -> String {
    let began = Instant::now();
    loop {
        match fs::read_to_string(file) {
            Ok(url) if url.ends_with('\n') => return url.trim_end().to_owned(),
            _ => assert!(began.elapsed() < Duration::from_secs(20), "no browser was started"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A browser on the person's own machine is sent to a port of that machine, where nobody listens.
#[tokio::test(flavor = "multi_thread")]
async fn over_ssh_the_address_at_which_a_browser_ended_is_pasted_and_never_shown() {
    let world = World::start().await;
    let file = world.home.path().join("url");
    let browser = world.home.write("browser", format!("#!/bin/sh\necho \"$1\" >'{}'\n", file.display()));
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    let mut terminal = waiting_with(&world, |command| command.env("BROWSER", &browser));
    terminal.until("The page must show");
    terminal.press(Key::Char('m'));
    terminal.until("p paste");
    let ended = python::run(include_str!("../python/visit.py"), [opened(&file).as_str(), "stay"]);
    let (code, ended) = (ended.split(['?', '&', '=']).nth(2).unwrap(), ended.trim());
    assert!(ended.starts_with("http://127.0.0.1:") && ended.contains("code=") && code.len() > 20, "{ended}");
    world.home.secret(code);
    for (pasted, then) in
        [(&*ended.replace("state=", "state=not-"), "came back from another sign-in"), (ended, "Writer")]
    {
        terminal.press(Key::Char('p'));
        terminal.until("Enter hand over");
        terminal.paste(&format!("  {pasted}\n"));
        terminal.until("••••••");
        terminal.press(Key::Enter);
        terminal.until(then);
    }
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_quarter_of_an_hour_off_is_told_with_what_both_say() {
    let world = World::with(|options| options.approval = Approval::Page).await;
    world.aws.aws.clock().set(SystemTime::now() + Duration::from_mins(15));
    let command = world.lakeward(&["init"]).env("SSH_CONNECTION", "1");
    let mut terminal = command.on_terminal(100, 40);
    choose(&mut terminal, "SSO session \"corp\"");
    terminal.until("The page must show");
    terminal.until_it("tells of the clock", |screen| {
        let words: Vec<&str> = screen.split_whitespace().collect();
        words.join(" ").contains("clock is 15 minutes behind AWS's")
    });
    assert!(world.aws.aws.approve(&world.aws.aws.user_codes().pop().unwrap()));
    terminal.until("Writer");
    terminal.press(Key::Down);
    terminal.press(Key::Enter);
    // Signed again by the time that STS told.
    let screen = terminal.until("AWS knows these credentials");
    let told: Vec<&str> = screen.lines().filter(|line| line.contains("set this machine's clock")).collect();
    assert!(told.len() == 1 && told[0].contains("this machine says 2") && told[0].contains(", AWS 2"), "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_mfa_code_is_followed_by_another_and_none_is_shown() {
    let home = Home::new();
    let aws = guarded(&home).await;
    let mut terminal = at(&aws, lakeward(&home).args(["init"])).on_terminal(80, 24);
    choose(&mut terminal, "Profile \"guarded\"");
    terminal.until("MFA");
    for (code, then) in [("000000", "r try again"), ("918273", "AWS knows these credentials")] {
        terminal.until("Enter hand over");
        terminal.text(code);
        let typed = terminal.until("••••••");
        assert!(!typed.contains(code), "{typed}");
        terminal.press(Key::Enter);
        terminal.until(then);
        if code == "000000" {
            terminal.press(Key::Char('n'));
        }
    }
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let left = terminal.end().exits(130);
    let sent = String::from_utf8_lossy(&left.bytes);
    assert!(!sent.contains("918273") && !sent.contains("000000"), "a code was shown");
}
