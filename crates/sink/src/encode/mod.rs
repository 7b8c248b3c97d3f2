//! Rows as the bytes of an object.

mod parquet;

use std::sync::Arc;

use arrow_array::RecordBatch;
use lakeward_core::{
    failure::{Failure, FailureKind},
    plan::{DestinationPlan, FormatPlan},
    table::Table,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use self::parquet::ParquetEncoder;
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
        match &destination.format {
            FormatPlan::Parquet(plan) => Ok(Self::Parquet(Box::new(ParquetEncoder::new(table, plan, spool, threads)?))),
            FormatPlan::Csv(_) | FormatPlan::Json(_) => Err(Failure::new(FailureKind::Bug, "this format is not there")),
        }
    }

    /// Encodes a batch of the table.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        match self {
            Self::Parquet(encoder) => encoder.write(batch),
        }
    }

    /// Bytes of the object so far, what is not yet written as estimated.
    pub(crate) fn encoded_bytes(&self) -> u64 {
        match self {
            Self::Parquet(encoder) => encoder.encoded_bytes(),
        }
    }

    /// Bytes that the encoder holds in memory, without those of the spool.
    pub(crate) fn memory_bytes(&self) -> u64 {
        match self {
            Self::Parquet(encoder) => encoder.memory_bytes(),
        }
    }

    /// Where the object's bytes go.
    pub(crate) fn spool(&mut self) -> &mut Spool {
        match self {
            Self::Parquet(encoder) => encoder.spool(),
        }
    }

    /// Gives all that it holds in memory to the spool.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        match self {
            Self::Parquet(encoder) => encoder.flush(),
        }
    }

    /// Ends the object.
    pub(crate) fn finish(self) -> Result<Spool, Failure> {
        match self {
            Self::Parquet(encoder) => encoder.finish(),
        }
    }
}
