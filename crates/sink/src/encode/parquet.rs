//! Rows as Parquet. The columns of a batch are encoded in parallel, so that one table keeps all cores busy.

use std::{fmt::Display, sync::Arc};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use lakeward_core::{
    failure::{Failure, FailureKind, find_cause},
    plan::{Compression, ParquetPlan},
    table::Table,
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
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
};
use rayon::{ThreadPool, prelude::*};

use crate::spool::{Spool, spool_failure};

/// A row group also closes when its encoder holds so much memory (pages, dictionaries). Then all of it goes to the spool, so
/// that an open object never keeps a source waiting for memory.
const ROW_GROUP_BYTES: u64 = 32 << 20;

/// Below so many cells, handing columns to other threads costs more than it saves.
const PARALLEL_CELLS: usize = 4096;

/// One Parquet file in the making.
pub(crate) struct ParquetEncoder {
    threads: Arc<ThreadPool>,
    schema: SchemaRef,
    file: SerializedFileWriter<Spool>,
    row_groups: ArrowRowGroupWriterFactory,
    max_row_group_length: u64,
    columns: Vec<ArrowColumnWriter>,
    rows: u64,
}

impl ParquetEncoder {
    /// Begins a file. Pages are of version 1 with plain and dictionary encodings, which every reader knows.
    pub(crate) fn new(
        table: &Table,
        plan: &ParquetPlan,
        spool: Spool,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, Failure> {
        let codec = match plan.compression {
            Compression::None => Codec::UNCOMPRESSED,
            Compression::Snappy => Codec::SNAPPY,
            Compression::Gzip => Codec::GZIP(GzipLevel::default()),
            Compression::Zstd => Codec::ZSTD(ZstdLevel::default()),
        };
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(codec)
            .set_created_by(concat!("lakeward ", env!("CARGO_PKG_VERSION")).into())
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties);
        let writer = ArrowWriter::try_new_with_options(spool, table.schema.clone(), options)
            .map_err(|error| unencodable(table, &error))?;
        let (file, row_groups) = writer.into_serialized_writer().map_err(|error| unencodable(table, &error))?;
        let max_row_group_length = plan.max_row_group_length;
        Ok(Self {
            threads,
            schema: table.schema.clone(),
            file,
            row_groups,
            max_row_group_length,
            columns: Vec::new(),
            rows: 0,
        })
    }

    /// Encodes a batch; closes row groups by rows or bytes.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let mut start = 0;
        while start < batch.num_rows() {
            let room = usize::try_from(self.max_row_group_length - self.rows).unwrap_or(usize::MAX);
            let take = room.min(batch.num_rows() - start);
            self.write_columns(&batch.slice(start, take)).map_err(|error| failed(&error))?;
            self.rows += take as u64;
            start += take;
            if self.rows >= self.max_row_group_length || self.memory_bytes() >= ROW_GROUP_BYTES {
                self.close_row_group().map_err(|error| failed(&error))?;
            }
        }
        Ok(())
    }

    /// Bytes of the file so far, those of the open row group as estimated.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        self.file.bytes_written() as u64 + self.buffered()
    }

    /// Bytes that the encoder holds in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.memory_size() as u64).sum()
    }

    /// Where the file's bytes go.
    pub(crate) fn spool(&mut self) -> &mut Spool {
        self.file.inner_mut()
    }

    /// Gives all that it holds in memory to the spool: the open row group ends.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        self.close_row_group().map_err(|error| failed(&error))
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Result<Spool, Failure> {
        self.close_row_group().map_err(|error| failed(&error))?;
        self.file.into_inner().map_err(|error| failed(&error))
    }

    fn buffered(&self) -> u64 {
        self.columns.iter().map(|column| column.get_estimated_total_bytes() as u64).sum()
    }

    fn write_columns(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        if self.columns.is_empty() {
            self.columns = self.row_groups.create_column_writers(self.file.flushed_row_groups().len())?;
        }
        let mut leaves = Vec::with_capacity(self.columns.len());
        for (field, array) in self.schema.fields().iter().zip(batch.columns()) {
            leaves.extend(compute_leaves(field, array)?);
        }
        let write = |(column, leaf): (&mut ArrowColumnWriter, &ArrowLeafColumn)| column.write(leaf);
        if batch.num_rows() * leaves.len() < PARALLEL_CELLS {
            self.columns.iter_mut().zip(&leaves).try_for_each(write)
        } else {
            let Self { threads, columns, .. } = self;
            threads.install(|| columns.par_iter_mut().zip(&leaves).try_for_each(write))
        }
    }

    fn close_row_group(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let columns = std::mem::take(&mut self.columns);
        let close = || columns.into_par_iter().map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>();
        let chunks = self.threads.install(close)?;
        let mut row_group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut row_group)?;
        }
        row_group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn unencodable(table: &Table, error: &dyn Display) -> Failure {
    let what = format!("table {}: its columns can't be written as Parquet: {error}", table.name);
    Failure::new(FailureKind::Input, what).next("give the column another type with `columns` in [[source]]")
}

/// What an error while writing means: the spool's errors come back wrapped in Parquet's.
fn failed(error: &ParquetError) -> Failure {
    match find_cause::<std::io::Error>(error) {
        Some(io) => spool_failure(io),
        None => Failure::new(FailureKind::Bug, format!("rows can't be encoded as Parquet: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use arrow_schema::{DataType, Field, Schema};
    use lakeward_core::{plan::ParquetVersion, table::TableName};
    use parquet::{
        arrow::arrow_reader::ParquetRecordBatchReaderBuilder,
        basic::{Encoding, PageType},
        file::reader::{FileReader, SerializedFileReader},
    };

    use std::sync::Arc;

    use super::*;
    use crate::encode::threads;

    fn table() -> Table {
        let fields = vec![Field::new("id", DataType::Int64, true), Field::new("name", DataType::Utf8, true)];
        Table { name: TableName::new("t").expect("a name"), schema: Arc::new(Schema::new(fields)) }
    }

    fn batch(table: &Table, rows: std::ops::Range<i64>) -> RecordBatch {
        let names: ArrayRef =
            Arc::new(StringArray::from_iter(rows.clone().map(|i| (i % 7 > 0).then(|| format!("n{i}")))));
        RecordBatch::try_new(table.schema.clone(), vec![Arc::new(Int64Array::from_iter(rows)), names]).expect("a batch")
    }

    async fn bytes(spool: Spool) -> bytes::Bytes {
        use http_body::Body as _;
        let (body, _) = spool.seal().expect("sealed");
        let mut stream = Box::pin(body.stream(Arc::default()));
        let mut all = Vec::new();
        while let Some(frame) = std::future::poll_fn(|context| stream.as_mut().poll_frame(context)).await {
            all.extend_from_slice(&frame.expect("readable").into_data().expect("data"));
        }
        all.into()
    }

    #[tokio::test]
    async fn rows_come_back_in_order_in_row_groups_of_the_planned_length_with_every_codec() {
        for compression in [Compression::None, Compression::Snappy, Compression::Gzip, Compression::Zstd] {
            let table = table();
            let plan = ParquetPlan { compression, version: ParquetVersion::V2_6, max_row_group_length: 3000 };
            let mut encoder =
                ParquetEncoder::new(&table, &plan, Spool::new("unused".into()), threads().expect("threads"))
                    .expect("an encoder");
            for start in (0..10_000).step_by(1000) {
                encoder.write(&batch(&table, start..start + 1000)).expect("encoded");
            }
            let bytes = bytes(encoder.finish().expect("finished")).await;
            let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("Parquet").with_batch_size(20_000);
            let rows: Vec<i64> = builder.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
            assert_eq!(rows, [3000, 3000, 3000, 1000]);
            let read = builder.build().expect("a reader").next().expect("a batch").expect("readable");
            assert_eq!(read, batch(&table, 0..10_000));
        }
    }

    #[tokio::test]
    async fn pages_are_of_version_1_and_their_encodings_are_the_old_ones() {
        let table = table();
        let plan = ParquetPlan {
            compression: Compression::Zstd,
            version: ParquetVersion::V2_6,
            max_row_group_length: 1 << 20,
        };
        let mut encoder = ParquetEncoder::new(&table, &plan, Spool::new("unused".into()), threads().expect("threads"))
            .expect("an encoder");
        encoder.write(&batch(&table, 0..5000)).expect("encoded");
        let reader = SerializedFileReader::new(bytes(encoder.finish().expect("finished")).await).expect("Parquet");
        let group = reader.get_row_group(0).expect("a row group");
        for column in 0..2 {
            for page in group.get_column_page_reader(column).expect("pages") {
                let page = page.expect("a page");
                assert_ne!(page.page_type(), PageType::DATA_PAGE_V2);
                assert!(matches!(
                    page.encoding(),
                    Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY
                ));
            }
        }
    }
}
