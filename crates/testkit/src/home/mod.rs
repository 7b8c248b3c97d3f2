//! A home folder of a test's own, and programs that run in it and see nothing else of the machine.

mod command;
mod running;
mod secrets;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError, atomic::AtomicU32},
};

use tempfile::TempDir;

#[cfg(unix)]
pub(crate) use self::running::signal;
use self::secrets::{Kept, Secrets};
pub use self::{
    command::HomeCommand,
    running::{Output, Running},
    secrets::Leak,
};

/// A temporary HOME. Programs started by [`Home::command`] get an environment that holds nothing of the caller's but
/// `PATH`, and a test fails when a [secret](Home::secret) shows up in what they print or leave behind.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    runs: AtomicU32,
    secrets: Mutex<Secrets>,
}

impl Home {
    /// An empty home.
    #[expect(clippy::new_without_default, reason = "it makes a folder, which a default should not")]
    #[must_use]
    pub fn new() -> Self {
        let folder =
            tempfile::Builder::new().prefix("lakeward-home-").tempdir().expect("a temporary folder can be made");
        for part in ["home", "tmp", "output"] {
            fs::create_dir(folder.path().join(part)).expect("a new temporary folder can be written");
        }
        Self { folder, runs: AtomicU32::new(0), secrets: Mutex::default() }
    }

    /// The folder that programs see as HOME, and in which they start unless told otherwise.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a fixture below the home, with its folders, and returns its path. A fixture may hold secrets: it counts as
    /// a leak only once a program has changed it.
    pub fn write(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(relative);
        fs::create_dir_all(path.parent().expect("a file below the home has a folder"))
            .expect("the home can be written");
        fs::write(&path, content.as_ref()).expect("the home can be written");
        self.secrets().fixtures.insert(path.clone(), content.as_ref().to_vec());
        path
    }

    /// The same for a file that nobody else can read.
    pub fn write_private(&self, relative: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(relative, content);
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("the home can be written");
        path
    }

    /// Registers a secret: from now on every run fails the test when the secret is in its output or in a file.
    pub fn secret(&self, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 8, "a secret of fewer than 8 characters is found by chance");
        self.secrets().nowhere.push(secret);
    }

    /// Registers all secrets that `all` tells, at the end of each run anew, as [`Self::secret`] does; but a file in which the
    /// AWS tools keep keys and sign-ins may hold them, if nobody else can read it. `whose` they are counts once.
    pub fn secrets_in_caches(&self, whose: &str, all: impl Fn() -> Vec<String> + Send + 'static) {
        self.secrets().kept.insert(whose.to_owned(), Kept(Box::new(all)));
    }

    /// A program to run in this home.
    pub fn command(&self, program: impl AsRef<OsStr>) -> HomeCommand<'_> {
        HomeCommand::new(self, program.as_ref())
    }

    /// Where any of the secrets is in these texts, each with its name, or in a file below the home, or a temporary one.
    pub(crate) fn leaks(&self, printed: &[(&str, &str)]) -> Vec<Leak> {
        self.secrets().leaks(printed, &self.path(), &self.folder.path().join("tmp"))
    }

    fn secrets(&self) -> MutexGuard<'_, Secrets> {
        // A test that failed while it held the lock has told what matters already.
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(home: &Home, script: &str) -> Output {
        home.command("sh").args(["-c", script]).run()
    }

    #[test]
    fn a_program_sees_only_its_own_environment() {
        let home = Home::new();
        let output = home.command("env").env("ONE", "1").run().exits(0);
        let mut names: Vec<&str> = output.stdout.lines().filter_map(|line| line.split('=').next()).collect();
        names.sort_unstable();
        assert_eq!(names, ["AWS_EC2_METADATA_DISABLED", "HOME", "LANG", "ONE", "PATH", "TMPDIR", "TZ"]);
        assert_eq!(shell(&home, "pwd; echo err >&2; exit 7").exits(7).stderr, "err\n");
    }

    #[test]
    fn standard_input_is_given_whole_and_empty_otherwise() {
        let home = Home::new();
        assert_eq!(home.command("cat").stdin("a\nb").run().exits(0).stdout, "a\nb");
        assert_eq!(home.command("cat").run().exits(0).stdout, "");
    }
}
