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

use crate::{
    body::Body,
    digest::Digests,
    encode::Encoder,
    keys,
    multipart::LargeObject,
    parts::{MOST_PARTS, PartSizes},
    sealed::{Sealed, Unit},
    spool::Spool,
    upload::Uploader,
};

/// An object that holds so much memory can give it to its spool: as a row group it is not too small. One that holds less is
/// rather closed, if it may be.
const WORTH_A_FLUSH: u64 = 4 << 20;

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
    has_begun: bool,
}

struct OpenObject {
    fill: Fill,
    encoder: Encoder,
    /// What the encoder and its spool hold.
    memory: Reservation,
    delivery: Delivery,
}

/// Where an object's pieces go: one alone is a PutObject, several are a multipart upload.
struct Delivery {
    context: Arc<WriterContext>,
    table: TableName,
    key: ObjectKey,
    /// From its first part on: the object, and how many parts of it are sealed.
    large: Option<(Arc<LargeObject>, u32)>,
}

impl TableWriter {
    pub(crate) fn new(table: Arc<Table>, context: Arc<WriterContext>) -> Self {
        Self { table, context, open: None, has_begun: false }
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
            self.opened()?.write(&batch.slice(start, take), take as u64 * bytes_each)?;
            start += take;
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

    /// Whether an object of the table was ever begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Bytes that the open object holds in memory.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.memory.bytes())
    }

    /// Gives memory back: what the open object holds goes to disk, or the object is closed. Whether that helped.
    pub(crate) fn relieve(&mut self) -> Result<bool, Failure> {
        let before = self.memory_bytes();
        let no_rotate = self.context.destination.no_rotate;
        if let Some(open) = self.open.as_mut().filter(|_| no_rotate || before >= WORTH_A_FLUSH) {
            open.flush()?;
        }
        if !no_rotate && self.memory_bytes() > before / 2 {
            self.close()?;
        }
        Ok(self.memory_bytes() < before)
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
        let Some(open) = self.open.take() else { return Ok(()) };
        let OpenObject { fill, encoder, mut memory, mut delivery } = open;
        let mut spool = encoder.finish()?;
        let parts = spool.take_finished();
        let last = spool.seal()?;
        // From here on each piece has a share of its own.
        memory.resize(0);
        parts.into_iter().try_for_each(|part| delivery.part(part))?;
        delivery.last(last, fill.rows)
    }

    fn opened(&mut self) -> Result<&mut OpenObject, Failure> {
        match &mut self.open {
            Some(open) => Ok(open),
            empty @ None => {
                self.has_begun = true;
                Ok(empty.insert(OpenObject::new(&self.table, &self.context)?))
            }
        }
    }
}

impl OpenObject {
    fn new(table: &Table, context: &Arc<WriterContext>) -> Result<Self, Failure> {
        let WriterContext { destination, spool_dir, uploader, .. } = &**context;
        let key = keys::render(destination, &table.name, context.run)?;
        let profile = uploader.profile();
        let sizes = PartSizes::new(destination.part_size, profile.equal_parts);
        let spool = Spool::in_pieces(spool_dir.clone(), sizes, profile.checksum);
        let encoder = Encoder::new(table, destination, spool, context.threads.clone())?;
        let fill = Fill { rows: 0, bytes: 0, encoded: 0, since: Instant::now() };
        let delivery = Delivery { context: context.clone(), table: table.name.clone(), key, large: None };
        Ok(Self { fill, encoder, memory: context.budget.nothing(), delivery })
    }

    fn write(&mut self, batch: &RecordBatch, bytes: u64) -> Result<(), Failure> {
        self.encoder.write(batch)?;
        self.fill.rows += batch.num_rows() as u64;
        self.fill.bytes += bytes;
        self.fill.encoded = self.encoder.encoded_bytes();
        self.hand_over()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.encoder.flush()?;
        self.encoder.spool().map_or(Ok(()), Spool::spill)?;
        self.hand_over()
    }

    /// Submits what has become a part, and counts what is still held.
    fn hand_over(&mut self) -> Result<(), Failure> {
        let encoding = self.encoder.memory_bytes();
        let Some(spool) = self.encoder.spool() else { return Ok(()) };
        let parts = spool.take_finished();
        self.memory.resize(encoding + spool.memory_bytes());
        parts.into_iter().try_for_each(|part| self.delivery.part(part))
    }
}

impl Delivery {
    /// Submits a piece behind which there are more.
    fn part(&mut self, piece: (Body, Digests)) -> Result<(), Failure> {
        let (object, parts) = match self.large.take() {
            Some((object, parts)) => (object, parts),
            None => (self.context.uploader.large_object(self.table.clone(), self.key.clone()), 0),
        };
        let number = parts + 1;
        if number > MOST_PARTS {
            return Err(too_large(&self.table, &self.context.destination));
        }
        self.large = Some((object.clone(), number));
        self.submit(Unit::Part { object, number }, piece);
        Ok(())
    }

    /// Submits the last piece, or the only one.
    fn last(mut self, piece: (Body, Digests), rows: u64) -> Result<(), Failure> {
        if let Some((object, parts)) = &self.large {
            object.is_whole(parts + 1, rows);
            return self.part(piece);
        }
        self.submit(Unit::Object { table: self.table.clone(), key: self.key.clone(), rows }, piece);
        Ok(())
    }

    fn submit(&self, unit: Unit, (body, digests): (Body, Digests)) {
        let mut memory = self.context.budget.nothing();
        memory.resize(body.bytes_in_memory());
        self.context.uploader.submit(Sealed { unit, body, digests, memory });
    }
}

fn too_large(table: &TableName, destination: &DestinationPlan) -> Failure {
    let what = format!("table {table} is too large for one object: S3 takes {MOST_PARTS} parts of it");
    let advice = if destination.no_rotate {
        "raise part_size, or leave no_rotate out and put {{UUID}} into [destination] path"
    } else {
        "raise part_size, or lower file_size"
    };
    Failure::new(FailureKind::Input, what).next(advice)
}

/// Bytes that the rows take in memory, without what a slice leaves out of its buffers.
fn bytes_in_memory(batch: &RecordBatch) -> u64 {
    let column = |column: &dyn Array| {
        column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size())
    };
    batch.columns().iter().map(|array| column(array.as_ref()) as u64).sum()
}
