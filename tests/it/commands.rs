//! The command line: what is found, shown and kept quiet.

use std::fs;

use lakeward_testkit::Home;

use crate::{
    landed,
    program::{EMBEDDED, config, files, lacks, lakeward, numbered, root, summary, sync},
    server::Server,
};

#[test]
fn without_arguments_and_a_terminal_it_says_what_to_run() {
    let home = Home::new();
    home.write("lakeward.toml", config(EMBEDDED, &files(&["t.csv"])));
    let output = lakeward(&home).run().exits(2);
    assert_eq!(output.stdout, "");
    assert_eq!(
        lacks(
            &output.stderr,
            &["there is no terminal", "next: run `lakeward sync`", "or `lakeward --plain`", "lakeward --help"]
        ),
        [""; 0]
    );
    assert_eq!(landed::keys(&home.path()), ["lakeward.toml"]);
}

#[test]
fn the_schema_is_the_committed_one() {
    let output = lakeward(&Home::new()).arg("schema").run().exits(0);
    let committed = fs::read_to_string(root().join("crates/core/schema/lakeward.schema.json")).unwrap();
    assert!(output.stdout == committed, "run `cargo xtask schema`");
}

#[test]
fn the_config_is_the_flags_then_the_variables_then_the_folders() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 1));
    for (path, bucket) in [("lakeward.toml", "of-folder"), ("variable.toml", "of-variable"), ("flag.toml", "of-flag")] {
        home.write(path, config(&EMBEDDED.replace("\"test\"", &format!("{bucket:?}")), &files(&["t.csv"])));
    }
    let bucket = |bucket: &str| landed::keys(&home.path().join("lake").join(bucket)).len();
    let _ = lakeward(&home).arg("sync").run().exits(0);
    assert_eq!((bucket("of-folder"), bucket("of-variable"), bucket("of-flag")), (1, 0, 0));
    let variable = || lakeward(&home).env("LAKEWARD_CONFIG", "variable.toml");
    let _ = variable().arg("sync").run().exits(0);
    assert_eq!((bucket("of-folder"), bucket("of-variable"), bucket("of-flag")), (1, 1, 0));
    let _ = variable().args(["sync", "--config", "flag.toml"]).run().exits(0);
    assert_eq!((bucket("of-folder"), bucket("of-variable"), bucket("of-flag")), (1, 1, 1));
}

#[test]
fn a_variable_overrides_its_key_and_an_unknown_one_is_a_warning() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 1));
    let command = sync(&home, EMBEDDED, &files(&["t.csv"])).env("LAKEWARD_DESTINATION_BUCKET", "other");
    let output = command.env("LAKEWARD_DESTINATION_BUKCET", "third").run().exits(0);
    assert_eq!(
        lacks(&output.stderr, &["warning", "LAKEWARD_DESTINATION_BUKCET", "LAKEWARD_DESTINATION_BUCKET?"]),
        [""; 0]
    );
    let buckets: Vec<_> =
        fs::read_dir(home.path().join("lake")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(buckets, ["other"]);
}

#[test]
fn tables_can_be_chosen_and_an_unknown_one_names_the_nearest() {
    let home = Home::new();
    for table in ["orders", "customers", "items"] {
        home.write(format!("{table}.csv"), numbered(0, 3));
    }
    let command = || sync(&home, EMBEDDED, &files(&["*.csv"])).args(["--progress", "json"]);
    let output = command().args(["--table", "orders", "--table", "items"]).run().exits(0);
    let tables =
        summary(&output)["tables"].as_array().unwrap().iter().map(|table| table["table"].clone()).collect::<Vec<_>>();
    assert_eq!(tables, ["items", "orders"]);
    let output = command().args(["--table", "order"]).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["\"order\"", "did you mean \"orders\"?"]), [""; 0], "{}", output.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_tells_columns_and_first_keys_and_sends_nothing() {
    let (home, server) = (Home::new(), Server::start().await);
    home.write("orders.csv", "id,amount,on,code\n1,2.5,2024-02-29,007\n");
    home.write("events.ndjson", r#"{"id":1,"at":"2024-01-01T00:00:00Z","place":{"lat":1.5}}"#);
    let output = server.sync(&home, "", &files(&["orders.csv", "events.ndjson"])).arg("--dry-run").run().exits(0);
    let says = [
        "orders.csv",
        "s3://test/raw/orders/",
        "id: int64",
        "amount: float64",
        "on: date",
        "code: string",
        "events.ndjson",
        "s3://test/raw/events/",
        "at: timestamptz",
        "place: struct(lat float64)",
        "nothing was sent",
        "appends all rows",
    ];
    assert_eq!(lacks(&output.stdout, &says), [""; 0], "{}", output.stdout);
    assert_eq!(server.s3.calls(), lakeward_loopback::Calls::default());
    assert_eq!(landed::keys(&home.path()), ["events.ndjson", "lakeward.toml", "orders.csv"]);
}

#[test]
fn quiet_prints_nothing_on_success_and_the_cause_on_failure() {
    let home = Home::new();
    home.write("t.csv", numbered(0, 1));
    let output = sync(&home, EMBEDDED, &files(&["t.csv"])).arg("-q").run().exits(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let output = sync(&home, EMBEDDED, &files(&["u.csv"])).arg("-q").run().exits(65);
    assert_eq!((output.stdout.as_str(), lacks(&output.stderr, &["u.csv does not exist"])), ("", vec![]));
}

#[test]
fn errors_are_json_where_logs_are() {
    let home = Home::new();
    home.write("good.csv", numbered(0, 1));
    home.write("bad.csv", "id,text\n1,a\n2\n");
    for (source, code) in
        [(files(&["u.csv"]), 65), (files(&["good.csv", "bad.csv"]), 65), ("type = \"file\"".into(), 2)]
    {
        let flags = ["--log-format", "json", "--progress", "none"];
        let output = sync(&home, EMBEDDED, &source).args(flags).run().exits(code);
        let lines: Vec<serde_json::Value> = output
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?} is no JSON: {error}")))
            .collect();
        let last = lines.last().unwrap();
        assert_eq!((&last["level"], &last["exit_code"]), (&"error".into(), &code.into()), "{last}");
        assert!(last["message"].is_string() && lines.iter().all(|line| line["level"].is_string()), "{lines:?}");
    }
}

#[test]
fn flags_that_tell_how_to_speak_stand_anywhere_and_those_of_a_run_only_with_one() {
    let home = Home::new();
    home.write("lakeward.toml", config(EMBEDDED, &files(&["t.csv"])));
    home.write("t.csv", numbered(0, 3));
    let output = lakeward(&home).args(["-q", "sync"]).run().exits(0);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""));
    let output = lakeward(&home).arg("--dry-run").run().exits(0);
    assert_eq!(lacks(&output.stdout, &["first key", "nothing was sent"]), [""; 0]);
    let output = lakeward(&home).args(["--dry-run", "schema"]).run().exits(2);
    assert_eq!(lacks(&output.stderr, &["the flags of a run"]), [""; 0]);
}

#[test]
fn the_policy_of_a_config_is_json_and_its_note_holds_it() {
    let home = Home::new();
    let destination = "bucket = \"my-lake\"\npath = \"raw/{{TABLE}}/{{UUID}}.{{FORMAT}}\"\nno_rotate = false\ntags = { team = \"data\" }\n";
    home.write("lakeward.toml", config(destination, &files(&["x.csv"])));
    let printed = lakeward(&home).args(["policy", "--config", "lakeward.toml"]).run().exits(0).stdout;
    let policy: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(policy["Statement"][0]["Action"], serde_json::json!(["s3:PutObject", "s3:PutObjectTagging"]));
    assert_eq!(policy["Statement"][0]["Resource"], "arn:aws:s3:::my-lake/raw/*");
    let china = lakeward(&home).args(["policy"]).env("AWS_REGION", "cn-north-1").run().exits(0).stdout;
    assert!(china.contains("arn:aws-cn:s3:::my-lake/raw/*"), "{china}");
    let note = lakeward(&home).args(["policy", "--note"]).run().exits(0).stdout;
    assert!(note.contains(printed.trim()) && note.contains("lists, reads and deletes nothing"), "{note}");
    home.write("lakeward.toml", config(EMBEDDED, &files(&["x.csv"])));
    let refused = lakeward(&home).args(["policy"]).run().exits(2);
    assert_eq!(lacks(&refused.stderr, &["embedded S3 needs no policy"]), [""; 0]);
}

#[test]
fn a_dry_run_tells_what_may_not_be_what_was_meant() {
    let home = Home::new();
    home.write("a.csv", "id,amount,day\n1,2.5,2026-01-01\n2,3.5,2026-01-02\n3,abc,2026-13-45\n");
    home.write("b.csv", "id\n1\n");
    let told = sync(&home, EMBEDDED, &files(&["a.csv", "b.csv"])).arg("--dry-run").run().exits(0).stdout;
    let says = [
        "amount is text because of line 4 of a.csv (\"abc\"); day is text because of line 4 of a.csv (\"2026-13-45\"); \
         to have such rows set aside, or end the run, give the type: columns = { \"amount\" = \"float64\", \"day\" = \"date\" } in its [[source]]",
    ];
    assert_eq!(lacks(&told, &says), [""; 0], "{told}");
    let one = format!("{}table = \"t\"\n", files(&["a.csv", "b.csv"]));
    let told = sync(&home, EMBEDDED, &one).arg("--dry-run").run().exits(0).stdout;
    assert!(told.contains("it is made of 2 files that have different columns"), "{told}");
    // The run itself warns, once a table; its summary is the same as ever.
    let run = sync(&home, EMBEDDED, &files(&["a.csv", "b.csv"])).run().exits(0);
    assert_eq!(lacks(&run.stderr, &says), [""; 0], "{}", run.stderr);
    assert!(
        run.stderr.matches("WARN").count() == 1 && run.stderr.contains("table a: amount is text"),
        "{}",
        run.stderr
    );
    assert!(!run.stdout.contains("is text"), "{}", run.stdout);
    let json = sync(&home, EMBEDDED, &files(&["a.csv"])).args(["--log-format", "json"]).run().exits(0).stderr;
    let line = json.lines().find(|line| line.contains("amount is text")).expect("a warning");
    assert!(line.starts_with('{') && line.contains("\"level\":\"WARN\""), "{json}");
    assert_eq!(sync(&home, EMBEDDED, &files(&["a.csv"])).arg("--quiet").run().exits(0).stderr, "");
}
