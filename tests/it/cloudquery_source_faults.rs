//! Source plugins that do what they should not: each ends with a clear error, no process is left, and nothing that is half there is
//! called whole.

use std::time::{Duration, Instant};

use lakeward_testkit::{Home, HomeCommand};
use serde_json::{Value, json};

use crate::{
    cloudquery_source::{deny_orphans, plugin, program},
    landed,
    program::{EMBEDDED, lacks, summary, sync},
};

const SECRET: &str = "hush-hush-0815";

/// A run with a plugin that does one thing wrong.
fn broken<'home>(home: &'home Home, fault: &str, destination: &str, more: &str) -> HomeCommand<'home> {
    let script = format!("FAULT = {fault:?}\n{}", include_str!("../python/broken_source.py"));
    program(home, "broken", &script);
    home.secret(SECRET);
    let source = plugin("broken", &format!("spec = {{ token = \"${{TOKEN}}\" }}\n{more}"));
    sync(home, destination, &source).env("TOKEN", SECRET)
}

fn ids(home: &Home) -> Vec<i64> {
    landed::all_ids(&home.path().join("lake/test"))
}

#[test]
fn what_fails_before_any_row_is_told() {
    for (fault, says) in [
        (
            "exits at once",
            &[
                "there is no license",
                "the source broken could not be connected to: the plugin broken ended",
                "next: it may be no source plugin of CloudQuery: check `path`. Else run it by itself",
            ][..],
        ),
        ("never listens", &["does not listen at", "10 s after it was started"]),
        ("another version", &["it speaks version 1, 2 of the plugin protocol, and Lakeward 3"]),
        ("refuses its spec", &["it does not take its spec", "failed to init: bad spec {\"token\":\"***\"}"]),
        ("hangs in Init", &["it took longer than 10s to take its spec", "`timeout`"]),
        ("lists garbage", &["the list of its tables can't be read"]),
        ("lists nothing", &["it has none of the tables that are asked for", "skip_tables"]),
    ] {
        let home = Home::new();
        let output = broken(&home, fault, EMBEDDED, "timeout = \"10s\"").run();
        assert_eq!(output.code, Some(65), "{fault}: {}", output.stderr);
        assert_eq!(lacks(&output.stderr, says), [""; 0], "{fault}: {}", output.stderr);
        assert!(output.stderr.contains("the source broken") && !output.stderr.contains('\x1b'), "{}", output.stderr);
        deny_orphans(&home);
        assert_eq!(landed::keys(&home.path().join("lake")), [""; 0], "{fault}");
    }
}

#[test]
fn what_fails_amid_the_rows_is_told_and_what_was_taken_lands() {
    for (fault, says) in [
        ("is killed", &["was ended by SIGKILL", "these are its last words"][..]),
        ("exits", &["ended with status 0"]),
        ("hangs in Sync", &["it took longer than 10s to send the next row"]),
        ("floods its streams and fails", &["ended with status 7", "xxx"]),
        ("sends other columns", &["a record of table a", "it has 3 columns and not 2", "a fault of the plugin"]),
        ("sends another type", &["a record of table a", "column 1 is id Float64 and not id Int64"]),
        ("changes a table", &["it changed the columns of the table a"]),
        ("sends an unlisted table", &["it sent the table c, which it had not listed"]),
        ("sends an unannounced table", &["a record is of table c, which was not migrated before"]),
        ("sends garbage", &["a record can't be read"]),
        ("sends half a record", &["a record can't be read", "it ends inside a message"]),
        ("deletes", &["it asks to delete rows of the table a", "skip_tables"]),
        ("fails", &["no more of it [31m with {\"token\":\"***\"}"]),
    ] {
        let home = Home::new();
        let output = broken(&home, fault, EMBEDDED, "timeout = \"10s\"").run();
        assert_eq!(output.code, Some(65), "{fault}: {}", output.stderr);
        assert_eq!(lacks(&output.stderr, says), [""; 0], "{fault}: {}", output.stderr);
        assert_eq!(
            lacks(&output.stderr, &["not read to the end: a, b", "landed: 2 objects"]),
            [""; 0],
            "{}",
            output.stderr
        );
        assert!(output.stderr.len() < 20_000, "{fault}: the message has {} bytes", output.stderr.len());
        deny_orphans(&home);
        assert_eq!(ids(&home), [0, 1, 2, 3, 4], "{fault}");
        let states = home.path().join("state/cloudquery");
        let saved = std::fs::read_dir(states).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(saved.filter(|path| path.extension().is_some_and(|end| end == "json")).count(), 0, "{fault}");
    }
}

#[test]
fn half_a_table_never_replaces_a_whole_one() {
    let home = Home::new();
    let destination = EMBEDDED.replace("/{{UUID}}", "") + "no_rotate = true\n";
    let _ = broken(&home, "nothing", &destination, "").run().exits(0);
    let written = |table: &str| home.path().join(format!("lake/test/raw/{table}.parquet"));
    let modified = |table: &str| std::fs::metadata(written(table)).unwrap().modified().unwrap();
    let before = (modified("a"), modified("b"));
    let _ = broken(&home, "fails", &destination, "").run().exits(65);
    assert_eq!((modified("a"), modified("b")), before);
    let _ = broken(&home, "tells errors", &destination, "").run().exits(65);
    assert_eq!(modified("b"), before.1, "rows of it may be missing");
    assert!(modified("a") > before.0);
    let before = (modified("a"), modified("b"));
    let output = broken(&home, "tells errors of the table above", &destination, "").run().exits(65);
    assert_eq!((modified("a"), modified("b")), before, "rows of b are read through those of a");
    let says = ["a: access denied", "(elsewhere): no more credit", "not read to the end: a, b"];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
}

#[test]
fn errors_of_tables_are_in_the_summary_and_the_other_tables_are_whole() {
    let home = Home::new();
    let output = broken(&home, "tells errors", EMBEDDED, "").run().exits(65);
    let says = [
        "the source broken told errors of its tables:",
        "b: access denied [31m with {\"token\":\"***\"}; access denied, too",
        "not read to the end: b\n",
    ];
    assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
    assert!(output.stdout.contains("\nb: access denied [31m with"), "{}", output.stdout);
    assert_eq!(ids(&home), [0, 1, 2, 3, 4]);
    deny_orphans(&home);
    let output = broken(&home, "tells errors", EMBEDDED, "").args(["--progress", "json"]).run().exits(65);
    let tables = &summary(&output)["tables"];
    assert_eq!(tables[0].get("errors"), None);
    assert!(tables[1]["errors"].as_str().unwrap().starts_with("access denied"), "{tables}");
    let errors: Vec<Value> = output.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let errors: Vec<&Value> = errors.iter().filter(|event| event["event"] == "source_error").collect();
    assert_eq!(errors.len(), 2, "{}", output.stderr);
    let expected =
        json!({ "event": "source_error", "source": "broken", "table": "b", "message": "access denied, too" });
    assert_eq!(errors[1], &expected);
    assert!(!output.stderr.contains(SECRET), "{}", output.stderr);
}

#[test]
fn a_plugin_is_asked_as_the_command_line_of_cloudquery_asks_unless_the_config_says_otherwise() {
    let home = Home::new();
    let otherwise =
        "tables = [\"*\", \"b*\"]\nskip_tables = [\"bc\"]\nskip_dependent_tables = false\ndeterministic_cq_id = true";
    for (keys, asked) in [
        ("", "asked for ['*'] without [], True, False"),
        (otherwise, "asked for ['*', 'b*'] without ['bc'], False, True"),
    ] {
        let output = broken(&home, "tells what it was asked", EMBEDDED, keys).run().exits(65);
        assert_eq!(lacks(&output.stdout, &[asked]), [""; 0], "{}", output.stdout);
    }
}

#[test]
fn what_is_loud_or_stubborn_lands_all_the_same() {
    for fault in ["floods its streams", "is stubborn", "does not close"] {
        let home = Home::new();
        let output = broken(&home, fault, EMBEDDED, "").run();
        assert_eq!(output.code, Some(0), "{fault}: {}", output.stderr);
        assert_eq!(output.stderr.lines().filter(|line| line.contains("xxx")).count(), 0, "{fault}");
        deny_orphans(&home);
        assert_eq!(ids(&home), [0, 1, 2, 3, 4], "{fault}");
    }
}

#[test]
fn a_signal_ends_the_plugin_and_lands_what_was_taken() {
    for (fault, code) in [("never ends", 130), ("hangs in Sync", 130), ("hangs in Init", 130), ("never listens", 130)] {
        let home = Home::new();
        let mut running = broken(&home, fault, EMBEDDED, "").args(["--progress", "json"]).spawn();
        let asked = Instant::now();
        if fault.ends_with("Init") || fault.ends_with("listens") {
            while !home.path().join("pid").exists() && asked.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(50));
            }
        } else {
            running.wait_for("rows_read");
        }
        running.signal("TERM");
        let asked = Instant::now();
        let output = running.wait().exits(code);
        assert!(asked.elapsed() < Duration::from_secs(15), "{fault}: it took {:?}", asked.elapsed());
        deny_orphans(&home);
        if fault.ends_with("Sync") || fault.ends_with("ends") {
            let landed = summary(&output)["tables"][0]["landed"].as_u64().unwrap();
            assert!(landed > 0 && summary(&output)["tables"][0]["read"] == landed, "{fault}: {}", output.stderr);
        }
    }
}
