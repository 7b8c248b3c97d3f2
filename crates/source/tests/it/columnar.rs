//! Parquet and Arrow files, from other writers and our libraries', as tables.

use std::{
    fs,
    sync::{Arc, LazyLock},
};

use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    cast::AsArray,
};
use arrow_schema::{DataType, Field, Schema};
use lakeward_core::budget::Budget;
use parquet::{
    arrow::ArrowWriter,
    data_type::{Int96, Int96Type},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use crate::support::{Fixture, Landed, gzip};

/// Files that pyarrow, Polars and DuckDB wrote, made once.
static WRITTEN: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let _ = lakeward_testkit::python::run(include_str!("../judge/columnar_files.py"), [folder.path()]);
    folder
});

/// The content of one of those files.
pub(crate) fn written(name: &str) -> Vec<u8> {
    fs::read(WRITTEN.path().join(name)).expect("written")
}

/// A batch as a Parquet file.
pub(crate) fn parquet_of(batch: &RecordBatch, rows_of_group: usize) -> Vec<u8> {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_of_group)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).expect("a writer");
    writer.write(batch).expect("in memory");
    writer.into_inner().expect("in memory")
}

/// A batch as an Arrow stream, or as a file.
pub(crate) fn arrow_of(batch: &RecordBatch, as_file: bool) -> Vec<u8> {
    if as_file {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
        writer.write(batch).expect("in memory");
        writer.into_inner().expect("in memory")
    } else {
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).expect("a writer");
        writer.write(batch).expect("in memory");
        writer.into_inner().expect("in memory")
    }
}

pub(crate) fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

fn land(name: &str) -> Landed {
    let fixture = Fixture::with(name, written(name));
    let landed = fixture.table(name).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    let (rows, rejected, bytes) = fixture.events.read();
    assert_eq!((rows, rejected), (landed.read.rows_read, 0), "{name}");
    assert_eq!(bytes, fs::metadata(fixture.path(name)).expect("there").len(), "{name}");
    assert!(landed.ended && landed.read.complete);
    landed
}

#[test]
fn every_writer_and_codec_gives_the_same_rows() {
    let expected = land("parquet/none.parquet").rows();
    assert_eq!(expected.len(), 10_000);
    assert_eq!(
        expected[8],
        [
            "8",
            "word 8 été",
            "k2",
            "4.0",
            "2024-01-09",
            "2024-01-01T00:00:08Z",
            "0.08",
            "0800",
            "true",
            "[8, ∅]",
            "{a: 8, b: [8]}"
        ]
    );
    assert_eq!(expected[0][1], "∅");
    assert!(expected.iter().enumerate().all(|(row, cells)| cells[0] == row.to_string()));
    for folder in ["parquet", "arrow", "others"] {
        let files = fs::read_dir(WRITTEN.path().join(folder)).expect("a folder");
        let mut names: Vec<String> =
            files.map(|file| file.expect("a file").file_name().into_string().expect("UTF-8")).collect();
        names.sort();
        assert!(names.len() >= 4);
        for name in names {
            let landed = land(&format!("{folder}/{name}"));
            assert!(
                ["string", "LargeUtf8"].contains(&landed.type_of("word").as_str()),
                "{name}: {:?}",
                landed.columns()
            );
            let rows = landed.rows();
            assert!(rows == expected, "{name}: {:?}", rows.iter().zip(&expected).find(|(a, b)| a != b));
        }
    }
}

#[test]
fn dictionaries_that_grow_or_are_replaced() {
    for (name, last) in [
        ("dictionary/delta.arrows", ["a", "c"]),
        ("dictionary/delta.arrow", ["a", "c"]),
        ("dictionary/replaced.arrows", ["x", "y"]),
    ] {
        let rows = land(name).rows();
        let cells: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(cells, [["a", "b"], last].concat(), "{name}");
    }
}

#[test]
fn two_thousand_columns() {
    let landed = land("wide/wide.parquet");
    assert_eq!(landed.columns().len(), 2000);
    let rows = landed.rows();
    assert!((0..2000).all(|column| rows[0][column] == column.to_string() && rows[1][column] == "∅"));
}

#[test]
fn compressed_files_are_read_and_content_tells_the_format() {
    let rows = batch(vec![("a", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef)]);
    for (content, name) in [
        (parquet_of(&rows, 10), "t"),
        (gzip(&parquet_of(&rows, 1)), "t.csv.gz"),
        (arrow_of(&rows, true), "t.txt"),
        (gzip(&arrow_of(&rows, true)), "t"),
        (arrow_of(&rows, false), "t.json"),
        (gzip(&arrow_of(&rows, false)), "t"),
    ] {
        let fixture = Fixture::with(name, content);
        assert_eq!(fixture.table(name).expect("read").rows(), [["1"], ["2"]], "{name}");
        assert!(fixture.events.read().2 > 0);
    }
}

#[test]
fn metadata_and_nullability_are_kept() {
    let fields = vec![
        Field::new("id", DataType::FixedSizeBinary(16), false).with_metadata(std::collections::HashMap::from(
            [("ARROW:extension:name", "arrow.uuid"), ("unit", "none")]
                .map(|(key, value)| (key.to_owned(), value.to_owned())),
        )),
    ];
    let schema = Arc::new(Schema::new_with_metadata(
        fields,
        std::collections::HashMap::from([("made".to_owned(), "by hand".to_owned())]),
    ));
    let ids = arrow_array::FixedSizeBinaryArray::try_from_iter([[7_u8; 16]].into_iter()).expect("16 bytes");
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids)]).expect("a batch");
    for (name, content) in [("t.parquet", parquet_of(&rows, 10)), ("t.arrow", arrow_of(&rows, true))] {
        let landed = Fixture::with(name, content).table(name).expect("read");
        assert_eq!(landed.table.schema, schema, "{name}");
        assert_eq!(landed.batches[0].schema(), schema, "{name}");
    }
}

fn folder(files: &[(&str, Vec<u8>)]) -> Fixture {
    let fixture = Fixture::new();
    for (name, content) in files {
        fixture.file(&format!("in/{name}"), content);
    }
    fixture
}

#[test]
fn files_of_one_table_may_differ_where_nothing_is_lost() {
    let one = batch(vec![
        ("a", Arc::new(Int32Array::from(vec![1])) as ArrayRef),
        ("b", Arc::new(StringArray::from(vec!["x"]))),
    ]);
    let other = batch(vec![
        ("c", Arc::new(Decimal128Array::from(vec![150]).with_precision_and_scale(10, 2).expect("fits")) as ArrayRef),
        ("a", Arc::new(Int64Array::from(vec![1_i64 << 40]))),
    ]);
    let third = batch(vec![(
        "c",
        Arc::new(Decimal128Array::from(vec![7]).with_precision_and_scale(3, 0).expect("fits")) as ArrayRef,
    )]);
    let fixture = folder(&[
        ("1.parquet", parquet_of(&one, 10)),
        ("2.arrow", arrow_of(&other, true)),
        ("3.arrows", arrow_of(&third, false)),
    ]);
    let landed = fixture.land(&[fixture.source("in", Some("t"))]).expect("read").remove(0);
    assert_eq!(landed.columns(), ["a int64", "b string", "c decimal(10,2)"]);
    assert_eq!(landed.rows(), [["1", "x", "∅"], ["1099511627776", "∅", "1.50"], ["∅", "∅", "7.00"]]);
    assert!(landed.table.schema.fields().iter().all(|field| field.is_nullable()));
}

#[test]
fn text_and_columns_are_one_table_where_their_types_fit() {
    let rows = batch(vec![
        ("a", Arc::new(Int32Array::from(vec![1])) as ArrayRef),
        ("b", Arc::new(StringArray::from(vec!["x"]))),
    ]);
    let fixture = folder(&[("1.csv", b"b,a,d\n007,5,1.5\n".to_vec()), ("2.parquet", parquet_of(&rows, 10))]);
    let landed = fixture.land(&[fixture.source("in", Some("t"))]).expect("read").remove(0);
    assert_eq!(landed.columns(), ["a int64", "b string", "d float64"]);
    assert_eq!(landed.rows(), [["5", "007", "1.5"], ["1", "x", "∅"]]);
}

/// Instants of 96 bits as Spark and Hive write them: without the schema of an Arrow writer. Each is a Julian day and the
/// nanoseconds of the day.
fn old_instants(instants: &[(u32, u64)]) -> Vec<u8> {
    let schema = "message m { required int96 at; required group inner { required int96 at; } }";
    let schema = Arc::new(parse_message_type(schema).expect("a schema"));
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).expect("a writer");
    let mut group = writer.next_row_group().expect("in memory");
    let values: Vec<Int96> = instants
        .iter()
        .map(|(day, nanos)| {
            let low = u32::try_from(nanos & u64::from(u32::MAX)).expect("32 bits");
            Int96::from(vec![low, u32::try_from(nanos >> 32).expect("32 bits"), *day])
        })
        .collect();
    while let Some(mut column) = group.next_column().expect("in memory") {
        let _ = column.typed::<Int96Type>().write_batch(&values, None, None).expect("in memory");
        column.close().expect("in memory");
    }
    let _ = group.close().expect("in memory");
    writer.into_inner().expect("in memory")
}

#[test]
fn instants_of_96_bits_reach_over_the_whole_calendar() {
    let noon = 12 * 3600 * 1_000_000_000 + 1_000;
    // Julian days: 2440588 is 1970-01-01 and 5373484 is 9999-12-31.
    let instants = [(1_721_426, noon), (2_440_588, 0), (5_373_484, noon)];
    let landed = Fixture::with("t.parquet", old_instants(&instants)).table("t.parquet").expect("read");
    assert_eq!(landed.columns(), ["at timestamp", "inner struct(at timestamp)"]);
    let texts = ["0001-01-01T12:00:00.000001", "1970-01-01T00:00:00", "9999-12-31T12:00:00.000001"];
    assert_eq!(landed.rows(), texts.map(|text| [text.to_owned(), format!("{{at: {text}}}")]));
}

#[test]
fn given_types_are_exact_or_the_row_is_a_misfit() {
    let rows = batch(vec![
        ("i", Arc::new(Int64Array::from(vec![Some(1), Some((1 << 53) + 1), None])) as ArrayRef),
        ("f", Arc::new(Float64Array::from(vec![2.0, 3.0, 3.5]))),
        ("s", Arc::new(StringArray::from(vec!["2024-02-29", "2024-02-30", "2024-03-01"]))),
        ("n", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ]);
    let make = || {
        let fixture = Fixture::with("t.parquet", parquet_of(&rows, 10));
        fixture.column("i", "float64").column("f", "int64").column("s", "date").column("n", "string")
    };
    let fixture = make().skip(None);
    let landed = fixture.table("t.parquet").expect("read");
    assert_eq!(landed.columns(), ["i float64", "f int64", "s date", "n string"]);
    assert_eq!(landed.rows(), [["1.0", "2", "2024-02-29", "1"]]);
    assert_eq!((landed.read.rows_read, landed.read.rows_rejected), (3, 2));
    let rejects = fixture.rejects("t");
    assert_eq!((&rejects[0]["line"], &rejects[0]["column"]), (&2.into(), &"i".into()));
    assert_eq!(rejects[1]["reason"], "3.5 is no int64");
    assert_eq!(rejects[1]["row"], r#"{"i":null,"f":"3.5","s":"2024-03-01","n":"3"}"#);
    let (code, words) = make().fails("t.parquet");
    assert!(
        code == 65 && words.starts_with("t.parquet, row 2: column \"i\": 9007199254740993 is no float64 | "),
        "{words}"
    );
}

#[test]
fn a_null_among_the_values_of_a_dictionary_is_a_null() {
    let keys = || Int32Array::from(vec![Some(0), Some(1), None, Some(2)]);
    let texts = DictionaryArray::new(keys(), Arc::new(StringArray::from(vec![Some("a"), None, Some("12")])));
    let numbers = DictionaryArray::new(keys(), Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])));
    let rows = batch(vec![("x", Arc::new(texts) as ArrayRef), ("n", Arc::new(numbers))]);
    let make =
        |of_x: &str, of_n: &str| Fixture::with("t.arrow", arrow_of(&rows, true)).column("x", of_x).column("n", of_n);
    let landed = make("string", "float64").table("t.arrow").expect("read");
    assert_eq!(landed.rows(), [["a", "1.0"], ["∅", "∅"], ["∅", "∅"], ["12", "3.0"]]);
    let landed = make("string", "string").table("t.arrow").expect("read");
    assert_eq!(landed.rows(), [["a", "1"], ["∅", "∅"], ["∅", "∅"], ["12", "3"]]);
    let fixture = make("int64", "int64").skip(None);
    let landed = fixture.table("t.arrow").expect("read");
    assert_eq!(landed.rows(), [["∅", "∅"], ["∅", "∅"], ["12", "3"]]);
    assert_eq!(fixture.rejects("t")[0]["row"], r#"{"x":"a","n":"1"}"#);
}

#[test]
fn a_row_group_is_read_in_batches_and_memory_has_its_bounds() {
    let count = 400_000;
    // The same long text again and again: little in the file, much once it is decoded.
    let long = "x".repeat(2000);
    let texts = StringArray::from_iter_values((0..count).map(|row| if row % 2 == 0 { long.as_str() } else { "y" }));
    let rows =
        batch(vec![("id", Arc::new(Int64Array::from_iter_values(0..count)) as ArrayRef), ("text", Arc::new(texts))]);
    let content = parquet_of(&rows, usize::MAX);
    drop(rows);
    assert!(content.len() < 8 << 20);
    let mut fixture = Fixture::with("t.parquet", content);
    fixture.budget = Budget::new(16 << 20);
    let landed = fixture.table("t.parquet").expect("read");
    let mut next = 0;
    for batch in &landed.batches {
        let ids = batch.column(0).as_primitive::<arrow_array::types::Int64Type>();
        assert!(ids.values().iter().all(|id| {
            next += 1;
            *id == next - 1
        }));
        assert!(batch.get_array_memory_size() <= 2 << 20, "{}", batch.get_array_memory_size());
    }
    assert_eq!(next, count);
    let most = fixture.budget.most_used();
    assert!(most <= 40 << 20, "{most} bytes at most");
}

#[test]
fn a_large_message_is_handed_over_in_pieces() {
    let count = 500_000;
    let rows = batch(vec![("id", Arc::new(Int64Array::from_iter_values(0..count)) as ArrayRef)]);
    for as_file in [true, false] {
        let landed = Fixture::with("t.arrow", arrow_of(&rows, as_file)).table("t.arrow").expect("read");
        assert!(landed.batches.len() > 1);
        assert!(landed.rows().iter().enumerate().all(|(row, cells)| cells[0] == row.to_string()));
        assert_eq!(landed.read.rows_read, 500_000);
    }
}

#[test]
fn files_without_rows_are_tables_without_rows() {
    let rows = batch(vec![("a", Arc::new(Int64Array::from(Vec::<i64>::new())) as ArrayRef)]);
    for content in [parquet_of(&rows, 10), arrow_of(&rows, true), arrow_of(&rows, false)] {
        let landed = Fixture::with("t.arrow", content).table("t.arrow").map(|landed| landed.columns());
        assert_eq!(landed.expect("read"), ["a int64"]);
    }
}
