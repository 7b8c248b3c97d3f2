//! A program that is to run in a home.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{Home, Output, Running};

/// How long a program may run where a test sets no limit.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A program with its arguments, environment and time limit.
#[derive(Debug)]
pub struct HomeCommand<'home> {
    home: &'home Home,
    command: Command,
    limit: Duration,
    input: Option<Vec<u8>>,
    prints_secrets: bool,
}

impl<'home> HomeCommand<'home> {
    pub(super) fn new(home: &'home Home, program: &OsStr) -> Self {
        let mut command = Command::new(program);
        command.env_clear().current_dir(home.path()).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .env("HOME", home.path())
            .env("TMPDIR", home.folder.path().join("tmp"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        Self { home, command, limit: TIME_LIMIT, input: None, prints_secrets: false }
    }

    /// The home that it runs in.
    #[must_use]
    pub fn home(&self) -> &'home Home {
        self.home
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes an environment variable away.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Starts in another folder than the home.
    #[must_use]
    pub fn current_dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What the program reads from standard input; without it, standard input is empty.
    #[must_use]
    pub fn stdin(mut self, content: impl Into<Vec<u8>>) -> Self {
        self.input = Some(content.into());
        self
    }

    /// Leaves standard input open, for [`Running::stdin`].
    #[must_use]
    pub fn open_stdin(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Its standard output is meant to hold secrets, as that of `lakeward auth export` is, and nobody looks for them there.
    #[must_use]
    pub fn prints_secrets(mut self) -> Self {
        self.prints_secrets = true;
        self
    }

    /// How long it may run before it is killed and the test fails; without it, a minute.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    #[must_use]
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts the program on a terminal of so many cells, in place of its three streams.
    #[cfg(unix)]
    #[track_caller]
    #[must_use]
    pub fn on_terminal(self, columns: u16, rows: u16) -> crate::Terminal<'home> {
        crate::Terminal::start(self.home, &self.command, columns, rows)
    }

    /// Starts the program.
    #[track_caller]
    #[must_use]
    pub fn spawn(mut self) -> Running<'home> {
        let run = self.home.runs.fetch_add(1, Ordering::Relaxed);
        // Files rather than pipes: nobody has to drain them, and they can be read while the program runs.
        let file = |name: &str| self.home.folder.path().join("output").join(format!("{run}.{name}"));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        if let Some(input) = &self.input {
            fs::write(file("stdin"), input).expect("the temporary folder can be written");
            self.command.stdin(File::open(file("stdin")).expect("a file just written can be opened"));
        }
        self.command
            .stdout(File::create(&stdout).expect("the temporary folder can be written"))
            .stderr(File::create(&stderr).expect("the temporary folder can be written"));
        let program: OsString = self.command.get_program().to_owned();
        let child = match self.command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("{} did not start: {error}", program.display()),
        };
        Running {
            home: self.home,
            child,
            program,
            stdout,
            stderr,
            started: Instant::now(),
            limit: self.limit,
            prints_secrets: self.prints_secrets,
        }
    }
}
