//! Bad input: a clear error with its exit code, and nothing lost.

use std::{fs, path::Path};

use lakeward_core::{
    failure::FailureKind,
    plan::{InputFormat, Sample, SourcePlan},
    table::TableName,
};
use lakeward_source::discover;

use crate::support::{Fixture, gzip, words, zstandard};

/// Reading the file fails with exit code 65, in these words.
#[track_caller]
fn refused(fixture: &Fixture, name: &str, text: &str) {
    let (code, words) = fixture.fails(name);
    assert!(words.contains(text), "{words}");
    assert!(words.split(" | ").nth(1).is_some_and(|advice| !advice.is_empty()), "no advice: {words}");
    assert_eq!(code, 65, "{words}");
}

/// A misfit in the file's last row: it fails in these words, and with `skip` the row is set aside and the others land.
#[track_caller]
fn misfit(make: impl Fn() -> Fixture, name: &str, text: &str, landed: u64, row: &str) {
    refused(&make(), name, text);
    assert!(make().table(name).expect_err("a failure").can_set_aside);
    let fixture = make().skip(None);
    let read = fixture.table(name).expect("read").read;
    assert_eq!((read.rows_read - read.rows_rejected, read.rows_rejected, read.complete), (landed, 1, true));
    let rejects = fixture.rejects(Path::new(name).file_stem().and_then(|stem| stem.to_str()).expect("a stem"));
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0]["row"], row);
    let place = text.split(": ").next().expect("a place");
    assert!(place.ends_with(&format!("line {}", rejects[0]["line"])), "{place}: {}", rejects[0]);
    let reason = rejects[0]["reason"].as_str().expect("a reason");
    let (_, words) = make().fails(name);
    assert!(words.contains(&format!(": {reason} | ")), "{words}: {reason}");
    assert_eq!(fixture.events.read().1, 1);
}

#[test]
fn missing_file() {
    refused(&Fixture::with("orders.csv", "a\n"), "order.csv", "order.csv does not exist | did you mean orders.csv?");
}

#[test]
fn glob_without_match() {
    refused(&Fixture::with("orders.csv", "a\n"), "order*.cvs", "no file matches order*.cvs | ");
    refused(&Fixture::new(), "nowhere/*.csv", "no file matches nowhere/*.csv | ");
}

#[test]
fn folder_without_files() {
    refused(&Fixture::with("in/.hidden", "a\n"), "in", "the folder in holds no file");
}

#[cfg(unix)]
#[test]
fn folder_and_file_without_read_permission() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::with("in/t.csv", "a\n1\n");
    for (path, closed) in [("in/t.csv", 0o000), ("in", 0o000)] {
        fs::set_permissions(fixture.path(path), fs::Permissions::from_mode(closed)).expect("set");
        // A superuser may read everything: then there is nothing to be refused.
        let is_superuser = fs::read_dir(fixture.path(path)).is_ok() || fs::read(fixture.path(path)).is_ok();
        if is_superuser {
            assert!(fixture.table("in").is_ok());
        } else {
            refused(&fixture, "in", &format!("{path} can't be read: "));
        }
        let open = if path == "in" { 0o755 } else { 0o644 };
        fs::set_permissions(fixture.path(path), fs::Permissions::from_mode(open)).expect("set");
    }
}

#[test]
fn empty_file() {
    refused(&Fixture::with("t.csv", ""), "t.csv", "t.csv is empty");
    refused(&Fixture::with("t.csv", "\n\r\n"), "t.csv", "t.csv is empty");
    refused(&Fixture::with("t", gzip(b"")), "t", "t is empty");
    refused(&Fixture::with("t.ndjson", ""), "t.ndjson", "table t has no columns");
    refused(&Fixture::with("t.json", "[]"), "t.json", "table t has no columns");
    refused(&Fixture::with("t.ndjson", "{}\n{}\n"), "t.ndjson", "table t has no columns");
    let fixture = Fixture::with("in/1.csv", "");
    fixture.file("in/2.csv", "a\n1\n");
    assert_eq!(fixture.land(&[fixture.source("in", Some("t"))]).expect("read")[0].rows(), [["1"]]);
}

#[test]
fn all_files_that_can_not_be_taken_are_told_at_once() {
    let fixture = Fixture::with("in/0.csv", "a\n1\n");
    for number in 1..=3 {
        fixture.file(&format!("in/{number}.csv"), "");
    }
    fixture.file("in/4.csv", "a,a\n");
    fixture.file("in/5.csv", "a,b\n1,\"x\n");
    let failure = |table| discover(&[fixture.source("in", table)], &[], &fixture.context()).err().expect("refused");
    let told = failure(None);
    let lines: Vec<&str> = told.what.lines().collect();
    assert!(
        told.kind == FailureKind::Input && lines.len() == 6 && lines[0] == "5 files can't be taken as they are:",
        "{told:?}"
    );
    for (line, what) in lines[1..].iter().zip([
        "1.csv is empty",
        "2.csv is empty",
        "3.csv is empty",
        "4.csv, header: ",
        "5.csv, line 2: ",
    ]) {
        assert!(line.contains(what), "{line}");
    }
    assert!(told.next.iter().any(|next| next.contains("take a glob that does not match these")), "{told:?}");
    // As one table files without a header are no fault, as another has one.
    assert!(failure(Some("t")).what.starts_with("2 files can't be taken as they are:\n"));
    fixture.file("in/6.csv", "b,b\n");
    fixture.file("in/7.csv", "");
    assert!(failure(None).what.ends_with("\n  and 2 more"), "{:?}", failure(None));
}

#[test]
fn ragged_row() {
    let few = || Fixture::with("t.csv", "a,b\n1,2\n\n\"x\ny\"\n");
    misfit(few, "t.csv", "t.csv, line 4: the record has 1 field, and the header has 2", 1, "\"x\ny\"");
    let many = || Fixture::with("t.csv", "a,b\r\n1,2\r\n3,4,5,6\r\n7,8\r\n");
    misfit(many, "t.csv", "t.csv, line 3: the record has 4 fields, and the header has 2", 2, "3,4,5,6");
}

#[test]
fn unclosed_quote_at_the_end() {
    for skip in [false, true] {
        let content = format!("a,b\n1,\"x\ny\"\n2,\"{}", "z\n".repeat(200_000));
        let mut fixture = Fixture::with("t.csv", content).sample(10);
        if skip {
            fixture = fixture.skip(None);
        }
        refused(&fixture, "t.csv", "t.csv, line 4: a quote is opened in the record that begins here, and never closed");
    }
    refused(&Fixture::with("t.csv", "a,\"b\n"), "t.csv", "t.csv, line 1: a quote is opened");
    assert!(Fixture::with("t.csv", "a,b\n1,\"x\"").table("t.csv").is_ok());
    assert!(Fixture::with("t.csv", "a,b\n1,x\"").table("t.csv").is_ok());
}

#[test]
fn invalid_utf8_tells_the_line() {
    let csv = || Fixture::with("t.csv", b"a,b\n1,\xc3\xa9\n2,x\xff\n3,y\n");
    misfit(csv, "t.csv", "t.csv, line 3: column \"b\": \"x\u{fffd}\" is not UTF-8", 2, "2,x\u{fffd}");
    // Two halves of a character, one in each field.
    let halves = || Fixture::with("t.csv", b"a,b\nx,y\nx\xc3,\xa9y\n\xc3\xa9,\xc3\xa9\n");
    misfit(halves, "t.csv", "t.csv, line 3: column \"a\": \"x\u{fffd}\" is not UTF-8", 2, "x\u{fffd},\u{fffd}y");
    let json = || Fixture::with("t.ndjson", b"{\"a\":\"x\"}\n{\"a\":\"\xff\"}\n");
    misfit(
        json,
        "t.ndjson",
        "t.ndjson, line 2: the record is not UTF-8 (from byte 7 of it)",
        1,
        "{\"a\":\"\u{fffd}\"}",
    );
    let array = || Fixture::with("t.json", b"[{\"a\":\"x\"},\n{\"a\":\"\xff\"}\n]");
    misfit(array, "t.json", "t.json, line 2: the record is not UTF-8 (from byte 7 of it)", 1, "{\"a\":\"\u{fffd}\"}");
    let fixture = csv().skip(None);
    fixture.table("t.csv").expect("read");
    assert_eq!(fixture.rejects("t")[0]["row_hex"], "322c78ff");
    refused(
        &Fixture::with("t.csv", b"a,\xff\n1,2\n"),
        "t.csv",
        "t.csv, header: the name of column 2 is not UTF-8 | write the file in UTF-8",
    );
}

#[test]
fn other_encodings_and_formats() {
    refused(&Fixture::with("t.csv", b"\xff\xfea\0\n\0"), "t.csv", "t.csv is text in UTF-16");
    refused(&Fixture::with("t.csv", zstandard(b"\xfe\xff\0a\0\n")), "t.csv", "t.csv is text in UTF-16");
    refused(&Fixture::with("t", b"PK\x03\x04\0\0\0\0"), "t", "t is a ZIP archive, which is not read");
    refused(&Fixture::with("notes.md", "just words\n"), "notes.md", "the format of notes.md can't be told");
}

#[test]
fn nothing_that_could_be_set_aside_is_left() {
    let fixture = Fixture::with("t.ndjson", "x\ny\n").skip(None);
    refused(&fixture, "t.ndjson", "t.ndjson, line 1: ");
    refused(&fixture, "t.ndjson", " | check the source's `format`: rows are set aside already");
}

#[test]
fn a_table_that_is_left_out_may_lack_its_files() {
    let fixture = Fixture::with("t.csv", "a\n1\n");
    let sources = [fixture.source("missing.csv", Some("other")), fixture.source("t.csv", Some("t"))];
    let name = |name| TableName::new(name).expect("a name");
    assert_eq!(discover(&sources, &[name("t")], &fixture.context()).expect("found").len(), 1);
    let failure = discover(&sources, &[name("othr")], &fixture.context()).map(|_| ()).expect_err("no such table");
    assert_eq!(failure.next.as_deref(), Some("did you mean \"other\"?"));
    assert!(discover(&sources, &[], &fixture.context()).is_err());
}

#[test]
fn duplicate_and_impossible_column_names() {
    refused(
        &Fixture::with("t.csv", "a,b,a\n1,2,3\n"),
        "t.csv",
        "t.csv, header: columns 1 and 3 have the same name \"a\"",
    );
    refused(&Fixture::with("t.csv", ",column_1\n1,2\n"), "t.csv", "columns 1 and 2 have the same name \"column_1\"");
    refused(&Fixture::with("t.csv", "a\0\n1\n"), "t.csv", "the name of column 1 holds a NUL character");
    refused(
        &Fixture::with("t.ndjson", "{\"a\\u0000\":1}\n"),
        "t.ndjson",
        "t.ndjson, line 1: a key holds a NUL character",
    );
    let twice = || Fixture::with("t.ndjson", "{\"a\":1}\n{\"a\":1,\"a\":2}\n");
    misfit(twice, "t.ndjson", "line 2: column \"a\": the key appears twice in one object", 1, "{\"a\":1,\"a\":2}");
}

#[test]
fn truncated_gzip_and_zstd() {
    let content: String = (0..100_000).map(|row| format!("{row},{}\n", row * 7919 % 10_007)).collect();
    let content = format!("a,b\n{content}");
    for (packed, name) in [(gzip(content.as_bytes()), "gzip"), (zstandard(content.as_bytes()), "zstd")] {
        for skip in [false, true] {
            let mut fixture = Fixture::with("t.csv", &packed[..packed.len() - 20]).sample(1000);
            if skip {
                fixture = fixture.skip(None);
            }
            refused(&fixture, "t.csv", &format!("t.csv: the {name} data are cut short or damaged, after "));
        }
    }
    // gzip has a checksum; Zstandard's is optional.
    let mut damaged = gzip(content.as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle..middle + 16].fill(0x55);
    refused(&Fixture::with("t.csv", damaged), "t.csv", "t.csv: the gzip data are cut short or damaged");
}

#[test]
fn broken_last_line_of_json() {
    let lines = || Fixture::with("t.ndjson", "{\"a\":1}\n{\"a\":2}\n{\"a\":");
    misfit(lines, "t.ndjson", "t.ndjson, line 3: broken JSON: EOF while parsing a value", 2, "{\"a\":");
    let trailing = || Fixture::with("t.ndjson", "{\"a\":1}\n{\"a\":2} {\"a\":3}\n");
    misfit(trailing, "t.ndjson", "t.ndjson, line 2: broken JSON: trailing characters", 1, "{\"a\":2} {\"a\":3}");
    let scalar = || Fixture::with("t.ndjson", "{\"a\":1}\n5\n");
    misfit(scalar, "t.ndjson", "t.ndjson, line 2: 5 is no object", 1, "5");
    let half = || Fixture::with("t.ndjson", "{\"a\":\"x\"}\n{\"a\":\"\\ud800\"}\n");
    misfit(
        half,
        "t.ndjson",
        "line 2: column \"a\": \"\\ud800\" holds half of a surrogate pair",
        1,
        "{\"a\":\"\\ud800\"}",
    );
    refused(&Fixture::with("t.ndjson", "nonsense\n"), "t.ndjson", "t.ndjson, line 1: broken JSON");
}

#[test]
fn broken_json_array() {
    let cases = [
        ("[{\"a\":1},\n{\"a\":2}", "t.json, line 2: the file ends inside the array"),
        ("[{\"a\":1},\n{\"a\":", "t.json, line 2: the file ends inside a value"),
        ("[{\"a\":1},\n{\"a\":nul}]", "t.json, line 2: broken JSON"),
        ("[{\"a\":1}\n{\"a\":2}]", "t.json, line 2: expected `,` or `]`"),
        ("[{\"a\":1},]", "t.json, line 1: broken JSON"),
        ("[{\"a\":1}]\n[{\"a\":1}]", "t.json, line 2: there is more after the end of the array"),
        ("{\n\"a\":1}", "t.json, line 1: expected an array of objects"),
    ];
    for (content, text) in cases {
        refused(&Fixture::with("t.json", content).format(InputFormat::Json), "t.json", text);
        refused(&Fixture::with("t.json", content).format(InputFormat::Json).skip(None), "t.json", text);
    }
    let scalar = || Fixture::with("t.json", "[{\"a\":1},\n5]").format(InputFormat::Json);
    misfit(scalar, "t.json", "t.json, line 2: 5 is no object", 1, "5");
}

#[test]
fn numbers_beyond_64_bits_are_never_rounded() {
    let rows = "{\"i\":1,\"f\":1.5}\n".repeat(10);
    let with = |row: &str| Fixture::with("t.ndjson", format!("{rows}{row}\n")).sample(1);
    for (row, text) in [
        ("{\"i\":9223372036854775808,\"f\":1}", "column \"i\": 9223372036854775808 is no int64"),
        ("{\"i\":1.5,\"f\":1}", "column \"i\": 1.5 is no int64"),
        ("{\"i\":1,\"f\":1e999}", "column \"f\": 1e999 is no float64"),
        ("{\"i\":1,\"f\":1e-400}", "column \"f\": 1e-400 is no float64"),
        ("{\"i\":1,\"f\":0.123456789012345678}", "column \"f\": 0.123456789012345678 is no float64"),
        ("{\"i\":1,\"f\":9007199254740993}", "column \"f\": 9007199254740993 is no float64"),
        ("{\"i\":\"1\",\"f\":1}", "column \"i\": \"1\" is no int64"),
    ] {
        misfit(|| with(row), "t.ndjson", &format!("t.ndjson, line 11: {text}"), 10, row);
    }
    let landed = Fixture::with("t.csv", "a,b\n9223372036854775808,1e999\n").table("t.csv").expect("read");
    assert_eq!(landed.rows(), [["9223372036854775808", "1e999"]]);
    let decimal = || Fixture::with("t.csv", "a\n1.25\n1.255\n").column("a", "decimal(5,2)");
    misfit(decimal, "t.csv", "t.csv, line 3: column \"a\": \"1.255\" is no decimal(5,2)", 1, "1.255");
}

#[test]
fn later_values_that_do_not_fit() {
    let rows = "2024-01-01,1,true,2024-01-01T00:00\n".repeat(10);
    let with = |row: &str| Fixture::with("t.csv", format!("d,i,b,t\n{rows}{row}\n")).sample(1);
    for (row, text) in [
        ("2024-02-30,1,true,", "column \"d\": \"2024-02-30\" is no date"),
        (",007,true,", "column \"i\": \"007\" is no int64"),
        (",,yes,", "column \"b\": \"yes\" is no boolean"),
        (",,,2024-01-01T00:00Z", "column \"t\": \"2024-01-01T00:00Z\" is no timestamp"),
    ] {
        misfit(|| with(row), "t.csv", &format!("t.csv, line 12: {text}"), 10, row);
    }
    let (_, text) = with(",007,,").fails("t.csv");
    for advice in ["columns = { \"i\" = \"string\" }", "sample = \"all\"", "on_error = \"skip\""] {
        assert!(text.contains(advice), "{text}");
    }
    let (_, text) = Fixture::with("t.ndjson", "{\"a\":1}\n{\"b\":1}\n").sample(1).fails("t.ndjson");
    assert!(!text.contains("columns ="), "a column that is not there can't be given a type: {text}");
    let mut all = with(",007,,");
    all.read.sample = Sample::All;
    assert_eq!(all.table("t.csv").expect("read").type_of("i"), "string");
}

#[test]
fn later_keys_and_nested_values_that_do_not_fit() {
    let rows = "{\"a\":{\"b\":[{\"c\":1}]}}\n".repeat(10);
    let with = |row: &str| Fixture::with("t.ndjson", format!("{rows}{row}\n")).sample(1);
    for (row, text) in [
        ("{\"z\":1}", "column \"z\": the rows from which the columns were inferred have no such key"),
        ("{\"a\":{\"z\":1}}", "column \"a.z\": the rows from which the columns were inferred have no such key"),
        ("{\"a\":[]}", "column \"a\": [] is no object"),
        ("{\"a\":{\"b\":1}}", "column \"a.b\": 1 is no list of struct(c int64)"),
        ("{\"a\":{\"b\":[null,{\"c\":\"x\"}]}}", "column \"a.b[].c\": \"x\" is no int64"),
    ] {
        misfit(|| with(row), "t.ndjson", &format!("t.ndjson, line 11: {text}"), 10, row);
    }
}

#[test]
fn records_over_max_record_bytes() {
    let long = "x".repeat(600_000);
    let limited = |name: &str, content: &str| {
        let mut fixture = Fixture::with(name, content);
        fixture.read.max_record_bytes = 1000;
        fixture
    };
    let text = "the record is longer than max_record_bytes (1000 bytes); only its beginning is kept";
    for (name, content, landed) in [
        ("t.ndjson", format!("{{\"a\":\"1\"}}\n{{\"a\":\"{long}\"}}\n{{\"a\":\"2\"}}\n"), [["1"], ["2"]]),
        ("t.csv", format!("a\nx\n\"{long}\n{long}\"\ny\n"), [["x"], ["y"]]),
        ("t.csv", format!("a\nx\n{long}\ny"), [["x"], ["y"]]),
    ] {
        let line = if name == "t.csv" { 3 } else { 2 };
        refused(&limited(name, &content), name, &format!("{name}, line {line}: {text}"));
        let fixture = limited(name, &content).skip(None);
        assert_eq!(fixture.table(name).expect("read").rows(), landed);
        let rejects = fixture.rejects("t");
        assert_eq!((rejects.len(), rejects[0]["line"].as_u64()), (1, Some(line)));
        assert_eq!(rejects[0]["row"].as_str().map(str::len), Some(4096));
    }
    let array = format!("[{{\"a\":\"1\"}},\n{{\"a\":\"{long}\"}}]");
    refused(
        &limited("t.json", &array),
        "t.json",
        "t.json, line 2: the record is longer than max_record_bytes (1000 bytes)",
    );
    let exact = format!("a\n{}\n", "x".repeat(1000));
    assert!(limited("t.csv", &exact).table("t.csv").is_ok());
}

#[test]
fn nesting_beyond_128() {
    let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let good = nested(128);
    let landed = Fixture::with("t.ndjson", &good).table("t.ndjson").expect("128 are fine");
    assert_eq!(landed.read.rows_read, 1);
    for deep in [nested(129), nested(200_000)] {
        let with = || Fixture::with("t.ndjson", format!("{good}\n{deep}\n"));
        refused(&with(), "t.ndjson", "t.ndjson, line 2: the record is nested more than 128 deep");
        let fixture = with().skip(None);
        assert_eq!(fixture.table("t.ndjson").expect("read").read.rows_rejected, 1);
    }
    let wide = format!("{{\"a\":[{}{{}}]}}", "{},".repeat(500));
    assert!(Fixture::with("t.ndjson", wide).table("t.ndjson").is_ok());
}

#[test]
fn more_rejects_than_allowed() {
    let make = |most| {
        let fixture = Fixture::new().skip(Some(most));
        fixture.file("a.csv", "x\n1\n2,3\n4,5\n");
        fixture.file("b.csv", "x\n1\n6,7\n");
        fixture
    };
    let fixture = make(3);
    let landed = fixture.land(&[fixture.source("*.csv", None)]).expect("three are allowed");
    assert_eq!(landed.iter().map(|landed| landed.read.rows_rejected).collect::<Vec<_>>(), [2, 1]);
    let fixture = make(2);
    let failure = fixture.land(&[fixture.source("*.csv", None)]).expect_err("over all tables");
    assert_eq!(fixture.events.read().1, 3, "each line of the rejects files was told");
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.what.starts_with("table b: more than 2 rows were set aside; the last one: "), "{failure}");
    assert_eq!((fixture.rejects("a").len(), fixture.rejects("b").len()), (2, 1));
}

#[test]
fn no_rejects_file_without_rejects_and_one_that_can_not_be_written() {
    let fixture = Fixture::with("t.csv", "a\n1\n").skip(None);
    fixture.table("t.csv").expect("read");
    assert!(!fixture.path("rejects").exists());
    let fixture = Fixture::with("t.csv", "a\n1,2\n3\n").skip(None);
    fixture.file("rejects", "a file where the folder should be");
    let (code, text) = fixture.fails("t.csv");
    assert!(text.starts_with("the rejects file rejects/t-run.ndjson can't be written: "), "{text}");
    assert_eq!(code, 69);
}

#[test]
fn a_given_type_for_a_column_that_is_not_there() {
    let fixture = Fixture::with("t.csv", "amount\n1\n").column("amuont", "int64");
    let (code, text) = fixture.fails("t.csv");
    assert_eq!(code, 2);
    assert!(text.contains("has no column \"amuont\"") && text.ends_with("did you mean \"amount\"?"), "{text}");
}

#[test]
fn file_names_that_are_no_table_names() {
    let fixture = Fixture::with("a\x1bb.csv", "a\n1\n");
    refused(&fixture, "a\x1bb.csv", "ab.csv names no table: ");
}

#[test]
fn standard_input_that_can_not_be_read_as_asked() {
    let stdin = |format, sample| {
        let mut read = Fixture::new().read;
        (read.format, read.sample) = (format, sample);
        SourcePlan::Stdin { table: TableName::new("t").expect("a name"), read }
    };
    let fixture = Fixture::new();
    let sample = Sample::Bytes(1);
    for (sources, text) in [
        (vec![stdin(None, sample)], "gives no format"),
        (vec![stdin(Some(InputFormat::Csv), Sample::All)], "can be read only once"),
        (vec![stdin(Some(InputFormat::Csv), sample); 2], "by one source only"),
    ] {
        let failure = discover(&sources, &[], &fixture.context()).err().expect("an error");
        let (code, words) = words(&failure, Path::new("/"));
        assert_eq!(code, 2);
        assert!(words.contains(text), "{words}");
    }
}
