//! Roles, against moto's STS: assumed with keys, with roles, with an external id, with a token; and whose credentials they are.

use std::process::ChildStdin;

use lakeward_testkit::{Home, HomeCommand, Running, python};
use serde_json::Value;

use crate::program::{lacks, lakeward};

/// A server that ends with this.
pub(crate) struct Sts<'home> {
    pub(crate) endpoint: String,
    _stdin: Option<ChildStdin>,
    _running: Running<'home>,
}

impl<'home> Sts<'home> {
    pub(crate) fn start(home: &'home Home) -> Self {
        let command = python::command(home, include_str!("../python/sts_server.py"), [""; 0]).open_stdin();
        let mut running = command.spawn();
        running.wait_for("listening on");
        // The port follows in the same line.
        let port = running.stdout().lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
        let stdin = running.stdin();
        Self { endpoint: format!("http://127.0.0.1:{port}"), _stdin: stdin, _running: running }
    }

    fn auth<'a>(&self, home: &'a Home, arguments: &[&str]) -> HomeCommand<'a> {
        lakeward(home).arg("auth").args(arguments).env("AWS_ENDPOINT_URL_STS", &self.endpoint)
    }
}

fn home() -> Home {
    let home = Home::new();
    home.secret("the-secret-key-of-the-user");
    home.write(
        ".aws/credentials",
        "[user]\naws_access_key_id = AKIDUSER000000000000\naws_secret_access_key = the-secret-key-of-the-user\n",
    );
    home.write(
        ".aws/config",
        "[profile outer]
role_arn = arn:aws:iam::111122223333:role/outer
role_session_name = me
external_id = example-corp
duration_seconds = 900
source_profile = inner

[profile inner]
role_arn = arn:aws:iam::111122223333:role/inner
source_profile = user
region = eu-west-1
",
    );
    home
}

#[test]
fn a_chain_of_roles_is_assumed_and_explained() {
    let home = home();
    let sts = Sts::start(&home);
    let output = sts.auth(&home, &["explain", "--profile", "outer"]).run().exits(0);
    let says = [
        "looking in: profile `outer` alone",
        "role arn:aws:iam::111122223333:role/outer, assumed with role arn:aws:iam::111122223333:role/inner, assumed with keys of \
         profile user",
        "external_id = example-corp (",
        ".aws/config:4)",
        "identity: arn:aws:sts::111122223333:assumed-role/outer/me, account 111122223333",
        "temporary, good until ",
        "new ones are got by themselves",
    ];
    assert_eq!(lacks(&output.stdout, &says), [""; 0], "{}", output.stdout);
    let told = [
        "now Lakeward asks STS for role arn:aws:iam::111122223333:role/inner, then asks STS for role ",
        "then asks STS whose credentials they are (not with --offline)",
    ];
    assert_eq!(lacks(&output.stdout, &told), [""; 0], "{}", output.stdout);
}

#[test]
fn a_role_of_the_config_is_assumed_with_keys_of_the_environment() {
    let home = home();
    let sts = Sts::start(&home);
    let auth = "[auth]\nmethod = \"role\"\nrole_arn = \"arn:aws:iam::111122223333:role/lake\"\nexternal_id = \"ext\"\n\
                source = { method = \"env\" }\n";
    home.write(
        "lakeward.toml",
        crate::program::config("bucket = \"lake\"\npath = \"raw\"", "type = \"files\"\npaths = [\"x\"]\n") + auth,
    );
    let command = sts.auth(&home, &["explain", "--json"]);
    let command = command
        .env("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT00000")
        .env("AWS_SECRET_ACCESS_KEY", "the-secret-key-of-the-user");
    let explained: Value = serde_json::from_str(&command.run().exits(0).stdout).unwrap();
    assert_eq!(explained["identity"]["arn"], "arn:aws:sts::111122223333:assumed-role/lake/lakeward");
    assert_eq!(explained["links"][0]["source"][0]["name"], "environment keys");
    assert_eq!(explained["credentials"]["renews"], true);
    // Without the keys, the chain's other links do not step in.
    let output = sts.auth(&home, &["explain"]).run().exits(77);
    assert_eq!(
        lacks(&output.stderr, &["nothing gives the credentials that assume role"]),
        [""; 0],
        "{}",
        output.stderr
    );
}

#[test]
fn web_identity_is_exchanged_for_a_role() {
    let home = home();
    let sts = Sts::start(&home);
    let token = home.write("token", "eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl\n");
    let command = |arguments: &[&str]| {
        let command = sts.auth(&home, arguments).env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/pod");
        command.env("AWS_WEB_IDENTITY_TOKEN_FILE", &token)
    };
    let printed = command(&["export", "--format", "credential-process"]).run().exits(0).stdout;
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((printed["Version"].as_i64(), printed["SessionToken"].is_string()), (Some(1), true));
    let output =
        command(&["export", "--format", "env"]).env("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/token").run().exits(77);
    assert_eq!(lacks(&output.stderr, &["/no/token can't be read", "next: check AWS_WEB_IDENTITY_TOKEN_FILE"]), [""; 0]);
}

#[test]
fn a_role_that_asks_for_mfa_takes_a_session_of_the_aws_cli_and_never_asks() {
    let home = Home::new();
    home.secret("the-secret-key-of-the-session");
    home.write(
        ".aws/config",
        "[profile r]\nrole_arn = arn:aws:iam::111122223333:role/R\nmfa_serial = arn:aws:iam::111122223333:mfa/u\n\
         duration_seconds = 3600\nsource_profile = r\naws_access_key_id = AKIDUSER\naws_secret_access_key = s\n",
    );
    let export = || lakeward(&home).args(["auth", "export", "--format", "credential-process", "--profile", "r"]);
    let output = export().run().exits(77);
    let says = [
        "asks for a code of the MFA device arn:aws:iam::111122223333:mfa/u",
        "next: run `lakeward auth login --profile r` (or `aws sts get-caller-identity --profile r`), type the code, then run again",
    ];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    // The name that the AWS CLI gives the file of this role, and what it writes.
    let session = r#"{"Credentials": {"AccessKeyId": "ASIASESSION", "SecretAccessKey": "the-secret-key-of-the-session",
        "SessionToken": "t", "Expiration": "2099-11-23T21:39:05.221396+00:00"}, "ResponseMetadata": {}}"#;
    home.write(".aws/cli/cache/962835aafff0f16a009bac6819557194fbfa56c9.json", session);
    let output = lakeward(&home).args(["auth", "explain", "--profile", "r", "--offline"]).run().exits(0);
    assert_eq!(lacks(&output.stdout, &["reads the AWS CLI's cache", "mfa_serial"]), [""; 0], "{}", output.stdout);
    let fresh = Home::new();
    fresh.write(".aws/config", std::fs::read(home.path().join(".aws/config")).unwrap());
    fresh.write(".aws/cli/cache/962835aafff0f16a009bac6819557194fbfa56c9.json", session);
    let output = lakeward(&fresh).args(["auth", "export", "--format", "env", "--profile", "r"]).run().exits(0);
    assert!(output.stdout.starts_with("export AWS_ACCESS_KEY_ID='ASIASESSION'\n"), "{}", output.stdout);
}
