//! One open table: its rows are cut where an object closes, encoded, and sealed.

use std::{path::PathBuf, sync::Arc, time::Instant};

use arrow_array::{Array, RecordBatch};
use lakeward_core::{
    batch::Fill,
    budget::{Budget, Reservation},
    failure::{Failure, FailureKind},
    key::ObjectKey,
    message::Rows,
    plan::DestinationPlan,
    table::{Table, TableName},
};
use rayon::ThreadPool;
use uuid::Uuid;

use crate::{encode::Encoder, keys, sealed::Sealed, spool::Spool, upload::Uploader};

/// The most that one PutObject takes (Amazon S3 user guide, "Uploading objects").
const MAX_OBJECT: u64 = 5 << 30;

/// What all tables of a run share.
#[derive(Debug)]
pub(crate) struct WriterContext {
    pub(crate) destination: DestinationPlan,
    pub(crate) spool_dir: PathBuf,
    pub(crate) budget: Budget,
    pub(crate) run: Uuid,
    pub(crate) uploader: Uploader,
    pub(crate) threads: Arc<ThreadPool>,
}

pub(crate) struct TableWriter {
    table: Arc<Table>,
    context: Arc<WriterContext>,
    open: Option<OpenObject>,
}

struct OpenObject {
    key: ObjectKey,
    fill: Fill,
    encoder: Encoder,
    memory: Reservation,
}

impl TableWriter {
    pub(crate) fn new(table: Arc<Table>, context: Arc<WriterContext>) -> Self {
        Self { table, context, open: None }
    }

    /// Encodes rows, and hands every object that they fill to the uploader; waits there while S3 is behind.
    pub(crate) fn write(&mut self, rows: Rows) -> Result<(), Failure> {
        // Held until the batch is encoded.
        let Rows { batch, memory: _memory, .. } = rows;
        let policy = self.context.destination.close;
        let total = batch.num_rows();
        let bytes_each = (bytes_in_memory(&batch) / total.max(1) as u64).max(1);
        let mut start = 0;
        while start < total {
            let left = (total - start) as u64;
            let fill = self.open.as_ref().map(|open| &open.fill);
            let take =
                usize::try_from(policy.fits(fill, left, left * bytes_each)).unwrap_or(usize::MAX).min(total - start);
            let open = self.opened()?;
            open.encoder.write(&batch.slice(start, take))?;
            open.fill.rows += take as u64;
            open.fill.bytes += take as u64 * bytes_each;
            open.fill.encoded = open.encoder.encoded_bytes();
            open.memory.resize(open.encoder.memory_bytes());
            start += take;
            let encoded = open.fill.encoded;
            if encoded > MAX_OBJECT {
                return Err(too_large(&self.table.name));
            }
            self.close_if_due(Instant::now())?;
        }
        Ok(())
    }

    /// When the open object closes by age, if it does.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.context.destination.close.deadline(&self.open.as_ref()?.fill)
    }

    /// Closes the open object if one of the plan's limits is met.
    pub(crate) fn close_if_due(&mut self, now: Instant) -> Result<(), Failure> {
        let due =
            self.open.as_ref().is_some_and(|open| self.context.destination.close.closes(&open.fill, now).is_some());
        if due { self.close() } else { Ok(()) }
    }

    /// Closes what is open: the table has no more rows.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.close()
    }

    /// Begins an object if none is open.
    pub(crate) fn open(&mut self) -> Result<(), Failure> {
        self.opened().map(drop)
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(OpenObject { key, fill, encoder, mut memory }) = self.open.take() else { return Ok(()) };
        let destination = &self.context.destination;
        let content_type =
            destination.object.content_type.clone().unwrap_or_else(|| destination.format.content_type().to_owned());
        let (body, digests) = encoder.finish()?.seal()?;
        memory.resize(body.bytes_in_memory());
        let table = self.table.name.clone();
        self.context.uploader.submit(Sealed { table, key, rows: fill.rows, body, digests, content_type, memory });
        Ok(())
    }

    fn opened(&mut self) -> Result<&mut OpenObject, Failure> {
        match &mut self.open {
            Some(open) => Ok(open),
            empty @ None => Ok(empty.insert(OpenObject::new(&self.table, &self.context)?)),
        }
    }
}

impl OpenObject {
    fn new(table: &Table, context: &WriterContext) -> Result<Self, Failure> {
        let key = keys::render(&context.destination, &table.name, context.run)?;
        let spool = Spool::new(context.spool_dir.clone());
        let encoder = Encoder::new(table, &context.destination, spool, context.threads.clone())?;
        let fill = Fill { rows: 0, bytes: 0, encoded: 0, since: Instant::now() };
        Ok(Self { key, fill, encoder, memory: context.budget.nothing() })
    }
}

fn too_large(table: &TableName) -> Failure {
    let what = format!("table {table} is too large for one object: PutObject takes 5 GiB, and no_rotate asks for one");
    Failure::new(FailureKind::Input, what).next("leave no_rotate out, and put {{UUID}} into [destination] path")
}

/// Bytes that the rows take in memory, without what a slice leaves out of its buffers.
fn bytes_in_memory(batch: &RecordBatch) -> u64 {
    let column = |column: &dyn Array| {
        column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(|array| column(array.as_ref()) as u64).sum()
}
