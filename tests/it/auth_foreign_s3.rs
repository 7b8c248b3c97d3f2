//! Servers of others: temporary keys that SeaweedFS gives out by its own STS, of which it verifies signature and token; and S3 where
//! the environment says it is.

use lakeward_testkit::{
    DeadEnd, Home, HomeCommand, S3Server,
    s3_server::{BUCKET, ROLE},
};
use serde_json::Value;

use crate::{
    program::{self, files, lacks, lakeward, numbered, summary},
    server::{Server, destination},
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

#[tokio::test(flavor = "multi_thread")]
async fn s3_is_where_environment_and_aws_files_say_unless_the_config_names_an_endpoint() {
    let (server, dead_end) = (Server::start().await, DeadEnd::new());
    let nobody = format!("http://{}", dead_end.address());
    let (home, here) = (Home::new(), server.s3.endpoint());
    home.write("rows.csv", numbered(1, 3));
    let of = |destination: &str, command: &str, variables: &[(&'static str, &str)]| {
        home.write("lakeward.toml", program::config(destination, &files(&["rows.csv"])));
        let mut program = server.keys(&home, lakeward(&home).arg(command));
        for (name, value) in variables {
            program = program.env(*name, value);
        }
        program.env("AWS_REGION", "us-east-1").env("AWS_ENDPOINT_URL_STS", &nobody).run()
    };
    let landed = || server.objects().len();
    let open = destination("", "").replace("endpoint = \"\"\n", "");
    home.write(
        ".aws/config",
        format!(
            "[profile by-service]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = {here}\n\
             [profile by-profile]\nendpoint_url = {here}\n"
        ),
    );
    let ways: [&[(&'static str, &str)]; 4] = [
        &[("AWS_ENDPOINT_URL_S3", here), ("AWS_ENDPOINT_URL", &nobody)],
        &[("AWS_ENDPOINT_URL", here)],
        &[("AWS_PROFILE", "by-service")],
        &[("AWS_PROFILE", "by-profile")],
    ];
    for (number, variables) in (1..).zip(ways) {
        _ = of(&open, "sync", variables).exits(0);
        assert_eq!(landed(), number, "{variables:?}");
        let output = of(&open, "check", variables).exits(0);
        let note = format!("S3 is at {here}, as ");
        let says = [
            note.as_str(),
            "the destination is another server than AWS, so AWS is not asked about its keys",
            "ok           test write",
        ];
        assert_eq!(lacks(&output.stdout, &says), [""; 0], "{}", output.stdout);
        _ = std::fs::remove_file(server.bucket().join("raw/_lakeward_check"));
    }
    // The config's own endpoint counts more.
    let output = of(&destination(here, ""), "sync", &[("AWS_ENDPOINT_URL_S3", &nobody)]).exits(0);
    assert_eq!((landed(), output.stderr.contains("S3 is at")), (5, false), "{}", output.stderr);
    for command in ["sync", "check"] {
        let output = of(&open, command, &[("AWS_ENDPOINT_URL_S3", "minio:9000")]).exits(2);
        let text = output.stdout.clone() + &output.stderr;
        let says = [
            "the S3 endpoint of AWS_ENDPOINT_URL_S3 can't be taken: an endpoint begins with http",
            "write an endpoint as",
        ];
        assert_eq!(lacks(&text, &says), [""; 0], "{text}");
    }
}
