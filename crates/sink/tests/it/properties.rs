//! Generated tables, written in every format and read back by Python. The judge has the same rows as an Arrow IPC stream, which
//! pyarrow reads without any of the code under test.
//!
//! `PROPTEST_CASES` raises the number of cases, each of which is one table; a case depends on its number alone.

mod generate;

use std::{fs, path::Path, sync::Arc};

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use lakeward_core::{
    batch::ClosePolicy,
    message::{Message, Outlet, Rows},
    plan::{Compression, FormatPlan, ParquetPlan, ParquetVersion, Storage, TextCompression},
    table::{Table, TableName},
};
use lakeward_testkit::python;
use serde_json::json;

use self::generate::{Generator, Holds};
use crate::{
    formats::{csv, json as json_lines},
    sandbox::{Sandbox, on_thread},
};

/// Tables a property.
const CASES: u64 = 40;

fn cases() -> u64 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES)
}

/// Lands each batch as a table of its own, in two pieces, and puts the objects and the truth into a folder.
async fn land(batches: Vec<RecordBatch>, format: FormatPlan, folder: &Path) {
    let mut sandbox = Sandbox::new("raw/{{TABLE}}.{{FORMAT}}", ClosePolicy::default()).await;
    sandbox.destination.format = format;
    let Storage::Embedded { dir } = sandbox.destination.storage.clone() else {
        unreachable!("the sandbox has a server")
    };
    let (outlet, mut landing) = sandbox.start();
    for (number, batch) in batches.iter().enumerate() {
        let file = fs::File::create(folder.join(format!("{number}.truth"))).expect("created");
        let mut writer = StreamWriter::try_new(file, &batch.schema()).expect("a stream");
        writer.write(batch).and_then(|()| writer.finish()).expect("written");
    }
    let (budget, sent) = (sandbox.budget.clone(), batches.clone());
    on_thread(move || {
        for (number, batch) in sent.into_iter().enumerate() {
            let name = TableName::new(&format!("t{number}")).expect("a name");
            let table = Arc::new(Table { name: name.clone(), schema: batch.schema() });
            if outlet.send(Message::Begin(table)).is_err() {
                return;
            }
            let middle = batch.num_rows() / 2;
            for batch in [batch.slice(0, middle), batch.slice(middle, batch.num_rows() - middle)] {
                let rows = Rows { table: name.clone(), batch, memory: budget.reserve(1) };
                if outlet.send(Message::Rows(rows)).is_err() {
                    return;
                }
            }
            if outlet.send(Message::End(name)).is_err() {
                return;
            }
        }
    })
    .await;
    landing.finish().await;
    let landed = landing.close().await;
    assert!(landed.failure.is_none(), "{:?}", landed.failure);
    for number in 0..batches.len() {
        let object = dir.join("bucket/raw").join(format!("t{number}.{}", format.extension()));
        fs::rename(object, folder.join(format!("{number}.object"))).expect("landed");
    }
}

async fn judged(format: FormatPlan, name: &str, options: &str, holds: Holds) {
    let batches: Vec<RecordBatch> = (0..cases()).map(|case| Generator::new(case, holds).batch()).collect();
    let folder = tempfile::tempdir().expect("a folder");
    land(batches, format, folder.path()).await;
    let script = include_str!("../python/values.py");
    let judged = python::json(script, [folder.path().as_os_str(), name.as_ref(), options.as_ref()]);
    assert_eq!(judged, json!([]), "[case, row, column, type, expected, written]");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_reads_back_as_what_was_written() {
    judged(csv(b',', true, TextCompression::None), "csv", ",", Holds::EveryType).await;
    // Numbers, times and base64 need quotes with these.
    judged(csv(b'-', true, TextCompression::None), "csv", "-", Holds::EveryType).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_read_back_as_what_was_written() {
    judged(json_lines(TextCompression::None), "json", "", Holds::EveryType).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_reads_back_as_what_was_written() {
    let plan =
        |compression, version| FormatPlan::Parquet(ParquetPlan { compression, version, max_row_group_length: 7 });
    judged(plan(Compression::Zstd, ParquetVersion::V2_6), "parquet", "2.6", Holds::WhatParquetHolds).await;
    judged(plan(Compression::Snappy, ParquetVersion::V2_4), "parquet", "2.4", Holds::WhatParquetHolds).await;
    judged(plan(Compression::None, ParquetVersion::V1_0), "parquet", "1.0", Holds::WhatParquetHolds).await;
}
