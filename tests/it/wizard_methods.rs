//! From nothing to rows on a full screen, for each way to sign in. The config then runs headless and lands the rows.

use lakeward_loopback::aws::Approval;
use lakeward_testkit::{HomeCommand, Key, Terminal};
use secrecy::ExposeSecret;

use crate::{
    program::lakeward,
    wizard::{World, choose, config, destination, home, identity, landed, review, source, without_a_run},
};

/// From whose the credentials are to the written config, and a headless run of it.
#[track_caller]
fn ends_in_rows(world: &World, mut terminal: Terminal<'_>, auth: &[&str], run: HomeCommand<'_>) {
    identity(&mut terminal);
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    review(&mut terminal);
    let _ = without_a_run(terminal);
    let config = config(&world.home);
    assert!(auth.iter().all(|line| config.lines().any(|other| other == *line)), "{config}");
    let _ = run.run().exits(0);
    assert_eq!(world.landed(), (0..20).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_environment() {
    let world = World::start().await;
    fn set<'home>(world: &World, command: HomeCommand<'home>) -> HomeCommand<'home> {
        let secret = world.aws.user.secret_access_key.expose_secret();
        command.env("AWS_ACCESS_KEY_ID", &world.aws.user.access_key_id).env("AWS_SECRET_ACCESS_KEY", secret)
    }
    let mut terminal = set(&world, world.init()).on_terminal(80, 24);
    choose(&mut terminal, "Environment keys");
    ends_in_rows(&world, terminal, &["method = \"env\""], set(&world, world.headless()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_chain_is_what_auth_explain_tells() {
    let world = World::start().await;
    let mut terminal = world.init().on_terminal(100, 50);
    terminal.until("w whole chain");
    terminal.press(Key::Char('w'));
    terminal.until("The whole credential chain");
    for link in ["1 environment keys  skipped", "AWS_ACCESS_KEY_ID is not set", "region: "] {
        terminal.until(link);
    }
    terminal.press(Key::Esc);
    terminal.until_gone("The whole credential chain");
    terminal.press(Key::Ctrl('c'));
    terminal.until("leave at once");
    terminal.press(Key::Ctrl('c'));
    let _ = terminal.end().exits(130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile() {
    let world = World::start().await;
    let mut terminal = world.init().on_terminal(80, 24);
    choose(&mut terminal, "Profile \"chain\"");
    let auth = ["method = \"profile\"", "profile = \"chain\""];
    ends_in_rows(&world, terminal, &auth, world.headless());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sso_session_that_is_signed_in_to_with_a_code() {
    let world = World::with(|options| options.approval = Approval::Page).await;
    let mut terminal = world.init().env("SSH_CONNECTION", "1").on_terminal(80, 24);
    choose(&mut terminal, "SSO session \"corp\"");
    terminal.until("The page must show");
    let code = world.aws.aws.user_codes().pop().unwrap();
    terminal.until(&format!("The page must show {code}"));
    assert!(world.aws.aws.approve(&code));
    terminal.until("Writer");
    terminal.press(Key::Down);
    terminal.press(Key::Enter);
    let auth = ["method = \"sso\"", "sso_session = \"corp\"", "sso_role_name = \"Writer\""];
    ends_in_rows(&world, terminal, &auth, world.headless());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role() {
    let world = World::start().await;
    let mut terminal = world.init().on_terminal(80, 24);
    choose(&mut terminal, "Assume a role");
    terminal.until("Role ARN");
    terminal.text("arn:aws:iam::111122223333:role/inner");
    terminal.press(Key::Tab);
    terminal.text("user");
    terminal.press(Key::F(3));
    terminal.until("External id");
    for field in ["MFA device", "External id"] {
        terminal.press(Key::Down);
        terminal.until(&format!(" › {field}"));
    }
    terminal.text("example-corp");
    terminal.until_it("holds the id", |screen| screen.matches("example-corp").count() == 2);
    terminal.press(Key::Enter);
    let auth = ["method = \"role\"", "role_arn = \"arn:aws:iam::111122223333:role/inner\""];
    ends_in_rows(&world, terminal, &auth, world.headless());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_machine() {
    let world = World::start().await;
    let mut terminal = world.aws.contains(&world.home, world.init()).on_terminal(80, 24);
    choose(&mut terminal, "AWS_CONTA");
    ends_in_rows(&world, terminal, &["method = \"compute\""], world.aws.contains(&world.home, world.headless()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_the_aws_tools() {
    let world = World::start().await;
    let mut terminal = world.init().env("AWS_PROFILE", "chain").on_terminal(80, 24);
    choose(&mut terminal, "The AWS chain");
    let run = world.headless().env("AWS_PROFILE", "chain");
    ends_in_rows(&world, terminal, &["method = \"chain\""], run);
}

#[test]
fn no_aws_at_all() {
    let home = home();
    let mut terminal = lakeward(&home).on_terminal(80, 24);
    choose(&mut terminal, "No AWS");
    destination(&mut terminal, "test");
    source(&mut terminal, "data/*.csv");
    review(&mut terminal);
    let _ = without_a_run(terminal);
    let _ = lakeward(&home).args(["--config", "lakeward.toml"]).run().exits(0);
    assert_eq!(landed(&home.path().join("lake/test")), (0..20).collect::<Vec<i64>>());
}
