//! A run that lasts longer than its credentials.

use std::{collections::BTreeSet, io::Write, thread::sleep, time::Duration};

use lakeward_testkit::{Answer, Home, ScriptedServer, python, tries};

use crate::{
    program::{summary, sync},
    server::destination,
    standard_input::SOURCE,
};

/// How many milliseconds keys are good, and how many pass between two rows, of which each is an object. A slow pipe's rows go on
/// about once a second.
const LIFE: u64 = 600;
const PAUSE: u64 = 80;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_renews_keys_of_less_than_a_second_and_no_write_fails() {
    let home = Home::new();
    home.secret("the-secret-of-short-lived-keys");
    home.secret("the-token-of-short-lived-keys");
    let rows = u64::from(tries(230, 1500));
    let script = include_str!("../python/keys_server.py");
    let mut keys = python::command(&home, script, [LIFE.to_string()]).open_stdin().spawn();
    let _open = keys.stdin();
    keys.wait_for("listening on");
    let port = keys.stdout().split_whitespace().last().unwrap().to_owned();
    let s3 = ScriptedServer::start((0..rows).map(|_| Answer::stored()).collect()).await;
    let command = sync(&home, &destination(&s3.endpoint(), "batch_size = 1\n"), SOURCE)
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("http://127.0.0.1:{port}/"))
        .args(["--progress", "json", "-vvv"])
        .time_limit(Duration::from_secs(300));
    let mut running = command.open_stdin().spawn();
    let mut input = running.stdin().unwrap();
    input.write_all(b"id,text\n").unwrap();
    for row in 0..rows {
        input.write_all(format!("{row},row\n").as_bytes()).unwrap();
        sleep(Duration::from_millis(PAUSE));
    }
    drop(input);
    let output = running.wait().exits(0);
    let summary = summary(&output);
    assert_eq!((summary["retries"].as_u64(), summary["tables"][0]["landed"].as_u64()), (Some(0), Some(rows)));
    let requests = s3.stop().await;
    let id = |authorization: &str| authorization.split(['=', '/']).nth(1).unwrap().to_owned();
    let ids: BTreeSet<String> = requests.iter().map(|request| id(request.header("authorization").unwrap())).collect();
    assert!(ids.len() > 15, "{} pairs of keys for {rows} rows", ids.len());
}
