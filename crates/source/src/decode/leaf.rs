//! Arrays of single values, from cells in the notation of CSV or of JSON.

use std::{borrow::Cow, sync::Arc};

use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray,
    builder::{BooleanBuilder, PrimitiveBuilder, StringBuilder},
    types::{Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType},
};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use lakeward_core::{column_type::describe, untrusted::excerpt};

use super::{Column, scalar};

/// How a cell writes its value.
pub(crate) trait Notation {
    /// Whether the column's type was given, so that a value may be written in more ways.
    fn given(&self) -> bool;
    /// The digits and signs of a cell that can be a number.
    fn number<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>>;
    /// The word of a cell that can be a truth value.
    fn word<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>>;
    /// The text of a cell that is a string.
    fn string<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>>;
    /// The text that stands for any value.
    ///
    /// # Errors
    /// Why there is none.
    fn text<'a>(&self, cell: &'a str) -> Result<Cow<'a, str>, &'static str>;
    /// The cell, quoted for a message.
    fn shown(&self, cell: &str) -> String;
}

/// A field of CSV: every value is its plain text.
pub(crate) struct Plain {
    pub(crate) given: bool,
}

impl Notation for Plain {
    fn given(&self) -> bool {
        self.given
    }

    fn number<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>> {
        Some(cell.into())
    }

    fn word<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>> {
        Some(cell.into())
    }

    fn string<'a>(&self, cell: &'a str) -> Option<Cow<'a, str>> {
        Some(cell.into())
    }

    fn text<'a>(&self, cell: &'a str) -> Result<Cow<'a, str>, &'static str> {
        Ok(cell.into())
    }

    fn shown(&self, cell: &str) -> String {
        format!("{:?}", excerpt(cell, 80))
    }
}

/// Decodes cells of a type that is neither a struct nor a list.
///
/// # Errors
/// For a type that no column can have: a bug.
pub(crate) fn array<'a>(
    notation: &impl Notation,
    data_type: &DataType,
    cells: impl Iterator<Item = Option<&'a str>> + Clone,
    column: &mut Column<'_>,
) -> Result<ArrayRef, ArrowError> {
    let given = notation.given();
    let misfit = |cell: usize, text: &str| {
        column.misfit(cell, || format!("{} is no {}", notation.shown(text), describe(data_type)));
    };
    Ok(match data_type {
        DataType::Utf8 => strings(notation, cells, column),
        DataType::Int64 => {
            let parse = |cell: &str| scalar::int64(&notation.number(cell)?, given);
            Arc::new(numbers::<Int64Type>(cells, parse, misfit))
        }
        DataType::Float64 => {
            let parse = |cell: &str| scalar::float64(&notation.number(cell)?, given);
            Arc::new(numbers::<Float64Type>(cells, parse, misfit))
        }
        DataType::Boolean => {
            let parse = |cell: &str| scalar::boolean(&notation.word(cell)?);
            Arc::new(booleans(cells, parse, misfit))
        }
        DataType::Date32 => {
            let parse = |cell: &str| scalar::date(&notation.string(cell)?);
            Arc::new(numbers::<Date32Type>(cells, parse, misfit))
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let parse = |cell: &str| scalar::timestamp(&notation.string(cell)?);
            Arc::new(numbers::<TimestampMicrosecondType>(cells, parse, misfit))
        }
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
            let parse = |cell: &str| scalar::timestamp_utc(&notation.string(cell)?);
            let instants = numbers::<TimestampMicrosecondType>(cells, parse, misfit);
            Arc::new(instants.with_timezone(Arc::clone(zone)))
        }
        DataType::Decimal128(precision, scale) => {
            let parse = |cell: &str| scalar::decimal(&notation.number(cell)?, *precision, *scale);
            let decimals = numbers::<Decimal128Type>(cells, parse, misfit);
            Arc::new(decimals.with_precision_and_scale(*precision, *scale)?)
        }
        other => return Err(ArrowError::NotYetImplemented(format!("a column of type {other}"))),
    })
}

fn numbers<'a, T: ArrowPrimitiveType>(
    cells: impl Iterator<Item = Option<&'a str>>,
    parse: impl Fn(&str) -> Option<T::Native>,
    mut misfit: impl FnMut(usize, &str),
) -> PrimitiveArray<T> {
    let mut builder = PrimitiveBuilder::<T>::with_capacity(cells.size_hint().0);
    for (index, cell) in cells.enumerate() {
        let value = cell.and_then(&parse);
        if let (Some(cell), None) = (cell, &value) {
            misfit(index, cell);
        }
        builder.append_option(value);
    }
    builder.finish()
}

fn booleans<'a>(
    cells: impl Iterator<Item = Option<&'a str>>,
    parse: impl Fn(&str) -> Option<bool>,
    mut misfit: impl FnMut(usize, &str),
) -> BooleanArray {
    let mut builder = BooleanBuilder::with_capacity(cells.size_hint().0);
    for (index, cell) in cells.enumerate() {
        let value = cell.and_then(&parse);
        if let (Some(cell), None) = (cell, value) {
            misfit(index, cell);
        }
        builder.append_option(value);
    }
    builder.finish()
}

fn strings<'a>(
    notation: &impl Notation,
    cells: impl Iterator<Item = Option<&'a str>> + Clone,
    column: &mut Column<'_>,
) -> ArrayRef {
    // Counted first, so that the array takes no more memory than it has text.
    let bytes = cells.clone().flatten().map(str::len).sum();
    let mut builder = StringBuilder::with_capacity(cells.size_hint().0, bytes);
    for (index, cell) in cells.enumerate() {
        match cell.map(|cell| notation.text(cell)) {
            Some(Ok(text)) => builder.append_value(text),
            Some(Err(reason)) => {
                let cell = cell.unwrap_or_default();
                column.broken(index, || format!("{} {reason}", notation.shown(cell)));
                builder.append_null();
            }
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}
