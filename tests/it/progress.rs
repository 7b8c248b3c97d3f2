//! What a run tells while it goes on and when it is over.

use lakeward_testkit::{Home, python};

use crate::{
    landed,
    program::{EMBEDDED, events, files, lacks, lakeward, numbered, summary, sync},
};

const KNOWN: [&str; 8] = [
    "run_started",
    "table_started",
    "rows_read",
    "object_landed",
    "upload_retried",
    "table_finished",
    "stopping",
    "run_finished",
];

#[test]
fn every_line_of_json_progress_is_a_known_event_and_they_add_up_to_the_summary() {
    let home = Home::new();
    home.write("one.csv", numbered(0, 5_000));
    home.write("two.csv", format!("{}7\n8\n", numbered(0, 10)));
    let destination = format!("{EMBEDDED}batch_size = 1000\n");
    let source = format!("{}on_error = \"skip\"\nrejects = \"rejects\"\n", files(&["one.csv", "two.csv"]));
    let output = sync(&home, &destination, &source).args(["--progress", "json"]).run().exits(0);

    let events = events(&output);
    let unknown: Vec<_> = events.iter().filter(|event| !KNOWN.contains(&event["event"].as_str().unwrap())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let sum = |event: &str, table: &str, count: &str| {
        let of_table = events.iter().filter(|other| other["event"] == event && other["table"] == table);
        of_table.map(|event| event[count].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(events.first().unwrap()["event"], "run_started");
    assert_eq!(events.last().unwrap()["event"], "run_finished");
    let summary = summary(&output);
    for (table, rejected) in [("one", 0), ("two", 2)] {
        let told = summary["tables"].as_array().unwrap().iter().find(|told| told["table"] == table).unwrap();
        assert_eq!(sum("rows_read", table, "rows") + sum("rows_read", table, "rejected"), told["read"]);
        assert_eq!((sum("rows_read", table, "rejected"), &told["rejected"]), (rejected, &rejected.into()));
        assert_eq!(sum("object_landed", table, "rows"), told["landed"]);
        assert_eq!(
            events.iter().filter(|event| event["event"] == "table_finished" && event["table"] == table).count(),
            1
        );
    }
    assert_eq!(
        (&summary["complete"], &summary["denied_calls"], &summary["retries"]),
        (&true.into(), &0.into(), &0.into())
    );
    assert_eq!(landed::told(&summary), landed::keys(&home.path().join("lake/test")));
}

#[test]
fn nothing_steers_a_terminal_where_there_is_none() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 10));
    home.write("bad.csv", "id,text\n\u{1b}[31mred,1,2\n");
    for style in ["auto", "bar", "plain", "json", "none"] {
        for (file, code) in [("t.csv", 0), ("bad.csv", 65)] {
            let output = sync(&home, EMBEDDED, &files(&[file])).args(["--progress", style]).run().exits(code);
            assert!(!output.stdout.contains('\u{1b}') && !output.stderr.contains('\u{1b}'), "{style}: {output:?}");
        }
    }
}

#[test]
fn plain_lines_tell_begin_and_end_and_the_summary_where_rows_are() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 1_234));
    let output = sync(&home, EMBEDDED, &files(&["t.csv"])).run().exits(0);
    assert_eq!(lacks(&output.stderr, &["1 table to lake/test/raw/", "t: all rows have landed"]), [""; 0]);
    let says = ["1,234 rows landed in 1 object", "they are below lake/test/", "read_parquet('lake/test/raw/t/"];
    assert_eq!(lacks(&output.stdout, &says), [""; 0], "{}", output.stdout);
}

#[cfg(unix)]
#[test]
fn the_line_that_reads_the_rows_is_safe_to_copy_whatever_a_file_is_called() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("it's [$(touch run)] `touch run` \"x\"?*.csv", numbered(0, 12));
    let _ = sync(&home, EMBEDDED, &files(&["*.csv"])).run().exits(0);
    let output = sync(&home, EMBEDDED, &files(&["*.csv"])).run().exits(0);
    let line = output.stdout.lines().find_map(|line| line.strip_prefix("read them with: ")).unwrap();
    // A shell passes the SQL to a program that is called as DuckDB's own is.
    let program = home.write("bin/duckdb", "#!/bin/sh\nprintf '%s' \"$2\"\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").unwrap());
    let sql = home.command("sh").args(["-c", line]).env("PATH", path).run().exits(0).stdout;
    assert!(!home.path().join("run").exists(), "a file's name ran as a command: {line}");
    let asked = serde_json::json!({ "tables": {}, "sql": sql }).to_string();
    assert_eq!(python::json_in(&home, include_str!("../python/read_tables.py"), [asked])["sql"], 24, "of both runs");
}

#[test]
fn the_summary_says_how_to_read_the_format_that_was_written() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 10));
    for (lines, says) in [
        ("format = \"json\"\ncompression = \"gzip\"\n", "format = 'newline_delimited', compression = 'gzip')"),
        ("format = \"csv\"\nformat_spec.delimiter = \";\"\n", ".csv', header = true, delim = ';')"),
    ] {
        let output = sync(&home, &format!("{EMBEDDED}{lines}"), &files(&["t.csv"])).run().exits(0);
        assert_eq!(lacks(&output.stdout, &[says]), [""; 0], "{}", output.stdout);
    }
}

#[cfg(unix)]
#[test]
fn what_takes_longer_than_a_moment_says_what_it_waits_for() {
    let home = Home::new();
    let source = |script: &str| {
        format!("type = \"command\"\ncommand = [\"sh\", \"-c\", {script:?}]\ntable = \"t\"\nformat = \"csv\"\n")
    };
    let slow = source("sleep 3; echo id; echo 1");
    let told = sync(&home, EMBEDDED, &slow).args(["--progress", "plain"]).run().exits(0).stderr;
    assert!(told.starts_with("waiting for the first rows of `sh`\n") && told.matches("waiting").count() == 1, "{told}");
    let output = sync(&home, EMBEDDED, &slow).args(["--progress", "json"]).run().exits(0);
    assert_eq!(events(&output)[0], serde_json::json!({ "event": "waiting", "what": "the first rows of `sh`" }));
    assert_eq!(sync(&home, EMBEDDED, &slow).arg("--quiet").run().exits(0).stderr, "");
    let told = sync(&home, EMBEDDED, &source("echo id; echo 1")).args(["--progress", "plain"]).run().exits(0).stderr;
    assert!(!told.contains("waiting"), "{told}");
    // Credentials of a program, which gives none in the end.
    home.write(".aws/config", "[profile tool]\nregion = eu-west-1\ncredential_process = sh hang.sh\n");
    home.write("hang.sh", "sleep 3; exit 1\n");
    home.write("t.csv", numbered(0, 1));
    let text = format!(
        "version = 1\n[auth]\nmethod = \"profile\"\nprofile = \"tool\"\n[destination]\nbucket = \"my-lake\"\nregion = \"eu-west-1\"\n\
         path = \"{{{{TABLE}}}}/{{{{UUID}}}}\"\n[[source]]\n{}",
        files(&["t.csv"])
    );
    home.write("s3.toml", text);
    let told = lakeward(&home).args(["--config", "s3.toml", "--progress", "plain"]).run().exits(77).stderr;
    assert!(told.starts_with("waiting for credentials (`sh`, up to 60 s)\n"), "{told}");
}
