//! Formats, compressions, columns and types of inputs that are well.

use lakeward_core::{failure::FailureKind, plan::InputFormat, table::TableName};
use lakeward_source::discover;

use crate::support::{Fixture, gzip, zstandard};

/// The folder of real tables.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data");

#[test]
fn the_example_tables_have_sensible_types() {
    let fixture = Fixture::new();
    let names = ["airports.csv", "earthquakes.ndjson", "seattle-weather.csv"].map(|name| format!("{EXAMPLES}/{name}"));
    let sources = names.clone().map(|path| fixture.source(&path, None));
    let landed = fixture.land(&sources).expect("three tables");
    let [airports, earthquakes, weather] = landed.as_slice() else { panic!("three tables") };
    assert_eq!(airports.table.name.as_str(), "airports");
    let read: Vec<u64> = landed.iter().map(|landed| landed.read.rows_read).collect();
    assert_eq!(read, [3376, 1707, 1461]);
    assert!(landed.iter().all(|landed| landed.read.complete && landed.ended && landed.read.rows_rejected == 0));
    assert_eq!(
        airports.columns(),
        [
            "iata string",
            "name string",
            "city string",
            "state string",
            "country string",
            "latitude float64",
            "longitude float64"
        ]
    );
    assert_eq!(
        weather.columns(),
        [
            "date date",
            "precipitation float64",
            "temp_max float64",
            "temp_min float64",
            "wind float64",
            "weather string"
        ]
    );
    assert_eq!(weather.rows()[0], ["2012-01-01", "0.0", "12.8", "5.0", "4.7", "drizzle"]);
    assert_eq!(earthquakes.type_of("properties.mag"), "float64");
    assert_eq!(earthquakes.type_of("properties.code"), "string");
    assert_eq!(earthquakes.type_of("properties.time"), "int64");
    assert_eq!(earthquakes.type_of("geometry.coordinates"), "list of float64");
    assert_eq!(earthquakes.type_of("id"), "string");
    let sizes: u64 = names.iter().map(|path| std::fs::metadata(path).expect("a file").len()).sum();
    assert_eq!(fixture.events.read(), (6544, 0, sizes));
}

#[test]
fn each_format_gives_the_same_rows() {
    let contents: [(&str, &[u8]); 8] = [
        ("a.csv", b"n,t\n1,x\n2,\"y,\"\"z\"\n,\n"),
        ("a.txt", b"n\tt\n1\tx\n2\t\"y,\"\"z\"\n\t\n"),
        ("b.csv", b"\xef\xbb\xbfn,t\r\n1,x\r\n\r\n2,\"y,\"\"z\"\r\n,"),
        ("a.ndjson", b"{\"n\":1,\"t\":\"x\"}\n\n{\"t\":\"y,\\\"z\",\"n\":2}\n{\"n\":null}"),
        ("b.json", b"\xef\xbb\xbf{\"n\":1,\"t\":\"x\"}\r\n{\"n\":2,\"t\":\"y,\\u0022z\"}\r\n{\"t\":null}\r\n"),
        ("c.json", b" [ {\"n\":1,\"t\":\"x\"},\n{\"n\" : 2,\"t\":\"y,\\\"z\"} , {\"n\":null} ]\n"),
        ("d.json", b"[{\"n\":1,\"t\":\"x\"},{\"n\":2,\"t\":\"y,\\\"z\"},{}]"),
        ("e", b"n,t\r1,x\r2,\"y,\"\"z\"\r,\r"),
    ];
    for (name, content) in contents {
        for packed in [
            content.to_vec(),
            gzip(content),
            [gzip(&content[..9]), gzip(&content[9..])].concat(),
            zstandard(content),
            [zstandard(&content[..9]), zstandard(&content[9..])].concat(),
        ] {
            let fixture = Fixture::with(name, &packed);
            let landed = fixture.table(name).expect(name);
            assert_eq!(landed.columns(), ["n int64", "t string"], "{name}");
            assert_eq!(landed.rows(), [["1", "x"], ["2", "y,\"z"], ["∅", "∅"]], "{name}");
            assert_eq!(fixture.events.read(), (3, 0, packed.len() as u64), "{name}");
        }
    }
}

#[test]
fn columns_go_by_name_over_files() {
    let fixture = Fixture::new();
    fixture.file("in/1.csv", "a,b\n1,x\n");
    fixture.file("in/2.csv.gz", gzip(b"c,a\ntrue,2.5\n"));
    fixture.file("in/3.ndjson", "{\"d\":[1],\"a\":3}\n");
    fixture.file("in/4.csv", "b\n");
    let landed = fixture.land(&[fixture.source("in", Some("t"))]).expect("one table");
    assert_eq!(landed[0].columns(), ["a float64", "b string", "c boolean", "d list of int64"]);
    let rows = [["1.0", "x", "∅", "∅"], ["2.5", "∅", "true", "∅"], ["3.0", "∅", "∅", "[1]"]];
    assert_eq!(landed[0].rows(), rows);
}

#[test]
fn a_field_of_csv_is_no_nested_value_of_another_file() {
    // The sample ends before the fields that are not empty.
    let fixture = Fixture::new().skip(None).sample(1);
    fixture.file("in/1.csv", "a,l,s\n1,,\n2,x,\n3,,{}\n");
    fixture.file("in/2.ndjson", "{\"a\":4,\"l\":[1],\"s\":{\"k\":true}}\n");
    let landed = fixture.land(&[fixture.source("in", Some("t"))]).expect("one table");
    assert_eq!(landed[0].columns(), ["a int64", "l list of int64", "s struct(k boolean)"]);
    assert_eq!(landed[0].rows(), [["1", "∅", "∅"], ["4", "[1]", "{k: true}"]]);
    let rejects = fixture.rejects("t");
    let reasons: Vec<_> = rejects.iter().map(|line| line["reason"].as_str().expect("a reason")).collect();
    assert_eq!(reasons, ["\"x\" is no list of int64", "\"{}\" is no struct(k boolean)"]);
}

#[test]
fn the_same_table_of_two_sources_is_one_and_a_file_lands_once() {
    let fixture = Fixture::new();
    fixture.file("x.csv", "a\n1\n");
    fixture.file("y/x.csv", "a\n2\n");
    fixture.file("z.csv", "a\n3\n");
    let sources = ["x.csv", "y", "*.csv"].map(|path| fixture.source(path, None));
    let landed = fixture.land(&sources).expect("two tables");
    assert_eq!(landed.iter().map(|landed| landed.table.name.as_str()).collect::<Vec<_>>(), ["x", "z"]);
    assert_eq!(landed[0].rows(), [["1"], ["2"]]);

    let first = fixture.source("x.csv", None);
    let fixture = fixture.column("a", "string");
    let sources = [first, fixture.source("y", None)];
    let failure = fixture.land(&sources).expect_err("a conflict");
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.what.contains("\"columns\""), "{failure}");
}

#[test]
fn only_the_named_tables_and_an_unknown_one_is_an_error() {
    let fixture = Fixture::new();
    fixture.file("orders.csv", "a\n1\n");
    fixture.file("users.csv", "a\n1\n");
    let sources = [fixture.source("*.csv", None)];
    let name = |name: &str| TableName::new(name).expect("a name");
    let readers = discover(&sources, &[name("users")], &fixture.context()).expect("one table");
    assert_eq!(readers.iter().map(|reader| reader.table().name.as_str()).collect::<Vec<_>>(), ["users"]);
    assert_eq!(readers[0].input_bytes(), Some(4));
    assert_eq!(readers[0].files().collect::<Vec<_>>(), [fixture.path("users.csv")]);
    let failure = discover(&sources, &[name("usrs")], &fixture.context()).err().expect("an error");
    assert_eq!(failure.kind, FailureKind::Usage);
    assert_eq!(failure.next.as_deref(), Some("did you mean \"users\"?"));
}

#[test]
fn given_types_hold_over_inference() {
    let fixture =
        Fixture::with("t.csv", "zip,amount,n,at,f\n00501,12.50,007,2024-01-01T00:00:00+01:00,NaN\n,-1,+5,,1\n")
            .column("amount", "decimal(12,2)")
            .column("n", "int64")
            .column("f", "float64");
    let landed = fixture.table("t.csv").expect("read");
    assert_eq!(landed.columns(), ["zip string", "amount decimal(12,2)", "n int64", "at timestamptz", "f float64"]);
    assert_eq!(
        landed.rows(),
        [["00501", "12.50", "7", "2023-12-31T23:00:00Z", "NaN"], ["∅", "-1.00", "5", "∅", "1.0"]]
    );
    let fixture = Fixture::with("t.ndjson", "{\"a\":\"12.5\",\"b\":\"7\",\"c\":1.10,\"d\":\"true\"}\n")
        .column("a", "decimal(4,1)")
        .column("b", "int64")
        .column("c", "string")
        .column("d", "boolean");
    assert_eq!(fixture.table("t.ndjson").expect("read").rows(), [["12.5", "7", "1.10", "true"]]);
}

#[test]
fn nested_json_becomes_structs_and_lists() {
    let fixture = Fixture::with(
        "t.ndjson",
        r#"{"s":{"a":1,"b":[{"c":"x"},null,{}]},"e":{},"m":1,"u":18446744073709551616}
{"s":null,"e":{},"m":{"k":[1.50, "\u00e9"]},"u":1}
{"s":{"b":[]},"m":"text"}
"#,
    );
    let landed = fixture.table("t.ndjson").expect("read");
    assert_eq!(landed.columns(), ["s struct(a int64, b list of struct(c string))", "e string", "m string", "u string"]);
    assert_eq!(
        landed.rows(),
        [
            ["{a: 1, b: [{c: x}, ∅, {c: ∅}]}", "{}", "1", "18446744073709551616"],
            ["∅", "{}", "{\"k\":[1.50, \"\\u00e9\"]}", "1"],
            ["{a: ∅, b: []}", "∅", "text", "∅"],
        ]
    );
}

#[test]
fn a_column_named_like_a_path_variable_is_a_column() {
    let fixture = Fixture::with("t.csv", "TABLE,{{YEAR}},UUID\na,2024,b\n");
    let landed = fixture.table("t.csv").expect("read");
    assert_eq!(landed.columns(), ["TABLE string", "{{YEAR}} int64", "UUID string"]);
}

#[test]
fn header_only_is_a_table_without_rows() {
    let landed = Fixture::with("t.csv", "a,,b").table("t.csv").expect("read");
    assert_eq!(landed.columns(), ["a string", "column_2 string", "b string"]);
    assert_eq!((landed.read.rows_read, landed.read.complete, landed.ended), (0, true, true));
}

#[test]
fn nul_bytes_in_values_are_kept() {
    let landed = Fixture::with("t.csv", "a,b\nx\0y,1\n").table("t.csv").expect("read");
    assert_eq!(landed.rows(), [["x\0y", "1"]]);
    let landed = Fixture::with("t.ndjson", "{\"a\":\"x\\u0000y\"}\n").table("t.ndjson").expect("read");
    assert_eq!(landed.rows(), [["x\0y"]]);
}

#[test]
fn a_json_array_of_many_blocks_streams() {
    let mut content = String::from("[");
    for row in 0..150_000 {
        content.push_str(if row == 0 { "" } else { ",\n" });
        content.push_str(&format!("{{\"id\":{row},\"text\":\"[{{]}} \\\" {row}\"}}"));
    }
    content.push_str("\n]\n");
    let fixture = Fixture::with("t.json", &content).format(InputFormat::Json);
    let landed = fixture.table("t.json").expect("read");
    let rows = landed.rows();
    assert_eq!(rows.len(), 150_000);
    assert!(rows.iter().enumerate().all(|(row, cells)| cells[0] == row.to_string()), "in order");
    assert!(landed.batches.len() > 2);
}
