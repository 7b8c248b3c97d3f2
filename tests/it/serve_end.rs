//! How `lakeward serve` ends: on a signal, and when its host or its S3 is gone.

use std::{
    thread,
    time::{Duration, Instant},
};

use lakeward_testkit::{Answer, Home, ScriptedServer, python, tries};
use serde_json::json;

use crate::{
    landed,
    program::{binary, lacks, lakeward},
    serve::{Serving, lines, spec},
    server::Server,
};

const HOST: &str = include_str!("../python/plugin_host.py");

/// A host gives a plugin 5 s.
const IN_TIME: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_at_any_moment_loses_no_row_that_was_taken() {
    let mut random = fastrand::Rng::with_seed(11);
    for attempt in 0..tries(4, 50) {
        let (server, home) = (Server::start().await, Home::new());
        let mut serving = Serving::start(server.keys(&home, lakeward(&home)));
        let spec = spec(server.s3.endpoint(), &json!({ "test_write": false })).to_string();
        let arguments = ["slow", &serving.address, &spec, "t", "200000", "500", "0.001"];
        let mut host = python::command(&home, HOST, arguments).spawn();
        host.wait_for("writing");
        if attempt > 0 {
            serving.running.wait_for("a table begins");
        }
        thread::sleep(Duration::from_millis(random.u64(0..1500)));
        let asked = Instant::now();
        serving.running.signal(if attempt % 2 == 0 { "INT" } else { "TERM" });
        let output = serving.running.wait();
        assert!(asked.elapsed() < IN_TIME, "it took {:?}", asked.elapsed());
        let written = lines(&output.stdout).into_iter().find(|line| line["message"] == "table written");
        let taken = written.as_ref().map_or(0, |line| line["rows"].as_i64().unwrap());
        let landed = landed::all_ids(&server.bucket());
        assert_eq!(output.code, Some(0), "{}", output.stdout);
        assert!(taken > 0 || attempt == 0, "nothing was under way");
        assert_eq!(landed, (0..taken).collect::<Vec<_>>(), "{written:?}");
        let answer = host.wait().exits(0).stdout;
        assert!(answer.contains("OK") || answer.contains("UNAVAILABLE"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_host_wrote_before_it_was_gone_lands() {
    for within in ["no", "yes"] {
        let (server, home) = (Server::start().await, Home::new());
        let serving = Serving::start(server.keys(&home, lakeward(&home)));
        let spec = spec(server.s3.endpoint(), &json!({ "test_write": false })).to_string();
        let arguments = ["vanish", &serving.address, &spec, "t", "3000", "100", within];
        let _ = python::command(&home, HOST, arguments).run().exits(0);
        let mut running = serving.running;
        running.wait_for("table written");
        assert_eq!(landed::all_ids(&server.bucket()), (0..3000).collect::<Vec<_>>());
        running.signal("TERM");
        let output = running.wait().exits(0);
        assert_eq!(lacks(&output.stdout, &["a write ended early", "broke off"]), [""; 0], "{}", output.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_table_never_replaces_a_whole_one_and_the_end_tells_what_is_missing() {
    let (server, home) = (Server::start().await, Home::new());
    let serving = Serving::start(server.keys(&home, lakeward(&home)));
    let fields = json!({ "no_rotate": true, "path": "raw/{{TABLE}}.{{FORMAT}}", "test_write": false });
    let spec = spec(server.s3.endpoint(), &fields);
    assert_eq!(serving.host("write_numbered", &spec, &["t", "2000", "100"]), json!(["OK", ""]));
    let arguments = ["slow", &serving.address, &spec.to_string(), "t", "1000", "100", "0.5"];
    let host = python::command(&home, HOST, arguments).spawn();
    let before = serving.running.stdout().len();
    while !serving.running.stdout().split_at(before).1.contains("a table begins") {
        thread::sleep(Duration::from_millis(20));
    }
    serving.running.signal("TERM");
    let output = serving.running.wait().exits(130);
    assert_eq!(landed::all_ids(&server.bucket()).len(), 2000);
    assert_eq!(lacks(&output.stdout, &["not landed", "rows of table t"]), [""; 0], "{}", output.stdout);
    assert!(host.wait().exits(0).stdout.contains("UNAVAILABLE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_s3_that_hangs_is_not_waited_for_and_what_is_missing_is_told() {
    let (server, home) = (ScriptedServer::start(vec![Answer::Hang; 10]).await, Home::new());
    let command =
        lakeward(&home).env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-real-one");
    let mut serving = Serving::start(command);
    let spec = spec(&server.endpoint(), &json!({ "batch_size": 100, "test_write": false })).to_string();
    let host = python::command(&home, HOST, ["slow", &serving.address, &spec, "t", "500", "100", "0.05"]).spawn();
    serving.running.wait_for("a table begins");
    thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    serving.running.signal("INT");
    let output = serving.running.wait();
    assert!(asked.elapsed() < IN_TIME, "it took {:?}", asked.elapsed());
    assert!(!matches!(output.code, Some(0) | None), "{:?}", output.code);
    let written = lines(&output.stdout).into_iter().find(|line| line["message"] == "table written").unwrap();
    assert_eq!(written["landed"], 0);
    let says = format!("not landed: {0} of the {0} rows of table t", written["rows"]);
    assert_eq!(lacks(&output.stdout, &[&says]), [""; 0], "{}", output.stdout);
    let _ = host.wait();
}

/// A host that is killed ends no plugin; the plugin sees by itself that nobody will come again.
#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_at_a_socket_ends_with_the_process_that_started_it() {
    let (server, home) = (Server::start().await, Home::new());
    let script =
        "\"$0\" serve --network unix --address plugin.sock --log-format json > log & echo $! > number; sleep 1";
    let host = server.keys(&home, home.command("sh")).args(["-c", script]).arg(binary()).run();
    let _ = host.exits(0);
    let number = std::fs::read_to_string(home.path().join("number")).unwrap();
    let asked = Instant::now();
    while std::path::Path::new("/proc").join(number.trim()).exists() {
        assert!(asked.elapsed() < Duration::from_secs(20), "it lives on");
        thread::sleep(Duration::from_millis(50));
    }
    let log = std::fs::read_to_string(home.path().join("log")).unwrap();
    assert_eq!(lacks(&log, &["is listening", "the host is gone"]), [""; 0], "{log}");
    assert!(!home.path().join("plugin.sock").exists());
}
