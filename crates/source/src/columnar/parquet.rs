//! Parquet: row group after row group, in batches of which each thread decodes some columns.
//!
//! A row group may be as large as the file: what is in memory of it is one batch, and of each column one page and its
//! dictionary.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use lakeward_core::budget::Budget;
use parquet::{
    arrow::{
        ARROW_SCHEMA_META_KEY, ProjectionMask,
        arrow_reader::{
            ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
        },
    },
    basic::{Compression, Type},
    file::metadata::{ColumnChunkMetaData, RowGroupMetaData},
};
use rayon::iter::{IntoParallelRefMutIterator, ParallelIterator};

use super::{Part, broken, guarded, stored::Stored};
use crate::{block::Limits, error::Error};

/// What a Parquet file begins and ends with.
pub(crate) const MAGIC: &[u8] = b"PAR1";
/// What one begins with whose footer is encrypted.
pub(crate) const ENCRYPTED: &[u8] = b"PARE";
/// About the most that a column's page and dictionary take; writers make pages of 1 MiB.
const PAGE_BYTES: u64 = 2 << 20;

/// The row groups of one file.
pub(crate) struct RowGroups {
    name: String,
    stored: Stored,
    /// The columns as the file names their types.
    schema: SchemaRef,
    /// The footer, with text as views: of a text that comes again and again, only the places are made.
    metadata: ArrowReaderMetadata,
    next: usize,
    current: Option<Current>,
    rows: u64,
    all_rows: u64,
    told: u64,
}

/// The row group that is being read.
struct Current {
    readers: Vec<Reader>,
    rows_left: u64,
    /// What is taken for one batch while it is decoded.
    memory: u64,
}

/// What reads some of the columns.
struct Reader {
    /// Their places, ascending.
    columns: Vec<usize>,
    reader: ParquetRecordBatchReader,
}

impl RowGroups {
    pub(crate) fn new(name: String, stored: Stored) -> Result<Self, Error> {
        let (schema, metadata) = guarded(&name, FORMAT, || footer(&name, &stored))?;
        let groups = metadata.metadata().row_groups();
        let mut all_rows = 0_u64;
        for group in groups {
            all_rows = all_rows.saturating_add(rows(&name, group)?);
            check_columns(&name, group)?;
        }
        Ok(Self { name, stored, schema, metadata, next: 0, current: None, rows: 0, all_rows, told: 0 })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub(crate) fn left(&self) -> u64 {
        self.stored.bytes().saturating_sub(self.told)
    }

    /// The next batch.
    pub(crate) fn next(&mut self, limits: Limits, budget: &Budget) -> Result<Option<Part>, Error> {
        let name = self.name.clone();
        while self.current.is_none() {
            if self.next >= self.metadata.metadata().num_row_groups() {
                return Ok(None);
            }
            self.current = guarded(&name, FORMAT, || self.open(self.next, limits))?;
            self.next += 1;
        }
        let Some(current) = &mut self.current else { return Ok(None) };
        let memory = budget.reserve(current.memory);
        let schema = self.metadata.schema();
        let batch = guarded(&name, FORMAT, || current.batch(&name, schema))?;
        let (rows, first_row) = (batch.num_rows() as u64, self.rows + 1);
        current.rows_left = current
            .rows_left
            .checked_sub(rows)
            .ok_or_else(|| fault(&name, &"a row group has more rows than its footer says"))?;
        if current.rows_left == 0 {
            self.current = None;
        }
        self.rows += rows;
        // What a row takes of the file is not known; over the file it comes to its size.
        let until = u128::from(self.stored.bytes()) * u128::from(self.rows) / u128::from(self.all_rows.max(1));
        let stored = u64::try_from(until).unwrap_or(u64::MAX).saturating_sub(self.told);
        self.told += stored;
        Ok(Some(Part { first_row, stored, batch, memory }))
    }

    /// Begins to read a row group; `None` for one without rows.
    fn open(&self, index: usize, limits: Limits) -> Result<Option<Current>, Error> {
        let group = self.metadata.metadata().row_group(index);
        let rows_left = rows(&self.name, group)?;
        if rows_left == 0 {
            return Ok(None);
        }
        let bytes: u64 = group.columns().iter().map(decoded_bytes).fold(0, u64::saturating_add);
        let row_bytes = bytes.div_ceil(rows_left).max(1);
        let batch_rows = (limits.bytes as u64 / row_bytes).clamp(1, limits.rows as u64).min(rows_left);
        let pages = group.columns().iter().map(|column| size(column.uncompressed_size()).min(PAGE_BYTES));
        let batch_bytes = batch_rows.saturating_mul(row_bytes).saturating_mul(2);
        let memory = pages.fold(batch_bytes, u64::saturating_add);
        let readers = self.shares(group).into_iter().map(|columns| {
            let builder =
                ParquetRecordBatchReaderBuilder::new_with_metadata(self.stored.clone(), self.metadata.clone());
            let mask = ProjectionMask::roots(builder.parquet_schema(), columns.iter().copied());
            let batch_rows = usize::try_from(batch_rows).unwrap_or(1);
            let builder = builder.with_row_groups(vec![index]).with_projection(mask).with_batch_size(batch_rows);
            Ok(Reader { columns, reader: builder.build().map_err(|error| fault(&self.name, &error))? })
        });
        Ok(Some(Current { readers: readers.collect::<Result<_, Error>>()?, rows_left, memory }))
    }

    /// The columns, shared among the threads so that each has about as many bytes.
    fn shares(&self, group: &RowGroupMetaData) -> Vec<Vec<usize>> {
        let mut columns: Vec<(usize, u64)> = (0..self.schema.fields().len()).map(|column| (column, 0)).collect();
        for (leaf, chunk) in group.columns().iter().enumerate() {
            let root = self.metadata.parquet_schema().get_column_root_idx(leaf);
            if let Some((_, bytes)) = columns.get_mut(root) {
                *bytes = bytes.saturating_add(decoded_bytes(chunk));
            }
        }
        columns.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let threads = rayon::current_num_threads().clamp(1, columns.len().max(1));
        let mut shares = vec![(0_u64, Vec::new()); threads];
        for (column, bytes) in columns {
            if let Some((all, share)) = shares.iter_mut().min_by_key(|(all, _)| *all) {
                *all = all.saturating_add(bytes.max(1));
                share.push(column);
            }
        }
        shares
            .into_iter()
            .map(|(_, mut share)| {
                share.sort_unstable();
                share
            })
            .collect()
    }
}

impl Current {
    fn batch(&mut self, name: &str, schema: &SchemaRef) -> Result<RecordBatch, Error> {
        let batches: Result<Vec<_>, Error> = self
            .readers
            .par_iter_mut()
            .map(|reader| match reader.reader.next() {
                Some(batch) => batch.map_err(|error| fault(name, &error)),
                None => Err(fault(name, &"a row group has fewer rows than its footer says")),
            })
            .collect();
        let batches = batches?;
        let rows = batches.first().map_or(0, RecordBatch::num_rows);
        let mut columns: Vec<(usize, ArrayRef)> = Vec::with_capacity(schema.fields().len());
        for (reader, batch) in self.readers.iter().zip(&batches) {
            columns.extend(reader.columns.iter().copied().zip(batch.columns().iter().cloned()));
        }
        columns.sort_by_key(|(place, _)| *place);
        let columns = columns.into_iter().map(|(_, array)| array).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(|error| fault(name, &error))
    }
}

/// The format's name in messages.
pub(crate) const FORMAT: &str = "Parquet";

fn fault(name: &str, cause: &dyn std::fmt::Display) -> Error {
    let cause = cause.to_string();
    // A page of an encrypted column, where the footer is plain, is no page.
    let hint = if cause.contains("field type_ is missing") { "; its columns may be encrypted" } else { "" };
    broken(name, FORMAT, &(cause + hint))
}

fn footer(name: &str, stored: &Stored) -> Result<(SchemaRef, ArrowReaderMetadata), Error> {
    let encrypted = || Error::Encrypted { path: name.to_owned() };
    let mut tail = [0; 4];
    if let Some(end) = stored.bytes().checked_sub(4) {
        stored.read_exact_at(&mut tail, end).map_err(|cause| Error::Unreadable { path: name.to_owned(), cause })?;
    }
    if tail == ENCRYPTED {
        return Err(encrypted());
    }
    if tail != MAGIC {
        return Err(fault(name, &"it is cut short: its footer is missing"));
    }
    let metadata = ArrowReaderMetadata::load(stored, ArrowReaderOptions::new()).map_err(|error| fault(name, &error))?;
    let schema = with_wide_instants(&metadata);
    let fields: Vec<Field> = schema.fields().iter().map(|field| viewed(field)).collect();
    let views = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    let options = ArrowReaderOptions::new().with_schema(views);
    let metadata =
        ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options).map_err(|error| fault(name, &error))?;
    Ok((schema, metadata))
}

/// The schema with instants of 96 bits as microseconds, where no Arrow writer says otherwise.
///
/// Such an instant has days and nanoseconds. As nanoseconds in 64 bits, which the reader makes of it and lets wrap around,
/// only 1677 to 2262 can be told, and 9999-12-31 is what Spark, Hive and Impala write for "never". Microseconds reach
/// over all of their calendar. What is below a microsecond is not read; of those writers, only Impala could write it.
/// Where an Arrow writer put its own schema into the file, the values come from its type and fit it.
fn with_wide_instants(metadata: &ArrowReaderMetadata) -> SchemaRef {
    let schema = metadata.schema();
    let file = metadata.metadata().file_metadata();
    let is_of_arrow =
        file.key_value_metadata().is_some_and(|pairs| pairs.iter().any(|pair| pair.key == ARROW_SCHEMA_META_KEY));
    if is_of_arrow {
        return Arc::clone(schema);
    }
    let mut leaves = file.schema_descr().columns().iter().map(|column| column.physical_type());
    let fields: Vec<FieldRef> = schema.fields().iter().map(|field| wide(field, &mut leaves)).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// A field with such instants as microseconds; `leaves` are the stored types of what follows, in the order of the schema.
fn wide(field: &FieldRef, leaves: &mut impl Iterator<Item = Type>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(|field| wide(field, leaves)).collect()),
        DataType::List(item) => DataType::List(wide(item, leaves)),
        DataType::Map(entries, sorted) => DataType::Map(wide(entries, leaves), *sorted),
        other => match (leaves.next(), other) {
            (Some(Type::INT96), DataType::Timestamp(TimeUnit::Nanosecond, zone)) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            _ => return Arc::clone(field),
        },
    };
    Arc::new(field.as_ref().clone().with_data_type(data_type))
}

/// A column with text as views.
fn viewed(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        other => other.clone(),
    };
    field.clone().with_data_type(data_type)
}

fn rows(name: &str, group: &RowGroupMetaData) -> Result<u64, Error> {
    u64::try_from(group.num_rows()).map_err(|_| fault(name, &"a row group has fewer rows than none"))
}

fn size(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or_default()
}

/// About how many bytes a column takes once it is decoded.
fn decoded_bytes(column: &ColumnChunkMetaData) -> u64 {
    let width = match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::BYTE_ARRAY => 16,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or_default(),
    };
    size(column.uncompressed_size()).max(size(column.num_values()).saturating_mul(width))
}

fn check_columns(name: &str, group: &RowGroupMetaData) -> Result<(), Error> {
    for column in group.columns() {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        if start < 0 || column.data_page_offset() < 0 || column.compressed_size() < 0 {
            return Err(fault(name, &"a column lies outside of it"));
        }
        if let Compression::BROTLI(_) | Compression::LZO = column.compression() {
            let codec = match column.compression() {
                Compression::LZO => "LZO",
                _ => "Brotli",
            };
            let column = Some(lakeward_core::untrusted::excerpt(&column.column_path().string(), 200));
            return Err(Error::Codec { path: name.to_owned(), column, codec: codec.into() });
        }
    }
    Ok(())
}
