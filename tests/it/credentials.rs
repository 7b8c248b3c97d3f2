//! Who the program is to S3, and what it says when that is not enough: exit code 77.

use lakeward_testkit::{Answer, Home, ScriptedServer};

use crate::{
    program::{files, lacks, lakeward, numbered, sync},
    server::{self, Server, destination},
};

#[track_caller]
fn assert_says(stderr: &str, says: &[&str]) {
    assert_eq!(lacks(stderr, says), [""; 0], "{stderr}");
}

fn home() -> Home {
    let home = Home::new();
    home.write("t.csv", numbered(0, 3));
    home
}

/// A destination with another `[auth]` than the default.
fn with_auth(server: &Server, auth: &str) -> String {
    format!("{}\n[auth]\n{auth}\n", destination(server.s3.endpoint(), ""))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_the_variables_are_named() {
    let (home, server) = (home(), Server::start().await);
    let output = sync(&home, &with_auth(&server, "method = \"env\""), &files(&["t.csv"])).run().exits(77);
    assert_says(
        &output.stderr,
        &["no AWS credentials in the environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    );
    let output = sync(&home, &destination(server.s3.endpoint(), ""), &files(&["t.csv"])).run().exits(77);
    assert_says(
        &output.stderr,
        &["no AWS credentials found", "profile `default`", "\n    or: set AWS_ACCESS_KEY_ID and"],
    );
    // In JSON they are lines of a text, and things of a list.
    let command = sync(&home, &destination(server.s3.endpoint(), ""), &files(&["t.csv"]));
    let output = command.args(["--log-format", "json"]).run().exits(77);
    let said: serde_json::Value = serde_json::from_str(output.stderr.lines().last().unwrap()).unwrap();
    let next: Vec<&str> = said["next"].as_str().unwrap().lines().collect();
    assert_eq!((next.len(), next[0]), (4, "sign in at the AWS console: `lakeward auth login --console`"));
    let output = lakeward(&home).args(["check", "--json"]).run().exits(77);
    let items = output.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let failed = items.filter(|item| item["outcome"] == "failed").map(|item| item["next"].clone());
    assert_eq!(failed.collect::<Vec<_>>(), [serde_json::json!(next)]);
    assert_eq!(server.s3.calls(), lakeward_loopback::Calls::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_of_the_aws_files_signs_and_an_unknown_one_names_the_others() {
    let (home, server) = (home(), Server::start().await);
    home.secret(server.secret());
    let keys =
        format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", server.s3.access_key_id(), server.secret());
    home.write(".aws/credentials", format!("[analytics]\n{keys}\n[other]\naws_access_key_id = AKIDOTHER\n"));
    home.write(".aws/config", "[profile analytics]\nregion = eu-central-1\n");
    let profile = |name: &str| with_auth(&server, &format!("method = \"profile\"\nprofile = \"{name}\""));
    let _ = sync(&home, &profile("analytics"), &files(&["t.csv"])).run().exits(0);
    assert_eq!(server.objects().len(), 1);
    // The chain looks there too.
    let chain = sync(&home, &destination(server.s3.endpoint(), ""), &files(&["t.csv"])).env("AWS_PROFILE", "analytics");
    let _ = chain.run().exits(0);
    assert_eq!(server.objects().len(), 2);
    let output = sync(&home, &profile("analitycs"), &files(&["t.csv"])).run().exits(77);
    assert_says(&output.stderr, &["no profile `analitycs`", "analytics, other"]);
    assert_eq!(server.objects().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_server_refuses_are_told_apart() {
    let (home, server) = (home(), Server::start().await);
    let command = || server.sync(&home, "", &files(&["t.csv"]));
    let output = command().env("AWS_SECRET_ACCESS_KEY", "another-secret-key").run().exits(77);
    assert_says(
        &output.stderr,
        &["SignatureDoesNotMatch", "the secret key doesn't belong to the access key id", "nothing landed"],
    );
    let output = command().env("AWS_ACCESS_KEY_ID", "AKIDUNKNOWN").run().exits(77);
    assert_says(&output.stderr, &["InvalidAccessKeyId", "the server doesn't know these keys"]);
    assert_eq!((server.objects().len(), server.s3.calls().denied), (0, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_put_is_tried_once_and_names_the_permission_and_the_key() {
    let (home, server) = (home(), Server::with(|options| options.prefix = "other/".into()).await);
    let output = server.sync(&home, "", &files(&["t.csv"])).run().exits(77);
    assert_says(
        &output.stderr,
        &["object raw/t/", "403 AccessDenied", "allow s3:PutObject", "3 rows of 3 read did not land"],
    );
    assert_eq!((server.objects().len(), server.s3.calls().denied), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_have_expired_are_not_tried_again() {
    let server = ScriptedServer::start(vec![Answer::error(403, "ExpiredToken"), Answer::stored()]).await;
    let home = home();
    let output = server::sync(&home, &server.endpoint(), "", &files(&["t.csv"])).run().exits(77);
    assert_says(&output.stderr, &["403 ExpiredToken", "the credentials have expired: sign in again"]);
    assert_eq!(server.stop().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_bundle_that_can_not_be_used_is_named() {
    let (home, server) = (home(), Server::start().await);
    let bundle = home.write("ca.pem", "not a certificate");
    let output = server.sync(&home, "", &files(&["t.csv"])).env("AWS_CA_BUNDLE", &bundle).run().exits(2);
    assert_says(&output.stderr, &["ca.pem", "mend AWS_CA_BUNDLE"]);
    assert_eq!(server.s3.calls().put_object, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_key_is_in_no_output_and_no_file_however_much_is_logged() {
    let answers = vec![Answer::error(503, "SlowDown"), Answer::Reset, Answer::stored()];
    let server = ScriptedServer::start(answers).await;
    let home = home();
    // Every run looks for the secret in what it printed and in the files of the home.
    let command = server::sync(&home, &server.endpoint(), "", &files(&["t.csv"]))
        .env("AWS_SESSION_TOKEN", "session-token-9f8e7d");
    home.secret("session-token-9f8e7d");
    let output = command.arg("-vvv").run().exits(0);
    assert_says(&output.stderr, &["DEBUG", "a try failed"]);
    let refused = ScriptedServer::start(vec![Answer::error(403, "InvalidToken")]).await;
    let _ = server::sync(&home, &refused.endpoint(), "", &files(&["t.csv"])).arg("-vvv").run().exits(77);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_the_server_calls_expired_are_renewed_once_and_the_run_goes_on() {
    let expired = || Answer::error(400, "ExpiredToken");
    for (answers, exit) in [(vec![expired(), Answer::stored()], 0), (vec![expired(), expired(), Answer::stored()], 77)]
    {
        let home = home();
        // Each call gives other keys, which are good for a day.
        let script = "echo x >> calls; printf '{\"Version\":1,\"AccessKeyId\":\"AKID%s\",\"SecretAccessKey\":\"wJalrXUtnFEMIprocessEXAMPLEKEY\",\"SessionToken\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}' $(wc -l < calls | tr -d ' ')";
        let script = home.write("keys.sh", script);
        home.write(".aws/config", format!("[profile tool]\ncredential_process = sh {}\n", script.display()));
        let server = ScriptedServer::start(answers).await;
        let auth =
            format!("{}\n[auth]\nmethod = \"profile\"\nprofile = \"tool\"\n", destination(&server.endpoint(), ""));
        let output = sync(&home, &auth, &files(&["t.csv"])).run().exits(exit);
        let requests = server.stop().await;
        let key = |request: &lakeward_testkit::Recorded| {
            let authorization = request.header("authorization").unwrap().to_owned();
            authorization.split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned()
        };
        assert_eq!(requests.iter().map(key).collect::<Vec<_>>(), ["AKID1", "AKID2"], "{}", output.stderr);
    }
}
