use std::{collections::HashMap, ops::Range};

use ::parquet::{
    arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
    basic::{Encoding, PageType},
    file::reader::{FileReader, SerializedFileReader},
};
use arrow_array::{
    ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Fields, Schema, UnionFields, UnionMode};
use lakeward_core::{
    batch::ClosePolicy,
    key::Template,
    plan::{
        Compression, CsvPlan, JsonPlan, ObjectPlan, ParquetPlan, ParquetVersion, RetryPlan, Storage, TextCompression,
    },
    table::TableName,
};

use super::*;

fn table_of(fields: Vec<Field>) -> Table {
    Table { name: TableName::new("t").expect("a name"), schema: Arc::new(Schema::new(fields)) }
}

fn csv(delimiter: u8, compression: TextCompression) -> FormatPlan {
    FormatPlan::Csv(CsvPlan { delimiter, header: true, compression })
}

fn json() -> FormatPlan {
    FormatPlan::Json(JsonPlan { compression: TextCompression::None })
}

fn parquet(compression: Compression, max_row_group_length: u64) -> FormatPlan {
    FormatPlan::Parquet(ParquetPlan { compression, version: ParquetVersion::V2_6, max_row_group_length })
}

fn encoder(table: &Table, format: FormatPlan) -> Result<Encoder, Failure> {
    let destination = DestinationPlan {
        storage: Storage::Embedded { dir: "unused".into() },
        bucket: "bucket".into(),
        path: Template::parse("{{TABLE}}").expect("a template"),
        format,
        athena: false,
        write_empty_objects: false,
        object: ObjectPlan::default(),
        close: ClosePolicy::default(),
        no_rotate: true,
        retry: RetryPlan {
            deadline: std::time::Duration::from_secs(1),
            most_tries: None,
            longest_pause: std::time::Duration::from_secs(1),
        },
        part_size: 5 << 20,
    };
    Encoder::new(table, &destination, Spool::new("unused".into()), threads().expect("threads"))
}

async fn bytes(encoder: Encoder) -> bytes::Bytes {
    use http_body::Body as _;
    let (body, _) = encoder.finish().expect("finished").seal().expect("sealed");
    let mut stream = Box::pin(body.stream(Arc::default()));
    let mut all = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| stream.as_mut().poll_frame(context)).await {
        all.extend_from_slice(&frame.expect("readable").into_data().expect("data"));
    }
    all.into()
}

async fn written(columns: Vec<(&str, ArrayRef)>, format: FormatPlan) -> bytes::Bytes {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("a batch");
    let table = Table { name: TableName::new("t").expect("a name"), schema: batch.schema() };
    let mut encoder = encoder(&table, format).expect("an encoder");
    encoder.write(&batch).expect("encoded");
    bytes(encoder).await
}

fn refusal(table: &Table, format: FormatPlan) -> (FailureKind, String, String) {
    let failure = encoder(table, format).err().expect("refused");
    (failure.kind, failure.what, failure.next.expect("advice"))
}

#[tokio::test]
async fn csv_tells_nulls_from_empty_texts_and_quotes_what_needs_it() {
    let texts = StringArray::from(vec![Some("plain"), None, Some(""), Some("a;b"), Some("\"q\"\r\n"), Some(" x ")]);
    let decimals = Decimal128Array::from(vec![Some(-1), None, Some(100), Some(0), Some(15), Some(i128::MAX)]);
    let decimals = decimals.with_precision_and_scale(38, 9).expect("a scale");
    let columns: Vec<(&str, ArrayRef)> = vec![("a;\"b", Arc::new(texts)), ("d", Arc::new(decimals))];
    let text = written(columns, csv(b';', TextCompression::None)).await;
    let expected = "\"a;\"\"b\";d\nplain;-0.000000001\n;\n\"\";0.0000001\n\"a;b\";0\n\"\"\"q\"\"\r\n\";0.000000015\n\" x \";170141183460469231731687303715.884105727\n";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_row_of_one_null_is_no_blank_line() {
    let columns: Vec<(&str, ArrayRef)> = vec![("a", Arc::new(Int64Array::from(vec![Some(1), None])))];
    assert_eq!(written(columns, csv(b',', TextCompression::None)).await, "a\n1\n\"\"\n");
}

#[tokio::test]
async fn json_lines_have_sorted_keys_and_every_digit() {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("z", Arc::new(Int64Array::from(vec![Some(i64::MIN), None]))),
        ("a\"", Arc::new(StringArray::from(vec!["<&>\u{2028}\n", "\0"]))),
        ("F", Arc::new(Float64Array::from(vec![f64::NAN, -0.0]))),
    ];
    let expected = "{\"F\":\"NaN\",\"a\\\"\":\"<&>\u{2028}\\n\",\"z\":-9223372036854775808}\n{\"F\":-0.0,\"a\\\"\":\"\\u0000\",\"z\":null}\n";
    assert_eq!(written(columns, json()).await, expected);
}

#[tokio::test]
async fn a_table_without_columns_is_refused_where_its_rows_would_be_lost() {
    let table = table_of(Vec::new());
    for (format, name) in [(csv(b',', TextCompression::None), "CSV"), (parquet(Compression::Zstd, 10), "Parquet")] {
        let (kind, what, next) = refusal(&table, format);
        assert_eq!(kind, FailureKind::Input);
        assert_eq!(what, format!("table t: it has no columns, and {name} can't hold rows without any"));
        assert!(next.contains("format = \"json\""));
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(2));
    let batch = RecordBatch::try_new_with_options(table.schema.clone(), Vec::new(), &options).expect("a batch");
    let mut encoder = encoder(&table, json()).expect("an encoder");
    encoder.write(&batch).expect("encoded");
    assert_eq!(bytes(encoder).await, "{}\n{}\n");
}

#[tokio::test]
async fn a_column_that_a_format_cannot_hold_is_refused_with_its_name_and_type() {
    let fields = [Arc::new(Field::new("n", DataType::Int64, true)), Arc::new(Field::new("s", DataType::Utf8, true))];
    let union = DataType::Union(UnionFields::try_new([0, 1], fields).expect("fields"), UnionMode::Dense);
    let list = DataType::List(Arc::new(Field::new("item", union, true)));
    let table = table_of(vec![Field::new("id", DataType::Int64, true), Field::new("either\u{1b}[31m", list, true)]);
    let (kind, what, next) = refusal(&table, parquet(Compression::Zstd, 10));
    assert_eq!(kind, FailureKind::Input);
    assert!(what.starts_with("table t: column either[31m is a list of Union("), "{what}");
    assert!(what.contains(", and Parquet can't hold a Union("), "{what}");
    assert!(next.contains("format = \"json\""));
    assert!(encoder(&table, json()).is_ok() && encoder(&table, csv(b',', TextCompression::None)).is_ok());

    let twice = vec![Field::new("x", DataType::Int64, true), Field::new("x", DataType::Utf8, true)];
    let (kind, what, next) = refusal(&table_of(twice.clone()), json());
    assert_eq!(kind, FailureKind::Input);
    assert_eq!(what, "table t: two of its columns are named x, and a JSON object can't hold both");
    assert!(next.contains("rename"));
    let nested = table_of(vec![Field::new("s", DataType::Struct(Fields::from(twice)), true)]);
    let (_, what, _) = refusal(&nested, json());
    assert!(
        what.starts_with("table t: column s is a struct(x int64, x string): two of its fields are named x"),
        "{what}"
    );
}

#[tokio::test]
async fn a_value_beyond_the_range_of_the_type_in_parquet_is_told_with_its_column() {
    let table = table_of(vec![Field::new("at", DataType::Timestamp(arrow_schema::TimeUnit::Second, None), true)]);
    let far = arrow_array::TimestampSecondArray::from(vec![i64::MAX]);
    let batch = RecordBatch::try_new(table.schema.clone(), vec![Arc::new(far)]).expect("a batch");
    let failure =
        encoder(&table, parquet(Compression::Zstd, 10)).expect("an encoder").write(&batch).expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Input);
    assert!(failure.what.starts_with("column at (timestamp): a value does not fit into Parquet"), "{}", failure.what);
}

#[tokio::test]
async fn two_thousand_columns_land_in_every_format() {
    let names: Vec<String> = (0..2000).map(|number| format!("c{number}")).collect();
    let columns =
        || names.iter().map(|name| (name.as_str(), Arc::new(Int64Array::from(vec![7; 3])) as ArrayRef)).collect();
    let text = written(columns(), csv(b',', TextCompression::None)).await;
    assert_eq!(text.split(|byte| *byte == b',').count(), 4 * 1999 + 1);
    let text = written(columns(), json()).await;
    let line = text.split(|byte| *byte == b'\n').next().expect("a line");
    assert_eq!(serde_json::from_slice::<HashMap<String, i64>>(line).expect("JSON").len(), 2000);
    let file = written(columns(), parquet(Compression::Zstd, 10)).await;
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let metadata = reader.metadata().file_metadata();
    assert_eq!((metadata.num_rows(), metadata.schema_descr().num_columns()), (3, 2000));
}

#[tokio::test]
async fn what_text_holds_in_memory_is_bounded_counted_and_given_up_by_a_flush() {
    let table = table_of(vec![Field::new("n", DataType::Int64, true)]);
    let mut encoder = encoder(&table, csv(b',', TextCompression::Gzip)).expect("an encoder");
    let most = (1 << 20) * threads().expect("threads").current_num_threads() as u64;
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..40 {
        let numbers = Int64Array::from_iter_values((0..10_000).map(|_| rng.i64(..)));
        encoder
            .write(&RecordBatch::try_new(table.schema.clone(), vec![Arc::new(numbers)]).expect("a batch"))
            .expect("encoded");
        assert!(encoder.memory_bytes() <= most, "{}", encoder.memory_bytes());
    }
    assert!(encoder.memory_bytes() > 0);
    let estimate = encoder.encoded_bytes();
    encoder.flush().expect("flushed");
    assert_eq!(encoder.memory_bytes(), 0);
    let exact = encoder.encoded_bytes();
    assert!(estimate.abs_diff(exact) < exact / 20, "{estimate} for {exact}");
    assert_eq!(bytes(encoder).await.len() as u64, exact);
}

fn ids_and_names(rows: Range<i64>) -> RecordBatch {
    let names = StringArray::from_iter(rows.clone().map(|i| (i % 7 > 0).then(|| format!("n{i}"))));
    let columns: Vec<(&str, ArrayRef, bool)> =
        vec![("id", Arc::new(Int64Array::from_iter(rows)), true), ("name", Arc::new(names), true)];
    RecordBatch::try_from_iter_with_nullable(columns).expect("a batch")
}

fn ids_table() -> Table {
    Table { name: TableName::new("t").expect("a name"), schema: ids_and_names(0..0).schema() }
}

#[tokio::test]
async fn parquet_rows_come_back_in_order_in_row_groups_of_the_planned_length_with_every_codec() {
    for compression in [Compression::None, Compression::Snappy, Compression::Gzip, Compression::Zstd] {
        let mut encoder = encoder(&ids_table(), parquet(compression, 3000)).expect("an encoder");
        for start in (0..10_000).step_by(1000) {
            encoder.write(&ids_and_names(start..start + 1000)).expect("encoded");
        }
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes(encoder).await).expect("Parquet");
        let rows: Vec<i64> = builder.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
        assert_eq!(rows, [3000, 3000, 3000, 1000]);
        let mut reader = builder.with_batch_size(20_000).build().expect("a reader");
        assert_eq!(reader.next().expect("a batch").expect("readable"), ids_and_names(0..10_000));
    }
}

#[tokio::test]
async fn parquet_pages_are_of_version_1_and_their_encodings_are_the_old_ones() {
    let mut encoder = encoder(&ids_table(), parquet(Compression::Zstd, 1 << 20)).expect("an encoder");
    encoder.write(&ids_and_names(0..5000)).expect("encoded");
    let reader = SerializedFileReader::new(bytes(encoder).await).expect("Parquet");
    let group = reader.get_row_group(0).expect("a row group");
    for column in 0..2 {
        for page in group.get_column_page_reader(column).expect("pages") {
            let page = page.expect("a page");
            assert_ne!(page.page_type(), PageType::DATA_PAGE_V2);
            assert!(matches!(page.encoding(), Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY));
        }
    }
}

#[tokio::test]
async fn parquet_has_dictionaries_where_values_repeat_and_statistics_where_order_means_something() {
    let kept = HashMap::from([("cq:extension:unique".to_owned(), "true".to_owned())]);
    let json = [("ARROW:extension:name", "json"), ("cq:extension:unique", "true")];
    let fields = vec![
        Field::new("id", DataType::UInt32, true).with_metadata(kept.clone()),
        Field::new("country", DataType::Utf8, true),
        Field::new("price", DataType::Float64, true),
        Field::new("payload", DataType::Binary, true).with_metadata(json),
    ];
    let schema = Schema::new_with_metadata(fields, HashMap::from([("cq:table_name".to_owned(), "t".to_owned())]));
    let table = Table { name: TableName::new("t").expect("a name"), schema: Arc::new(schema) };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(0..5000)),
        Arc::new(StringArray::from_iter_values((0..5000).map(|n| ["DE", "FR", "NL"][n % 3]))),
        Arc::new(Float64Array::from_iter_values((0..5000).map(|n| f64::from(n) / 7.0))),
        Arc::new(BinaryArray::from_iter_values((0..5000).map(|n| format!("{{\"n\":{}}}", n % 4)))),
    ];
    let batch = RecordBatch::try_new(table.schema.clone(), columns).expect("a batch");
    let mut encoder = encoder(&table, parquet(Compression::Zstd, 1 << 20)).expect("an encoder");
    encoder.write(&batch).expect("encoded");
    let file = bytes(encoder).await;
    let reader = SerializedFileReader::new(file.clone()).expect("Parquet");
    let columns = reader.metadata().row_group(0).columns();
    let has_dictionary: Vec<bool> = columns.iter().map(|column| column.dictionary_page_offset().is_some()).collect();
    assert_eq!(has_dictionary, [false, true, false, true]);
    let has_statistics: Vec<bool> = columns.iter().map(|column| column.statistics().is_some()).collect();
    assert_eq!(has_statistics, [true, true, true, false]);
    let schema = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet").schema().clone();
    assert_eq!(schema.metadata().get("cq:table_name").map(String::as_str), Some("t"));
    for field in [schema.field(0), schema.field(3)] {
        assert_eq!(*field.metadata(), kept, "{field}");
    }
    assert_eq!(schema.field(3).data_type(), &DataType::Utf8);
}
