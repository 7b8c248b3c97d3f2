//! Entries that the wizard adds to `~/.aws/config`: shown first, written when they are wanted, never otherwise.

use std::fs;

use lakeward_loopback::aws::{Approval, LoopbackAws, Options};
use lakeward_testkit::{Home, python};

use crate::{init_session::Session, loopback_aws::at, program};

const BEFORE: &str = "# mine\n[default]\nregion = us-east-1\n";

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_start_url_becomes_a_session_and_a_role_a_profile_once_the_change_was_seen() {
    let mut options = Options::default();
    options.approval = Approval::Page;
    let aws = LoopbackAws::start(options).await.unwrap();
    let home = Home::new();
    let file = home.write(".aws/config", BEFORE);
    let config = || fs::read_to_string(&file).unwrap();
    let arguments = [program::binary().to_str().unwrap(), "init", "--plain"];
    let command = python::command(&home, include_str!("../python/terminal.py"), arguments);
    let mut session = Session::begin(at(&aws, command));
    session.choose("New SSO sign-in");
    session.answer(": Start URL", "https://d-9067loopb0.awsapps.com/start");
    session.answer(": SSO region", "us-east-1");
    session.until("k keeps it as a session of ~/.aws/config");
    let first = aws.user_codes();
    session.line("k");
    let shown = session.until("Write this?");
    assert!(shown.contains("+[sso-session d-9067loopb0]"), "{shown}");
    session.until("> ");
    session.line("n");
    session.until("> ");
    session.line("k");
    session.until("Write this?");
    assert_eq!(config(), BEFORE, "nothing is written before it is wanted");
    session.line("");
    session.until("Wrote ~/.aws/config; as it was it is kept as ~/.aws/config.lakeward.bak");
    let entry = "\n[sso-session d-9067loopb0]\nsso_start_url = https://d-9067loopb0.awsapps.com/start\n\
                 sso_region = us-east-1\nsso_registration_scopes = sso:account:access\n";
    assert_eq!(config(), format!("{BEFORE}{entry}"));
    // Its own sign-in begins, with a code of its own.
    session.until("It must show this code: ");
    let code = aws.user_codes().into_iter().find(|code| !first.contains(code)).unwrap();
    assert!(aws.approve(&code));
    session.choose("111122223333: Writer");
    session.answer("k keeps it as a profile", "k");
    let shown = session.until("Write this?");
    assert!(shown.contains("+[profile Writer-111122223333]"), "{shown}");
    session.line("");
    session.until("Wrote ~/.aws/config");
    let profile = "\n[profile Writer-111122223333]\nsso_session = d-9067loopb0\nsso_account_id = 111122223333\n\
                   sso_role_name = Writer\n";
    assert_eq!(config(), format!("{BEFORE}{entry}{profile}"));
    session.line("q");
    let output = session.end().exits(0);
    assert!(output.stdout.contains("Nothing was written."), "{}", output.stdout);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_wrong_is_changed_in_its_file_once_the_change_was_seen() {
    let mut options = Options::default();
    options.approval = Approval::Page;
    let aws = LoopbackAws::start(options).await.unwrap();
    let home = Home::new();
    // Its scopes are somebody's choice.
    let session = |region: &str| {
        format!(
            "[sso-session corp]\nsso_start_url = https://d-9067loopb0.awsapps.com/start\nsso_region = {region} \n\
             sso_registration_scopes = sso:account:access, more:scope\n"
        )
    };
    let before = format!("# mine\n{}[default]\nregion = us-east-1\n", session("Virginia"));
    let file = home.write(".aws/config", &before);
    let arguments = [program::binary().to_str().unwrap(), "init", "--plain"];
    let command = python::command(&home, include_str!("../python/terminal.py"), arguments);
    let mut wizard = Session::begin(at(&aws, command));
    wizard.choose("SSO session \"corp\"");
    wizard.answer(": Start URL", "");
    wizard.answer(": SSO region", "us-east-1");
    wizard.until("k changes [sso-session corp] of ~/.aws/config");
    wizard.line("k");
    let shown = wizard.until("Write this?");
    for line in ["-sso_region = Virginia", "+sso_region = us-east-1"] {
        assert!(shown.contains(line) && !shown.contains("corp-2"), "{shown}");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), before, "nothing is written before it is wanted");
    wizard.line("");
    wizard.until("Wrote ~/.aws/config");
    assert_eq!(fs::read_to_string(&file).unwrap(), before.replace("Virginia ", "us-east-1"));
    wizard.line("q");
    let _ = wizard.end();
}
