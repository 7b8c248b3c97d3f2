//! Ten set-ups that are broken in ten ways, as `lakeward auth explain` shows them: who knows nothing of a set-up learns from the
//! screen alone what is wrong, and what to do.

use std::time::Duration;

use lakeward_loopback::aws::{Account, Fault, Operation};
use lakeward_testkit::{Home, HomeCommand};

use crate::{
    loopback_aws::{Aws, SSO_CACHE},
    program::{lacks, lakeward},
};

struct SetUp {
    home: Home,
    aws: Aws,
}

impl SetUp {
    async fn new() -> Self {
        let home = Home::new();
        let aws = Aws::start(&home, |_| ()).await;
        Self { home, aws }
    }

    fn explain(&self, arguments: &[&str]) -> HomeCommand<'_> {
        self.aws.leads(lakeward(&self.home).args(["auth", "explain"]).args(arguments))
    }
}

/// Runs it and looks for what the reader has to see.
#[track_caller]
fn shows(command: HomeCommand<'_>, decisive: &[&str]) {
    let output = command.run().exits(77);
    let screen = format!("{}{}", output.stdout, output.stderr);
    assert_eq!(lacks(&screen, decisive), [""; 0], "{screen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sso_token_that_has_expired() {
    let set_up = SetUp::new().await;
    set_up.aws.sign_in(&set_up.home);
    set_up.aws.aws.end_sessions();
    let path = set_up.home.path().join(SSO_CACHE);
    let token = std::fs::read_to_string(&path).unwrap();
    let mut token: serde_json::Value = serde_json::from_str(&token).unwrap();
    token["expiresAt"] = "2020-01-01T00:00:00Z".into();
    std::fs::write(&path, token.to_string()).unwrap();
    shows(
        set_up.explain(&["--profile", "sso"]),
        &[
            "sign-in = token expired at 2020-01-01T00:00:00Z, renewed when it is used (",
            "error: the sign-in to ",
            "expired at 2020-01-01T00:00:00Z: the sign-in is over: its refresh token is not good any more",
            "next: sign in with `lakeward auth login --sso-session corp`",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_whose_name_is_mistyped() {
    let set_up = SetUp::new().await;
    shows(
        set_up.explain(&[]).env("AWS_PROFILE", "consle"),
        &[
            "profile: consle (named by AWS_PROFILE)",
            "there is no profile `consle` in the AWS files (AWS_PROFILE names it)",
            "next: did you mean `console`?",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_profile_that_is_not_there() {
    let set_up = SetUp::new().await;
    set_up.home.write(
        ".aws/config",
        "[profile lake]\nrole_arn = arn:aws:iam::111122223333:role/Writer\nsource_profile = bsae\n[profile base]\nregion = us-east-1\n",
    );
    shows(
        set_up.explain(&["--profile", "lake"]),
        &[
            "profile lake has source_profile = bsae, which does not exist",
            "/.aws/config:3)",
            "next: did you mean `base`?",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_environment_in_the_way_of_a_profile() {
    let set_up = SetUp::new().await;
    let command = set_up.explain(&[]).env("AWS_PROFILE", "user");
    shows(
        command.env("AWS_ACCESS_KEY_ID", "AKIAOLDOLDOLDOLDOLD0").env("AWS_SECRET_ACCESS_KEY", "an-old-secret"),
        &[
            "environment keys              found       keys in the environment",
            "access key id = AKIAOLDOLDOLDOLDOLD0 (AWS_ACCESS_KEY_ID)",
            "note: AWS_PROFILE names profile user, but keys in the environment come first: unset AWS_ACCESS_KEY_ID",
            "InvalidClientTokenId",
            "next: renew the keys in the environment, or unset AWS_ACCESS_KEY_ID where others are meant",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_pair_of_keys_in_the_environment() {
    let set_up = SetUp::new().await;
    shows(
        set_up.explain(&[]).env("AWS_ACCESS_KEY_ID", "AKIAHALFHALFHALFHALF"),
        &[
            "broken      AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
            "next: set AWS_SECRET_ACCESS_KEY too, or unset AWS_ACCESS_KEY_ID to look further",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_nobody_assumes() {
    let set_up = SetUp::new().await;
    set_up
        .home
        .write(".aws/config", "[default]\nrole_arn = arn:aws:iam::111122223333:role/Writer\nregion = us-east-1\n");
    shows(
        set_up.explain(&[]),
        &[
            "profile default has a role_arn, but neither source_profile nor credential_source",
            "/.aws/config:2)",
            "next: say with source_profile = NAME whose credentials assume the role",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_process_that_is_not_installed() {
    let set_up = SetUp::new().await;
    set_up.home.write(".aws/config", "[default]\ncredential_process = /opt/corp/bin/aws-keys --team data\n");
    shows(
        set_up.explain(&[]),
        &[
            "credential_process            found       what /opt/corp/bin/aws-keys prints",
            "/.aws/config:2)",
            "now Lakeward runs /opt/corp/bin/aws-keys (for up to 60 s), then asks STS",
            "error: credential_process /opt/corp/bin/aws-keys can't be run: No such file or directory",
            "next: install it, or write its full path into the profile",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_set_up_and_no_instance() {
    let set_up = SetUp::new().await;
    set_up.home.write(".aws/config", "");
    set_up.aws.aws.fail_next(Operation::ImdsToken, 9, &Fault::Delay(Duration::from_secs(20)));
    shows(
        set_up.aws.runs_on_instance(set_up.explain(&[])),
        &[
            "environment keys              skipped     AWS_ACCESS_KEY_ID is not set",
            "keys in the credentials file  skipped     profile default has no aws_access_key_id in the credentials file",
            "error: no AWS credentials are set up here, and the instance's metadata service gives no credentials: ",
            "  next: choose the profile user: `--profile user`, AWS_PROFILE, or [auth] method = \"profile\"\n    \
             or: sign in at the AWS console: `lakeward auth login --console`\n    or: sign in with IAM Identity Center: `lakeward",
            "\n    or: if this is a container on an EC2 instance, set the instance's metadata hop limit to 2\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_by_the_name_that_is_at_hand() {
    let set_up = SetUp::new().await;
    shows(
        set_up.explain(&[]),
        &[
            "error: no AWS credentials found in the environment, profile `default`",
            "  next: choose one of the profiles chain, console, inner, sso, user: `--profile NAME`, AWS_PROFILE, or [auth] method",
            "\n    or: sign in to the SSO session corp: `lakeward auth login --sso-session corp`\n    or: sign in at the AWS console",
            "\n    or: see the whole search: `lakeward auth explain`\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_none() {
    let set_up = SetUp::new().await;
    let session = "[sso-session s]\nsso_start_url = https://corp.example/start\nsso_region = Frankfurt\n";
    let role = "[profile p]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = Writer\n";
    set_up.home.write(
        ".aws/config",
        format!("{session}{role}[profile r]\nrole_arn = arn:aws:iam::111122223333:role/inner\nsource_profile = user\nregion = Paris\n"),
    );
    let next = "next: write it as AWS does, such as eu-central-1 for Frankfurt";
    let of_session = "/.aws/config:3 is `Frankfurt`, which is no name of a region";
    shows(set_up.explain(&["--profile", "p"]), &["broken      sso_region at ", of_session, next]);
    shows(
        set_up.explain(&["--profile", "r"]),
        &["error: region at ", "/.aws/config:11 is `Paris`, which is no name of a region", next],
    );
    // Before anything is asked.
    assert_eq!(set_up.aws.aws.calls(), []);
    let login = set_up.aws.leads(lakeward(&set_up.home).args(["auth", "login", "--sso-session", "s"])).run().exits(2);
    assert_eq!(lacks(&login.stderr, &[of_session, next]), [""; 0], "{}", login.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_was_taken_away() {
    let set_up = SetUp::new().await;
    set_up.aws.sign_in(&set_up.home);
    set_up.aws.aws.assign(vec![Account::new("111122223333", "Loopback", &["Reader"])]);
    shows(
        set_up.explain(&["--profile", "sso"]),
        &[
            "error: IAM Identity Center gives no credentials for role Writer of account 111122223333: ForbiddenException: No access",
            "next: check sso_account_id and sso_role_name: the sign-in is good, but this role is not (or no longer) assigned to it; \
             `lakeward auth login --sso-start-url https://d-9067loopb0.awsapps.com/start --sso-region us-east-1` lists the accounts and roles",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_file_that_is_elsewhere() {
    let set_up = SetUp::new().await;
    shows(
        set_up.explain(&["--profile", "console"]).env("AWS_CONFIG_FILE", "/mnt/old/aws-config"),
        &[
            "no profile `console` in the AWS files: AWS_CONFIG_FILE names /mnt/old/aws-config, which does not exist",
            "next: unset AWS_CONFIG_FILE, or let it name the file that holds the profile; or name a profile that is there: user",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_nothing_says() {
    let set_up = SetUp::new().await;
    set_up.aws.sign_in_at_console(&set_up.home);
    let config = "[default]\nsso_start_url = https://d-9067loopb0.awsapps.com/start\nsso_account_id = 111122223333\nsso_role_name = Writer\n";
    set_up.home.write(".aws/config", config);
    shows(
        set_up.explain(&[]),
        &[
            "broken      profile default lacks sso_region",
            "next: add it to the profile: the settings of IAM Identity Center show it",
            "region: none is set in the environment or the profile",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_where_the_session_of_a_role_should_be() {
    let set_up = SetUp::new().await;
    let role = "[profile lake]\nrole_arn = arn:aws:iam::111122223333:role/R\nmfa_serial = arn:aws:iam::111122223333:mfa/u\n\
        duration_seconds = 3600\nsource_profile = lake\naws_access_key_id = AKIDFILE\naws_secret_access_key = a-secret\n";
    set_up.home.write(".aws/config", role);
    let file = ".aws/cli/cache/962835aafff0f16a009bac6819557194fbfa56c9.json";
    set_up.home.write(file, "SQLite format 3\0");
    set_up.home.write(".aws/cli/cache/session.db", "SQLite format 3\0");
    shows(
        set_up.explain(&["--profile", "lake"]),
        &[
            "role arn:aws:iam::111122223333:role/R asks for a code of the MFA device arn:aws:iam::111122223333:mfa/u",
            "962835aafff0f16a009bac6819557194fbfa56c9.json is damaged: it holds no JSON object",
            "next: run `lakeward auth login --profile lake`",
        ],
    );
}
