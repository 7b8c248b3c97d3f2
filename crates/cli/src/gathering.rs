//! Records of CloudQuery's streams on their way to the sink. Plugins send as few rows in a record as one, and each batch costs the
//! encoders the same however few rows it has: so records of a table are put together while more of them come.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use lakeward_core::{
    budget::{Budget, Reservation},
    failure::{Failure, FailureKind},
    table::{Table, TableName},
};

/// How long a record waits for another one.
pub(crate) const LINGER: Duration = Duration::from_millis(20);
/// How long the first of them waits while others keep coming.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// Enough of a table to go on: more would be copied for little gain.
const ENOUGH_ROWS: usize = 512;
const ENOUGH_BYTES: u64 = 4 << 20;

/// The records that wait.
#[derive(Debug)]
pub(crate) struct Gathering {
    tables: HashMap<TableName, Waiting>,
    /// Bytes that all of them hold, and how many they may.
    bytes: u64,
    most_bytes: u64,
    /// When the first of them came.
    since: Instant,
}

#[derive(Debug)]
struct Waiting {
    table: Arc<Table>,
    batches: Vec<RecordBatch>,
    rows: usize,
    message_bytes: u64,
    memory: Reservation,
}

/// Records of a table in one batch.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) table: Arc<Table>,
    pub(crate) batch: RecordBatch,
    /// Bytes of the messages that they came in.
    pub(crate) message_bytes: u64,
    pub(crate) memory: Reservation,
}

impl Gathering {
    /// Nothing yet. It may hold an eighth of the budget, so that the encoders are never short of it.
    pub(crate) fn new(budget: &Budget) -> Self {
        Self { tables: HashMap::new(), bytes: 0, most_bytes: budget.limit() / 8, since: Instant::now() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Whether what waits has waited long enough, though more comes.
    pub(crate) fn is_overdue(&self) -> bool {
        !self.is_empty() && self.since.elapsed() > LONGEST_WAIT
    }

    /// Takes a record with rows in, which came in a message of so many bytes and holds this memory. What is to go on now comes back.
    ///
    /// # Errors
    /// As [`all`](Self::all).
    pub(crate) fn add(
        &mut self,
        table: Arc<Table>,
        batches: Vec<RecordBatch>,
        message_bytes: u64,
        memory: Reservation,
    ) -> Result<Vec<Gathered>, Failure> {
        if self.is_empty() {
            self.since = Instant::now();
        }
        let name = table.name.clone();
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        self.bytes += memory.bytes();
        let waiting = match self.tables.remove(&name) {
            None => Waiting { table, batches, rows, message_bytes, memory },
            Some(mut waiting) => {
                waiting.batches.extend(batches);
                waiting.rows += rows;
                waiting.message_bytes += message_bytes;
                let more = memory.bytes();
                // Handed over, not held twice.
                drop(memory);
                waiting.memory.resize(waiting.memory.bytes() + more);
                waiting
            }
        };
        if waiting.rows >= ENOUGH_ROWS || waiting.memory.bytes() >= ENOUGH_BYTES {
            self.bytes -= waiting.memory.bytes();
            return Ok(vec![together(waiting)?]);
        }
        self.tables.insert(name, waiting);
        if self.bytes >= self.most_bytes { self.all() } else { Ok(Vec::new()) }
    }

    /// All that waits.
    ///
    /// # Errors
    /// When records of one table don't go together: a bug.
    pub(crate) fn all(&mut self) -> Result<Vec<Gathered>, Failure> {
        self.bytes = 0;
        self.tables.drain().map(|(_, waiting)| together(waiting)).collect()
    }
}

fn together(Waiting { table, batches, message_bytes, memory, .. }: Waiting) -> Result<Gathered, Failure> {
    let batch = match <[RecordBatch; 1]>::try_from(batches) {
        Ok([only]) => only,
        Err(batches) => concat_batches(&table.schema, &batches).map_err(|error| {
            Failure::new(FailureKind::Bug, format!("records of table {} don't go together: {error}", table.name))
        })?,
    };
    Ok(Gathered { table, batch, message_bytes, memory })
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;
    use arrow_schema::{DataType, Field, Schema};

    use super::*;

    fn table(name: &str) -> Arc<Table> {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        Arc::new(Table { name: TableName::new(name).unwrap(), schema })
    }

    fn rows(table: &Table, rows: i64) -> Vec<RecordBatch> {
        let column = Int64Array::from_iter_values(0..rows);
        vec![RecordBatch::try_new(table.schema.clone(), vec![Arc::new(column)]).unwrap()]
    }

    #[test]
    fn records_go_on_together_once_there_are_enough_rows_or_bytes() {
        let (budget, few, many) = (Budget::new(8000), table("few"), table("many"));
        let mut gathering = Gathering::new(&budget);
        assert!(gathering.add(few.clone(), rows(&few, 1), 10, budget.reserve(20)).unwrap().is_empty());
        assert!(gathering.add(many.clone(), rows(&many, 500), 10, budget.reserve(20)).unwrap().is_empty());
        let gone = gathering.add(many.clone(), rows(&many, 100), 10, budget.reserve(20)).unwrap();
        let [gathered] = gone.as_slice() else { panic!("one table has enough") };
        assert_eq!((gathered.table.name.as_str(), gathered.batch.num_rows()), ("many", 600));
        assert_eq!((gathered.message_bytes, gathered.memory.bytes()), (20, 40));
        // The other one still waits, until all of them hold too much.
        assert!(gathering.add(many.clone(), rows(&many, 1), 10, budget.reserve(900)).unwrap().is_empty());
        let gone = gathering.add(few.clone(), rows(&few, 1), 10, budget.reserve(80)).unwrap();
        let mut counts: Vec<_> =
            gone.iter().map(|gathered| (gathered.table.name.as_str(), gathered.batch.num_rows())).collect();
        counts.sort_unstable();
        assert_eq!(counts, [("few", 2), ("many", 1)]);
        assert!(gathering.is_empty() && !gathering.is_overdue());
    }

    #[test]
    fn what_keeps_coming_does_not_keep_the_first_waiting() {
        let (budget, slow) = (Budget::new(1 << 20), table("slow"));
        let mut gathering = Gathering::new(&budget);
        gathering.add(slow.clone(), rows(&slow, 1), 1, budget.reserve(1)).unwrap();
        assert!(!gathering.is_overdue());
        std::thread::sleep(LONGEST_WAIT);
        gathering.add(slow.clone(), rows(&slow, 1), 1, budget.reserve(1)).unwrap();
        assert!(gathering.is_overdue(), "another record does not begin the wait anew");
        assert_eq!(gathering.all().unwrap()[0].batch.num_rows(), 2);
        assert!(!gathering.is_overdue());
    }
}
