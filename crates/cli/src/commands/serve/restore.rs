//! Columns as a table has them, from what an object of a format keeps of them.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BinaryArray, FixedSizeBinaryArray, RecordBatch, RecordBatchOptions, StringArray, cast::AsArray,
    new_null_array,
};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Field, extension::EXTENSION_TYPE_NAME_KEY};
use base64::{Engine, engine::general_purpose::STANDARD};
use lakeward_core::table::Table;
use uuid::Uuid;

/// The rows with the table's own columns.
pub(super) fn restore(table: &Table, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = table.schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => restored(field, column),
        // An object of JSON lines that never names a column has nothing in it.
        None => Ok(new_null_array(field.data_type(), batch.num_rows())),
    });
    let columns = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(table.schema.clone(), columns, &options)
}

fn restored(field: &Field, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == field.data_type() {
        return Ok(column.clone());
    }
    let exactly = CastOptions { safe: false, ..CastOptions::default() };
    let text = cast_with_options(column, &DataType::Utf8, &exactly);
    let kind = field.metadata().get(EXTENSION_TYPE_NAME_KEY).map(String::as_str);
    match (kind, field.data_type()) {
        (Some("uuid"), DataType::FixedSizeBinary(16)) => {
            let parse = |text: &str| Uuid::parse_str(text).map(|uuid| uuid.into_bytes().to_vec());
            fixed(&each(field, text?.as_string(), |text| parse(text).ok())?, 16)
        }
        (Some("mac"), DataType::Binary) => {
            let parse = |text: &str| text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect();
            Ok(binary(&each(field, text?.as_string(), parse)?))
        }
        (Some("json" | "inet"), DataType::Binary) => cast_with_options(&text?, &DataType::Binary, &exactly),
        (_, DataType::Binary | DataType::LargeBinary) if is_text(column) => {
            let bytes = binary(&each(field, text?.as_string(), |text| STANDARD.decode(text).ok())?);
            cast_with_options(&bytes, field.data_type(), &exactly)
        }
        (_, DataType::FixedSizeBinary(size)) if is_text(column) => {
            fixed(&each(field, text?.as_string(), |text| STANDARD.decode(text).ok())?, *size)
        }
        _ => cast_with_options(column, field.data_type(), &exactly)
            .map_err(|error| ArrowError::CastError(format!("column {}: {error}", field.name()))),
    }
}

fn is_text(column: &ArrayRef) -> bool {
    matches!(column.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// What each text stands for.
fn each(
    field: &Field,
    texts: &StringArray,
    parse: impl Fn(&str) -> Option<Vec<u8>>,
) -> Result<Vec<Option<Vec<u8>>>, ArrowError> {
    let wrong = || ArrowError::ParseError(format!("column {} holds a text that is no value of it", field.name()));
    texts.iter().map(|text| text.map(|text| parse(text).ok_or_else(wrong)).transpose()).collect()
}

fn binary(values: &[Option<Vec<u8>>]) -> ArrayRef {
    Arc::new(values.iter().map(Option::as_deref).collect::<BinaryArray>())
}

fn fixed(values: &[Option<Vec<u8>>], size: i32) -> Result<ArrayRef, ArrowError> {
    let values = values.iter().map(Option::as_deref);
    Ok(Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, size)?))
}
