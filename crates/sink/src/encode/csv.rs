//! Rows as CSV (RFC 4180). A null is an empty field, an empty text is `""`.

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema};
use lakeward_core::plan::CsvPlan;

use super::cells::{Cells, Form, Style, is_plain};

/// The record of the columns' names.
pub(super) fn header(schema: &Schema, plan: CsvPlan) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(plan.delimiter);
        }
        let start = out.len();
        out.extend_from_slice(field.name().as_bytes());
        quote_if_needed(start, plan.delimiter, &mut out);
    }
    out.push(b'\n');
    out
}

/// The records of a batch.
pub(super) struct Records<'a> {
    columns: Vec<Column<'a>>,
    delimiter: u8,
}

struct Column<'a> {
    cells: Cells<'a>,
    may_need_quotes: bool,
}

impl<'a> Records<'a> {
    pub(super) fn of(schema: &Schema, batch: &'a RecordBatch, plan: CsvPlan, athena: bool) -> Self {
        let style = Style { form: Form::Bare, athena };
        let delimiter_is_plain = plan.delimiter.is_ascii_alphanumeric() || b"+-.:/=".contains(&plan.delimiter);
        let column = |(field, array): (&Field, &'a dyn arrow_array::Array)| Column {
            cells: Cells::of(field, array, style),
            may_need_quotes: delimiter_is_plain || !is_plain(field),
        };
        let fields = schema.fields().iter().map(AsRef::as_ref);
        let columns = fields.zip(batch.columns().iter().map(AsRef::as_ref)).map(column).collect();
        Self { columns, delimiter: plan.delimiter }
    }

    pub(super) fn write(&self, row: usize, out: &mut Vec<u8>) {
        for (index, Column { cells, may_need_quotes }) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(self.delimiter);
            }
            if cells.is_null(row) {
                // Readers skip a blank line, and the row with it.
                if self.columns.len() == 1 {
                    out.extend_from_slice(b"\"\"");
                }
                continue;
            }
            let start = out.len();
            cells.write(row, out);
            if *may_need_quotes || out.len() == start {
                quote_if_needed(start, self.delimiter, out);
            }
        }
        out.push(b'\n');
    }
}

/// Puts the field that begins at `start` between quotes where it would not read back otherwise.
fn quote_if_needed(start: usize, delimiter: u8, out: &mut Vec<u8>) {
    let field = out.get(start..).unwrap_or_default();
    // Some readers take blanks from the ends of a field without quotes, and an empty one is a null.
    let blank = |end: Option<&u8>| end.is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    if !blank(field.first()) && !blank(field.last()) && !has_special(field, delimiter) {
        return;
    }
    // The quoted field is written behind the bare one, which is then taken out.
    let end = out.len();
    out.push(b'"');
    let mut from = start;
    while let Some(at) = out.get(from..end).and_then(|rest| memchr::memchr(b'"', rest)) {
        out.extend_from_within(from..=from + at);
        out.push(b'"');
        from += at + 1;
    }
    out.extend_from_within(from..end);
    out.push(b'"');
    out.drain(start..end);
}

/// Whether there is a byte that a field without quotes can't hold. All are looked at, as vectors of them.
fn has_special(field: &[u8], delimiter: u8) -> bool {
    field.iter().fold(false, |found, byte| found | matches!(byte, b'"' | b'\n' | b'\r') | (*byte == delimiter))
}
