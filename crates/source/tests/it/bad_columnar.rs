//! Bad Parquet and Arrow: a clear error or rows, and never a panic.

use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, Int64Array, ListArray, StringArray, types::Int32Type};
use lakeward_core::plan::InputFormat;

use crate::{
    columnar::{arrow_of, batch, parquet_of, written},
    support::Fixture,
};

#[track_caller]
fn refused(name: &str, content: impl AsRef<[u8]>, text: &str) {
    let (code, words) = Fixture::with(name, content).fails(name);
    assert!(words.contains(text), "{words}");
    assert!(words.split(" | ").nth(1).is_some_and(|advice| !advice.is_empty()), "no advice: {words}");
    assert_eq!(code, 65, "{words}");
}

/// A batch with each kind of layout.
fn rows() -> arrow_array::RecordBatch {
    let lists = (0..40).map(|row| (row % 4 != 0).then(|| vec![Some(row), None]));
    let words: Vec<String> = (0..40).map(|row| format!("word {row}")).collect();
    batch(vec![
        ("id", Arc::new(Int64Array::from_iter_values(0..40)) as ArrayRef),
        ("word", Arc::new(StringArray::from(words))),
        ("kind", Arc::new(DictionaryArray::<Int32Type>::from_iter((0..40).map(|row| ["x", "y", "z"][row % 3])))),
        ("list", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(lists))),
    ])
}

/// The formats, with whether a content that is cut short anywhere is refused.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let rows = rows();
    let options = arrow_ipc::writer::IpcWriteOptions::default();
    let options = options.try_with_compression(Some(arrow_ipc::CompressionType::ZSTD)).expect("zstd");
    let mut writer =
        arrow_ipc::writer::StreamWriter::try_new_with_options(Vec::new(), &rows.schema(), options).expect("a writer");
    writer.write(&rows).expect("in memory");
    let compressed = writer.into_inner().expect("in memory");
    vec![
        ("t.parquet", parquet_of(&rows, 15)),
        ("t.arrow", arrow_of(&rows, true)),
        ("t.arrows", arrow_of(&rows, false)),
        ("t.ipc", compressed),
    ]
}

#[test]
fn cut_short() {
    for (name, content) in contents() {
        for cut in [
            1,
            4,
            7,
            8,
            9,
            12,
            50,
            content.len() / 2,
            content.len() - 9,
            content.len() - 8,
            content.len() - 4,
            content.len() - 1,
        ] {
            let fixture = Fixture::with(name, &content[..cut]);
            let (code, words) = fixture.fails(name);
            assert_eq!(code, 65, "{name} at {cut}: {words}");
        }
        assert!(Fixture::with(name, &content).table(name).is_ok());
    }
    refused(
        "t.parquet",
        &written("parquet/zstd.parquet")[..100_000],
        "t.parquet: the Parquet data are cut short or damaged: ",
    );
    refused(
        "t.arrows",
        &written("arrow/stream-None.arrows")[..100_000],
        "t.arrows: the Arrow data are cut short or damaged: ",
    );
}

#[test]
fn flipped_bits_give_an_error_or_rows() {
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for (name, content) in contents() {
        for _ in 0..60 {
            let mut content = content.clone();
            for _ in 0..=random(2) {
                let at = random(content.len());
                content[at] ^= 1 << random(8);
            }
            let fixture = Fixture::with(name, &content);
            if let Err(failure) = fixture.table(name) {
                assert_eq!(failure.kind.exit_code(), 65, "{failure}");
            }
        }
    }
}

#[test]
fn lengths_that_are_not_there_take_no_memory() {
    // The schema, and then a message that claims to be as long as a message can be.
    let mut stream = arrow_of(&rows().slice(0, 0), false);
    stream.truncate(stream.len() - 8);
    for head in [[0xff, 0xff, 0xff, 0x7f], [0xff, 0xff, 0xff, 3]] {
        let mut stream = stream.clone();
        stream.extend([0xff; 4]);
        stream.extend(head);
        stream.extend([0; 100]);
        refused("t.arrows", stream, "t.arrows: the Arrow data are cut short or damaged: ");
    }
}

#[test]
fn more_after_the_end_of_a_stream() {
    let stream = arrow_of(&rows(), false);
    refused("t.arrows", [stream.clone(), stream].concat(), "more follows after the end of the stream");
}

#[test]
fn codecs_and_encryption() {
    refused(
        "t.parquet",
        written("bad/brotli.parquet"),
        "t.parquet: column \"id\" is compressed with Brotli, which is not read | write it again",
    );
    refused(
        "t.parquet",
        written("bad/encrypted.parquet"),
        "t.parquet is an encrypted Parquet file, which is not read | ",
    );
    refused("t.parquet", written("bad/encrypted-columns.parquet"), "its columns may be encrypted | ");
}

#[test]
fn no_columns_and_two_of_one_name() {
    refused("t.parquet", written("bad/no-columns.parquet"), "table t has no columns: its files have none");
    let schema = arrow_schema::Schema::new(vec![arrow_schema::Field::new("a", arrow_schema::DataType::Int64, true); 2]);
    let twice = arrow_array::RecordBatch::new_empty(Arc::new(schema));
    refused("t.arrow", arrow_of(&twice, true), "t.arrow: columns 1 and 2 have the same name \"a\"");
}

#[test]
fn another_format_than_the_one_given() {
    let (parquet, arrow) = (parquet_of(&rows(), 10), arrow_of(&rows(), true));
    for (format, content, text) in [
        (InputFormat::Parquet, b"a,b\n".to_vec(), "t is not a Parquet file"),
        (InputFormat::Parquet, arrow, "t is not a Parquet file"),
        (InputFormat::Arrow, parquet.clone(), "t is not Arrow data"),
        (InputFormat::Arrow, b"a,b\n1,2\n".to_vec(), "t: the Arrow data are cut short or damaged"),
        (InputFormat::Csv, parquet, "t is not text"),
    ] {
        let (code, words) = Fixture::with("t", content).format(format).fails("t");
        assert!(code == 65 && words.contains(text), "{words}");
    }
    refused("t.parquet", b"", "t.parquet is not a Parquet file");
}

#[test]
fn files_whose_types_have_none_in_common() {
    let numbers = batch(vec![("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    let texts = batch(vec![("a", Arc::new(StringArray::from(vec!["1"])) as ArrayRef)]);
    for (name, content) in [("2.arrow", arrow_of(&texts, true)), ("2.csv", b"a\nx\n".to_vec())] {
        let fixture = Fixture::with("in/1.parquet", parquet_of(&numbers, 10));
        fixture.file(&format!("in/{name}"), content);
        let failure = fixture.land(&[fixture.source("in", Some("t"))]).expect_err("no common type");
        let (code, words) = crate::support::words(&failure, fixture.path("in").parent().expect("a folder"));
        let text = format!("column \"a\" is int64 in in/1.parquet and string in in/{name} | give the column one type");
        assert!(code == 65 && words.contains(&text), "{words}");
        let fixture = fixture.column("a", "string");
        assert!(fixture.land(&[fixture.source("in", Some("t"))]).is_ok());
    }
}

#[test]
fn types_that_can_not_be_given() {
    let rows = rows();
    let fixture = Fixture::with("t.parquet", parquet_of(&rows, 10)).column("list", "int64");
    let (code, words) = fixture.fails("t.parquet");
    assert!(
        code == 65 && words.starts_with("t.parquet: column \"list\" is list of Int32, which can't be read as int64 | "),
        "{words}"
    );
}
