//! Signing in within the wizard, and looking for ways to sign in.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use lakeward_testkit::Home;

use crate::{
    init_session::Session,
    loopback_aws::{Aws, at, guarded},
    program::{lacks, lakeward},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_mfa_code_is_asked_for_again_and_no_code_is_shown() {
    let home = Home::new();
    let aws = guarded(&home).await;
    let mut session = Session::begin(at(&aws, lakeward(&home).args(["init"])));
    let list = session.choose("Profile \"guarded\"");
    assert!(list.contains("MFA code needed"), "{list}");
    session.answer("six digits", "000000");
    session.answer("Enter tries again", "");
    session.answer("six digits", "918273");
    let known = session.until("Enter goes on");
    assert!(known.contains("assumed-role/guarded/"), "{known}");
    let output = session.end().exits(2);
    assert!(!output.stdout.contains("918273"), "{}", output.stdout);

    // The next session finds it signed in.
    let mut session = Session::begin(at(&aws, lakeward(&home).args(["init", "--no-resume"])));
    let list = session.choose("Profile \"guarded\"");
    assert!(list.contains("good for "), "{list}");
    session.until("assumed-role/guarded/");
    let _ = session.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_stands_in_its_order_and_what_is_broken_says_why() {
    let home = Home::new();
    let aws = Aws::start(&home, |_| ()).await;
    let broken = "[profile nowhere]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = gone\n";
    let config = std::fs::read_to_string(home.path().join(".aws/config")).unwrap();
    home.write(".aws/config", config + broken);
    aws.sign_in(&home);
    let command = aws.contains(&home, aws.leads(lakeward(&home).args(["init"])));
    let mut session =
        Session::begin(command.env("AWS_ACCESS_KEY_ID", "AKIAX").env("AWS_SECRET_ACCESS_KEY", "a-secret-key"));
    let list = session.until("Type a number.");
    let order =
        ["container", "SSO session \"corp\"", "Profile \"chain\"", "Profile \"user\"", "Environment keys", "nowhere"];
    assert_eq!(lacks(&list, &order), [""; 0], "{list}");
    let places: Vec<usize> = order.iter().map(|text| list.find(text).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}\n{list}");
    assert!(list.contains("gone"), "{list}");
    let _ = session.end().exits(2);
}

/// The rows of ways to sign in that were found, in a home with this AWS config.
fn rows(config: &str, environment: &[(&str, &str)]) -> String {
    let home = Home::new();
    home.write(".aws/config", config);
    let command = lakeward(&home).args(["init"]);
    let mut session =
        Session::begin(environment.iter().fold(command, |command, (name, value)| command.env(name, value)));
    let list = session.until("Type a number.");
    let _ = session.end().exits(2);
    list
}

#[track_caller]
fn first(list: &str) -> &str {
    list.lines().find(|line| line.trim_start().starts_with("1. ")).unwrap_or_else(|| panic!("no row 1: {list}"))
}

#[test]
fn what_variables_name_comes_first_or_is_told_where_it_is_not_there() {
    let config = "[profile a]\ncredential_process = keys a\n[profile b]\ncredential_process = keys b\n\
        [sso-session s]\nsso_start_url = https://s.awsapps.com/start\nsso_region = us-east-1\n";
    assert!(first(&rows(config, &[])).contains("SSO session \"s\""));
    let list = rows(config, &[("AWS_PROFILE", "b")]);
    assert!(first(&list).contains("Profile \"b\""), "{list}");
    let list = rows(config, &[("AWS_PROFILE", "bb")]);
    assert!(first(&list).contains("Profile \"bb\""), "{list}");
    let says = ["Profile \"bb\" (AWS_PROFILE)", "not in ~/.aws/config or ~/.aws/credentials"];
    assert_eq!(lacks(&list, &says), [""; 0], "{list}");
    let gone = [("AWS_CONFIG_FILE", "/mnt/gone"), ("AWS_SHARED_CREDENTIALS_FILE", "/mnt/lost")];
    let list = rows(config, &gone);
    let says = ["AWS config file", "/mnt/gone does not exist", "AWS credentials file", "/mnt/lost does not exist"];
    assert_eq!(lacks(&list, &says), [""; 0], "{list}");
    assert!(
        !list.contains("is suggested") && !list.contains("Enter takes 1"),
        "what can't be used is suggested: {list}"
    );
}

#[test]
fn a_program_for_credentials_is_not_called_ready_before_it_has_run() {
    let role = "[profile r]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = p\n";
    let list = rows(&format!("[profile p]\ncredential_process = corp-keys --for me\n{role}"), &[]);
    assert!(list.matches("runs corp-keys when chosen").count() == 2 && !list.contains("ready"), "{list}");
}

#[test]
fn a_region_that_is_none_and_a_section_that_stands_twice_are_told_with_their_lines() {
    let session = "[sso-session s]\nsso_start_url = https://corp.example/start\nsso_region = Frankfurt\n";
    let role = "[profile p]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = Writer\n";
    let list = rows(&format!("{session}{role}"), &[]);
    assert!(list.matches("/.aws/config:3 is `Frankfurt`, which is no name of a region").count() == 2, "{list}");
    let list = rows(&format!("{session}{role}{session}"), &[]);
    assert!(list.contains("line 8: [sso-session s] stands here a second time (the first is in line 1)"), "{list}");
}

#[test]
fn a_damaged_aws_file_is_named_with_its_line_and_the_other_ways_stay() {
    let home = Home::new();
    home.write(".aws/config", "[default]\nregion = us-east-1\nno key here\n");
    let mut session = Session::begin(lakeward(&home).args(["init"]));
    let list = session.until("Type a number.");
    assert_eq!(lacks(&list, &["The AWS files", "line 3", "New SSO sign-in"]), [""; 0], "{list}");
    let _ = session.end().exits(2);
}

#[test]
fn a_metadata_service_that_never_answers_does_not_hold_anybody_up() {
    let home = Home::new();
    // Whoever connects waits for ever.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let command = lakeward(&home).args(["init"]).env_remove("AWS_EC2_METADATA_DISABLED");
    let mut session = Session::begin(command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint));
    session.until("Waiting for ways to sign in");
    let began = Instant::now();
    session.until("Type a number.");
    assert!(began.elapsed() < Duration::from_millis(2500), "{:?}", began.elapsed());
    let _ = session.end().exits(2);
}
