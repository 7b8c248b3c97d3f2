//! The server: where it listens, its keys, its connections and its end.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use lakeward_core::failure::{Failure, FailureKind};
use s3s::{
    config::{S3Config, StaticConfigProvider},
    service::{S3Service, S3ServiceBuilder},
};
use secrecy::SecretString;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};
use uuid::Uuid;

use crate::{
    access::{Keys, Policy},
    aws::AccessKeys,
    calls::{Calls, Counters},
    exchange,
    service::WriteHalf,
    store::Store,
};

/// The region that requests are signed for.
const REGION: &str = "us-east-1";

/// Connections served at once; more of them wait to be accepted.
const MAX_CONNECTIONS: usize = 256;

/// The most that is read from a connection at once: with the pieces that wait for the disk, the memory of a request. (Of a
/// body in aws-chunked, `s3s` holds one chunk as a whole, to verify its signature; SDKs make them of 64 KiB or so.)
const READ_BUFFER: usize = 256 * 1024;

/// How long a connection may take for the head of a request. It counts from the last answer, so it is longer than the 90 s
/// for which HTTP clients keep idle connections: the client is the one to close them.
const HEAD_TIMEOUT: Duration = Duration::from_secs(120);

/// The longest XML body (the parts of `CompleteMultipartUpload`): 10,000 parts with checksums are about 4 MB.
const MAX_XML: usize = 8 * 1024 * 1024;

/// What an embedded S3 serves and how.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The folder under which an object is the file `bucket/key`; it is made if it is not there.
    pub dir: PathBuf,
    /// The one bucket.
    pub bucket: String,
    /// What every key must begin with; other writes are denied.
    pub prefix: String,
    /// Keys that are accepted beside the server's own while they are good, as those that
    /// [`LoopbackAws`](crate::aws::LoopbackAws::access_keys) gives out. Those that are over, unknown, or come with another
    /// token than theirs are refused as S3 refuses them.
    pub access_keys: Option<AccessKeys>,
    /// Whether even aborting a multipart upload is denied, as where only `s3:PutObject` is granted.
    pub strict_abort: bool,
    /// How long a body may make no progress.
    pub body_timeout: Duration,
    /// How many bytes this process may write, replaced objects included, before it answers that the disk is full.
    /// `None` leaves that to the disk.
    pub capacity: Option<u64>,
    /// How long [`EmbeddedS3::stop`] waits for requests in flight.
    pub stop_timeout: Duration,
}

impl Options {
    /// A server for writes to `prefix` of a bucket below `dir`: aborts allowed, 30 s for a body without progress, no limit
    /// but the disk's.
    pub fn new(dir: impl Into<PathBuf>, bucket: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            dir: dir.into(),
            bucket: bucket.into(),
            prefix: prefix.into(),
            access_keys: None,
            strict_abort: false,
            body_timeout: Duration::from_secs(30),
            capacity: None,
            stop_timeout: Duration::from_secs(10),
        }
    }
}

/// An S3 server in this process, on 127.0.0.1 with a free port and random keys. Dropping it ends it at once;
/// [`Self::stop`] lets it finish what it is doing.
#[derive(Debug)]
pub struct EmbeddedS3 {
    endpoint: String,
    access_key_id: String,
    secret_access_key: SecretString,
    counters: Arc<Counters>,
    stopping: watch::Sender<bool>,
    stop_timeout: Duration,
    listening: JoinHandle<JoinSet<()>>,
    // Last, so that its temporary folder goes after everything that writes.
    store: Arc<Store>,
}

impl EmbeddedS3 {
    /// Makes the folders and begins to listen.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] if the bucket's name is none, [`FailureKind::Destination`] if the folder can't be written or
    /// nothing can listen on 127.0.0.1.
    pub async fn start(options: Options) -> Result<Self, Failure> {
        let Options { dir, bucket, prefix, access_keys, strict_abort, body_timeout, capacity, stop_timeout } = options;
        if !s3s::path::check_bucket_name(&bucket) {
            let what = format!("{bucket:?} can't be a bucket's name");
            let advice = "name it with 3 to 63 lower-case letters, digits, dots and hyphens";
            return Err(Failure::new(FailureKind::Usage, what).next(advice));
        }
        let opened = {
            let bucket = bucket.clone();
            tokio::task::spawn_blocking(move || Store::open(&dir, &bucket, capacity)).await
        };
        let store = Arc::new(opened.map_err(|error| Failure::new(FailureKind::Bug, error.to_string()))??);
        let listen = |error| Failure::new(FailureKind::Destination, format!("can't listen on 127.0.0.1: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(listen)?;
        let endpoint = format!("http://{}", listener.local_addr().map_err(listen)?);

        let access_key_id = format!("EMBEDDED{}", Uuid::new_v4().simple());
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let secret_access_key = SecretString::from(secret);
        let counters = Arc::new(Counters::default());
        let mut builder = S3ServiceBuilder::new(WriteHalf::new(Arc::clone(&store), Arc::clone(&counters)));
        let keys = Keys { id: access_key_id.clone(), secret: secret_access_key.clone(), others: access_keys };
        builder.set_auth(keys.clone());
        let bucket_folder = store.bucket().to_path_buf();
        builder.set_access(Policy {
            keys,
            bucket,
            prefix,
            strict_abort,
            bucket_folder,
            counters: Arc::clone(&counters),
        });
        let mut limits = S3Config::default();
        limits.xml_max_body_size = MAX_XML;
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits))));

        let (stopping, stop) = watch::channel(false);
        let server = Server { s3: builder.build(), counters: Arc::clone(&counters), body_timeout };
        let listening = tokio::spawn(server.listen(listener, stop));
        Ok(Self { endpoint, access_key_id, secret_access_key, counters, stopping, stop_timeout, listening, store })
    }

    /// Where it listens: `http://127.0.0.1:PORT`. Buckets stand in the path.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The region to sign for.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// The server's own access key's id.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The server's own access key's secret.
    pub fn secret_access_key(&self) -> &SecretString {
        &self.secret_access_key
    }

    /// What was called so far.
    pub fn calls(&self) -> Calls {
        self.counters.now()
    }

    /// Takes no more requests, finishes those in flight within the stop timeout, and removes the temporary folder.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        let Self { listening, store, stop_timeout, .. } = self;
        let Ok(mut connections) = listening.await else { return };
        let all = async {
            while connections.join_next().await.is_some() {}
            // A write whose client went away may still be ending.
            while Arc::strong_count(&store) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(stop_timeout, all).await.is_err() {
            tracing::debug!("requests in flight were cut off");
        }
        connections.shutdown().await;
        // The temporary folder goes with the last owner of the store.
        drop(tokio::task::spawn_blocking(move || drop(store)).await);
    }
}

/// What every connection shares.
#[derive(Clone)]
struct Server {
    s3: S3Service,
    counters: Arc<Counters>,
    body_timeout: Duration,
}

impl Server {
    /// Accepts connections until told to stop; hands back those that are still open.
    async fn listen(self, listener: TcpListener, mut stop: watch::Receiver<bool>) -> JoinSet<()> {
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let accepted = async {
                let permit = Arc::clone(&permits).acquire_owned().await.ok();
                (listener.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                accepted = accepted => accepted,
                () = stopped(&mut stop) => return connections,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (server, stop) = (self.clone(), stop.clone());
                    connections.spawn(async move {
                        server.serve(stream, stop).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be closed.
                    tracing::warn!(%error, "the embedded S3 can't accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn serve(self, stream: TcpStream, mut stop: watch::Receiver<bool>) {
        // Answers are small and awaited.
        drop(stream.set_nodelay(true));
        let answer = service_fn(|request: hyper::Request<Incoming>| {
            exchange::answer(&self.s3, &self.counters, self.body_timeout, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(READ_BUFFER)
            .serve_connection(TokioIo::new(stream), answer);
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection to the embedded S3 broke off");
        }
    }
}

/// Waits until the server is told to stop, or is dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}
