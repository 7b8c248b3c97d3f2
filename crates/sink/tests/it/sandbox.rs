//! A sink with an embedded S3 of its own, and what it wrote.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use arrow_array::{Int64Array, RecordBatch, cast::AsArray, types::Int64Type};
use arrow_schema::{DataType, Field, Schema};
use lakeward_auth::{HttpClientOptions, http_client, known_keys};
use lakeward_core::{
    batch::ClosePolicy,
    budget::Budget,
    event::{Event, Observer},
    key::Template,
    message::{Message, Outlet, Rows},
    plan::{
        Compression, DestinationPlan, FormatPlan, ObjectPlan, ParquetPlan, ParquetVersion, RetryPlan, S3Plan, Storage,
    },
    table::{Table, TableName},
};
use lakeward_loopback::{EmbeddedS3, Options};
use lakeward_sink::{Bucket, BucketOptions, Landing, SinkOptions, SinkOutlet};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use uuid::Uuid;

pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    pub(crate) server: EmbeddedS3,
    /// Where requests go instead of to the server itself.
    pub(crate) endpoint: Option<String>,
    pub(crate) s3: S3Plan,
    pub(crate) region: Option<String>,
    pub(crate) budget: Budget,
    pub(crate) destination: DestinationPlan,
    pub(crate) events: Arc<Events>,
}

#[derive(Default)]
pub(crate) struct Events(Mutex<Vec<Event>>);

impl Observer for Events {
    fn on(&self, event: &Event) {
        self.0.lock().expect("no panic").push(event.clone());
    }
}

impl Events {
    pub(crate) fn landed(&self) -> usize {
        self.0.lock().expect("no panic").iter().filter(|event| matches!(event, Event::ObjectLanded { .. })).count()
    }
}

impl Sandbox {
    /// A sink that may write below `raw/`.
    pub(crate) async fn new(path: &str, close: ClosePolicy) -> Self {
        Self::with(path, close, |_| ()).await
    }

    /// The same on a server with other options.
    pub(crate) async fn with(path: &str, close: ClosePolicy, change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut options = Options::new(folder.path().join("lake"), "bucket", "raw/");
        change(&mut options);
        let server = EmbeddedS3::start(options).await.expect("a server");
        let destination = DestinationPlan {
            storage: Storage::Embedded { dir: folder.path().join("lake") },
            bucket: "bucket".into(),
            path: Template::parse(path).expect("a template"),
            format: FormatPlan::Parquet(ParquetPlan {
                compression: Compression::None,
                version: ParquetVersion::V2_6,
                max_row_group_length: 1 << 20,
            }),
            athena: false,
            write_empty_objects: false,
            object: ObjectPlan::default(),
            close,
            no_rotate: !path.contains("UUID"),
            retry: RetryPlan {
                deadline: std::time::Duration::from_secs(20),
                most_tries: None,
                longest_pause: std::time::Duration::from_secs(20),
            },
            part_size: 64 << 20,
        };
        Self {
            folder,
            region: Some(server.region().to_owned()),
            server,
            endpoint: None,
            s3: S3Plan { use_path_style: Some(true), ..S3Plan::default() },
            budget: Budget::new(32 << 20),
            destination,
            events: Arc::default(),
        }
    }

    pub(crate) fn start(&self) -> (SinkOutlet, Landing) {
        let bucket = Bucket::new(BucketOptions {
            destination: &self.destination,
            s3: &S3Plan {
                endpoint: Some(self.endpoint.clone().unwrap_or_else(|| self.server.endpoint().to_owned())),
                ..self.s3.clone()
            },
            region: self.region.clone(),
            renew: None,
            credentials: known_keys(self.server.access_key_id(), self.server.secret_access_key()),
            http: http_client(&HttpClientOptions::default()).expect("a client"),
        });
        let options = SinkOptions {
            bucket,
            destination: self.destination.clone(),
            spool_dir: self.spool_dir(),
            budget: self.budget.clone(),
            run: Uuid::now_v7(),
        };
        lakeward_sink::start(options, self.events.clone()).expect("a sink")
    }

    /// The server's address, for a proxy in front of it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.endpoint().trim_start_matches("http://").parse().expect("an address")
    }

    pub(crate) fn spool_dir(&self) -> PathBuf {
        self.folder.path().join("state/spool")
    }

    /// Calls that the server denied.
    pub(crate) fn denied(&self) -> u64 {
        self.server.calls().denied
    }

    /// The values of every object, by key.
    pub(crate) fn objects(&self) -> BTreeMap<String, Vec<i64>> {
        let root = self.folder.path().join("lake/bucket");
        let mut files = Vec::new();
        walk(&root, &mut files);
        let values = |path: &Path| {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("open")).expect("Parquet");
            let batches = reader.build().expect("a reader").map(|batch| batch.expect("readable"));
            batches.flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
        };
        let key = |path: &Path| path.strip_prefix(&root).expect("below").display().to_string();
        files.iter().map(|path| (key(path), values(path))).collect()
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

/// The table `name` with one column of integers.
pub(crate) fn table(name: &str) -> Arc<Table> {
    let schema = Schema::new(vec![Field::new("n", DataType::Int64, true)]);
    Arc::new(Table { name: TableName::new(name).expect("a name"), schema: Arc::new(schema) })
}

/// A source by hand: it runs on a thread that may block.
pub(crate) async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

/// Sends rows with these values.
pub(crate) fn send(outlet: &SinkOutlet, budget: &Budget, table: &Table, values: std::ops::Range<i64>) {
    let array = Int64Array::from_iter_values(values);
    let batch = RecordBatch::try_new(table.schema.clone(), vec![Arc::new(array)]).expect("a batch");
    let memory = budget.reserve(batch.get_array_memory_size() as u64);
    outlet.send(Message::Rows(Rows { table: table.name.clone(), batch, memory })).expect("the run goes on");
}
