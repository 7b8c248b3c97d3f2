//! Temporary keys at a server of others: SeaweedFS gives them out by its own STS, and verifies their signature and their token.

use lakeward_testkit::{
    Home, HomeCommand, S3Server,
    s3_server::{BUCKET, ROLE},
};
use serde_json::Value;

use crate::{
    program::{self, files, lacks, lakeward, numbered, summary},
    server::destination,
};

fn home(s3: &S3Server) -> Home {
    let home = Home::new();
    let (id, secret) = s3.keys().writer;
    home.secret(secret);
    home.write(".aws/credentials", format!("[writer]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n"));
    home.write(
        ".aws/config",
        format!("[profile lake]\nrole_arn = {ROLE}\nsource_profile = writer\nregion = us-east-1\n"),
    );
    home.write("rows.csv", numbered(1, 3));
    home
}

fn sync<'home>(s3: &S3Server, home: &'home Home, key_prefix: &str) -> HomeCommand<'home> {
    let destination = destination(&s3.endpoint(), "batch_size = 1\n").replace("raw/", key_prefix);
    let command = program::sync(home, &destination, &files(&["rows.csv"]));
    command.args(["--progress", "json"]).env("AWS_ENDPOINT_URL_STS", s3.endpoint())
}

#[test]
fn seaweedfs_takes_keys_with_a_session_token_and_refuses_another_token() {
    assert_eq!(BUCKET, "test");
    let s3 = S3Server::seaweedfs();
    let home = home(&s3);
    let output = sync(&s3, &home, "raw/").env("AWS_PROFILE", "lake").run().exits(0);
    let summary = summary(&output);
    assert_eq!((summary["retries"].as_u64(), summary["tables"][0]["landed"].as_u64()), (Some(0), Some(3)));
    // The role's policy is nothing but s3:PutObject on this prefix, and it is the role that counts, not the user.
    let output = sync(&s3, &home, "other/").env("AWS_PROFILE", "lake").run().exits(77);
    assert_eq!(lacks(&output.stderr, &["AccessDenied"]), [""; 0], "{}", output.stderr);
    // The same keys come from the environment; the token is what makes them good.
    let export = lakeward(&home).args(["auth", "export", "--format", "credential-process", "--profile", "lake"]);
    let export = export.env("AWS_ENDPOINT_URL_STS", s3.endpoint()).prints_secrets().run().exits(0);
    let keys: Value = serde_json::from_str(&export.stdout).unwrap();
    let text = |key: &str| keys[key].as_str().unwrap().to_owned();
    let (secret, token) = (text("SecretAccessKey"), text("SessionToken"));
    home.secret(&secret);
    home.secret(&token);
    let with_token = |token: &str| {
        let command = sync(&s3, &home, "raw/").env("AWS_ACCESS_KEY_ID", text("AccessKeyId"));
        command.env("AWS_SECRET_ACCESS_KEY", &secret).env("AWS_SESSION_TOKEN", token).run()
    };
    let _ = with_token(&token).exits(0);
    let output = with_token(&format!("{}AAAAAA", &token[..token.len() - 6])).exits(77);
    assert_eq!(lacks(&output.stderr, &["InvalidAccessKeyId"]), [""; 0], "{}", output.stderr);
}
