//! SIGINT and SIGTERM: what was taken lands, and the run says what is in and what is not.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use lakeward_testkit::{Answer, Home, ScriptedServer};

use crate::{
    landed,
    program::{EMBEDDED, binary, config, files, lacks, numbered, summary, sync},
    server,
    standard_input::{SOURCE, fed},
};

/// How long the program may take where it is told to take no time: machines are slow at times.
const AT_ONCE: Duration = Duration::from_secs(10);

#[test]
fn rows_taken_before_a_signal_land_and_the_run_says_so() {
    for signal in ["INT", "TERM"] {
        let home = Home::new();
        let (running, _input) = fed(sync(&home, EMBEDDED, SOURCE), 500);
        running.signal(signal);
        let output = running.wait().exits(130);
        assert!(output.elapsed < Duration::from_secs(15), "the grace period was waited for: {:?}", output.elapsed);
        let bucket = home.path().join("lake/test");
        assert_eq!(landed::all_ids(&bucket), (0..500).collect::<Vec<i64>>(), "{signal}");
        let summary = summary(&output);
        assert_eq!((landed::told(&summary), &summary["tables"][0]["landed"]), (landed::keys(&bucket), &500.into()));
        let says = [
            "landed: 1 object",
            "interrupted before all rows had landed",
            "a rerun lands the rows of these objects again",
        ];
        assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    }
}

#[test]
fn without_rotation_half_a_table_never_replaces_a_whole_one() {
    let home = Home::new();
    let destination = EMBEDDED.replace("/{{UUID}}", "") + "no_rotate = true\n";
    let _ = sync(&home, &destination, SOURCE).stdin(numbered(0, 2_000)).run().exits(0);
    let (running, _input) = fed(sync(&home, &destination, SOURCE), 500);
    running.signal("INT");
    let output = running.wait().exits(130);
    assert_eq!(landed::all_ids(&home.path().join("lake/test")).len(), 2_000);
    assert_eq!(lacks(&output.stderr, &["500 rows of 500 read did not land"]), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_endpoint_gets_the_grace_period_and_what_is_uncertain_is_named() {
    let server = ScriptedServer::start(vec![Answer::Hang; 10]).await;
    let home = Home::new();
    let command =
        server::sync(&home, &server.endpoint(), "batch_size = 100", SOURCE).env("LAKEWARD_SHUTDOWN_GRACE", "2s");
    let (running, _input) = fed(command, 500);
    let asked = Instant::now();
    running.signal("TERM");
    let output = running.wait().exits(130);
    let took = asked.elapsed();
    assert!(took > Duration::from_secs(2) && took < Duration::from_secs(2) + AT_ONCE, "it took {took:?}");
    let says = ["500 rows of 500 read did not land", "may have landed (cut off before the answer)", "interrupted"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_the_last_objects_are_on_their_way_is_heard() {
    let server = ScriptedServer::start(vec![Answer::Hang; 10]).await;
    let home = Home::new();
    home.write("t.csv", numbered(0, 20));
    let command = server::sync(&home, &server.endpoint(), "", &files(&["t.csv"])).args(["--progress", "json"]);
    let mut running = command.env("LAKEWARD_SHUTDOWN_GRACE", "1s").spawn();
    running.wait_for("rows_read");
    // All rows have been read; the object is sent, and nobody answers.
    while server.requests().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.signal("INT");
    let output = running.wait().exits(130);
    let says = ["20 rows of 20 read did not land", "may have landed", "interrupted before all rows had landed"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_the_run_at_once() {
    let server = ScriptedServer::start(vec![Answer::Hang; 10]).await;
    let home = Home::new();
    let command =
        server::sync(&home, &server.endpoint(), "batch_size = 100", SOURCE).env("LAKEWARD_SHUTDOWN_GRACE", "10m");
    let (mut running, _input) = fed(command, 500);
    running.signal("INT");
    running.wait_for("\"event\":\"stopping\"");
    let asked = Instant::now();
    running.signal("INT");
    let output = running.wait().exits(130);
    assert!(asked.elapsed() < AT_ONCE, "it took {:?}", asked.elapsed());
    assert_eq!(lacks(&output.stderr, &["what was being uploaded may have landed"]), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_landed_is_listed_after_a_second_signal_too() {
    let mut answers = vec![Answer::stored(); 2];
    answers.extend(vec![Answer::Hang; 10]);
    let server = ScriptedServer::start(answers).await;
    let home = Home::new();
    let command =
        server::sync(&home, &server.endpoint(), "batch_size = 100", SOURCE).env("LAKEWARD_SHUTDOWN_GRACE", "10m");
    let (mut running, _input) = fed(command, 500);
    running.wait_for("\"event\":\"object_landed\"");
    running.signal("INT");
    running.wait_for("\"event\":\"stopping\"");
    running.signal("INT");
    let output = running.wait().exits(130);
    assert_eq!(lacks(&output.stderr, &["landed: ", "  raw/t/"]), [""; 0], "{}", output.stderr);
}

/// The lines of a source whose command is a shell script.
fn script(script: &str) -> String {
    format!("type = \"command\"\ntable = \"t\"\nformat = \"csv\"\nsample = 1\ncommand = {:?}\n", ["sh", "-c", script])
}

fn wait_for_file(path: &Path) -> String {
    let began = Instant::now();
    loop {
        match fs::read_to_string(path) {
            Ok(content) if content.ends_with('\n') => return content.trim().to_owned(),
            _ => assert!(began.elapsed() < AT_ONCE, "{} does not come", path.display()),
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is gone, or is within a moment.
#[cfg(target_os = "linux")]
fn is_gone(process: &str) -> bool {
    (0..50).any(|_| {
        thread::sleep(Duration::from_millis(10));
        let status = fs::read_to_string(format!("/proc/{process}/stat"));
        status.is_ok_and(|status| status.contains(") Z ")) || !Path::new(&format!("/proc/{process}")).exists()
    })
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_heeds_no_signal_does_not_outlive_the_second() {
    // While it is sampled, and while it is read.
    for output in ["", "echo id; seq 100;"] {
        let home = Home::new();
        let source = script(&format!("trap '' TERM; {output} echo $$ > number; while :; do sleep 0.1; done"));
        let running = sync(&home, EMBEDDED, &source).spawn();
        let command = wait_for_file(&home.path().join("number"));
        running.signal("INT");
        // The run is ending the command, and gives it time.
        thread::sleep(Duration::from_millis(500));
        running.signal("INT");
        let _ = running.wait().exits(130);
        assert!(is_gone(&command), "{output}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_goes_ends_the_run_and_its_commands() {
    let home = Home::new();
    let running = sync(&home, EMBEDDED, &script("echo id; seq 100; echo $$ > number; exec sleep 60")).spawn();
    let command = wait_for_file(&home.path().join("number"));
    running.signal("HUP");
    let output = running.wait().exits(130);
    assert_eq!(lacks(&output.stderr, &["interrupted"]), [""; 0], "{}", output.stderr);
    assert!(is_gone(&command));
}

#[test]
fn a_run_that_is_to_outlive_its_terminal_does() {
    let home = Home::new();
    let source = script("echo id,text; echo $$ > number; until [ -e go ]; do sleep 0.05; done; echo 1,row 1");
    home.write("lakeward.toml", config(EMBEDDED, &source));
    let nohup = ["-c", "trap '' HUP; exec \"$0\" --config lakeward.toml"];
    let running = home.command("sh").args(nohup).arg(binary()).spawn();
    let _ = wait_for_file(&home.path().join("number"));
    running.signal("HUP");
    home.write("go", "");
    let _ = running.wait().exits(0);
    assert_eq!(landed::all_ids(&home.path().join("lake/test")), [1]);
}
