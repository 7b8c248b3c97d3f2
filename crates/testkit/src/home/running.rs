//! A program that runs in a home, and what it has printed when it ends.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus},
    thread::sleep,
    time::{Duration, Instant},
};

use super::Home;

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(10);

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running<'home> {
    pub(super) home: &'home Home,
    pub(super) child: Child,
    pub(super) program: OsString,
    pub(super) stdout: PathBuf,
    pub(super) stderr: PathBuf,
    pub(super) started: Instant,
    pub(super) limit: Duration,
    pub(super) prints_secrets: bool,
}

impl Running<'_> {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, if it was [left open](super::HomeCommand::open_stdin); dropping it ends the input.
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
        signal(self.pid(), name);
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    #[track_caller]
    pub fn kill(mut self) -> Output {
        // It may have ended by itself just now.
        let _ = self.child.kill();
        let status = self.child.wait().expect("a child can be waited for");
        let output = self.output(status);
        self.deny_leaks(&output);
        output
    }

    /// Waits for its end.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Output {
        loop {
            if let Some(status) = self.poll() {
                let output = self.output(status);
                self.deny_leaks(&output);
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

    #[track_caller]
    fn deny_leaks(&self, output: &Output) {
        let printed = [("stderr", output.stderr.as_str()), ("stdout", output.stdout.as_str())];
        let leaks = self.home.leaks(if self.prints_secrets { &printed[..1] } else { &printed });
        assert!(leaks.is_empty(), "a secret leaked: {leaks:#?}");
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

/// Sends a signal by its name to a process.
#[track_caller]
pub(crate) fn signal(pid: u32, name: &str) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -s {name} {pid}")).status();
    assert!(status.is_ok_and(|status| status.success()), "the signal {name} could not be sent");
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).expect("the output file is there")).into_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
}
