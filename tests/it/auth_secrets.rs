//! That nothing secret is shown or left anywhere but in the AWS tools' caches: all that the loopback AWS hands out is looked
//! for in what programs print at the highest log level, and in every file that they leave.

#![cfg(unix)]

use std::{fs, time::Duration};

use lakeward_loopback::aws::{Fault, Grant, Operation, User};
use lakeward_testkit::{Home, HomeCommand, Output};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    loopback_aws::{Aws, LOGIN_CACHE, SSO_CACHE},
    program::{self, lacks, lakeward, numbered},
    server::{Server, destination},
};

/// Every way to credentials, as profile and environment.
const WAYS: [&str; 7] = ["sso", "console", "chain", "user", "process", "container", "instance"];

struct Set {
    home: Home,
    aws: Aws,
}

impl Set {
    async fn new() -> Self {
        let home = Home::new();
        let aws = Aws::start(&home, |options| {
            // Every use is a renewal.
            let life = Duration::from_secs(100);
            (options.lifetimes.sso_token, options.lifetimes.console) = (life, life);
        })
        .await;
        aws.sign_in(&home);
        aws.sign_in_at_console(&home);
        let config = fs::read_to_string(home.path().join(".aws/config")).unwrap();
        home.write(
            ".aws/config",
            config + "\n[profile process]\ncredential_process = sh print_keys\nregion = us-east-1\n",
        );
        let set = Self { home, aws };
        set.home.write("print_keys", format!("echo '{}'\n", set.keys()));
        set
    }

    /// What a `credential_process` prints: the keys of the user.
    fn keys(&self) -> Value {
        let User { access_key_id, secret_access_key, .. } = &self.aws.user;
        json!({ "Version": 1, "AccessKeyId": access_key_id, "SecretAccessKey": secret_access_key.expose_secret() })
    }

    /// A command that finds its credentials in one of [`WAYS`].
    fn command(&self, way: &str, arguments: &[&str]) -> HomeCommand<'_> {
        let command = self.aws.lakeward(&self.home, arguments);
        match way {
            "container" => self.aws.contains(&self.home, command),
            "instance" => self.aws.runs_on_instance(command),
            profile => command.env("AWS_PROFILE", profile),
        }
    }

    /// Every `auth` command, in each form that it has.
    fn auth(&self, way: &str) -> Vec<Output> {
        let explain = [&[][..], &["--json"], &["--offline"], &["--as-cron"]];
        let explain = explain.map(|form| self.command(way, &[&["auth", "explain"], form].concat()));
        let export = ["env", "credential-process"];
        let export = export.map(|form| self.command(way, &["auth", "export", "--format", form]).prints_secrets());
        let status = [&[][..], &["--json"]].map(|form| self.command(way, &[&["auth", "status"], form].concat()));
        explain.into_iter().chain(export).chain(status).map(HomeCommand::run).collect()
    }
}

#[test]
fn the_commands_that_are_looked_at_are_all_there_are() {
    let help = lakeward(&Home::new()).args(["auth", "--help"]).run().exits(0).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let commands: Vec<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let looked_at = ["login", "logout", "explain", "export", "status", "help"];
    let others: Vec<&&str> = commands.iter().filter(|command| !looked_at.contains(command)).collect();
    assert!(others.is_empty(), "add {others:?} to Set::auth in tests/it/auth_secrets.rs");
}

/// A sign-in prints its page and its code, which are among what was handed out; what is kept of it is printed by nothing.
#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_shows_nothing_of_what_is_kept() {
    let set = Set::new().await;
    for arguments in [&["--sso-session", "corp", "--flow", "device"][..], &["--sso-session", "corp"]] {
        let login = [&["-vvv", "auth", "login"], arguments].concat();
        let output = set.aws.lakeward(&set.home, &login).prints_secrets().run().exits(0);
        let kept: Value = serde_json::from_slice(&fs::read(set.home.path().join(SSO_CACHE)).unwrap()).unwrap();
        for key in ["accessToken", "refreshToken", "clientSecret"] {
            let secret = kept[key].as_str().unwrap();
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{key} was printed");
        }
    }
    let _ = set.aws.lakeward(&set.home, &["-vvv", "auth", "logout", "--all"]).run().exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_auth_command_shows_a_secret_by_any_way_to_credentials() {
    let set = Set::new().await;
    for way in WAYS {
        for output in set.auth(way) {
            let _ = output.exits(0);
        }
    }
    // Nothing was left out: all services have handed out what they can.
    for operation in [
        Operation::CreateToken(Grant::RefreshToken),
        Operation::GetRoleCredentials,
        Operation::CreateOAuth2Token(Grant::RefreshToken),
        Operation::AssumeRole,
        Operation::ImdsToken,
        Operation::ImdsCredentials,
        Operation::ContainerCredentials,
        Operation::GetCallerIdentity,
    ] {
        assert!(set.aws.aws.count(operation) > 0, "{operation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_failure_shows_a_secret() {
    let set = Set::new().await;
    // The operation whose failure is the end of each way.
    let ways = [
        ("sso", Operation::GetRoleCredentials),
        ("sso", Operation::CreateToken(Grant::RefreshToken)),
        ("console", Operation::CreateOAuth2Token(Grant::RefreshToken)),
        ("chain", Operation::AssumeRole),
        ("container", Operation::ContainerCredentials),
        ("instance", Operation::ImdsCredentials),
        ("instance", Operation::ImdsToken),
    ];
    for fault in [
        Fault::error(403, "AccessDeniedException", "no"),
        Fault::Body { status: 502, headers: Vec::new(), body: "<html>no</html>".into() },
        Fault::LostAnswer,
    ] {
        for (way, operation) in ways {
            set.aws.sign_in(&set.home);
            set.aws.sign_in_at_console(&set.home);
            set.aws.aws.fail_next(operation, 10, &fault);
            let output = set.command(way, &["auth", "explain"]).run();
            assert_ne!(output.code, Some(0), "{way}, {operation:?}, {fault:?}: {}", output.stdout);
            set.aws.aws.fail_no_more();
        }
    }
    let (keys, secret) = (set.keys(), set.aws.user.secret_access_key.expose_secret());
    for script in [
        format!("echo '{keys}'; exit 1"),
        format!("echo '{keys}' >&2"),
        format!("echo '{keys}' >&2; exit 1"),
        format!("echo 'export AWS_SECRET_ACCESS_KEY={secret}' >&2; exit 1"),
        format!("echo 'Keys: {keys}'"),
        format!("echo '{{\"SecretAccessKey\": \"{secret}'"),
    ] {
        set.home.write("print_keys", script);
        let _ = set.command("process", &["auth", "explain"]).run().exits(77);
    }
    // Cut off in the middle of a secret.
    for (way, file) in [("sso", SSO_CACHE), ("console", LOGIN_CACHE)] {
        let content = fs::read_to_string(set.home.path().join(file)).unwrap();
        set.home.write(file, &content[..content.len() / 2]);
        let output = set.command(way, &["auth", "explain"]).run().exits(77);
        assert_eq!(lacks(&(output.stdout + &output.stderr), &["is damaged"]), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_run_shows_a_secret() {
    let set = Set::new().await;
    set.home.write("rows.csv", numbered(1, 3));
    let s3 = Server::with(|options| options.access_keys = Some(set.aws.aws.access_keys())).await;
    let destination = destination(s3.s3.endpoint(), "aws_debug = true\n");
    set.home.write("lakeward.toml", program::config(&destination, &program::files(&["rows.csv"])));
    for way in WAYS {
        for log in ["text", "json"] {
            let output = set.command(way, &["--config", "lakeward.toml", "--log-format", log]).run().exits(0);
            assert!(output.stderr.contains("PutObject"), "the requests are in the log: {}", output.stderr);
        }
    }
    assert_eq!(s3.objects().len(), 2 * WAYS.len());
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "a secret leaked")]
async fn a_secret_that_is_printed_is_found() {
    let set = Set::new().await;
    let _ = set.aws.lakeward(&set.home, &["auth", "export", "--format", "env", "--profile", "sso"]).run();
}

#[tokio::test(flavor = "multi_thread")]
#[should_panic(expected = "a secret leaked")]
async fn a_secret_in_a_cache_that_others_can_read_is_found() {
    let set = Set::new().await;
    let _ = set.command("sso", &["auth", "explain"]).run().exits(0);
    let _ = set.home.command("chmod").args(["644", SSO_CACHE]).run();
}
