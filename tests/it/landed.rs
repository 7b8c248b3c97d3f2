//! What has landed, read back.

use std::{fs::File, path::Path};

use arrow_array::{RecordBatch, cast::AsArray, types::Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use walkdir::WalkDir;

/// The keys of all objects in a bucket's folder, in order; none when there is no such folder.
pub(crate) fn keys(bucket: &Path) -> Vec<String> {
    let files = WalkDir::new(bucket).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let key = |path: &Path| path.strip_prefix(bucket).unwrap().to_str().unwrap().to_owned();
    let mut keys: Vec<String> = files.map(|file| key(file.path())).collect();
    keys.sort();
    keys
}

/// The keys that a run's summary tells, in order.
pub(crate) fn told(summary: &Value) -> Vec<String> {
    let tables = summary["tables"].as_array().unwrap().iter();
    let objects = tables.flat_map(|table| table["objects"].as_array().unwrap());
    let mut keys: Vec<String> = objects.map(|object| object["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    keys
}

/// An object's rows. The object must be whole: its footer and every page are read.
#[track_caller]
pub(crate) fn rows(object: &Path) -> Vec<RecordBatch> {
    let read = || {
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(object)?)?.build()?;
        reader.collect::<Result<Vec<_>, _>>().map_err(parquet::errors::ParquetError::from)
    };
    read().unwrap_or_else(|error| panic!("{} is no whole Parquet file: {error}", object.display()))
}

/// The column `id` of an object of [`crate::program::numbered`] rows, whose texts must belong to their ids.
#[track_caller]
pub(crate) fn ids(object: &Path) -> Vec<i64> {
    let mut all = Vec::new();
    for batch in rows(object) {
        let ids = batch["id"].as_primitive::<Int64Type>().values();
        let texts = batch["text"].as_string::<i32>();
        for (id, text) in ids.iter().zip(texts) {
            assert_eq!(text, Some(format!("row {id}").as_str()), "in {}", object.display());
        }
        all.extend_from_slice(ids);
    }
    all
}

/// The ids of all objects in a bucket's folder, in order.
#[track_caller]
pub(crate) fn all_ids(bucket: &Path) -> Vec<i64> {
    let mut all: Vec<i64> = keys(bucket).iter().flat_map(|key| ids(&bucket.join(key))).collect();
    all.sort_unstable();
    all
}
