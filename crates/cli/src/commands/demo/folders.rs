//! The folders of the demo: a home with an AWS file in it, and a folder to work in, with tables.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use lakeward_core::{
    failure::{Failure, FailureKind},
    untrusted::printable,
};
use tempfile::TempDir;

use super::services;

/// The folder of the tables.
pub(super) const TABLES: &str = "data";

/// The folder in which every bucket is a folder.
pub(super) const LAKE: &str = "lake";

/// The tables, by their files: those of `examples/data`.
const FILES: [(&str, &[u8]); 3] = [
    ("airports.csv", include_bytes!("../../../../../examples/data/airports.csv")),
    ("earthquakes.ndjson", include_bytes!("../../../../../examples/data/earthquakes.ndjson")),
    ("weather.csv", include_bytes!("../../../../../examples/data/seattle-weather.csv")),
];

/// See the module. What is temporary is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Folders {
    temporary: TempDir,
    /// The current folder meanwhile, so that paths are as short as they usually are.
    work: PathBuf,
    /// The current folder before and after.
    before: PathBuf,
    /// The folder that stays, as it was named.
    pub(super) kept: Option<PathBuf>,
}

impl Folders {
    /// Makes them, the one to work in at `keep` if that is to stay.
    ///
    /// # Errors
    /// [`FailureKind::Usage`] when that is there and holds something, [`FailureKind::Destination`] when it can't be written.
    pub(super) fn make(keep: Option<&Path>) -> Result<Self, Failure> {
        let temporary = tempfile::Builder::new().prefix("lakeward-demo-").tempdir();
        let temporary = temporary.map_err(|error| unwritable(&env::temp_dir(), &error))?;
        let before = env::current_dir().unwrap_or_else(|_| env::temp_dir());
        let work = match keep {
            Some(keep) => {
                if fs::read_dir(keep).is_ok_and(|mut entries| entries.next().is_some()) {
                    let name = keep.display().to_string();
                    let what = format!("the folder {} is not empty, and nothing in it is to be lost", printable(&name));
                    return Err(
                        Failure::new(FailureKind::Usage, what).next("name one that is new or empty with --keep")
                    );
                }
                before.join(keep)
            }
            None => temporary.path().join("work"),
        };
        let mut folders = Self { temporary, work, before, kept: keep.map(Path::to_owned) };
        folders.fill().map_err(|error| unwritable(&folders.work, &error))?;
        Ok(folders)
    }

    fn fill(&mut self) -> io::Result<()> {
        let (aws, tables) = (self.home().join(".aws"), self.work.join(TABLES));
        for folder in [&aws, &self.state(), &tables] {
            fs::create_dir_all(folder)?;
        }
        fs::write(aws.join("config"), services::AWS_CONFIG)?;
        for (name, content) in FILES {
            fs::write(tables.join(name), content)?;
        }
        env::set_current_dir(&self.work)?;
        // As the system names it.
        self.work = env::current_dir()?;
        Ok(())
    }

    /// The home folder.
    pub(super) fn home(&self) -> PathBuf {
        self.temporary.path().join("home")
    }

    /// Where state is kept.
    pub(super) fn state(&self) -> PathBuf {
        self.temporary.path().join("state")
    }

    /// The folder to work in.
    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// The folder in which every bucket is a folder.
    pub(super) fn lake(&self) -> PathBuf {
        self.work.join(LAKE)
    }

    /// Removes what is not to stay.
    ///
    /// # Errors
    /// What is left, and why.
    pub(super) fn put_away(self) -> Result<(), String> {
        // Some systems don't remove the current folder.
        let _ = env::set_current_dir(&self.before);
        let path = self.temporary.path().display().to_string();
        self.temporary.close().map_err(|error| {
            format!("{} can't be removed ({error}): it holds nothing but the demo, remove it", printable(&path))
        })
    }
}

fn unwritable(folder: &Path, error: &io::Error) -> Failure {
    let name = folder.display().to_string();
    Failure::new(FailureKind::Destination, format!("the folder {} can't be used: {error}", printable(&name)))
        .next("let this user write it, or name another with TMPDIR or --keep")
}
