//! A changed AWS file, which can be shown before it is written.

use std::{
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use similar::{ChangeTag, TextDiff};

use super::{
    AwsFiles,
    edit::{Edit, EditError, Of},
    text, unreadable,
};
use crate::{
    replace::followed,
    rewrite::{Rewrite, RewriteError, beside},
};

/// How many lines around a change are shown.
const CONTEXT: usize = 3;

/// Lines with one of these words may hold a secret.
const SECRET: [&str; 3] = ["secret", "token", "password"];

/// A file of the AWS tools as it would be. Nothing is written yet.
pub struct Changed {
    path: PathBuf,
    /// What was read; nothing where there is no file.
    before: Option<String>,
    after: String,
}

impl AwsFiles {
    /// The files that these changes change, as they would be.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when a file can't be read, or a change can't be put into words that every AWS tool reads so.
    pub(crate) fn changed(&self, edits: &[Edit]) -> Result<Vec<Changed>, Failure> {
        let mut changed = Vec::new();
        for (path, in_credentials) in [(&self.config_path, false), (&self.credentials_path, true)] {
            let edits: Vec<&Edit> =
                edits.iter().filter(|edit| matches!(edit.of, Of::Keys(_)) == in_credentials).collect();
            if edits.is_empty() {
                continue;
            }
            if path.as_os_str().is_empty() {
                let what = "there is no home folder, and so no AWS files to change";
                return Err(Failure::new(FailureKind::Denied, what).next("set HOME"));
            }
            let before = text(path).map_err(|broken| broken.failure(FailureKind::Denied))?;
            let mut after = before.clone().unwrap_or_default();
            for edit in edits {
                after = edit.apply(&after).map_err(|error| failure(path, &error))?;
            }
            if before.as_ref() != Some(&after) {
                changed.push(Changed { path: path.clone(), before, after });
            }
        }
        Ok(changed)
    }
}

fn failure(path: &Path, error: &EditError) -> Failure {
    match error {
        EditError::Unreadable(errors) => unreadable(path, errors).failure(FailureKind::Denied),
        EditError::Unsayable { section } => {
            let path = printable(&path.display().to_string()).into_owned();
            let what =
                format!("[{}] of {path} can't be changed so that the AWS tools read what is meant", printable(section));
            Failure::new(FailureKind::Denied, what)
                .next("see whether [DEFAULT] of the file sets the same keys, and that the names hold no line end")
        }
    }
}

impl Changed {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What would change, as a unified diff for people: values that may be secret are left out, and nothing in it steers a
    /// terminal.
    #[must_use]
    pub fn diff(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        let name = printable(&self.path.display().to_string()).into_owned();
        let from = if self.before.is_some() { name.as_str() } else { "/dev/null" };
        let mut text = format!("--- {from}\n+++ {name}\n");
        let diff = TextDiff::from_lines(before, self.after.as_str());
        for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
            let _ = writeln!(text, "{}", hunk.header());
            for change in hunk.iter_changes() {
                let sign = match change.tag() {
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                    ChangeTag::Equal => ' ',
                };
                let _ = writeln!(text, "{sign}{}", shown(change.value().trim_end_matches(['\r', '\n'])));
            }
        }
        text
    }

    /// Writes the file, if it still is what was read; the old one stays beside it, and its path is returned. Whatever happens on
    /// the way, the file is either the old one or the new one, whole; a link stays a link, and the mode stays what it is.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when the file has changed meanwhile, another process is at it, or it can't be written.
    pub async fn write(&self) -> Result<Option<PathBuf>, Failure> {
        let lock = beside(&followed(&self.path), ".lakeward.lock");
        let rewrite = Rewrite {
            path: &self.path,
            before: self.before.as_deref(),
            after: &self.after,
            backup: ".lakeward.bak",
            lock: &lock,
            open: false,
        };
        rewrite.carry_out().await.map_err(|error| match error {
            RewriteError::Locked(failure) => failure,
            RewriteError::Changed => {
                let what = format!("{} was changed by another program meanwhile, so it is left as it is", self.shown());
                Failure::new(FailureKind::Denied, what).next("run the same command again")
            }
            RewriteError::Io(error) => {
                let what = format!("{} can't be written, and is what it was: {error}", self.shown());
                Failure::new(FailureKind::Denied, what).next(format!(
                    "let this user write the folder (or make room there), or make the change by hand:\n{}",
                    self.diff().trim_end()
                ))
            }
        })
    }

    fn shown(&self) -> String {
        printable(&self.path.display().to_string()).into_owned()
    }
}

/// A line without what may be secret in it.
fn shown(line: &str) -> String {
    let line = printable(line);
    let is_secret = |line: &str| SECRET.iter().any(|word| line.to_lowercase().contains(word));
    match line.split_once(['=', ':']) {
        Some((key, value)) if is_secret(key) && !value.trim().is_empty() => format!("{key}= (not shown)"),
        _ => line.into_owned(),
    }
}

impl fmt::Debug for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::environment::Environment;

    fn files(home: &Path) -> AwsFiles {
        AwsFiles::read(&Environment::new([("A", "x")], Some(home.into()))).unwrap()
    }

    #[tokio::test]
    async fn a_change_is_shown_then_written_and_the_old_file_stays_beside() {
        let home = tempfile::tempdir().unwrap();
        let (config, credentials) = (home.path().join(".aws/config"), home.path().join(".aws/credentials"));
        let edits = [
            Edit::new(Of::Profile("p".into())).set("region", "eu-west-1"),
            Edit::new(Of::Keys("k".into())).set("aws_access_key_id", "AKID").set("aws_secret_access_key", "hidden"),
        ];
        let changed = files(home.path()).changed(&edits).unwrap();
        let diffs: Vec<String> = changed.iter().map(Changed::diff).collect();
        assert!(
            diffs[0].starts_with("--- /dev/null\n+++ ") && diffs[0].ends_with("\n+[profile p]\n+region = eu-west-1\n")
        );
        assert!(
            diffs[1].ends_with("+aws_access_key_id = AKID\n+aws_secret_access_key = (not shown)\n"),
            "{}",
            diffs[1]
        );
        assert!(!home.path().join(".aws").exists(), "nothing is written before");
        for changed in changed {
            assert_eq!(changed.write().await.unwrap(), None);
        }
        assert!(files(home.path()).changed(&edits).unwrap().is_empty());
        let old = fs::read_to_string(&credentials).unwrap();
        let [changed] = files(home.path())
            .changed(&[Edit::new(Of::Keys("k".into())).set("aws_secret_access_key", "other")])
            .unwrap()
            .try_into()
            .unwrap();
        assert!(
            changed.diff().contains("-aws_secret_access_key = (not shown)\n+aws_secret_access_key = (not shown)\n")
        );
        let backup = changed.write().await.unwrap().unwrap();
        assert_eq!(
            (fs::read_to_string(backup).unwrap(), fs::read_to_string(credentials).unwrap()),
            (old.clone(), old.replace("hidden", "other"))
        );
        // Somebody else was faster.
        let again = [Edit::new(Of::Profile("p".into())).set("region", "eu-west-3")];
        let [changed] = files(home.path()).changed(&again).unwrap().try_into().unwrap();
        fs::write(&config, "[default]\n").unwrap();
        let failure = changed.write().await.unwrap_err();
        assert!(failure.what.contains("was changed by another program meanwhile"), "{failure}");
        assert_eq!(fs::read_to_string(config).unwrap(), "[default]\n");
    }
}
