//! Every server × every format × every compression × every reader: what was written is read back, value by value.

use std::{fmt::Write as _, path::Path, time::Duration};

use lakeward_testkit::{Home, S3Server, python, s3_server::BUCKET};
use serde_json::{Value, json};

use crate::{
    program::{self, EMBEDDED, files},
    server,
};

const SCRIPT: &str = include_str!("../python/read_objects.py");
const ROWS: u32 = 500;

/// The formats with their compressions.
const FORMATS: [(&str, &[&str]); 3] = [
    ("parquet", &["none", "snappy", "gzip", "zstd"]),
    ("csv", &["none", "gzip", "zstd"]),
    ("json", &["none", "gzip", "zstd"]),
];

/// Rows of every kind of value, as JSON lines; decimals and moments stand as text.
fn rows() -> String {
    let mut random = fastrand::Rng::with_seed(7);
    let names = ["plain", "", "a,b", "a\nb", "\"quoted\"", "  spaced ", "été 🌊", "c:\\d", "=1+1", "tab\there"];
    let mut chance = fastrand::Rng::with_seed(8);
    let mut maybe = |value: Value| if chance.u8(..) < 40 { Value::Null } else { value };
    (0..ROWS).fold(String::new(), |mut text, id| {
        let day = format!("20{:02}-{:02}-{:02}", random.u8(0..60), random.u8(1..=12), random.u8(1..=28));
        let at = format!(
            "{day}T{:02}:{:02}:{:02}.{:03}Z",
            random.u8(0..24),
            random.u8(0..60),
            random.u8(0..60),
            random.u16(1..1000)
        );
        let at = at.trim_end_matches('Z').trim_end_matches('0').to_owned() + "Z";
        let tags: Vec<i64> = (0..random.usize(0..4)).map(|_| random.i64(-9_000_000_000..9_000_000_000)).collect();
        let row = json!({
            "id": id,
            "name": maybe(json!(names[random.usize(..names.len())])),
            "ratio": maybe(json!(random.f64() * 1e6 - 5e5)),
            "flag": maybe(json!(random.bool())),
            "day": maybe(json!(day)),
            "moment": maybe(json!(at)),
            "amount": maybe(json!(format!("{}.{:02}", random.i32(-99_999..99_999), random.u8(0..100)))),
            "tags": maybe(json!(tags)),
            "place": { "label": maybe(json!("here")), "lat": maybe(json!(random.f64())) },
        });
        let _ = writeln!(text, "{row}");
        text
    })
}

/// Writes the rows in every format and compression, each as a table of its own; the tables' names with their formats.
fn land(home: &Home, destination: &str, keys: Option<(&str, &str)>) -> Value {
    home.write("rows.ndjson", rows());
    let mut tables = serde_json::Map::new();
    for (format, compressions) in FORMATS {
        for compression in compressions {
            let table = format!("{format}_{compression}");
            let source =
                files(&["rows.ndjson"]) + &format!("table = \"{table}\"\ncolumns = {{ amount = \"decimal(12,2)\" }}\n");
            let destination =
                format!("{destination}format = \"{format}\"\ncompression = \"{compression}\"\nbatch_size = 200\n");
            let mut command = program::sync(home, &destination, &source);
            if let Some((key, secret)) = keys {
                command = command.env("AWS_ACCESS_KEY_ID", key).env("AWS_SECRET_ACCESS_KEY", secret);
            }
            let _ = command.time_limit(Duration::from_secs(60)).run().exits(0);
            tables.insert(table, json!(format));
        }
    }
    Value::Object(tables)
}

#[track_caller]
fn assert_read_back(home: &Home, tables: &Value, folder: &Path, s3: &Value) {
    let source = home.path().join("rows.ndjson");
    let asked = json!({ "source": source, "folder": folder, "s3": s3, "tables": tables });
    let answer = python::json(SCRIPT, [asked.to_string()]);
    assert_eq!(answer["differences"], json!([]));
    let readers =
        answer["compared"].as_object().unwrap().values().flat_map(|readers| readers.as_object().unwrap().values());
    let counts: Vec<&Value> = readers.collect();
    assert_eq!(counts.len(), 4 * 3 + 3 * 4 + 3 * 4);
    assert!(counts.iter().all(|count| **count == ROWS), "{answer}");
}

fn over_network(server: &S3Server) {
    let home = Home::new();
    let destination = server::destination(&server.endpoint(), "");
    let tables = land(&home, &destination, Some(server.keys().writer));
    let (key, secret) = server.keys().owner;
    let s3 = json!({ "endpoint": server.endpoint(), "bucket": BUCKET, "key": key, "secret": secret });
    assert_read_back(&home, &tables, &home.path().join("objects"), &s3);
}

#[test]
fn what_lands_in_the_embedded_s3_is_read_back_value_by_value() {
    let home = Home::new();
    let tables = land(&home, EMBEDDED, None);
    assert_read_back(&home, &tables, &home.path().join("lake/test"), &Value::Null);
}

#[test]
fn what_lands_in_seaweedfs_is_read_back_value_by_value() {
    over_network(&S3Server::seaweedfs());
}

#[test]
fn what_lands_in_moto_is_read_back_value_by_value() {
    over_network(&S3Server::moto());
}
