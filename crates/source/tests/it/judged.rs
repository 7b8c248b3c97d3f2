//! Generated inputs are read as Python's `csv` and `json` modules read them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use arrow_array::{
    Array,
    cast::AsArray,
    types::{Float64Type, Int64Type},
};
use arrow_schema::DataType;
use lakeward_core::plan::InputFormat;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Map, Value, json};

use crate::support::Fixture;

/// Cases a property; they are always the same.
const CASES: usize = 150;

/// Asks a judge, which is a script of `tests/judge` that needs nothing but Python's own modules.
fn ask(script: &str, cases: &[String]) -> Value {
    let script = format!("{}/tests/judge/{script}", env!("CARGO_MANIFEST_DIR"));
    let judge = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut judge = judge.expect("these tests need python3 in PATH");
    let question = serde_json::to_vec(cases).expect("JSON");
    judge.stdin.take().expect("piped").write_all(&question).expect("the judge reads all before it answers");
    let answer = judge.wait_with_output().expect("an answer");
    assert!(answer.status.success(), "the judge failed");
    serde_json::from_slice(&answer.stdout).expect("JSON")
}

fn generate<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a case").current()).collect()
}

/// A CSV text with a header of as many columns as its rows have fields.
fn csv_text() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => "[a-z0-9 .-]{0,8}",
        2 => "[\"',\r\n\t;é東🦀x]{0,6}",
        1 => "\\PC{0,12}",
        1 => Just(String::new()),
        1 => "-?[0-9]{1,20}",
    ];
    let field = (value, any::<bool>());
    let row = move |columns: usize| prop::collection::vec(field.clone(), columns);
    let rows = (1_usize..6).prop_flat_map(move |columns| (Just(columns), prop::collection::vec(row(columns), 0..20)));
    (rows, any::<bool>(), any::<bool>()).prop_map(|((columns, rows), has_crlf, is_ended)| {
        let end = if has_crlf { "\r\n" } else { "\n" };
        let header: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
        let mut lines = vec![header.join(",")];
        lines.extend(rows.into_iter().map(|row| {
            let fields = row.into_iter().map(|(value, is_quoted)| {
                let must = value.contains([',', '\r', '\n']) || value.starts_with('"');
                if must || is_quoted { format!("\"{}\"", value.replace('"', "\"\"")) } else { value }
            });
            fields.collect::<Vec<_>>().join(",")
        }));
        lines.join(end) + if is_ended { end } else { "" }
    })
}

#[test]
fn csv_reads_as_python_reads_it() {
    let cases = generate(&csv_text());
    let judged = ask("csv_rows.py", &cases);
    for (case, judged) in cases.iter().zip(judged.as_array().expect("an array")) {
        let rows: Vec<Vec<String>> = serde_json::from_value(judged.clone()).expect("rows of strings");
        let mut fixture = Fixture::with("t.csv", case).format(InputFormat::Csv);
        for column in &rows[0] {
            fixture = fixture.column(column, "string");
        }
        let landed = fixture.table("t.csv").expect(case);
        let names: Vec<&String> = landed.table.schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names, rows[0].iter().collect::<Vec<_>>());
        let read: Vec<Vec<String>> =
            landed.rows().into_iter().map(|row| row.into_iter().map(|cell| cell.replace('∅', "")).collect()).collect();
        assert_eq!(read, rows[1..], "{case:?}");
        // With types inferred from all rows, no row is a misfit.
        let inferred = Fixture::with("t.csv", case).format(InputFormat::Csv).table("t.csv").expect(case);
        assert_eq!(inferred.read.rows_read, rows.len() as u64 - 1, "{case:?}");
    }
}

/// The text of a JSON value, written in one of the ways that JSON has.
fn json_value() -> impl Strategy<Value = String> {
    let string = (
        prop_oneof!["[a-z0-9 -]{0,6}", "\\PC{0,8}", "[\"\\\\\n\t/é🦀]{0,4}", Just("2024-02-29".to_owned())],
        any::<bool>(),
    );
    let string = string.prop_map(|(text, is_escaped)| {
        let plain = Value::String(text).to_string();
        let escape =
            |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
        if is_escaped {
            plain.chars().map(|c| if c.is_ascii() { c.into() } else { escape(c) }).collect()
        } else {
            plain
        }
    });
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|truth| truth.to_string()),
        any::<i64>().prop_map(|integer| integer.to_string()),
        (-1000_i64..1000).prop_map(|integer| integer.to_string()),
        "-?[1-9][0-9]{0,30}",
        "-?(0|[1-9][0-9]{0,4})\\.[0-9]{1,20}([eE][+-]?[0-9]{1,2})?",
        string,
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , ")));
        prop_oneof![list, json_object(inner, "[ab]")]
    })
}

fn json_object(value: impl Strategy<Value = String>, key: &'static str) -> impl Strategy<Value = String> {
    prop::collection::btree_map(key, value, 0..4).prop_map(|fields| {
        let fields: Vec<String> =
            fields.iter().map(|(key, value)| format!("{} :{value}", Value::from(key.as_str()))).collect();
        format!("{{{}}}", fields.join(","))
    })
}

#[test]
fn ndjson_reads_as_python_reads_it() {
    // The one key that is always there makes the table have a column.
    let record = json_object(json_value(), "[cdé]").prop_map(|object| match object.strip_prefix("{}") {
        Some(_) => "{\"k\":1}".to_owned(),
        None => object.replacen('{', "{\"k\":1,", 1),
    });
    let cases = generate(&prop::collection::vec(record, 1..6).prop_map(|records| records.join("\n")));
    let judged = ask("ndjson_values.py", &cases);
    for (case, judged) in cases.iter().zip(judged.as_array().expect("an array")) {
        let landed = Fixture::with("t.ndjson", case).format(InputFormat::Ndjson).table("t.ndjson").expect(case);
        let mut read = Vec::new();
        for batch in &landed.batches {
            for row in 0..batch.num_rows() {
                let columns = batch.schema_ref().fields().iter().zip(batch.columns());
                read.push(columns.map(|(field, array)| (field.name().clone(), value(array.as_ref(), row))).collect());
            }
        }
        let judged: Vec<Map<String, Value>> = serde_json::from_value(judged.clone()).expect("objects");
        assert_eq!(read.len(), judged.len());
        for (read, judged) in read.into_iter().zip(judged) {
            assert!(is_same(&Value::Object(read), &Value::Object(judged.clone())), "{judged:?}\n{case}");
        }
    }
}

/// A cell as the judge would write it; text as it is.
fn value(array: &dyn Array, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int64 => json!({"number": array.as_primitive::<Int64Type>().value(row).to_string()}),
        DataType::Float64 => json!({"float": array.as_primitive::<Float64Type>().value(row).to_string()}),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::Date32 => arrow_cast::display::array_value_to_string(array, row).expect("a date").into(),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            (0..items.len()).map(|item| value(items.as_ref(), item)).collect()
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Value::Object(columns.map(|(field, array)| (field.name().clone(), value(array.as_ref(), row))).collect())
        }
        other => panic!("{other} was not generated"),
    }
}

/// Whether a cell holds what the judge read: exactly, but for floats, which are the nearest, and for absent keys, which are
/// null. Text may hold the JSON of another value.
fn is_same(read: &Value, judged: &Value) -> bool {
    match (read, judged) {
        (Value::Object(read), Value::Object(judged)) if read.contains_key("float") => {
            let number =
                |value: &Map<String, Value>, key| value[key].as_str().and_then(|text| text.parse::<f64>().ok());
            number(read, "float") == number(judged, "number")
        }
        (Value::Object(read), Value::Object(judged)) => {
            judged.keys().all(|key| read.contains_key(key))
                && read.iter().all(|(key, value)| is_same(value, judged.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(read), Value::Array(judged)) => {
            read.len() == judged.len() && read.iter().zip(judged).all(|(read, judged)| is_same(read, judged))
        }
        (Value::String(read), Value::String(judged)) => read == judged,
        (Value::String(read), judged) => is_same_json(read, judged),
        (read, judged) => read == judged,
    }
}

/// Whether a text is the JSON of what the judge read, its numbers literally.
fn is_same_json(text: &str, judged: &Value) -> bool {
    match judged {
        Value::Object(number) if number.contains_key("number") => number["number"] == text,
        Value::Array(judged) => serde_json::from_str::<Vec<&serde_json::value::RawValue>>(text).is_ok_and(|items| {
            items.len() == judged.len()
                && items.iter().zip(judged).all(|(item, judged)| is_same_json(item.get(), judged))
        }),
        Value::Object(judged) => {
            serde_json::from_str::<std::collections::BTreeMap<String, &serde_json::value::RawValue>>(text).is_ok_and(
                |fields| {
                    fields.len() == judged.len()
                        && fields
                            .iter()
                            .all(|(key, field)| judged.get(key).is_some_and(|judged| is_same_json(field.get(), judged)))
                },
            )
        }
        Value::String(judged) => serde_json::from_str::<String>(text).is_ok_and(|text| text == *judged),
        other => serde_json::from_str::<Value>(text).is_ok_and(|text| text == *other),
    }
}
