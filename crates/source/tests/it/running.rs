//! Memory, order, stopping and speed of change while a table is read.

use std::{fs, io::Write, sync::atomic::Ordering};

use arrow_array::cast::AsArray;
use lakeward_core::{budget::Budget, message::Message};
use lakeward_source::discover;

use crate::support::{Fixture, words};

#[test]
fn blocks_keep_the_order_of_the_file_and_memory_its_bounds() {
    let mut content = String::from("id,text\n");
    for row in 0..200_000 {
        content.push_str(&format!("{row},some text {row}\n"));
    }
    let mut fixture = Fixture::with("t.csv", &content);
    fixture.budget = Budget::new(8 << 20);
    let landed = fixture.table("t.csv").expect("read");
    let rows = landed.rows();
    assert_eq!(rows.len(), 200_000);
    assert!(rows.iter().enumerate().all(|(row, cells)| cells[0] == row.to_string()));
    assert!(landed.batches.len() > 4, "{} batches", landed.batches.len());
    let most = fixture.budget.most_used();
    assert!(most <= 10 << 20, "{most} bytes at most");
}

#[test]
fn one_record_larger_than_the_budget_passes() {
    let long = "x".repeat(3 << 20);
    let mut fixture = Fixture::with("t.ndjson", format!("{{\"a\":\"1\"}}\n{{\"a\":\"{long}\"}}\n{{\"a\":\"2\"}}\n"));
    fixture.budget = Budget::new(1 << 20);
    let rows = fixture.table("t.ndjson").expect("read").rows();
    assert_eq!(rows.iter().map(|row| row[0].len()).collect::<Vec<_>>(), [1, 3 << 20, 1]);
}

#[test]
fn a_wide_and_sparse_table_takes_small_batches() {
    let header: Vec<String> = (0..3000).map(|column| format!("c{column}")).collect();
    let mut content = header.join(",") + "\n";
    for _ in 0..600 {
        content.push_str(&",".repeat(2999));
        content.push('\n');
    }
    let landed = Fixture::with("t.csv", content).table("t.csv").expect("read");
    assert_eq!(landed.read.rows_read, 600);
    assert!(landed.batches.iter().all(|batch| batch.num_rows() <= 180));
}

#[test]
fn a_thousand_files_are_one_table() {
    let fixture = Fixture::new().sample(1000);
    for file in 0..1000 {
        fixture.file(&format!("in/{file:04}.csv"), format!("a,b\n{file},x\n"));
    }
    let landed = fixture.land(&[fixture.source("in", Some("t"))]).expect("read");
    assert_eq!(landed[0].columns(), ["a int64", "b string"]);
    assert!(landed[0].rows().iter().enumerate().all(|(file, cells)| cells[0] == file.to_string()));
}

#[test]
fn a_stop_ends_reading_without_an_end() {
    let fixture = Fixture::with("t.csv", format!("a\n{}", "1\n".repeat(400_000)));
    fixture.outlet.stop_after.store(2, Ordering::Relaxed);
    let reader = discover(&[fixture.source("t.csv", None)], &[], &fixture.context()).expect("found").remove(0);
    let read = reader.read(&fixture.outlet).expect("no failure");
    let messages = fixture.outlet.take();
    assert!(
        matches!(messages.as_slice(), [Message::Begin(_), Message::Rows(rows)] if rows.batch.num_rows() as u64 == read.rows_read)
    );
    assert!(!read.complete);
}

#[test]
fn a_file_that_changes_after_it_was_found_is_an_error() {
    for change in ["append", "replace", "remove"] {
        let fixture = Fixture::with("t.csv", "a\n1\n");
        let path = fixture.path("t.csv");
        let reader = discover(&[fixture.source("t.csv", None)], &[], &fixture.context()).expect("found").remove(0);
        match change {
            "append" => {
                let mut file = fs::OpenOptions::new().append(true).open(&path).expect("opened");
                file.write_all(b"2\n").expect("written");
            }
            "replace" => fs::rename(fixture.file("other.csv", "a\n3\n"), &path).expect("renamed"),
            _ => fs::remove_file(&path).expect("removed"),
        }
        let failure = reader.read(&fixture.outlet).expect_err("a change");
        let (code, text) = words(&failure, path.parent().expect("a folder"));
        assert_eq!(code, 65);
        assert!(text.starts_with("t.csv changed while it was read | "), "{change}: {text}");
    }
}

#[test]
fn a_file_that_grows_while_it_is_read_is_an_error() {
    /// Appends to the file at its first rows.
    struct Growing(std::path::PathBuf);
    impl lakeward_core::message::Outlet for Growing {
        fn send(&self, message: Message) -> Result<(), lakeward_core::message::Stopped> {
            if matches!(message, Message::Rows(_)) {
                let mut file = fs::OpenOptions::new().append(true).open(&self.0).expect("opened");
                file.write_all(b"2\n").expect("written");
            }
            Ok(())
        }
        fn is_stopped(&self) -> bool {
            false
        }
    }
    // So many blocks that the first is handed over before the last is cut.
    let fixture = Fixture::with("t.csv", format!("a\n{}", "1\n".repeat(1_500_000)));
    let reader = discover(&[fixture.source("t.csv", None)], &[], &fixture.context()).expect("found").remove(0);
    let failure = reader.read(&Growing(fixture.path("t.csv"))).expect_err("a change");
    assert!(failure.what.ends_with("changed while it was read"), "{failure}");
}

#[test]
fn what_a_run_set_aside_is_no_input_of_the_next() {
    let fixture = Fixture::with("in/t.csv", "a\n1\n2,3\n");
    let read = lakeward_core::plan::OnError::Skip { rejects: fixture.path("in/aside"), max_rejects: None };
    let mut fixture = fixture;
    fixture.read.on_error = read;
    for run in ["first", "second"] {
        let context = lakeward_source::Context { run_id: run.into(), ..fixture.context() };
        let readers = discover(&[fixture.source("in", None)], &[], &context).expect("found");
        assert_eq!(readers.len(), 1, "{run}");
        for reader in readers {
            assert_eq!(reader.read(&fixture.outlet).expect("read").rows_rejected, 1);
        }
    }
    assert!(fixture.path("in/aside/t-second.ndjson").exists());
}

#[test]
fn a_column_of_numbers_that_is_text_says_because_of_which_value() {
    let rows = "1,1\n".repeat(50);
    let fixture = Fixture::with("in/a.csv", format!("n,m\n{rows}\"multi\nline\",2\n1,x\n1,\u{1b}[31mred\n"));
    let odd = |fixture: &Fixture| -> Vec<String> {
        let reader = discover(&[fixture.source("in", Some("t"))], &[], &fixture.context()).expect("found").remove(0);
        reader.notes()
    };
    let mends = |types: &str| {
        format!(
            "; to have such rows set aside, or end the run, give the type: columns = {{ {types} }} in its [[source]]"
        )
    };
    let n = "n is text because of line 52 of a.csv (\"multi line\")";
    let m = "m is text because of line 54 of a.csv (\"x\") and one more value";
    // One `columns`, for it is one key.
    assert_eq!(odd(&fixture), [format!("{n}; {m}{}", mends("\"n\" = \"int64\", \"m\" = \"int64\""))]);
    // Whoever gives the type knows.
    assert_eq!(odd(&fixture.column("m", "string")), [format!("{n}{}", mends("\"n\" = \"int64\""))]);
}

#[test]
fn a_type_counts_for_those_tables_of_a_source_that_have_the_column() {
    let fixture = Fixture::with("in/a.csv", "n,m\n1,2\n").column("n", "string");
    std::fs::write(fixture.path("in/b.csv"), "n\n3\n").expect("written");
    std::fs::write(fixture.path("in/c.csv"), "m\n3\n").expect("written");
    let found = |fixture: &Fixture, only: &[&str]| {
        let only: Vec<_> =
            only.iter().map(|name| lakeward_core::table::TableName::new(name).expect("a name")).collect();
        discover(&[fixture.source("in", None)], &only, &fixture.context())
    };
    let types = |readers: Vec<lakeward_source::TableReader>| -> Vec<String> {
        let of = |reader: &lakeward_source::TableReader| {
            let fields =
                reader.table().schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type()));
            fields.collect::<Vec<_>>().join(", ")
        };
        readers.iter().map(of).collect()
    };
    assert_eq!(types(found(&fixture, &[]).expect("found")), ["n Utf8, m Int64", "n Utf8", "m Int64"]);
    assert_eq!(types(found(&fixture, &["c"]).expect("found")), ["m Int64"], "the others may have the column");
    let failure = found(&fixture.column("nn", "string"), &[]).err().expect("a column of none");
    assert_eq!(failure.what, "no table of the source has a column \"nn\", whose type the config gives");
}

#[test]
fn files_of_different_columns_in_one_table_are_told_with_their_number() {
    let fixture = Fixture::with("in/a.csv", "n,m\n1,2\n");
    let notes = |fixture: &Fixture| {
        discover(&[fixture.source("in", Some("t"))], &[], &fixture.context()).expect("found").remove(0).notes()
    };
    std::fs::write(fixture.path("in/b.csv"), "m,n\n3,4\n").expect("written");
    assert_eq!(notes(&fixture), [""; 0], "the same columns in another order");
    std::fs::write(fixture.path("in/c.csv"), "station,wind\n3,4\n").expect("written");
    assert_eq!(
        notes(&fixture),
        [
            "it is made of 3 files that have different columns; if each is a table of its own, leave `table` out of its [[source]]"
        ]
    );
}

#[test]
fn a_look_counts_what_a_run_would_set_aside_and_writes_it_nowhere() {
    let fixture = Fixture::with("t.csv", "a\n1\n2,3\n4,5\n6\n").skip(Some(1));
    let reader = || discover(&[fixture.source("t.csv", None)], &[], &fixture.context()).expect("found").remove(0);
    let read = reader().for_a_look().read(&fixture.outlet).expect("read");
    assert_eq!((read.rows_read, read.rows_rejected, read.complete), (4, 2, true));
    let first = "line 3 of t.csv: the record has 2 fields, and the header has 1";
    assert_eq!(read.first_rejected.as_deref(), Some(first));
    assert!(!fixture.path("rejects").exists());
    assert!(reader().read(&fixture.outlet).is_err(), "a run has more than `max_rejects`");
}

/// A row whose list has one item of 50 keys, by which the items of all rows are as wide.
fn wide_item() -> String {
    let keys: Vec<String> = (0..50).map(|key| format!("\"k{key}\":{key}")).collect();
    format!("{{\"l\":[{{{}}}]}}\n", keys.join(","))
}

#[test]
fn lists_of_wide_and_sparse_items_take_small_batches() {
    let sparse = format!("{{\"l\":[{}{{}}]}}\n", "{},".repeat(999));
    let content = wide_item() + &sparse.repeat(100);
    let array = format!("[{}]", content.trim_end().replace('\n', ","));
    for (name, content) in [("t.ndjson", content), ("t.json", array)] {
        let landed = Fixture::with(name, content).table(name).expect("read");
        assert_eq!(landed.read.rows_read, 101);
        let items = landed.batches.iter().map(|batch| batch.column(0).as_list::<i32>().values().len());
        let items: Vec<usize> = items.collect();
        assert_eq!(items.iter().sum::<usize>(), 100_001);
        assert!(items.iter().all(|items| items * 50 <= (1 << 19) + 50_000), "{items:?}");
    }
}

#[test]
fn a_list_of_too_many_wide_and_sparse_items_is_a_misfit() {
    let items = |count: usize| format!("[{}{{}}]", "{},".repeat(count - 1));
    let content = format!("{}{{\"l\":{}}}\n{{\"l\":{}}}\n", wide_item(), items(2000), items(340_000));
    let fixture = Fixture::with("t.ndjson", content).skip(None);
    let read = fixture.table("t.ndjson").expect("read").read;
    assert_eq!((read.rows_read, read.rows_rejected), (3, 1));
    let rejects = fixture.rejects("t");
    assert_eq!((&rejects[0]["line"], &rejects[0]["column"]), (&3.into(), &"l".into()));
    assert_eq!(rejects[0]["reason"], "its items and their fields are more than 16777216");
}

/// What is told of a table `t` that is made of these files.
fn notes(files: &[(&str, &str)], format: Option<lakeward_core::plan::InputFormat>) -> Vec<String> {
    let mut fixture = Fixture::with("in/0-none.ndjson", "");
    fixture.read.format = format;
    std::fs::remove_file(fixture.path("in/0-none.ndjson")).expect("removed");
    for (name, text) in files {
        std::fs::write(fixture.path("in").join(name), text).expect("written");
    }
    discover(&[fixture.source("in", Some("t"))], &[], &fixture.context()).expect("found").remove(0).notes()
}

#[test]
fn values_of_several_kinds_in_one_column_are_told_whatever_the_format() {
    let json = |records: &[&str]| notes(&[("a.ndjson", &format!("{}\n", records.join("\n")))], None);
    assert_eq!(
        json(&[r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":"z\u001b"}"#]),
        [
            "a is text: it holds numbers at first, but \"z\" in line 3 of a.ndjson is something else; if that is right, give the type: columns = { \"a\" = \"string\" } in its [[source]]"
        ]
    );
    assert_eq!(
        json(&[r#"{"a":{"b":1}}"#, r#"{"a":[1]}"#, r#"{"a":2}"#]),
        [
            "a is text: it holds objects at first, but \"[1]\" in line 2 of a.ndjson is something else; if that is right, give the type: columns = { \"a\" = \"string\" } in its [[source]]"
        ]
    );
    assert_eq!(
        json(&[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":"z"}"#]),
        [
            "a is text because of line 3 of a.ndjson (\"z\"); to have such rows set aside, or end the run, give the type: \
          columns = { \"a\" = \"int64\" } in its [[source]]"
        ]
    );
    let same = [r#"{"a":1,"b":"2024-01-01","c":{"x":1},"d":[]}"#, r#"{"a":2.5,"b":"y","c":{"x":"z"},"d":[{}]}"#];
    assert_eq!(json(&same), [""; 0], "one kind each; within what nests nothing is told");
    // One type each, and none of both.
    let two =
        |one: &str, other: &str| notes(&[("a.csv", &format!("x\n{one}")), ("b.csv", &format!("x\n{other}"))], None);
    assert_eq!(two("1\n2\n", "u\nv\n"), ["x is text because it is int64 in a.csv and string in b.csv"]);
    assert_eq!(two("u\nv\n", "1\n2\n"), ["x is text because it is string in a.csv and int64 in b.csv"]);
    assert_eq!(
        two("2026-01-01\n", "2026-01-01 10:00\n"),
        ["x is text because it is date in a.csv and timestamp in b.csv"]
    );
    assert_eq!(two("1\n2\n", "1.5\n"), [""; 0]);
    assert_eq!(two("\n\n", "u\n"), [""; 0]);
}

#[test]
fn a_header_that_is_one_column_and_looks_like_several_is_told() {
    use lakeward_core::plan::InputFormat::{Csv, Tsv};
    let of = |header: &str, format| notes(&[("a.csv", &format!("{header}\n1\n"))], Some(format));
    assert_eq!(
        of("a,b", Tsv),
        ["the header of a.csv is one column with commas in it: if the file is CSV, set its format to csv"]
    );
    assert_eq!(
        of("a\tb", Csv),
        ["the header of a.csv is one column with tabs in it: if the file is TSV, set its format to tsv"]
    );
    let semicolons = "the header of a.csv is one column with semicolons in it, which separate nothing: convert the file, so that commas or tabs do";
    assert_eq!(of("a;b", Csv), [semicolons]);
    assert_eq!(of("a", Csv), [""; 0]);
}
