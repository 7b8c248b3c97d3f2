//! A folder of inputs, and what reading them gives.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use arrow_array::{ArrayRef, RecordBatch, cast::AsArray, types::TimestampMicrosecondType};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use lakeward_core::{
    budget::Budget,
    column_type,
    event::{Event, Observer},
    failure::Failure,
    message::{Message, Outlet, Stopped},
    plan::{InputFormat, OnError, ReadPlan, Sample, SourcePlan},
    table::{Table, TableName},
};
use lakeward_source::{Commands, Context, TableRead, discover};

/// A folder of inputs and how they are read.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) read: ReadPlan,
    pub(crate) budget: Budget,
    pub(crate) outlet: Collector,
    pub(crate) events: Arc<Events>,
    pub(crate) commands: Commands,
}

/// A table that was read.
#[derive(Debug)]
pub(crate) struct Landed {
    pub(crate) table: Arc<Table>,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) read: TableRead,
    pub(crate) ended: bool,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            read: ReadPlan {
                format: None,
                columns: BTreeMap::new(),
                sample: Sample::Bytes(16 << 20),
                max_record_bytes: 64 << 20,
                on_error: OnError::Fail,
            },
            budget: Budget::new(64 << 20),
            outlet: Collector::default(),
            events: Arc::default(),
            commands: Commands::default(),
        }
    }

    /// A fixture with one file.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let fixture = Self::new();
        fixture.file(name, content);
        fixture
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, content).expect("written");
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn format(mut self, format: InputFormat) -> Self {
        self.read.format = Some(format);
        self
    }

    pub(crate) fn sample(mut self, bytes: u64) -> Self {
        self.read.sample = Sample::Bytes(bytes);
        self
    }

    pub(crate) fn column(mut self, name: &str, type_name: &str) -> Self {
        self.read.columns.insert(name.into(), column_type::parse(type_name).expect("a type"));
        self
    }

    /// Rows that do not fit go to `rejects`.
    pub(crate) fn skip(mut self, max_rejects: Option<u64>) -> Self {
        self.read.on_error = OnError::Skip { rejects: self.path("rejects"), max_rejects };
        self
    }

    /// The lines of a table's rejects file; none when there is no file.
    pub(crate) fn rejects(&self, table: &str) -> Vec<serde_json::Value> {
        let lines = fs::read_to_string(self.path(&format!("rejects/{table}-run.ndjson"))).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    pub(crate) fn source(&self, path: &str, table: Option<&str>) -> SourcePlan {
        let table = table.map(|table| TableName::new(table).expect("a name"));
        let paths = vec![self.path(path).to_str().expect("UTF-8").to_owned()];
        SourcePlan::Files { paths, table, read: self.read.clone() }
    }

    pub(crate) fn context(&self) -> Context {
        let observer: Arc<dyn Observer> = self.events.clone();
        Context {
            budget: self.budget.clone(),
            observer,
            run_id: "run".into(),
            spool_dir: self.path(".spool"),
            own_places: Vec::new(),
            commands: self.commands.clone(),
        }
    }

    /// Reads the sources.
    pub(crate) fn land(&self, sources: &[SourcePlan]) -> Result<Vec<Landed>, Failure> {
        let mut landed = Vec::new();
        for reader in discover(sources, &[], &self.context())? {
            let table = Arc::clone(reader.table());
            let read = reader.read(&self.outlet)?;
            let (mut batches, mut ended) = (Vec::new(), false);
            for message in self.outlet.take() {
                match message {
                    Message::Begin(begun) => assert_eq!(begun, table),
                    Message::Rows(rows) => {
                        assert!(rows.memory.bytes() > 0 && rows.batch.num_rows() > 0);
                        batches.push(rows.batch);
                    }
                    Message::End(name) => ended = name == table.name,
                }
            }
            let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
            assert_eq!(read.rows_read, rows as u64 + read.rows_rejected);
            landed.push(Landed { table, batches, read, ended });
        }
        assert_eq!(self.budget.used(), 0, "all memory was given back");
        Ok(landed)
    }

    /// Reads the one table of a path.
    pub(crate) fn table(&self, path: &str) -> Result<Landed, Failure> {
        let mut landed = self.land(&[self.source(path, None)])?;
        assert_eq!(landed.len(), 1);
        Ok(landed.remove(0))
    }

    /// Reads a path that must fail, and gives the words and the exit code.
    pub(crate) fn fails(&self, path: &str) -> (u8, String) {
        let failure = self.table(path).expect_err("a failure");
        words(&failure, self.folder.path())
    }
}

/// A failure's exit code and its words, with the folder's name taken out.
pub(crate) fn words(failure: &Failure, folder: &Path) -> (u8, String) {
    let folder = format!("{}/", folder.display());
    let text = format!("{} | {}", failure.what, failure.next.as_deref().unwrap_or_default());
    (failure.kind.exit_code(), text.replace(&folder, ""))
}

impl Landed {
    /// The columns as `name type`.
    pub(crate) fn columns(&self) -> Vec<String> {
        let fields = self.table.schema.fields().iter();
        fields.map(|field| format!("{} {}", field.name(), column_type::describe(field.data_type()))).collect()
    }

    /// The type of a column, or of a field inside it (`properties.mag`).
    pub(crate) fn type_of(&self, path: &str) -> String {
        let columns = self.columns();
        let (name, field) = path.split_once('.').unwrap_or((path, ""));
        let found = columns.iter().find_map(|column| column.strip_prefix(&format!("{name} "))).expect("a column");
        if field.is_empty() {
            return found.to_owned();
        }
        let fields = found.strip_prefix("struct(").and_then(|rest| rest.strip_suffix(')')).expect("a struct");
        let found = fields.split(", ").find_map(|inner| inner.strip_prefix(&format!("{field} ")));
        found.expect("a field").to_owned()
    }

    /// All rows, each as its cells' text; null is `∅`.
    pub(crate) fn rows(&self) -> Vec<Vec<String>> {
        let options = FormatOptions::new().with_null("∅");
        let mut rows = Vec::new();
        for batch in &self.batches {
            let columns: Vec<ArrayRef> = batch.columns().iter().map(printable).collect();
            let columns = columns.iter();
            let columns: Vec<_> =
                columns.map(|array| ArrayFormatter::try_new(array.as_ref(), &options).expect("printable")).collect();
            rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()));
        }
        rows
    }
}

/// Arrow's formatter knows zones by their offset only.
fn printable(array: &ArrayRef) -> ArrayRef {
    match array.as_primitive_opt::<TimestampMicrosecondType>() {
        Some(instants) if instants.timezone().is_some() => Arc::new(instants.clone().with_timezone("+00:00")),
        _ => Arc::clone(array),
    }
}

/// An outlet that keeps what it gets, and may stop.
#[derive(Default)]
pub(crate) struct Collector {
    messages: Mutex<Vec<Message>>,
    /// After so many messages it takes no more; 0 is never.
    pub(crate) stop_after: AtomicUsize,
}

impl Collector {
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.messages.lock().expect("no panic"))
    }
}

impl Outlet for Collector {
    fn send(&self, mut message: Message) -> Result<(), Stopped> {
        if self.is_stopped() {
            return Err(Stopped);
        }
        if let Message::Rows(rows) = &mut message {
            // What is kept here for comparison is not the run's memory.
            let held = rows.memory.bytes();
            rows.memory = Budget::new(held).reserve(held);
        }
        self.messages.lock().expect("no panic").push(message);
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        let most = self.stop_after.load(Ordering::Relaxed);
        most > 0 && self.messages.lock().expect("no panic").len() >= most
    }
}

/// An observer that keeps what it is told.
#[derive(Default)]
pub(crate) struct Events(Mutex<Vec<Event>>);

impl Observer for Events {
    fn on(&self, event: &Event) {
        self.0.lock().expect("no panic").push(event.clone());
    }
}

impl Events {
    /// The sums of rows, rejected rows and bytes read.
    pub(crate) fn read(&self) -> (u64, u64, u64) {
        self.0.lock().expect("no panic").iter().fold((0, 0, 0), |sum, event| match event {
            Event::RowsRead { rows, rejected, bytes, .. } => (sum.0 + rows, sum.1 + rejected, sum.2 + bytes),
            _ => sum,
        })
    }
}

/// Content compressed with gzip.
pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).expect("in memory");
    encoder.finish().expect("in memory")
}

/// Content compressed with Zstandard.
pub(crate) fn zstandard(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).expect("in memory")
}
