//! The caches that the AWS tools share: one JSON file each. Several programs read and write them at once, so a file is always
//! replaced as a whole, under a lock, after it was read again; keys that are not known here stay.

pub(crate) mod sso_token;
pub(crate) mod sso_registration;
pub(crate) mod login_token;
pub(crate) mod role;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_smithy_types::{DateTime, date_time::Format};
use lakeward_core::untrusted::printable;
use serde_json::{Map, Value};

use crate::{
    error::SourceError,
    replace::{self, Lock},
};

/// What a file holds.
pub(crate) type Content = Map<String, Value>;

/// The most bytes of a file: the AWS tools' are below 20 KiB.
const MOST_BYTES: u64 = 1 << 20;

/// One file of a cache.
#[derive(Clone, Debug)]
pub(crate) struct CacheFile {
    path: PathBuf,
}

impl CacheFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file as a message names it.
    pub(crate) fn shown(&self) -> String {
        printable(&self.path.display().to_string()).into_owned()
    }

    /// What the file holds; nothing where there is none.
    ///
    /// # Errors
    /// When it is there and is no JSON object.
    pub(crate) fn read(&self) -> Result<Option<Content>, String> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(format!("{} can't be read: {error}", self.shown())),
        };
        match serde_json::from_reader(io::Read::take(file, MOST_BYTES)) {
            Ok(Value::Object(content)) => Ok(Some(content)),
            // Not the parser's own words: they may quote the file.
            _ => Err(format!("{} is damaged: it holds no JSON object", self.shown())),
        }
    }

    /// Waits for the lock, at most so long. Nothing when the folder can't be written: then the file can't be either.
    ///
    /// # Errors
    /// When another process holds it all the while. Nothing may be renewed then: that process may be about to write, and a
    /// refresh token may be good for one renewal only.
    pub(crate) async fn lock(&self, wait: Duration) -> Result<Option<Lock>, SourceError> {
        replace::lock(&self.path.with_extension("lock"), wait).await
    }

    /// Why there is no lock, where it was not waited for.
    fn why_unlocked(&self) -> io::Error {
        replace::open_lock(&self.path.with_extension("lock"))
            .err()
            .unwrap_or_else(|| io::Error::other("it has no lock"))
    }

    /// Replaces the file. Whatever happens on the way, the file is either the old one or the new one, whole.
    pub(crate) fn write(&self, content: &Content) -> io::Result<()> {
        replace::replace(&self.path, serde_json::to_string(content)?.as_bytes())
    }

    /// Removes the file; false if it was not there. What was left of others goes with it.
    pub(crate) fn remove(&self) -> io::Result<bool> {
        replace::sweep(self.path.parent().unwrap_or(Path::new("/")));
        match fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The content of a file that this process and others renew. What could not be written is kept: its refresh token is good, the
/// file's may not be any more.
#[derive(Debug)]
pub(crate) struct Renewed {
    expiry: fn(&Content) -> Option<SystemTime>,
    unwritten: Mutex<Option<Content>>,
}

impl Renewed {
    pub(crate) fn new(expiry: fn(&Content) -> Option<SystemTime>) -> Self {
        Self { expiry, unwritten: Mutex::default() }
    }

    /// What expires last: what the file holds, or what could not be written to it.
    pub(crate) fn read(&self, file: &CacheFile) -> Result<Option<Content>, String> {
        let unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(match (file.read()?, unwritten) {
            (Some(content), Some(unwritten)) if (self.expiry)(&content) < (self.expiry)(&unwritten) => Some(unwritten),
            (content, unwritten) => content.or(unwritten),
        })
    }

    /// Writes what was renewed, if its lock is held. `sign_in` is what a person does once it is lost.
    pub(crate) fn write(&self, file: &CacheFile, lock: Option<&Lock>, content: &Content, sign_in: &str) {
        let written = match lock {
            Some(_) => file.write(content),
            None => Err(file.why_unlocked()),
        };
        if let Err(error) = &written {
            tracing::warn!(
                "{} can't be written: {error}. This run goes on with the renewed sign-in, but the one in the file may be good no \
                 longer: make room there and let this user write it, and after this run {sign_in}",
                file.shown()
            );
        }
        *self.unwritten.lock().unwrap_or_else(PoisonError::into_inner) = written.is_err().then(|| content.clone());
    }
}

/// A time as the AWS CLI writes it: whole seconds in UTC.
pub(crate) fn written(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
}

/// The lower-case hexadecimal digits of a digest.
pub(crate) fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A string of a file.
pub(crate) fn text<'a>(content: &'a Content, key: &str) -> Option<&'a str> {
    content.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_file_is_replaced_as_a_whole_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = CacheFile::new(folder.path().join("sso/cache/x.json"));
        assert_eq!(file.read(), Ok(None));
        let lock = file.lock(WAIT).await.unwrap();
        assert!(lock.is_some());
        let content: Content = serde_json::from_str(r#"{"b": 1, "a": {"c": "é"}}"#).unwrap();
        file.write(&content).unwrap();
        assert_eq!(file.read(), Ok(Some(content)));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&folder.path().join("sso/cache")), 0o700);
            assert_eq!(mode(&folder.path().join("sso/cache/x.json")), 0o600);
            assert_eq!(mode(&folder.path().join("sso/cache/x.lock")), 0o600);
        }
        for damaged in ["", "{", "[1]", "SQLite format 3\0", "{\"secret\": \"x"] {
            fs::write(folder.path().join("sso/cache/x.json"), damaged).unwrap();
            assert!(file.read().is_err_and(|error| error.ends_with("x.json is damaged: it holds no JSON object")));
        }
    }

    #[tokio::test]
    async fn a_lock_that_another_holds_is_waited_for_and_never_taken_as_had() {
        let folder = tempfile::tempdir().unwrap();
        let file = CacheFile::new(folder.path().join("x.json"));
        let held = file.lock(WAIT).await.unwrap();
        let error = file.lock(Duration::from_millis(50)).await.unwrap_err();
        assert!(error.what.contains("x.lock for 0 s") && error.next.contains("lsof"), "{error}");
        let (freed, got) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                drop(held);
                Instant::now()
            },
            async { file.lock(WAIT).await.map(|lock| (lock, Instant::now())) },
        );
        let (lock, at) = got.unwrap();
        assert!(lock.is_some() && at >= freed);
    }

    #[test]
    fn times_are_written_as_the_aws_cli_writes_them() {
        assert_eq!(written(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900)), "2023-11-14T22:13:20Z");
    }
}
