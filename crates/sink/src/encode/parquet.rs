//! Rows as Parquet. The columns of a batch are encoded in parallel, so that one table keeps all cores busy.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use lakeward_core::{
    column_type::describe,
    failure::{Failure, FailureKind, find_cause},
    plan::{Compression, ParquetPlan},
    table::Table,
    untrusted::excerpt,
};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_writer::{
            ArrowColumnWriter, ArrowLeafColumn, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
        },
    },
    basic::{Compression as Codec, GzipLevel, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
};
use rayon::{ThreadPool, prelude::*};

use super::{parquet_columns, parquet_schema::Column};
use crate::spool::{Spool, spool_failure};

/// A row group also closes when its encoder holds so much memory (pages, dictionaries). Then all of it goes to the spool, so
/// that an open object never keeps a source waiting for memory.
const ROW_GROUP_BYTES: u64 = 32 << 20;

/// A page closes at about so many bytes before compression. Its buffer grows by copying, so that pages of the usual 1 MiB cost more
/// than they save; and a reader that wants few rows has to unpack less.
const PAGE_BYTES: usize = 256 << 10;

/// Below so many cells, handing columns to other threads costs more than it saves.
const PARALLEL_CELLS: usize = 4096;

/// One Parquet file in the making.
pub(crate) struct ParquetEncoder {
    threads: Arc<ThreadPool>,
    plan: ParquetPlan,
    athena: bool,
    columns: Vec<Column>,
    /// The schema of the file.
    schema: SchemaRef,
    file: OpenFile,
}

/// The file is begun with the first rows, which show how its columns are best written.
enum OpenFile {
    /// The spool is there until the file takes it over, which can fail.
    Unbegun(Option<Box<Spool>>),
    Begun(Box<Begun>),
}

struct Begun {
    file: SerializedFileWriter<Spool>,
    row_groups: ArrowRowGroupWriterFactory,
    writers: Vec<ArrowColumnWriter>,
    rows: u64,
}

impl ParquetEncoder {
    /// Begins a file. Pages are of version 1 with plain and dictionary encodings, which every reader knows.
    pub(crate) fn new(
        table: &Table,
        plan: ParquetPlan,
        athena: bool,
        spool: Spool,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, Failure> {
        if table.schema.fields().is_empty() {
            return Err(super::no_columns(table, "Parquet"));
        }
        let column = |field: &FieldRef| Column::of(field, plan.version).map_err(|within| unfit(table, field, &within));
        let columns = table.schema.fields().iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let fields: Fields = columns.iter().map(|column| column.target.clone()).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, table.schema.metadata().clone()));
        Ok(Self { threads, plan, athena, columns, schema, file: OpenFile::Unbegun(Some(spool.into())) })
    }

    /// Encodes a batch; closes row groups by rows or bytes.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let arrays = self.converted(batch)?;
        let most_rows = self.plan.max_row_group_length.max(1);
        let (threads, schema) = (self.threads.clone(), self.schema.clone());
        let begun = self.begun(&arrays)?;
        let mut start = 0;
        while start < batch.num_rows() {
            let room = usize::try_from(most_rows.saturating_sub(begun.rows)).unwrap_or(usize::MAX).max(1);
            let take = room.min(batch.num_rows() - start);
            let part: Vec<ArrayRef> = arrays.iter().map(|array| array.slice(start, take)).collect();
            begun.write(&threads, &schema, &part).map_err(|error| failed(&error))?;
            begun.rows += take as u64;
            start += take;
            if begun.rows >= most_rows || begun.memory_bytes() >= ROW_GROUP_BYTES {
                begun.close_row_group(&threads).map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    /// Bytes of the file so far, those of the open row group as estimated.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        match &self.file {
            OpenFile::Unbegun(_) => 0,
            OpenFile::Begun(begun) => begun.file.bytes_written() as u64 + begun.buffered(),
        }
    }

    /// Bytes that the encoder holds in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        match &self.file {
            OpenFile::Unbegun(_) => 0,
            OpenFile::Begun(begun) => begun.memory_bytes(),
        }
    }

    /// Where the file's bytes go.
    pub(crate) fn spool(&mut self) -> Option<&mut Spool> {
        match &mut self.file {
            OpenFile::Unbegun(spool) => spool.as_deref_mut(),
            OpenFile::Begun(begun) => Some(begun.file.inner_mut()),
        }
    }

    /// Gives all that it holds in memory to the spool: the open row group ends.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match &mut self.file {
            OpenFile::Unbegun(_) => Ok(()),
            OpenFile::Begun(begun) => begun.close_row_group(&self.threads).map_err(|error| failed(&error)),
        }
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<Spool, Failure> {
        self.begun(&[])?;
        self.flush()?;
        match self.file {
            OpenFile::Begun(begun) => begun.file.into_inner().map_err(|error| failed(&error)),
            OpenFile::Unbegun(_) => Err(Failure::new(FailureKind::Bug, "a Parquet file was not begun")),
        }
    }

    /// The columns of a batch as they land.
    fn converted(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>, Failure> {
        let Self { columns, athena, .. } = self;
        let convert = |(column, array): (&Column, &ArrayRef)| {
            column.convert(array, *athena).map_err(|error| unconvertible(&column.source, &error))
        };
        if batch.num_rows() * columns.len() < PARALLEL_CELLS {
            columns.iter().zip(batch.columns()).map(convert).collect()
        } else {
            self.threads.install(|| columns.par_iter().zip(batch.columns()).map(convert).collect())
        }
    }

    fn begun(&mut self, first: &[ArrayRef]) -> Result<&mut Begun, Failure> {
        if let OpenFile::Unbegun(spool) = &mut self.file {
            let codec = match self.plan.compression {
                Compression::None => Codec::UNCOMPRESSED,
                Compression::Snappy => Codec::SNAPPY,
                Compression::Gzip => Codec::GZIP(GzipLevel::default()),
                Compression::Zstd => Codec::ZSTD(ZstdLevel::default()),
            };
            let metadata = self.schema.metadata().iter();
            let metadata = metadata.map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
            let properties = WriterProperties::builder()
                .set_writer_version(WriterVersion::PARQUET_1_0)
                .set_compression(codec)
                .set_data_page_size_limit(PAGE_BYTES)
                .set_key_value_metadata(Some(metadata))
                .set_created_by(concat!("lakeward ", env!("CARGO_PKG_VERSION")).into());
            let properties = parquet_columns::choose(properties, &self.columns, first).build();
            let options = ArrowWriterOptions::new().with_properties(properties);
            let spool = spool.take().ok_or_else(|| Failure::new(FailureKind::Bug, "a Parquet file failed before"))?;
            let writer = ArrowWriter::try_new_with_options(*spool, self.schema.clone(), options);
            let begun = writer.and_then(ArrowWriter::into_serialized_writer).map_err(|error| failed(&error))?;
            let (file, row_groups) = begun;
            self.file = OpenFile::Begun(Box::new(Begun { file, row_groups, writers: Vec::new(), rows: 0 }));
        }
        match &mut self.file {
            OpenFile::Begun(begun) => Ok(begun),
            OpenFile::Unbegun(_) => Err(Failure::new(FailureKind::Bug, "a Parquet file was not begun")),
        }
    }
}

impl Begun {
    fn buffered(&self) -> u64 {
        self.writers.iter().map(|writer| writer.get_estimated_total_bytes() as u64).sum()
    }

    fn memory_bytes(&self) -> u64 {
        self.writers.iter().map(|writer| writer.memory_size() as u64).sum()
    }

    fn write(&mut self, threads: &ThreadPool, schema: &Schema, arrays: &[ArrayRef]) -> Result<(), ParquetError> {
        if self.writers.is_empty() {
            self.writers = self.row_groups.create_column_writers(self.file.flushed_row_groups().len())?;
        }
        let mut leaves = Vec::with_capacity(self.writers.len());
        for (field, array) in schema.fields().iter().zip(arrays) {
            leaves.extend(compute_leaves(field, array)?);
        }
        let write = |(writer, leaf): (&mut ArrowColumnWriter, &ArrowLeafColumn)| writer.write(leaf);
        let rows = arrays.first().map_or(0, |array| array.len());
        if rows * leaves.len() < PARALLEL_CELLS {
            self.writers.iter_mut().zip(&leaves).try_for_each(write)
        } else {
            threads.install(|| self.writers.par_iter_mut().zip(&leaves).try_for_each(write))
        }
    }

    fn close_row_group(&mut self, threads: &ThreadPool) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let writers = std::mem::take(&mut self.writers);
        let close = || writers.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let chunks = threads.install(close)?;
        let mut row_group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn unfit(table: &Table, field: &Field, within: &DataType) -> Failure {
    let what = format!(
        "table {}: column {} is a {}, and Parquet can't hold a {}",
        table.name,
        excerpt(field.name(), 100),
        excerpt(&describe(field.data_type()), 200),
        excerpt(&describe(within), 200),
    );
    Failure::new(FailureKind::Input, what)
        .next("leave the column out of the source, or set format = \"json\" or \"csv\", which write it as JSON")
}

fn unconvertible(field: &Field, error: &ArrowError) -> Failure {
    let what = format!(
        "column {} ({}): a value does not fit into Parquet: {}",
        excerpt(field.name(), 100),
        excerpt(&describe(field.data_type()), 200),
        excerpt(&error.to_string(), 300),
    );
    Failure::new(FailureKind::Input, what).next("correct the value in the source, or set format = \"json\" or \"csv\"")
}

/// What an error while writing means: the spool's errors come back wrapped in Parquet's.
fn failed(error: &ParquetError) -> Failure {
    match find_cause::<std::io::Error>(error) {
        Some(io) => spool_failure(io),
        None => Failure::new(FailureKind::Bug, format!("rows can't be encoded as Parquet: {error}")),
    }
}
