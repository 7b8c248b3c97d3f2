//! What a host asks to read back: the one object that a table is without rotation.

use std::{pin::Pin, sync::Arc};

use arrow_schema::DataType;
use bytes::Bytes;
use futures::stream;
use lakeward_cloudquery::{
    protocol::plugin::read,
    tables::{encoded, table},
};
use lakeward_core::{
    budget::Budget,
    column_type::timestamp_utc,
    failure::{Failure, FailureKind},
    key::Variable,
    message::{Message, Outlet, Stopped},
    plan::{CsvPlan, DestinationPlan, FormatPlan, InputFormat, OnError, ReadPlan, Sample, SourcePlan},
    table::Table,
};
use lakeward_sink::first_keys;
use lakeward_source::{Commands, Context, discover};
use tokio::sync::mpsc;
use tonic::Status;

use super::{
    destination::{Destination, Settings},
    plugin::{Answers, description},
    restore::restore,
};

/// The memory that the rows may take on their way, and the longest row.
const MEMORY: u64 = 32 << 20;
const LONGEST_ROW: u64 = 64 << 20;
/// Records that wait for the host.
const WAITING: usize = 2;

/// The records of a table; none where it has no object.
pub(super) async fn read(destination: &Arc<Destination>, announced: Bytes) -> Result<Answers<read::Response>, Status> {
    let settings = &destination.settings;
    let plan = &settings.plan.destination;
    if !plan.no_rotate || plan.path.uses(Variable::Uuid) {
        let what =
            "rows can be read back only with no_rotate = true: otherwise nothing says which objects are a table's";
        return Err(Status::failed_precondition(what));
    }
    if matches!(plan.format, FormatPlan::Csv(CsvPlan { delimiter, header, .. }) if delimiter != b',' || !header) {
        return Err(Status::unimplemented("CSV can be read back only with a header and commas"));
    }
    let table = Arc::new(table(announced).map_err(|error| Status::invalid_argument(error.to_string()))?);
    let internal = |failure: &Failure| Status::internal(description(failure));
    let keys = first_keys(plan, [&table], settings.run).map_err(|failure| internal(&failure))?;
    let folder = spool(settings).map_err(|failure| internal(&failure))?;
    let file = folder.path().join("object");
    for key in &keys {
        if !destination.bucket.fetch(key, &file).await.map_err(|failure| internal(&failure))? {
            return Ok(Box::pin(stream::empty()));
        }
    }
    let source = source(plan, &table, &file.to_string_lossy());
    let (sender, receiver) = mpsc::channel(WAITING);
    let spool_dir = settings.spool_dir();
    tokio::task::spawn_blocking(move || {
        let outlet = Records { table, sender };
        let context = Context {
            budget: Budget::new(MEMORY),
            observer: Arc::new(()),
            run_id: String::new(),
            spool_dir,
            // The object that is read back is in a folder of the run's own.
            own_places: Vec::new(),
            commands: Commands::default(),
        };
        let read = discover(&[source], &[], &context)
            .and_then(|readers| readers.into_iter().try_for_each(|reader| reader.read(&outlet).map(drop)));
        if let Err(failure) = read {
            outlet.answer(Err(Status::internal(description(&failure))));
        }
        drop(folder);
    });
    let answers = stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    Ok(Box::pin(answers) as Pin<Box<_>>)
}

/// A folder for the object, which goes away with it.
fn spool(settings: &Settings) -> Result<tempfile::TempDir, Failure> {
    let spool = settings.spool_dir();
    let folder = std::fs::create_dir_all(&spool).and_then(|()| tempfile::tempdir_in(&spool));
    folder.map_err(|error| {
        let what = format!("the folder {} can't be written: {error}", crate::console::shown(&spool));
        Failure::new(FailureKind::Destination, what)
    })
}

/// The object as a source: what a text has no type for is read as text.
fn source(plan: &DestinationPlan, table: &Table, file: &str) -> SourcePlan {
    let format = match plan.format {
        FormatPlan::Parquet(_) => InputFormat::Parquet,
        FormatPlan::Csv(_) => InputFormat::Csv,
        FormatPlan::Json(_) => InputFormat::Ndjson,
    };
    let columns = table.schema.fields().iter().filter(|_| format != InputFormat::Parquet).filter_map(|field| {
        let read_as = match field.data_type() {
            plain @ (DataType::Int64 | DataType::Float64 | DataType::Boolean | DataType::Date32) => plain.clone(),
            moment if *moment == timestamp_utc() => moment.clone(),
            nested if nested.is_nested() => return None,
            _ => DataType::Utf8,
        };
        Some((field.name().clone(), read_as))
    });
    let read = ReadPlan {
        format: Some(format),
        columns: columns.collect(),
        sample: Sample::All,
        max_record_bytes: LONGEST_ROW,
        on_error: OnError::Fail,
    };
    SourcePlan::Files { paths: vec![file.to_owned()], table: Some(table.name.clone()), read }
}

/// Answers a host with what is read.
struct Records {
    table: Arc<Table>,
    sender: mpsc::Sender<Result<read::Response, Status>>,
}

impl Records {
    /// Whether the host still listens.
    fn answer(&self, answer: Result<read::Response, Status>) -> bool {
        self.sender.blocking_send(answer).is_ok()
    }
}

impl Outlet for Records {
    fn send(&self, message: Message) -> Result<(), Stopped> {
        let Message::Rows(rows) = message else { return Ok(()) };
        let record = restore(&self.table, &rows.batch).and_then(|batch| encoded(&batch));
        let record = record.map(|record| read::Response { record }).map_err(|error| {
            let failure =
                Failure::new(FailureKind::Input, format!("table {} can't be read back: {error}", self.table.name));
            Status::unimplemented(description(&failure))
        });
        let is_record = record.is_ok();
        if self.answer(record) && is_record { Ok(()) } else { Err(Stopped) }
    }

    fn is_stopped(&self) -> bool {
        self.sender.is_closed()
    }
}
