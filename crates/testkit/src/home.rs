//! A home folder of a test's own, and programs that run in it and see nothing else of the machine.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use memchr::memmem;
use tempfile::TempDir;
use walkdir::WalkDir;

/// How long a program may run where a test sets no limit.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Where the AWS tools, and Lakeward with them, keep sign-ins and temporary keys, from the home.
const CACHES: [&str; 3] = [".aws/sso/cache", ".aws/login/cache", ".aws/cli/cache"];

/// A temporary HOME. Programs started by [`Home::command`] get an environment that holds nothing of the caller's but
/// `PATH`, and a test fails when a [secret](Home::secret) shows up in what they print or leave behind.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    runs: AtomicU32,
    secrets: Mutex<Vec<String>>,
    kept: Mutex<Vec<Kept>>,
    fixtures: Mutex<BTreeMap<PathBuf, Vec<u8>>>,
}

/// Tells the secrets that may lie in the AWS tools' caches, as many as there are by now.
struct Kept(Box<dyn Fn() -> Vec<String> + Send>);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
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
        Self {
            folder,
            runs: AtomicU32::new(0),
            secrets: Mutex::default(),
            kept: Mutex::default(),
            fixtures: Mutex::default(),
        }
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
        lock(&self.fixtures).insert(path.clone(), content.as_ref().to_vec());
        path
    }

    /// Registers a secret: from now on every run fails the test when the secret is in its output or in a file.
    pub fn secret(&self, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() >= 8, "a secret of fewer than 8 characters is found by chance");
        lock(&self.secrets).push(secret);
    }

    /// Registers all secrets that `all` tells, at the end of each run anew, as [`Self::secret`] does; but a file of the AWS
    /// tools' caches may hold them, if nobody else can read it.
    pub fn secrets_in_caches(&self, all: impl Fn() -> Vec<String> + Send + 'static) {
        lock(&self.kept).push(Kept(Box::new(all)));
    }

    /// A program to run in this home.
    pub fn command(&self, program: impl AsRef<OsStr>) -> HomeCommand<'_> {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.path()).stdin(Stdio::null());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .env("HOME", self.path())
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        HomeCommand { home: self, command, limit: TIME_LIMIT, input: None, prints_secrets: false }
    }

    /// Where any of the secrets is in the output of a run or in a file below the home, of programs' temporary files too.
    #[must_use]
    pub fn leaks(&self, output: &Output, secrets: &[&str]) -> Vec<Leak> {
        self.find(Some(output.stdout.as_bytes()), output.stderr.as_bytes(), secrets, &[])
    }

    /// As [`Self::leaks`], with secrets that may be in caches, and perhaps without standard output.
    fn find(&self, stdout: Option<&[u8]>, stderr: &[u8], secrets: &[&str], kept: &[&str]) -> Vec<Leak> {
        let mut leaks = Vec::new();
        let mut look = |place: &str, text: &[u8], is_kept_well: bool| {
            for secret in secrets.iter().chain(if is_kept_well { &[][..] } else { kept }) {
                if memmem::find(text, secret.as_bytes()).is_some() {
                    leaks.push(Leak { secret: (*secret).to_owned(), place: place.to_owned() });
                }
            }
        };
        if let Some(stdout) = stdout {
            look("stdout", stdout, false);
        }
        look("stderr", stderr, false);
        let fixtures = lock(&self.fixtures);
        for part in ["home", "tmp"] {
            let files = WalkDir::new(self.folder.path().join(part)).into_iter().filter_map(Result::ok);
            for file in files.filter(|entry| entry.file_type().is_file()) {
                // A file may be gone again, or closed to us: neither can be read by anyone else either.
                let Ok(content) = fs::read(file.path()) else { continue };
                if fixtures.get(file.path()) != Some(&content) {
                    look(&file.path().display().to_string(), &content, self.is_kept_well(file.path()));
                }
                look(&format!("the name of {}", file.path().display()), file.file_name().as_encoded_bytes(), false);
            }
        }
        leaks
    }

    /// Whether a file is one of the AWS tools' caches that nobody else can read.
    fn is_kept_well(&self, file: &Path) -> bool {
        let home = self.path();
        file.parent().is_some_and(|folder| CACHES.iter().any(|cache| folder == home.join(cache))) && is_private(file)
    }

    #[track_caller]
    fn deny_leaks(&self, output: &Output, prints_secrets: bool) {
        let secrets = lock(&self.secrets).clone();
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let kept: Vec<String> = lock(&self.kept).iter().flat_map(|Kept(all)| all()).collect();
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        let stdout = (!prints_secrets).then_some(output.stdout.as_bytes());
        let leaks = self.find(stdout, output.stderr.as_bytes(), &secrets, &kept);
        assert!(leaks.is_empty(), "a secret leaked: {leaks:#?}");
    }
}

/// A place where a secret should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The secret, which is a fixture's.
    pub secret: String,
    /// `stdout`, `stderr` or a file.
    pub place: String,
}

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

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running<'home> {
    home: &'home Home,
    child: Child,
    program: OsString,
    stdout: PathBuf,
    stderr: PathBuf,
    started: Instant,
    limit: Duration,
    prints_secrets: bool,
}

impl Running<'_> {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if it was [left open](HomeCommand::open_stdin); dropping it ends the input.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// What it has printed to standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What it has printed to standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Waits until it has printed a text to either stream. Fails when it ends or its time is up before that.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        loop {
            let ended = self.poll();
            if self.stdout().contains(text) || self.stderr().contains(text) {
                return;
            }
            assert!(ended.is_none(), "{} ended without printing {text:?}:\n{}", self.program.display(), self.printed());
            sleep(POLL);
        }
    }

    /// Sends a signal by its name without `SIG`, as in `INT`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -s {name} {}", self.pid())).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal {name} could not be sent");
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    #[track_caller]
    pub fn kill(mut self) -> Output {
        // It may have ended by itself just now.
        let _ = self.child.kill();
        let status = self.child.wait().expect("a child can be waited for");
        let output = self.output(status);
        self.home.deny_leaks(&output, self.prints_secrets);
        output
    }

    /// Waits for its end.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Output {
        loop {
            if let Some(status) = self.poll() {
                let output = self.output(status);
                self.home.deny_leaks(&output, self.prints_secrets);
                return output;
            }
            sleep(POLL);
        }
    }

    #[track_caller]
    fn poll(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().expect("a child can be waited for");
        if status.is_none() && self.started.elapsed() > self.limit {
            let _ = self.child.kill();
            let _ = self.child.wait();
            panic!("{} was killed after {:?}:\n{}", self.program.display(), self.limit, self.printed());
        }
        status
    }

    fn output(&self, status: ExitStatus) -> Output {
        Output { code: status.code(), stdout: self.stdout(), stderr: self.stderr(), elapsed: self.started.elapsed() }
    }

    fn printed(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}", self.stdout(), self.stderr())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What a program printed and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// Its standard output; what is not UTF-8 shows as U+FFFD.
    pub stdout: String,
    /// Its standard error; what is not UTF-8 shows as U+FFFD.
    pub stderr: String,
    /// From its start to its end.
    pub elapsed: Duration,
}

impl Output {
    /// Itself, if it ended with this exit code; otherwise the test fails and shows what was printed.
    #[track_caller]
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        let Self { code: got, stdout, stderr, .. } = &self;
        assert_eq!(*got, Some(code), "the exit code\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }
}

/// Whether a file's permissions are 0600.
#[cfg(unix)]
fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o777 == 0o600)
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("the output file is there")).into_owned()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A test that failed while it held the lock has told what matters already.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG";

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

    #[test]
    #[should_panic(expected = "sleep was killed after 100ms")]
    fn a_program_that_takes_too_long_is_killed() {
        let _ = Home::new().command("sleep").arg("30").time_limit(Duration::from_millis(100)).run();
    }

    #[test]
    fn a_running_program_can_be_watched_and_signalled() {
        let home = Home::new();
        let mut running = home
            .command("sh")
            .args(["-c", "trap 'echo bye; exit 3' INT; echo ready; while :; do sleep 0.01; done"])
            .time_limit(Duration::from_secs(10))
            .spawn();
        running.wait_for("ready");
        running.signal("INT");
        assert_eq!(running.wait().exits(3).stdout, "ready\nbye\n");
    }

    #[test]
    fn a_secret_is_found_wherever_a_program_leaves_it() {
        let home = Home::new();
        home.write(".aws/credentials", SECRET);
        let output = shell(&home, "cp .aws/credentials copy; cp .aws/credentials $TMPDIR/spool; cat copy");
        let places: Vec<String> = home.leaks(&output, &[SECRET]).into_iter().map(|leak| leak.place).collect();
        assert_eq!(places.len(), 3, "{places:?}");
        assert!(places[0] == "stdout" && places[1].ends_with("home/copy") && places[2].ends_with("tmp/spool"));
    }

    #[test]
    fn a_fixture_may_hold_a_secret_until_it_is_changed() {
        let home = Home::new();
        home.write(".aws/credentials", SECRET);
        let output = shell(&home, "true");
        assert_eq!(home.leaks(&output, &[SECRET]), []);
        let output = shell(&home, "echo more >> .aws/credentials");
        assert_eq!(home.leaks(&output, &[SECRET]).len(), 1);
    }

    #[test]
    #[should_panic(expected = "a secret leaked")]
    fn a_registered_secret_fails_every_run_that_shows_it() {
        let home = Home::new();
        home.secret(SECRET);
        let _ = shell(&home, &format!("echo 'key: {SECRET}' >&2"));
    }

    #[test]
    #[should_panic(expected = "a secret leaked")]
    fn a_secret_that_is_given_out_during_a_run_fails_it() {
        let home = Home::new();
        let told = home.path().join("told");
        home.secrets_in_caches(move || fs::read_to_string(&told).into_iter().collect());
        let _ = shell(&home, "true");
        let _ = shell(&home, &format!("printf %s '{SECRET}' > told"));
    }

    #[test]
    fn a_secret_may_be_in_a_cache_that_is_private_and_in_what_is_exported() {
        let home = Home::new();
        home.secrets_in_caches(|| vec![SECRET.to_owned()]);
        let cache = "umask 077; mkdir -p .aws/sso/cache; echo $SECRET > .aws/sso/cache/a.json";
        let command = |script: &str| home.command("sh").args(["-c", script]).env("SECRET", SECRET);
        let _ = command(cache).run().exits(0);
        let _ = command("echo $SECRET").prints_secrets().run().exits(0);
        for leak in ["echo $SECRET >&2", "echo $SECRET > $TMPDIR/a", "chmod 644 .aws/sso/cache/a.json"] {
            let run = || drop(command(leak).prints_secrets().run());
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err(), "{leak}");
            let _ = fs::remove_file(home.folder.path().join("tmp/a"));
        }
    }
}
