//! `on_error = "skip"`: a row that does not fit is set aside with its reason, and counted.

use std::fs;

use lakeward_testkit::Home;
use serde_json::{Value, json};

use crate::{
    landed,
    program::{EMBEDDED, files, lacks, summary, sync},
};

const MIXED: &[u8] = b"id,text\n0,row 0\n1\n2,row 2\n3,row 3,more\n4,caf\xe9\n5,row 5\nsix,row 6\n";

fn skip(more: &str) -> String {
    format!("{}columns = {{ id = \"int64\" }}\non_error = \"skip\"\nrejects = \"rejects\"\n{more}\n", files(&["t.csv"]))
}

#[test]
fn rejected_rows_are_kept_with_their_reason_and_the_rest_lands() {
    let home = Home::new();
    home.write("t.csv", MIXED);
    let output = sync(&home, EMBEDDED, &skip("")).args(["--progress", "json"]).run().exits(0);
    let summary = summary(&output);
    let table = &summary["tables"][0];
    assert_eq!((&table["read"], &table["landed"], &table["rejected"]), (&json!(7), &json!(3), &json!(4)));
    assert_eq!(summary["complete"], true);
    let told = "4 rows rejected, each with its reason in rejects/";
    assert_eq!(output.stdout.lines().last(), Some(told));
    assert_eq!(landed::all_ids(&home.path().join("lake/test")), [0, 2, 5]);

    let folder = home.path().join("rejects");
    let names = landed::keys(&folder);
    assert!(names.len() == 1 && names[0].starts_with("t-") && names[0].ends_with(".ndjson"), "{names:?}");
    let text = fs::read_to_string(folder.join(&names[0])).unwrap();
    let rejects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = rejects
        .iter()
        .map(|reject| (reject["line"].clone(), reject["column"].clone(), reject["row"].clone()))
        .collect();
    let expected = [
        (json!(3), json!(null), json!("1")),
        (json!(5), json!(null), json!("3,row 3,more")),
        (json!(6), json!("text"), json!("4,caf\u{fffd}")),
        (json!(8), json!("id"), json!("six,row 6")),
    ];
    assert_eq!(told, expected);
    assert_eq!(rejects[2]["row_hex"], "342c636166e9");
    let with_file =
        |reject: &Value| reject["file"].as_str().unwrap().ends_with("t.csv") && reject["reason"].is_string();
    assert!(rejects.iter().all(with_file), "{rejects:?}");
}

#[test]
fn a_quiet_run_still_tells_that_rows_were_rejected() {
    let home = Home::new();
    home.write("t.csv", MIXED);
    let output = sync(&home, EMBEDDED, &skip("")).arg("-q").run().exits(0);
    assert_eq!(
        (output.stdout.as_str(), output.stderr.as_str()),
        ("", "warning: 4 rows rejected, each with its reason in rejects/\n")
    );
}

#[test]
fn more_than_max_rejects_ends_the_run_and_as_many_do_not() {
    for (most, code) in [(4, 0), (3, 65)] {
        let home = Home::new();
        home.write("t.csv", MIXED);
        let output = sync(&home, EMBEDDED, &skip(&format!("max_rejects = {most}"))).run().exits(code);
        if code != 0 {
            let says = ["more than 3 rows were set aside", "t.csv, line 8", "column \"id\"", "raise `max_rejects`"];
            assert_eq!(lacks(&output.stderr, &says), [""; 0], "{}", output.stderr);
        }
    }
}

#[test]
fn a_rejects_folder_that_can_not_be_written_ends_the_run() {
    let home = Home::new();
    home.write("t.csv", MIXED);
    home.write("rejects", "a file");
    let output = sync(&home, EMBEDDED, &skip("")).run().exits(69);
    assert_eq!(
        lacks(&output.stderr, &["the rejects file", "can't be written", "give `rejects` a folder"]),
        [""; 0],
        "{}",
        output.stderr
    );
}

#[test]
fn neither_the_config_nor_what_runs_write_is_a_source() {
    let home = Home::new();
    home.write("in/t.csv", MIXED);
    for _ in 0..2 {
        let output = sync(&home, EMBEDDED, &skip("").replace("t.csv", ".")).args(["--progress", "json"]).run().exits(0);
        let summary = summary(&output);
        let tables: Vec<_> = summary["tables"].as_array().unwrap().iter().map(|table| &table["table"]).collect();
        assert_eq!(tables, ["t"]);
    }
    let object = landed::keys(&home.path().join("lake/test")).remove(0);
    for (path, is) in [
        ("lakeward.toml".to_owned(), "the config of this run"),
        ("lake".to_owned(), "where the embedded S3 keeps what landed"),
        (format!("lake/test/{object}"), "in the folder where the embedded S3 keeps what landed"),
    ] {
        let output = sync(&home, EMBEDDED, &files(&[&path])).run().exits(2);
        let refusal = format!("{path} is not read as a source: it is {is}");
        assert_eq!(lacks(&output.stderr, &[&refusal, "take it out of `paths`"]), [""; 0], "{output:?}");
    }
}

#[test]
fn the_plain_lines_do_not_say_that_all_rows_of_a_table_landed_when_some_were_rejected() {
    let home = Home::new();
    home.write("t.csv", MIXED);
    let output = sync(&home, EMBEDDED, &skip("")).run().exits(0);
    assert_eq!(lacks(&output.stderr, &["t: 3 rows landed, 4 rejected\n"]), [""; 0]);
    assert!(!output.stderr.contains("all rows have landed"), "{}", output.stderr);
}
