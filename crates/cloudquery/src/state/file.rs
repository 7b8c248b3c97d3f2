//! A state's file. It is read when a run begins, and takes another's place whole when it is saved.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use lakeward_core::untrusted::printable;
use serde::{Deserialize, Serialize};

use super::{LARGEST, State};

/// The version of the file's format.
const VERSION: u32 = 1;

/// Why a state can't be read or saved.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// Another run works with it.
    #[error("another run is using the state {0}")]
    InUse(String),
    /// It can't be read.
    #[error("the state {path} can't be read: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
    /// It can't be written.
    #[error("the state {path} can't be saved: {cause}")]
    Unwritable {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

/// The file of one source's state, which no other run can open until this is dropped.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    /// Whose it is, for a person who looks into it.
    source: String,
    state: State,
}

impl StateFile {
    /// Opens the state at this path, which need not be there yet.
    ///
    /// # Errors
    /// When another run has it open, or it can't be read.
    pub fn open(path: PathBuf) -> Result<(Self, State), StateFileError> {
        let unwritable = |cause| StateFileError::Unwritable { path: shown(&path), cause };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(unwritable)?;
        }
        let lock = File::options().create(true).truncate(false).write(true).open(path.with_extension("lock"));
        let lock = lock.map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateFileError::InUse(shown(&path))),
            Err(TryLockError::Error(cause)) => return Err(unwritable(cause)),
        }
        let state = read(&path).map_err(|cause| StateFileError::Unreadable { path: shown(&path), cause })?;
        Ok((Self { path, _lock: lock }, state))
    }

    /// Puts a state into its place, whole or not at all.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn save(&self, source: &str, state: State) -> Result<(), StateFileError> {
        let content = Content { version: VERSION, source: source.to_owned(), state };
        self.write(&content).map_err(|cause| StateFileError::Unwritable { path: shown(&self.path), cause })
    }

    fn write(&self, content: &Content) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        // Open to its owner alone: keys and values are the plugin's, and may tell what it read.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, content)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // That the name is there is the folder's content. Where folders can't be opened, it is as sure as it gets.
        if let Ok(folder) = File::open(folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<State> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        file => file?,
    };
    // JSON writes a byte with six at the most.
    if file.metadata()?.len() > 8 * LARGEST as u64 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too large to be one"));
    }
    let content: Content = serde_json::from_reader(io::BufReader::new(file))?;
    if content.version != VERSION {
        let what = format!("it is of version {}, and this Lakeward reads version {VERSION}", content.version);
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(content.state)
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_runs_at_a_time_and_is_found_as_it_was_saved() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/source.json");
        let (file, state) = StateFile::open(path.clone()).expect("opened");
        assert_eq!(state, State::default());
        assert!(matches!(StateFile::open(path.clone()), Err(StateFileError::InUse(_))));
        let state: State = serde_json::from_str(r#"{"t": {"k": {"value": "v"}}}"#).expect("a state");
        file.save("s", state.clone()).expect("saved");
        drop(file);
        assert_eq!(StateFile::open(path.clone()).expect("opened").1, state);
        let mut files: Vec<_> = fs::read_dir(folder.path().join("deep"))
            .expect("a folder")
            .map(|file| file.expect("a file").file_name())
            .collect();
        files.sort();
        assert_eq!(files, ["source.json", "source.lock"], "nothing is left beside it");
        for broken in ["", "{}", "{\"version\": 2, \"source\": \"s\", \"state\": {}}", "[1]"] {
            fs::write(&path, broken).expect("written");
            assert!(matches!(StateFile::open(path.clone()), Err(StateFileError::Unreadable { .. })), "{broken}");
        }
    }
}
