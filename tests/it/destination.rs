//! Destinations that can't be reached or can't be written.

use std::{fs, net::TcpListener, path::Path, time::Duration};

use lakeward_testkit::{Answer, DeadEnd, Home, Recorded, ScriptedServer};

use crate::{
    landed,
    program::{self, EMBEDDED, files, lacks, numbered, summary},
    server::{self, Server},
};

fn home() -> Home {
    let home = Home::new();
    home.write("t.csv", numbered(0, 100));
    home
}

#[track_caller]
fn assert_says(stderr: &str, says: &[&str]) {
    assert_eq!(lacks(stderr, says), [""; 0], "{stderr}");
}

#[test]
fn where_nothing_listens_the_run_ends_after_half_a_minute() {
    let dead_end = DeadEnd::new();
    let free = dead_end.address();
    let output = server::sync(&home(), &format!("http://{free}"), "", &files(&["t.csv"])).run().exits(69);
    assert_says(
        &output.stderr,
        &["never answered in 30 s", &free.to_string(), "check [destination] endpoint", "100 rows"],
    );
    assert!(output.elapsed > Duration::from_secs(15), "it gave up after {:?}", output.elapsed);
}

#[test]
fn where_nothing_listens_a_shorter_deadline_ends_the_run_sooner_and_alike() {
    let dead_end = DeadEnd::new();
    let free = dead_end.address();
    let home = home();
    let command = server::sync(&home, &format!("http://{free}"), "retry_deadline = \"2s\"", &files(&["t.csv"]));
    let output = command.time_limit(Duration::from_secs(20)).run().exits(69);
    assert_says(&output.stderr, &["never answered in 2 s", "check [destination] endpoint"]);
}

#[test]
fn a_server_that_takes_connections_and_never_answers_gets_no_more_time() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let home = home();
    let command = server::sync(&home, &endpoint, "retry_deadline = \"4s\"", &files(&["t.csv"]));
    let output = command.time_limit(Duration::from_secs(40)).run().exits(69);
    assert_says(&output.stderr, &["never answered in 4 s", "stood still"]);
    assert!(output.elapsed < Duration::from_secs(15), "it took {:?}", output.elapsed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_answers_200_to_anything_is_no_s3() {
    let page = Answer::Status {
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: "<html>welcome</html>".into(),
    };
    let server = ScriptedServer::start(vec![page]).await;
    let output = server::sync(&home(), &server.endpoint(), "", &files(&["t.csv"])).run().exits(69);
    assert_says(
        &output.stderr,
        &["not as S3 does", "is it an S3 server's address", "100 rows of 100 read did not land"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_there_is_named() {
    let server = Server::with(|options| options.bucket = "another".into()).await;
    let output = server.sync(&home(), "", &files(&["t.csv"])).run().exits(69);
    assert_says(&output.stderr, &["bucket test", "NoSuchBucket", "check [destination] bucket and region"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_another_region_names_it() {
    let moved = |region: &str| Answer::Status {
        status: 301,
        headers: vec![("x-amz-bucket-region".into(), region.into())],
        body: "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>".into(),
    };
    // It is followed once, and told.
    let server = ScriptedServer::start(vec![moved("eu-west-3"), Answer::stored()]).await;
    let output = server::sync(&home(), &server.endpoint(), "", &files(&["t.csv"])).run().exits(0);
    assert_says(&output.stderr, &["eu-west-3", "region = \"eu-west-3\""]);
    let requests = server.stop().await;
    let region = |request: &Recorded| request.header("authorization").unwrap().split('/').nth(2).map(str::to_owned);
    assert_eq!(
        requests.iter().map(region).collect::<Vec<_>>(),
        ["us-east-1", "eu-west-3"].map(|name| Some(name.into()))
    );
    // A server that sends from one to the next is not followed.
    let server = ScriptedServer::start(vec![moved("eu-west-3"), moved("eu-west-4")]).await;
    let output = server::sync(&home(), &server.endpoint(), "", &files(&["t.csv"])).run().exits(69);
    assert_says(&output.stderr, &["301 PermanentRedirect", "set [destination] region = \"eu-west-4\""]);
    assert_eq!(server.stop().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_never_well_gets_the_retry_deadline() {
    let server = ScriptedServer::start(vec![Answer::error(503, "SlowDown"); 1_000]).await;
    let home = home();
    let command = server::sync(&home, &server.endpoint(), "retry_deadline = \"3s\"", &files(&["t.csv"]));
    let output = command.time_limit(Duration::from_secs(30)).run().exits(75);
    assert_says(
        &output.stderr,
        &["no upload succeeded for 3 s (retry_deadline)", "503 SlowDown", "raise retry_deadline"],
    );
    assert!(server.stop().await.len() > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_ends_the_run_and_names_what_landed() {
    let server = Server::with(|options| options.capacity = Some(20_000)).await;
    let home = Home::new();
    home.write("t.csv", numbered(0, 20_000));
    let command = server.sync(&home, "batch_size = 1000", &files(&["t.csv"])).args(["--progress", "json"]);
    let output = command.run().exits(75);
    assert_says(&output.stderr, &["InsufficientStorage", "make room, then run again", "did not land"]);
    let objects = server.objects();
    assert!(!objects.is_empty() && objects.len() < 20, "{objects:?}");
    assert_eq!(landed::told(&summary(&output)), objects);
    assert_eq!(landed::all_ids(&server.bucket()).len(), objects.len() * 1_000);
}

/// Only where this user may mount: in a container or as another user than root there is no small disk to fill, and the test
/// above is what holds the rule.
#[cfg(target_os = "linux")]
#[test]
fn a_real_disk_that_is_full_leaves_only_whole_objects() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 250_000));
    fs::create_dir(home.path().join("lake")).unwrap();
    let small_disk = "mount -t tmpfs -o size=256k tmpfs lake";
    let mounted = home.command("unshare").args(["--mount", "sh", "-c", small_disk]).run();
    if mounted.code != Some(0) {
        return;
    }
    home.write("lakeward.toml", program::config(&format!("{EMBEDDED}batch_size = 10000\n"), &files(&["t.csv"])));
    let script =
        format!("{small_disk} && {{ \"$0\" --config lakeward.toml; code=$?; cp -r lake/test seen; exit $code; }}");
    let command = home.command("unshare").args(["--mount", "sh", "-c"]).arg(script).arg(program::binary());
    let output = command.run().exits(75);
    assert_says(&output.stderr, &["InsufficientStorage", "make room, then run again"]);
    let seen = home.path().join("seen");
    let objects = landed::keys(&seen);
    assert_eq!(landed::all_ids(&seen).len(), objects.len() * 10_000);
    let keys: Vec<&str> = objects.iter().map(String::as_str).collect();
    assert!(!keys.is_empty());
    assert_says(&output.stderr, &keys);
}

#[test]
fn a_folder_that_can_not_be_made_is_named_before_a_row_is_read() {
    let home = home();
    home.write("file", "in the way");
    let destination = EMBEDDED.replace("dir = \"lake\"", "dir = \"file/lake\"");
    let output = program::sync(&home, &destination, &files(&["t.csv"])).run().exits(69);
    assert_says(
        &output.stderr,
        &["file/lake: ", "/file is a file\n", "name a folder that is not, and is not below, a file"],
    );
    assert!(!output.stderr.contains("run_started") && !Path::new("lake").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_taken_to_other_machines_and_never_to_this_one() {
    let dead_end = DeadEnd::new();
    let dead = dead_end.address();
    let proxied = |endpoint: &str| {
        let home = home();
        let command = server::sync(&home, endpoint, "retry_deadline = \"2s\"", &files(&["t.csv"]));
        ["HTTP_PROXY", "HTTPS_PROXY"]
            .iter()
            .fold(command, |command, name| command.env(name, format!("http://{dead}")))
            .run()
    };
    let server = ScriptedServer::start(vec![Answer::stored()]).await;
    let _ = proxied(&server.endpoint()).exits(0);
    for (scheme, said) in [
        ("http", "s3.example.invalid can't be reached: connection refused (HTTP_PROXY is set)"),
        ("https", "s3.example.invalid can't be reached through the proxy of HTTPS_PROXY: connection refused"),
    ] {
        // A name that no resolver knows: only a proxy would be asked for it.
        let output = proxied(&format!("{scheme}://s3.example.invalid")).exits(69);
        assert_says(&output.stderr, &["never answered in 2 s", said]);
    }
}
