//! Rows as text: CSV and JSON lines. The rows of a batch are formatted in parallel and written in order.

use std::{ops::Range, sync::Arc};

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Fields, SchemaRef};
use lakeward_core::{
    column_type::describe,
    failure::{Failure, FailureKind},
    plan::{CsvPlan, JsonPlan},
    table::Table,
    untrusted::excerpt,
};
use rayon::{ThreadPool, prelude::*};

use super::{
    cells::{Form, Object, Style},
    compressed::CompressedFile,
    csv,
};
use crate::spool::{Spool, spool_failure};

/// Rows that take about so many bytes in memory are formatted by one thread at a time.
const PIECE_BYTES: usize = 256 << 10;

/// Pieces a thread that may wait to be written.
const WAITING_PIECES: usize = 2;

/// One text file in the making.
pub(crate) struct TextEncoder {
    schema: SchemaRef,
    lines: LineFormat,
    athena: bool,
    threads: Arc<ThreadPool>,
    /// The columns' names, until they are written.
    header: Vec<u8>,
    file: CompressedFile,
}

#[derive(Clone, Copy)]
enum LineFormat {
    Csv(CsvPlan),
    Json,
}

/// The rows of a batch, ready to be written.
enum Lines<'a> {
    Csv(csv::Records<'a>),
    Json(Object<'a>),
}

impl TextEncoder {
    /// Begins a CSV file.
    pub(crate) fn csv(
        table: &Table,
        plan: CsvPlan,
        athena: bool,
        spool: Spool,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, Failure> {
        if table.schema.fields().is_empty() {
            return Err(super::no_columns(table, "CSV"));
        }
        let header = if plan.header { csv::header(&table.schema, plan) } else { Vec::new() };
        let file = CompressedFile::new(plan.compression, threads.clone(), spool);
        Ok(Self { schema: table.schema.clone(), lines: LineFormat::Csv(plan), athena, threads, header, file })
    }

    /// Begins a file of JSON lines.
    pub(crate) fn json(
        table: &Table,
        plan: JsonPlan,
        athena: bool,
        spool: Spool,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, Failure> {
        distinct_names(table)?;
        let file = CompressedFile::new(plan.compression, threads.clone(), spool);
        Ok(Self { schema: table.schema.clone(), lines: LineFormat::Json, athena, threads, header: Vec::new(), file })
    }

    /// Encodes a batch. What it holds in between is bounded by the pieces that wait.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.write_header()?;
        let lines = self.lines(batch);
        let pieces = pieces(batch);
        let mut ready: Vec<Vec<u8>> = Vec::new();
        for group in pieces.chunks(self.threads.current_num_threads() * WAITING_PIECES) {
            let (file, threads) = (&mut self.file, &self.threads);
            let (mut texts, mut written) = (Vec::new(), Ok(()));
            // While these are formatted, the former ones go to the spool.
            threads.in_place_scope(|scope| {
                if let ([piece], true) = (group, ready.is_empty()) {
                    texts.push(lines.text(piece.clone()));
                    return;
                }
                scope.spawn(|_| group.par_iter().map(|rows| lines.text(rows.clone())).collect_into_vec(&mut texts));
                written = ready.iter().try_for_each(|text| file.write(text));
            });
            written.map_err(|error| spool_failure(&error))?;
            ready = texts;
        }
        ready.iter().try_for_each(|text| self.file.write(text)).map_err(|error| spool_failure(&error))
    }

    /// Bytes of the file so far, those that are not yet compressed as estimated.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        self.header.len() as u64 + self.file.encoded_bytes()
    }

    /// Bytes that the encoder holds in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.header.capacity() as u64 + self.file.memory_bytes()
    }

    /// Where the file's bytes go.
    pub(crate) fn spool(&mut self) -> &mut Spool {
        self.file.spool()
    }

    /// Gives all that it holds in memory to the spool.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.write_header()?;
        self.file.flush().map_err(|error| spool_failure(&error))
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<Spool, Failure> {
        self.write_header()?;
        self.file.finish().map_err(|error| spool_failure(&error))
    }

    fn write_header(&mut self) -> Result<(), Failure> {
        let header = std::mem::take(&mut self.header);
        self.file.write(&header).map_err(|error| spool_failure(&error))
    }

    fn lines<'a>(&self, batch: &'a RecordBatch) -> Lines<'a> {
        match self.lines {
            LineFormat::Csv(plan) => Lines::Csv(csv::Records::of(&self.schema, batch, plan, self.athena)),
            LineFormat::Json => {
                let columns = self.schema.fields().iter().zip(batch.columns());
                let style = Style { form: Form::Json, athena: self.athena };
                Lines::Json(Object::of(columns.map(|(field, column)| (field.as_ref(), column.as_ref())), style))
            }
        }
    }
}

impl Lines<'_> {
    fn text(&self, rows: Range<usize>) -> Vec<u8> {
        let mut out = Vec::with_capacity(PIECE_BYTES);
        for row in rows {
            match self {
                Self::Csv(records) => records.write(row, &mut out),
                Self::Json(object) => {
                    object.write(row, &mut out);
                    out.push(b'\n');
                }
            }
        }
        out
    }
}

/// Cuts a batch into ranges of rows that are about as much work each. A cell counts for at least some bytes, whatever it
/// takes in memory: a bit becomes `false`, and a null still has its name in JSON.
fn pieces(batch: &RecordBatch) -> Vec<Range<usize>> {
    const CELL_BYTES: usize = 4;
    let rows = batch.num_rows();
    let column =
        |array: &dyn Array| array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size());
    let bytes: usize = batch.columns().iter().map(|array| column(array.as_ref())).sum();
    let bytes = bytes + rows * batch.num_columns() * CELL_BYTES;
    let step = rows.div_ceil((bytes / PIECE_BYTES).max(1)).max(1);
    (0..rows).step_by(step).map(|start| start..rows.min(start + step)).collect()
}

/// In a JSON object one of two equal names hides the other.
fn distinct_names(table: &Table) -> Result<(), Failure> {
    if let Some(name) = repeated_name(table.schema.fields()) {
        let what = format!(
            "table {}: two of its columns are named {}, and a JSON object can't hold both",
            table.name,
            shown(name)
        );
        return Err(
            Failure::new(FailureKind::Input, what).next("rename one of them in the source, or set format = \"csv\"")
        );
    }
    for field in table.schema.fields() {
        if let Some(name) = repeated_within(field.data_type()) {
            let what = format!(
                "table {}: column {} is a {}: two of its fields are named {}, and a JSON object can't hold both",
                table.name,
                shown(field.name()),
                excerpt(&describe(field.data_type()), 200),
                shown(name),
            );
            return Err(Failure::new(FailureKind::Input, what).next("rename one of them in the source"));
        }
    }
    Ok(())
}

fn repeated_name(fields: &Fields) -> Option<&str> {
    let mut names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first().copied())
}

fn repeated_within(data_type: &DataType) -> Option<&str> {
    match data_type {
        DataType::Struct(fields) => {
            repeated_name(fields).or_else(|| fields.iter().find_map(|field| repeated_within(field.data_type())))
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::RunEndEncoded(_, item) => repeated_within(item.data_type()),
        // The entries of a map are no object of their fields' names.
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.iter().find_map(|field| repeated_within(field.data_type())),
            _ => None,
        },
        DataType::Dictionary(_, values) => repeated_within(values),
        DataType::Union(fields, _) => fields.iter().find_map(|(_, field)| repeated_within(field.data_type())),
        _ => None,
    }
}

fn shown(name: &str) -> String {
    excerpt(name, 100)
}
