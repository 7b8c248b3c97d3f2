//! One object of a format, and that every compression around text holds the same bytes.

use std::{fs, io::Read as _, path::Path, sync::Arc};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use lakeward_core::{
    batch::ClosePolicy,
    message::{Message, Outlet, Rows},
    plan::{CsvPlan, FormatPlan, JsonPlan, Storage, TextCompression},
    table::{Table, TableName},
};
use lakeward_testkit::python;

use crate::sandbox::{Sandbox, on_thread};

/// The one object that the batches become.
pub(crate) async fn landed(batches: &[RecordBatch], format: FormatPlan, athena: bool) -> Vec<u8> {
    let mut sandbox = Sandbox::new("raw/{{TABLE}}.{{FORMAT}}", ClosePolicy::default()).await;
    sandbox.destination.format = format;
    sandbox.destination.athena = athena;
    let Storage::Embedded { dir } = sandbox.destination.storage.clone() else {
        unreachable!("the sandbox has a server of its own")
    };
    let (outlet, mut landing) = sandbox.start();
    let (budget, batches) = (sandbox.budget.clone(), batches.to_vec());
    on_thread(move || {
        let name = TableName::new("t").expect("a name");
        let table = Arc::new(Table { name: name.clone(), schema: batches[0].schema() });
        outlet.send(Message::Begin(table)).expect("taken");
        for batch in batches {
            let rows = Rows { table: name.clone(), batch, memory: budget.reserve(1) };
            outlet.send(Message::Rows(rows)).expect("the run goes on");
        }
        outlet.send(Message::End(name)).expect("taken");
    })
    .await;
    landing.finish().await;
    let landed = landing.close().await;
    assert!(landed.failure.is_none(), "{landed:?}");
    assert_eq!(landed.tables[0].landed(), landed.tables[0].taken);
    fs::read(dir.join("bucket").join(format!("raw/t.{}", format.extension()))).expect("landed")
}

pub(crate) fn csv(delimiter: u8, header: bool, compression: TextCompression) -> FormatPlan {
    FormatPlan::Csv(CsvPlan { delimiter, header, compression })
}

pub(crate) fn json(compression: TextCompression) -> FormatPlan {
    FormatPlan::Json(JsonPlan { compression })
}

/// So many rows that a text is cut into several blocks.
fn rows() -> RecordBatch {
    let schema = Schema::new(vec![Field::new("n", DataType::Int64, true), Field::new("s", DataType::Utf8, true)]);
    let numbers = Int64Array::from_iter_values(0..100_000);
    let texts = StringArray::from_iter((0..100_000).map(|n| (n % 5 > 0).then(|| format!("row, \"{n}\""))));
    let columns: Vec<ArrayRef> = vec![Arc::new(numbers), Arc::new(texts)];
    RecordBatch::try_new(Arc::new(schema), columns).expect("a batch")
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_text_is_the_same_text_and_independent_readers_read_all_its_blocks() {
    let folder = tempfile::tempdir().expect("a folder");
    let batches = [rows(), rows()];
    for format in [|compression| csv(b',', true, compression), json] {
        let plain = landed(&batches, format(TextCompression::None), false).await;
        assert!(plain.len() > 2 << 20, "too small to be cut");
        for compression in [TextCompression::None, TextCompression::Gzip, TextCompression::Zstd] {
            let bytes = landed(&batches, format(compression), false).await;
            let mut text = Vec::new();
            match compression {
                TextCompression::None => text.clone_from(&bytes),
                TextCompression::Gzip => {
                    flate2::read::MultiGzDecoder::new(&*bytes).read_to_end(&mut text).map(drop).expect("gzip");
                }
                TextCompression::Zstd => text = zstd::decode_all(&*bytes).expect("Zstandard"),
            }
            assert!(text == plain, "{compression:?}");
            let extension = format(compression).extension();
            fs::write(folder.path().join(format!("t.{extension}")), bytes).expect("written");
        }
    }
    let script = include_str!("../python/readers.py");
    let read = python::json(script, [folder.path()]);
    let sum: i64 = 2 * (0..100_000).sum::<i64>();
    let readers = read.as_object().expect("an object");
    assert_eq!(readers.len(), 4 + 4 + 3 + 3 + 3 + 3, "{read}");
    for (reader, seen) in readers {
        assert_eq!(*seen, serde_json::json!([200_000, sum, 40_000]), "{reader}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_without_rows_is_a_whole_file_in_every_compression() {
    let empty = [rows().slice(0, 0)];
    assert_eq!(landed(&empty, csv(b',', true, TextCompression::None), false).await, b"n,s\n");
    for (format, text) in [(csv(b',', true, TextCompression::Gzip), "n,s\n"), (json(TextCompression::Gzip), "")] {
        let bytes = landed(&empty, format, false).await;
        let mut read = String::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut read).expect("gzip");
        assert_eq!(read, text);
    }
    let bytes = landed(&empty, json(TextCompression::Zstd), false).await;
    assert!(!bytes.is_empty() && zstd::decode_all(&*bytes).expect("Zstandard").is_empty());
}

/// A file of the recordings.
pub(crate) fn recorded(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden").join(format!("{name}.zst"));
    zstd::decode_all(fs::File::open(path).expect("a recording")).expect("Zstandard")
}
