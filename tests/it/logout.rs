//! Signing out, against the loopback AWS.

use std::fs;

use lakeward_loopback::aws::{Fault, LoopbackAws, Operation, Options};
use lakeward_testkit::{Home, Output};
use serde_json::json;

use crate::{
    login_console::at,
    program::{lacks, lakeward},
};

/// The file of the session `my-sso`, of the older format of its start URL, and of the console's user.
const SESSION: &str = ".aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json";
const OLDER: &str = ".aws/sso/cache/40a89917e3175433e361b710a9d43528d7f1890a.json";
const CONSOLE: &str = ".aws/login/cache/36db1d138ff460920374e4c3d8e01f53f9f73537e89c88d639f68393df0e2726.json";
const MFA: &str = ".aws/cli/cache/962835aafff0f16a009bac6819557194fbfa56c9.json";
const SSO_ROLE: &str = ".aws/cli/cache/b9faca12abf0486e9b7076ceb0a2963156ca52cc.json";

/// What is no sign-in, and stays whatever happens.
const FOREIGN: [(&str, &str); 6] = [
    (
        ".aws/sso/cache/18d9b42846b15eb5385befb03b3d864f800fcc11.json",
        r#"{"clientId": "c", "clientSecret": "s", "expiresAt": "2099-01-01T00:00:00Z"}"#,
    ),
    (".aws/sso/cache/broken.json", r#"{"accessToken": "the"#),
    (".aws/login/cache/broken.json", "[]"),
    (".aws/cli/cache/session.db", "SQLite format 3\0"),
    (".aws/cli/cache/session.json", "SQLite format 3\0"),
    (".aws/cli/cache/other.json", r#"{"Credentials": "mine"}"#),
];

const CONFIG: &str = "[default]
region = us-east-1
[profile s]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session my-sso]
sso_start_url = https://d-abc123.awsapps.com/start
sso_region = us-east-1
[profile l]
login_session = arn:aws:iam::0123456789012:user/Admin
[profile m]
role_arn = arn:aws:iam::111122223333:role/R
mfa_serial = arn:aws:iam::111122223333:mfa/u
duration_seconds = 3600
source_profile = l
[profile keys]
aws_access_key_id = AKID
aws_secret_access_key = s
";

fn home(aws: &LoopbackAws) -> Home {
    let home = Home::new();
    home.write(".aws/config", CONFIG);
    let token = |url: &str| {
        let session = aws.sso_session();
        let token = secrecy::ExposeSecret::expose_secret(&session.access_token).to_owned();
        json!({ "startUrl": url, "region": "us-east-1", "accessToken": token, "expiresAt": "2099-01-01T00:00:00Z" })
    };
    home.write(SESSION, token("https://d-abc123.awsapps.com/start").to_string());
    home.write(OLDER, token("https://d-abc123.awsapps.com/start/#/").to_string());
    let keys = json!({ "accessKeyId": "A", "secretAccessKey": "s", "sessionToken": "t", "accountId": "1", "expiresAt": "2099-01-01T00:00:00Z" });
    home.write(CONSOLE, json!({ "accessToken": keys }).to_string());
    let keys = json!({ "AccessKeyId": "A", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z" });
    home.write(MFA, json!({ "Credentials": keys }).to_string());
    home.write(SSO_ROLE, json!({ "Credentials": keys, "ProviderType": "sso" }).to_string());
    for (file, content) in FOREIGN {
        home.write(file, content);
    }
    home
}

#[track_caller]
fn logout(home: &Home, aws: &LoopbackAws, arguments: &[&str], code: i32) -> Output {
    let output = at(aws, lakeward(home).args(["auth", "logout"]).args(arguments)).run().exits(code);
    for (file, content) in FOREIGN {
        assert_eq!(fs::read_to_string(home.path().join(file)).ok().as_deref(), Some(content), "{file}");
    }
    output
}

/// Which of the five sign-ins are left.
fn left(home: &Home) -> Vec<&'static str> {
    let files = [SESSION, OLDER, CONSOLE, MFA, SSO_ROLE];
    files.into_iter().filter(|file| home.path().join(file).exists()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_is_signed_out_of_and_nothing_else() {
    let aws = LoopbackAws::start(Options::default()).await.unwrap();
    for (arguments, stays, calls) in [
        (&["--sso-session", "my-sso"][..], &[OLDER, CONSOLE, MFA][..], 1),
        (&["--sso-start-url", "https://d-abc123.awsapps.com/start/"], &[CONSOLE, MFA], 2),
        (&["--profile", "s"], &[OLDER, CONSOLE, MFA], 1),
        (&["--profile", "m"], &[SESSION, OLDER, SSO_ROLE], 0),
        (&["--console"], &[SESSION, OLDER, MFA, SSO_ROLE], 0),
        (&["--all"], &[], 2),
    ] {
        let (home, before) = (home(&aws), aws.count(Operation::Logout));
        let output = logout(&home, &aws, arguments, 0);
        assert_eq!((left(&home), aws.count(Operation::Logout) - before), (stays.to_vec(), calls), "{arguments:?}");
        assert!(aws.calls().iter().all(|call| call.status == Some(200)), "{:?}", aws.calls());
        assert_eq!(output.stdout.matches("Signed out: ").count(), 5 - stays.len(), "{}", output.stdout);
        assert_eq!(output.stderr, "");
        assert_eq!(logout(&home, &aws, arguments, 0).stdout, "Nobody was signed in.\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_even_if_aws_can_not_be_told() {
    let aws = LoopbackAws::start(Options::default()).await.unwrap();
    let home = home(&aws);
    let command =
        at(&aws, lakeward(&home).args(["auth", "logout", "--all"])).env("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9");
    let output = command.run().exits(0);
    let says = [
        "warning: AWS could not be told that https://d-abc123.awsapps.com/start (session my-sso) is over",
        "may live on there until 2099-01-01T00:00:00Z: ",
    ];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    assert_eq!(left(&home), [""; 0]);
    // A session that is over already is no failure; another answer is told.
    home.write(
        SESSION,
        json!({ "startUrl": "u", "region": "us-east-1", "accessToken": "x", "expiresAt": "2099-01-01T00:00:00Z" })
            .to_string(),
    );
    assert_eq!(logout(&home, &aws, &["--sso-session", "my-sso"], 0).stderr, "");
    home.write(SESSION, json!({ "startUrl": "u", "accessToken": "x" }).to_string());
    assert!(logout(&home, &aws, &["--sso-session", "my-sso"], 0).stderr.contains("the token does not say its region"));
    home.write(SESSION, json!({ "startUrl": "u", "region": "us-east-1", "accessToken": "x" }).to_string());
    aws.fail_next(Operation::Logout, 9, &Fault::error(429, "TooManyRequestsException", "slow down"));
    assert!(
        logout(&home, &aws, &["--sso-session", "my-sso"], 0)
            .stderr
            .contains("the access portal: TooManyRequestsException")
    );
    assert_eq!(left(&home), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let aws = LoopbackAws::start(Options::default()).await.unwrap();
    let home = home(&aws);
    for (arguments, says) in [
        (&["--sso-session", "my-ss0"][..], "did you mean `my-sso`?"),
        (&["--profile", "mm"], "there is no profile `mm`"),
        (&["--profile", "keys"], "profile `keys` has nothing to sign out of"),
        (&[], "profile `default` has nothing to sign out of"),
        (&["--all", "--console"], "cannot be used with"),
    ] {
        let output = logout(&home, &aws, arguments, 2);
        assert_eq!(lacks(&output.stderr, &[says]), [""; 0], "{}", output.stderr);
    }
    assert_eq!(left(&home).len(), 5);
}
