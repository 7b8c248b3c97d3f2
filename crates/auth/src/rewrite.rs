//! A text file that was read, shown to a person with a change, and is to be written only if it still is what was read. The old one
//! stays beside it.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use lakeward_core::failure::Failure;

use crate::replace::{followed, lock, replace_like, replace_open};

/// How long another process may hold the file's lock.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// A file's text, before and after.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<'a> {
    /// The file. A link stays a link: what it names is written.
    pub path: &'a Path,
    /// What was read; nothing where there was no file.
    pub before: Option<&'a str>,
    /// What is to be there.
    pub after: &'a str,
    /// What is appended to the file's name for the copy of the old one, such as `.bak`.
    pub backup: &'a str,
    /// The file whose lock keeps other processes away.
    pub lock: &'a Path,
    /// Whether a new file is for whoever the system lets read new files, and not for this user alone.
    pub open: bool,
}

/// Why nothing was written: the file is what it was.
#[derive(Debug)]
pub enum RewriteError {
    /// Somebody else changed it meanwhile.
    Changed,
    /// Another process is at it.
    Locked(Failure),
    /// It can't be read or written.
    Io(io::Error),
}

impl Rewrite<'_> {
    /// Writes the file, if it still is what was read, and returns the path of the copy of the old one. Whatever happens on the way,
    /// the file is either the old one or the new one, whole; its owner and mode stay what they are.
    ///
    /// # Errors
    /// See [`RewriteError`].
    pub async fn carry_out(&self) -> Result<Option<PathBuf>, RewriteError> {
        let path = followed(self.path);
        let _lock = lock(self.lock, LOCK_WAIT).await.map_err(|error| RewriteError::Locked(error.failure()))?;
        let there = match fs::read(&path) {
            Ok(there) => Some(there),
            Err(error) if is_absent(&error) => None,
            Err(error) => return Err(RewriteError::Io(error)),
        };
        if there.as_deref() != self.before.map(str::as_bytes) {
            return Err(RewriteError::Changed);
        }
        let backup = self.before.map(|before| (beside(&path, self.backup), before));
        if let Some((backup, before)) = &backup {
            replace_like(backup, &path, before.as_bytes()).map_err(RewriteError::Io)?;
        }
        match (&backup, self.open) {
            (None, true) => replace_open(&path, self.after.as_bytes()),
            _ => replace_like(&path, &path, self.after.as_bytes()),
        }
        .map_err(RewriteError::Io)?;
        Ok(backup.map(|(backup, _)| backup))
    }
}

/// Replaces a file that nobody else writes, for this user alone; its folder is made where it is not there.
///
/// # Errors
/// When it can't be written; then it is what it was.
pub fn keep_private(path: &Path, content: &str) -> io::Result<()> {
    crate::replace::replace(path, content.as_bytes())
}

/// The path of a file with something appended to its name.
pub(crate) fn beside(path: &Path, end: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(end);
    path.with_file_name(name)
}

/// Whether there is no file: also below something that is no folder, as `/dev/null/x` is.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_somebody_else_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (path, lock) = (folder.path().join("new/lakeward.toml"), folder.path().join("state/lock"));
        let rewrite = |before, after| Rewrite { path: &path, before, after, backup: ".bak", lock: &lock, open: true };
        assert_eq!(rewrite(None, "one").carry_out().await.unwrap(), None);
        assert!(matches!(rewrite(None, "two").carry_out().await, Err(RewriteError::Changed)));
        let backup = rewrite(Some("one"), "two").carry_out().await.unwrap().unwrap();
        assert_eq!(backup, folder.path().join("new/lakeward.toml.bak"));
        assert_eq!(
            (fs::read_to_string(&path).unwrap(), fs::read_to_string(backup).unwrap()),
            ("two".into(), "one".into())
        );
        assert!(matches!(rewrite(Some("one"), "three").carry_out().await, Err(RewriteError::Changed)));
        fs::remove_file(&path).unwrap();
        assert!(matches!(rewrite(Some("two"), "three").carry_out().await, Err(RewriteError::Changed)));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_to_a_file_that_is_not_there_yet_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::os::unix::fs::symlink("real", &link).unwrap();
        let lock = folder.path().join("lock");
        let rewrite = Rewrite { path: &link, before: None, after: "x", backup: ".bak", lock: &lock, open: true };
        rewrite.carry_out().await.unwrap();
        assert_eq!(fs::read_to_string(real).unwrap(), "x");
        assert!(fs::symlink_metadata(link).unwrap().is_symlink());
    }
}
