//! `lakeward init --record`: what happens in a session, for whoever is to see why it went wrong. Written as it happens, so that it is
//! there whatever ends the session.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    time::SystemTime,
};

use lakeward_core::failure::{Failure, FailureKind};
use lakeward_wizard::{Event, Start, record};

use super::world::Events;
use crate::console::shown;

/// A file to which a session is written.
pub(crate) struct Recorder {
    file: File,
    name: String,
}

impl Recorder {
    /// Makes the file, which nobody else may read, and writes with what the session begins.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when it is there already or can't be made.
    pub(crate) fn create(path: &Path, begin: &Start, now: SystemTime) -> Result<Self, Failure> {
        let name = shown(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let created = options.open(path).and_then(|mut file| {
            file.write_all(record::opening(begin, now).as_bytes())?;
            Ok(file)
        });
        match created {
            Ok(file) => Ok(Self { file, name }),
            Err(error) => {
                let next = if error.kind() == io::ErrorKind::AlreadyExists {
                    "name a file that is not there yet: what is there stays as it is"
                } else {
                    "name a file in a folder that this user can write"
                };
                let what = format!("the session can't be recorded in {name}: {error}");
                Err(Failure::new(FailureKind::Usage, what).next(next))
            }
        }
    }

    /// Writes what has happened; the recorder itself, unless that failed, which the person is told.
    pub(crate) fn kept(mut self, lines: &str, events: &Events) -> Option<Self> {
        match self.file.write_all(lines.as_bytes()) {
            Ok(()) => Some(self),
            Err(error) => {
                events.send(Event::Note(format!("{} holds no more of this session: {error}", self.name)));
                None
            }
        }
    }
}
