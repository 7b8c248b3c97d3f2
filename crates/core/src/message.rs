//! What a source hands to the sink.

use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::{
    budget::Reservation,
    table::{Table, TableName},
};

/// One step of a source. For each table: one `Begin`, any number of `Rows`, one `End`, in this order.
#[derive(Debug)]
pub enum Message {
    /// A table's columns are known, and its rows follow.
    Begin(Arc<Table>),
    /// Rows of a table that has begun, in the order in which the source holds them.
    Rows(Rows),
    /// All rows of the table have been handed over.
    End(TableName),
}

/// Rows of one table, with the memory that they hold.
#[derive(Debug)]
pub struct Rows {
    /// The table they belong to.
    pub table: TableName,
    /// The rows; the schema is the table's.
    pub batch: RecordBatch,
    /// The share of the process's memory budget that the batch occupies until it is encoded.
    pub memory: Reservation,
}

/// Where a source puts its messages. A send waits while the sink is behind.
pub trait Outlet: Send + Sync {
    /// Hands over one message.
    ///
    /// # Errors
    /// When the run is stopping: the source returns as soon as it can, and what it has not handed over is not taken.
    fn send(&self, message: Message) -> Result<(), Stopped>;

    /// Whether the run is stopping, for a source to look at between messages.
    fn is_stopped(&self) -> bool;
}

/// The run is stopping; nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the run is stopping")]
pub struct Stopped;
