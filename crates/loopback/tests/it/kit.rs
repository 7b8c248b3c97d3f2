//! What the tests share: a server on a folder of its own, and clients for it.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::Builder;
use lakeward_loopback::{EmbeddedS3, Options};
use secrecy::ExposeSecret;
use tempfile::TempDir;

pub(crate) const BUCKET: &str = "lake";
pub(crate) const PREFIX: &str = "out/";

/// A server that writes to `out/` of the bucket `lake` in a folder of its own.
pub(crate) struct Fixture {
    pub(crate) server: EmbeddedS3,
    pub(crate) client: Client,
    dir: PathBuf,
    /// What is beside `dir` is nobody else's.
    _around: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let around = tempfile::tempdir().expect("a folder");
        let dir = around.path().join("root");
        let mut options = Options::new(&dir, BUCKET, PREFIX);
        change(&mut options);
        let server = EmbeddedS3::start(options).await.expect("a server");
        let client = client(&server);
        Self { server, client, dir, _around: around }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file of a key.
    pub(crate) fn file(&self, key: &str) -> PathBuf {
        self.dir().join(BUCKET).join(key)
    }

    pub(crate) fn read(&self, key: &str) -> Option<Vec<u8>> {
        fs::read(self.file(key)).ok()
    }

    /// Every file and folder below the bucket.
    pub(crate) fn listing(&self) -> Vec<String> {
        let (mut found, mut folders) = (Vec::new(), vec![self.dir().join(BUCKET)]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
                let name = entry.strip_prefix(self.dir().join(BUCKET)).expect("below the bucket");
                found.push(name.to_string_lossy().into_owned());
                if entry.is_dir() {
                    folders.push(entry);
                }
            }
        }
        found.sort();
        found
    }

    /// Files in this process's temporary folder, without its lock.
    pub(crate) fn temporary(&self) -> usize {
        let folders = fs::read_dir(self.dir()).expect("the folder").map(|entry| entry.expect("an entry").path());
        let folders = folders.filter(|path| path.to_string_lossy().contains("/.tmp-"));
        folders.map(|folder| fs::read_dir(folder).expect("a folder").count() - 1).sum()
    }

    /// Waits, within bounds, until nothing temporary is left: an answer may be out before its file is gone.
    pub(crate) async fn nothing_temporary(&self) {
        for _ in 0..200 {
            if self.temporary() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} temporary files are left", self.temporary());
    }
}

pub(crate) fn client(server: &EmbeddedS3) -> Client {
    let keys = Credentials::new(
        server.access_key_id(),
        server.secret_access_key().expose_secret(),
        None,
        None,
        "the embedded S3",
    );
    client_with(server, keys)
}

pub(crate) fn client_with(server: &EmbeddedS3, keys: Credentials) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(keys)
        .region(Region::new(server.region()))
        .endpoint_url(server.endpoint())
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .http_client(Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// The status and the code of a refused call.
pub(crate) fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E>>,
) -> (u16, String) {
    match result.expect_err("a refusal") {
        SdkError::ServiceError(error) => {
            let code = error.err().code().unwrap_or_default().to_owned();
            (error.raw().status().as_u16(), code)
        }
        other => panic!("no answer: {other:?}"),
    }
}
