//! Writing the config: under a lock, only if it is what was read, whole or not at all.

use std::{fs, io};

use lakeward_auth::{Rewrite, RewriteError};
use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{Trouble, Writing};

use super::world::{World, trouble};
use crate::console::shown;

/// Writes it, and says what was written and where. `asks`: whether a person was asked for the answers.
pub(crate) async fn write(writing: &Writing, world: &World, asks: bool) -> Result<String, Trouble> {
    let file = shown(&writing.file);
    // A misspelt path becomes a folder.
    let folder = writing.file.parent().filter(|folder| !folder.exists()).map(shown);
    let lock = world.state_dir.join("init.lock");
    let rewrite = Rewrite {
        path: &writing.file,
        before: writing.before.as_deref(),
        after: &writing.text,
        backup: ".bak",
        lock: &lock,
        open: true,
    };
    match rewrite.carry_out().await {
        Ok(None) => Ok(match folder {
            Some(folder) => format!("Wrote {file}, and made the folder {folder} for it"),
            None => format!("Wrote {file}"),
        }),
        Ok(Some(backup)) => Ok(format!("Wrote {file}; as it was it is kept as {}", shown(&backup))),
        Err(error) => Err(trouble(&failure(error, &file, writing.before.is_some(), asks))),
    }
}

/// What is there now, where that is something else than was read: nothing where the file is gone.
pub(crate) fn changed(writing: &Writing) -> Option<Option<String>> {
    let now = match fs::read_to_string(&writing.file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        // Nothing can be said of it.
        Err(_) => return None,
    };
    (now != writing.before).then_some(now)
}

fn failure(error: RewriteError, file: &str, is_there: bool, asks: bool) -> Failure {
    match error {
        RewriteError::Locked(failure) => failure,
        RewriteError::Changed => {
            let what = format!("{file} was changed by another program since it was read, so it is left as it is");
            Failure::new(FailureKind::Usage, what)
                .next("look at what would change now, and write it again: the answers are kept")
        }
        RewriteError::Io(error) => {
            let is_full = matches!(
                error.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
            );
            // Else it is the file that was named, as of other commands that write a config.
            let kind = if is_full { FailureKind::Partial } else { FailureKind::Usage };
            let is_no_folder = matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory);
            let mend = match (is_full, is_no_folder) {
                (true, _) => "make room there and write it again",
                (_, true) => "a part of its path is a file and no folder: move that away",
                _ => "let this user write the folder",
            };
            let elsewhere = match asks {
                true => {
                    "write it elsewhere: the page Command has all answers as flags, to which --config OTHER can be added"
                }
                false => "write another file with --config",
            };
            let as_it_was = if is_there { ", and is what it was" } else { "" };
            Failure::new(kind, format!("{file} can't be written{as_it_was}: {}", cause(&error)))
                .next(format!("{mend}, or {elsewhere}"))
        }
    }
}

/// Why, without the name of the file that was to be put in its place.
fn cause(error: &io::Error) -> String {
    if error.get_ref().is_some() { error.kind().to_string() } else { error.to_string() }
}
