//! The tables that one stream of messages has announced, and the records of their rows.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use lakeward_core::{
    table::{Table, TableName, TableNameError},
    untrusted::excerpt,
};

use crate::ipc;
pub use crate::ipc::IpcError;

/// The key of a schema's metadata that names the table.
const TABLE_NAME: &str = "cq:table_name";

/// The key that names the table through whose rows one is read.
const PARENT: &str = "cq:table_depends_on";

/// How many bytes of schemas are kept to be known again.
const MOST_KNOWN: usize = 16 << 20;

/// Why a table or a record can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It is no Arrow stream.
    #[error("{what} can't be read: {source}")]
    Ipc {
        /// What was sent.
        what: &'static str,
        /// Why.
        source: IpcError,
    },
    /// Its schema does not name a table.
    #[error("the schema of {0} has no {TABLE_NAME} in its metadata")]
    Unnamed(&'static str),
    /// The name can't be a table's.
    #[error(transparent)]
    Name(#[from] TableNameError),
    /// No such table was announced.
    #[error("a record is of table {}, which was not migrated before", excerpt(.0, 80))]
    Unknown(String),
    /// The record's columns are not the table's.
    #[error("a record of table {table} does not have the columns that the table was migrated with: {difference}")]
    Different {
        /// The table.
        table: TableName,
        /// The first difference.
        difference: String,
    },
}

/// The tables of one stream of messages.
#[derive(Debug, Default)]
pub struct Tables {
    by_name: HashMap<TableName, Arc<Table>>,
    /// The tables whose records begin with these bytes, the message of their schema: it is read once.
    known: HashMap<Bytes, Known>,
    known_bytes: usize,
}

#[derive(Clone, Debug)]
struct Known {
    table: Arc<Table>,
    /// The records' own schema, which can differ from the table's in its metadata.
    schema: SchemaRef,
}

/// A table as it was announced just now.
#[derive(Clone, Debug)]
pub struct Migrated {
    /// The table.
    pub table: Arc<Table>,
    /// Whether a table of this name was announced before with another schema.
    pub is_changed: bool,
}

/// Rows of one table.
#[derive(Clone, Debug)]
pub struct Record {
    /// The table.
    pub table: Arc<Table>,
    /// Its rows; the schema is the table's.
    pub batches: Vec<RecordBatch>,
}

/// The table that an Arrow stream without record batches stands for.
///
/// # Errors
/// When it is none, or does not say its name.
pub fn table(stream: Bytes) -> Result<Table, TableError> {
    const WHAT: &str = "a table";
    let schema = ipc::split(stream).and_then(|(head, _)| ipc::schema(&head));
    let schema = schema.map_err(|source| TableError::Ipc { what: WHAT, source })?;
    let name = TableName::new(name(&schema).ok_or(TableError::Unnamed(WHAT))?)?;
    Ok(Table { name, schema })
}

impl Tables {
    /// Takes the announcement of a table.
    ///
    /// # Errors
    /// When it is none.
    pub fn migrate(&mut self, stream: Bytes) -> Result<Migrated, TableError> {
        let table = Arc::new(table(stream)?);
        let is_changed = match self.by_name.entry(table.name.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(table.clone());
                false
            }
            Entry::Occupied(entry) if entry.get().schema == table.schema => {
                return Ok(Migrated { table: entry.get().clone(), is_changed: false });
            }
            Entry::Occupied(mut entry) => {
                entry.insert(table.clone());
                true
            }
        };
        self.known.retain(|_, known| known.table.name != table.name);
        self.known_bytes = self.known.keys().map(Bytes::len).sum();
        Ok(Migrated { table, is_changed })
    }

    /// Reads a record.
    ///
    /// # Errors
    /// When it is none, or none of a table that was announced.
    pub fn record(&mut self, stream: Bytes) -> Result<Record, TableError> {
        let unreadable = |source| TableError::Ipc { what: "a record", source };
        let (head, rest) = ipc::split(stream).map_err(unreadable)?;
        let known = match self.known.get(&head) {
            Some(known) => known.clone(),
            None => self.learn(&head)?,
        };
        let batches = ipc::batches(rest, &known.schema).map_err(unreadable)?;
        let batches = batches.into_iter().map(|batch| of_table(&known.table, batch)).collect::<Result<_, _>>()?;
        Ok(Record { table: known.table, batches })
    }

    /// The tables, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.by_name.values()
    }

    fn learn(&mut self, head: &Bytes) -> Result<Known, TableError> {
        const WHAT: &str = "a record";
        let schema = ipc::schema(head).map_err(|source| TableError::Ipc { what: WHAT, source })?;
        let name = name(&schema).ok_or(TableError::Unnamed(WHAT))?;
        let table = TableName::new(name).ok().and_then(|name| self.by_name.get(&name));
        let table = table.ok_or_else(|| TableError::Unknown(name.to_owned()))?;
        if let Some(difference) = difference(&table.schema, &schema) {
            return Err(TableError::Different { table: table.name.clone(), difference });
        }
        let known = Known { table: table.clone(), schema };
        if self.known_bytes + head.len() > MOST_KNOWN {
            self.known.clear();
            self.known_bytes = 0;
        }
        self.known_bytes += head.len();
        // A copy: `head` would keep its whole record in memory.
        self.known.insert(Bytes::copy_from_slice(head), known.clone());
        Ok(known)
    }
}

/// The Arrow stream of a record.
///
/// # Errors
/// When Arrow can't write it.
pub fn encoded(batch: &RecordBatch) -> Result<Bytes, arrow_schema::ArrowError> {
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.into_inner().map(Bytes::from)
}

/// The table through whose rows a table is read, if there is one.
#[must_use]
pub fn parent(table: &Table) -> Option<&str> {
    table.schema.metadata().get(PARENT).map(String::as_str).filter(|parent| !parent.is_empty())
}

pub(crate) fn name(schema: &Schema) -> Option<&str> {
    schema.metadata().get(TABLE_NAME).map(String::as_str)
}

/// The first column in which a record's schema differs from its table's. Metadata may differ.
fn difference(table: &Schema, record: &Schema) -> Option<String> {
    let (theirs, ours) = (record.fields(), table.fields());
    let mut pairs = ours.iter().zip(theirs).enumerate();
    if let Some((index, (ours, theirs))) = pairs.find(|(_, (ours, theirs))| !same(ours, theirs)) {
        let shown = |field: &arrow_schema::Field| format!("{} {}", excerpt(field.name(), 60), field.data_type());
        return Some(format!("column {} is {} and not {}", index + 1, shown(theirs), shown(ours)));
    }
    (ours.len() != theirs.len()).then(|| format!("it has {} columns and not {}", theirs.len(), ours.len()))
}

fn same(ours: &arrow_schema::Field, theirs: &arrow_schema::Field) -> bool {
    ours.name() == theirs.name() && ours.data_type().equals_datatype(theirs.data_type())
}

fn of_table(table: &Table, batch: RecordBatch) -> Result<RecordBatch, TableError> {
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let (_, columns, _) = batch.into_parts();
    RecordBatch::try_new_with_options(table.schema.clone(), columns, &options).map_err(|error| TableError::Different {
        table: table.name.clone(),
        difference: excerpt(&error.to_string(), 300),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_array::{ArrayRef, Int64Array};
    use arrow_schema::{DataType, Field};

    use super::*;

    fn rows(table: &str, column: &str, metadata: &[(&str, &str)]) -> RecordBatch {
        let named = [(TABLE_NAME, table)].into_iter().chain(metadata.iter().copied());
        let metadata: HashMap<String, String> = named.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let schema = Schema::new_with_metadata(vec![Field::new(column, DataType::Int64, true)], metadata);
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        RecordBatch::try_new(Arc::new(schema), vec![ids]).expect("rows")
    }

    fn announced(batch: &RecordBatch) -> Bytes {
        encoded(&batch.slice(0, 0)).expect("bytes")
    }

    #[test]
    fn a_schema_is_read_once_and_its_metadata_may_differ_from_the_tables() {
        let mut tables = Tables::default();
        let table = rows("t", "id", &[("cq:table_title", "T")]);
        assert!(!tables.migrate(announced(&table)).expect("a table").is_changed);
        for _ in 0..3 {
            let record = tables.record(encoded(&rows("t", "id", &[])).expect("bytes")).expect("a record");
            assert_eq!(record.batches, std::slice::from_ref(&table));
        }
        assert_eq!(tables.known.len(), 1);
        assert_eq!(tables.known_bytes, tables.known.keys().map(Bytes::len).sum::<usize>());
    }

    #[test]
    fn records_fit_what_their_table_was_announced_with_last() {
        let mut tables = Tables::default();
        let (old, new) = (rows("t", "id", &[]), rows("t", "number", &[]));
        tables.migrate(announced(&old)).expect("a table");
        let record = |batch: &RecordBatch| encoded(batch).expect("bytes");
        tables.record(record(&old)).expect("a record");
        assert!(tables.migrate(announced(&new)).expect("a table").is_changed);
        tables.record(record(&new)).expect("a record");
        let refused = tables.record(record(&old)).expect_err("old columns").to_string();
        assert!(refused.contains("column 1 is id Int64 and not number Int64"), "{refused}");
        let refused = tables.record(record(&rows("u", "id", &[]))).expect_err("no table").to_string();
        assert!(refused.contains("table u, which was not migrated"), "{refused}");
    }
}
