//! Rows as the bytes of an object.

mod text;
mod csv;
mod cells;
mod extension;
mod scalar_text;
mod time_text;
mod json_text;
mod compressed;
mod parquet;
mod parquet_schema;
mod parquet_columns;

use std::sync::Arc;

use arrow_array::RecordBatch;
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{DestinationPlan, FormatPlan},
    table::Table,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use self::{parquet::ParquetEncoder, text::TextEncoder};
use crate::spool::Spool;

/// The threads that encode columns: one a core, apart from rayon's own pool, on which sources decode. In one pool a batch would
/// wait behind all the blocks that are to be decoded, which in turn wait for memory that the batch holds.
pub(crate) fn threads() -> Result<Arc<ThreadPool>, Failure> {
    let pool = ThreadPoolBuilder::new().thread_name(|number| format!("encode {number}")).build();
    pool.map(Arc::new).map_err(|error| Failure::new(FailureKind::Bug, format!("no threads for encoding: {error}")))
}

/// One object in the making.
pub(crate) enum Encoder {
    Parquet(Box<ParquetEncoder>),
    Text(Box<TextEncoder>),
}

impl Encoder {
    /// Begins an object of the plan's format.
    ///
    /// # Errors
    /// When the format can't hold the table's columns.
    pub(crate) fn new(
        table: &Table,
        destination: &DestinationPlan,
        spool: Spool,
        threads: Arc<ThreadPool>,
    ) -> Result<Self, Failure> {
        let athena = destination.athena;
        match destination.format {
            FormatPlan::Parquet(plan) => {
                ParquetEncoder::new(table, plan, athena, spool, threads).map(Box::new).map(Self::Parquet)
            }
            FormatPlan::Csv(plan) => {
                TextEncoder::csv(table, plan, athena, spool, threads).map(Box::new).map(Self::Text)
            }
            FormatPlan::Json(plan) => {
                TextEncoder::json(table, plan, athena, spool, threads).map(Box::new).map(Self::Text)
            }
        }
    }

    /// Encodes a batch of the table.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        match self {
            Self::Parquet(encoder) => encoder.write(batch),
            Self::Text(encoder) => encoder.write(batch),
        }
    }

    /// Bytes of the object so far, what is not yet written as estimated.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        match self {
            Self::Parquet(encoder) => encoder.encoded_bytes(),
            Self::Text(encoder) => encoder.encoded_bytes(),
        }
    }

    /// Bytes that the encoder holds in memory, without those of the spool.
    pub(crate) fn memory_bytes(&self) -> u64 {
        match self {
            Self::Parquet(encoder) => encoder.memory_bytes(),
            Self::Text(encoder) => encoder.memory_bytes(),
        }
    }

    /// Where the object's bytes go; `None` once writing has failed.
    pub(crate) fn spool(&mut self) -> Option<&mut Spool> {
        match self {
            Self::Parquet(encoder) => encoder.spool(),
            Self::Text(encoder) => Some(encoder.spool()),
        }
    }

    /// Gives all that it holds in memory to the spool.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match self {
            Self::Parquet(encoder) => encoder.flush(),
            Self::Text(encoder) => encoder.flush(),
        }
    }

    /// Ends the object.
    pub(crate) fn finish(self) -> Result<Spool, Failure> {
        match self {
            Self::Parquet(encoder) => encoder.finish(),
            Self::Text(encoder) => encoder.finish(),
        }
    }
}

/// A table without columns, in a format that has no rows without.
fn no_columns(table: &Table, format: &str) -> Failure {
    let what = format!("table {}: it has no columns, and {format} can't hold rows without any", table.name);
    Failure::new(FailureKind::Input, what).next("leave the table out, or set format = \"json\"")
}

#[cfg(test)]
mod tests;
