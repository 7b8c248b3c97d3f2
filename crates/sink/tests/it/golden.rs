//! What the CloudQuery S3 destination wrote for recorded messages, and what the sink writes for them. They are equal by
//! value, but for the differences of `docs/cloudquery-differences.md`.

use std::fs;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use lakeward_core::plan::{Compression, FormatPlan, ParquetPlan, ParquetVersion, TextCompression};
use lakeward_testkit::python;
use prost::encoding::{WireType, decode_key, decode_varint};
use serde_json::{Value, json};

use crate::formats::{csv, json as json_lines, landed, recorded};

/// The length-delimited fields of a protobuf message, by number.
fn fields(mut message: &[u8]) -> Vec<(u32, &[u8])> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let (number, wire_type) = decode_key(&mut message).expect("a key");
        let length = decode_varint(&mut message).expect("a number");
        if wire_type == WireType::LengthDelimited {
            let (field, rest) = message.split_at(usize::try_from(length).expect("small"));
            fields.push((number, field));
            message = rest;
        }
    }
    fields
}

/// The record batches of a recording: its messages are each a length (little-endian, 32 bits) and a `Write.Request`, whose
/// field 2, an insert, has in its field 1 an Arrow IPC stream.
fn batches(recording: &str) -> Vec<RecordBatch> {
    const INSERT: u32 = 2;
    let frames = recorded(&format!("{recording}.frames"));
    let mut rest = frames.as_slice();
    let mut batches = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (message, after) = after.split_at(usize::try_from(u32::from_le_bytes(*length)).expect("small"));
        for (_, insert) in fields(message).into_iter().filter(|(number, _)| *number == INSERT) {
            for (_, stream) in fields(insert) {
                batches
                    .extend(StreamReader::try_new(stream, None).expect("a schema").map(|batch| batch.expect("rows")));
            }
        }
        rest = after;
    }
    batches
}

fn parquet(version: ParquetVersion) -> FormatPlan {
    FormatPlan::Parquet(ParquetPlan { compression: Compression::Snappy, version, max_row_group_length: 134_217_728 })
}

/// The differences that an independent reader finds between the original's object and ours: `[row, column, original, ours]`.
async fn differences(recording: &str, variant: &str, format: FormatPlan, athena: bool) -> Value {
    let kind = variant.split('-').next().expect("a format");
    let folder = tempfile::tempdir().expect("a folder");
    let original = folder.path().join("original");
    fs::write(&original, recorded(&format!("{recording}.{variant}.{kind}"))).expect("written");
    let ours = folder.path().join("ours");
    fs::write(&ours, landed(&batches(recording), format, athena).await).expect("written");
    let (delimiter, header) = match format {
        FormatPlan::Csv(plan) => (char::from(plan.delimiter).to_string(), plan.header.to_string()),
        _ => (String::new(), String::new()),
    };
    let script = include_str!("../python/golden.py");
    python::json(
        script,
        [kind.into(), original.into_os_string(), ours.into_os_string(), delimiter.into(), header.into()],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_holds_the_values_of_the_original() {
    for (variant, delimiter, header) in [("csv-default", b',', true), ("csv-semicolon-noheader", b';', false)] {
        let format = csv(delimiter, header, TextCompression::None);
        assert_eq!(differences("all_types", variant, format, false).await, json!([]), "{variant}");
        let expected = json!([[0, 1, null, ""], [1, 11, "-1e-09", "-0.000000001"]]);
        assert_eq!(differences("edge", variant, format, false).await, expected, "{variant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_hold_the_values_of_the_original() {
    let format = json_lines(TextCompression::None);
    assert_eq!(differences("all_types", "json-default", format, false).await, json!([]));
    assert_eq!(differences("all_types", "json-default", format, true).await, json!([]));
    let decimal = json!([1, "dec", "-1e-09", "-0.000000001"]);
    assert_eq!(differences("edge", "json-default", format, false).await, json!([decimal]));
    let collision = json!([7, "json", {"dup_key": 2}, {"dup_key": 1, "dup_key_2": 2}]);
    assert_eq!(differences("edge", "json-athena", format, true).await, json!([decimal, collision]));
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_holds_the_types_and_values_of_the_original() {
    let default = parquet(ParquetVersion::V2_6);
    assert_eq!(differences("all_types", "parquet-default", default, false).await, json!([]));
    assert_eq!(differences("all_types", "parquet-default", default, true).await, json!([]));
    assert_eq!(differences("edge", "parquet-default", default, false).await, json!([]));
    let collision = json!([7, "json", "{\"dup_key\":2}", "{\"dup_key\":1,\"dup_key_2\":2}"]);
    assert_eq!(differences("edge", "parquet-athena", default, true).await, json!([collision]));
}

/// The original keeps unsigned integers of 32 bits and times in nanoseconds, which version 1.0 has not.
#[tokio::test(flavor = "multi_thread")]
async fn parquet_version_1_holds_the_values_of_the_original_in_the_types_of_that_version() {
    let version_1 = parquet(ParquetVersion::V1_0);
    assert_eq!(differences("edge", "parquet-v1", version_1, false).await, json!([]));
    let differences = differences("all_types", "parquet-v1", version_1, false).await;
    let differences = differences.as_array().expect("an array");
    assert!(!differences.is_empty());
    for difference in differences {
        let [row, _, original, ours] = difference.as_array().expect("an array").as_slice() else {
            unreachable!("{difference}")
        };
        let text = |value: &Value| value.as_str().expect("a type").to_owned();
        let mut expected = text(original).replace("time64[ns]", "time64[us]");
        for (before, after) in [(": ", ""), (", ", " ("), ("<", ",")] {
            expected = expected.replace(&format!("{before}uint32{after}"), &format!("{before}int64{after}"));
        }
        if expected == "uint32" {
            expected = "int64".into();
        }
        assert_eq!((row, text(ours)), (&Value::Null, expected));
    }
}

/// What these tests allow is what the documentation says that the recordings show.
#[test]
fn every_difference_is_documented() {
    let documented = include_str!("../../../../docs/cloudquery-differences.md");
    let rows = documented.lines().filter(|line| line.ends_with("| yes |"));
    let what: Vec<&str> = rows.filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(
        what,
        [
            "CSV: an empty text",
            "CSV and JSON: a decimal close to zero",
            "`athena`: two keys of one object become the same",
            "Parquet `version = \"v1.0\"`: unsigned integers of 32 bits",
            "Parquet `version = \"v1.0\"` or `\"v2.4\"`: times of day in nanoseconds",
        ]
    );
}
