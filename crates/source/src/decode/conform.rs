//! Rows that come as columns of their own types, as rows of a table: in pieces of bounded size, each column of the table's type.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, cast::AsArray, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_cast::{
    CastOptions, can_cast_types, cast,
    cast::cast_with_options,
    display::{ArrayFormatter, FormatOptions},
};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use arrow_select::filter::filter;
use lakeward_core::{column_type::describe, untrusted::excerpt};
use serde::Serializer;

use super::{Column, Decoded, Misfits, Name, Rejected, leaf, leaf::Plain};
use crate::{block::Limits, error::Place};

/// What makes the batches of one input into batches of its table.
pub(crate) struct Conform {
    schema: SchemaRef,
    /// For each column, its place in the input.
    places: Vec<Option<usize>>,
}

/// Whether values of a type can be of another, so that each is either the same value or no value of that type. What the
/// ticks of a plain number are is not guessed, nor in which zone a clock hangs.
pub(crate) fn can_conform(from: &DataType, to: &DataType) -> bool {
    let is_clock = |data_type: &DataType| data_type.is_temporal();
    let is_utc = |zone: &str| ["UTC", "+00:00", "Z", "Etc/UTC"].contains(&zone);
    match (from, to) {
        _ if from == to => true,
        _ if is_text(from) => true,
        (DataType::Timestamp(_, Some(zone)), DataType::Timestamp(_, None) | DataType::Date32) => is_utc(zone),
        _ if is_clock(from) && to.is_numeric() || from.is_numeric() && is_clock(to) => false,
        _ if from.is_nested() && !to.is_nested() => false,
        _ => can_cast_types(from, to),
    }
}

impl Conform {
    pub(crate) fn new(schema: SchemaRef, input: &Schema) -> Self {
        let places = schema.fields().iter().map(|field| input.index_of(field.name()).ok()).collect();
        Self { schema, places }
    }

    /// A piece of a batch as a batch of the table.
    ///
    /// # Errors
    /// When a column can't be of its table's type at all, or lacks a value that it may not lack.
    pub(crate) fn piece(&self, batch: &RecordBatch, first_row: u64) -> Result<Decoded, ArrowError> {
        let mut misfits = Misfits::default();
        let columns = self.schema.fields().iter().zip(&self.places).map(|(field, place)| {
            match place.and_then(|place| batch.columns().get(place)) {
                Some(array) => {
                    let mut column = Column { name: Name::of(field.name()), rows: None, misfits: &mut misfits };
                    conform(array, field.data_type(), &mut column)
                }
                None => Ok(new_null_array(field.data_type(), batch.num_rows())),
            }
        });
        let mut columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let mut rows = batch.num_rows();
        if !misfits.by_row.is_empty() {
            let kept: BooleanArray = (0..rows).map(|row| Some(!misfits.by_row.contains_key(&row))).collect();
            columns = columns.iter().map(|column| filter(column, &kept)).collect::<Result<_, _>>()?;
            rows -= misfits.by_row.len();
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let kept = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        let rejected = misfits.by_row.into_iter().map(|(row, misfit)| {
            let text = row_text(batch, row)?;
            Ok(Rejected { place: Place::Row(first_row + row as u64), misfit, text })
        });
        let rejected = rejected.collect::<Result<_, ArrowError>>()?;
        Ok(Decoded { batch: kept, rejected })
    }
}

/// A piece of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) rows: usize,
    /// About what it takes as a batch of its own.
    pub(crate) bytes: usize,
}

/// Cuts a batch into pieces that are no larger than the limits, where no row is.
pub(crate) fn cut(batch: &RecordBatch, limits: Limits) -> Vec<Piece> {
    let rows = batch.num_rows();
    let mut row_bytes = vec![0_usize; rows];
    let mut others = 0;
    for column in batch.columns() {
        // A view may show the same text again and again; once it is copied, each takes its own room.
        match column.data_type() {
            DataType::Utf8View => add_lengths(&mut row_bytes, column.as_string_view().views()),
            DataType::BinaryView => add_lengths(&mut row_bytes, column.as_binary_view().views()),
            _ => others += slice_memory(column),
        }
    }
    let others = others.div_ceil(rows.max(1)).saturating_add(4);
    let (mut pieces, mut piece) = (Vec::new(), Piece::default());
    for row in row_bytes {
        let row = row.saturating_add(others);
        if piece.rows > 0 && (piece.rows >= limits.rows || piece.bytes.saturating_add(row) > limits.bytes) {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.rows += 1;
        piece.bytes = piece.bytes.saturating_add(row);
    }
    if piece.rows > 0 {
        pieces.push(piece);
    }
    pieces
}

/// A view's length is its lowest 32 bits (Arrow's columnar format, "Variable-size Binary View Layout").
fn add_lengths(rows: &mut [usize], views: &[u128]) {
    for (row, view) in rows.iter_mut().zip(views) {
        let length = usize::try_from(view & u128::from(u32::MAX)).unwrap_or_default();
        *row = row.saturating_add(length);
    }
}

/// The bytes of a part of an array: not those of what it is a part of.
pub(crate) fn slice_memory(array: &ArrayRef) -> usize {
    array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size())
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Makes an array one of the type.
fn conform(array: &ArrayRef, to: &DataType, column: &mut Column<'_>) -> Result<ArrayRef, ArrowError> {
    let from = array.data_type();
    if from == to {
        return Ok(Arc::clone(array));
    }
    if is_text(from) && !is_text(to) && !matches!(to, DataType::Binary | DataType::LargeBinary) {
        // What is written is read as in a file of text.
        let text = cast(array, &DataType::Utf8)?;
        let text = text.as_string::<i32>();
        return leaf::array(&Plain { given: true }, to, text.iter(), column);
    }
    let array = &match (from, to) {
        // An instant is the same in every zone, and what formats them knows no zones by their names.
        (DataType::Timestamp(unit, Some(_)), to) if !matches!(to, DataType::Timestamp(_, Some(_))) => {
            cast(array, &DataType::Timestamp(*unit, Some("+00:00".into())))?
        }
        _ => Arc::clone(array),
    };
    let options = CastOptions { safe: true, ..CastOptions::default() };
    let made = cast_with_options(array, to, &options)?;
    // Of what is no number, text is another way to write it; and a float is the nearest to a decimal.
    let is_near = is_text(to) || matches!(to, DataType::Float64) && (array.data_type().is_decimal());
    // A row is null as well where its dictionary's value is.
    let (nulls, made_nulls) = (array.logical_nulls(), made.logical_nulls());
    let count = |nulls: &Option<NullBuffer>| nulls.as_ref().map_or(0, NullBuffer::null_count);
    if is_near && count(&nulls) == count(&made_nulls) {
        return Ok(made);
    }
    // A cast may round or cut. What comes back the same did neither.
    let back = if is_near { None } else { Some(cast_with_options(&made, array.data_type(), &options)?) };
    if back.as_ref().is_some_and(|back| back == array) {
        return Ok(made);
    }
    for row in 0..array.len() {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            continue;
        }
        let is_lost = made_nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        let is_other = || back.as_ref().is_some_and(|back| back.slice(row, 1) != array.slice(row, 1));
        if is_lost || is_other() {
            column.misfit(row, || format!("{} is no {}", shown(array, row), describe(to)));
        }
    }
    Ok(made)
}

fn shown(array: &ArrayRef, row: usize) -> String {
    let value = value(array, row).ok().flatten();
    excerpt(&value.unwrap_or_else(|| "the value".into()), 80)
}

/// A value as text; `None` for null.
fn value(array: &ArrayRef, row: usize) -> Result<Option<String>, ArrowError> {
    let one = array.slice(row, 1);
    if one.logical_null_count() > 0 {
        return Ok(None);
    }
    let one = match one.data_type() {
        DataType::Timestamp(unit, Some(_)) => cast(&one, &DataType::Timestamp(*unit, Some("+00:00".into())))?,
        _ => one,
    };
    let formatter = ArrayFormatter::try_new(one.as_ref(), &FormatOptions::new())?;
    formatter.value(0).try_to_string().map(Some)
}

/// A row as a JSON object of texts.
fn row_text(batch: &RecordBatch, row: usize) -> Result<Vec<u8>, ArrowError> {
    let schema = batch.schema_ref();
    let cells = schema.fields().iter().zip(batch.columns());
    let cells: Vec<(&String, Option<String>)> =
        cells.map(|(field, array)| Ok((field.name(), value(array, row)?))).collect::<Result<_, ArrowError>>()?;
    let mut text = Vec::new();
    let written = serde_json::Serializer::new(&mut text).collect_map(cells);
    written.map_err(|error| ArrowError::JsonError(error.to_string()))?;
    Ok(text)
}
