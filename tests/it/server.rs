//! S3 servers in this process, for the program to reach over the network.

use std::path::PathBuf;

use lakeward_loopback::{EmbeddedS3, Options};
use lakeward_testkit::{Home, HomeCommand};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use crate::{landed, program};

/// The key prefix of [`destination`].
pub(crate) const PREFIX: &str = "raw/";

/// A destination at an endpoint that needs no region and no DNS, with further lines.
pub(crate) fn destination(endpoint: &str, more: &str) -> String {
    format!(
        "bucket = \"test\"\nendpoint = \"{endpoint}\"\nuse_path_style = true\n\
         path = \"{PREFIX}{{{{TABLE}}}}/{{{{UUID}}}}.{{{{FORMAT}}}}\"\n{more}\n"
    )
}

/// `lakeward` against an endpoint, with any keys in its environment.
#[track_caller]
pub(crate) fn sync<'home>(home: &'home Home, endpoint: &str, more: &str, source: &str) -> HomeCommand<'home> {
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
    home.secret(secret);
    let command = program::sync(home, &destination(endpoint, more), source);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", secret)
}

/// An S3 server with a folder of its own.
pub(crate) struct Server {
    pub(crate) s3: EmbeddedS3,
    folder: TempDir,
    bucket: String,
}

impl Server {
    /// One that takes what [`destination`] writes.
    pub(crate) async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// One with other options.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path(), "test", PREFIX);
        change(&mut options);
        let bucket = options.bucket.clone();
        Self { s3: EmbeddedS3::start(options).await.unwrap(), folder, bucket }
    }

    pub(crate) fn secret(&self) -> &str {
        self.s3.secret_access_key().expose_secret()
    }

    /// Gives a command this server's keys, in the environment.
    pub(crate) fn keys<'home>(&self, home: &Home, command: HomeCommand<'home>) -> HomeCommand<'home> {
        home.secret(self.secret());
        command.env("AWS_ACCESS_KEY_ID", self.s3.access_key_id()).env("AWS_SECRET_ACCESS_KEY", self.secret())
    }

    /// `lakeward` against this server.
    #[track_caller]
    pub(crate) fn sync<'home>(&self, home: &'home Home, more: &str, source: &str) -> HomeCommand<'home> {
        self.keys(home, program::sync(home, &destination(self.s3.endpoint(), more), source))
    }

    /// The folder of the bucket.
    pub(crate) fn bucket(&self) -> PathBuf {
        self.folder.path().join(&self.bucket)
    }

    /// The keys of all objects, in order.
    pub(crate) fn objects(&self) -> Vec<String> {
        landed::keys(&self.bucket())
    }
}
